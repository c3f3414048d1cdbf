//! What an account does by itself or is told to do, and what follows.

use std::time::Duration;

use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

use super::Decision;
use crate::command::{Command, Outcome};
use crate::store::Copy;

/// What is to be carried out. [`Account::questions`] says what of the history
/// it needs.
///
/// [`Account::questions`]: super::Account::questions
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Somebody told it to.
    Command(Command),
    /// It is due.
    Work(Work),
}

/// What is due. A crash loses none of it: what is due is seen from what is
/// kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// The time of these messages is over.
    Expire(Vec<MessageId>),
    /// A conversation was read, here or on another device: timers start, and
    /// what is unread is counted again.
    Read(ConversationId),
    /// A conversation was removed: its messages go, here and in the own swarm.
    Forget(ConversationId),
}

/// What an intent leads to, before it is sealed.
#[derive(Debug, PartialEq)]
pub struct Plan {
    /// What is to be committed, and told then.
    pub decision: Decision,
    /// What is to be sealed, and sent once the decision is on disk.
    pub outgoing: Vec<Outgoing>,
    /// What who told it is answered.
    pub outcome: Outcome,
}

impl Default for Plan {
    fn default() -> Self {
        Self { decision: Decision::default(), outgoing: Vec::new(), outcome: Outcome::Done }
    }
}

/// One copy of a message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message; it need not be in the history.
    pub message: MessageId,
    /// Whose copy it is.
    pub copy: Copy,
    /// To whom it is sealed, and whose swarm stores it.
    pub to: AccountId,
    /// The Content to seal.
    pub content: Vec<u8>,
    /// Its sent time.
    pub sent: Timestamp,
    /// How long the swarm keeps it.
    pub ttl: Duration,
    /// Nobody is told what becomes of it.
    pub quiet: bool,
    /// It is no message of the history.
    pub outside_history: bool,
    /// It is worth nothing after a restart, and is not kept: typing.
    pub fleeting: bool,
}
