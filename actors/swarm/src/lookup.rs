//! Finding the swarm of an account: any node knows, so a few random ones are
//! asked, the next one where the one before failed or takes its time.

use std::time::Duration;

use futures_util::future::select_all;
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

/// The next one is asked beside those that did not answer for so long.
const HEDGE: Duration = Duration::from_millis(2_500);

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
    let (mut nodes, mut asking) = (nodes.into_iter(), Vec::new());
    loop {
        if let Some(node) = nodes.next() {
            asked = asked.saturating_add(1);
            asking.push(Box::pin(ask_one(account, node, pool, via)));
        }
        if asking.is_empty() {
            return (Err(SwarmError::NotTold { account, reason }), asked);
        }
        tokio::select! {
            biased;
            (answer, index, _) = select_all(&mut asking) => {
                drop(asking.remove(index));
                match answer {
                    Ok(found) => return (Ok(found), asked),
                    Err(why) => reason = why,
                }
            }
            () = tokio::time::sleep(HEDGE), if nodes.len() > 0 => {}
        }
    }
}

async fn ask_one(
    account: AccountId,
    destination: ServiceNode,
    pool: &NodePool,
    via: &Link<OnionRequest>,
) -> Result<Found, String> {
    let body = Request::get_swarm(&account).to_bytes();
    let ask = OnionRequest { destination, body, timeout: TIMEOUT };
    let answer = via.ask(ask).await.map_err(|error| error.to_string())?;
    let answer = answer.map_err(|error| error.to_string())?;
    read(&destination, answer.reply.body.as_bytes(), pool)
}

/// The swarm that a node's answer names.
fn read(node: &ServiceNode, body: &[u8], pool: &NodePool) -> Result<Found, String> {
    let node = node.ed25519;
    let swarm = SwarmAnswer::parse(body).map_err(|error| format!("{node}: {error}"))?;
    let named = swarm.nodes.len();
    let members = known_nodes(swarm.nodes, pool);
    if members.is_empty() {
        return Err(format!("{node} names no swarm of known nodes"));
    }
    let strangers = members.len() < named;
    Ok(Found { members, strangers })
}

/// Those nodes that the seeds know as well, as the seeds know them: one node's
/// word must not bring strangers into a swarm.
pub(crate) fn known_nodes(nodes: Vec<ServiceNode>, pool: &NodePool) -> Vec<ServiceNode> {
    nodes.iter().filter_map(|node| pool.get(&node.ed25519).copied()).collect()
}

#[cfg(test)]
mod tests;
