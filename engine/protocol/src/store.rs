//! What an account's machine asks the store to keep. A [`Change`] is one
//! record; the changes of one decision are committed together or not at all.

use std::fmt;
use std::time::Duration;

use ramson_crypto::Seed;
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Expiry, Message, MessageName, MessageState, Reaction};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp,
};

use crate::config::ConfigKind;

/// One change of an account's stored state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Writes a message, new or changed.
    PutMessage(Message),
    /// Changes how far a message has come; `hash` is written when given.
    SetMessageState {
        /// Which message.
        id: MessageId,
        /// Its new state.
        state: MessageState,
        /// Its hash, when the swarm told it.
        hash: Option<MessageHash>,
    },
    /// Changes one thing of a message. One that is gone stays gone.
    EditMessage {
        /// Which message.
        id: MessageId,
        /// What of it.
        edit: MessageEdit,
    },
    /// Removes a message and what the ledger knows of it. Its tombstone stays,
    /// so that it does not come again.
    RemoveMessage(MessageId),
    /// Writes a conversation's line.
    PutConversation(Conversation),
    /// Removes a conversation's line and all that is left of its messages.
    RemoveConversation(ConversationId),
    /// Remembers what was said of a message that is not there: it may still
    /// come, or must not come again.
    PutEarly {
        /// Which message.
        name: MessageName,
        /// What was said of it.
        early: Early,
    },
    /// Forgets it again: it was taken into the message.
    RemoveEarly(MessageName),
    /// Writes one of the account's configs, as [`Config::dump`] gives it.
    ///
    /// [`Config::dump`]: crate::config::Config::dump
    PutConfig {
        /// Which.
        kind: ConfigKind,
        /// The dump.
        dump: ConfigDump,
    },
    /// Writes how far the account's configs were fetched.
    PutSync(Sync),
    /// Writes the name that the list of accounts shows.
    SetName(Option<String>),
    /// Writes an errand that is still to be done in the own swarm.
    PutErrand(StoredErrand),
    /// An errand was done.
    RemoveErrand(u64),
    /// Moves `last_hash` for one node and namespace; `None` forgets it.
    MoveCursor {
        /// At which swarm member; order differs between members.
        node: Ed25519PublicKey,
        /// In which namespace.
        namespace: Namespace,
        /// Where to go on.
        cursor: Option<Cursor>,
    },
    /// Remembers a stored copy, so that it is never taken in again: the hash
    /// tombstone.
    MarkSeen {
        /// Where it lay.
        namespace: Namespace,
        /// Its hash.
        hash: MessageHash,
        /// When it may be forgotten.
        until: Timestamp,
    },
    /// Puts sealed bytes into the outbox, or changes their next attempt.
    PutOutbox(OutboxEntry),
    /// Takes an entry out of the outbox.
    RemoveOutbox(u64),
    /// Writes the account's counters.
    SetCounters(Counters),
    /// Adds a line to the delivery ledger.
    Ledger(LedgerLine),
    /// Keeps something for a plugin, together with what it told the account to
    /// do.
    Plugin(PluginChange),
}

/// What the home keeps for a plugin that must not lose its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginChange {
    /// It is done with every event up to a number. One that is lower than
    /// before changes nothing.
    SetCursor {
        /// The plugin's name.
        plugin: String,
        /// The event's number.
        seq: u64,
    },
    /// Writes one of its own records, or removes it.
    PutData {
        /// The plugin's name.
        plugin: String,
        /// The record's name.
        key: String,
        /// The record; `None` removes it.
        value: Option<Vec<u8>>,
    },
    /// Forgets all of it.
    Forget {
        /// The plugin's name.
        plugin: String,
    },
}

/// A config as it is kept. It may hold secrets of groups, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigDump(pub Vec<u8>);

impl fmt::Debug for ConfigDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigDump({} bytes)", self.0.len())
    }
}

/// A change of one thing of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageEdit {
    /// How far it has come. A message that was read stays read.
    State(MessageState),
    /// The hash of the copy in the own swarm.
    OwnHash(MessageHash),
    /// When it disappears.
    Expiry(Option<Expiry>),
    /// [`Message::react`].
    React(Reaction),
    /// [`Message::delete`].
    Delete,
}

impl MessageEdit {
    /// Carries it out.
    pub fn apply(self, message: &mut Message) {
        match self {
            Self::State(state) => {
                if message.state != MessageState::Read {
                    message.state = state;
                }
            }
            Self::OwnHash(hash) => message.own_hash = Some(hash),
            Self::Expiry(expiry) => message.expiry = expiry,
            Self::React(reaction) => {
                message.react(reaction);
            }
            Self::Delete => message.delete(),
        }
    }
}

/// How long it is remembered that a copy was seen, or that a message was
/// deleted or its time was over. Storage servers forget an expired `last_hash`
/// and then replay everything they have.
pub const TOMBSTONE_LIFE: Duration = Duration::from_secs(45 * 24 * 60 * 60);

/// What was said of a message before it came, or after it went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Early {
    /// It was deleted: when it comes, it is passed over.
    pub deleted: bool,
    /// The peer read it.
    pub read: bool,
    /// Emoji put on it.
    pub reactions: Vec<Reaction>,
    /// When this may be forgotten.
    pub until: Timestamp,
}

impl Early {
    /// The tombstone of a message that was deleted or whose time was over.
    pub fn tombstone(now: Timestamp) -> Self {
        Self { deleted: true, until: now.plus(TOMBSTONE_LIFE), ..Self::default() }
    }
}

/// How far an account's configs were fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sync {
    /// A whole poll brought all that the swarm has: before, nothing is pushed,
    /// so that a restored account changes nothing that it does not know.
    pub done: bool,
    /// When the newest contacts that were found were stored. Until it is done,
    /// older messages of accounts that are none of them are not taken in; after
    /// that, they do not bring a hidden contact back.
    pub contacts_stored: Timestamp,
}

/// Something to be done in the own swarm, until a majority of its members
/// says that it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredErrand {
    /// Its number in the account.
    pub number: u64,
    /// When it failed first; 0 before. It is dropped 30 days later.
    pub begun: Timestamp,
    /// What.
    pub errand: Errand,
}

/// What is to be done in the own swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Copies are to be deleted.
    Delete(Vec<MessageHash>),
    /// Copies are to be let go of sooner, since their messages were read.
    Shorten {
        /// Which copies.
        copies: Vec<ErrandCopy>,
        /// When, by the network's time.
        expiry: Timestamp,
    },
    /// When copies expire is to be asked: another device read their messages.
    AskExpiries(Vec<ErrandCopy>),
}

/// A copy in the own swarm of a message that disappears after it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandCopy {
    /// The copy.
    pub hash: MessageHash,
    /// Its message.
    pub message: MessageId,
    /// Where that belongs.
    pub conversation: ConversationId,
    /// How long the message is there once it was read, in seconds.
    pub seconds: u32,
}

/// Where to go on retrieving at one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The last hash that node returned.
    pub hash: MessageHash,
    /// When that message expires: then the node forgets it, and the cursor is
    /// worth nothing.
    pub expires: Timestamp,
}

/// Numbers that must never be given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Number of the next message.
    pub next_message: u64,
    /// Number of the next outbox entry.
    pub next_outbox: u64,
    /// Number of the next errand.
    pub next_errand: u64,
    /// The latest sent time given out: the next one is later, so that no two
    /// messages of this account share a millisecond (01 section 2.8).
    pub last_sent: Timestamp,
}

impl Default for Counters {
    fn default() -> Self {
        Self { next_message: 1, next_outbox: 1, next_errand: 1, last_sent: Timestamp(0) }
    }
}

/// Whose copy of a message an outbox entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// The recipient's.
    Recipient,
    /// The own account's, for its other devices.
    Sync,
}

/// Sealed bytes on their way to a swarm. Retries send exactly these bytes, so
/// that the swarm sees one message however often they arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its number in the account.
    pub number: u64,
    /// The message it carries.
    pub message: MessageId,
    /// Whose copy it is.
    pub copy: Copy,
    /// Whose swarm stores it.
    pub to: AccountId,
    /// In which namespace.
    pub namespace: Namespace,
    /// The store request's timestamp.
    pub timestamp: Timestamp,
    /// How long the swarm keeps it.
    pub ttl: Duration,
    /// The bytes that the swarm stores, before base64.
    pub data: Vec<u8>,
    /// Attempts made so far.
    pub attempts: u32,
    /// When the next attempt is due.
    pub next_attempt: Timestamp,
    /// Nobody is told what becomes of it: receipts and the like.
    pub quiet: bool,
    /// What stands in the history it changes nothing of: a reaction, say. Its
    /// message id names it in ledger and events only.
    pub outside_history: bool,
}

/// An account as it is loaded when its machine starts.
pub struct StoredAccount {
    /// Its number in the home.
    pub number: u32,
    /// Its seed.
    pub seed: Seed,
    /// The name that the list of accounts shows; of a new account the one
    /// that its profile is to get.
    pub name: Option<String>,
    /// Its counters.
    pub counters: Counters,
    /// All cursors.
    pub cursors: Vec<(Ed25519PublicKey, Namespace, Cursor)>,
    /// All outbox entries, oldest first.
    pub outbox: Vec<OutboxEntry>,
    /// All conversations.
    pub conversations: Vec<Conversation>,
    /// The dumps of its configs, as far as there are some.
    pub configs: Vec<(ConfigKind, ConfigDump)>,
    /// How far its configs were fetched.
    pub sync: Sync,
    /// All errands, oldest first.
    pub errands: Vec<StoredErrand>,
    /// When which message disappears, of those whose time counts.
    pub expiring: Vec<(Timestamp, MessageId)>,
}
