//! What an account tells the world, after the commit that makes it true.

use ramson_types::conversation::Conversation;
use ramson_types::message::{Expiry, Message, Reaction};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Timestamp,
};

/// Something that happened to an account. Names are stable; readers pass over
/// those that they do not know. Each is told once it is on disk, with a number
/// in the one sequence of its home.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountEvent {
    /// A message came in, or one that another device of the account sent.
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
        /// Where it belongs.
        conversation: ConversationId,
        /// Why.
        reason: String,
        /// When the next attempt is due.
        retry_at: Timestamp,
    },
    /// A message was given up.
    MessageFailed {
        /// Which message.
        id: MessageId,
        /// Where it belongs.
        conversation: ConversationId,
        /// Why.
        reason: String,
    },
    /// Something of a message is different now.
    MessageChanged {
        /// Which message.
        id: MessageId,
        /// Where it belongs.
        conversation: ConversationId,
        /// What.
        change: MessageChange,
    },
    /// A message is gone from this home: deleted, or its time was over.
    MessageRemoved {
        /// Which message.
        id: MessageId,
        /// Where it belonged.
        conversation: ConversationId,
        /// Whether its time was over.
        expired: bool,
    },
    /// A conversation is new, or something of its line is different: a name, a
    /// setting, how much is unread.
    ConversationChanged(Conversation),
    /// A conversation and all messages of it are gone.
    ConversationRemoved(ConversationId),
    /// The account's own profile or settings are different. Its conversation
    /// is the one with itself.
    ProfileChanged {
        /// The account.
        account: AccountId,
        /// The name that others see.
        name: Option<String>,
    },
}

/// What of a message changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageChange {
    /// Somebody put an emoji on it or took it away.
    Reaction(Reaction),
    /// The peer read it.
    ReadByPeer,
    /// When it disappears is another time, or its time counts now.
    Expiry(Option<Expiry>),
    /// Its author took it back, or it was deleted on another device.
    Deleted,
}

impl AccountEvent {
    /// Its conversation.
    pub fn conversation(&self) -> ConversationId {
        match self {
            Self::MessageReceived(message) | Self::MessageQueued(message) => {
                message.conversation.clone()
            }
            Self::MessageStored { conversation, .. }
            | Self::SendDelayed { conversation, .. }
            | Self::MessageFailed { conversation, .. }
            | Self::MessageChanged { conversation, .. }
            | Self::MessageRemoved { conversation, .. }
            | Self::ConversationRemoved(conversation) => conversation.clone(),
            Self::ConversationChanged(line) => line.id.clone(),
            Self::ProfileChanged { account, .. } => ConversationId::Account(*account),
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::MessageReceived(_) => EventKind::MessageReceived,
            Self::MessageQueued(_) => EventKind::MessageQueued,
            Self::MessageStored { .. } => EventKind::MessageStored,
            Self::SendDelayed { .. } => EventKind::SendDelayed,
            Self::MessageFailed { .. } => EventKind::MessageFailed,
            Self::MessageChanged { .. } => EventKind::MessageChanged,
            Self::MessageRemoved { .. } => EventKind::MessageRemoved,
            Self::ConversationChanged(_) => EventKind::ConversationChanged,
            Self::ConversationRemoved(_) => EventKind::ConversationRemoved,
            Self::ProfileChanged { .. } => EventKind::ProfileChanged,
        }
    }

    /// Its message, if it is about one.
    pub const fn message(&self) -> Option<MessageId> {
        match self {
            Self::MessageReceived(message) | Self::MessageQueued(message) => Some(message.id),
            Self::MessageStored { id, .. }
            | Self::SendDelayed { id, .. }
            | Self::MessageFailed { id, .. }
            | Self::MessageChanged { id, .. }
            | Self::MessageRemoved { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// What of it is kept in the event log.
    pub fn reference(&self) -> EventRef {
        EventRef { kind: self.kind(), message: self.message(), conversation: self.conversation() }
    }
}

/// Something that is true for a moment and not kept: it has no number, and who
/// was not there does not hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountSignal {
    /// The peer types, or stopped. It is to be taken as stopped after 15 s.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Whether.
        typing: bool,
    },
}

/// An event as the log keeps it: enough to find its message again, and no
/// content, so that a deleted message is deleted there, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// What happened.
    pub kind: EventKind,
    /// To which message, if it is about one.
    pub message: Option<MessageId>,
    /// In which conversation.
    pub conversation: ConversationId,
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
    /// [`AccountEvent::MessageChanged`]
    MessageChanged,
    /// [`AccountEvent::MessageRemoved`]
    MessageRemoved,
    /// [`AccountEvent::ConversationChanged`]
    ConversationChanged,
    /// [`AccountEvent::ConversationRemoved`]
    ConversationRemoved,
    /// [`AccountEvent::ProfileChanged`]
    ProfileChanged,
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
            Self::MessageChanged => 6,
            Self::MessageRemoved => 7,
            Self::ConversationChanged => 8,
            Self::ConversationRemoved => 9,
            Self::ProfileChanged => 10,
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
            6 => Self::MessageChanged,
            7 => Self::MessageRemoved,
            8 => Self::ConversationChanged,
            9 => Self::ConversationRemoved,
            10 => Self::ProfileChanged,
            _ => return None,
        })
    }
}
