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

use ramson_protocol::event::{EventKind as Kind, EventRef};
use ramson_system::{Engine, EngineError, EngineEvent, Followed, Follower};
use ramson_types::AccountId;
use ramson_wire::{Event, EventKind, NetworkEvent, Path, Plugin};
use tokio::sync::watch;

use crate::convert;
use crate::convert::conversation::{account as account_of_profile, conversation};
use crate::convert::event::{self, Lookup};
use crate::convert::ids::{account_id, conversation_id, message_id};
use crate::convert::message::message;
use crate::gate::Gate;
use crate::prepared::Prepared;
use crate::seat::Seat;
use crate::shared::{Attached, Shared, State};
use crate::snapshot::{self, Around, Whole};

/// After a failure of the store it is asked again so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// So often what an event needs is asked for.
const ATTEMPTS: u32 = 5;

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
            self.waiting = Vec::clone(&self.shared.seats());
        }
    }

    async fn give_snapshots(&mut self) {
        for seat in self.shared.seats().iter().filter(|seat| seat.wants_snapshot()) {
            if !self.waiting.iter().any(|other| Arc::ptr_eq(other, seat)) {
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
            seat.tell(self.told, &snapshot::of(&seat, self.told, &around, &whole));
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
        match followed {
            Followed::Received { seq, account, message: came } => {
                self.told = seq;
                if !self.know(&account).await {
                    return;
                }
                let what = EventRef {
                    kind: Kind::MessageReceived,
                    message: Some(came.id),
                    conversation: came.conversation.clone(),
                };
                if self.somebody_hears(&account, &what) {
                    let message = message(&account, &came);
                    self.tell(Event::Message { account: account_id(&account), message });
                }
            }
            Followed::Changed { seq, account, what, event } => {
                self.told = seq;
                if !self.know(&account).await || !self.somebody_hears(&account, &what) {
                    return;
                }
                let made = match event {
                    Some(event) => event::event(&account, &event),
                    None => event::logged(&account, &what),
                };
                let event = match made {
                    Ok(event) => Some(event),
                    Err(lookup) => self.look_up(&account, lookup).await,
                };
                if let Some(event) = event {
                    self.tell(event);
                }
            }
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
                self.waiting = Vec::clone(&self.shared.seats());
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
        }
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
        match self.look_up(account, Lookup::Profile).await {
            Some(Event::Profile { account: profile }) => {
                self.known.insert(*account);
                self.tell(Event::Account { account: profile });
                true
            }
            // It was removed meanwhile.
            _ => false,
        }
    }

    fn somebody_hears(&self, account: &AccountId, what: &EventRef) -> bool {
        let (account, kind) = (account_id(account), kind_of(what.kind));
        let conversation = match kind {
            EventKind::Profile => None,
            _ => Some(conversation_id(&what.conversation)),
        };
        let hears =
            |seat: &Arc<Seat>| seat.gate.hears_of(kind, Some(&account), conversation.as_ref());
        self.shared.seats().iter().any(hears)
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

    /// What an event does not say itself. `None` where it is not there any
    /// more and nothing has to be said.
    async fn look_up(&self, account: &AccountId, lookup: Lookup) -> Option<Event> {
        let engine = &self.source.as_ref()?.attached.engine;
        for _ in 0..ATTEMPTS {
            match ask(engine, account, &lookup).await {
                Ok(event) => return Some(event),
                Err(EngineError::Stopped | EngineError::NoSuchAccount { .. }) => return None,
                Err(error) => {
                    tracing::warn!("plugins are told later what happened: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        tracing::error!("plugins miss an event, because the store does not answer");
        self.shared.seats().iter().for_each(|seat| seat.skip());
        None
    }
}

async fn ask(engine: &Engine, own: &AccountId, lookup: &Lookup) -> Result<Event, EngineError> {
    let account = account_id(own);
    Ok(match lookup {
        Lookup::Message { id, conversation, new } => match engine.message(*id).await? {
            Some(found) if *new => Event::Message { account, message: message(own, &found) },
            Some(found) => Event::MessageChanged {
                account,
                conversation: conversation_id(conversation),
                message: message_id(*id),
                change: ramson_wire::Change::Now { message: message(own, &found) },
            },
            None => event::removed(own, *id, conversation, false),
        },
        Lookup::Conversation(id) => {
            let lines = engine.conversations(own).await?;
            match lines.iter().find(|line| line.id == *id) {
                Some(line) => Event::Conversation { account, conversation: conversation(line) },
                None => event::conversation_removed(own, id),
            }
        }
        Lookup::Profile => {
            Event::Profile { account: account_of_profile(&engine.profile(own).await?) }
        }
    })
}

/// As what plugins are told of it.
const fn kind_of(kind: Kind) -> EventKind {
    match kind {
        Kind::MessageReceived | Kind::MessageQueued => EventKind::Message,
        Kind::MessageRemoved => EventKind::MessageRemoved,
        Kind::ConversationChanged => EventKind::Conversation,
        Kind::ConversationRemoved => EventKind::ConversationRemoved,
        Kind::ProfileChanged => EventKind::Profile,
        _ => EventKind::MessageChanged,
    }
}
