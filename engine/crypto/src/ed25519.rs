//! Ed25519 signatures as libsodium makes and accepts them, so that no two
//! devices judge a signature differently.

use curve25519_dalek::Scalar;
use ramson_types::Ed25519PublicKey;
use sha2::{Digest, Sha512};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::X25519Secret;
use crate::backend::chosen;

/// An Ed25519 key pair: of an account, of a group or of a service node.
pub struct Ed25519Secret {
    seed: Zeroizing<[u8; 32]>,
    key: chosen::SigningKey,
    public: Ed25519PublicKey,
}

impl ZeroizeOnDrop for Ed25519Secret {}

impl Ed25519Secret {
    /// The pair of a 32-byte seed (RFC 8032).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = chosen::SigningKey::new(seed);
        let public = Ed25519PublicKey(key.public());
        Self { seed: Zeroizing::new(*seed), key, public }
    }

    /// The public half.
    pub const fn public(&self) -> Ed25519PublicKey {
        self.public
    }

    /// The seed that this pair came from.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message)
    }

    /// The X25519 secret of the same account: the clamped first half of the
    /// seed's SHA-512 (01 section 1.1).
    pub fn to_x25519(&self) -> X25519Secret {
        X25519Secret::from_bytes(&self.clamped())
    }

    /// The secret scalar, reduced modulo the group's order.
    pub(crate) fn scalar(&self) -> Zeroizing<Scalar> {
        Zeroizing::new(Scalar::from_bytes_mod_order(*self.clamped()))
    }

    fn clamped(&self) -> Zeroizing<[u8; 32]> {
        half_of_sha512(&self.seed)
    }
}

/// The clamped first half of SHA-512 of a seed: the secret scalar of Ed25519,
/// and the X25519 secret of `crypto_box_seed_keypair`.
pub(crate) fn half_of_sha512(seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(seed).into());
    let mut half = Zeroizing::new([0; 32]);
    half.iter_mut().zip(hash.iter()).for_each(|(to, from)| *to = *from);
    if let [first, .., last] = half.as_mut_slice() {
        *first &= 0xf8;
        *last = (*last & 0x7f) | 0x40;
    }
    half
}

/// Whether `signature` is of `message` under `key`. Keys and R of small order
/// and encodings that are not canonical are refused, as libsodium does.
pub fn verify(key: &Ed25519PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    chosen::verify(&key.0, message, signature)
}

/// y of the points of small order, little-endian: 0, 1, -1 and the two of
/// order 8. The sign bit is left out, either sign is of small order.
const SMALL_ORDER_Y: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        minus_one
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// Whether the bytes are a canonical encoding of a point that is not of small
/// order, if they are a point at all.
pub(crate) fn acceptable_point(encoding: &[u8; 32]) -> bool {
    let mut y = *encoding;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    // p = 2^255 - 19: only y of 2^255 - 19 and above are not canonical.
    let canonical = match y {
        [first, middle @ .., 0x7f] => first < 0xed || middle.iter().any(|byte| *byte != 0xff),
        _ => true,
    };
    canonical && !SMALL_ORDER_Y.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;

    #[test]
    fn the_eight_points_of_small_order_are_refused() {
        for point in EIGHT_TORSION {
            let mut encoding = point.compress().to_bytes();
            assert!(!acceptable_point(&encoding));
            encoding[31] ^= 0x80;
            assert!(!acceptable_point(&encoding));
        }
    }

    #[test]
    fn only_canonical_encodings_are_accepted() {
        let encoding = |lowest: u8| {
            let mut y = [0xff; 32];
            (y[0], y[31]) = (lowest, 0x7f);
            y
        };
        for lowest in 0xed..=0xff {
            assert!(!acceptable_point(&encoding(lowest)), "{lowest:02x}");
        }
        assert!(!acceptable_point(&encoding(0xec)), "-1 is of small order");
        assert!(acceptable_point(&encoding(0xeb)));
        assert!(acceptable_point(&[0x66; 32]));
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_only() {
        let (one, two) = (Ed25519Secret::from_seed(&[1; 32]), Ed25519Secret::from_seed(&[2; 32]));
        let signature = one.sign(b"text");
        assert!(verify(&one.public(), b"text", &signature));
        assert!(!verify(&one.public(), b"texT", &signature));
        assert!(!verify(&two.public(), b"text", &signature));
    }
}
