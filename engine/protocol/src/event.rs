//! What an account tells the world, after the commit that makes it true.

use ramson_types::message::Message;
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Timestamp,
};

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountEvent {
    /// A message came in.
    MessageReceived(Message),
    /// An outgoing message is safe in the outbox.
    MessageQueued(Message),
    /// The recipient's swarm has stored a message.
    MessageStored {
        /// Which message.
        id: MessageId,
        /// Where it belongs.
        conversation: ConversationId,
        /// For whose swarm.
        to: AccountId,
        /// The swarm's name for it.
        hash: MessageHash,
        /// Members that signed for it.
        nodes: Vec<Ed25519PublicKey>,
        /// Its sent time.
        sent: Timestamp,
    },
    /// An attempt to send failed; another follows.
    SendDelayed {
        /// Which message.
        id: MessageId,
        /// Why.
        reason: String,
        /// When the next attempt is due.
        retry_at: Timestamp,
    },
    /// A message was given up.
    MessageFailed {
        /// Which message.
        id: MessageId,
        /// Why.
        reason: String,
    },
}

impl AccountEvent {
    /// What of it is kept in the event log.
    pub const fn reference(&self) -> EventRef {
        let (kind, message) = match self {
            Self::MessageReceived(message) => (EventKind::MessageReceived, message.id),
            Self::MessageQueued(message) => (EventKind::MessageQueued, message.id),
            Self::MessageStored { id, .. } => (EventKind::MessageStored, *id),
            Self::SendDelayed { id, .. } => (EventKind::SendDelayed, *id),
            Self::MessageFailed { id, .. } => (EventKind::MessageFailed, *id),
        };
        EventRef { kind, message }
    }
}

/// An event as the log keeps it: enough to find its message again, and no
/// content, so that a deleted message is deleted there, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef {
    /// What happened.
    pub kind: EventKind,
    /// To which message.
    pub message: MessageId,
}

/// The kinds of [`AccountEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EventKind {
    /// [`AccountEvent::MessageReceived`]
    MessageReceived,
    /// [`AccountEvent::MessageQueued`]
    MessageQueued,
    /// [`AccountEvent::MessageStored`]
    MessageStored,
    /// [`AccountEvent::SendDelayed`]
    SendDelayed,
    /// [`AccountEvent::MessageFailed`]
    MessageFailed,
}

impl EventKind {
    /// Its number in the log; never changed.
    pub const fn number(self) -> u32 {
        match self {
            Self::MessageReceived => 1,
            Self::MessageQueued => 2,
            Self::MessageStored => 3,
            Self::SendDelayed => 4,
            Self::MessageFailed => 5,
        }
    }

    /// The kind of a number; `None` for one of a later version.
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::MessageReceived,
            2 => Self::MessageQueued,
            3 => Self::MessageStored,
            4 => Self::SendDelayed,
            5 => Self::MessageFailed,
            _ => return None,
        })
    }
}
