//! A client that runs: the machines of the engine, and what the actors around
//! them do, in the same rooms. All of it is gone after a crash.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use ramson_crypto::Seed;
use ramson_crypto::session_protocol::KnownSenders;
use ramson_messages::{Clock as _, ClockWatch};
use ramson_protocol::account::Account;
use ramson_protocol::paths::PathsConfig;
use ramson_types::{AccountId, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::ClientHost;
use super::clock::{Reading, Started};
use super::commits::Commits;
use super::decide::Floor;
use super::paths::PathsRoom;
use super::swarm::SwarmRoom;
use crate::world::World;
use crate::world::queue::{Host, TaskId};

/// Whose paths a request goes over: what is asked of the network itself goes
/// over others than what is asked of an account's swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The account's.
    Account,
    /// The network's.
    Network,
}

/// A running client.
pub(crate) struct Engine {
    pub(super) world: Rc<World>,
    pub(super) number: usize,
    pub(super) host: Host,
    started: Started,
    pub(crate) account: RefCell<Account>,
    pub(super) commits: RefCell<Commits>,
    own_paths: RefCell<PathsRoom>,
    network_paths: RefCell<PathsRoom>,
    pub(super) swarm: RefCell<SwarmRoom>,
    pub(super) known: RefCell<KnownSenders>,
    pub(super) rng: RefCell<StdRng>,
    pub(super) clock_watch: RefCell<ClockWatch>,
    pub(super) polling: Cell<bool>,
    pub(super) floor: RefCell<Floor>,
    pub(super) on_errand: Cell<bool>,
    pub(super) working: Cell<bool>,
    pub(super) wake: Cell<Option<TaskId>>,
}

impl Engine {
    /// Starts a client from its home.
    pub(crate) fn start(world: &Rc<World>, client: &ClientHost) -> Rc<Self> {
        let started = client.clock.start();
        let reading = client.clock.read(started);
        let home = client.home.borrow();
        let mut rng = StdRng::from_rng(&mut *world.rng.borrow_mut());
        let stored = home.load(Seed::from_bytes32(client.seed), &client.name);
        let engine = Rc::new(Self {
            world: world.clone(),
            number: client.number,
            host: Host::Client(client.number),
            started,
            account: RefCell::new(Account::load(stored)),
            commits: RefCell::default(),
            own_paths: RefCell::new(PathsRoom::new(
                PathsConfig::default(),
                home.guards.clone(),
                &reading,
            )),
            network_paths: RefCell::new(PathsRoom::new(
                PathsConfig { paths: 1, on_demand: true, ..PathsConfig::default() },
                home.network_guards.clone(),
                &reading,
            )),
            swarm: RefCell::new(SwarmRoom::new(&world.plan, home.pool.clone(), &reading)),
            known: RefCell::default(),
            rng: RefCell::new(StdRng::from_rng(&mut rng)),
            clock_watch: RefCell::new(ClockWatch::new(&reading)),
            polling: Cell::new(false),
            floor: RefCell::default(),
            on_errand: Cell::new(false),
            working: Cell::new(false),
            wake: Cell::new(None),
        });
        drop(home);
        let own = engine.clone();
        engine.spawn(async move {
            let decision = own.account.borrow_mut().started(own.now());
            own.commit(decision).await;
            own.start_swarm();
            own.look();
        });
        engine
    }

    pub(super) const fn paths(&self, class: Class) -> &RefCell<PathsRoom> {
        match class {
            Class::Account => &self.own_paths,
            Class::Network => &self.network_paths,
        }
    }

    pub(super) fn client(&self) -> Option<&ClientHost> {
        self.world.clients.get(self.number)
    }

    pub(super) fn id(&self) -> AccountId {
        self.account.borrow().id()
    }

    pub(super) fn clock(&self) -> Reading {
        match self.client() {
            Some(client) => client.clock.read(self.started),
            // Every engine has its client.
            None => super::clock::Reading::never(self.started),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub(super) fn steady(&self) -> Timestamp {
        self.clock().steady()
    }

    /// When it started or woke last, by the world's clock.
    pub(crate) fn awake_since(&self) -> Timestamp {
        self.client().map_or(Timestamp(0), |client| client.awake_since.get())
    }

    pub(super) fn log(&self, what: std::fmt::Arguments<'_>) {
        self.world.log(self.host, what);
    }

    pub(super) fn spawn(&self, work: impl Future<Output = ()> + 'static) -> TaskId {
        self.world.queue.spawn(self.host, work)
    }

    /// Does something later, unless it is cancelled before.
    pub(super) fn later(
        self: &Rc<Self>,
        wait: Duration,
        then: impl FnOnce(&Rc<Self>) + 'static,
    ) -> TaskId {
        let own = self.clone();
        self.spawn(async move {
            own.world.queue.sleep(own.host, wait).await;
            then(&own);
        })
    }

    pub(super) fn fork_rng(&self) -> StdRng {
        StdRng::from_rng(&mut *self.rng.borrow_mut())
    }
}
