//! The seed: plain HTTP JSON-RPC that tells the list of service nodes
//! (02 sections 1.2 and 1.3).

use std::sync::{Arc, Mutex, PoisonError};

use ramson_codec::seed_rpc::server::{
    ChainState, ListedNode, parse_seed_request, service_nodes_answer,
};
use ramson_node::{HttpRequest, HttpResponse, Network};
use ramson_types::ServiceNode;
use rand::rngs::StdRng;

use crate::activity::Who;
use crate::hosts::{Hosts, answer_alone};
use crate::server::Answer;

/// Answers of a seed that knows all nodes as they are at the time.
pub(crate) fn seed(hosts: Arc<Hosts>, rng: StdRng) -> Answer {
    let (rng, known) = (Mutex::new(rng), hosts.clone());
    answer_alone(hosts, Who::Seed, move |request| answer(request, &known, &rng))
}

fn answer(request: &HttpRequest, hosts: &Hosts, rng: &Mutex<StdRng>) -> HttpResponse {
    if request.method != "POST" || request.path != "/json_rpc" {
        return response(404, "text/plain", b"Not found; POST /json_rpc is here".to_vec());
    }
    let body = match parse_seed_request(&request.body) {
        Ok(parsed) => {
            // Who is in no swarm takes no part: the chain has taken it out of
            // its swarm, because it failed its tests or is new.
            let listed = |node: ServiceNode| ListedNode {
                active: node.swarm.is_some(),
                ..ListedNode::new(node)
            };
            let nodes: Vec<_> = hosts.service_nodes().into_iter().map(listed).collect();
            let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
            service_nodes_answer(&nodes, &chain(&hosts.network()), &parsed, &mut *rng)
        }
        Err(error) => error.answer(),
    };
    response(200, "application/json", body)
}

fn chain(network: &Network) -> ChainState {
    let mut block_hash = [0; 32];
    // The network's own text of 64 digits; zeros would be as good.
    let _ = hex::decode_to_slice(&network.block_hash, &mut block_hash);
    ChainState {
        height: network.height,
        block_hash,
        hardfork: network.hard_fork.0,
        snode_revision: network.hard_fork.1,
    }
}

fn response(status: u16, content_type: &str, body: Vec<u8>) -> HttpResponse {
    let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    HttpResponse { status, headers, body }
}
