//! The layers of a message to an account, from the stored bytes to its
//! Content and back (01 sections 2.1 to 2.8). No decisions: what a message
//! means is the account machine's.

use ramson_codec::envelope::{self, UnwrapError};
use ramson_codec::proto::Content;
use ramson_crypto::pro::decoy_signature;
use ramson_crypto::session_protocol::{self, DecryptError, EncryptError, KnownSenders};
use ramson_crypto::{AccountKeys, padding};
use ramson_types::{AccountId, Timestamp};
use rand_core::CryptoRng;

use crate::pro;

/// A message whose author is proven and whose Content is readable.
#[derive(Debug, PartialEq)]
pub struct Opened {
    /// Who signed it.
    pub sender: AccountId,
    /// The sent time, which the signed part confirms where it gives one.
    pub sent: Timestamp,
    /// The Content.
    pub content: Content,
    /// The Content as it was signed.
    pub content_bytes: Vec<u8>,
    /// What its Session Pro fields are worth.
    pub pro: pro::Status,
}

/// Why stored bytes are no message (the classes of 01 appendix B).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A message of protocol v2, which needs keys that this account does not
    /// publish.
    #[error("it is a message of protocol v2")]
    UnsupportedVersion,
    /// No WebSocketMessage with a request and a body.
    #[error("it is not wrapped as a message")]
    BadWrapper,
    /// No Envelope with content, or a source that is no id.
    #[error("its envelope is not readable")]
    BadEnvelope,
    /// A `proSig` that is not 64 bytes.
    #[error("its Pro signature has a wrong size")]
    BadProSignatureSize,
    /// Too short for a sealed box.
    #[error("it is too short to be sealed")]
    TooShort,
    /// Sealed to another key, or changed.
    #[error("it does not open with this account's key")]
    DecryptionFailed,
    /// The author's signature does not verify.
    #[error("its author's signature is wrong")]
    BadSignature,
    /// No Content.
    #[error("its content is not readable")]
    BadContent,
    /// Its Session Pro fields are broken.
    #[error(transparent)]
    Pro(#[from] pro::Malformed),
    /// The signed time differs from the envelope's.
    #[error("its signed time is not its envelope's time")]
    TimestampMismatch,
}

impl From<UnwrapError> for OpenError {
    fn from(error: UnwrapError) -> Self {
        match error {
            UnwrapError::UnsupportedVersion => Self::UnsupportedVersion,
            UnwrapError::BadWrapper(_) => Self::BadWrapper,
            UnwrapError::BadProSignatureSize { .. } => Self::BadProSignatureSize,
            _ => Self::BadEnvelope,
        }
    }
}

impl From<DecryptError> for OpenError {
    fn from(error: DecryptError) -> Self {
        match error {
            DecryptError::TooShort { .. } => Self::TooShort,
            DecryptError::DecryptionFailed => Self::DecryptionFailed,
            DecryptError::BadSignature => Self::BadSignature,
        }
    }
}

/// Opens what lay in namespace 0 of the account's swarm, after base64.
pub fn open(keys: &AccountKeys, stored: &[u8]) -> Result<Opened, OpenError> {
    open_knowing(keys, stored, &mut KnownSenders::default())
}

/// [`open`] for one who opens many messages.
pub fn open_knowing(
    keys: &AccountKeys,
    stored: &[u8],
    known: &mut KnownSenders,
) -> Result<Opened, OpenError> {
    open_under(keys, stored, known, &pro::Rules::default())
}

/// [`open_knowing`] for one who knows what to judge Session Pro by. Without
/// that no message is Pro, but broken Pro fields are refused all the same.
pub fn open_under(
    keys: &AccountKeys,
    stored: &[u8],
    known: &mut KnownSenders,
    rules: &pro::Rules,
) -> Result<Opened, OpenError> {
    let envelope = envelope::unwrap(stored)?;
    let decrypted = session_protocol::decrypt_knowing(keys, &envelope.content, known)?;
    let content_bytes = padding::unpad(&decrypted.plaintext).to_vec();
    let content = Content::decode(&content_bytes).map_err(|_| OpenError::BadContent)?;
    let pro = pro::evaluate(&envelope, &content, rules)?;
    envelope::check_content(&content, envelope.timestamp)
        .map_err(|_| OpenError::TimestampMismatch)?;
    Ok(Opened { sender: decrypted.sender, sent: envelope.timestamp, content, content_bytes, pro })
}

/// Seals a Content to an account: the bytes that its swarm stores, before
/// base64.
pub fn seal(
    keys: &AccountKeys,
    to: &AccountId,
    content: &[u8],
    sent: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let sealed = session_protocol::encrypt(keys, to, &padding::pad(content), rng)?;
    Ok(envelope::wrap(sent, sealed, decoy_signature(rng)))
}
