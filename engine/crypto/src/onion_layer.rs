//! The ciphers of onion layers (02 section 3.1). A layer's key comes from a
//! fresh ephemeral key of the client and the X25519 key of the layer's
//! receiver; the receiver's reply uses the same key and cipher.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use ramson_types::X25519PublicKey;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

use crate::aead::{NONCE_LEN, TAG_LEN, XChaCha20Poly1305Key};
use crate::backend::chosen;
use crate::x25519::{SharedSecret, shared_secret};
use crate::{CryptoError, X25519Secret, blake2b};

/// The cipher of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum EncType {
    /// AES-256-GCM; what a layer has when it names none.
    #[default]
    AesGcm,
    /// XChaCha20-Poly1305.
    XChaCha20,
    /// AES-256-CBC: not authenticated, understood by storage servers only.
    /// Never to be used for new requests.
    AesCbc,
}

impl EncType {
    /// The cipher that a name or its alias means; names are case-sensitive.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "aes-gcm" | "gcm" => Self::AesGcm,
            "xchacha20" | "xchacha20-poly1305" => Self::XChaCha20,
            "aes-cbc" | "cbc" => Self::AesCbc,
            _ => return None,
        })
    }

    /// The name as it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesGcm => "aes-gcm",
            Self::XChaCha20 => "xchacha20",
            Self::AesCbc => "aes-cbc",
        }
    }

    /// Length of its nonce, which stands before the ciphertext.
    pub const fn nonce_len(self) -> usize {
        match self {
            Self::AesGcm => 12,
            Self::XChaCha20 => NONCE_LEN,
            Self::AesCbc => 16,
        }
    }
}

impl std::fmt::Display for EncType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The symmetric key of one layer, known to the client and to the layer's
/// receiver.
#[derive(ZeroizeOnDrop)]
pub struct LayerKey {
    #[zeroize(skip)]
    enc_type: EncType,
    key: [u8; 32],
}

impl LayerKey {
    /// The client's side: its ephemeral key and the receiver's public key.
    pub fn for_client(
        enc_type: EncType,
        ephemeral: &X25519Secret,
        receiver: &X25519PublicKey,
    ) -> Result<Self, CryptoError> {
        let shared = shared_secret(ephemeral, receiver)?;
        Ok(Self::derive(enc_type, &shared, &ephemeral.public(), receiver))
    }

    /// The receiver's side: its own key and the client's ephemeral public key.
    pub fn for_node(
        enc_type: EncType,
        node: &X25519Secret,
        ephemeral: &X25519PublicKey,
    ) -> Result<Self, CryptoError> {
        let shared = shared_secret(node, ephemeral)?;
        Ok(Self::derive(enc_type, &shared, ephemeral, &node.public()))
    }

    /// A key that is known as such, for transcripts that give no public keys.
    pub const fn from_bytes(enc_type: EncType, key: [u8; 32]) -> Self {
        Self { enc_type, key }
    }

    fn derive(
        enc_type: EncType,
        shared: &SharedSecret,
        ephemeral: &X25519PublicKey,
        receiver: &X25519PublicKey,
    ) -> Self {
        let key = match enc_type {
            EncType::AesGcm => hmac_loki(shared),
            EncType::XChaCha20 => {
                blake2b::hash32(&[shared.as_bytes(), ephemeral.as_bytes(), receiver.as_bytes()])
            }
            EncType::AesCbc => *shared.as_bytes(),
        };
        Self { enc_type, key }
    }

    /// The layer's cipher.
    pub const fn enc_type(&self) -> EncType {
        self.enc_type
    }

    /// The key itself, to compare with known answers.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// A fresh nonce and the ciphertext.
    pub fn seal(&self, text: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Vec<u8> {
        match self.enc_type {
            EncType::AesGcm => self.seal_aes_gcm(&fresh(rng), text),
            EncType::XChaCha20 => self.seal_xchacha20(&fresh(rng), text),
            EncType::AesCbc => self.seal_aes_cbc(&fresh(rng), text),
        }
    }

    /// [`LayerKey::seal`] with a given nonce, which must not seal another text
    /// with this key.
    pub fn seal_with_nonce(&self, nonce: &[u8], text: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let wrong = |_| CryptoError::NonceLength {
            length: nonce.len(),
            expected: self.enc_type.nonce_len(),
        };
        Ok(match self.enc_type {
            EncType::AesGcm => self.seal_aes_gcm(nonce.try_into().map_err(wrong)?, text),
            EncType::XChaCha20 => self.seal_xchacha20(nonce.try_into().map_err(wrong)?, text),
            EncType::AesCbc => self.seal_aes_cbc(nonce.try_into().map_err(wrong)?, text),
        })
    }

    /// The text of a nonce and a ciphertext. With [`EncType::AesCbc`] a wrong
    /// key may go unnoticed: check what comes out.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self.enc_type {
            EncType::AesGcm => {
                let (nonce, body) = split(sealed, TAG_LEN)?;
                let (text, tag) = split_tag(body)?;
                let mut text = text.to_vec();
                chosen::aes_gcm_open(&self.key, nonce, &mut text, tag)
                    .ok_or(CryptoError::DoesNotOpen)?;
                Ok(text)
            }
            EncType::XChaCha20 => {
                let (nonce, body) = split(sealed, TAG_LEN)?;
                XChaCha20Poly1305Key::new(&self.key).open(nonce, &[], body)
            }
            EncType::AesCbc => {
                let (iv, body) = split::<16>(sealed, 16)?;
                cbc::Decryptor::<Aes256>::new((&self.key).into(), iv.into())
                    .decrypt_padded_vec::<Pkcs7>(body)
                    .map_err(|_| CryptoError::DoesNotOpen)
            }
        }
    }

    fn seal_aes_gcm(&self, nonce: &[u8; 12], text: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(text.len().saturating_add(28));
        sealed.extend_from_slice(nonce);
        sealed.extend_from_slice(text);
        if let Some((_, text)) = sealed.split_first_chunk_mut::<12>() {
            // As with the other cipher, only texts beyond any memory fail.
            let tag = chosen::aes_gcm_seal(&self.key, nonce, text).unwrap_or_else(|| {
                text.fill(0);
                [0; TAG_LEN]
            });
            sealed.extend_from_slice(&tag);
        }
        sealed
    }

    fn seal_xchacha20(&self, nonce: &[u8; 24], text: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(text.len().saturating_add(40));
        sealed.extend_from_slice(nonce);
        sealed.extend_from_slice(text);
        if let Some((_, text)) = sealed.split_first_chunk_mut::<NONCE_LEN>() {
            let tag = XChaCha20Poly1305Key::new(&self.key).seal_in_place_detached(nonce, &[], text);
            sealed.extend_from_slice(&tag);
        }
        sealed
    }

    fn seal_aes_cbc(&self, iv: &[u8; 16], text: &[u8]) -> Vec<u8> {
        let mut sealed = iv.to_vec();
        sealed.extend(
            cbc::Encryptor::<Aes256>::new((&self.key).into(), iv.into())
                .encrypt_padded_vec::<Pkcs7>(text),
        );
        sealed
    }
}

/// HMAC-SHA256 of the shared secret under the four letters of the network's
/// first name.
fn hmac_loki(shared: &SharedSecret) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(b"LOKI") else {
        // HMAC takes keys of every length.
        return [0; 32];
    };
    mac.update(shared.as_bytes());
    mac.finalize().into_bytes().into()
}

fn fresh<const N: usize>(rng: &mut (impl CryptoRng + ?Sized)) -> [u8; N] {
    let mut nonce = [0; N];
    rng.fill_bytes(&mut nonce);
    nonce
}

fn split<const N: usize>(
    sealed: &[u8],
    least_body: usize,
) -> Result<(&[u8; N], &[u8]), CryptoError> {
    let too_short =
        CryptoError::TooShort { length: sealed.len(), least: N.saturating_add(least_body) };
    let (nonce, body) = sealed.split_first_chunk::<N>().ok_or(too_short.clone())?;
    if body.len() < least_body { Err(too_short) } else { Ok((nonce, body)) }
}

fn split_tag(body: &[u8]) -> Result<(&[u8], &[u8; TAG_LEN]), CryptoError> {
    body.split_last_chunk().ok_or(CryptoError::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    const ALL: [EncType; 3] = [EncType::AesGcm, EncType::XChaCha20, EncType::AesCbc];

    fn pair(enc_type: EncType, seed: u64) -> (LayerKey, LayerKey, rand::rngs::StdRng) {
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        let (client, node) = (X25519Secret::generate(&mut rng), X25519Secret::generate(&mut rng));
        let ours = LayerKey::for_client(enc_type, &client, &node.public()).unwrap();
        let theirs = LayerKey::for_node(enc_type, &node, &client.public()).unwrap();
        (ours, theirs, rng)
    }

    proptest! {
        #[test]
        fn both_sides_seal_and_open(text: Vec<u8>, seed: u64) {
            for enc_type in ALL {
                let (client, node, mut rng) = pair(enc_type, seed);
                prop_assert_eq!(client.as_bytes(), node.as_bytes());
                prop_assert_eq!(&node.open(&client.seal(&text, &mut rng)), &Ok(text.clone()));
                prop_assert_eq!(&client.open(&node.seal(&text, &mut rng)), &Ok(text.clone()));
            }
        }

        #[test]
        fn garbage_does_not_open_and_does_not_panic(garbage: Vec<u8>) {
            for enc_type in ALL {
                let opened = LayerKey::from_bytes(enc_type, [1; 32]).open(&garbage);
                prop_assert!(enc_type == EncType::AesCbc || opened.is_err());
            }
        }

        #[test]
        fn a_changed_bit_is_noticed_by_the_authenticated_ones(at: prop::sample::Index) {
            for enc_type in [EncType::AesGcm, EncType::XChaCha20] {
                let (client, node, mut rng) = pair(enc_type, 5);
                let mut sealed = client.seal(b"text", &mut rng);
                let at = at.index(sealed.len());
                sealed[at] ^= 1;
                prop_assert_eq!(node.open(&sealed), Err(CryptoError::DoesNotOpen));
            }
        }
    }

    #[test]
    fn a_nonce_of_another_length_is_refused() {
        for enc_type in ALL {
            let expected = enc_type.nonce_len();
            let refused = LayerKey::from_bytes(enc_type, [1; 32]).seal_with_nonce(&[0; 13], b"");
            assert_eq!(refused, Err(CryptoError::NonceLength { length: 13, expected }));
        }
    }
}
