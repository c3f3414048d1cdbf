//! A message of a history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{AccountId, ConversationId, Disappearing, MessageId, Millis};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Its name in this home.
    pub id: MessageId,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who wrote it, as proven by its signature.
    pub author: AccountId,
    /// This account wrote it, on this or another device.
    pub outgoing: bool,
    /// When its author says it was sent.
    pub sent: Millis,
    /// When this home took it in or made it.
    pub received: Millis,
    /// How far it has come.
    pub state: MessageState,
    /// The text, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// It is a notice rather than something that somebody wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// What a link in its text leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<LinkPreview>,
    /// An invitation to a community.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    /// What is attached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Emoji that are on it now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// When it disappears, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<Expiry>,
    /// It mentions this account.
    #[serde(default)]
    pub mentions_me: bool,
    /// It was taken back: what its author wrote is gone.
    #[serde(default)]
    pub deleted: bool,
    /// Its hash in the recipient's swarm, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl Message {
    /// One that came in, of which nothing more is known.
    pub const fn new(id: MessageId, conversation: ConversationId, author: AccountId) -> Self {
        Self {
            id,
            conversation,
            author,
            outgoing: false,
            sent: 0,
            received: 0,
            state: MessageState::Received,
            text: None,
            notice: None,
            quote: None,
            preview: None,
            invitation: None,
            attachments: Vec::new(),
            reactions: Vec::new(),
            expiry: None,
            mentions_me: false,
            deleted: false,
            hash: None,
        }
    }
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum MessageState {
    /// Outgoing, safe in the outbox.
    Queued,
    /// Outgoing, on its way.
    Sending,
    /// Outgoing, stored by the recipient's swarm.
    Stored,
    /// Outgoing, given up.
    Failed {
        /// Why.
        reason: String,
    },
    /// Incoming, not read.
    Received,
    /// Incoming: read. Outgoing: the peer says that it read it.
    Read,
}

/// What a message is that nobody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Notice {
    /// Messages disappear otherwise from now on.
    Timer {
        /// How.
        setting: Disappearing,
    },
    /// The peer saved media.
    MediaSaved,
    /// The peer took a screenshot.
    Screenshot,
    /// The peer accepted the message request.
    RequestAccepted,
    /// A call that was not taken.
    MissedCall,
    /// An invitation to a group, or a change of one.
    Group {
        /// Its name, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Something that this version cannot show.
    Other,
}

/// The message that another one answers, by its public name.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// Who wrote it.
    pub author: AccountId,
    /// When it was sent.
    pub sent: Millis,
}

/// The page that a link leads to, as its sender saw it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct LinkPreview {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// An invitation to a room of a community.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// `https://host/room?public_key=<64 hex>`.
    pub url: String,
    /// The room's name.
    pub name: String,
}

/// Something attached, before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// Its file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Its size in bytes; 0 where nobody said.
    pub size: u32,
    /// It is a voice message.
    #[serde(default)]
    pub voice: bool,
    /// Words to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// Whose.
    pub author: AccountId,
    /// The emoji.
    pub emoji: String,
    /// Since when.
    pub at: Millis,
}

/// When a message disappears.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Expiry {
    /// How long it is there, in seconds.
    pub seconds: u32,
    /// Its time counts from when it is read, not from when it was sent.
    pub after_read: bool,
    /// When it is over; `None` while its time does not count yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Millis>,
}
