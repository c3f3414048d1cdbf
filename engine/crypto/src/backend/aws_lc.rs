//! aws-lc, which is here through rustls anyway and faster in all of this.
//!
//! Its constructors can fail only for keys of the wrong length, which the
//! types here rule out, and without memory; the reference then does the work.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ParsedPublicKey, UnparsedPublicKey};
use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair};
use chacha20::R20;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::reference;
use crate::ed25519::acceptable_point;

/// An X25519 secret ready for use.
pub struct X25519Key(Result<(agreement::PrivateKey, [u8; 32]), reference::X25519Key>);

// aws-lc cleanses what it frees.
impl ZeroizeOnDrop for X25519Key {}

impl X25519Key {
    /// From 32 bytes, clamped where they are used.
    pub fn new(secret: &[u8; 32]) -> Self {
        let pair = || {
            let key = agreement::PrivateKey::from_private_key(&agreement::X25519, secret).ok()?;
            let public = key.compute_public_key().ok()?.as_ref().try_into().ok()?;
            Some((key, public))
        };
        Self(pair().ok_or_else(|| reference::X25519Key::new(secret)))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        match &self.0 {
            Ok((_, public)) => *public,
            Err(reference) => reference.public(),
        }
    }

    /// The shared secret; `None` if it is all zero.
    pub fn agree(&self, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let key = match &self.0 {
            Ok((key, _)) => key,
            Err(reference) => return reference.agree(public),
        };
        let public: ParsedPublicKey =
            UnparsedPublicKey::new(&agreement::X25519, public.as_slice()).try_into().ok()?;
        agreement::agree(key, public, (), |shared| {
            shared.try_into().map(Zeroizing::new).map_err(|_| ())
        })
        .ok()
    }
}

/// An Ed25519 secret ready for signing.
pub struct SigningKey(Result<Ed25519KeyPair, reference::SigningKey>, Zeroizing<[u8; 32]>);

impl ZeroizeOnDrop for SigningKey {}

impl SigningKey {
    /// From the 32-byte seed of RFC 8032.
    pub fn new(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        Self(pair.map_err(|_| reference::SigningKey::new(seed)), Zeroizing::new(*seed))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        match &self.0 {
            Ok(pair) => match pair.public_key().as_ref().try_into() {
                Ok(public) => public,
                Err(_) => reference::SigningKey::new(&self.1).public(),
            },
            Err(reference) => reference.public(),
        }
    }

    /// The signature of RFC 8032.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signed = self.0.as_ref().ok().and_then(|pair| {
            let signature = pair.try_sign(message).ok()?;
            signature.as_ref().try_into().ok()
        });
        match (signed, &self.0) {
            (Some(signature), _) => signature,
            (None, Err(reference)) => reference.sign(message),
            (None, Ok(_)) => reference::SigningKey::new(&self.1).sign(message),
        }
    }
}

/// Whether libsodium would accept the signature. aws-lc itself takes keys and
/// R of small order, which libsodium refuses.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let Some(r) = signature.first_chunk::<32>() else {
        return false;
    };
    acceptable_point(public)
        && acceptable_point(r)
        && signature::UnparsedPublicKey::new(&signature::ED25519, public)
            .verify(message, signature)
            .is_ok()
}

/// An XChaCha20-Poly1305 key ready for use. aws-lc has the cipher for short
/// nonces only: HChaCha20 turns key and first 16 bytes of the nonce into the
/// key of one message.
#[derive(ZeroizeOnDrop)]
pub struct XChaChaKey([u8; 32]);

impl XChaChaKey {
    /// From 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(*key)
    }

    /// Encrypts in place and gives the tag; `None` for a text of over 256 GiB.
    pub fn seal(&self, nonce: &[u8; 24], aad: &[u8], text: &mut [u8]) -> Option<[u8; 16]> {
        let Some((key, short)) = self.of_message(nonce) else {
            return reference::XChaChaKey::new(&self.0).seal(nonce, aad, text);
        };
        let tag = key.seal_in_place_separate_tag(short, Aad::from(aad), text).ok()?;
        tag.as_ref().try_into().ok()
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
        let Some((key, short)) = self.of_message(nonce) else {
            return reference::XChaChaKey::new(&self.0).open(nonce, aad, text, tag);
        };
        key.open_in_place_separate_tag(short, Aad::from(aad), tag, text).ok().map(|_| ())
    }

    fn of_message(&self, nonce: &[u8; 24]) -> Option<(LessSafeKey, Nonce)> {
        let (first, last) = nonce.split_first_chunk::<16>()?;
        let key: Zeroizing<[u8; 32]> =
            Zeroizing::new(chacha20::hchacha::<R20>((&self.0).into(), first.into()).into());
        let key = UnboundKey::new(&aead::CHACHA20_POLY1305, key.as_slice()).ok()?;
        let mut short = [0; 12];
        *short.last_chunk_mut::<8>()? = last.try_into().ok()?;
        Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(short)))
    }
}

/// AES-256-GCM without associated data, in place; gives the tag.
pub fn aes_gcm_seal(key: &[u8; 32], nonce: &[u8; 12], text: &mut [u8]) -> Option<[u8; 16]> {
    let Ok(unbound) = UnboundKey::new(&aead::AES_256_GCM, key) else {
        return reference::aes_gcm_seal(key, nonce, text);
    };
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let tag = LessSafeKey::new(unbound).seal_in_place_separate_tag(nonce, Aad::empty(), text);
    tag.ok()?.as_ref().try_into().ok()
}

/// The opposite; `None` if the tag does not match, and then `text` must not be
/// used.
pub fn aes_gcm_open(
    key: &[u8; 32],
    nonce: &[u8; 12],
    text: &mut [u8],
    tag: &[u8; 16],
) -> Option<()> {
    let Ok(unbound) = UnboundKey::new(&aead::AES_256_GCM, key) else {
        return reference::aes_gcm_open(key, nonce, text, tag);
    };
    let nonce = Nonce::assume_unique_for_key(*nonce);
    LessSafeKey::new(unbound)
        .open_in_place_separate_tag(nonce, Aad::empty(), tag, text)
        .ok()
        .map(|_| ())
}
