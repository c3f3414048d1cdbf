//! What the tasks of a host share: who is there, which engine runs, and what
//! only the program can do.

use std::future::pending;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use ramson_system::Engine;
use ramson_wire::{Millis, Plugin, Stage};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::clock;
use crate::desk::Desks;
use crate::head::Head;
use crate::host::{EngineInfo, Errand};
use crate::seat::Seat;
use crate::window::Places;

/// An engine that plugins see.
#[derive(Clone)]
pub(crate) struct Attached {
    pub(crate) engine: Engine,
    pub(crate) info: EngineInfo,
    /// Another one each time that an engine is attached.
    pub(crate) number: u64,
}

/// How far the program is.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) stage: Stage,
    pub(crate) attached: Option<Attached>,
    /// Another number: everybody needs a new snapshot.
    pub(crate) round: u64,
}

/// An instance that is to take the place of another.
struct Exchange {
    old: Arc<Seat>,
    new: Arc<Seat>,
    done: oneshot::Sender<()>,
}

/// What the tasks of a host share.
pub(crate) struct Shared {
    /// The program's version.
    pub(crate) version: String,
    /// Where the user is.
    pub(crate) places: Places,
    /// What only the program can do.
    pub(crate) errands: mpsc::Sender<Errand>,
    /// What is known of plugins that keep something in the home.
    pub(crate) desks: Desks,
    /// What happens now, for durable plugins.
    pub(crate) head: Head,
    seats: ArcSwap<Vec<Arc<Seat>>>,
    /// They wait for the pump: at most one for each plugin.
    exchanges: Mutex<Vec<Exchange>>,
    state: watch::Sender<State>,
    plugins: watch::Sender<Arc<Vec<Plugin>>>,
    wake: Notify,
}

impl Shared {
    /// Without seats and engine; `home` is the folder of `window.json`.
    pub(crate) fn new(version: String, home: &Path, errands: mpsc::Sender<Errand>) -> Self {
        let stage = Stage::Starting { what: String::new() };
        Self {
            version,
            places: Places::open(home),
            errands,
            desks: Desks::default(),
            head: Head::default(),
            seats: ArcSwap::default(),
            exchanges: Mutex::default(),
            state: watch::Sender::new(State { stage, attached: None, round: 0 }),
            plugins: watch::Sender::default(),
            wake: Notify::new(),
        }
    }

    /// The running instances.
    pub(crate) fn seats(&self) -> Arc<Vec<Arc<Seat>>> {
        self.seats.load_full()
    }

    /// One more, if it is not there; it gets a snapshot as soon as may be.
    pub(crate) fn add(&self, seat: Arc<Seat>) {
        self.seats.rcu(|seats| {
            let mut seats = Vec::clone(seats);
            if !seats.iter().any(|other| Arc::ptr_eq(other, &seat)) {
                seats.push(seat.clone());
            }
            seats
        });
        self.wake();
    }

    /// One fewer.
    pub(crate) fn remove(&self, seat: &Arc<Seat>) {
        self.seats.rcu(|seats| {
            let mut seats = Vec::clone(seats);
            seats.retain(|other| !Arc::ptr_eq(other, seat));
            seats
        });
    }

    /// Lets one take the place of another, between two events: what is told
    /// before is told to the old one, what is told after to the new one. Whoever
    /// waits is told when it is done; it is not if the new one is gone.
    pub(crate) fn exchange(&self, old: &Arc<Seat>, new: &Arc<Seat>) -> oneshot::Receiver<()> {
        let (done, told) = oneshot::channel();
        self.exchanges().push(Exchange { old: old.clone(), new: new.clone(), done });
        self.wake();
        told
    }

    /// An exchange is not wanted any more; whether it had not been done.
    pub(crate) fn withdraw(&self, new: &Arc<Seat>) -> bool {
        self.take_exchange(new).is_some()
    }

    /// Those that are to take the places of others.
    pub(crate) fn successors(&self) -> Vec<Arc<Seat>> {
        let mut exchanges = self.exchanges();
        exchanges.retain(|exchange| !exchange.new.is_gone());
        exchanges.iter().map(|exchange| exchange.new.clone()).collect()
    }

    /// For the pump: the exchange is done, once the new one has its snapshot.
    pub(crate) fn succeed(&self, new: &Arc<Seat>, give_snapshot: impl FnOnce()) {
        let Some(Exchange { old, new, done }) = self.take_exchange(new) else { return };
        give_snapshot();
        self.add(new);
        self.remove(&old);
        // Who asked may have ended.
        let _gone = done.send(());
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_exchange(&self, new: &Arc<Seat>) -> Option<Exchange> {
        let mut exchanges = self.exchanges();
        let at = exchanges.iter().position(|exchange| Arc::ptr_eq(&exchange.new, new))?;
        Some(exchanges.swap_remove(at))
    }

    /// Lets the pump look who wants a snapshot.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Until [`Shared::wake`] is called, or was since the last time.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// The engine, if one runs.
    pub(crate) fn attached(&self) -> Option<Attached> {
        self.state.borrow().attached.clone()
    }

    /// Milliseconds since 1970: by the engine's clock while one runs.
    pub(crate) fn now(&self) -> Millis {
        let state = self.state.borrow();
        let attached = state.attached.as_ref();
        attached.map_or_else(clock::millis, |attached| attached.engine.now().0)
    }

    /// How far the program is, from now on.
    pub(crate) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// The engines, one after the other.
    pub(crate) fn engines(&self) -> Engines {
        Engines { state: self.state(), number: None }
    }

    /// An engine runs.
    pub(crate) fn attach(&self, engine: Engine, info: EngineInfo) {
        self.state.send_modify(|state| {
            let number = state.round.wrapping_add(1);
            let attached = Some(Attached { engine, info, number });
            *state = State { stage: Stage::Running, attached, round: number };
        });
    }

    /// None runs any more. Plugins keep what they know until there is another,
    /// or another stage.
    pub(crate) fn detach(&self) {
        self.state.send_modify(|state| {
            state.attached = None;
            state.stage = Stage::Starting { what: "no engine runs".to_owned() };
        });
    }

    /// How far the program is while no engine runs.
    pub(crate) fn set_stage(&self, stage: Stage) {
        self.state.send_modify(|state| {
            state.round = state.round.wrapping_add(1);
            state.stage = stage;
        });
    }

    /// How the plugins are now, for those that want to hear of it.
    pub(crate) fn set_plugins(&self, plugins: Vec<Plugin>) {
        self.plugins.send_if_modified(|before| {
            let new = **before != plugins;
            if new {
                *before = Arc::new(plugins);
            }
            new
        });
    }

    /// How the plugins were last.
    pub(crate) fn plugins(&self) -> watch::Receiver<Arc<Vec<Plugin>>> {
        self.plugins.subscribe()
    }
}

/// The engines, one after the other, for who works with each.
pub(crate) struct Engines {
    state: watch::Receiver<State>,
    number: Option<u64>,
}

impl Engines {
    /// The one that is there now, if any is.
    pub(crate) fn now(&mut self) -> Option<Attached> {
        let attached = self.state.borrow_and_update().attached.clone();
        self.number = attached.as_ref().map(|it| it.number);
        attached
    }

    /// Does something until there is another than [`Engines::now`] gave, or none.
    pub(crate) async fn during(&mut self, work: impl Future<Output = ()>) {
        let number = self.number;
        let other = self.state.wait_for(|it| it.attached.as_ref().map(|it| it.number) != number);
        let done = async {
            work.await;
            pending::<()>().await;
        };
        tokio::select! {
            biased;
            // Its sender lives as long as the host.
            _other = other => {}
            () = done => {}
        }
    }
}
