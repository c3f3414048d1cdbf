//! Lines of the event log.

use ramson_protocol::event::{EventKind, EventRef};
use ramson_types::{ConversationId, MessageId, Timestamp};

use super::conversation::parse_conversation_key;
use super::{RecordError, conversation_key, decode, encode};

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct EventRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint32, tag = "2")]
    account: u32,
    #[prost(uint64, optional, tag = "3")]
    message: Option<u64>,
    #[prost(uint64, tag = "4")]
    at: u64,
    /// As [`conversation_key`] gives it.
    #[prost(bytes = "vec", tag = "5")]
    conversation: Vec<u8>,
}

/// An event as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptEvent {
    pub(crate) account: u32,
    /// `None` when its kind is one of a later version.
    pub(crate) event: Option<EventRef>,
    pub(crate) at: Timestamp,
}

pub(crate) fn event(account: u32, event: &EventRef, at: Timestamp) -> Result<Vec<u8>, RecordError> {
    Ok(encode(&EventRecord {
        kind: event.kind.number(),
        account,
        message: event.message.map(|id| id.number),
        at: at.0,
        conversation: conversation_key(&event.conversation)?,
    }))
}

/// The account of an event; `None` for what is no event.
pub(crate) fn event_account(bytes: &[u8]) -> Option<u32> {
    decode::<EventRecord>(bytes).ok().map(|record| record.account)
}

pub(crate) fn parse_event(bytes: &[u8]) -> Result<KeptEvent, RecordError> {
    let EventRecord { kind, account, message, at, conversation } = decode(bytes)?;
    let event = EventKind::from_number(kind).map(|kind| {
        Ok(EventRef {
            kind,
            message: message.map(|number| MessageId { account, number }),
            conversation: parse_conversation_key(&conversation)?,
        })
    });
    Ok(KeptEvent { account, event: event.transpose()?, at: Timestamp(at) })
}

/// The message of an event up to schema 2, which had one and no conversation.
pub(crate) fn message_of_event(bytes: &[u8]) -> Result<MessageId, RecordError> {
    let EventRecord { account, message, .. } = decode(bytes)?;
    let number = message.ok_or(RecordError::Field("message"))?;
    Ok(MessageId { account, number })
}

/// Such an event with its conversation.
pub(crate) fn event_in(
    conversation: &ConversationId,
    bytes: &[u8],
) -> Result<Vec<u8>, RecordError> {
    let record: EventRecord = decode(bytes)?;
    Ok(encode(&EventRecord { conversation: conversation_key(conversation)?, ..record }))
}
