//! A small network of service nodes, for targets that ask one of them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ramson_crypto::message_hash;
use ramson_node::{
    HttpRequest, HttpResponse, Network, Node, Nodes, NodesStep, Reply, StoredMessage,
};
use ramson_types::swarm::swarm_of;
use ramson_types::{Namespace, ServiceNode, SwarmId, Timestamp};
use rand::rngs::StdRng;

use crate::fixed::{ME, NODES, contact, node_keys, rng};

/// Nodes 1 and 2 hold the account, 3 is in the other swarm, 4 is known but
/// never there.
pub(crate) static NETWORK: LazyLock<Arc<Network>> = LazyLock::new(|| {
    let swarms = [SwarmId(1 << 62), SwarmId(3 << 62)];
    let ours = swarm_of(ME.account_id().key(), swarms).unwrap_or(SwarmId::UNASSIGNED);
    let other = swarms.into_iter().find(|swarm| *swarm != ours).unwrap_or(SwarmId::UNASSIGNED);
    let nodes = [(1, ours), (2, ours), (3, other), (4, other)];
    Arc::new(Network::new(nodes.map(|(n, swarm)| contact(n, swarm))))
});

/// Three nodes with the account's swarm among them.
pub(crate) struct World {
    pub(crate) nodes: Nodes,
    pub(crate) rng: StdRng,
    pub(crate) now: Timestamp,
    /// The node that is asked.
    pub(crate) asked: ServiceNode,
}

impl World {
    pub(crate) fn new(now: Timestamp) -> Self {
        let [asked, ..] = *NODES;
        let mut world = Self { nodes: Nodes::default(), rng: rng(), now, asked };
        for n in 1..=3 {
            world.nodes.add(Node::new(node_keys(n), Arc::clone(&NETWORK), now));
        }
        world
    }

    /// The same with three messages of the account.
    pub(crate) fn with_messages(now: Timestamp) -> Self {
        let mut world = Self::new(now);
        let account = ME.account_id();
        let message = |(namespace, data): (i16, &[u8])| StoredMessage {
            account,
            namespace: Namespace(namespace),
            hash: message_hash(&account, Namespace(namespace), data),
            timestamp: now,
            expiry: now.plus(Duration::from_secs(3600)),
            data: data.into(),
        };
        let messages = [(0, &b"hello"[..]), (0, b""), (2, b"config")].map(message);
        for node in NODES.iter().take(2) {
            if let Some(node) = world.nodes.get_mut(&node.ed25519) {
                node.push(&messages, now);
            }
        }
        world
    }

    /// The answer of the node asked; servers outside cannot be reached.
    pub(crate) fn serve(&mut self, request: &HttpRequest) -> HttpResponse {
        let answer = match self.nodes.serve(&self.asked.ed25519, request, self.now, &mut self.rng) {
            Some(NodesStep::Done(answer)) => answer,
            Some(NodesStep::AskServer { request, path, .. }) => {
                assert!(request.url.starts_with("http"));
                let reply = Reply::Failed("nobody is there".to_owned());
                match self.nodes.resume(path, reply, self.now, &mut self.rng) {
                    NodesStep::Done(answer) => answer,
                    other => panic!("{other:?} after the last node was answered"),
                }
            }
            None => panic!("the node is there"),
        };
        check(&answer, request);
        answer
    }

    pub(crate) fn post(&mut self, path: &str, body: Vec<u8>) -> HttpResponse {
        self.serve(&http("POST", path, body))
    }

    /// How many messages nodes 1 to 3 hold.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let [one, two, three, _] = *NODES;
        [one, two, three].map(|known| {
            let node = self.nodes.iter().find(|node| node.key() == known.ed25519);
            node.map_or(0, Node::message_count)
        })
    }
}

pub(crate) fn http(method: &str, path: &str, body: Vec<u8>) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body,
        peer: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    }
}

/// What every answer keeps to.
pub(crate) fn check(answer: &HttpResponse, request: &HttpRequest) {
    assert!((200..600).contains(&answer.status), "status {}", answer.status);
    for name in ["server", "content-type"] {
        let told = answer.headers.iter().filter(|(told, _)| told.eq_ignore_ascii_case(name));
        assert_eq!(told.count(), 1, "{name}");
    }
    // Twenty answers with the few messages there are.
    let path = request.method.len().saturating_add(request.path.len());
    let given = request.body.len().saturating_add(path);
    let bound = given.saturating_mul(20).saturating_add(200_000);
    assert!(answer.body.len() <= bound, "{} bytes", answer.body.len());
}
