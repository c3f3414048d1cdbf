//! Messages. Account, conversation and number stand in the key.

use ramson_types::message::{ExpiresFrom, Expiry, Message, MessageKind, MessageState, Reaction};
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
    #[prost(bytes = "vec", optional, tag = "10")]
    own_hash: Option<Vec<u8>>,
    #[prost(message, optional, tag = "11")]
    expiry: Option<ExpiryRecord>,
    #[prost(message, repeated, tag = "12")]
    reactions: Vec<ReactionRecord>,
    #[prost(bool, tag = "13")]
    mentions_me: bool,
    #[prost(bool, tag = "14")]
    deleted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct ExpiryRecord {
    /// 1 when it was sent, 2 when it is read.
    #[prost(uint32, tag = "1")]
    from: u32,
    #[prost(uint32, tag = "2")]
    seconds: u32,
    #[prost(uint64, optional, tag = "3")]
    ends: Option<u64>,
}

/// An emoji on a message.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct ReactionRecord {
    #[prost(bytes = "vec", tag = "1")]
    author: Vec<u8>,
    #[prost(string, tag = "2")]
    emoji: String,
    #[prost(uint64, tag = "3")]
    at: u64,
    #[prost(bool, tag = "4")]
    removed: bool,
}

/// What stood for a reaction and an unsend request up to schema 2, which were
/// messages of their own; never to be used again.
pub(crate) const REMOVED_KINDS: [u8; 2] = [7, 8];

/// The number that a kind of message is kept as.
pub(crate) fn kind_number(kind: MessageKind) -> Result<u8, RecordError> {
    Ok(match kind {
        MessageKind::Visible => 1,
        MessageKind::ExpirationTimerUpdate => 2,
        MessageKind::DataExtraction => 3,
        MessageKind::MessageRequestResponse => 4,
        MessageKind::Call => 5,
        MessageKind::GroupUpdate => 6,
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
        // The outbox knows which are on their way; after a start none is.
        MessageState::Queued | MessageState::Sending => (1, None),
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
        own_hash: message.own_hash.map(|hash| hash.0.to_vec()),
        expiry: message.expiry.map(|Expiry { from, seconds, ends }| ExpiryRecord {
            from: match from {
                ExpiresFrom::Sent => 1,
                ExpiresFrom::Read => 2,
            },
            seconds,
            ends: ends.map(|at| at.0),
        }),
        reactions: reactions(&message.reactions),
        mentions_me: message.mentions_me,
        deleted: message.deleted,
    }))
}

pub(super) fn reactions(reactions: &[Reaction]) -> Vec<ReactionRecord> {
    let record = |reaction: &Reaction| ReactionRecord {
        author: reaction.author.to_bytes().to_vec(),
        emoji: reaction.emoji.clone(),
        at: reaction.at.0,
        removed: reaction.removed,
    };
    reactions.iter().map(record).collect()
}

pub(super) fn parse_reactions(records: Vec<ReactionRecord>) -> Result<Vec<Reaction>, RecordError> {
    let parse = |ReactionRecord { author, emoji, at, removed }| {
        let author = account_id(&author, "reactions")?;
        Ok(Reaction { author, emoji, at: Timestamp(at), removed })
    };
    records.into_iter().map(parse).collect()
}

fn parse_expiry(record: ExpiryRecord) -> Result<Expiry, RecordError> {
    let from = match record.from {
        1 => ExpiresFrom::Sent,
        2 => ExpiresFrom::Read,
        _ => return Err(RecordError::Field("expiry")),
    };
    Ok(Expiry { from, seconds: record.seconds, ends: record.ends.map(Timestamp) })
}

/// Whether a record is one of a kind that is none any more.
pub(crate) fn is_of_removed_kind(bytes: &[u8]) -> Result<bool, RecordError> {
    let record: MessageRecord = decode(bytes)?;
    Ok(REMOVED_KINDS.iter().any(|kind| u32::from(*kind) == record.kind))
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
        own_hash: optional_hash(record.own_hash.as_deref(), "own_hash")?,
        expiry: record.expiry.map(parse_expiry).transpose()?,
        reactions: parse_reactions(record.reactions)?,
        mentions_me: record.mentions_me,
        deleted: record.deleted,
    })
}
