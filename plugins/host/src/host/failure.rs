//! What follows when an instance ended and nobody wanted it to.

use std::sync::Arc;

use ramson_wire::PluginState;
use tokio::time::sleep;

use super::entry::Round;
use super::instance::aside;
use super::{Host, HostError};
use crate::clock;
use crate::restart::Next;
use crate::worker::{Ending, Phase, Worker};

impl Host {
    /// An instance ended. If that was on purpose somebody else has taken it.
    pub(super) fn has_ended(&self, worker: &Arc<Worker>) {
        let Phase::Ended(ending) = worker.phase() else { return };
        if !self.inner.entries.take_if(worker) {
            return;
        }
        let name = worker.seat.name.as_str();
        self.inner.shared.remove(&worker.seat);
        self.inner.entries.absorb(name, worker);
        let cleared = worker.clone();
        tokio::spawn(aside(move || cleared.clear()));
        match ending {
            Ending::GivenUp(reason) => {
                tracing::error!(plugin = name, "{reason}; it is not called again");
                self.inner.entries.rest(name, PluginState::Retired { reason: reason.clone() });
                self.publish();
                self.lost_its_thread(worker, reason);
            }
            Ending::Panicked(reason) if self.ui().as_deref() == Some(name) => {
                tracing::error!(plugin = name, "{reason}");
                self.publish();
                self.lost_its_thread(worker, reason);
            }
            Ending::Panicked(reason) => self.has_failed(name, reason),
            // Nobody asked for these, and they did not fail either.
            Ending::Destroyed | Ending::NotLoaded(_) | Ending::NotCreated(_) => {
                self.inner.entries.rest(name, PluginState::Stopped);
                self.publish();
            }
        }
    }

    /// If its UI shows, it cannot go on without its thread.
    fn lost_its_thread(&self, worker: &Arc<Worker>, reason: String) {
        if worker.seat.ui {
            tokio::spawn(self.clone().take_screen(worker.clone(), reason));
        }
    }

    /// A plugin without the screen failed: it is started again after a while.
    pub(super) fn has_failed(&self, name: &str, reason: String) {
        match self.note_failure(name, reason) {
            Some((Next::After(wait), round)) => {
                let (host, name) = (self.clone(), name.to_owned());
                tokio::spawn(async move {
                    sleep(wait).await;
                    host.try_again(&name, round).await;
                });
            }
            Some((Next::Never, _)) | None => {}
        }
    }

    pub(super) fn note_failure(&self, name: &str, reason: String) -> Option<(Next, Round)> {
        let failed = self.inner.entries.failed(name, reason.clone(), clock::now());
        match failed {
            Some((Next::After(wait), _)) => {
                let wait = wait.as_secs_f32();
                tracing::error!(plugin = name, "{reason}; it is started again in {wait} s");
            }
            _ => tracing::error!(plugin = name, "{reason}; it is not started again"),
        }
        self.publish();
        failed
    }

    async fn try_again(&self, name: &str, round: Round) {
        let door = self.inner.entries.door(name);
        let _inside = door.lock().await;
        if self.is_ended() || !self.inner.entries.is_round(name, round) {
            return;
        }
        match self.start_again(name).await {
            Ok(started) => {
                self.inner.entries.count_restart(name);
                self.seat(name, &started);
                self.publish();
            }
            Err(HostError::Ended) => {}
            Err(error) => self.has_failed(name, error.to_string()),
        }
    }
}
