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

/// When messages of a conversation disappear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Disappearing {
    /// Never.
    #[default]
    Off,
    /// So many seconds after they were sent.
    AfterSend(u32),
    /// So many seconds after they were read.
    AfterRead(u32),
}

/// What of a conversation is told to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Notify {
    /// As the user's default is.
    #[default]
    Default,
    /// Every message.
    All,
    /// Nothing.
    Off,
    /// Mentions only.
    Mentions,
}

/// Where an encrypted profile picture lies. Its key opens nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfilePicture {
    /// Its address.
    pub url: String,
    /// Its key.
    pub key: [u8; 32],
}

/// A conversation as a list of conversations shows it: one snapshot of what
/// the account's devices agree on, and of what stays in this home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// With whom.
    pub id: ConversationId,
    /// The name the peer gave itself.
    pub name: Option<String>,
    /// The name that this account gave it.
    pub nickname: Option<String>,
    /// Its picture.
    pub picture: Option<ProfilePicture>,
    /// The peer may write to this account.
    pub approved: bool,
    /// The peer lets this account write.
    pub approved_me: bool,
    /// The peer is not heard.
    pub blocked: bool,
    /// Pinned above 0, higher ones first; hidden below.
    pub priority: i64,
    /// Until when nothing is told.
    pub muted_until: Timestamp,
    /// What is told of.
    pub notify: Notify,
    /// When messages sent from now on disappear.
    pub disappearing: Disappearing,
    /// When it was begun; 0 where nobody knows.
    pub created: Timestamp,
    /// Sent time of the newest message; 0 if there was none.
    pub latest: Timestamp,
    /// How many incoming messages were not read yet.
    pub unread: u64,
    /// How many of those mention this account.
    pub mentions: u64,
    /// Its user marked it as unread.
    pub marked_unread: bool,
    /// Messages sent up to here are read, on whichever device.
    pub last_read: Timestamp,
    /// How far this home has carried that out: started timers, counted again.
    pub read_handled: Timestamp,
    /// What its user began to write; stays in this home.
    pub draft: Option<String>,
}

impl Conversation {
    /// One of which nothing is known.
    pub const fn new(id: ConversationId) -> Self {
        Self {
            id,
            name: None,
            nickname: None,
            picture: None,
            approved: false,
            approved_me: false,
            blocked: false,
            priority: 0,
            muted_until: Timestamp(0),
            notify: Notify::Default,
            disappearing: Disappearing::Off,
            created: Timestamp(0),
            latest: Timestamp(0),
            unread: 0,
            mentions: 0,
            marked_unread: false,
            last_read: Timestamp(0),
            read_handled: Timestamp(0),
            draft: None,
        }
    }

    /// What to call it: the nickname, else the name the peer gave itself.
    pub fn shown_name(&self) -> Option<&str> {
        self.nickname.as_deref().or(self.name.as_deref())
    }

    /// Whether it stands above the others.
    pub const fn is_pinned(&self) -> bool {
        self.priority > 0
    }

    /// Whether it is left out of the list.
    pub const fn is_hidden(&self) -> bool {
        self.priority < 0
    }

    /// Whether a stranger wrote, and waits for an answer (01 section 6.1).
    pub const fn is_request(&self) -> bool {
        self.approved_me
            && !self.approved
            && !self.blocked
            && !self.is_hidden()
            && self.latest.0 > 0
            && matches!(self.id, ConversationId::Account(_))
    }
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
