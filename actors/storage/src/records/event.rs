//! Lines of the event log.

use ramson_protocol::event::{EventKind, EventRef};
use ramson_types::{MessageId, Timestamp};

use super::{RecordError, decode, encode};

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct EventRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint32, tag = "2")]
    account: u32,
    #[prost(uint64, tag = "3")]
    message: u64,
    #[prost(uint64, tag = "4")]
    at: u64,
}

pub(crate) fn event(event: &EventRef, at: Timestamp) -> Vec<u8> {
    let MessageId { account, number } = event.message;
    encode(&EventRecord { kind: event.kind.number(), account, message: number, at: at.0 })
}

/// The account of an event; `None` for what is no event.
pub(crate) fn event_account(bytes: &[u8]) -> Option<u32> {
    decode::<EventRecord>(bytes).ok().map(|record| record.account)
}

/// The event, unless its kind is one of a later version, and its time.
pub(crate) fn parse_event(bytes: &[u8]) -> Result<(Option<EventRef>, Timestamp), RecordError> {
    let record: EventRecord = decode(bytes)?;
    let message = MessageId { account: record.account, number: record.message };
    let event = EventKind::from_number(record.kind).map(|kind| EventRef { kind, message });
    Ok((event, Timestamp(record.at)))
}
