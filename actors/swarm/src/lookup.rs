//! Finding the swarm of an account: any node knows, so a few random ones are
//! asked in turn.

use std::time::Duration;

use ramson_codec::storage::{Request, SwarmAnswer};
use ramson_messages::Link;
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::SwarmError;
use ramson_types::{AccountId, NodePool, ServiceNode};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;

/// So many nodes are asked before giving up.
const ATTEMPTS: usize = 3;

/// How long each may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The nodes to ask, in turn.
pub(crate) fn pick_nodes(pool: &NodePool, rng: &mut StdRng) -> Vec<ServiceNode> {
    pool.iter().copied().sample(rng, ATTEMPTS)
}

/// A swarm that a node named.
pub(crate) struct Found {
    /// Those members that the pool has, as it has them.
    pub(crate) members: Vec<ServiceNode>,
    /// It named others, too.
    pub(crate) strangers: bool,
}

/// Asks the nodes until one names a swarm; the swarm, and how many were asked.
pub(crate) async fn ask(
    account: AccountId,
    nodes: Vec<ServiceNode>,
    pool: &NodePool,
    via: &Link<OnionRequest>,
) -> (Result<Found, SwarmError>, usize) {
    let (mut reason, mut asked) = ("no node was asked".to_owned(), 0_usize);
    for destination in nodes {
        asked = asked.saturating_add(1);
        let body = Request::get_swarm(&account).to_bytes();
        let ask = via.ask(OnionRequest { destination, body, timeout: TIMEOUT });
        let answer = match ask.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                reason = error.to_string();
                continue;
            }
            Err(error) => {
                reason = error.to_string();
                continue;
            }
        };
        match SwarmAnswer::parse(answer.reply.body.as_bytes()) {
            Ok(swarm) => {
                let named = swarm.nodes.len();
                let members = known_nodes(swarm.nodes, pool);
                if !members.is_empty() {
                    let strangers = members.len() < named;
                    return (Ok(Found { members, strangers }), asked);
                }
                reason = format!("{} names no swarm of known nodes", destination.ed25519);
            }
            Err(error) => reason = format!("{}: {error}", destination.ed25519),
        }
    }
    (Err(SwarmError::NotTold { account, reason }), asked)
}

/// Those nodes that the seeds know as well, as the seeds know them: one node's
/// word must not bring strangers into a swarm.
pub(crate) fn known_nodes(nodes: Vec<ServiceNode>, pool: &NodePool) -> Vec<ServiceNode> {
    nodes.iter().filter_map(|node| pool.get(&node.ed25519).copied()).collect()
}
