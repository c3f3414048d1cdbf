//! Between a message and what a swarm stores (03 sections 4.1, 4.2, 5 and 6).

use ramson_codec::envelope;
use ramson_codec::proto::{Content, SharedConfigMessage};
use ramson_crypto::config_cipher::{OVERHEAD, decrypt, encrypt, pad, unpad};
use ramson_crypto::{AccountKeys, session_protocol};

use super::compress::compress;
use super::keys::{ConfigKind, Owner};
use super::parts;

/// The longest message that a swarm stores.
pub const MAX_STORED: usize = 76_800;

/// The longest config, compressed and padded.
pub const MAX_PADDED: usize = 5_000_000;

/// Why a config cannot be pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// It has grown beyond what any client reads.
    #[error(
        "the {kind:?} config has {length} bytes, more than the {MAX_PADDED} that the network's \
         clients read; remove some of its entries"
    )]
    TooLong {
        /// Which one.
        kind: ConfigKind,
        /// Its length, compressed and padded.
        length: usize,
    },
    /// It is the device's own, or there is no key to encrypt it with.
    #[error("the {kind:?} config cannot be pushed: there is no key to encrypt it with")]
    NoKey {
        /// Which one.
        kind: ConfigKind,
    },
}

/// A message as it is stored.
pub(super) struct Sealed {
    /// One, or the parts of a long one.
    pub(super) messages: Vec<Vec<u8>>,
    /// The hash that names the parts.
    pub(super) parts_of: Option<[u8; 32]>,
}

/// Compresses, pads and encrypts a message; wraps it, or splits it if it is
/// long. The same message gives the same bytes.
pub(super) fn seal(
    kind: ConfigKind,
    owner: &Owner<'_>,
    seqno: i64,
    message: &[u8],
) -> Result<Sealed, PushError> {
    let no_key = PushError::NoKey { kind };
    let (Some(domain), Some(key)) = (kind.domain(), owner.key_bases().next()) else {
        return Err(no_key);
    };
    let padded = match compress(message) {
        Some(compressed) => pad(&compressed),
        None => pad(message),
    };
    if padded.len() > MAX_PADDED {
        return Err(PushError::TooLong { kind, length: padded.len() });
    }
    if padded.len().saturating_add(OVERHEAD) > MAX_STORED {
        let (parts_of, texts) = parts::split(&padded);
        let messages = texts.iter().map(|text| encrypt(key, domain, text)).collect();
        return Ok(Sealed { messages, parts_of: Some(parts_of) });
    }
    let encrypted = encrypt(key, domain, &padded);
    let wrapped = match owner {
        Owner::Account(keys) => wrap(kind, keys, seqno, &encrypted),
        Owner::Group { .. } => None,
    };
    let stored = wrapped.filter(|wrapped| wrapped.len() <= MAX_STORED).unwrap_or(encrypted);
    Ok(Sealed { messages: vec![stored], parts_of: None })
}

/// The text of what a swarm stores, without padding; a part or a message, which
/// may be compressed. `None` if no key opens it.
pub(super) fn open(kind: ConfigKind, owner: &Owner<'_>, stored: &[u8]) -> Option<Vec<u8>> {
    let domain = kind.domain()?;
    // A client once wrapped twice.
    let once = unwrap(kind, owner, stored);
    let twice = once.as_deref().and_then(|inner| unwrap(kind, owner, inner));
    let encrypted = twice.as_deref().or(once.as_deref()).unwrap_or(stored);
    let padded = owner.key_bases().find_map(|key| decrypt(key, domain, encrypted).ok())?;
    Some(unpad(&padded).to_vec())
}

/// Wraps an encrypted config of an account in protobuf, sealed to itself.
/// `None` for configs that are not wrapped.
pub fn wrap(kind: ConfigKind, keys: &AccountKeys, seqno: i64, encrypted: &[u8]) -> Option<Vec<u8>> {
    let config = SharedConfigMessage { kind: kind.wrapped_as()?, seqno, data: encrypted.to_vec() };
    let content = Content { shared_config_message: Some(config), ..Content::default() };
    // Marked as padded, but not padded: that was done inside.
    let text = [content.encode(), vec![0x80]].concat();
    // An account's own key is a good one, so that there is no error.
    let sealed = session_protocol::encrypt_deterministic(keys, &keys.account_id(), &text).ok()?;
    Some(envelope::config::wrap(sealed))
}

fn unwrap(kind: ConfigKind, owner: &Owner<'_>, stored: &[u8]) -> Option<Vec<u8>> {
    match owner {
        Owner::Account(keys) => unwrap_own(kind, keys, stored),
        Owner::Group { .. } => None,
    }
}

/// The encrypted config that an account wrapped for itself. `None` for
/// anything else.
pub fn unwrap_own(kind: ConfigKind, keys: &AccountKeys, stored: &[u8]) -> Option<Vec<u8>> {
    let sealed = envelope::config::unwrap(stored).ok()?;
    let opened = session_protocol::decrypt(keys, &sealed).ok()?;
    if opened.sender_ed25519 != keys.ed25519() {
        return None;
    }
    let text = opened.plaintext.as_slice();
    let end = text.iter().rposition(|byte| *byte != 0)?;
    let (text, mark) = (text.get(..end)?, text.get(end)?);
    if *mark != 0x80 {
        return None;
    }
    let config = Content::decode(text).ok()?.shared_config_message?;
    (Some(config.kind) == kind.wrapped_as()).then_some(config.data)
}
