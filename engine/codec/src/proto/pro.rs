//! Session Pro on the wire (01 section 7).

use super::schema::message;

message! {
    /// What a Pro account shows of itself.
    #[derive(Debug, Clone, Default)]
    pub struct ProMessage {
        /// That it is one.
        optional proof: ProProof = 1,
        /// Bit 0: the badge; bit 1: an animated picture.
        optional profile_bitset: u64 = 2,
        /// Bit 0: the body may have 10,000 code points.
        optional msg_bitset: u64 = 3,
    }

    /// A proof by the Pro backend. Older and newer apps give fields 2 and 4
    /// different meanings and sign different bytes (01 section 7.2). Which
    /// fields must be there is judged with the proof, not by the parser.
    #[derive(Debug, Clone, Default)]
    pub struct ProProof {
        /// 0; newer apps leave it out.
        optional version: u32 = 1,
        /// 32 bytes: `genIndexHash`, in newer apps `revocationTag`.
        optional gen_index_hash: Vec<u8> = 2,
        /// 32 bytes, Ed25519: signs the envelopes.
        optional rotating_public_key: Vec<u8> = 3,
        /// Milliseconds; in newer apps seconds.
        optional expiry: u64 = 4,
        /// 64 bytes, by the backend.
        optional sig: Vec<u8> = 5,
    }
}
