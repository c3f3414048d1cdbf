//! The reference: x25519-dalek, ed25519-dalek, chacha20poly1305, aes-gcm.

use aes_gcm::Aes256Gcm;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use ed25519_dalek::Signer as _;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::ed25519::acceptable_point;

/// An X25519 secret ready for use.
pub struct X25519Key(x25519_dalek::StaticSecret);

impl ZeroizeOnDrop for X25519Key {}

impl X25519Key {
    /// From 32 bytes, clamped where they are used.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(x25519_dalek::StaticSecret::from(*secret))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        x25519_dalek::PublicKey::from(&self.0).to_bytes()
    }

    /// The shared secret; `None` if it is all zero.
    pub fn agree(&self, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let shared = self.0.diffie_hellman(&x25519_dalek::PublicKey::from(*public));
        shared.was_contributory().then(|| Zeroizing::new(shared.to_bytes()))
    }
}

/// An Ed25519 secret ready for signing.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl ZeroizeOnDrop for SigningKey {}

impl SigningKey {
    /// From the 32-byte seed of RFC 8032.
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The signature of RFC 8032.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Whether libsodium would accept the signature.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    acceptable_point(public)
        && ed25519_dalek::VerifyingKey::from_bytes(public).is_ok_and(|key| {
            key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
        })
}

/// An XChaCha20-Poly1305 key ready for use.
pub struct XChaChaKey(XChaCha20Poly1305);

impl ZeroizeOnDrop for XChaChaKey {}

impl XChaChaKey {
    /// From 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Encrypts in place and gives the tag; `None` for a text of over 256 GiB.
    pub fn seal(&self, nonce: &[u8; 24], aad: &[u8], text: &mut [u8]) -> Option<[u8; 16]> {
        let tag = self.0.encrypt_inout_detached(nonce.into(), aad, text.into()).ok()?;
        Some(tag.into())
    }

    /// Decrypts in place; `None` if the tag does not match, and then `text`
    /// must not be used.
    pub fn open(
        &self,
        nonce: &[u8; 24],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; 16],
    ) -> Option<()> {
        self.0.decrypt_inout_detached(nonce.into(), aad, text.into(), tag.into()).ok()
    }
}

/// AES-256-GCM without associated data, in place; gives the tag.
pub fn aes_gcm_seal(key: &[u8; 32], nonce: &[u8; 12], text: &mut [u8]) -> Option<[u8; 16]> {
    let cipher = Aes256Gcm::new(key.into());
    Some(cipher.encrypt_inout_detached(nonce.into(), &[], text.into()).ok()?.into())
}

/// The opposite; `None` if the tag does not match, and then `text` must not be
/// used.
pub fn aes_gcm_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    text: &mut [u8],
    tag: &[u8; 16],
) -> Option<()> {
    let cipher = Aes256Gcm::new(key.into());
    cipher.decrypt_inout_detached(nonce.into(), &[], text.into(), tag.into()).ok()
}
