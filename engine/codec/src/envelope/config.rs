//! The wrapping of an account's config messages (03 section 6). It is that of
//! messages, with fewer fields: time 1, no source device, no Pro signature.

use super::{Envelope, EnvelopeKind, UnwrapError, WebSocketKind, WebSocketMessage};
use super::{schema, wrap_request};
use crate::proto::ProtoError;

/// Wraps a sealed box. The same box gives the same bytes.
pub fn wrap(ciphertext: Vec<u8>) -> Vec<u8> {
    let envelope = Envelope {
        kind: EnvelopeKind::SessionMessage,
        source: None,
        timestamp: 1,
        source_device: None,
        content: Some(ciphertext),
        server_timestamp: None,
        pro_sig: None,
    };
    wrap_request(&envelope)
}

/// The sealed box. Unlike that of messages, the outer wrapping must be marked
/// as a request.
pub fn unwrap(stored: &[u8]) -> Result<Vec<u8>, UnwrapError> {
    let wrapper: WebSocketMessage = schema::decode(stored).map_err(UnwrapError::BadWrapper)?;
    let missing = |field| UnwrapError::BadWrapper(ProtoError::Missing { field });
    if wrapper.kind != Some(WebSocketKind::Request) {
        return Err(missing("WebSocketMessage.type"));
    }
    let request = wrapper.request.ok_or_else(|| missing("WebSocketMessage.request"))?;
    let body = request.body.ok_or_else(|| missing("WebSocketRequest.body"))?;
    let envelope: Envelope = schema::decode(&body).map_err(UnwrapError::BadEnvelope)?;
    let missing = ProtoError::Missing { field: "Envelope.content" };
    envelope.content.ok_or(UnwrapError::BadEnvelope(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wrapped_is_unwrapped_and_only_a_request_is() {
        let wrapped = wrap(b"sealed".to_vec());
        assert_eq!(unwrap(&wrapped), Ok(b"sealed".to_vec()));
        let mut response = wrapped.clone();
        assert_eq!(response[..2], [8, 1]);
        response[1] = 2;
        assert!(matches!(unwrap(&response), Err(UnwrapError::BadWrapper(_))));
        assert!(unwrap(&[]).is_err());
    }
}
