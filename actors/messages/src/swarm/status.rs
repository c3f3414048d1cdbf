//! How the network is, for who asks.

use std::time::Duration;

use actix::Message;
use ramson_protocol::swarm::{Doubted, RequestRate};
use ramson_types::{AccountId, ServiceNode};

use super::SwarmError;
use crate::link::Link;
use crate::paths::OnionRequest;

/// Node pool, budget and polls, as they are now.
#[derive(Debug, Message)]
#[rtype(result = "SwarmStatus")]
pub struct GetSwarmStatus;

/// The answer to [`GetSwarmStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwarmStatus {
    /// The node pool; `None` while there is none.
    pub pool: Option<PoolStatus>,
    /// Nothing could be built from the pool lately.
    pub pool_is_doubted: bool,
    /// Why the last attempt at a new pool failed, since the last success: a
    /// seed's URL and what it said, or the nodes'.
    pub last_pool_error: Option<String>,
    /// Requests made lately.
    pub requests: RequestRate,
    /// Requests allowed per second; `None` is no limit.
    pub requests_per_second: Option<u32>,
    /// Requests that wait for their turn.
    pub requests_waiting: usize,
    /// Polls that are due and wait for their turn.
    pub polls_wait: bool,
    /// Polls under way.
    pub polls_under_way: usize,
    /// Accounts that are polled.
    pub accounts_polled: usize,
}

/// The node pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolStatus {
    /// How many nodes.
    pub nodes: usize,
    /// How long ago it was fetched.
    pub age: Duration,
    /// From where: a seed's URL, `cache` or `service nodes`.
    pub source: String,
}

/// Who an account's swarm is, with all that is known of its members. Costs
/// nothing where it is known.
#[derive(Message)]
#[rtype(result = "Result<Vec<SwarmMember>, SwarmError>")]
pub struct InspectSwarm {
    /// Whose swarm.
    pub account: AccountId,
    /// The asker's own paths; without, those of the network's own class.
    pub via: Option<Link<OnionRequest>>,
}

/// A member of a swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwarmMember {
    /// Its keys and address, as the pool has them.
    pub node: ServiceNode,
    /// How it is doubted now, if it is.
    pub doubted: Option<Doubted>,
    /// For how long still.
    pub doubted_for: Duration,
}
