//! A network of one actor that plays all its seeds, nodes and accounts.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use ramson_codec::storage::{OxendEndpoint, Request, parse_request};
use ramson_messages::newest;
use ramson_messages::paths::{OnionAnswer, OnionError};
use ramson_messages::storage::StoreError;
use ramson_messages::transport::{Endpoint, HttpAnswer, Security, TransportError};
use ramson_protocol::onion::OnionReply;
use ramson_types::{Ed25519PublicKey, Prefix, ServiceNode, X25519PublicKey};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;

/// When tests begin.
pub(super) const START: Timestamp = Timestamp(1_700_000_000_000);

/// The test's own time, which passes as fast as nothing happens.
struct TestClock {
    start: Instant,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.steady()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn steady(&self) -> Timestamp {
        START.plus(self.start.elapsed())
    }
}

struct TestEntropy;

impl Entropy for TestEntropy {
    fn generator(&self, _: &str) -> StdRng {
        StdRng::seed_from_u64(7)
    }
}

/// What the network knows and was asked.
#[derive(Default)]
pub(super) struct World {
    /// Nodes that the seed and the nodes name.
    pub(super) nodes: Vec<ServiceNode>,
    /// The swarm that nodes name for every account.
    pub(super) swarm: Vec<ServiceNode>,
    pub(super) seed_works: bool,
    pub(super) nodes_work: bool,
    /// What one node says instead of the truth.
    pub(super) lie: Option<(Ed25519PublicKey, Value)>,
    /// What nodes say of a name.
    pub(super) name: Value,
    /// Whom was asked what, and when.
    pub(super) asked: Vec<(&'static str, Duration)>,
    pub(super) saved: Vec<usize>,
    pub(super) polls: Vec<(Duration, AccountId)>,
}

impl World {
    pub(super) fn count(&self, what: &str) -> usize {
        self.asked.iter().filter(|(asked, _)| *asked == what).count()
    }
}

pub(super) type Shared = Rc<RefCell<World>>;

struct Others {
    world: Shared,
    clock: Arc<dyn Clock>,
}

impl Actor for Others {
    type Context = Context<Self>;
}

pub(super) fn node(n: u8) -> ServiceNode {
    ServiceNode {
        ed25519: Ed25519PublicKey([n; 32]),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::new(10, 0, n, 1),
        https_port: 1,
        swarm: None,
    }
}

pub(super) fn nodes(which: std::ops::Range<u8>) -> Vec<ServiceNode> {
    which.map(node).collect()
}

pub(super) fn account(n: u8) -> AccountId {
    AccountId::new(Prefix::Account, [n; 32])
}

pub(super) fn list(nodes: &[ServiceNode]) -> Value {
    let states = nodes.iter().map(|node| {
        json!({
            "public_ip": node.ip.to_string(), "storage_port": node.https_port,
            "pubkey_ed25519": node.ed25519.to_string(), "pubkey_x25519": node.x25519.to_string(),
        })
    });
    json!({ "result": { "service_node_states": states.collect::<Value>(), "status": "OK" } })
}

fn swarm(nodes: &[ServiceNode]) -> Value {
    let members = nodes.iter().map(|node| {
        json!({
            "ip": node.ip.to_string(), "port_https": node.https_port,
            "pubkey_ed25519": node.ed25519.to_string(), "pubkey_x25519": node.x25519.to_string(),
        })
    });
    json!({ "snodes": members.collect::<Value>(), "swarm": "1" })
}

impl Handler<OnionRequest> for Others {
    type Result = Result<OnionAnswer, OnionError>;

    fn handle(&mut self, ask: OnionRequest, _: &mut Context<Self>) -> Self::Result {
        let mut world = self.world.borrow_mut();
        let (what, answer) = match parse_request(&ask.body) {
            Ok(Request::GetSwarm(_)) => ("get_swarm", swarm(&world.swarm)),
            Ok(Request::OxendRequest(request)) => match request.endpoint {
                OxendEndpoint::GetServiceNodes => ("nodes", list(&world.nodes)),
                OxendEndpoint::OnsResolve => ("name", json!({ "result": world.name })),
            },
            other => panic!("nobody asks that: {other:?}"),
        };
        world.asked.push((what, self.clock.elapsed()));
        if !world.nodes_work {
            return Err(OnionError::NoPath { reason: "there is none".to_owned() });
        }
        let lie = world.lie.as_ref().filter(|(liar, _)| *liar == ask.destination.ed25519);
        let body = lie.map_or(answer, |(_, lie)| lie.clone()).to_string();
        let now = self.clock.now();
        Ok(OnionAnswer {
            reply: OnionReply { status: 200, body },
            path: Vec::new(),
            asked: now,
            answered: now,
            clock_samples: Vec::new(),
        })
    }
}

impl Handler<Post> for Others {
    type Result = Result<HttpAnswer, TransportError>;

    fn handle(&mut self, _: Post, _: &mut Context<Self>) -> Self::Result {
        let mut world = self.world.borrow_mut();
        world.asked.push(("seed", self.clock.elapsed()));
        match world.seed_works {
            true => Ok(HttpAnswer {
                status: 200,
                content_type: "application/json".to_owned(),
                body: list(&world.nodes).to_string().into_bytes(),
            }),
            false => Err(TransportError::Unreachable {
                to: "seed:1".to_owned(),
                reason: "it is down".to_owned(),
            }),
        }
    }
}

impl Handler<SaveNodePool> for Others {
    type Result = Result<(), StoreError>;

    fn handle(&mut self, save: SaveNodePool, _: &mut Context<Self>) -> Self::Result {
        self.world.borrow_mut().saved.push(save.pool.len());
        Ok(())
    }
}

/// An account that counts its polls and ends none by itself.
struct Poller {
    id: AccountId,
    world: Shared,
    clock: Arc<dyn Clock>,
}

impl Actor for Poller {
    type Context = Context<Self>;
}

impl Handler<PollDue> for Poller {
    type Result = ();

    fn handle(&mut self, _: PollDue, _: &mut Context<Self>) {
        self.world.borrow_mut().polls.push((self.clock.elapsed(), self.id));
    }
}

/// The actor, and the world it is in.
pub(super) struct Stage {
    pub(super) swarm: Addr<SwarmActor>,
    pub(super) world: Shared,
    pub(super) via: Link<OnionRequest>,
    clock: Arc<dyn Clock>,
}

/// Starts the actor with a pool that was kept some time ago.
pub(super) fn start(
    world: World,
    cached: Option<(Vec<ServiceNode>, Duration)>,
    per_second: Option<u32>,
) -> Stage {
    tokio::time::pause();
    let clock: Arc<dyn Clock> = Arc::new(TestClock { start: Instant::now() });
    let world = Rc::new(RefCell::new(world));
    let others = Others { world: world.clone(), clock: clock.clone() }.start();
    let (via, post, save_pool) = (Link::new("paths"), Link::new("transport"), Link::new("storage"));
    via.point_at(&others);
    post.point_at(&others);
    save_pool.point_at(&others);
    let (pool, _) = newest(Arc::new(NodePool::default()));
    let ports = Ports { post, network: via.clone(), save_pool, pool, events: EventBus::new() };
    let endpoint = Endpoint::Server { host: "seed".to_owned(), port: 1, security: Security::Plain };
    let config = SwarmConfig {
        seeds: vec![SeedAddress { url: "http://seed:1".into(), endpoint, path: "/".into() }],
        min_pool: 4,
        refresh: true,
        subnet_diversity: true,
        poll: PollConfig::default(),
        budget: BudgetConfig { per_second },
    };
    let cached = cached.map(|(nodes, age)| (nodes.into_iter().collect(), START.minus(age)));
    let (lifeline, _) = Lifeline::new();
    let swarm =
        SwarmActor::new(config, cached, ports, clock.clone(), &TestEntropy, lifeline).start();
    Stage { swarm, world, via, clock }
}

impl Stage {
    /// An account that is polled from now on.
    pub(super) async fn watch(&self, n: u8) {
        let id = account(n);
        let poller = Poller { id, world: self.world.clone(), clock: self.clock.clone() }.start();
        let poll = Link::new("identity");
        poll.point_at(&poller);
        self.swarm.send(Watch { account: id, poll }).await.unwrap();
    }

    pub(super) async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}
