//! Kept connections and how many there may be.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use ramson_messages::transport::{Endpoint, IsolationClass};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::TransportConfig;
use crate::connection::Connection;

/// What may share a connection.
pub(crate) type Key = (IsolationClass, Endpoint);

/// All kept connections of a transport; lives on the actor's thread.
pub(crate) struct Pool {
    kept: RefCell<BTreeMap<Key, Kept>>,
    places: Arc<Semaphore>,
    /// Requests that wait for a place.
    waiting: Cell<usize>,
    max_per_key: usize,
    idle: Duration,
    sweeping: Cell<bool>,
}

struct Kept {
    turns: Arc<Semaphore>,
    /// The one used last stands at the end.
    idle: Vec<Idle>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// A request's right to use or open one connection of its key.
pub(crate) struct Turn {
    pool: Rc<Pool>,
    key: Key,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(crate) fn new(config: &TransportConfig) -> Self {
        Self {
            kept: RefCell::default(),
            places: Arc::new(Semaphore::new(
                config.max_connections.clamp(1, Semaphore::MAX_PERMITS),
            )),
            waiting: Cell::new(0),
            max_per_key: config.max_per_endpoint.clamp(1, Semaphore::MAX_PERMITS),
            idle: config.idle,
            sweeping: Cell::new(false),
        }
    }

    /// Waits until fewer than the allowed number of requests use the key.
    pub(crate) async fn turn(self: &Rc<Self>, key: Key) -> Result<Turn, AcquireError> {
        let turns = {
            let mut kept = self.kept.borrow_mut();
            let entry = kept.entry(key.clone()).or_insert_with(|| Kept {
                turns: Arc::new(Semaphore::new(self.max_per_key)),
                idle: Vec::new(),
            });
            entry.turns.clone()
        };
        let mut turn = Turn { pool: self.clone(), key, permit: None };
        turn.permit = Some(turns.acquire_owned().await?);
        Ok(turn)
    }

    /// Waits for a place for one more connection, closing the one that has
    /// been idle longest if there is one.
    pub(crate) async fn place(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        loop {
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return Ok(place);
            }
            if !self.close_oldest() {
                break;
            }
        }
        let _waiting = Waiting::new(&self.waiting);
        self.places.clone().acquire_owned().await
    }

    fn close_oldest(&self) -> bool {
        let mut kept = self.kept.borrow_mut();
        // The first of each list has been idle longest.
        let oldest = kept
            .iter()
            .filter_map(|(key, entry)| entry.idle.first().map(|idle| (idle.since, key.clone())))
            .min();
        match oldest.and_then(|(_, key)| kept.get_mut(&key)) {
            Some(entry) => {
                entry.idle.remove(0);
                true
            }
            None => false,
        }
    }

    fn sweep(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut kept = self.kept.borrow_mut();
        kept.retain(|_, entry| {
            entry.idle.retain(|idle| {
                idle.connection.is_usable() && now.duration_since(idle.since) < self.idle
            });
            entry.is_in_use()
        });
        let oldest = kept.values().flat_map(|entry| &entry.idle).map(|idle| idle.since).min();
        oldest.map(|since| since.checked_add(self.idle).unwrap_or(now))
    }
}

impl Kept {
    fn is_in_use(&self) -> bool {
        // Turns, and requests that wait for one, hold the semaphore too.
        !self.idle.is_empty() || Arc::strong_count(&self.turns) > 1
    }
}

impl Turn {
    /// An idle connection that still seems to be open.
    pub(crate) fn reuse(&self) -> Option<Connection> {
        let mut kept = self.pool.kept.borrow_mut();
        let idle = &mut kept.get_mut(&self.key)?.idle;
        while let Some(Idle { connection, .. }) = idle.pop() {
            if connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for the next request, unless somebody else waits
    /// for its place.
    pub(crate) fn keep(&self, connection: Connection) {
        let pool = &self.pool;
        if pool.waiting.get() > 0 {
            return;
        }
        if let Some(entry) = pool.kept.borrow_mut().get_mut(&self.key) {
            entry.idle.push(Idle { connection, since: Instant::now() });
        }
        if !pool.sweeping.replace(true) {
            tokio::task::spawn_local(sweep_while_idle(Rc::downgrade(pool)));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        let mut kept = self.pool.kept.borrow_mut();
        if kept.get(&self.key).is_some_and(|entry| !entry.is_in_use()) {
            kept.remove(&self.key);
        }
    }
}

/// Counts one waiting request while it lives.
struct Waiting<'a>(&'a Cell<usize>);

impl<'a> Waiting<'a> {
    fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get().saturating_add(1));
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Closes connections whose time is over. Runs only while some are idle, so
/// that a quiet engine sleeps.
async fn sweep_while_idle(pool: Weak<Pool>) {
    loop {
        let next = {
            let Some(pool) = pool.upgrade() else { return };
            let Some(next) = pool.sweep() else {
                pool.sweeping.set(false);
                return;
            };
            next
        };
        tokio::time::sleep_until(next).await;
    }
}
