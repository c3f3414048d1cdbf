//! Names of the chain (02 section 8): what a name is asked for by, and how the
//! value behind it is sealed with the name itself, so that only who knows a
//! name can read whose it is.
//!
//! Names are taken as they are: which ones are valid, and that they are in
//! lower case, is `ramson_codec::ons`' business.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use crate::aead::{TAG_LEN, xchacha20poly1305_open, xchacha20poly1305_seal};
use crate::{CryptoError, blake2b, secret_box};

/// Length of a nonce.
pub const NONCE_LEN: usize = 24;

/// Length of an account id: prefix byte and key.
const ID_LEN: usize = 33;

/// Length of a sealed account id, of the old form too.
pub const SEALED_LEN: usize = ID_LEN + TAG_LEN;

/// What [`open_legacy`] needs, in KiB: 256 MiB.
const LEGACY_MEMORY: u32 = 256 * 1024;

/// How often [`open_legacy`] goes over its memory.
const LEGACY_PASSES: u32 = 3;

/// Why a record could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnsError {
    /// A record without a nonce.
    #[error(
        "the record of '{name}' has no nonce: it is of the old form, which takes 256 MiB of \
         memory to open; ask for that where it is wanted"
    )]
    Legacy {
        /// The name.
        name: String,
    },
    /// A record that holds something else than an account id, or a part.
    #[error("the record of '{name}' has {length} bytes, an account's has {SEALED_LEN}")]
    Length {
        /// The name.
        name: String,
        /// How many bytes.
        length: usize,
    },
    /// A record of another name, or changed.
    #[error("the record of '{name}' does not open with that name; ask another node")]
    DoesNotOpen {
        /// The name.
        name: String,
    },
    /// The machine has not enough memory for [`open_legacy`].
    #[error("the old record of '{name}' takes 256 MiB of memory to open, which are not there")]
    OutOfMemory {
        /// The name.
        name: String,
    },
}

/// What the chain knows a name by: BLAKE2b-256.
pub fn name_hash(name: &str) -> [u8; 32] {
    blake2b::hash32(&[name.as_bytes()])
}

/// The key of a name's record: the hash of the name under the name's hash.
pub fn record_key(name: &str) -> [u8; 32] {
    blake2b::keyed32(&name_hash(name), &[name.as_bytes()])
}

/// Seals an account id as the record of a name. A nonce must be fresh for
/// each record.
pub fn seal(name: &str, id: &[u8; 33], nonce: [u8; NONCE_LEN]) -> Vec<u8> {
    xchacha20poly1305_seal(&record_key(name), &nonce, &[], id)
}

/// Opens the record of a name. A record without a nonce is of the old form:
/// [`OnsError::Legacy`], see [`open_legacy`].
pub fn open(
    name: &str,
    encrypted_value: &[u8],
    nonce: Option<[u8; NONCE_LEN]>,
) -> Result<[u8; 33], OnsError> {
    let Some(nonce) = nonce else {
        return Err(OnsError::Legacy { name: name.to_owned() });
    };
    has_length(name, encrypted_value)?;
    account_id(name, open_value(name, encrypted_value, &nonce))
}

/// Opens a record with a nonce, whatever its type: those of other types than
/// accounts hold an address of a wallet or a key of 32 bytes.
pub fn open_value(
    name: &str,
    encrypted_value: &[u8],
    nonce: &[u8; NONCE_LEN],
) -> Result<Vec<u8>, CryptoError> {
    xchacha20poly1305_open(&record_key(name), nonce, &[], encrypted_value)
}

/// Opens a record of the old form, without a nonce. Takes 256 MiB of memory
/// and about a second: never on a thread that others wait for, and one at a
/// time.
pub fn open_legacy(name: &str, encrypted_value: &[u8]) -> Result<[u8; 33], OnsError> {
    has_length(name, encrypted_value)?;
    let key = legacy_key(name)?;
    account_id(name, secret_box::open(&key, &[0; 24], encrypted_value))
}

/// The key of a record of the old form: Argon2id of the name. As costly as
/// [`open_legacy`].
pub fn legacy_key(name: &str) -> Result<Zeroizing<[u8; 32]>, OnsError> {
    let out_of_memory = || OnsError::OutOfMemory { name: name.to_owned() };
    let mut key = Zeroizing::new([0; 32]);
    // Constants within Argon2's bounds, and a name that is short enough for it.
    let params = Params::new(LEGACY_MEMORY, LEGACY_PASSES, 1, Some(key.len()))
        .map_err(|_| out_of_memory())?;
    let mut memory = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| out_of_memory())?;
    memory.resize(params.block_count(), Block::new());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(name.as_bytes(), &[0; 16], key.as_mut_slice(), &mut memory)
        .map_err(|_| out_of_memory())?;
    Ok(key)
}

fn has_length(name: &str, encrypted_value: &[u8]) -> Result<(), OnsError> {
    match encrypted_value.len() {
        SEALED_LEN => Ok(()),
        length => Err(OnsError::Length { name: name.to_owned(), length }),
    }
}

fn account_id(name: &str, opened: Result<Vec<u8>, CryptoError>) -> Result<[u8; 33], OnsError> {
    opened
        .ok()
        .and_then(|id| id.try_into().ok())
        .ok_or_else(|| OnsError::DoesNotOpen { name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_record_opens_with_its_name_and_nonce_only(
            name in "[a-z0-9_]{1,64}", id: [u8; ID_LEN], nonce: [u8; NONCE_LEN], at in 0..SEALED_LEN,
        ) {
            let mut sealed = seal(&name, &id, nonce);
            prop_assert_eq!(sealed.len(), SEALED_LEN);
            prop_assert_eq!(open(&name, &sealed, Some(nonce)), Ok(id));
            let other = format!("{name}x");
            let refused = OnsError::DoesNotOpen { name: other.clone() };
            prop_assert_eq!(open(&other, &sealed, Some(nonce)), Err(refused));
            sealed[at] ^= 1;
            let refused = OnsError::DoesNotOpen { name: name.clone() };
            prop_assert_eq!(open(&name, &sealed, Some(nonce)), Err(refused));
        }

        #[test]
        fn any_bytes_of_another_length_are_refused_before_any_work(value: Vec<u8>) {
            prop_assume!(value.len() != SEALED_LEN);
            let refused = OnsError::Length { name: "a".to_owned(), length: value.len() };
            prop_assert_eq!(open("a", &value, Some([0; 24])), Err(refused.clone()));
            prop_assert_eq!(open_legacy("a", &value), Err(refused));
        }
    }

    #[test]
    fn a_record_without_a_nonce_is_not_tried() {
        let legacy = OnsError::Legacy { name: "a".to_owned() };
        assert_eq!(open("a", &[0; SEALED_LEN], None), Err(legacy));
    }
}
