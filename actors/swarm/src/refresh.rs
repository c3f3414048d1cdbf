//! Asking nodes for the node pool, over the network's own paths.

use std::time::Duration;

use futures_util::future::join_all;
use ramson_codec::seed_rpc;
use ramson_messages::Link;
use ramson_messages::paths::{OnionError, OnionRequest};
use ramson_protocol::swarm::{agreed, pick_askers, service_nodes_request};
use ramson_types::{NodePool, ServiceNode};
use rand::rngs::StdRng;

/// So many answers are compared.
const ANSWERS: usize = 3;

/// So many nodes are asked in all, when some do not answer.
const ASKED: usize = 6;

/// Fewer answers prove nothing.
const FEWEST: usize = 2;

/// How long each may take; the list of a whole network is some hundred KB.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The nodes to ask.
pub(crate) fn pick(pool: &NodePool, diverse: bool, rng: &mut StdRng) -> Vec<ServiceNode> {
    pick_askers(pool, ASKED, diverse, rng)
}

/// What two nodes at least say alike, or one sentence on why there is nothing;
/// and how many were asked.
pub(crate) async fn ask(
    via: &Link<OnionRequest>,
    askers: Vec<ServiceNode>,
) -> (Result<NodePool, String>, usize) {
    let (mut answers, mut asked) = (Vec::new(), 0_usize);
    let mut reason = "no node was left to ask".to_owned();
    let mut left = askers.into_iter();
    while answers.len() < ANSWERS {
        let wanted = ANSWERS.saturating_sub(answers.len());
        let round: Vec<_> = left.by_ref().take(wanted).map(|node| ask_one(via, node)).collect();
        if round.is_empty() {
            break;
        }
        asked = asked.saturating_add(round.len());
        let mut reached = false;
        for answer in join_all(round).await {
            match answer {
                Ok(pool) => answers.push(pool),
                Err(failure) => {
                    reached |= failure.reached;
                    reason = failure.reason;
                }
            }
        }
        if answers.is_empty() && !reached {
            // Without a path there is no use in asking others.
            break;
        }
    }
    if answers.len() < FEWEST {
        return (Err(reason), asked);
    }
    (Ok(agreed(&answers)), asked)
}

struct Failure {
    reason: String,
    /// The request left this machine.
    reached: bool,
}

async fn ask_one(via: &Link<OnionRequest>, destination: ServiceNode) -> Result<NodePool, Failure> {
    let body = service_nodes_request().to_bytes();
    let ask = OnionRequest { destination, body, timeout: TIMEOUT };
    let answer = match via.ask(ask).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let reached = matches!(error, OnionError::Guard { .. } | OnionError::Reply { .. });
            return Err(Failure { reason: error.to_string(), reached });
        }
        Err(error) => return Err(Failure { reason: error.to_string(), reached: false }),
    };
    let unusable = |what: String| Failure {
        reason: format!("{}: {what}", destination.ed25519),
        reached: true,
    };
    if answer.reply.status != 200 {
        return Err(unusable(format!("it answered with status {}", answer.reply.status)));
    }
    match seed_rpc::parse_service_nodes(answer.reply.body.as_bytes()) {
        Ok(list) => Ok(list.nodes.into_iter().collect()),
        Err(error) => Err(unusable(error.to_string())),
    }
}
