//! Pro signatures of messages in communities, which have no envelope: the
//! signature is a field of the Content, over the padded rest of it (01 section
//! 2.12).

use ramson_codec::proto::{Content, ProtoError};
use ramson_crypto::{Ed25519Secret, padding};
use ramson_types::Timestamp;

use super::{Malformed, Rules, Status, judge};

/// Why the payload of a post is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommunityError {
    /// No Content.
    #[error("the post's content is not readable: {0}")]
    Content(#[source] ProtoError),
    /// Pro fields that no app writes.
    #[error(transparent)]
    Pro(#[from] Malformed),
}

/// Pads a Content for a community; signed with the rotating key of an account
/// that has Session Pro.
pub fn seal_community(mut content: Content, rotating: Option<&Ed25519Secret>) -> Vec<u8> {
    content.pro_sig_for_community_message_only = None;
    if let Some(key) = rotating {
        let signature = key.sign(&padding::pad(&content.encode()));
        content.pro_sig_for_community_message_only = Some(signature.to_vec());
    }
    padding::pad(&content.encode())
}

/// Reads the payload of a post, and judges its Pro fields by the time at which
/// it was posted. Payloads that are an Envelope, which no app writes yet, are
/// not read here.
///
/// The signature holds only for a Content as every app writes it: fields in
/// ascending order, none unknown.
pub fn open_community(
    payload: &[u8],
    posted: Timestamp,
    rules: &Rules,
) -> Result<(Content, Status), CommunityError> {
    let mut content = Content::decode(padding::unpad(payload)).map_err(CommunityError::Content)?;
    let Some(signature) = content.pro_sig_for_community_message_only.take() else {
        return Ok((content, Status::None));
    };
    let status = judge(&content, rules, || {
        let length = signature.len();
        let signature = signature.as_slice().try_into();
        let signature = signature.map_err(|_| Malformed::Signature { length })?;
        Ok((padding::pad(&content.encode()), signature, posted))
    })?;
    content.pro_sig_for_community_message_only = Some(signature);
    Ok((content, status))
}
