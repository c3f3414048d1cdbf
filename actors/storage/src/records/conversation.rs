//! Conversations, and the bytes by which one is found.

use ramson_types::conversation::{
    CommunityRoom, Conversation, Disappearing, Notify, ProfilePicture,
};
use ramson_types::{ConversationId, Timestamp};

use super::{RecordError, account_id, bytes32, decode, encode};

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

pub(super) fn parse_conversation_key(key: &[u8]) -> Result<ConversationId, RecordError> {
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
    #[prost(string, optional, tag = "5")]
    nickname: Option<String>,
    #[prost(message, optional, tag = "6")]
    picture: Option<PictureRecord>,
    #[prost(bool, tag = "7")]
    approved: bool,
    #[prost(bool, tag = "8")]
    approved_me: bool,
    #[prost(bool, tag = "9")]
    blocked: bool,
    #[prost(sint64, tag = "10")]
    priority: i64,
    #[prost(uint64, tag = "11")]
    muted_until: u64,
    /// 0 as the default is, 1 all, 2 nothing, 3 mentions.
    #[prost(uint32, tag = "12")]
    notify: u32,
    #[prost(oneof = "DisappearingRecord", tags = "13, 14")]
    disappearing: Option<DisappearingRecord>,
    #[prost(uint64, tag = "15")]
    created: u64,
    #[prost(uint64, tag = "16")]
    mentions: u64,
    #[prost(bool, tag = "17")]
    marked_unread: bool,
    #[prost(uint64, tag = "18")]
    last_read: u64,
    #[prost(uint64, tag = "19")]
    read_handled: u64,
    #[prost(string, optional, tag = "20")]
    draft: Option<String>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct PictureRecord {
    #[prost(string, tag = "1")]
    url: String,
    #[prost(bytes = "vec", tag = "2")]
    key: Vec<u8>,
}

/// In seconds.
#[derive(Clone, Copy, PartialEq, Eq, prost::Oneof)]
enum DisappearingRecord {
    #[prost(uint32, tag = "13")]
    AfterSend(u32),
    #[prost(uint32, tag = "14")]
    AfterRead(u32),
}

pub(crate) fn conversation(conversation: &Conversation) -> Result<Vec<u8>, RecordError> {
    Ok(encode(&ConversationRecord {
        id: conversation_key(&conversation.id)?,
        name: conversation.name.clone(),
        latest: conversation.latest.0,
        unread: conversation.unread,
        nickname: conversation.nickname.clone(),
        picture: conversation
            .picture
            .as_ref()
            .map(|picture| PictureRecord { url: picture.url.clone(), key: picture.key.to_vec() }),
        approved: conversation.approved,
        approved_me: conversation.approved_me,
        blocked: conversation.blocked,
        priority: conversation.priority,
        muted_until: conversation.muted_until.0,
        notify: match conversation.notify {
            Notify::Default => 0,
            Notify::All => 1,
            Notify::Off => 2,
            Notify::Mentions => 3,
        },
        disappearing: match conversation.disappearing {
            Disappearing::Off => None,
            Disappearing::AfterSend(seconds) => Some(DisappearingRecord::AfterSend(seconds)),
            Disappearing::AfterRead(seconds) => Some(DisappearingRecord::AfterRead(seconds)),
        },
        created: conversation.created.0,
        mentions: conversation.mentions,
        marked_unread: conversation.marked_unread,
        last_read: conversation.last_read.0,
        read_handled: conversation.read_handled.0,
        draft: conversation.draft.clone(),
    }))
}

pub(crate) fn parse_conversation(bytes: &[u8]) -> Result<Conversation, RecordError> {
    let record: ConversationRecord = decode(bytes)?;
    let picture = record.picture.map(|PictureRecord { url, key }| {
        bytes32(&key, "picture").map(|key| ProfilePicture { url, key })
    });
    Ok(Conversation {
        id: parse_conversation_key(&record.id)?,
        name: record.name,
        nickname: record.nickname,
        picture: picture.transpose()?,
        approved: record.approved,
        approved_me: record.approved_me,
        blocked: record.blocked,
        priority: record.priority,
        muted_until: Timestamp(record.muted_until),
        notify: match record.notify {
            0 => Notify::Default,
            1 => Notify::All,
            2 => Notify::Off,
            3 => Notify::Mentions,
            _ => return Err(RecordError::Field("notify")),
        },
        disappearing: match record.disappearing {
            None => Disappearing::Off,
            Some(DisappearingRecord::AfterSend(seconds)) => Disappearing::AfterSend(seconds),
            Some(DisappearingRecord::AfterRead(seconds)) => Disappearing::AfterRead(seconds),
        },
        created: Timestamp(record.created),
        latest: Timestamp(record.latest),
        unread: record.unread,
        mentions: record.mentions,
        marked_unread: record.marked_unread,
        last_read: Timestamp(record.last_read),
        read_handled: Timestamp(record.read_handled),
        draft: record.draft,
    })
}
