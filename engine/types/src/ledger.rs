//! The delivery ledger: every step of a message's way, so that "why did my
//! message not arrive" has an answer.

use crate::{AccountId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp};

/// The nodes of a path, guard first.
pub type Hops = Vec<Ed25519PublicKey>;

/// One line of the ledger of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// When the step was taken, network time.
    pub at: Timestamp,
    /// The message it is about, where one is known.
    pub message: Option<MessageId>,
    /// The stored copy it is about, where one is known.
    pub hash: Option<MessageHash>,
    /// What happened.
    pub step: LedgerStep,
}

/// What happened to a message, a request or a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerStep {
    /// Sealed for a destination and safe in the outbox.
    Queued {
        /// For whose swarm.
        to: AccountId,
        /// Size of the sealed bytes.
        bytes: u64,
    },
    /// A request was sent.
    Attempted {
        /// Counted from 1.
        attempt: u32,
        /// The swarm member asked.
        node: Ed25519PublicKey,
        /// Through which nodes.
        path: Hops,
    },
    /// The swarm stored it.
    Stored {
        /// Whose swarm.
        to: AccountId,
        /// Members that signed for it.
        confirmed: Vec<Ed25519PublicKey>,
        /// Members that did not.
        failed: Vec<Ed25519PublicKey>,
    },
    /// The node asked is not in the account's swarm (421).
    WrongSwarm {
        /// The node asked.
        node: Ed25519PublicKey,
        /// How many members its answer named instead.
        members: u32,
    },
    /// An attempt failed: to send, or to poll when the line is about no
    /// message.
    AttemptFailed {
        /// The swarm member asked, if one was reached.
        node: Option<Ed25519PublicKey>,
        /// Why.
        reason: String,
        /// When the next attempt is due; `None` when there is none.
        retry_at: Option<Timestamp>,
    },
    /// Taken from the swarm and kept.
    Received {
        /// The member that had it.
        node: Ed25519PublicKey,
        /// Through which nodes.
        path: Hops,
        /// Where it lay.
        namespace: Namespace,
    },
    /// Taken from the swarm and not kept.
    Dropped {
        /// The member that had it.
        node: Ed25519PublicKey,
        /// Why, one of the reasons of 01 section 8.
        reason: String,
    },
    /// `last_hash` for a node moved past everything it returned.
    CursorMoved {
        /// At which node.
        node: Ed25519PublicKey,
        /// In which namespace.
        namespace: Namespace,
    },
}
