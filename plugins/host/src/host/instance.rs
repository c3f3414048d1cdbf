//! One instance of a plugin, from its private copy to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ramson_wire::PluginState;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::entry::Rights;
use super::resolve::Found;
use super::{Allowed, Host, HostError, Since};
use crate::child::{Plan, ProcessLink};
use crate::clock;
use crate::feeder;
use crate::gate::{Gate, Rules};
use crate::library::{self, Descriptor, LoadError, PrivateCopy};
use crate::seat::{Seat, SeatPlan};
use crate::watchdog::Health;
use crate::worker::{Ending, Open, Phase, Worker};

/// Why a user interface is not loaded that its user does not trust.
pub(super) const UI_UNTRUSTED: &str = "a user interface runs in this process, so that it cannot be untrusted; leave --untrusted out, \
     or take 'untrusted' out of plugins.toml";

/// How an instance leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// What waits for it is not told.
    AtOnce,
    /// It hears what waits for it.
    OnceHeard,
}

/// An instance that runs and is not seated yet.
pub(super) struct Started {
    pub(super) worker: Arc<Worker>,
    pub(super) descriptor: Descriptor,
}

impl Host {
    /// Loads a plugin, behind its door.
    pub(super) async fn load_inside(
        &self,
        found: &Found,
        allowed: Allowed,
        since: Since,
    ) -> Result<Arc<Worker>, HostError> {
        let entries = &self.inner.entries;
        let name = found.name.as_str();
        if entries.running(name).is_some() {
            return Err(HostError::Loaded { name: name.to_owned() });
        }
        let refuse = |reason: String| {
            let rest = PluginState::Refused { reason: reason.clone() };
            entries.begin(name, &found.library, None, Rights::default(), rest);
            self.publish();
            HostError::Refused { name: name.to_owned(), reason }
        };
        let library = found.library.clone();
        let read = aside(move || library::read(&library)).await;
        let descriptor = read.unwrap_or_else(|| Err(no_thread())).map_err(refuse)?;
        let rights = self.find_rights(found, &descriptor, allowed).await?;
        let shared = &self.inner.shared;
        let first = match descriptor.durable {
            true => feeder::first_place(shared, since).await,
            false => None,
        };
        let rest = PluginState::Starting;
        entries.begin(name, &found.library, Some(descriptor), rights, rest);
        self.publish();
        let started = self.start_again(name).await.inspect_err(|error| {
            let reason = match error {
                HostError::Refused { reason, .. }
                | HostError::Load { reason, .. }
                | HostError::Create { reason, .. } => reason.clone(),
                other => other.to_string(),
            };
            entries.rest(name, PluginState::Refused { reason });
            self.publish();
        })?;
        // One that did not start was never there.
        if let Some(first) = first {
            feeder::keep_place(shared, name, first).await;
        }
        self.seat(name, &started);
        self.publish();
        Ok(started.worker)
    }

    /// Starts an instance of a plugin that was loaded before.
    pub(super) async fn start_again(&self, name: &str) -> Result<Started, HostError> {
        if self.is_ended() {
            return Err(HostError::Ended);
        }
        let not_loaded = || HostError::NotLoaded { name: name.to_owned() };
        let (library, rights) = self.inner.entries.recipe(name).ok_or_else(not_loaded)?;
        let copies = self.inner.config.copies.clone();
        let failed = |error: LoadError| match error {
            LoadError::Refused(reason) => HostError::Refused { name: name.to_owned(), reason },
            LoadError::Failed(reason) => HostError::Load { name: name.to_owned(), reason },
        };
        let copied = aside(move || library::copy(&library, &copies)).await;
        let copy = copied.unwrap_or_else(|| Err(LoadError::Failed(no_thread()))).map_err(failed)?;
        let descriptor = copy.descriptor.clone();
        if rights.untrusted && descriptor.ui {
            return Err(HostError::Refused { name: name.to_owned(), reason: UI_UNTRUSTED.into() });
        }
        let worker = self.launch(name, copy, rights)?;
        let mut phase = worker.watch();
        let began = phase.wait_for(|phase| *phase != Phase::Starting).await;
        let phase = began.map_or(Phase::Starting, |phase| phase.clone());
        let reason = match phase {
            Phase::Running if !self.is_ended() => return Ok(Started { worker, descriptor }),
            Phase::Running => {
                self.leave(&worker, Leave::AtOnce).await;
                return Err(HostError::Ended);
            }
            Phase::Ended(Ending::NotLoaded(error)) => return Err(failed(error)),
            Phase::Ended(
                Ending::NotCreated(reason) | Ending::Panicked(reason) | Ending::GivenUp(reason),
            ) => reason,
            Phase::Starting | Phase::Ended(Ending::Destroyed) => "it ended at once".to_owned(),
        };
        Err(HostError::Create { name: name.to_owned(), reason })
    }

    /// Gives an instance its thread, and what it asks for somebody who does it.
    fn launch(
        &self,
        name: &str,
        copy: PrivateCopy,
        rights: Rights,
    ) -> Result<Arc<Worker>, HostError> {
        let descriptor = copy.descriptor.clone();
        let gate = Gate::new(Rules {
            name: name.to_owned(),
            ui: descriptor.ui,
            encoding: descriptor.encoding,
            topics: descriptor.topics,
            grants: rights.grants.and(descriptor.grants),
            accounts: rights.accounts,
            conversations: rights.conversations,
            rate: rights.rate,
        });
        let (shared, clock) = (self.inner.shared.clone(), self.inner.shared.clone());
        let (seat, inbox) = Seat::new(SeatPlan {
            name: name.to_owned(),
            generation: self.inner.generations.fetch_add(1, Ordering::Relaxed),
            ui: descriptor.ui,
            durable: descriptor.durable,
            encoding: descriptor.encoding,
            gate: Arc::new(gate),
            queue_limit: self.limits().queue,
            wake: Box::new(move || shared.wake()),
            now: Box::new(move || clock.now()),
        });
        let seat = Arc::new(seat);
        let shared = self.inner.shared.clone();
        tokio::spawn(crate::requests::serve(self.clone(), shared, seat.clone(), inbox));
        let open: Open = match rights.untrusted {
            false => Box::new(move || copy.map()),
            true => {
                let (command, own) = (self.inner.config.child.clone(), seat.clone());
                // The plugin's thread finds out why.
                let gone = Box::new(move || own.close());
                let plan = Plan { name: name.to_owned(), command, copy, gone };
                Box::new(move || ProcessLink::start(plan))
            }
        };
        let worker = Worker::start(seat.clone(), open, rights.config).map_err(|error| {
            seat.close();
            HostError::Load { name: name.to_owned(), reason: error.to_string() }
        })?;
        tokio::spawn(self.clone().watch(worker.clone()));
        Ok(worker)
    }

    /// Lets an instance hear what happens, as that of its plugin.
    pub(super) fn seat(&self, name: &str, started: &Started) {
        let Started { worker, descriptor } = started;
        debug_assert_eq!(name, worker.seat.name);
        self.inner.entries.runs(worker, Some(descriptor.clone()));
        self.inner.shared.add(worker.seat.clone());
        if worker.seat.progress().is_some() {
            tokio::spawn(feeder::feed(self.inner.shared.clone(), worker.seat.clone()));
        }
        // It may have ended before anybody looked for it.
        if matches!(worker.phase(), Phase::Ended(_)) {
            self.has_ended(worker);
        }
    }

    /// Seats an instance instead of another that it follows, between two events.
    pub(super) async fn exchange(
        &self,
        old: &Arc<Worker>,
        new: &Arc<Worker>,
    ) -> Result<(), HostError> {
        let shared = &self.inner.shared;
        let mut told = shared.exchange(&old.seat, &new.seat);
        let reason = match timeout(self.limits().stop, &mut told).await {
            Err(_) if shared.withdraw(&new.seat) => {
                "there is no snapshot for it, because the store does not answer; try again"
            }
            // It is being done in this moment.
            Err(_) if told.await.is_ok() => return Ok(()),
            Ok(Ok(())) => return Ok(()),
            _ => "it ended at once",
        };
        Err(HostError::Create { name: new.seat.name.clone(), reason: reason.to_owned() })
    }

    /// Ends an instance that is not seated any more, and waits for it in its
    /// time. A reason if it had to be given up.
    pub(super) async fn leave(&self, worker: &Arc<Worker>, how: Leave) -> Option<String> {
        let stop = self.limits().stop;
        let mut phase = worker.watch();
        let ended = |phase: &Phase| matches!(phase, Phase::Ended(_));
        if how == Leave::OnceHeard {
            worker.seat.finish();
            // As long as it goes on with what waits for it.
            let mut heard = None;
            loop {
                let taken = worker.seat.counts().taken;
                let goes_on = heard.replace(taken) != Some(taken) && !self.is_ended();
                if !goes_on || timeout(stop, phase.wait_for(ended)).await.is_ok() {
                    break;
                }
            }
        }
        worker.seat.close();
        if timeout(stop, phase.wait_for(ended)).await.is_err() {
            let reason = format!("it did not stop within {} s", stop.as_secs_f32());
            tracing::error!(plugin = worker.seat.name, "{reason}; it is given up");
            worker.give_up(reason);
        }
        let cleared = worker.clone();
        let _in_time = timeout(stop, aside(move || cleared.clear())).await;
        match worker.phase() {
            Phase::Ended(Ending::GivenUp(reason)) => Some(reason),
            _ => None,
        }
    }

    /// Looks after one instance until it ended.
    async fn watch(self, worker: Arc<Worker>) {
        let limits = self.limits().clone();
        let tick =
            (limits.unresponsive / 5).clamp(Duration::from_millis(5), Duration::from_secs(1));
        let mut phase = worker.watch();
        let mut health = Health::Fine;
        loop {
            tokio::select! {
                biased;
                _ended = phase.wait_for(|phase| matches!(phase, Phase::Ended(_))) => break,
                () = sleep(tick) => {}
            }
            let now = worker.pulse.health(clock::now(), &limits);
            if let Health::Stuck { call, since } = now {
                worker
                    .give_up(format!("it did not return from {call} within {} s", since.as_secs()));
                break;
            }
            if std::mem::replace(&mut health, now) != now {
                self.publish();
            }
        }
        self.has_ended(&worker);
    }
}

/// Does something that blocks, on a thread of its own: the runtime's threads
/// would hold up its end. `None` if there is no thread for it, or it panicked.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (tell, told) = oneshot::channel();
    let work = move || {
        // Who asked may be gone.
        let _gone = tell.send(work());
    };
    std::thread::Builder::new().name("plugins".to_owned()).spawn(work).ok()?;
    told.await.ok()
}

pub(super) fn no_thread() -> String {
    "no thread could be started for it; end something else first".to_owned()
}
