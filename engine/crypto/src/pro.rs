//! Session Pro: proofs, the keys that they name, and what an account without
//! one puts where one with it signs (01 section 7). What a proof is worth to
//! a message is ramson-protocol's.

use curve25519_dalek::{EdwardsPoint, Scalar};
use ramson_types::Ed25519PublicKey;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::ed25519::verify;
use crate::{Ed25519Secret, blake2b};

/// How long a rotating key is used, in seconds.
const PERIOD: u64 = 604_800;

/// Which bytes of a proof the backend signed, and in what its expiry counts.
/// The fields on the wire are the same; nothing but the signature tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofFormat {
    /// libsession of mid-2026: a text, seconds.
    Seconds,
    /// The apps of April 2026: a hash over the version too, milliseconds.
    Millis,
}

/// That the backend knows a rotating key as an account's with Session Pro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// 0; only the older format signs it.
    pub version: u32,
    /// `revocationTag`, in the older format `genIndexHash`: what it is revoked
    /// by.
    pub tag: [u8; 32],
    /// Signs the account's messages.
    pub rotating: Ed25519PublicKey,
    /// The last time at which it holds, in the format's unit.
    pub expiry: u64,
    /// The backend's.
    pub signature: [u8; 64],
}

impl Proof {
    /// What the backend signs in this format. `None` if the version is not the
    /// one byte that the older format has for it.
    pub fn signed_bytes(&self, format: ProofFormat) -> Option<Vec<u8>> {
        let (tag, rotating) = (self.tag.as_slice(), self.rotating.as_bytes().as_slice());
        match format {
            ProofFormat::Seconds => {
                let expiry = self.expiry.to_string();
                Some([b"ProProof_v0_____", tag, rotating, expiry.as_bytes()].concat())
            }
            ProofFormat::Millis => {
                let version = u8::try_from(self.version).ok()?;
                let parts: [&[u8]; 4] = [&[version], tag, rotating, &self.expiry.to_le_bytes()];
                Some(blake2b::personal32(&[0; 16], b"ProProof________", &parts).to_vec())
            }
        }
    }

    /// Whether this backend signed it, as a proof of this format.
    pub fn is_by(&self, backend: &Ed25519PublicKey, format: ProofFormat) -> bool {
        self.signed_bytes(format).is_some_and(|bytes| verify(backend, &bytes, &self.signature))
    }

    /// Whether it no longer holds at a time in milliseconds. At its expiry it
    /// still does: to the millisecond, or in the newer format for the whole
    /// second.
    pub const fn is_expired_at(&self, format: ProofFormat, millis: u64) -> bool {
        match format {
            ProofFormat::Seconds => millis / 1_000 > self.expiry,
            ProofFormat::Millis => millis > self.expiry,
        }
    }
}

/// `genIndexHash` of the older format, as the backend makes it.
pub fn gen_index_hash(index: u64, salt: &[u8; 16]) -> [u8; 32] {
    blake2b::personal32(salt, &[0; 16], &[&index.to_le_bytes()])
}

/// When the period of a rotating key began, in seconds since the epoch: weeks
/// counted from there (01 section 7.4).
pub const fn period_start(seconds: u64) -> u64 {
    seconds.saturating_sub(seconds % PERIOD)
}

/// The pair that an account with Session Pro signs with in the period of this
/// time, in seconds since the epoch (01 section 7.4).
pub fn rotating_key(master: &[u8; 32], seconds: u64) -> Ed25519Secret {
    let start = period_start(seconds).to_string();
    let parts: [&[u8]; 2] = [master, start.as_bytes()];
    let seed = Zeroizing::new(blake2b::personal32(&[0; 16], b"ProRotatingSeed_", &parts));
    Ed25519Secret::from_seed(&seed)
}

/// 64 bytes that nobody can tell from a signature by an unknown key: R = r·B
/// and s, with r and s random scalars (01 section 2.4). Goes into every
/// envelope's `proSig`.
pub fn decoy_signature(rng: &mut (impl CryptoRng + ?Sized)) -> [u8; 64] {
    let mut scalar = || {
        let mut bytes = Zeroizing::new([0; 64]);
        rng.fill_bytes(bytes.as_mut_slice());
        Scalar::from_bytes_mod_order_wide(&bytes)
    };
    let (r, s) = (Zeroizing::new(scalar()), scalar());
    let mut signature = [0; 64];
    let (first, last) = signature.split_at_mut(32);
    first.copy_from_slice(EdwardsPoint::mul_base(&r).compress().as_bytes());
    last.copy_from_slice(s.as_bytes());
    signature
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::edwards::CompressedEdwardsY;
    use rand::SeedableRng;

    #[test]
    fn a_decoy_has_the_form_of_a_signature() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(3);
        let (one, two) = (decoy_signature(&mut rng), decoy_signature(&mut rng));
        assert_ne!(one, two);
        let r = CompressedEdwardsY::from_slice(&one[..32]).unwrap().decompress().unwrap();
        assert!(r.is_torsion_free() && !r.is_small_order());
        let s: [u8; 32] = one[32..].try_into().unwrap();
        assert!(bool::from(Scalar::from_canonical_bytes(s).is_some()));
    }

    #[test]
    fn a_proof_is_of_one_format_and_one_backend() {
        let [backend, other] = [1, 2].map(|seed| Ed25519Secret::from_seed(&[seed; 32]));
        for (format, wrong) in [
            (ProofFormat::Seconds, ProofFormat::Millis),
            (ProofFormat::Millis, ProofFormat::Seconds),
        ] {
            let rotating = rotating_key(&[7; 32], 5).public();
            let mut proof =
                Proof { version: 0, tag: [3; 32], rotating, expiry: 1_000, signature: [0; 64] };
            proof.signature = backend.sign(&proof.signed_bytes(format).unwrap());
            assert!(proof.is_by(&backend.public(), format));
            assert!(!proof.is_by(&backend.public(), wrong));
            assert!(!proof.is_by(&other.public(), format));
            for change in [
                |proof: &mut Proof| proof.tag[0] ^= 1,
                |proof: &mut Proof| proof.rotating.0[0] ^= 1,
                |proof: &mut Proof| proof.expiry += 1,
            ] {
                let mut changed = proof.clone();
                change(&mut changed);
                assert!(!changed.is_by(&backend.public(), format));
            }
            proof.version = 256;
            let signed = format == ProofFormat::Seconds;
            assert_eq!(proof.is_by(&backend.public(), format), signed);
        }
    }

    #[test]
    fn a_proof_holds_up_to_its_expiry() {
        let rotating = Ed25519PublicKey([0; 32]);
        let proof = Proof { version: 0, tag: [0; 32], rotating, expiry: 5, signature: [0; 64] };
        let times = [5, 6, 5_999, 6_000];
        let expired = |format| times.map(|time| proof.is_expired_at(format, time));
        assert_eq!(expired(ProofFormat::Millis), [false, true, true, true]);
        assert_eq!(expired(ProofFormat::Seconds), [false, false, false, true]);
    }

    #[test]
    fn a_rotating_key_is_used_for_a_week() {
        let key = |seconds| rotating_key(&[9; 32], seconds).public();
        assert_eq!(key(PERIOD), key(2 * PERIOD - 1));
        assert_ne!(key(PERIOD), key(PERIOD - 1));
        assert_ne!(key(PERIOD), key(2 * PERIOD));
    }
}
