//! Tells plugins what happens: one task for all of them.
//!
//! It tells events in the order of their numbers, and gives snapshots between
//! two events: a plugin that gets a snapshot with the number N has heard of
//! nothing above N before, and hears of all of it afterwards. What the engine
//! did meanwhile may be in the snapshot already; it is told all the same. An
//! instance takes the place of another in the same moment, so that each event is
//! heard by one of them.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use ramson_system::{EngineError, EngineEvent, Followed, Follower};
use ramson_types::AccountId;
use ramson_wire::{Event, EventKind, NetworkEvent, Path, Plugin};
use tokio::sync::watch;

use crate::convert;
use crate::convert::event::{self, Lookup};
use crate::convert::ids::account_id;
use crate::gate::Gate;
use crate::happening::{Happening, Unknown, look_up};
use crate::prepared::Prepared;
use crate::seat::Seat;
use crate::shared::{Attached, Shared, State};
use crate::snapshot::{self, Around, Whole};

/// After a failure of the store it is asked again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells plugins what happens, for ever.
pub(crate) async fn run(shared: Arc<Shared>) {
    Pump::new(shared).run().await;
}

struct Pump {
    shared: Arc<Shared>,
    state: watch::Receiver<State>,
    plugins: watch::Receiver<Arc<Vec<Plugin>>>,
    source: Option<Source>,
    /// The round of the state that plugins were told.
    round: u64,
    /// The number of the newest event that was told.
    told: u64,
    /// The accounts that plugins were told of.
    known: BTreeSet<AccountId>,
    /// Who waits for a snapshot.
    waiting: Vec<Arc<Seat>>,
}

struct Source {
    follower: Follower,
    attached: Attached,
}

async fn next(source: &mut Option<Source>) -> Result<Followed, EngineError> {
    match source {
        Some(source) => source.follower.next().await,
        None => pending().await,
    }
}

impl Pump {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            state: shared.state(),
            plugins: shared.plugins(),
            shared,
            source: None,
            round: 0,
            told: 0,
            known: BTreeSet::new(),
            waiting: Vec::new(),
        }
    }

    async fn run(mut self) {
        // An engine may be there already.
        self.take_state();
        loop {
            self.give_snapshots().await;
            tokio::select! {
                biased;
                changed = self.state.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.take_state();
                }
                () = self.shared.woken() => {}
                changed = self.plugins.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let plugins = self.plugins.borrow_and_update().clone();
                    let whole = Event::Plugins { plugins: plugins.to_vec() };
                    self.tell_as_seen(whole, |gate| Event::Plugins {
                        plugins: gate.plugins(&plugins),
                    });
                }
                next = next(&mut self.source) => match next {
                    Ok(followed) => self.take(followed).await,
                    Err(EngineError::Stopped) => self.source = None,
                    Err(error) => {
                        tracing::warn!("plugins are told later what happened: {error}");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    }

    /// Another engine, or another stage: everybody gets a new snapshot.
    fn take_state(&mut self) {
        let state = self.state.borrow_and_update().clone();
        let Some(attached) = state.attached else {
            self.source = None;
            self.begin_round(state.round);
            return;
        };
        let same = self.source.as_ref().is_some_and(|it| it.attached.number == attached.number);
        if !same {
            let follower = attached.engine.follow_from_start();
            self.told = follower.through();
            self.known.clear();
            self.source = Some(Source { follower, attached });
        }
        self.begin_round(state.round);
    }

    fn begin_round(&mut self, round: u64) {
        if std::mem::replace(&mut self.round, round) != round {
            self.everybody_waits();
        }
    }

    fn everybody_waits(&self) {
        self.shared.seats().iter().for_each(|seat| seat.want_snapshot());
    }

    async fn give_snapshots(&mut self) {
        let engine = self.source.as_ref().map(|source| source.attached.number);
        // A durable one has to be in its place first.
        let ready = |seat: &&Arc<Seat>| seat.progress().is_none() || seat.place(engine).is_some();
        for seat in self.shared.seats().iter().filter(ready).filter(|seat| seat.wants_snapshot()) {
            if !self.waiting.iter().any(|other| Arc::ptr_eq(other, seat)) {
                if let Some(progress) = seat.progress() {
                    progress.hold();
                }
                self.waiting.push(seat.clone());
            }
        }
        self.waiting.retain(|seat| !seat.is_gone());
        let successors = self.shared.successors();
        if self.waiting.is_empty() && successors.is_empty() {
            return;
        }
        let mut all = self.waiting.iter().chain(&successors);
        let lines = all.any(|seat| snapshot::wants_conversations(seat));
        let whole = match &self.source {
            Some(source) => match Whole::read(&source.attached.engine, lines).await {
                Ok(whole) => whole,
                // What follows has to be told first: another engine, or none.
                Err(EngineError::Stopped) => {
                    self.source = None;
                    return;
                }
                Err(error) => {
                    tracing::warn!("plugins get their snapshot later: {error}");
                    tokio::time::sleep(PAUSE).await;
                    self.shared.wake();
                    return;
                }
            },
            None if self.state.borrow().attached.is_some() => return,
            None => Whole::default(),
        };
        self.introduce(&whole);
        let plugins = self.plugins.borrow().clone();
        let around = Around {
            version: &self.shared.version,
            stage: self.state.borrow().stage.clone(),
            info: self.source.as_ref().map(|source| &source.attached.info),
            plugins: &plugins,
            window: self.shared.places.get(),
        };
        for seat in self.waiting.drain(..) {
            let told = match (seat.progress(), seat.place(engine)) {
                (None, _) => self.told,
                (Some(_), Some(place)) => place,
                // It begins anew.
                (Some(_), None) => {
                    seat.want_snapshot();
                    continue;
                }
            };
            seat.tell(told, &snapshot::of(&seat, told, &around, &whole));
        }
        for seat in successors {
            self.shared.succeed(&seat, || {
                seat.tell(self.told, &snapshot::of(&seat, self.told, &around, &whole));
                // It was to want one once it sits with the others.
                let _given = seat.wants_snapshot();
            });
        }
    }

    /// Tells of accounts that a snapshot has and nobody was told of, all those
    /// who do not get the snapshot.
    fn introduce(&mut self, whole: &Whole) {
        for account in whole.accounts() {
            let Ok(id) = convert::ids::account_of(&account.id) else { continue };
            if !self.known.insert(id) {
                continue;
            }
            let came = Arc::new(Prepared::new(Event::Account { account: account.clone() }));
            let seats = self.shared.seats();
            let hears = |seat: &&Arc<Seat>| {
                seat.gate.hears(came.event())
                    && !self.waiting.iter().any(|other| Arc::ptr_eq(other, seat))
            };
            seats.iter().filter(hears).for_each(|seat| seat.tell(self.told, &came));
        }
    }

    async fn take(&mut self, followed: Followed) {
        let other = match Happening::of(followed) {
            Ok(happening) => return self.take_numbered(happening).await,
            Err(other) => other,
        };
        match other {
            Followed::Signal { account, signal } => {
                if let Some(event) = event::signal(&account, &signal) {
                    self.tell(event);
                }
            }
            Followed::Engine(EngineEvent::AccountAdded { account }) => {
                self.know(&account).await;
            }
            Followed::Engine(EngineEvent::AccountRemoved { account }) => {
                self.known.remove(&account);
                self.tell(Event::AccountRemoved { account: account_id(&account) });
            }
            // An account may have come or gone: only a snapshot tells.
            Followed::Missed => {
                self.known.clear();
                self.everybody_waits();
            }
            Followed::Engine(event) => {
                let Some(what) = event::network_event(&event) else { return };
                // It may be the path of an account that not everybody sees.
                let as_seen = match &what {
                    NetworkEvent::PathReady { .. } => {
                        NetworkEvent::PathReady { path: Path { hops: Vec::new() } }
                    }
                    what => what.clone(),
                };
                self.tell_as_seen(Event::Network { what }, |_| Event::Network {
                    what: as_seen.clone(),
                });
            }
            // They have numbers.
            Followed::Received { .. } | Followed::Changed { .. } => {}
        }
    }

    /// Those who are durable are told of it by their own feeders.
    async fn take_numbered(&mut self, happening: Happening) {
        self.told = happening.seq;
        if !self.know(&happening.account).await {
            return;
        }
        let Some(source) = &self.source else { return };
        let seats = self.shared.seats();
        let hears = |seat: &&Arc<Seat>| seat.progress().is_none();
        let mut hearing = seats.iter().filter(hears);
        if !hearing.any(|seat| happening.is_heard_by(&seat.gate)) {
            return;
        }
        match happening.event(&source.attached.engine).await {
            Ok(Some(event)) => {
                let seats = self.shared.seats();
                let hears = |seat: &&Arc<Seat>| hears(seat) && seat.gate.hears(&event);
                let hearing: Vec<_> = seats.iter().filter(hears).cloned().collect();
                let prepared = Arc::new(Prepared::new(event));
                hearing.iter().for_each(|seat| seat.tell(self.told, &prepared));
            }
            Ok(None) => {}
            Err(Unknown) => self.missed(),
        }
    }

    /// Something is not known that plugins should be told.
    fn missed(&self) {
        let seats = self.shared.seats();
        seats.iter().filter(|seat| seat.progress().is_none()).for_each(|seat| seat.skip());
    }

    /// Tells of an account before anything of it is told. Whether there is
    /// anything to tell: the account is there, and somebody sees it.
    async fn know(&mut self, account: &AccountId) -> bool {
        if self.known.contains(account) {
            return true;
        }
        let id = account_id(account);
        let sees = |seat: &Arc<Seat>| seat.gate.hears_of(EventKind::Account, Some(&id), None);
        if !self.shared.seats().iter().any(sees) {
            return false;
        }
        let Some(source) = &self.source else { return false };
        let looked = look_up(&source.attached.engine, account, &Lookup::Profile).await;
        if looked.is_err() {
            self.missed();
        }
        match looked {
            Ok(Some(Event::Profile { account: profile })) => {
                self.known.insert(*account);
                self.tell(Event::Account { account: profile });
                true
            }
            // It was removed meanwhile.
            _ => false,
        }
    }

    /// To all that hear of it.
    fn tell(&self, event: Event) {
        let seats = self.shared.seats();
        let hearing: Vec<_> = seats.iter().filter(|seat| seat.gate.hears(&event)).collect();
        if hearing.is_empty() {
            return;
        }
        let prepared = Arc::new(Prepared::new(event));
        for seat in hearing {
            seat.tell(self.told, &prepared);
        }
    }

    /// To all that hear of it, and to those with a scope as they may see it.
    fn tell_as_seen(&self, event: Event, as_seen: impl Fn(&Gate) -> Event) {
        let whole = Arc::new(Prepared::new(event));
        let seats = self.shared.seats();
        for seat in seats.iter().filter(|seat| seat.gate.hears(whole.event())) {
            match seat.gate.is_wide() {
                true => seat.tell(self.told, &whole),
                false => seat.tell(self.told, &Arc::new(Prepared::new(as_seen(&seat.gate)))),
            }
        }
    }
}
