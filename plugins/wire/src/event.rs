//! What a plugin is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{
    Account, AccountId, Conversation, ConversationId, Expiry, GrantSet, Message, MessageId,
    MessageState, NetworkEvent, Plugin, Reaction, Reply, Stage, Window,
};

/// Something that is, or that happened. What happened is true: it is told
/// after the commit that makes it so.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
// Nearly every event is a large one.
#[allow(clippy::large_enum_variant)]
pub enum Event {
    /// All there is: always the first, and again after [`Event::Lagged`] and
    /// when another engine runs. What was known before counts no more.
    Snapshot(Snapshot),
    /// A message came, or was written here or on another device.
    Message {
        /// To which account.
        account: AccountId,
        /// The message.
        message: Message,
    },
    /// Something of a message is different.
    MessageChanged {
        /// Of which account.
        account: AccountId,
        /// Where.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// What.
        change: Change,
    },
    /// A message is gone from this home.
    MessageRemoved {
        /// Of which account.
        account: AccountId,
        /// Where it was.
        conversation: ConversationId,
        /// Which.
        message: MessageId,
        /// Its time was over; else it was deleted.
        expired: bool,
    },
    /// A conversation is new, or something of it is different.
    Conversation {
        /// Of which account.
        account: AccountId,
        /// As it is now.
        conversation: Conversation,
    },
    /// A conversation and all its messages are gone.
    ConversationRemoved {
        /// Of which account.
        account: AccountId,
        /// Which.
        conversation: ConversationId,
    },
    /// An account's profile or settings are different.
    Profile {
        /// As it is now.
        account: Account,
    },
    /// An account was added.
    Account {
        /// Which.
        account: Account,
    },
    /// An account is gone from this home.
    AccountRemoved {
        /// Which.
        account: AccountId,
    },
    /// The peer types, or stopped; to be taken as stopped after 15 s.
    Typing {
        /// Of which account.
        account: AccountId,
        /// Where.
        conversation: ConversationId,
        /// Whether.
        typing: bool,
    },
    /// Something happened to the network or the engine.
    Network {
        /// What.
        what: NetworkEvent,
    },
    /// Which plugins there are, and how they are now.
    Plugins {
        /// All of them.
        plugins: Vec<Plugin>,
    },
    /// What came of a request; the event's `reply_to` has its id.
    Reply(Reply),
    /// Events were dropped because the plugin's queue was full. A snapshot
    /// follows.
    Lagged(Lagged),
}

/// How many events were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Lagged {
    /// So many.
    pub skipped: u64,
}

/// All there is for a plugin, as it was at an event or later.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Every event above this number is told afterwards.
    pub seq: u64,
    /// The program's version.
    pub version: String,
    /// How far the program is.
    pub stage: Stage,
    /// The name of the network.
    pub network: String,
    /// The home's folder, for people.
    pub home: String,
    /// What the plugin was given.
    pub granted: GrantSet,
    /// The accounts that it sees, in the order in which they were added.
    pub accounts: Vec<Account>,
    /// With the topic `conversations`: all of them, per account.
    #[serde(default)]
    pub conversations: Vec<(AccountId, Vec<Conversation>)>,
    /// With the topic `plugins`: all of them.
    #[serde(default)]
    pub plugins: Vec<Plugin>,
    /// For a UI: where the one before it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

/// What of a message is different.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant)]
pub enum Change {
    /// The recipient's swarm stored it.
    Stored {
        /// Its name there.
        hash: String,
        /// The members that signed for it: their Ed25519 keys in hex.
        nodes: Vec<String>,
    },
    /// An attempt to send failed; another follows.
    Delayed {
        /// Why.
        reason: String,
        /// When the next attempt is due.
        retry_at: crate::Millis,
    },
    /// How far it has come.
    State {
        /// How far.
        state: MessageState,
    },
    /// Somebody put an emoji on it or took it away.
    Reaction {
        /// Which.
        reaction: Reaction,
        /// It was taken away.
        removed: bool,
    },
    /// When it disappears is another time, or its time counts now.
    Expiry {
        /// `None`: it stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiry: Option<Expiry>,
    },
    /// It was taken back: what its author wrote is gone.
    Deleted,
    /// What changed is not known any more; this is how it is now.
    Now {
        /// The message.
        message: Message,
    },
}

/// The kinds of events, as the descriptor numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
#[allow(missing_docs, reason = "each is that of the event of its name")]
pub enum EventKind {
    Snapshot = ramson_abi::EVENT_SNAPSHOT,
    Message = ramson_abi::EVENT_MESSAGE,
    MessageChanged = ramson_abi::EVENT_MESSAGE_CHANGED,
    MessageRemoved = ramson_abi::EVENT_MESSAGE_REMOVED,
    Conversation = ramson_abi::EVENT_CONVERSATION,
    ConversationRemoved = ramson_abi::EVENT_CONVERSATION_REMOVED,
    Profile = ramson_abi::EVENT_PROFILE,
    Account = ramson_abi::EVENT_ACCOUNT,
    AccountRemoved = ramson_abi::EVENT_ACCOUNT_REMOVED,
    Typing = ramson_abi::EVENT_TYPING,
    Network = ramson_abi::EVENT_NETWORK,
    Plugins = ramson_abi::EVENT_PLUGINS,
    Reply = ramson_abi::EVENT_REPLY,
    Lagged = ramson_abi::EVENT_LAGGED,
}

impl EventKind {
    /// All there are.
    pub const ALL: &'static [Self] = &[
        Self::Snapshot,
        Self::Message,
        Self::MessageChanged,
        Self::MessageRemoved,
        Self::Conversation,
        Self::ConversationRemoved,
        Self::Profile,
        Self::Account,
        Self::AccountRemoved,
        Self::Typing,
        Self::Network,
        Self::Plugins,
        Self::Reply,
        Self::Lagged,
    ];

    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The kind of a number; `None` for one of a later version.
    pub fn of_number(number: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }
}

impl Event {
    /// Its kind.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Snapshot(_) => EventKind::Snapshot,
            Self::Message { .. } => EventKind::Message,
            Self::MessageChanged { .. } => EventKind::MessageChanged,
            Self::MessageRemoved { .. } => EventKind::MessageRemoved,
            Self::Conversation { .. } => EventKind::Conversation,
            Self::ConversationRemoved { .. } => EventKind::ConversationRemoved,
            Self::Profile { .. } => EventKind::Profile,
            Self::Account { .. } => EventKind::Account,
            Self::AccountRemoved { .. } => EventKind::AccountRemoved,
            Self::Typing { .. } => EventKind::Typing,
            Self::Network { .. } => EventKind::Network,
            Self::Plugins { .. } => EventKind::Plugins,
            Self::Reply(_) => EventKind::Reply,
            Self::Lagged(_) => EventKind::Lagged,
        }
    }

    /// Whether it has a number of its own in the home's sequence, up to which a
    /// durable plugin can be done.
    pub const fn is_numbered(&self) -> bool {
        matches!(
            self,
            Self::Message { .. }
                | Self::MessageChanged { .. }
                | Self::MessageRemoved { .. }
                | Self::Conversation { .. }
                | Self::ConversationRemoved { .. }
                | Self::Profile { .. }
        )
    }

    /// The account it is about, if it is about one.
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Message { account, .. }
            | Self::MessageChanged { account, .. }
            | Self::MessageRemoved { account, .. }
            | Self::Conversation { account, .. }
            | Self::ConversationRemoved { account, .. }
            | Self::AccountRemoved { account }
            | Self::Typing { account, .. } => Some(*account),
            Self::Profile { account } | Self::Account { account } => Some(account.id),
            _ => None,
        }
    }

    /// The conversation it is about, if it is about one.
    pub const fn conversation(&self) -> Option<&ConversationId> {
        match self {
            Self::Message { message, .. } => Some(&message.conversation),
            Self::MessageChanged { conversation, .. }
            | Self::MessageRemoved { conversation, .. }
            | Self::ConversationRemoved { conversation, .. }
            | Self::Typing { conversation, .. } => Some(conversation),
            Self::Conversation { conversation, .. } => Some(&conversation.id),
            _ => None,
        }
    }
}
