//! What is said to Swarm: who holds an account's messages, and when to look.

use actix::Message;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::{AccountId, Ed25519PublicKey, ServiceNode};

use crate::identity::PollDue;
use crate::link::Link;
use crate::paths::OnionRequest;

/// The members of an account's swarm; asks a random node if they are not
/// known.
#[derive(Message)]
#[rtype(result = "Result<SwarmView, SwarmError>")]
pub struct GetSwarm {
    /// Whose swarm.
    pub account: AccountId,
    /// The asker's own paths, so that isolation classes stay apart.
    pub via: Link<OnionRequest>,
}

/// A swarm as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwarmView {
    /// Those of its members that are worth asking now; never empty.
    pub ask: Vec<ServiceNode>,
    /// All its members, whose signatures count.
    pub members: Vec<Ed25519PublicKey>,
}

/// A node said that an account's swarm is this one (421).
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct LearnSwarm {
    /// Whose swarm.
    pub account: AccountId,
    /// Its members.
    pub members: Vec<ServiceNode>,
}

/// A member of a swarm failed or lied: others are asked first for a while.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct DoubtMember {
    /// Of whose swarm.
    pub account: AccountId,
    /// Which node.
    pub node: Ed25519PublicKey,
    /// The network does not know it any more, so it leaves the swarm.
    pub gone: bool,
}

/// Polls an account from now on.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Watch {
    /// Which.
    pub account: AccountId,
    /// Who polls it.
    pub poll: Link<PollDue>,
}

/// Polls an account no longer.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Unwatch {
    /// Which.
    pub account: AccountId,
}

/// How an account's poll went.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct PollDone {
    /// Whose.
    pub account: AccountId,
    /// How.
    pub outcome: PollOutcome,
}

/// No path can be built from the node pool: ask the seeds again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct DoubtPool;

/// Why an account's swarm is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwarmError {
    /// No service nodes are known yet.
    #[error("no service nodes are known yet{}", .last_seed_error.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    NoPool {
        /// What the seed asked last said.
        last_seed_error: Option<String>,
    },
    /// Nobody told.
    #[error("no service node told the swarm of {account}; the last one asked: {reason}")]
    NotTold {
        /// Whose swarm.
        account: AccountId,
        /// What the last node asked said.
        reason: String,
    },
}
