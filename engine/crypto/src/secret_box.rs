//! libsodium's `crypto_secretbox`: XSalsa20-Poly1305, the tag before the
//! ciphertext. Only old records of names still have it; nothing is sealed so.

use poly1305::Poly1305;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyInit, KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::CryptoError;
use crate::aead::TAG_LEN;

/// The text of tag and ciphertext.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: &[u8; 24],
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let (tag, body) = sealed
        .split_first_chunk::<TAG_LEN>()
        .ok_or(CryptoError::TooShort { length: sealed.len(), least: TAG_LEN })?;
    let mut cipher = XSalsa20::new(key.into(), nonce.into());
    let mut mac_key = Zeroizing::new([0; 32]);
    cipher.apply_keystream(mac_key.as_mut_slice());
    let mac = Poly1305::new((&*mac_key).into());
    if !bool::from(mac.compute_unpadded(body).as_slice().ct_eq(tag)) {
        return Err(CryptoError::DoesNotOpen);
    }
    let mut text = body.to_vec();
    cipher.apply_keystream(&mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_bit_or_a_missing_tag_is_noticed() {
        let key = [1; 32];
        let nonce = [2; 24];
        let mut cipher = XSalsa20::new((&key).into(), (&nonce).into());
        let mut stream = [0; 36];
        cipher.apply_keystream(&mut stream);
        let (mac_key, stream) = stream.split_first_chunk::<32>().unwrap();
        let body: Vec<u8> = b"text".iter().zip(stream).map(|(a, b)| a ^ b).collect();
        let tag = Poly1305::new(mac_key.into()).compute_unpadded(&body);
        let mut sealed = [tag.as_slice(), &body].concat();
        assert_eq!(open(&key, &nonce, &sealed), Ok(b"text".to_vec()));
        for at in 0..sealed.len() {
            sealed[at] ^= 4;
            assert_eq!(open(&key, &nonce, &sealed), Err(CryptoError::DoesNotOpen));
            sealed[at] ^= 4;
        }
        assert!(open(&key, &nonce, &sealed[..15]).is_err());
    }
}
