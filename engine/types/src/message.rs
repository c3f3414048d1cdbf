//! Messages as they stand in a home's history.

use std::fmt;
use std::str::FromStr;

use crate::{AccountId, ConversationId, MessageHash, Timestamp};

/// Names a message in a home, for the user and for plugins; written `m<account>-<number>`.
/// It never leaves the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The account's number in its home.
    pub account: u32,
    /// The message's number in that account; later ones are larger.
    pub number: u64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}-{}", self.account, self.number)
    }
}

impl FromStr for MessageId {
    type Err = MessageIdError;

    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let parse = || {
            let (account, number) = text.strip_prefix('m')?.split_once('-')?;
            Some(Self { account: account.parse().ok()?, number: number.parse().ok()? })
        };
        parse().ok_or_else(|| MessageIdError { text: text.to_owned() })
    }
}

/// A text that is not `m<account>-<number>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a message's name; names look like m1-42 and are shown by 'ramson messages'"
)]
pub struct MessageIdError {
    /// The text as it was given.
    pub text: String,
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageState {
    /// Outgoing, safe in the outbox, not sent yet.
    Queued,
    /// Outgoing, stored by the recipient's swarm.
    Stored,
    /// Outgoing, given up.
    Failed {
        /// What stood in the way.
        reason: String,
    },
    /// Incoming, not read.
    Received,
    /// Incoming, read.
    Read,
}

/// What kind of message a Content is (01 section 3.1). Kinds that make no
/// line in a history have no place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MessageKind {
    /// Text, attachments, quote, link preview or community invitation.
    Visible,
    /// A change of the disappearing-message setting.
    ExpirationTimerUpdate,
    /// The peer saved media or took a screenshot.
    DataExtraction,
    /// The peer accepted a message request.
    MessageRequestResponse,
    /// Call signalling.
    Call,
    /// An invitation, promotion or change of a group.
    GroupUpdate,
    /// An emoji on another message.
    Reaction,
    /// The author takes a message back.
    Unsend,
}

/// A message of the history. Its `content` is the whole Content protobuf as
/// it was signed, so nothing that a peer sent is lost to a reader that learns
/// to show it later; `text` is the one part that every reader wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name in this home.
    pub id: MessageId,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who wrote it, as proven by its signature.
    pub author: AccountId,
    /// When its author says it was sent; with the author, its public name.
    pub sent: Timestamp,
    /// When this home took it in or made it.
    pub received: Timestamp,
    /// What it is.
    pub kind: MessageKind,
    /// How far it has come.
    pub state: MessageState,
    /// The body, where it has one.
    pub text: Option<String>,
    /// The Content protobuf.
    pub content: Vec<u8>,
    /// Its hash: for incoming messages in the own swarm, for outgoing ones in
    /// the recipient's.
    pub hash: Option<MessageHash>,
}
