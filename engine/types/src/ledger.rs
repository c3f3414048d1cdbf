//! The delivery ledger: every step of a message's way, so that "why did my
//! message not arrive" has an answer.

use crate::{AccountId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp};

/// The nodes of a path, guard first.
pub type Hops = Vec<Ed25519PublicKey>;

/// One line of the ledger of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// When the step was taken or, for a request, when its outcome was known;
    /// by the local clock.
    pub at: Timestamp,
    /// The message it is about, where one is known.
    pub message: Option<MessageId>,
    /// The stored copy it is about, where one is known.
    pub hash: Option<MessageHash>,
    /// What happened.
    pub step: LedgerStep,
}

/// What happened to a message, a request or a cursor. Fields that are `None`
/// where they should not be are those of lines from before the field was.
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
    /// A request was sent. What came of it is the next line about the same
    /// message and `to`.
    Attempted {
        /// Counted from 1.
        attempt: u32,
        /// For whose swarm.
        to: Option<AccountId>,
        /// The swarm member asked.
        node: Ed25519PublicKey,
        /// Through which nodes.
        path: Hops,
        /// When it was begun; the line's own time is when it ended.
        asked: Option<Timestamp>,
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
        /// For whose swarm.
        to: Option<AccountId>,
        /// The node asked.
        node: Ed25519PublicKey,
        /// How many members its answer named instead.
        members: u32,
    },
    /// An attempt failed: to send, or to poll when the line is about no
    /// message.
    AttemptFailed {
        /// For whose swarm; `None` for a poll.
        to: Option<AccountId>,
        /// The swarm member asked, if one was reached.
        node: Option<Ed25519PublicKey>,
        /// Why.
        reason: String,
        /// When it was begun; the line's own time is when it ended.
        asked: Option<Timestamp>,
        /// When the next attempt is due; `None` when there is none.
        retry_at: Option<Timestamp>,
    },
    /// Taken from the swarm and kept. Its hash is remembered from then on.
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
        /// Until when its hash is remembered (the tombstone), so that it is
        /// not opened again; `None` when it is not.
        remembered_until: Option<Timestamp>,
    },
    /// `last_hash` for a node moved past everything it returned.
    CursorMoved {
        /// At which node.
        node: Ed25519PublicKey,
        /// In which namespace.
        namespace: Namespace,
    },
    /// A node did not have what another member of its swarm had. Nothing was
    /// lost: the copy was taken from the other.
    Missed {
        /// The node that did not have it.
        node: Ed25519PublicKey,
        /// The member that had it, before and after.
        had: Ed25519PublicKey,
        /// When the difference was noticed first.
        noticed: Timestamp,
        /// How often this node missed something so far. From the second time
        /// on it is asked last for a while.
        times: u32,
    },
    /// A node did not know `last_hash` any more and returned what it has from
    /// the beginning. Nothing of it was taken in twice.
    Replayed {
        /// Which node.
        node: Ed25519PublicKey,
        /// In which namespace.
        namespace: Namespace,
        /// How many of the copies it returned were known.
        messages: u32,
    },
}
