//! What was said of messages that are not there.

use ramson_protocol::store::Early;
use ramson_types::Timestamp;

use super::message::{ReactionRecord, parse_reactions, reactions};
use super::{RecordError, decode, encode};

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct EarlyRecord {
    #[prost(bool, tag = "1")]
    deleted: bool,
    #[prost(bool, tag = "2")]
    read: bool,
    #[prost(message, repeated, tag = "3")]
    reactions: Vec<ReactionRecord>,
    #[prost(uint64, tag = "4")]
    until: u64,
}

pub(crate) fn early(early: &Early) -> Vec<u8> {
    encode(&EarlyRecord {
        deleted: early.deleted,
        read: early.read,
        reactions: reactions(&early.reactions),
        until: early.until.0,
    })
}

pub(crate) fn parse_early(bytes: &[u8]) -> Result<Early, RecordError> {
    let EarlyRecord { deleted, read, reactions, until } = decode(bytes)?;
    Ok(Early { deleted, read, reactions: parse_reactions(reactions)?, until: Timestamp(until) })
}
