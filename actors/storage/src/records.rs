//! How things are written down: one version byte, then a protobuf message.
//! The shapes are private to the store; outside they are the model's own
//! types. A version that this program does not know is refused by name, and
//! garbage is an error, never a panic.

mod account;
mod conversation;
mod early;
mod errand;
mod event;
mod ledger;
mod message;
mod network;

pub(crate) use account::{
    AccountRecord, config, config_kind, config_number, counters, cursor, outbox, parse_config,
    parse_counters, parse_cursor, parse_outbox, parse_seed, seed,
};
pub(crate) use conversation::{conversation, conversation_key, parse_conversation};
pub(crate) use early::{early, parse_early};
pub(crate) use errand::{errand, parse_errand};
pub(crate) use event::{event, event_account, event_in, message_of_event, parse_event};
pub(crate) use ledger::{ledger_line, parse_ledger_line};
pub(crate) use message::{REMOVED_KINDS, author_kind, is_of_removed_kind, message, parse_message};
pub(crate) use network::{guards, node_pool, parse_guards, parse_node_pool};

use ramson_types::{AccountId, Ed25519PublicKey, MessageHash};

/// The version of every record so far.
const VERSION: u8 = 1;

/// Why bytes are not a record, or a thing cannot be written as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    /// No byte at all.
    #[error("it is empty")]
    Empty,
    /// Written by a later version.
    #[error("it has version {0}, and this program knows versions up to 1; use a newer Ramson")]
    Version(u8),
    /// Not a protobuf message.
    #[error("it does not decode: {0}")]
    Decode(String),
    /// A field does not hold what it should.
    #[error("its field '{0}' is missing or garbled")]
    Field(&'static str),
    /// A kind of thing that this version of the store has no record for.
    #[error("this version of the store cannot keep this kind of {0}")]
    Unknown(&'static str),
}

/// A record of one number.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Number {
    #[prost(uint64, tag = "1")]
    pub(crate) value: u64,
}

/// A record of one text.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    pub(crate) value: String,
}

/// Version byte and message.
pub(crate) fn encode(record: &impl prost::Message) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(record.encoded_len().saturating_add(1));
    bytes.push(VERSION);
    bytes.extend_from_slice(&record.encode_to_vec());
    bytes
}

/// Reads a version byte and a message.
pub(crate) fn decode<T: prost::Message + Default>(bytes: &[u8]) -> Result<T, RecordError> {
    match bytes.split_first() {
        None => Err(RecordError::Empty),
        Some((&VERSION, record)) => {
            T::decode(record).map_err(|error| RecordError::Decode(error.to_string()))
        }
        Some((&version, _)) => Err(RecordError::Version(version)),
    }
}

fn bytes32(bytes: &[u8], field: &'static str) -> Result<[u8; 32], RecordError> {
    bytes.try_into().map_err(|_| RecordError::Field(field))
}

fn hash(bytes: &[u8], field: &'static str) -> Result<MessageHash, RecordError> {
    bytes32(bytes, field).map(MessageHash)
}

fn optional_hash(
    bytes: Option<&[u8]>,
    field: &'static str,
) -> Result<Option<MessageHash>, RecordError> {
    bytes.map(|bytes| hash(bytes, field)).transpose()
}

fn node(bytes: &[u8], field: &'static str) -> Result<Ed25519PublicKey, RecordError> {
    bytes32(bytes, field).map(Ed25519PublicKey)
}

fn nodes(keys: &[Vec<u8>], field: &'static str) -> Result<Vec<Ed25519PublicKey>, RecordError> {
    keys.iter().map(|key| node(key, field)).collect()
}

fn node_bytes(keys: &[Ed25519PublicKey]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| key.0.to_vec()).collect()
}

fn account_id(bytes: &[u8], field: &'static str) -> Result<AccountId, RecordError> {
    let bytes = bytes.try_into().map_err(|_| RecordError::Field(field))?;
    AccountId::from_bytes(bytes).map_err(|_| RecordError::Field(field))
}

fn namespace(number: i32, field: &'static str) -> Result<ramson_types::Namespace, RecordError> {
    number.try_into().map(ramson_types::Namespace).map_err(|_| RecordError::Field(field))
}

#[cfg(test)]
mod tests;
