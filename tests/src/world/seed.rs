//! The seeds of a world: they tell the list of service nodes as it is now.

use std::rc::Rc;

use ramson_codec::seed_rpc::server::{
    ChainState, ListedNode, parse_seed_request, service_nodes_answer,
};
use ramson_codec::storage::HardFork;
use ramson_node::HttpResponse;

use super::World;
use super::net::{Failure, Work};
use super::queue::Host;

impl World {
    /// Posts a request to a seed.
    pub(crate) async fn post_to_seed(
        self: &Rc<Self>,
        from: Host,
        number: usize,
        body: Vec<u8>,
    ) -> Result<HttpResponse, Failure> {
        let answer = move |world: Rc<Self>| -> Work {
            Box::pin(std::future::ready(world.seed_answer(&body)))
        };
        self.request(from, Host::Seed(number), "seed request", answer).await
    }

    fn seed_answer(&self, body: &[u8]) -> HttpResponse {
        let network = self.network.borrow().clone();
        let nodes: Vec<ListedNode> =
            network.nodes().map(|node| ListedNode::new(node.service_node())).collect();
        let HardFork(hardfork, snode_revision) = network.hard_fork;
        let chain =
            ChainState { height: network.height, block_hash: [0; 32], hardfork, snode_revision };
        let body = match parse_seed_request(body) {
            Ok(request) => {
                service_nodes_answer(&nodes, &chain, &request, &mut *self.rng.borrow_mut())
            }
            Err(error) => error.answer(),
        };
        HttpResponse { status: 200, headers: Vec::new(), body }
    }
}
