//! What is said to Swarm: who holds an account's messages, when to look, whose
//! a name is, and how the network is.

mod status;

use actix::Message;
use ramson_codec::ons::Name;
use ramson_protocol::names::{NameOutcome, ResolveError};
use ramson_protocol::swarm::PollOutcome;
use ramson_types::{AccountId, Ed25519PublicKey, ServiceNode};

use crate::identity::PollDue;
use crate::link::Link;
use crate::paths::OnionRequest;

pub use status::{GetSwarmStatus, InspectSwarm, PoolStatus, SwarmMember, SwarmStatus};

/// The members of an account's swarm, for one request to it; asks a random node
/// if they are not known. Answered when the network's request budget has room
/// for that request: the first after a [`PollDue`] has room already.
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
    /// The node that said so, and that it is not a member itself.
    pub node: Ed25519PublicKey,
    /// Its members.
    pub members: Vec<ServiceNode>,
}

/// A member of a swarm failed or lied: others are asked first for a while, and
/// for longer when it is said to be gone.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct DoubtMember {
    /// Of whose swarm.
    pub account: AccountId,
    /// Which node.
    pub node: Ed25519PublicKey,
    /// A relay says that the network does not know it any more. It leaves the
    /// swarm when the seeds or other nodes say so, too.
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

/// Requests that were made without asking for room in the budget.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Spent {
    /// How many.
    pub requests: u32,
}

/// A relay says that the network does not know this node any more: the pool
/// may be old.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ReportGone {
    /// Which node.
    pub node: Ed25519PublicKey,
}

/// Whose a name is. Asks several nodes, unless it was resolved lately.
#[derive(Message)]
#[rtype(result = "Result<NameOutcome, NameError>")]
pub struct ResolveName {
    /// The name.
    pub name: Name,
    /// The asker's own paths; without, those of the network's own class.
    pub via: Option<Link<OnionRequest>>,
}

/// Why a name was not resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The nodes did not tell, or contradict each other.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The nodes cannot be asked.
    #[error(transparent)]
    Network(#[from] SwarmError),
    /// Too many names are being resolved already.
    #[error("{under_way} names are being resolved already; try again in a moment")]
    Busy {
        /// How many.
        under_way: usize,
    },
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
    /// The swarm's members contradict each other about who belongs to it.
    #[error(
        "the members of the swarm of {account} contradict each other about who belongs to it; \
         other nodes are asked in {seconds} s"
    )]
    Disputed {
        /// Whose swarm.
        account: AccountId,
        /// When it may be asked again.
        seconds: u64,
    },
    /// The network's request budget has no room in sight.
    #[error(
        "{waiting} requests wait for their turn already; try again in a moment, or raise \
         max_requests_per_second in the network file if this network may be asked for more"
    )]
    Busy {
        /// How many wait.
        waiting: usize,
    },
}
