//! A conversation as a list shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{ConversationId, Millis};

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// With whom.
    pub id: ConversationId,
    /// The name that the peer gave itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that this account gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The peer may write to this account: it is a contact.
    pub approved: bool,
    /// The peer lets this account write.
    pub approved_me: bool,
    /// The peer is not heard.
    pub blocked: bool,
    /// A stranger wrote, and waits for an answer.
    pub request: bool,
    /// Pinned above 0, higher ones first; hidden below.
    pub priority: i64,
    /// Until when nothing is told.
    pub muted_until: Millis,
    /// What is told of.
    pub notify: Notify,
    /// When messages that are sent from now on disappear.
    pub disappearing: Disappearing,
    /// Sent time of the newest message; 0 if there was none.
    pub latest: Millis,
    /// How many incoming messages were not read yet.
    pub unread: u64,
    /// How many of those mention this account.
    pub mentions: u64,
    /// Its user marked it as unread.
    pub marked_unread: bool,
    /// Messages sent up to here are read.
    pub last_read: Millis,
    /// What its user began to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
}

impl Conversation {
    /// One of which nothing is known.
    pub const fn new(id: ConversationId) -> Self {
        Self {
            id,
            name: None,
            nickname: None,
            approved: false,
            approved_me: false,
            blocked: false,
            request: false,
            priority: 0,
            muted_until: 0,
            notify: Notify::Default,
            disappearing: Disappearing::Off,
            latest: 0,
            unread: 0,
            mentions: 0,
            marked_unread: false,
            last_read: 0,
            draft: None,
        }
    }

    /// What to call it: the nickname, else the name that the peer gave itself.
    pub fn shown_name(&self) -> Option<&str> {
        self.nickname.as_deref().or(self.name.as_deref())
    }
}

/// When messages of a conversation disappear.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
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
