//! libsodium's `crypto_box_seal`: to whom it is sealed can open it, and it does
//! not say by whom (01 section 2.3).
//!
//! Layout: ephemeral public key E (32), tag (16), ciphertext. Nonce:
//! BLAKE2b-24(E ‖ recipient). Key: HSalsa20 of the shared secret.

use poly1305::Poly1305;
use ramson_types::X25519PublicKey;
use rand_core::CryptoRng;
use salsa20::XSalsa20;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyInit, KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::x25519::shared_secret;
use crate::{CryptoError, X25519Secret, blake2b};

/// How much longer than the text a box is.
pub const OVERHEAD: usize = 48;

/// Seals to `recipient` with a fresh ephemeral key. The only error is a
/// recipient's key of small order.
pub fn seal(
    recipient: &X25519PublicKey,
    text: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, CryptoError> {
    seal_with_ephemeral(recipient, text, &X25519Secret::generate(rng))
}

/// [`seal`] with a given ephemeral key, which must seal nothing else.
pub fn seal_with_ephemeral(
    recipient: &X25519PublicKey,
    text: &[u8],
    ephemeral: &X25519Secret,
) -> Result<Vec<u8>, CryptoError> {
    let (mut cipher, mac) = keys_of(ephemeral, recipient, &ephemeral.public(), recipient)?;
    let mut sealed = Vec::with_capacity(text.len().saturating_add(OVERHEAD));
    sealed.extend_from_slice(ephemeral.public().as_bytes());
    sealed.extend_from_slice(&[0; 16]);
    sealed.extend_from_slice(text);
    if let Some((head, body)) = sealed.split_first_chunk_mut::<OVERHEAD>() {
        cipher.apply_keystream(body);
        let tag = mac.compute_unpadded(body);
        head.iter_mut().skip(32).zip(tag).for_each(|(to, from)| *to = from);
    }
    Ok(sealed)
}

/// Opens what was sealed to `secret`.
pub fn open(secret: &X25519Secret, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let too_short = CryptoError::TooShort { length: sealed.len(), least: OVERHEAD };
    let Some((ephemeral, rest)) = sealed.split_first_chunk::<32>() else {
        return Err(too_short);
    };
    let Some((tag, body)) = rest.split_first_chunk::<16>() else {
        return Err(too_short);
    };
    let ephemeral = X25519PublicKey(*ephemeral);
    let (mut cipher, mac) = keys_of(secret, &ephemeral, &ephemeral, &secret.public())?;
    if !bool::from(mac.compute_unpadded(body).as_slice().ct_eq(tag)) {
        return Err(CryptoError::DoesNotOpen);
    }
    let mut text = body.to_vec();
    cipher.apply_keystream(&mut text);
    Ok(text)
}

/// Cipher and authenticator of a box; the first 32 bytes of the key stream are
/// the authenticator's key.
fn keys_of(
    ours: &X25519Secret,
    theirs: &X25519PublicKey,
    ephemeral: &X25519PublicKey,
    recipient: &X25519PublicKey,
) -> Result<(XSalsa20, Poly1305), CryptoError> {
    let shared = shared_secret(ours, theirs)?;
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(
        salsa20::hsalsa::<U10>(shared.as_bytes().into(), &Default::default()).into(),
    );
    let nonce = blake2b::hash24(&[ephemeral.as_bytes(), recipient.as_bytes()]);
    let mut cipher = XSalsa20::new((&*key).into(), (&nonce).into());
    let mut mac_key = Zeroizing::new([0; 32]);
    cipher.apply_keystream(mac_key.as_mut_slice());
    Ok((cipher, Poly1305::new((&*mac_key).into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    proptest! {
        #[test]
        fn what_was_sealed_opens_for_the_recipient_only(text: Vec<u8>, seed: u64) {
            let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
            let (to, other) = (X25519Secret::generate(&mut rng), X25519Secret::generate(&mut rng));
            let sealed = seal(&to.public(), &text, &mut rng).unwrap();
            prop_assert_eq!(sealed.len(), text.len() + OVERHEAD);
            prop_assert_eq!(open(&to, &sealed), Ok(text));
            prop_assert_eq!(open(&other, &sealed), Err(CryptoError::DoesNotOpen));
        }

        #[test]
        fn a_changed_bit_is_noticed(at: prop::sample::Index, bit in 0..8) {
            let to = X25519Secret::from_bytes(&[1; 32]);
            let ephemeral = X25519Secret::from_bytes(&[2; 32]);
            let mut sealed = seal_with_ephemeral(&to.public(), b"text", &ephemeral).unwrap();
            let at = at.index(sealed.len());
            // The top bit of an X25519 key is not part of it, but of the nonce.
            sealed[at] ^= 1_u8 << bit;
            prop_assert_eq!(open(&to, &sealed), Err(CryptoError::DoesNotOpen));
        }

        #[test]
        fn garbage_does_not_open(garbage: Vec<u8>) {
            prop_assert!(open(&X25519Secret::from_bytes(&[1; 32]), &garbage).is_err());
        }
    }

    #[test]
    fn a_box_with_a_weak_ephemeral_key_does_not_open() {
        let weak = CryptoError::WeakPublicKey { key: X25519PublicKey([0; 32]) };
        assert_eq!(open(&X25519Secret::from_bytes(&[1; 32]), &[0; 60]), Err(weak));
    }
}
