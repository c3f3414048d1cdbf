//! With whom a message is exchanged.

use std::fmt;
use std::str::FromStr;

use crate::{AccountId, AccountIdError, Prefix, Timestamp};

/// A room of a community server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommunityRoom {
    /// Base URL of the server, without a slash at the end.
    pub server: String,
    /// Token of the room.
    pub room: String,
}

/// What a conversation is with. Its text form is the id, or for a community
/// `<server>/<room>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConversationId {
    /// One other account, or the own one (note to self).
    Account(AccountId),
    /// A group, `03…`.
    Group(AccountId),
    /// A blinded account of a community, reached through that server's inbox.
    Blinded(AccountId),
    /// A room of a community.
    Community(CommunityRoom),
}

impl ConversationId {
    /// The conversation that an id names; `None` for ids that are never one.
    pub const fn of(id: AccountId) -> Option<Self> {
        match id.prefix() {
            Prefix::Account => Some(Self::Account(id)),
            Prefix::Group => Some(Self::Group(id)),
            Prefix::Blinded15 | Prefix::Blinded25 => Some(Self::Blinded(id)),
            Prefix::Unblinded | Prefix::VersionCheck => None,
        }
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) | Self::Group(id) | Self::Blinded(id) => id.fmt(f),
            Self::Community(CommunityRoom { server, room }) => write!(f, "{server}/{room}"),
        }
    }
}

impl FromStr for ConversationId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        if let Some(room) = room_of(text) {
            return Ok(Self::Community(room));
        }
        Self::of(text.parse()?).ok_or_else(|| AccountIdError::NotAnAccount { id: text.to_owned() })
    }
}

/// The room behind the last slash, of a server with a scheme and a name.
fn room_of(text: &str) -> Option<CommunityRoom> {
    let (server, room) = text.rsplit_once('/')?;
    let (scheme, host) = server.split_once("://")?;
    let complete = !(scheme.is_empty() || host.is_empty() || room.is_empty());
    complete.then(|| CommunityRoom { server: server.to_owned(), room: room.to_owned() })
}

/// A conversation as a list of conversations shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// With whom.
    pub id: ConversationId,
    /// The name the peer last gave itself.
    pub name: Option<String>,
    /// Sent time of the newest message.
    pub latest: Timestamp,
    /// How many incoming messages were not read yet.
    pub unread: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_needs_a_server_and_a_name() {
        for good in ["https://open.example.org/room", "http://[::1]:80/a.b", "http://a/b/c"] {
            let id: ConversationId = good.parse().unwrap();
            assert!(matches!(id, ConversationId::Community(_)), "{good}");
            assert_eq!(id.to_string(), good);
        }
        for bad in
            ["https://open.example.org", "https://open.example.org/", "https:///room", "://a/b"]
        {
            assert!(bad.parse::<ConversationId>().is_err(), "{bad}");
        }
    }
}
