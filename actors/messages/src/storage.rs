//! What is said to Storage, the only writer of a home's store.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::Message;
use ramson_crypto::Seed;
use ramson_protocol::account::{Answer, Question};
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{Change, PluginChange, StoredAccount};
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::Message as StoredMessage;
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, NodePool,
    Timestamp,
};

use crate::transport::IsolationClass;

/// Commits one account's changes, all or none, durably before the answer.
/// Commits of one account take effect in the order in which they arrive;
/// commits of many accounts share one write.
#[derive(Debug, Message)]
#[rtype(result = "Result<Committed, StoreError>")]
pub struct Commit {
    /// The account's number.
    pub account: u32,
    /// What to write.
    pub changes: Vec<Change>,
    /// The events the commit makes true; each gets a sequence number.
    pub events: Vec<EventRef>,
    /// The time now; events are kept for a while from then.
    pub at: Timestamp,
}

/// A commit that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// Sequence number of the commit's first event; the others follow. One
    /// sequence for the whole home.
    pub first_event: u64,
}

/// Adds an account; answers its number.
#[derive(Message)]
#[rtype(result = "Result<u32, StoreError>")]
pub struct AddAccount {
    /// Its id, derived from the seed.
    pub id: AccountId,
    /// Its seed.
    pub seed: Seed,
    /// Its name.
    pub name: Option<String>,
    /// It may have been used elsewhere: what the swarm has of it is fetched
    /// before anything of it is changed.
    pub restored: bool,
    /// When it was added.
    pub at: Timestamp,
}

/// Removes an account and everything of it.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct RemoveAccount {
    /// Its number.
    pub account: u32,
}

/// A line of the list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// Its number in the home.
    pub number: u32,
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: Option<String>,
}

/// All accounts, in the order in which they were added.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<AccountSummary>, StoreError>")]
pub struct ListAccounts;

/// Everything an account's machine needs to start.
#[derive(Debug, Message)]
#[rtype(result = "Result<StoredAccount, StoreError>")]
pub struct LoadAccount {
    /// Its number.
    pub account: u32,
}

/// Which of these stored copies were seen before; one answer for each.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<bool>, StoreError>")]
pub struct RecallHashes {
    /// The account's number.
    pub account: u32,
    /// Where the copies lay and their hashes.
    pub copies: Vec<(Namespace, MessageHash)>,
}

/// What a decision needs to know of the history; one answer for each question.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Answer>, StoreError>")]
pub struct RecallHistory {
    /// The account's number.
    pub account: u32,
    /// The questions.
    pub questions: Vec<Question>,
}

/// All conversations of an account, hidden ones, too: pinned ones first, by
/// their priority, then the one with the newest message.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Conversation>, StoreError>")]
pub struct ListConversations {
    /// The account's number.
    pub account: u32,
}

/// Messages of a conversation, oldest first: the newest ones, or those that
/// came right before one.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<StoredMessage>, StoreError>")]
pub struct ListMessages {
    /// The account's number.
    pub account: u32,
    /// The conversation.
    pub conversation: ConversationId,
    /// Right before which one; `None` for the newest.
    pub before: Option<MessageId>,
    /// How many at most; all of them are in memory at once.
    pub limit: usize,
}

/// One message.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<StoredMessage>, StoreError>")]
pub struct GetMessage {
    /// Which.
    pub id: MessageId,
}

/// What a question to the ledger is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerSubject {
    /// One message.
    Message(MessageId),
    /// One stored copy, in whichever account.
    Hash(MessageHash),
    /// Copies whose hashes lie between these two, both included: those that
    /// begin with some characters. A thousand lines at most.
    HashesFrom(MessageHash, MessageHash),
    /// Everything of one account, newest first, at most so many lines.
    Account(u32, usize),
}

/// Lines of the ledger, oldest first.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<LedgerLine>, StoreError>")]
pub struct ReadLedger {
    /// About what.
    pub about: LedgerSubject,
}

/// Switches the delivery ledger of the home on or off; it is on at first. When
/// it goes off, all that it has is removed.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct SetLedger {
    /// Whether it is kept from now on.
    pub on: bool,
}

/// Whether a delivery ledger is kept.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, StoreError>")]
pub struct LedgerIsOn;

/// The sequence number of the newest event; 0 when there was none.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, StoreError>")]
pub struct LastEvent;

/// Events of the log, oldest first: for a subscriber that fell behind.
#[derive(Debug, Message)]
#[rtype(result = "Result<LogPage, StoreError>")]
pub struct ReadEvents {
    /// Those after this sequence number.
    pub after: u64,
    /// How many at most.
    pub limit: usize,
    /// Of these accounts alone; `None` for all.
    pub only: Option<Arc<BTreeSet<AccountId>>>,
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// What was asked for, oldest first.
    pub events: Vec<LoggedEvent>,
    /// It is all that was asked for up to this number; there may be more behind
    /// it, unless it is the number that was asked after.
    pub through: u64,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its sequence number.
    pub seq: u64,
    /// Its account.
    pub account: AccountId,
    /// What happened.
    pub kind: EventKind,
    /// In which conversation.
    pub conversation: ConversationId,
    /// To which message, if it is about one.
    pub id: Option<MessageId>,
    /// That message as it is now, if the event is that it came; `None` when it
    /// was deleted.
    pub message: Option<StoredMessage>,
}

/// The number of the oldest event of the log; `None` when it is empty.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<u64>, StoreError>")]
pub struct OldestEvent;

/// Keeps something for plugins that belongs to no command.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct KeepForPlugins {
    /// What, in this order.
    pub changes: Vec<PluginChange>,
}

/// How far a plugin is in the event log; `None` if it was never there.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<u64>, StoreError>")]
pub struct GetPluginCursor {
    /// The plugin's name.
    pub plugin: String,
}

/// Records of a plugin whose names begin with some text, in order of their
/// names.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<(String, Vec<u8>)>, StoreError>")]
pub struct ListPluginData {
    /// The plugin's name.
    pub plugin: String,
    /// The text.
    pub prefix: String,
    /// Only those behind this name.
    pub after: Option<String>,
    /// How many at most; all of them are in memory at once.
    pub limit: usize,
}

/// One record of a plugin.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<Vec<u8>>, StoreError>")]
pub struct GetPluginData {
    /// The plugin's name.
    pub plugin: String,
    /// The record's name.
    pub key: String,
}

/// Keeps the node pool for the next start.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct SaveNodePool {
    /// The pool.
    pub pool: NodePool,
    /// When it was fetched.
    pub at: Timestamp,
}

/// The node pool kept last, and when it was fetched.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<(NodePool, Timestamp)>, StoreError>")]
pub struct LoadNodePool;

/// Keeps the guards of an isolation class for the next start.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct SaveGuards {
    /// Whose guards.
    pub class: IsolationClass,
    /// The guards, the preferred one first.
    pub guards: Vec<Ed25519PublicKey>,
}

/// The guards kept last; empty when there are none.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Ed25519PublicKey>, StoreError>")]
pub struct LoadGuards {
    /// Whose guards.
    pub class: IsolationClass,
}

/// Forgets tombstones, ledger lines, events and what was said early whose time
/// is over; answers how many records went.
#[derive(Debug, Message)]
#[rtype(result = "Result<u64, StoreError>")]
pub struct Sweep {
    /// The time now.
    pub now: Timestamp,
}

/// Carries out what waits, closes the store so that the next start finds
/// nothing to repair, and answers when that is done. Whatever is asked later
/// is answered with [`StoreError::Closed`].
#[derive(Debug, Message)]
#[rtype(result = "Result<(), StoreError>")]
pub struct Shutdown;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No such account.
    #[error(
        "account number {account} is not in this home; 'ramson account list' shows those that are"
    )]
    NoSuchAccount {
        /// Its number.
        account: u32,
    },
    /// The account is there already.
    #[error("account {id} is in this home already")]
    AccountExists {
        /// Its id.
        id: AccountId,
    },
    /// The disk refused.
    #[error(
        "the store could not be written: {reason}; nothing was lost, free some space and try again"
    )]
    Write {
        /// What the system said.
        reason: String,
    },
    /// The disk could not be read.
    #[error("the store could not be read: {reason}; try again")]
    Read {
        /// What the system said.
        reason: String,
    },
    /// A record could not be read.
    #[error("the store is damaged: {what}: {reason}")]
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A change names a message of another account than the commit's.
    #[error("message {id} is not one of account number {account}")]
    OtherAccount {
        /// The message.
        id: MessageId,
        /// The commit's account.
        account: u32,
    },
    /// This version has no record for something it was given.
    #[error("this version of the store cannot keep {what}: {reason}")]
    NotKept {
        /// What was to be kept.
        what: String,
        /// Why it cannot be.
        reason: String,
    },
    /// Too many questions or commits wait already; nothing was done.
    #[error("too much waits for the store ({waiting}); try again in a moment")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// The store was closed.
    #[error("the store is closed; start Ramson again")]
    Closed,
}
