//! Conversations, and the bytes by which one is found.

use ramson_types::conversation::{CommunityRoom, Conversation};
use ramson_types::{ConversationId, Timestamp};

use super::{RecordError, account_id, decode, encode};

const ACCOUNT: u8 = 1;
const GROUP: u8 = 2;
const BLINDED: u8 = 3;
const COMMUNITY: u8 = 4;
/// Stands between server and room; UTF-8 never contains it.
const BETWEEN: u8 = 0xff;

/// The bytes that stand for a conversation's id: its kind, then the id, or
/// server and room.
pub(crate) fn conversation_key(id: &ConversationId) -> Result<Vec<u8>, RecordError> {
    let (kind, id) = match id {
        ConversationId::Account(id) => (ACCOUNT, id),
        ConversationId::Group(id) => (GROUP, id),
        ConversationId::Blinded(id) => (BLINDED, id),
        ConversationId::Community(CommunityRoom { server, room }) => {
            let mut key = vec![COMMUNITY];
            key.extend_from_slice(server.as_bytes());
            key.push(BETWEEN);
            key.extend_from_slice(room.as_bytes());
            return Ok(key);
        }
        _ => return Err(RecordError::Unknown("conversation")),
    };
    let mut key = vec![kind];
    key.extend_from_slice(&id.to_bytes());
    Ok(key)
}

fn parse_conversation_key(key: &[u8]) -> Result<ConversationId, RecordError> {
    let garbled = RecordError::Field("conversation");
    let (kind, rest) = key.split_first().ok_or(garbled.clone())?;
    Ok(match *kind {
        ACCOUNT => ConversationId::Account(account_id(rest, "conversation")?),
        GROUP => ConversationId::Group(account_id(rest, "conversation")?),
        BLINDED => ConversationId::Blinded(account_id(rest, "conversation")?),
        COMMUNITY => {
            let mut parts = rest.splitn(2, |byte| *byte == BETWEEN);
            let mut text = || {
                let part = parts.next()?.to_vec();
                String::from_utf8(part).ok()
            };
            match (text(), text()) {
                (Some(server), Some(room)) => {
                    ConversationId::Community(CommunityRoom { server, room })
                }
                _ => return Err(garbled),
            }
        }
        _ => return Err(garbled),
    })
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct ConversationRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
    #[prost(uint64, tag = "3")]
    latest: u64,
    #[prost(uint64, tag = "4")]
    unread: u64,
}

pub(crate) fn conversation(conversation: &Conversation) -> Result<Vec<u8>, RecordError> {
    Ok(encode(&ConversationRecord {
        id: conversation_key(&conversation.id)?,
        name: conversation.name.clone(),
        latest: conversation.latest.0,
        unread: conversation.unread,
    }))
}

pub(crate) fn parse_conversation(bytes: &[u8]) -> Result<Conversation, RecordError> {
    let record: ConversationRecord = decode(bytes)?;
    Ok(Conversation {
        id: parse_conversation_key(&record.id)?,
        name: record.name,
        latest: Timestamp(record.latest),
        unread: record.unread,
    })
}
