//! Messages handed to the members of another swarm: `01 ‖ list of messages`,
//! each a list `[account, hash, timestamp, expiry, data]` and, since version
//! 2.11.3, the namespace. Older nodes do not send it, and what they hand over
//! lands in namespace 0.

use ramson_types::{Namespace, Timestamp};

use super::PeerError;
use crate::bt::{self, Value, put_bytes, put_integer};

/// Version of the form.
const VERSION: u8 = 1;

/// How many bytes are handed over at once, at most; a message alone is always
/// sent.
pub const MAX_BATCH: usize = 9_000_000;

/// A stored message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedMessage {
    /// Prefix byte and key.
    pub account: [u8; 33],
    /// The hash, as the text that names it.
    pub hash: Vec<u8>,
    /// When it was sent.
    pub timestamp: Timestamp,
    /// Until when it is kept.
    pub expiry: Timestamp,
    /// Its bytes.
    pub data: Vec<u8>,
    /// `None` in the older form.
    pub namespace: Option<Namespace>,
}

impl PushedMessage {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(b'l');
        put_bytes(out, &self.account);
        put_bytes(out, &self.hash);
        put_integer(out, self.timestamp.millis());
        put_integer(out, self.expiry.millis());
        put_bytes(out, &self.data);
        if let Some(namespace) = self.namespace {
            put_integer(out, i64::from(namespace.0));
        }
        out.push(b'e');
    }
}

/// Writes messages, as few blobs of at most [`MAX_BATCH`] bytes as their order
/// allows.
pub fn encode<'a>(messages: impl IntoIterator<Item = &'a PushedMessage>) -> Vec<Vec<u8>> {
    encode_within(messages, MAX_BATCH)
}

fn encode_within<'a>(
    messages: impl IntoIterator<Item = &'a PushedMessage>,
    most: usize,
) -> Vec<Vec<u8>> {
    let mut blobs: Vec<Vec<u8>> = Vec::new();
    for message in messages {
        let mut entry = Vec::new();
        message.put(&mut entry);
        // With the end of the list, which is not written yet.
        let fits = |blob: &Vec<u8>| blob.len().saturating_add(entry.len()) < most;
        match blobs.last_mut().filter(|blob| fits(blob)) {
            Some(blob) => blob.append(&mut entry),
            None => blobs.push([&[VERSION, b'l'], entry.as_slice()].concat()),
        }
    }
    blobs.iter_mut().for_each(|blob| blob.push(b'e'));
    blobs
}

/// Reads one blob.
pub fn decode(blob: &[u8]) -> Result<Vec<PushedMessage>, PeerError> {
    let Some((&VERSION, list)) = blob.split_first() else {
        return Err(PeerError::Version { version: blob.first().copied() });
    };
    match bt::decode(list)? {
        Value::List(messages) => messages.into_iter().map(message).collect(),
        _ => Err(PeerError::Shape { expected: "a list of messages" }),
    }
}

fn message(value: Value) -> Result<PushedMessage, PeerError> {
    let shape = PeerError::Shape { expected: "a list of five or six parts a message" };
    let Value::List(parts) = value else {
        return Err(shape);
    };
    let (account, hash, timestamp, expiry, data, namespace) = match parts.as_slice() {
        [account, hash, timestamp, expiry, data] => (account, hash, timestamp, expiry, data, None),
        [account, hash, timestamp, expiry, data, namespace] => {
            (account, hash, timestamp, expiry, data, Some(namespace))
        }
        _ => return Err(shape),
    };
    let field = |field| PeerError::Field { field };
    let namespace = namespace.map(|number| {
        let number = number.as_i64().and_then(|number| number.try_into().ok());
        number.map(Namespace).ok_or(field("namespace"))
    });
    let account = account.as_bytes().and_then(|account| account.try_into().ok());
    Ok(PushedMessage {
        account: account.ok_or(field("account"))?,
        hash: hash.as_bytes().ok_or(field("hash"))?.to_vec(),
        timestamp: timestamp.as_u64().map(Timestamp).ok_or(field("timestamp"))?,
        expiry: expiry.as_u64().map(Timestamp).ok_or(field("expiry"))?,
        data: data.as_bytes().ok_or(field("data"))?.to_vec(),
        namespace: namespace.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn messages()(
            account: [u8; 33], hash: Vec<u8>, timestamp: u64, expiry: u64, data: Vec<u8>,
            namespace: Option<i16>,
        ) -> PushedMessage {
            let (timestamp, expiry) = (Timestamp(timestamp), Timestamp(expiry));
            let namespace = namespace.map(Namespace);
            PushedMessage { account, hash, timestamp, expiry, data, namespace }
        }
    }

    proptest! {
        #[test]
        fn all_arrive_in_blobs_of_bounded_size(
            messages in prop::collection::vec(messages(), 0..8), most in 1..2000_usize,
        ) {
            let blobs = encode_within(&messages, most);
            let mut arrived = Vec::new();
            for blob in &blobs {
                let these = decode(blob).unwrap();
                prop_assert!(blob.len() <= most || these.len() == 1);
                arrived.extend(these);
            }
            prop_assert_eq!(arrived, messages);
        }

        #[test]
        fn any_bytes_are_messages_or_an_error(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).is_err() || bytes == b"\x01le");
            let _ = decode(&[b"\x01l", bytes.as_slice(), b"e"].concat());
        }
    }

    #[test]
    fn what_is_no_message_is_told() {
        let version = |version| Err(PeerError::Version { version });
        assert_eq!(decode(b""), version(None));
        assert_eq!(decode(b"\x02le"), version(Some(2)));
        assert_eq!(decode(b"\x01le"), Ok(vec![]));
        assert!(matches!(decode(b"\x01de"), Err(PeerError::Shape { .. })));
        assert!(matches!(decode(b"\x01llee"), Err(PeerError::Shape { .. })));
        let short = decode(b"\x01ll1:a1:bi1ei2e1:cee");
        assert_eq!(short, Err(PeerError::Field { field: "account" }));
    }
}
