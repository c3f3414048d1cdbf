//! The service nodes of a world: [`Node`]s whose calls among each other travel
//! over the same queue as everything else.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use ramson_node::{
    Call, Destination, Faults, HttpRequest, HttpResponse, Network, Node, NodeContact, NodeKeys,
    Reply, Step,
};
use ramson_types::swarm::next_swarm_id;
use ramson_types::{Ed25519PublicKey, SwarmId};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::World;
use super::net::{Down, Failure, Work};
use super::queue::Host;

/// How often a node looks for what is due.
const TICK: Duration = Duration::from_secs(1);

/// The same, while nobody is awake to ask it.
const IDLE_TICK: Duration = Duration::from_secs(10 * 60);

/// The port of every node.
const PORT: u16 = 22_021;

/// A node and what the world knows of it.
pub(crate) struct NodeHost {
    seed: [u8; 32],
    key: Ed25519PublicKey,
    node: RefCell<Node>,
    rng: RefCell<StdRng>,
    /// Its swarm, which a move changes.
    swarm: Cell<SwarmId>,
}

impl NodeHost {
    fn contact(&self, number: usize) -> NodeContact {
        let keys = NodeKeys::from_seed(&self.seed);
        NodeContact {
            ed25519: keys.ed25519(),
            x25519: keys.x25519(),
            legacy: keys.ed25519().0,
            ip: address(number),
            https_port: PORT,
            omq_port: PORT,
            swarm: self.swarm.get(),
        }
    }
}

/// Every node has a /24 of its own.
fn address(number: usize) -> Ipv4Addr {
    let [.., high, low] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    Ipv4Addr::new(10, high, low, 1)
}

/// Nodes in swarms of about `swarm_size`.
pub(crate) fn make(
    nodes: usize,
    swarm_size: usize,
    now: ramson_types::Timestamp,
    rng: &mut StdRng,
) -> Vec<NodeHost> {
    let mut swarms = Vec::new();
    for _ in 0..(nodes / swarm_size.max(1)).max(1) {
        swarms.push(next_swarm_id(&swarms));
    }
    let empty = Arc::new(Network::default());
    swarms
        .into_iter()
        .cycle()
        .take(nodes)
        .map(|swarm| {
            let seed: [u8; 32] = rng.random();
            let node = Node::new(NodeKeys::from_seed(&seed), empty.clone(), now);
            let key = node.key();
            let rng = RefCell::new(StdRng::from_rng(rng));
            NodeHost { seed, key, node: RefCell::new(node), rng, swarm: Cell::new(swarm) }
        })
        .collect()
}

/// The network of these nodes.
pub(crate) fn network_of(hosts: &[NodeHost]) -> Network {
    Network::new(contacts(hosts))
}

fn contacts(hosts: &[NodeHost]) -> impl Iterator<Item = NodeContact> {
    hosts.iter().enumerate().map(|(number, host)| host.contact(number))
}

/// Tells the nodes of their network, before anything has happened in it.
pub(crate) fn tell(hosts: &[NodeHost], network: &Arc<Network>) {
    for host in hosts {
        drop(host.node.borrow_mut().set_network(network.clone()));
    }
}

impl World {
    /// Starts the nodes' own clocks.
    pub(crate) fn start_nodes(self: &Rc<Self>) {
        for number in 0..self.nodes.len() {
            self.start_ticking(number);
        }
    }

    fn start_ticking(self: &Rc<Self>, number: usize) {
        let world = self.clone();
        self.queue.spawn(Host::Node(number), async move {
            loop {
                let wait = if world.somebody_is_awake() { TICK } else { IDLE_TICK };
                world.queue.sleep(Host::Node(number), wait).await;
                let now = world.queue.now();
                let Some(host) = world.nodes.get(number) else { return };
                let calls = host.node.borrow_mut().tick(now);
                world.make_calls(number, calls);
            }
        });
    }

    /// The number of the node at an address.
    pub(crate) fn node_at(&self, ip: Ipv4Addr) -> Option<usize> {
        (0..self.nodes.len()).find(|number| address(*number) == ip)
    }

    /// The number of the node with that key.
    pub(crate) fn node_of(&self, key: &Ed25519PublicKey) -> Option<usize> {
        self.nodes.iter().position(|host| host.key == *key)
    }

    /// The key of a node.
    pub(crate) fn node_key(&self, number: usize) -> Option<Ed25519PublicKey> {
        self.nodes.get(number).map(|host| host.key)
    }

    /// A node as logs call it.
    pub(crate) fn node_name(&self, key: &Ed25519PublicKey) -> String {
        self.node_of(key).map_or_else(|| key.to_string(), |number| Host::Node(number).to_string())
    }

    /// Posts to a node.
    pub(crate) async fn post_to_node(
        self: &Rc<Self>,
        from: Host,
        peer: IpAddr,
        ip: Ipv4Addr,
        path: &str,
        body: Vec<u8>,
    ) -> Result<HttpResponse, Failure> {
        let Some(number) = self.node_at(ip) else { return Err(Failure::Refused) };
        let (method, path) = ("POST".to_owned(), path.to_owned());
        let request = HttpRequest { method, path, headers: Vec::new(), body, peer };
        let serve = move |world: Rc<Self>| -> Work {
            Box::pin(async move {
                let step = match world.nodes.get(number) {
                    Some(host) => {
                        let now = world.queue.now();
                        let (mut node, mut rng) = (host.node.borrow_mut(), host.rng.borrow_mut());
                        node.serve(&request, now, &mut *rng)
                    }
                    None => return gone(),
                };
                world.drive(number, step).await
            })
        };
        self.request(from, Host::Node(number), "onion", serve).await
    }

    /// Makes the calls of a step until it is done.
    async fn drive(self: &Rc<Self>, number: usize, mut step: Step) -> HttpResponse {
        loop {
            let (calls, pending) = match step {
                Step::Done(response) => return response,
                Step::Ask { calls, pending } => (calls, pending),
            };
            let replies = join_all(calls.into_iter().map(|call| self.call(number, call))).await;
            let Some(host) = self.nodes.get(number) else { return gone() };
            let (mut node, mut rng) = (host.node.borrow_mut(), host.rng.borrow_mut());
            step = node.resume(pending, replies, self.queue.now(), &mut *rng);
        }
    }

    async fn call(self: &Rc<Self>, from: usize, call: Call) -> Reply {
        let Destination::Node(key, message) = call.to else {
            return Reply::Failed("there are no servers in this world".to_owned());
        };
        let Some(to) = self.node_of(&key) else {
            return Reply::Failed("no such node".to_owned());
        };
        let answer = move |world: Rc<Self>| -> Work {
            Box::pin(async move {
                let step = match world.nodes.get(to) {
                    Some(host) => {
                        let now = world.queue.now();
                        let (mut node, mut rng) = (host.node.borrow_mut(), host.rng.borrow_mut());
                        node.answer(&message, now, &mut *rng)
                    }
                    None => return gone(),
                };
                world.drive(to, step).await
            })
        };
        let asked = self.request(Host::Node(from), Host::Node(to), "call", answer);
        match self.queue.timeout(Host::Node(from), call.timeout, asked).await {
            Some(Ok(answer)) => Reply::Answer(answer),
            Some(Err(Failure::Refused)) => Reply::Failed("connection refused".to_owned()),
            Some(Err(Failure::Reset)) => Reply::Failed("connection reset".to_owned()),
            None => Reply::TimedOut,
        }
    }

    /// Makes calls that a node does not wait for.
    fn make_calls(self: &Rc<Self>, number: usize, calls: Vec<Call>) {
        for call in calls {
            let world = self.clone();
            self.queue.spawn(Host::Node(number), async move {
                let reply = world.call(number, call.clone()).await;
                if let Some(host) = world.nodes.get(number) {
                    host.node.borrow_mut().concluded(call, &reply, world.queue.now());
                }
            });
        }
    }

    /// A node dies; what it was doing is lost.
    pub(crate) fn kill_node(&self, number: usize, how: Down) {
        let host = Host::Node(number);
        self.net.borrow_mut().set_down(host, Some(how));
        self.queue.kill(host);
    }

    /// A node comes back, with its store or without.
    pub(crate) fn return_node(self: &Rc<Self>, number: usize, keep: bool) {
        let Some(host) = self.nodes.get(number) else { return };
        let now = self.queue.now();
        self.net.borrow_mut().set_down(Host::Node(number), None);
        let network = self.network.borrow().clone();
        let calls = {
            let mut node = host.node.borrow_mut();
            if !keep {
                let faults = std::mem::take(&mut node.faults);
                *node = Node::new(NodeKeys::from_seed(&host.seed), network.clone(), now);
                node.faults = faults;
            }
            node.set_network(network)
        };
        self.make_calls(number, calls);
        self.start_ticking(number);
    }

    /// Changes what is wrong with a node.
    pub(crate) fn set_node_faults(&self, number: usize, faults: Faults) {
        if let Some(host) = self.nodes.get(number) {
            host.node.borrow_mut().faults = faults;
        }
    }

    /// Moves nodes to swarms; every living node learns of it.
    pub(crate) fn move_nodes(self: &Rc<Self>, moves: &[(usize, SwarmId)]) {
        for (number, swarm) in moves {
            if let Some(host) = self.nodes.get(*number) {
                host.swarm.set(*swarm);
            }
        }
        let network = Arc::new(self.network.borrow().with_nodes(contacts(&self.nodes)));
        *self.network.borrow_mut() = network.clone();
        for (number, host) in self.nodes.iter().enumerate() {
            let hears = !self.net.borrow().is_down(Host::Node(number))
                && !self.frozen.borrow().contains(&number);
            if hears {
                let calls = host.node.borrow_mut().set_network(network.clone());
                self.make_calls(number, calls);
            }
        }
    }

    /// The swarm of each node.
    pub(crate) fn swarm_of_node(&self, number: usize) -> Option<SwarmId> {
        self.nodes.get(number).map(|host| host.swarm.get())
    }
}

fn gone() -> HttpResponse {
    HttpResponse { status: 503, headers: Vec::new(), body: b"shutting down".to_vec() }
}
