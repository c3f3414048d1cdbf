//! X25519: the one place where shared secrets are made.

use ramson_types::X25519PublicKey;
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::CryptoError;
use crate::backend::chosen;

/// An X25519 key pair.
pub struct X25519Secret {
    key: chosen::X25519Key,
    public: X25519PublicKey,
}

impl ZeroizeOnDrop for X25519Secret {}

impl X25519Secret {
    /// From 32 secret bytes; they are clamped where they are used.
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        let key = chosen::X25519Key::new(secret);
        let public = X25519PublicKey(key.public());
        Self { key, public }
    }

    /// A fresh pair.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut_slice());
        Self::from_bytes(&secret)
    }

    /// The public half.
    pub const fn public(&self) -> X25519PublicKey {
        self.public
    }
}

/// What two key pairs have in common. Never a key by itself: it goes through
/// the hash that the format names.
#[derive(ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Whether a public key is of small order: nothing can be sealed for it.
pub fn is_weak(public: &X25519PublicKey) -> bool {
    shared_secret(&X25519Secret::from_bytes(&[1; 32]), public).is_err()
}

/// The shared secret of a secret and a public key. A public key of small
/// order, with which the secret would be all zero, is an error.
pub fn shared_secret(
    secret: &X25519Secret,
    public: &X25519PublicKey,
) -> Result<SharedSecret, CryptoError> {
    let shared = secret.key.agree(&public.0).ok_or(CryptoError::WeakPublicKey { key: *public })?;
    Ok(SharedSecret(*shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn both_sides_come_to_the_same_secret() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(2);
        let (a, b) = (X25519Secret::generate(&mut rng), X25519Secret::generate(&mut rng));
        let (ab, ba) = (shared_secret(&a, &b.public()), shared_secret(&b, &a.public()));
        assert_eq!(ab.unwrap().as_bytes(), ba.unwrap().as_bytes());
    }

    #[test]
    fn a_key_of_small_order_is_an_error() {
        let key = X25519PublicKey([0; 32]);
        let refused = shared_secret(&X25519Secret::from_bytes(&[9; 32]), &key).err();
        assert_eq!(refused, Some(CryptoError::WeakPublicKey { key }));
    }
}
