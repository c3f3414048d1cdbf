//! Messages. Account, conversation and number stand in the key.

use ramson_types::message::{Message, MessageKind, MessageState};
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

use super::{RecordError, account_id, decode, encode, optional_hash};

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct MessageRecord {
    #[prost(bytes = "vec", tag = "1")]
    author: Vec<u8>,
    #[prost(uint64, tag = "2")]
    sent: u64,
    #[prost(uint64, tag = "3")]
    received: u64,
    #[prost(uint32, tag = "4")]
    kind: u32,
    /// 1 queued, 2 stored, 3 failed, 4 received, 5 read.
    #[prost(uint32, tag = "5")]
    state: u32,
    #[prost(string, optional, tag = "6")]
    failed_because: Option<String>,
    #[prost(string, optional, tag = "7")]
    text: Option<String>,
    #[prost(bytes = "vec", tag = "8")]
    content: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "9")]
    hash: Option<Vec<u8>>,
}

/// The number that a kind of message is kept as.
pub(crate) fn kind_number(kind: MessageKind) -> Result<u8, RecordError> {
    Ok(match kind {
        MessageKind::Visible => 1,
        MessageKind::ExpirationTimerUpdate => 2,
        MessageKind::DataExtraction => 3,
        MessageKind::MessageRequestResponse => 4,
        MessageKind::Call => 5,
        MessageKind::GroupUpdate => 6,
        MessageKind::Reaction => 7,
        MessageKind::Unsend => 8,
        _ => return Err(RecordError::Unknown("message")),
    })
}

fn parse_kind(number: u32) -> Result<MessageKind, RecordError> {
    Ok(match number {
        1 => MessageKind::Visible,
        2 => MessageKind::ExpirationTimerUpdate,
        3 => MessageKind::DataExtraction,
        4 => MessageKind::MessageRequestResponse,
        5 => MessageKind::Call,
        6 => MessageKind::GroupUpdate,
        7 => MessageKind::Reaction,
        8 => MessageKind::Unsend,
        _ => return Err(RecordError::Field("kind")),
    })
}

/// Author and kind as they stand in the table of message keys.
pub(crate) fn author_kind(author: &AccountId, kind: MessageKind) -> Result<[u8; 34], RecordError> {
    let mut key = [kind_number(kind)?; 34];
    if let Some(id) = key.first_chunk_mut::<33>() {
        *id = author.to_bytes();
    }
    Ok(key)
}

pub(crate) fn message(message: &Message) -> Result<Vec<u8>, RecordError> {
    let (state, failed_because) = match &message.state {
        MessageState::Queued => (1, None),
        MessageState::Stored => (2, None),
        MessageState::Failed { reason } => (3, Some(reason.clone())),
        MessageState::Received => (4, None),
        MessageState::Read => (5, None),
        _ => return Err(RecordError::Unknown("message state")),
    };
    Ok(encode(&MessageRecord {
        author: message.author.to_bytes().to_vec(),
        sent: message.sent.0,
        received: message.received.0,
        kind: kind_number(message.kind)?.into(),
        state,
        failed_because,
        text: message.text.clone(),
        content: message.content.clone(),
        hash: message.hash.map(|hash| hash.0.to_vec()),
    }))
}

pub(crate) fn parse_message(
    id: MessageId,
    conversation: ConversationId,
    bytes: &[u8],
) -> Result<Message, RecordError> {
    let record: MessageRecord = decode(bytes)?;
    Ok(Message {
        id,
        conversation,
        author: account_id(&record.author, "author")?,
        sent: Timestamp(record.sent),
        received: Timestamp(record.received),
        kind: parse_kind(record.kind)?,
        state: match (record.state, record.failed_because) {
            (1, None) => MessageState::Queued,
            (2, None) => MessageState::Stored,
            (3, Some(reason)) => MessageState::Failed { reason },
            (4, None) => MessageState::Received,
            (5, None) => MessageState::Read,
            _ => return Err(RecordError::Field("state")),
        },
        text: record.text,
        content: record.content,
        hash: optional_hash(record.hash.as_deref(), "hash")?,
    })
}
