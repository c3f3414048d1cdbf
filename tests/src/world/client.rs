//! A client of a world: a machine with a disk and clocks, and the engine that
//! runs on it, as long as it does.
//!
//! The engine's machines are the real ones; the rooms around them do what the
//! actors do, file by file: `decide`, `deliver`, `errands`, `poll`, `time`, `commits` are Identity,
//! `paths` and `exchange` are Paths, `swarm`, `members`, `pool`, `names` and
//! `turn` are Swarm, `home` is Storage.

mod clock;
mod commits;
mod decide;
mod deliver;
mod engine;
mod errands;
mod exchange;
mod home;
mod members;
mod names;
mod paths;
mod poll;
mod pool;
mod swarm;
mod time;
mod turn;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use ramson_crypto::{AccountKeys, Seed};
use ramson_types::{AccountId, Timestamp};
use rand::RngExt as _;

use super::World;
use super::queue::Host;

pub(crate) use clock::ClientClock;
pub(crate) use engine::Engine;
pub(crate) use home::Home;

/// How long a crashed client takes to come back, in ms.
const RESTART: std::ops::Range<u64> = 200..2_000;

/// One machine.
pub(crate) struct ClientHost {
    pub(crate) number: usize,
    /// Whose device it is.
    pub(crate) account: usize,
    pub(crate) id: AccountId,
    name: String,
    seed: [u8; 32],
    pub(crate) home: RefCell<Home>,
    clock: ClientClock,
    engine: RefCell<Option<Rc<Engine>>>,
    /// It slept or crashed: what it missed is no delay of the network.
    pub(crate) was_away: Cell<bool>,
    /// When it started or woke last.
    pub(crate) awake_since: Cell<Timestamp>,
}

impl ClientHost {
    pub(crate) fn new(number: usize, account: usize, seed: [u8; 32], clock: ClientClock) -> Self {
        Self {
            number,
            account,
            id: AccountKeys::new(&Seed::from_bytes32(seed)).account_id(),
            name: format!("account {account}"),
            seed,
            home: RefCell::default(),
            clock,
            engine: RefCell::new(None),
            was_away: Cell::new(false),
            awake_since: Cell::new(Timestamp(0)),
        }
    }
}

impl World {
    pub(crate) fn start_client(self: &Rc<Self>, number: usize) {
        let Some(client) = self.clients.get(number) else { return };
        self.log(Host::Client(number), format_args!("starts"));
        client.awake_since.set(self.queue.now());
        let engine = Engine::start(self, client);
        *client.engine.borrow_mut() = Some(engine);
    }

    /// A client dies in this moment; what it had not committed is lost. It
    /// starts again soon.
    pub(crate) fn crash_client(self: &Rc<Self>, number: usize, when: &'static str) {
        let Some(client) = self.clients.get(number) else { return };
        if client.engine.borrow().is_none() {
            return;
        }
        self.log(Host::Client(number), format_args!("crashes {when}"));
        client.was_away.set(true);
        self.queue.kill(Host::Client(number));
        drop(client.engine.borrow_mut().take());
        let wait = Duration::from_millis(self.rng.borrow_mut().random_range(RESTART));
        let world = self.clone();
        self.queue.spawn(Host::World, async move {
            world.queue.sleep(Host::World, wait).await;
            world.start_client(number);
        });
    }

    /// A client's lid is closed.
    pub(crate) fn put_client_to_sleep(&self, number: usize) {
        if let Some(client) = self.clients.get(number) {
            self.log(Host::Client(number), format_args!("falls asleep"));
            client.was_away.set(true);
            self.queue.put_to_sleep(Host::Client(number));
        }
    }

    /// A client's lid is opened.
    pub(crate) fn wake_client(&self, number: usize) {
        if let Some(client) = self.clients.get(number) {
            let slept = self.queue.wake_up(Host::Client(number));
            client.clock.add_sleep(slept);
            client.awake_since.set(self.queue.now());
            self.log(Host::Client(number), format_args!("wakes after {} s", slept.as_secs()));
        }
    }

    /// Somebody sets a client's clock so far ahead of the world's, in ms.
    pub(crate) fn set_client_clock(&self, number: usize, ahead: i64) {
        if let Some(client) = self.clients.get(number) {
            client.clock.set(ahead);
        }
    }

    pub(crate) fn somebody_is_awake(&self) -> bool {
        (0..self.clients.len()).any(|number| !self.queue.is_asleep(Host::Client(number)))
    }

    /// The engine of a client that runs and is awake.
    pub(crate) fn engine(&self, number: usize) -> Option<Rc<Engine>> {
        let client = self.clients.get(number)?;
        let engine = client.engine.borrow().clone();
        engine.filter(|_| !self.queue.is_asleep(Host::Client(number)))
    }
}
