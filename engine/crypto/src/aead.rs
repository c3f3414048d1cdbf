//! XChaCha20-Poly1305 (IETF): 32-byte key, 24-byte nonce, 16-byte tag behind
//! the text. Used for the encrypted store, onion layers, group messages and
//! push payloads.

use zeroize::ZeroizeOnDrop;

use crate::CryptoError;
use crate::backend::chosen;

/// Length of a nonce.
pub const NONCE_LEN: usize = 24;
/// Length of a tag.
pub const TAG_LEN: usize = 16;

/// A key that seals and opens many texts. The same nonce must never seal two.
pub struct XChaCha20Poly1305Key(chosen::XChaChaKey);

impl ZeroizeOnDrop for XChaCha20Poly1305Key {}

impl XChaCha20Poly1305Key {
    /// From 32 bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(chosen::XChaChaKey::new(key))
    }

    /// Encrypts in place and gives the tag. A text of over 256 GiB, which no
    /// process holds, is beyond the cipher: it is wiped and will not open.
    pub fn seal_in_place_detached(
        &self,
        nonce: &[u8; 24],
        aad: &[u8],
        text: &mut [u8],
    ) -> [u8; 16] {
        self.0.seal(nonce, aad, text).unwrap_or_else(|| {
            text.fill(0);
            [0; TAG_LEN]
        })
    }

    /// Decrypts in place. On an error the content of `text` is unspecified and
    /// must not be used.
    pub fn open_in_place_detached(
        &self,
        nonce: &[u8; 24],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; 16],
    ) -> Result<(), CryptoError> {
        self.0.open(nonce, aad, text, tag).ok_or(CryptoError::DoesNotOpen)
    }

    /// Ciphertext and tag.
    pub fn seal(&self, nonce: &[u8; 24], aad: &[u8], text: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(text.len().saturating_add(TAG_LEN));
        sealed.extend_from_slice(text);
        let tag = self.seal_in_place_detached(nonce, aad, &mut sealed);
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// The text of ciphertext and tag.
    pub fn open(
        &self,
        nonce: &[u8; 24],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (text, tag) = sealed
            .split_last_chunk::<TAG_LEN>()
            .ok_or(CryptoError::TooShort { length: sealed.len(), least: TAG_LEN })?;
        let mut text = text.to_vec();
        self.open_in_place_detached(nonce, aad, &mut text, tag)?;
        Ok(text)
    }
}

/// [`XChaCha20Poly1305Key::seal`] with a key used once.
pub fn xchacha20poly1305_seal(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    text: &[u8],
) -> Vec<u8> {
    XChaCha20Poly1305Key::new(key).seal(nonce, aad, text)
}

/// [`XChaCha20Poly1305Key::open`] with a key used once.
pub fn xchacha20poly1305_open(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    XChaCha20Poly1305Key::new(key).open(nonce, aad, sealed)
}

/// [`XChaCha20Poly1305Key::seal_in_place_detached`] with a key used once.
pub fn seal_in_place_detached(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    text: &mut [u8],
) -> [u8; 16] {
    XChaCha20Poly1305Key::new(key).seal_in_place_detached(nonce, aad, text)
}

/// [`XChaCha20Poly1305Key::open_in_place_detached`] with a key used once.
pub fn open_in_place_detached(
    key: &[u8; 32],
    nonce: &[u8; 24],
    aad: &[u8],
    text: &mut [u8],
    tag: &[u8; 16],
) -> Result<(), CryptoError> {
    XChaCha20Poly1305Key::new(key).open_in_place_detached(nonce, aad, text, tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_sealed_opens_unless_a_bit_changed(
            key: [u8; 32], nonce: [u8; 24], aad: Vec<u8>, text: Vec<u8>, at: prop::sample::Index,
        ) {
            let mut sealed = xchacha20poly1305_seal(&key, &nonce, &aad, &text);
            prop_assert_eq!(sealed.len(), text.len() + TAG_LEN);
            let opened = xchacha20poly1305_open(&key, &nonce, &aad, &sealed);
            prop_assert_eq!(opened, Ok(text));
            let at = at.index(sealed.len());
            sealed[at] ^= 1;
            let opened = xchacha20poly1305_open(&key, &nonce, &aad, &sealed);
            prop_assert_eq!(opened, Err(CryptoError::DoesNotOpen));
        }

        #[test]
        fn garbage_does_not_open(garbage: Vec<u8>) {
            prop_assert!(xchacha20poly1305_open(&[1; 32], &[2; 24], &[], &garbage).is_err());
        }
    }

    #[test]
    fn in_place_and_out_of_place_agree_and_the_aad_counts() {
        let (key, nonce) = ([3; 32], [4; 24]);
        let mut block = [5; 4096];
        let tag = seal_in_place_detached(&key, &nonce, b"7", &mut block);
        assert_eq!(
            [&block[..], &tag].concat(),
            xchacha20poly1305_seal(&key, &nonce, b"7", &[5; 4096])
        );
        let mut other = block;
        assert!(open_in_place_detached(&key, &nonce, b"8", &mut other, &tag).is_err());
        open_in_place_detached(&key, &nonce, b"7", &mut block, &tag).unwrap();
        assert_eq!(block, [5; 4096]);
    }
}
