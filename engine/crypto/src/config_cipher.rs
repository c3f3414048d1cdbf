//! The cipher of config messages (03 section 5). Key and nonce follow from the
//! text, so that devices with equal settings store equal bytes.
//!
//! ```text
//! key    BLAKE2b-32(key base ‖ length of the text, 8 bytes big-endian ‖ domain)
//! nonce  BLAKE2b-24(text), keyed with "libsessionutil-config-encrypted-" ‖ domain
//! out    XChaCha20-Poly1305 of the text, its tag (16), the nonce (24)
//! ```

use blake2::Blake2bMac;
use blake2::digest::consts::U24;
use blake2::digest::{FixedOutput, Update};
use zeroize::Zeroizing;

use crate::aead::{NONCE_LEN, TAG_LEN, XChaCha20Poly1305Key};
use crate::{CryptoError, blake2b};

/// How much longer than the text the encrypted bytes are.
pub const OVERHEAD: usize = TAG_LEN + NONCE_LEN;

/// What config a text belongs to. A text of one does not open as another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Domain<'a>(&'a str);

impl<'a> Domain<'a> {
    /// Name and picture, namespace 2.
    pub const USER_PROFILE: Self = Self("UserProfile");
    /// Contacts, namespace 3.
    pub const CONTACTS: Self = Self("Contacts");
    /// Read state, namespace 4.
    pub const CONVO_INFO_VOLATILE: Self = Self("ConvoInfoVolatile");
    /// Groups and communities, namespace 5.
    pub const USER_GROUPS: Self = Self("UserGroups");
    /// Name and rules of a group, namespace 13 of its swarm.
    pub const GROUP_INFO: Self = Self("groups::Info");
    /// Members of a group, namespace 14 of its swarm.
    pub const GROUP_MEMBERS: Self = Self("groups::Members");

    /// Another domain; `None` unless it has 1 to 24 bytes.
    pub const fn new(text: &'a str) -> Option<Self> {
        match text.len() {
            1..=24 => Some(Self(text)),
            _ => None,
        }
    }
}

/// Encrypts a text, which is padded already.
pub fn encrypt(key_base: &[u8; 32], domain: Domain<'_>, text: &[u8]) -> Vec<u8> {
    let nonce = nonce(domain, text);
    let mut sealed = key(key_base, domain, text.len()).seal(&nonce, &[], text);
    sealed.extend_from_slice(&nonce);
    sealed
}

/// The text of encrypted bytes. That the nonce belongs to the text is not
/// checked, as nobody does.
pub fn decrypt(
    key_base: &[u8; 32],
    domain: Domain<'_>,
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let length = sealed.len();
    let too_short = CryptoError::TooShort { length, least: OVERHEAD };
    let text_len = length.checked_sub(OVERHEAD).ok_or_else(|| too_short.clone())?;
    let (sealed, nonce) = sealed.split_last_chunk::<NONCE_LEN>().ok_or(too_short)?;
    key(key_base, domain, text_len).open(nonce, &[], sealed)
}

fn key(base: &[u8; 32], domain: Domain<'_>, text_len: usize) -> XChaCha20Poly1305Key {
    let length = u64::try_from(text_len).unwrap_or(u64::MAX).to_be_bytes();
    let key = blake2b::hash32(&[base, &length, domain.0.as_bytes()]);
    XChaCha20Poly1305Key::new(&Zeroizing::new(key))
}

fn nonce(domain: Domain<'_>, text: &[u8]) -> [u8; NONCE_LEN] {
    let key = [b"libsessionutil-config-encrypted-", domain.0.as_bytes()].concat();
    // A domain's bounds keep the key within the 64 bytes that BLAKE2b takes,
    // so that the error cannot happen.
    let Ok(mut state) = Blake2bMac::<U24>::new_with_salt_and_personal(Some(&key), &[], &[]) else {
        return [0; NONCE_LEN];
    };
    state.update(text);
    state.finalize_fixed().into()
}

/// The length to which a text is padded that will be `overhead` bytes longer
/// when it is stored: the whole is a multiple of 256 bytes, of more for long
/// texts.
pub fn padded_len(length: usize, overhead: usize) -> usize {
    let whole = length.saturating_add(overhead);
    let chunk = match whole {
        0..5_120 => 256,
        5_120..20_480 => 1_024,
        20_480..40_960 => 2_048,
        _ => 5_120,
    };
    whole.checked_next_multiple_of(chunk).unwrap_or(whole).saturating_sub(overhead)
}

/// Zeros, so that the length says little, then the text.
pub fn pad(text: &[u8]) -> Vec<u8> {
    let zeros = padded_len(text.len(), OVERHEAD).saturating_sub(text.len());
    let mut padded = vec![0; zeros];
    padded.extend_from_slice(text);
    padded
}

/// The text without the zeros before it. A config's text begins with a letter.
pub fn unpad(padded: &[u8]) -> &[u8] {
    let start = padded.iter().position(|byte| *byte != 0).unwrap_or(padded.len());
    padded.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_encrypted_opens_in_its_domain_only(base: [u8; 32], text: Vec<u8>) {
            let sealed = encrypt(&base, Domain::CONTACTS, &text);
            prop_assert_eq!(sealed.len(), text.len() + OVERHEAD);
            prop_assert_eq!(&sealed, &encrypt(&base, Domain::CONTACTS, &text));
            prop_assert_eq!(
                decrypt(&base, Domain::USER_GROUPS, &sealed),
                Err(CryptoError::DoesNotOpen)
            );
            prop_assert_eq!(decrypt(&base, Domain::CONTACTS, &sealed), Ok(text));
        }

        #[test]
        fn a_changed_bit_is_noticed(text: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
            let mut sealed = encrypt(&[1; 32], Domain::CONTACTS, &text);
            let at = at.index(sealed.len());
            sealed[at] ^= 1_u8 << bit;
            prop_assert!(decrypt(&[1; 32], Domain::CONTACTS, &sealed).is_err());
        }

        #[test]
        fn garbage_does_not_open(garbage: Vec<u8>) {
            prop_assert!(decrypt(&[1; 32], Domain::CONTACTS, &garbage).is_err());
        }

        #[test]
        fn unpadding_gives_the_text_back(text in "[a-z].{0,6000}") {
            let padded = pad(text.as_bytes());
            prop_assert_eq!((padded.len() + OVERHEAD) % 256, 0);
            prop_assert_eq!(unpad(&padded), text.as_bytes());
        }
    }

    #[test]
    fn only_short_domains_exist() {
        assert!(Domain::new("").is_none());
        assert!(Domain::new(&"d".repeat(24)).is_some());
        assert!(Domain::new(&"d".repeat(25)).is_none());
    }

    #[test]
    fn zeros_alone_are_an_empty_text() {
        assert_eq!(unpad(&[0; 9]), b"");
        assert_eq!(unpad(&[]), b"");
    }
}
