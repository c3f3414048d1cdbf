//! Whose turn it is on the main thread.
//!
//! The lock of [`Screen`] is held while turns change, so that a turn that ends
//! meanwhile by itself is looked at once it is clear who comes next. A plugin's
//! door is locked after it, never before.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use ramson_abi::{FAILED, OK, PANICKED};
use ramson_wire::PluginState;
use tokio::sync::MutexGuard;
use tokio::time::{sleep, timeout};

use super::entry::Round;
use super::instance::{Leave, aside};
use super::{Allowed, Asker, Host, HostError, Since};
use crate::library;
use crate::restart::Next;
use crate::slot::{SlotEnd, Turn, TurnEnd};
use crate::worker::{Ending, Phase, Worker};

/// A UI that got the screen back and returns earlier than this could not go on
/// where it was: nobody is so quick to close it.
const AGAIN_TRIAL: Duration = Duration::from_secs(1);

/// What is on the screen.
#[derive(Default)]
pub(super) struct Screen {
    showing: Option<Showing>,
    paused: bool,
}

struct Showing {
    worker: Arc<Worker>,
    /// Which UI it took the screen from.
    before: Option<String>,
}

impl Showing {
    fn name(&self) -> &str {
        &self.worker.seat.name
    }

    fn is(&self, generation: u64) -> bool {
        self.worker.seat.generation == generation
    }
}

type Locked<'a> = MutexGuard<'a, Screen>;

impl Host {
    fn set_ui(&self, name: Option<&str>) {
        *self.inner.ui.lock().unwrap_or_else(PoisonError::into_inner) = name.map(str::to_owned);
    }

    pub(super) async fn show_ui(&self, name_or_path: &str, asker: Asker) -> Result<(), HostError> {
        let mut screen = self.inner.screen.lock().await;
        if self.is_ended() {
            return Err(HostError::Ended);
        }
        // What is loaded needs no library any more.
        let loaded = self.inner.entries.running(name_or_path).map(|it| it.seat.name.clone());
        let found = match &loaded {
            Some(_) => None,
            None => Some(self.find(name_or_path).await?),
        };
        let name = loaded.or_else(|| found.as_ref().map(|it| it.name.clone())).unwrap_or_default();
        if screen.showing.as_ref().is_some_and(|showing| showing.name() == name) {
            return Ok(());
        }
        let door = self.inner.entries.door(&name);
        let inside = door.lock().await;
        let no_ui = || HostError::NoUi { name: name.clone() };
        let (worker, fresh) = match (self.inner.entries.running(&name), found) {
            (Some(worker), _) => (worker, false),
            (None, Some(found)) => {
                let library = found.library.clone();
                let read = aside(move || library::read(&library)).await;
                // What is no plugin at all is refused by the loading.
                if read.is_some_and(|read| read.is_ok_and(|descriptor| !descriptor.ui)) {
                    return Err(no_ui());
                }
                let (host, wanted) = (self.clone(), found.clone());
                let allowed = aside(move || host.allowed_ui(&wanted, asker)).await;
                let allowed = allowed.unwrap_or(Allowed::AsDecided);
                (self.load_inside(&found, allowed, Since::Now).await?, true)
            }
            (None, None) => return Err(HostError::NotLoaded { name }),
        };
        if !worker.seat.ui {
            return Err(no_ui());
        }
        match self.give_screen(&mut screen, &worker).await {
            Ok(old) => {
                drop(inside);
                if let Some(old) = old {
                    let door = self.inner.entries.door(old.name());
                    let _inside = door.lock().await;
                    // It may have failed and be gone already.
                    let _stopped = self.stop_inside(old.name(), Leave::AtOnce).await;
                }
                self.publish();
                Ok(())
            }
            Err(error) => {
                if fresh {
                    let _stopped = self.stop_inside(&name, Leave::AtOnce).await;
                }
                Err(error)
            }
        }
    }

    /// Puts a fresh copy of the UI that shows in its place.
    pub(super) async fn renew_ui(&self, name: &str) -> Result<(), HostError> {
        let mut screen = self.inner.screen.lock().await;
        if screen.showing.as_ref().is_none_or(|showing| showing.name() != name) {
            return Err(HostError::NotLoaded { name: name.to_owned() });
        }
        let door = self.inner.entries.door(name);
        let _inside = door.lock().await;
        let new = self.start_again(name).await?;
        // For a moment both hear what happens: the old one may have to go on.
        self.inner.shared.add(new.worker.seat.clone());
        match self.give_screen(&mut screen, &new.worker).await {
            Ok(old) => {
                if let Some(old) = &old {
                    self.inner.shared.remove(&old.worker.seat);
                }
                self.seat(name, &new);
                if let Some(old) = old {
                    self.leave(&old.worker, Leave::AtOnce).await;
                }
                self.publish();
                Ok(())
            }
            Err(error) => {
                self.inner.shared.remove(&new.worker.seat);
                self.leave(&new.worker, Leave::AtOnce).await;
                Err(error)
            }
        }
    }

    /// Gives a UI the screen once the one that has it let go. Gives back what
    /// showed before.
    async fn give_screen(
        &self,
        screen: &mut Locked<'_>,
        worker: &Arc<Worker>,
    ) -> Result<Option<Showing>, HostError> {
        let turn = turn(worker, false)?;
        let old = screen.showing.take();
        if !screen.paused {
            let slot = &self.inner.slot;
            slot.put(turn);
            if let Some(showing) = old.as_ref()
                && !self.free_screen(&showing.worker).await
                && slot.take_back(worker.seat.generation)
            {
                slot.ask_no_more();
                let name = showing.name().to_owned();
                screen.showing = old;
                return Err(HostError::Stuck { name });
            }
        }
        let name = worker.seat.name.as_str();
        let before = old.as_ref().and_then(|old| match old.name() == name {
            true => old.before.clone(),
            false => Some(old.name().to_owned()),
        });
        screen.showing = Some(Showing { worker: worker.clone(), before });
        self.set_ui(Some(name));
        Ok(old)
    }

    /// Asks a UI to give the screen back; whether it did in its time.
    async fn free_screen(&self, worker: &Arc<Worker>) -> bool {
        let generation = worker.seat.generation;
        if self.inner.slot.take_back(generation) || !self.inner.slot.ask(generation) {
            return true;
        }
        if let Some(link) = worker.link() {
            tokio::spawn(aside(move || link.request_stop()));
        }
        timeout(self.limits().stop, self.inner.slot.left(generation)).await.is_ok()
    }

    pub(super) async fn pause(&self) -> Result<(), HostError> {
        let mut screen = self.inner.screen.lock().await;
        if screen.paused {
            return Ok(());
        }
        if let Some(showing) = &screen.showing
            && !self.free_screen(&showing.worker).await
        {
            self.inner.slot.ask_no_more();
            return Err(HostError::Stuck { name: showing.name().to_owned() });
        }
        screen.paused = true;
        Ok(())
    }

    pub(super) async fn resume(&self) {
        let mut screen = self.inner.screen.lock().await;
        if !std::mem::replace(&mut screen.paused, false) || self.is_ended() {
            return;
        }
        let Some(showing) = &screen.showing else { return };
        match (showing.worker.phase(), turn(&showing.worker, true)) {
            (Phase::Running, Ok(turn)) => self.inner.slot.put(turn),
            // It failed meanwhile.
            _ => {
                let reason = "it failed while it was paused".to_owned();
                self.after_failure(&mut screen, reason, None).await;
            }
        }
    }

    /// Ends the slot, and the turn that is under way.
    pub(super) async fn end_screen(&self, end: SlotEnd) {
        self.inner.slot.end(end);
        // A UI that is being created just now would be waited for, so that the
        // one that shows is asked before.
        let shows = self.ui().and_then(|name| self.inner.entries.running(&name));
        if let Some(worker) = shows
            && !self.free_screen(&worker).await
        {
            tracing::error!(plugin = worker.seat.name, "the UI does not give the screen back");
            // It cannot be destroyed while it runs.
            worker.give_up("it does not give the screen back".to_owned());
        }
        let locked = timeout(self.limits().stop, self.inner.screen.lock()).await;
        let Ok(mut screen) = locked else { return };
        if let Some(showing) = screen.showing.take()
            && !self.free_screen(&showing.worker).await
        {
            tracing::error!(plugin = showing.name(), "the UI does not give the screen back");
            // It cannot be destroyed while it runs.
            showing.worker.give_up("it does not give the screen back".to_owned());
        }
        self.set_ui(None);
    }

    /// Looks at turns that ended by themselves, for ever.
    pub(super) async fn look_after_screen(self) {
        loop {
            let end = self.inner.slot.turn_end().await;
            let mut screen = self.inner.screen.lock().await;
            // Another UI may have been asked for meanwhile.
            if screen.showing.as_ref().is_some_and(|showing| showing.is(end.generation)) {
                self.turn_ended(&mut screen, end).await;
            }
        }
    }

    async fn turn_ended(&self, screen: &mut Locked<'_>, end: TurnEnd) {
        let Some(showing) = &screen.showing else { return };
        let alive = showing.worker.phase() == Phase::Running;
        if end.late && alive && end.status == OK {
            // It made room when nobody wanted that any more: its user closed
            // nothing.
            if let Ok(turn) = turn(&showing.worker, true) {
                self.inner.slot.put(turn);
            }
            return;
        }
        let reason = match end.status {
            // Its user closed it.
            OK if alive && !(end.again && end.lasted < AGAIN_TRIAL) => {
                let ui = showing.name().to_owned();
                self.inner.slot.end(SlotEnd::Closed { ui });
                return;
            }
            OK if alive => "it did not go on after a pause".to_owned(),
            OK => "it ended with its thread".to_owned(),
            FAILED => "its run_ui failed; the log says why".to_owned(),
            PANICKED => {
                let reason = "it panicked in run_ui".to_owned();
                if self.inner.entries.take_if(&showing.worker) {
                    self.inner.shared.remove(&showing.worker.seat);
                    self.inner.entries.absorb(showing.name(), &showing.worker);
                }
                showing.worker.give_up(reason.clone());
                reason
            }
            status => format!("its run_ui ended with status {status}"),
        };
        if end.again && end.lasted < self.limits().ui_trial {
            self.renew_after_pause(screen, reason).await;
        } else {
            self.after_failure(screen, reason, Some(end.lasted)).await;
        }
    }

    /// A UI that cannot show twice gets a fresh copy of itself.
    async fn renew_after_pause(&self, screen: &mut Locked<'_>, reason: String) {
        let Some(showing) = screen.showing.take() else { return };
        self.dismiss(&showing).await;
        tracing::info!(plugin = showing.name(), "{reason}: a fresh copy takes its place");
        let brought = self.bring(screen, showing.name(), showing.before.clone()).await;
        if let Err(error) = brought {
            self.fall_back(screen, &showing, error.to_string()).await;
        }
    }

    /// A UI's instance ended while it showed.
    pub(super) async fn take_screen(self, worker: Arc<Worker>, reason: String) {
        let mut screen = self.inner.screen.lock().await;
        let generation = worker.seat.generation;
        let shows = screen.showing.as_ref().is_some_and(|showing| showing.is(generation));
        // What is paused is found out about once it is to go on.
        if !shows || screen.paused {
            return;
        }
        if self.free_screen(&worker).await {
            self.after_failure(&mut screen, reason, None).await;
        } else {
            // Once it does, this is looked at again.
            self.inner.slot.ask_no_more();
            tracing::error!(plugin = worker.seat.name, "the UI does not give the screen back");
        }
    }

    /// The UI that showed failed, and the screen is free.
    async fn after_failure(
        &self,
        screen: &mut Locked<'_>,
        reason: String,
        lasted: Option<Duration>,
    ) {
        let Some(showing) = screen.showing.take() else { return };
        self.set_ui(None);
        self.dismiss(&showing).await;
        let name = showing.name();
        let early = lasted.is_some_and(|lasted| lasted < self.limits().ui_trial);
        let hangs =
            matches!(showing.worker.phase(), Phase::Ended(Ending::GivenUp(_))) && lasted.is_none();
        if early || hangs {
            let rest = PluginState::Retired { reason: reason.clone() };
            self.inner.entries.rest(name, rest);
            self.publish();
            return self.fall_back(screen, &showing, reason).await;
        }
        match self.note_failure(name, reason.clone()) {
            Some((Next::After(wait), round)) => self.bring_back_later(showing, wait, round),
            Some((Next::Never, _)) | None => self.fall_back(screen, &showing, reason).await,
        }
    }

    /// Ends the instance of a UI whose turn is over.
    async fn dismiss(&self, showing: &Showing) {
        if self.inner.entries.take_if(&showing.worker) {
            self.inner.shared.remove(&showing.worker.seat);
            self.leave(&showing.worker, Leave::AtOnce).await;
            self.inner.entries.absorb(showing.name(), &showing.worker);
        }
    }

    /// The UI from before takes the place of one that failed; without one the
    /// slot ends.
    async fn fall_back(&self, screen: &mut Locked<'_>, failed: &Showing, reason: String) {
        let ui = failed.name().to_owned();
        let back = match failed.before.as_deref() {
            Some(before) => {
                tracing::error!(plugin = ui, "{reason}; {before} takes the screen again");
                self.bring(screen, before, None).await.map_err(|error| error.to_string())
            }
            None => Err(String::new()),
        };
        if let Err(error) = back {
            let reason = if error.is_empty() { reason } else { format!("{reason}; {error}") };
            tracing::error!(plugin = ui, "{reason}; no UI is left");
            self.inner.slot.end(SlotEnd::Failed { ui, reason });
        }
    }

    /// Lets a UI that was loaded before show again, on a screen that is free.
    async fn bring(
        &self,
        screen: &mut Locked<'_>,
        name: &str,
        before: Option<String>,
    ) -> Result<(), HostError> {
        let door = self.inner.entries.door(name);
        let _inside = door.lock().await;
        let worker = match self.inner.entries.running(name) {
            Some(worker) => worker,
            None => {
                let started = self.start_again(name).await?;
                self.inner.entries.count_restart(name);
                self.seat(name, &started);
                started.worker
            }
        };
        self.give_screen(screen, &worker).await?;
        if let Some(showing) = screen.showing.as_mut() {
            showing.before = before;
        }
        self.publish();
        Ok(())
    }

    fn bring_back_later(&self, failed: Showing, mut wait: Duration, mut round: Round) {
        let host = self.clone();
        tokio::spawn(async move {
            let name = failed.name();
            loop {
                sleep(wait).await;
                let mut screen = host.inner.screen.lock().await;
                if host.is_ended() || !host.inner.entries.is_round(name, round) {
                    return;
                }
                if screen.showing.is_some() {
                    // Another UI was asked for.
                    host.inner.entries.rest(name, PluginState::Stopped);
                    return host.publish();
                }
                let brought = host.bring(&mut screen, name, failed.before.clone()).await;
                let Err(error) = brought else { return };
                match host.note_failure(name, error.to_string()) {
                    Some((Next::After(next), now)) => (wait, round) = (next, now),
                    _ => return host.fall_back(&mut screen, &failed, error.to_string()).await,
                }
            }
        });
    }
}

fn turn(worker: &Arc<Worker>, again: bool) -> Result<Turn, HostError> {
    let not_loaded = || HostError::NotLoaded { name: worker.seat.name.clone() };
    let link = worker.link().ok_or_else(not_loaded)?;
    Ok(Turn { generation: worker.seat.generation, link, again })
}
