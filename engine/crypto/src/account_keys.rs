//! The keys of an account and the maps between their two forms (01 section 1).

use std::ops::Neg as _;

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use curve25519_dalek::scalar::Scalar;
use ramson_types::{AccountId, Ed25519PublicKey, Prefix, X25519PublicKey};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{Ed25519Secret, Seed, X25519Secret, blake2b};

/// Everything that one seed gives: an Ed25519 pair that signs, and the X25519
/// pair of the same point to which messages are sealed.
pub struct AccountKeys {
    seed: Seed,
    ed25519: Ed25519Secret,
    x25519: X25519Secret,
}

impl ZeroizeOnDrop for AccountKeys {}

impl AccountKeys {
    /// The keys of a seed.
    pub fn new(seed: &Seed) -> Self {
        let ed25519 = Ed25519Secret::from_seed(seed.as_bytes());
        let x25519 = ed25519.to_x25519();
        Self { seed: Seed::from_bytes32(*seed.as_bytes()), ed25519, x25519 }
    }

    /// The `05` id by which the account is known.
    pub const fn account_id(&self) -> AccountId {
        AccountId::account(self.x25519.public())
    }

    /// The key that its signatures are checked with.
    pub const fn ed25519(&self) -> Ed25519PublicKey {
        self.ed25519.public()
    }

    /// The key that messages to it are sealed to.
    pub const fn x25519(&self) -> X25519PublicKey {
        self.x25519.public()
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.ed25519.sign(message)
    }

    /// The pair that signs.
    pub const fn ed25519_secret(&self) -> &Ed25519Secret {
        &self.ed25519
    }

    /// The pair that opens what is sealed to the account.
    pub const fn x25519_secret(&self) -> &X25519Secret {
        &self.x25519
    }

    /// The seed.
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The key that signs requests to file servers and for network
    /// information, so that those do not learn the account.
    pub fn version_check_key(&self) -> VersionCheckKey {
        let seed = blake2b::keyed32(b"VersionCheckKey_sig", &[self.seed.as_bytes()]);
        VersionCheckKey(Ed25519Secret::from_seed(&Zeroizing::new(seed)))
    }
}

/// The `07` key of an account (01 section 1.2).
pub struct VersionCheckKey(Ed25519Secret);

impl ZeroizeOnDrop for VersionCheckKey {}

impl VersionCheckKey {
    /// Its id, `07` and the Ed25519 public key.
    pub const fn id(&self) -> AccountId {
        AccountId::new(Prefix::VersionCheck, self.0.public().0)
    }

    /// Signs `timestamp ‖ METHOD ‖ path ‖ body`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message)
    }
}

/// The X25519 key of an Ed25519 key. `None`, as in libsodium, for bytes that
/// are no point, for points of small order and for points outside the main
/// subgroup.
pub fn ed25519_to_x25519(key: &Ed25519PublicKey) -> Option<X25519PublicKey> {
    let point = CompressedEdwardsY(key.0).decompress()?;
    (!point.is_small_order() && is_in_main_subgroup(&point))
        .then(|| X25519PublicKey(point.to_montgomery().to_bytes()))
}

/// Whether the point times the group's order is neutral. Takes a time that
/// depends on the point, which is public, and is faster for it than the check
/// for secret ones.
fn is_in_main_subgroup(point: &EdwardsPoint) -> bool {
    // -1 is the order less one.
    let all_but_one =
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&-Scalar::ONE, point, &Scalar::ZERO);
    all_but_one == point.neg()
}

/// The Ed25519 key with sign bit 0 of an X25519 key: the account's true
/// Ed25519 key is this one or the same with bit 255 set. `None` for keys on
/// the curve's twist, which no account has.
pub fn x25519_to_ed25519(key: &X25519PublicKey) -> Option<Ed25519PublicKey> {
    let point = MontgomeryPoint(key.0).to_edwards(0)?;
    Some(Ed25519PublicKey(point.compress().to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use proptest::prelude::*;

    #[test]
    fn points_outside_the_main_subgroup_do_not_convert() {
        for torsion in EIGHT_TORSION {
            let key = |point: curve25519_dalek::EdwardsPoint| {
                Ed25519PublicKey(point.compress().to_bytes())
            };
            assert_eq!(ed25519_to_x25519(&key(torsion)), None);
            let mixed = ED25519_BASEPOINT_POINT + torsion;
            assert_eq!(ed25519_to_x25519(&key(mixed)).is_some(), torsion == EIGHT_TORSION[0]);
        }
    }

    proptest! {
        #[test]
        fn both_forms_of_an_account_convert_into_each_other(seed: [u8; 32]) {
            let keys = AccountKeys::new(&Seed::from_bytes32(seed));
            prop_assert_eq!(ed25519_to_x25519(&keys.ed25519()), Some(keys.x25519()));
            let mut positive = keys.ed25519();
            positive.0[31] &= 0x7f;
            prop_assert_eq!(x25519_to_ed25519(&keys.x25519()), Some(positive));
        }

        #[test]
        fn any_bytes_may_be_converted(bytes: [u8; 32]) {
            let _ = ed25519_to_x25519(&Ed25519PublicKey(bytes));
            let _ = x25519_to_ed25519(&X25519PublicKey(bytes));
        }
    }
}
