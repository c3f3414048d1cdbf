//! A world: the machines of clients and service nodes in one process, on one
//! event queue that jumps to the next due time. No sockets, no TLS, no actors;
//! but real bytes: real onion layers, the real storage RPC, real sealed
//! messages. One seed and one plan make one world, and every run of it is the
//! same to the last line of its log.
//!
//! | file | holds |
//! |---|---|
//! | `queue` | virtual time, tasks, hosts that sleep or die |
//! | `net` | links, partitions, what becomes of each request |
//! | `node`, `seed` | service nodes and seeds |
//! | `client` | a machine with a disk and clocks, and the engine on it |
//! | `plan`, `script` | what happens when |
//! | `act` | what users do as chance has it |
//! | `tally`, `check`, `compare` | what was written, and what must hold |
//! | `log` | what happened |

mod act;
mod check;
mod client;
mod compare;
mod log;
mod net;
mod node;
mod plan;
mod queue;
mod script;
mod seed;
mod tally;
#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ramson_node::Network;
use ramson_protocol::event::AccountEvent;
use ramson_types::{NodePool, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

pub use log::Digest;
pub use net::{Down, Fate, Rates};
pub use plan::{CommitCrashes, Kept, Limits, Plan, Step};
pub use queue::Host;

use client::{ClientClock, ClientHost};
use log::Log;
use net::Net;
use node::NodeHost;
use queue::Queue;
use tally::Tally;

/// When every world begins: 2026-01-01.
const START: Timestamp = Timestamp(1_767_225_600_000);

/// How long nothing more may happen to a settled world before it is believed.
const SETTLE: Duration = Duration::from_secs(40);

/// How often the run looks at the world.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Over how long steps are counted for [`Limits::steps_per_second`].
const STEPS_WINDOW: u64 = 10;

/// Steps that may be taken without time passing.
const STEPS_AT_ONCE: u64 = 100_000;

/// Complaints kept; a world that is broken is broken in many ways.
const MAX_COMPLAINTS: usize = 20;

/// Everything there is.
pub(crate) struct World {
    plan: Plan,
    queue: Queue,
    log: Log,
    rng: RefCell<StdRng>,
    net: RefCell<Net>,
    network: RefCell<Arc<Network>>,
    nodes: Vec<NodeHost>,
    /// Nodes that learn of no change.
    frozen: RefCell<BTreeSet<usize>>,
    clients: Vec<ClientHost>,
    tally: RefCell<Tally>,
    script_is_over: Cell<bool>,
    /// What users do that is not over.
    errands: Cell<usize>,
    complaints: RefCell<Vec<String>>,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// What did not hold; empty when all is well.
    pub complaints: Vec<String>,
    /// What identifies its log.
    pub digest: Digest,
    /// The log, or its last lines.
    pub log: Vec<String>,
    /// How much virtual time went by.
    pub time: Duration,
    /// Messages that were written.
    pub messages: usize,
    /// Requests that clients made.
    pub requests: u64,
    /// Requests of one client in its busiest minute.
    pub busiest_minute: u32,
    /// Requests, also of nodes, that met a fault.
    pub faults: u64,
    /// See [`Step::StartWatch`].
    pub recovery: Option<Duration>,
}

/// Runs a plan with a seed; `whole_log` keeps every line.
pub fn run(plan: Plan, seed: u64, whole_log: bool) -> Run {
    let world = World::new(plan, seed, whole_log);
    world.start_nodes();
    world.fill_homes();
    for client in (0..world.clients.len()).filter(|client| !world.plan.late.contains(client)) {
        world.start_client(client);
    }
    world.start_script();
    world.run_until_settled();
    let run = Run {
        complaints: world.complaints.borrow().clone(),
        digest: world.log.digest(),
        log: world.log.lines(),
        time: world.queue.now().since(START),
        messages: world.tally.borrow().expected.len(),
        requests: world.net.borrow().requests(),
        busiest_minute: world.net.borrow().busiest_minute(),
        faults: world.net.borrow().faults(),
        recovery: world.tally.borrow().recovery(),
    };
    // Tasks hold the world that holds them.
    for host in world.queue.hosts() {
        world.queue.kill(host);
    }
    run
}

impl World {
    fn new(plan: Plan, seed: u64, whole_log: bool) -> Rc<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let queue = Queue::new(START);
        let nodes = node::make(plan.nodes, plan.swarm_size, START, &mut rng);
        let mut clients = Vec::new();
        for account in 0..plan.accounts {
            let seed = rng.random();
            let first = plan.first_devices.filter(|_| account == 0);
            for _ in 0..first.unwrap_or(plan.devices) {
                let clock = ClientClock::new(queue.clone(), 0);
                clients.push(ClientHost::new(clients.len(), account, seed, clock));
            }
        }
        let network = Arc::new(named(node::network_of(&nodes), &clients, &mut rng));
        node::tell(&nodes, &network);
        let net = Net::new(StdRng::from_rng(&mut rng), plan.client_rates, plan.node_rates);
        Rc::new(Self {
            plan,
            queue,
            log: Log::new(START, whole_log),
            rng: RefCell::new(rng),
            net: RefCell::new(net),
            network: RefCell::new(network),
            nodes,
            frozen: RefCell::default(),
            clients,
            tally: RefCell::default(),
            script_is_over: Cell::new(false),
            errands: Cell::new(0),
            complaints: RefCell::default(),
        })
    }

    /// Gives clients what they have from an earlier run.
    fn fill_homes(&self) {
        let network = self.network.borrow().clone();
        let pool: NodePool = network.nodes().map(|node| node.service_node()).collect();
        let mut accounts = BTreeSet::new();
        for client in &self.clients {
            let mut home = client.home.borrow_mut();
            // The first device made the account; the others bring it back.
            home.sync.done = accounts.insert(client.account);
            let guards = self.plan.kept.guards.iter();
            home.guards = guards.filter_map(|number| self.node_key(*number)).collect();
            home.pool = self.plan.kept.pool.then(|| (pool.clone(), START));
        }
    }

    fn run_until_settled(self: &Rc<Self>) {
        let mut watch = Watch::new(self.clients.len());
        while self.queue.step() {
            if !self.look(&mut watch) {
                break;
            }
        }
        self.check_end();
    }

    /// Looks at the world after a step; whether it is to go on.
    fn look(&self, watch: &mut Watch) -> bool {
        let now = self.queue.now();
        if let Some(endless) = watch.count_step(now, self.plan.limits.steps) {
            self.complain(Host::World, format_args!("{endless}"));
            return false;
        }
        if now < watch.next_look {
            return true;
        }
        watch.next_look = now.plus(LOOK_EVERY);
        self.check_timers();
        if now >= watch.next_count {
            self.count_steps(&mut watch.of_clients);
            watch.next_count = now.plus(Duration::from_secs(STEPS_WINDOW));
        }
        watch.settled = self.is_settled().then(|| watch.settled.unwrap_or(now));
        if watch.settled.is_some_and(|since| now.since(since) >= SETTLE) {
            return false;
        }
        if now > START.plus(self.plan.limits.time) {
            let what = "there is still something to do when the time is over";
            self.complain(Host::World, format_args!("{what}"));
            return false;
        }
        true
    }

    /// A machine that wakes again and again for nothing makes many steps.
    fn count_steps(&self, before: &mut [u64]) {
        for (number, before) in before.iter_mut().enumerate() {
            let host = Host::Client(number);
            let steps = self.queue.steps(host);
            let rate = steps.saturating_sub(*before) / STEPS_WINDOW;
            if rate > self.plan.limits.steps_per_second {
                self.complain(host, format_args!("made {rate} steps a second"));
            }
            *before = steps;
        }
    }

    fn log(&self, host: Host, what: fmt::Arguments<'_>) {
        self.log.add(self.queue.now(), host, what);
    }

    /// Something does not hold.
    fn complain(&self, host: Host, what: fmt::Arguments<'_>) {
        self.log(host, format_args!("COMPLAINT: {what}"));
        let mut complaints = self.complaints.borrow_mut();
        if complaints.len() < MAX_COMPLAINTS {
            complaints.push(format!("{host}: {what}"));
        }
    }

    fn hear(&self, client: usize, event: &AccountEvent) {
        self.tally.borrow_mut().hear(client, event, self.queue.now());
    }

    /// Whether a client dies at this commit.
    fn crash_at_commit(&self) -> CrashNow {
        let crashes = self.plan.commit_crashes;
        if crashes == CommitCrashes::default() || self.queue.now() > START.plus(crashes.until) {
            return CrashNow { before: false, after: false };
        }
        let drawn: f64 = self.rng.borrow_mut().random_range(0.0..1.0);
        let before = drawn < crashes.before;
        CrashNow { before, after: !before && drawn < crashes.before + crashes.after }
    }
}

/// What the run remembers between looks at its world.
struct Watch {
    next_look: Timestamp,
    next_count: Timestamp,
    /// Since when there is nothing left to do.
    settled: Option<Timestamp>,
    steps: u64,
    /// Steps since time last moved.
    at_once: u64,
    last: Timestamp,
    of_clients: Vec<u64>,
}

impl Watch {
    fn new(clients: usize) -> Self {
        Self {
            next_look: START,
            next_count: START,
            settled: None,
            steps: 0,
            at_once: 0,
            last: START,
            of_clients: vec![0; clients],
        }
    }

    /// Counts a step; a sentence when it goes on like this for ever.
    fn count_step(&mut self, now: Timestamp, limit: u64) -> Option<&'static str> {
        self.steps += 1;
        self.at_once = if now == self.last { self.at_once + 1 } else { 0 };
        self.last = now;
        if self.at_once > STEPS_AT_ONCE {
            return Some("time stands still");
        }
        (self.steps > limit).then_some("it makes more steps than it may, and no end")
    }
}

/// The same network, where every account has a name.
fn named(mut network: Network, clients: &[ClientHost], rng: &mut StdRng) -> Network {
    for client in clients {
        if let Ok(name) = script::name_of(client.account).parse() {
            network.register_name(&name, &client.id, rng);
        }
    }
    network
}

struct CrashNow {
    before: bool,
    after: bool,
}
