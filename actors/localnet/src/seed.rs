//! The seed: plain HTTP JSON-RPC that tells the list of service nodes
//! (02 sections 1.2 and 1.3).

use std::sync::{Arc, Mutex, PoisonError};

use ramson_codec::seed_rpc::server::{
    ChainState, ListedNode, parse_seed_request, service_nodes_answer,
};
use ramson_node::{HttpRequest, HttpResponse};
use ramson_types::ServiceNode;
use rand::rngs::StdRng;

use crate::server::Answer;

/// Answers of a seed that knows these nodes.
pub(crate) fn seed(nodes: Vec<ServiceNode>, chain: ChainState, rng: StdRng) -> Answer {
    let nodes: Vec<ListedNode> = nodes.into_iter().map(ListedNode::new).collect();
    let rng = Mutex::new(rng);
    Arc::new(move |request| {
        let response = answer(&request, &nodes, &chain, &rng);
        Box::pin(std::future::ready(response))
    })
}

fn answer(
    request: &HttpRequest,
    nodes: &[ListedNode],
    chain: &ChainState,
    rng: &Mutex<StdRng>,
) -> HttpResponse {
    if request.method != "POST" || request.path != "/json_rpc" {
        return response(404, "text/plain", b"Not found; POST /json_rpc is here".to_vec());
    }
    let body = match parse_seed_request(&request.body) {
        Ok(parsed) => {
            let mut rng = rng.lock().unwrap_or_else(PoisonError::into_inner);
            service_nodes_answer(nodes, chain, &parsed, &mut *rng)
        }
        Err(error) => error.answer(),
    };
    response(200, "application/json", body)
}

fn response(status: u16, content_type: &str, body: Vec<u8>) -> HttpResponse {
    let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    HttpResponse { status, headers, body }
}
