//! What an account's machine asks the store to keep. A [`Change`] is one
//! record; the changes of one decision are committed together or not at all.

use std::time::Duration;

use ramson_crypto::Seed;
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Message, MessageKind, MessageState};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp,
};

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
    /// Removes a message and what the ledger knows of it. Its tombstone stays,
    /// so that it does not come again.
    RemoveMessage(MessageId),
    /// Writes a conversation's line.
    PutConversation(Conversation),
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
    /// The latest sent time given out: the next one is later, so that no two
    /// messages of this account share a millisecond (01 section 2.8).
    pub last_sent: Timestamp,
}

impl Default for Counters {
    fn default() -> Self {
        Self { next_message: 1, next_outbox: 1, last_sent: Timestamp(0) }
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
}

/// An account as it is loaded when its machine starts.
pub struct StoredAccount {
    /// Its number in the home.
    pub number: u32,
    /// Its seed.
    pub seed: Seed,
    /// The name its owner gave it.
    pub name: Option<String>,
    /// Its counters.
    pub counters: Counters,
    /// All cursors.
    pub cursors: Vec<(Ed25519PublicKey, Namespace, Cursor)>,
    /// All outbox entries, oldest first.
    pub outbox: Vec<OutboxEntry>,
    /// All conversations.
    pub conversations: Vec<Conversation>,
}

/// By what a message is recognised when it comes a second time under another
/// hash (01 section 2.8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageKey {
    /// The conversation.
    pub conversation: ConversationId,
    /// The author.
    pub author: AccountId,
    /// The sent time.
    pub sent: Timestamp,
    /// The kind.
    pub kind: MessageKind,
}

impl MessageKey {
    /// The key of a message.
    pub fn of(message: &Message) -> Self {
        Self {
            conversation: message.conversation.clone(),
            author: message.author,
            sent: message.sent,
            kind: message.kind,
        }
    }
}
