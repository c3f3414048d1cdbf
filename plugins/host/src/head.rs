//! The head of the event log: what happens now is read once for all durable
//! plugins, and laid out for those that hear of it. One that is far behind reads
//! the log itself, from its own place.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ramson_abi::WINDOW;
use ramson_system::EngineError;
use ramson_types::AccountId;
use tokio::sync::Notify;

use crate::convert::ids::account_of;
use crate::happening::Happening;
use crate::seat::Seat;
use crate::shared::{Attached, Shared};

/// After a failure of the store it is asked again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// So many events wait in a tray; then it is emptied, and its plugin is behind.
const WAITING: usize = WINDOW;

/// The accounts that a plugin sees; `None` for all.
pub(crate) type Scope = Option<Arc<BTreeSet<AccountId>>>;

/// As a plugin's gate has it.
pub(crate) fn scope_of(seat: &Seat) -> Scope {
    // No account has an id that is none.
    let ids = |ids: &BTreeSet<_>| ids.iter().filter_map(|id| account_of(id).ok()).collect();
    seat.gate.scope().map(|scope| Arc::new(ids(scope)))
}

/// What happens now, and who has caught up with it.
#[derive(Default)]
pub(crate) struct Head {
    readers: Mutex<Readers>,
    opened: Notify,
}

#[derive(Default)]
struct Readers {
    /// The engine that is read, by its number.
    engine: Option<u64>,
    /// Everything up to here was laid out.
    through: u64,
    of_account: BTreeMap<AccountId, Vec<Arc<Tray>>>,
    of_all: Vec<Arc<Tray>>,
}

/// What waits for one plugin.
struct Tray {
    seat: Arc<Seat>,
    laid: Mutex<Laid>,
    added: Notify,
}

#[derive(Default)]
struct Laid {
    waiting: VecDeque<Arc<Happening>>,
    /// There was no room for all.
    spilled: bool,
}

/// Reads what happens, for ever.
pub(crate) async fn read(shared: Arc<Shared>) {
    let mut engines = shared.engines();
    loop {
        shared.head.close();
        match engines.now() {
            Some(attached) => engines.during(read_one(&shared.head, &attached)).await,
            None => engines.during(ready(())).await,
        }
    }
}

/// Reads what happens in one engine, until that ends.
async fn read_one(head: &Head, attached: &Attached) {
    let mut follower = None;
    loop {
        let read = match &mut follower {
            None => attached.engine.follow().await.map(|begun| {
                head.open(attached.number, begun.through());
                follower = Some(begun);
            }),
            Some(follower) => follower.next().await.map(|followed| {
                if let Ok(happening) = Happening::of(followed) {
                    head.lay_out(happening);
                }
            }),
        };
        match read {
            Ok(()) => {}
            Err(EngineError::Stopped) => return,
            Err(error) => {
                tracing::warn!("durable plugins are told later what happened: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl Head {
    /// Joins those who hear of what happens in an engine, once that is read.
    pub(crate) async fn join(&self, seat: &Arc<Seat>, only: &Scope, engine: u64) -> Joined<'_> {
        loop {
            let mut opened = std::pin::pin!(self.opened.notified());
            // From here on a notice is not missed.
            opened.as_mut().enable();
            if let Some(joined) = self.join_now(seat, only, engine) {
                return joined;
            }
            opened.await;
        }
    }

    fn join_now(&self, seat: &Arc<Seat>, only: &Scope, engine: u64) -> Option<Joined<'_>> {
        let tray =
            Arc::new(Tray { seat: seat.clone(), laid: Mutex::default(), added: Notify::new() });
        let mut readers = self.readers();
        if readers.engine != Some(engine) {
            return None;
        }
        match only {
            None => readers.of_all.push(tray.clone()),
            Some(ids) => ids.iter().for_each(|id| {
                readers.of_account.entry(*id).or_default().push(tray.clone());
            }),
        }
        Some(Joined { head: self, tray, engine, only: only.clone(), from: readers.through })
    }

    fn open(&self, engine: u64, through: u64) {
        *self.readers() = Readers { engine: Some(engine), through, ..Readers::default() };
        self.opened.notify_waiters();
    }

    /// Whoever had joined hears of nothing more.
    fn close(&self) {
        *self.readers() = Readers::default();
    }

    fn lay_out(&self, happening: Happening) {
        let mut readers = self.readers();
        readers.through = happening.seq;
        let of_account = readers.of_account.get(&happening.account);
        let hearing: Vec<_> = readers
            .of_all
            .iter()
            .chain(of_account.into_iter().flatten())
            .filter(|tray| happening.is_heard_by(&tray.seat.gate))
            .collect();
        let happening = Arc::new(happening);
        hearing.into_iter().for_each(|tray| tray.add(&happening));
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tray {
    fn add(&self, happening: &Arc<Happening>) {
        let mut laid = self.laid();
        if laid.spilled {
            return;
        }
        if laid.waiting.len() < WAITING {
            laid.waiting.push_back(happening.clone());
        } else {
            *laid = Laid { waiting: VecDeque::new(), spilled: true };
        }
        drop(laid);
        self.added.notify_one();
    }

    fn laid(&self) -> MutexGuard<'_, Laid> {
        self.laid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A plugin's place at the head, until it is dropped.
pub(crate) struct Joined<'a> {
    head: &'a Head,
    tray: Arc<Tray>,
    /// The engine, by its number.
    engine: u64,
    only: Scope,
    /// Everything behind this number is laid out for it.
    pub(crate) from: u64,
}

impl Joined<'_> {
    /// The next event that it hears of. `None` once it is behind: the log has
    /// the rest.
    pub(crate) async fn next(&self) -> Option<Arc<Happening>> {
        loop {
            {
                let mut laid = self.tray.laid();
                if let Some(happening) = laid.waiting.pop_front() {
                    return Some(happening);
                }
                if laid.spilled {
                    return None;
                }
            }
            self.tray.added.notified().await;
        }
    }

    /// Up to where everything was taken by it, or was not for it.
    pub(crate) fn through(&self) -> Option<u64> {
        let readers = self.head.readers();
        let laid = self.tray.laid();
        (readers.engine == Some(self.engine) && laid.waiting.is_empty() && !laid.spilled)
            .then_some(readers.through)
    }
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        let mut readers = self.head.readers();
        let other = |tray: &Arc<Tray>| !Arc::ptr_eq(tray, &self.tray);
        readers.of_all.retain(other);
        for id in self.only.iter().flat_map(|ids| ids.iter()) {
            let Some(trays) = readers.of_account.get_mut(id) else { continue };
            trays.retain(other);
            if trays.is_empty() {
                readers.of_account.remove(id);
            }
        }
    }
}
