//! Messages to an account: signed by the sender, then sealed to the recipient
//! (01 section 2.3). Padding and the protobuf around and within are the
//! caller's: what goes in is padded, and what comes out is still padded.
//!
//! Layout under the seal: text, the sender's Ed25519 key A (32), its signature
//! of text ‖ A ‖ recipient's X25519 key (64).

use std::collections::BTreeMap;

use ramson_types::{AccountId, Ed25519PublicKey, X25519PublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::ed25519::{half_of_sha512, verify};
use crate::{AccountKeys, CryptoError, X25519Secret, blake2b, ed25519_to_x25519, sealed_box};

/// How much longer than the text the sealed bytes are.
pub const OVERHEAD: usize = sealed_box::OVERHEAD + 96;

/// A message that was opened, with its proven sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decrypted {
    /// The text, still padded.
    pub plaintext: Vec<u8>,
    /// The key that signed it.
    pub sender_ed25519: Ed25519PublicKey,
    /// The account of that key: the author, whatever the envelope says.
    pub sender: AccountId,
}

/// Why a message could not be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// Only `05` ids can be written to this way.
    #[error("{id} is not an account: direct messages go to Account IDs that start with 05")]
    NotAnAccount {
        /// The id.
        id: AccountId,
    },
    /// The recipient's id is no usable key.
    #[error("{id} cannot be the ID of an account: check that it was copied in full")]
    WeakRecipient {
        /// The id.
        id: AccountId,
    },
}

/// Why a message was not accepted. Names as in the known answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// Shorter than an empty message.
    #[error("the message has {length} bytes, fewer than the {OVERHEAD} of an empty one")]
    TooShort {
        /// How many.
        length: usize,
    },
    /// Not for this account, or changed on the way.
    #[error("the message is not sealed to this account, or was changed")]
    DecryptionFailed,
    /// It opens, but nobody has signed it for this recipient.
    #[error("the message's signature is not of its sender for this recipient")]
    BadSignature,
}

/// Signs and seals `text` to `recipient`, an Account ID.
pub fn encrypt(
    keys: &AccountKeys,
    recipient: &AccountId,
    text: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, EncryptError> {
    encrypt_with_ephemeral(keys, recipient, text, &X25519Secret::generate(rng))
}

/// [`encrypt`] with an ephemeral key derived from sender, recipient and text:
/// the same three give the same bytes.
pub fn encrypt_deterministic(
    keys: &AccountKeys,
    recipient: &AccountId,
    text: &[u8],
) -> Result<Vec<u8>, EncryptError> {
    let key = key_of(recipient)?;
    let seed = Zeroizing::new(blake2b::keyed32(
        b"SessionBoxEphemeralHashKey",
        &[keys.seed().as_bytes(), key.as_bytes(), text],
    ));
    let ephemeral = X25519Secret::from_bytes(&half_of_sha512(&seed));
    encrypt_with_ephemeral(keys, recipient, text, &ephemeral)
}

/// [`encrypt`] with a given ephemeral key, which must seal nothing else.
pub fn encrypt_with_ephemeral(
    keys: &AccountKeys,
    recipient: &AccountId,
    text: &[u8],
    ephemeral: &X25519Secret,
) -> Result<Vec<u8>, EncryptError> {
    let key = key_of(recipient)?;
    sealed_box::seal_with_ephemeral(&key, &sign(keys, &key, text), ephemeral)
        .map_err(|_| EncryptError::WeakRecipient { id: *recipient })
}

/// So many senders are remembered.
const MAX_KNOWN: usize = 1024;

/// The accounts of keys that signed messages before. To find a key's account
/// takes a third of the time of opening a message, and most messages come from
/// the same few.
#[derive(Debug, Default)]
pub struct KnownSenders(BTreeMap<Ed25519PublicKey, AccountId>);

impl KnownSenders {
    /// The account of a key; `None` for keys that are no account's.
    fn account(&mut self, key: &Ed25519PublicKey) -> Option<AccountId> {
        if let Some(known) = self.0.get(key) {
            return Some(*known);
        }
        let account = AccountId::account(ed25519_to_x25519(key)?);
        if self.0.len() >= MAX_KNOWN {
            // Those that still write are soon known again.
            self.0.clear();
        }
        self.0.insert(*key, account);
        Some(account)
    }
}

/// Opens a message to `keys` and proves its sender.
pub fn decrypt(keys: &AccountKeys, ciphertext: &[u8]) -> Result<Decrypted, DecryptError> {
    decrypt_knowing(keys, ciphertext, &mut KnownSenders::default())
}

/// [`decrypt`] for one who opens many messages.
pub fn decrypt_knowing(
    keys: &AccountKeys,
    ciphertext: &[u8],
    known: &mut KnownSenders,
) -> Result<Decrypted, DecryptError> {
    if ciphertext.len() < OVERHEAD {
        return Err(DecryptError::TooShort { length: ciphertext.len() });
    }
    let mut inner =
        sealed_box::open(keys.x25519_secret(), ciphertext).map_err(|why| match why {
            CryptoError::TooShort { length, .. } => DecryptError::TooShort { length },
            _ => DecryptError::DecryptionFailed,
        })?;
    let too_short = DecryptError::TooShort { length: ciphertext.len() };
    let signature = *inner.last_chunk::<64>().ok_or(too_short)?;
    inner.truncate(inner.len().saturating_sub(64));
    let sender_ed25519 = Ed25519PublicKey(*inner.last_chunk::<32>().ok_or(too_short)?);

    let text_len = inner.len().saturating_sub(32);
    inner.extend_from_slice(keys.x25519().as_bytes());
    if !verify(&sender_ed25519, &inner, &signature) {
        return Err(DecryptError::BadSignature);
    }
    inner.truncate(text_len);
    let sender = known.account(&sender_ed25519).ok_or(DecryptError::BadSignature)?;
    Ok(Decrypted { plaintext: inner, sender_ed25519, sender })
}

/// What lies under the seal.
fn sign(keys: &AccountKeys, recipient: &X25519PublicKey, text: &[u8]) -> Vec<u8> {
    let mut inner = Vec::with_capacity(text.len().saturating_add(96));
    inner.extend_from_slice(text);
    inner.extend_from_slice(keys.ed25519().as_bytes());
    let unsigned = inner.len();
    inner.extend_from_slice(recipient.as_bytes());
    let signature = keys.sign(&inner);
    inner.truncate(unsigned);
    inner.extend_from_slice(&signature);
    inner
}

fn key_of(recipient: &AccountId) -> Result<X25519PublicKey, EncryptError> {
    recipient.x25519().ok_or(EncryptError::NotAnAccount { id: *recipient })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;
    use proptest::prelude::*;
    use ramson_types::Prefix;
    use rand::SeedableRng;

    fn account(byte: u8) -> AccountKeys {
        AccountKeys::new(&Seed::from_entropy16([byte; 16]))
    }

    proptest! {
        #[test]
        fn a_message_opens_for_its_recipient_and_names_its_sender(text: Vec<u8>, seed: u64) {
            let (from, to) = (account(1), account(2));
            let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
            let sealed = encrypt(&from, &to.account_id(), &text, &mut rng).unwrap();
            prop_assert_eq!(sealed.len(), text.len() + OVERHEAD);
            let opened = decrypt(&to, &sealed).unwrap();
            prop_assert_eq!(opened.plaintext, text);
            prop_assert_eq!(opened.sender, from.account_id());
            prop_assert_eq!(opened.sender_ed25519, from.ed25519());
            prop_assert_eq!(decrypt(&from, &sealed), Err(DecryptError::DecryptionFailed));
        }

        #[test]
        fn garbage_is_refused(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decrypt(&account(1), &garbage).is_err());
        }
    }

    #[test]
    fn who_remembers_senders_finds_the_same_and_forgets_in_time() {
        let to = account(2);
        let mut known = KnownSenders::default();
        for round in 0..3 {
            for byte in [1, 3, 4] {
                let from = account(byte);
                let sealed = encrypt_deterministic(&from, &to.account_id(), &[round]).unwrap();
                let opened = decrypt_knowing(&to, &sealed, &mut known).unwrap();
                assert_eq!(Ok(opened), decrypt(&to, &sealed));
            }
            assert_eq!(known.0.len(), 3);
        }
        assert_eq!(known.account(&Ed25519PublicKey([0; 32])), None);
        for number in 0..MAX_KNOWN {
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&number.to_le_bytes());
            let key = crate::Ed25519Secret::from_seed(&seed).public();
            assert!(known.account(&key).is_some());
            assert!(known.0.len() <= MAX_KNOWN);
        }
        assert_eq!(known.0.len(), 3, "the others went when it was full");
    }

    #[test]
    fn the_deterministic_form_repeats_itself() {
        let (from, to) = (account(1), account(2));
        let once = encrypt_deterministic(&from, &to.account_id(), b"text").unwrap();
        assert_eq!(encrypt_deterministic(&from, &to.account_id(), b"text").unwrap(), once);
        assert_ne!(encrypt_deterministic(&from, &to.account_id(), b"texT").unwrap(), once);
    }

    #[test]
    fn only_accounts_with_usable_keys_can_be_written_to() {
        let group = AccountId::new(Prefix::Group, [7; 32]);
        let refused = encrypt_deterministic(&account(1), &group, b"");
        assert_eq!(refused, Err(EncryptError::NotAnAccount { id: group }));
        let weak = AccountId::new(Prefix::Account, [0; 32]);
        let refused = encrypt_deterministic(&account(1), &weak, b"");
        assert_eq!(refused, Err(EncryptError::WeakRecipient { id: weak }));
    }

    #[test]
    fn a_signature_for_another_recipient_is_refused() {
        let (from, to, forwarder) = (account(1), account(2), account(3));
        let inner = sign(&from, &forwarder.x25519(), b"text");
        let ephemeral = X25519Secret::from_bytes(&[9; 32]);
        let resealed = sealed_box::seal_with_ephemeral(&to.x25519(), &inner, &ephemeral).unwrap();
        assert_eq!(decrypt(&to, &resealed), Err(DecryptError::BadSignature));
    }
}
