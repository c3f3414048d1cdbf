//! The wrapping of messages to an account, between base64 and the sealed box
//! (01 sections 2.4, 2.5 and 2.8). Sealing is ramson-crypto's; what the
//! Content says is [`crate::proto`]'s.

pub mod config;

use ramson_types::Timestamp;

use crate::proto::envelope::{
    Envelope, EnvelopeKind, WebSocketKind, WebSocketMessage, WebSocketRequest,
};
use crate::proto::{Content, ProtoError, schema};

/// Length of an envelope's Pro signature, real or decoy.
pub const PRO_SIGNATURE_LEN: usize = 64;

/// Length of the source field that old apps may write: an account id as text.
const SOURCE_LEN: usize = 66;

/// What a receiver needs of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeParts {
    /// The sent time.
    pub timestamp: Timestamp,
    /// The sealed box.
    pub content: Vec<u8>,
    /// A Pro signature over `content`, or a decoy; old apps have none.
    pub pro_sig: Option<[u8; PRO_SIGNATURE_LEN]>,
}

/// Wraps a sealed box for namespace 0 of an account. What comes out is
/// stored as base64, and a retry must send the same bytes.
pub fn wrap(sent: Timestamp, ciphertext: Vec<u8>, pro_sig: [u8; PRO_SIGNATURE_LEN]) -> Vec<u8> {
    let envelope = Envelope {
        kind: EnvelopeKind::SessionMessage,
        source: None,
        timestamp: sent.millis(),
        source_device: Some(1),
        content: Some(ciphertext),
        server_timestamp: None,
        pro_sig: Some(pro_sig.to_vec()),
    };
    wrap_request(&envelope)
}

/// An envelope as the body of a request, the form of everything that is stored.
fn wrap_request(envelope: &Envelope) -> Vec<u8> {
    schema::encode(&WebSocketMessage {
        kind: Some(WebSocketKind::Request),
        request: Some(WebSocketRequest {
            verb: Some(String::new()),
            path: Some(String::new()),
            body: Some(schema::encode(envelope)),
            request_id: Some(0),
            headers: Vec::new(),
        }),
        response: None,
    })
}

/// Unwraps what namespace 0 holds, after base64.
pub fn unwrap(stored: &[u8]) -> Result<EnvelopeParts, UnwrapError> {
    if stored.first() == Some(&0) {
        return Err(UnwrapError::UnsupportedVersion);
    }
    let wrapper: WebSocketMessage = schema::decode(stored).map_err(UnwrapError::BadWrapper)?;
    let missing = |field| UnwrapError::BadWrapper(ProtoError::Missing { field });
    let request = wrapper.request.ok_or_else(|| missing("WebSocketMessage.request"))?;
    let body = request.body.ok_or_else(|| missing("WebSocketRequest.body"))?;
    open(&body)
}

fn open(body: &[u8]) -> Result<EnvelopeParts, UnwrapError> {
    let envelope: Envelope = schema::decode(body).map_err(UnwrapError::BadEnvelope)?;
    match envelope.source.as_deref().map_or(0, str::len) {
        0 | SOURCE_LEN => {}
        length => {
            return Err(UnwrapError::BadEnvelope(ProtoError::Length {
                field: "Envelope.source",
                length,
                expected: SOURCE_LEN,
            }));
        }
    }
    let content = envelope
        .content
        .ok_or(UnwrapError::BadEnvelope(ProtoError::Missing { field: "Envelope.content" }))?;
    let pro_sig = envelope
        .pro_sig
        .map(|sig| {
            <[u8; PRO_SIGNATURE_LEN]>::try_from(sig)
                .map_err(|sig| UnwrapError::BadProSignatureSize { length: sig.len() })
        })
        .transpose()?;
    Ok(EnvelopeParts { timestamp: Timestamp(envelope.timestamp), content, pro_sig })
}

/// Why stored data holds no envelope that can be opened. The message is
/// dropped and its hash counts as seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// A message of protocol v2.
    #[error("the message is of protocol v2, which is not read here; nothing is wrong with it")]
    UnsupportedVersion,
    /// The outer wrapping does not parse or lacks request or body.
    #[error("the message's outer wrapping (WebSocketMessage) is broken: {0}")]
    BadWrapper(#[source] ProtoError),
    /// The envelope does not parse, has no content or a strange source.
    #[error("the message's envelope is broken: {0}")]
    BadEnvelope(#[source] ProtoError),
    /// The Pro signature is there and has the wrong size.
    #[error("the envelope's Pro signature has {length} bytes; it must have 64")]
    BadProSignatureSize {
        /// Its size.
        length: usize,
    },
}

/// Holds a Content to its envelope's time: where it names a sent time, both
/// must be equal (01 section 2.8, accounts and groups). A Content without one
/// is an old app's and passes; a 0 counts as absent, as desktop reads it.
pub fn check_content(content: &Content, envelope: Timestamp) -> Result<(), TimestampMismatch> {
    match content.sig_timestamp {
        None | Some(0) => Ok(()),
        Some(signed) if signed == envelope.millis() => Ok(()),
        Some(signed) => Err(TimestampMismatch { envelope, signed: Timestamp(signed) }),
    }
}

/// The envelope's time is not the one that the author signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the envelope says the message was sent at {envelope}, its author at {signed}; it was \
     tampered with and is dropped"
)]
pub struct TimestampMismatch {
    /// The envelope's time.
    pub envelope: Timestamp,
    /// `Content.sigTimestamp`.
    pub signed: Timestamp,
}

#[cfg(test)]
mod tests;
