//! The main thread, which UIs take turns on.
//!
//! Most windows can be shown on a process's main thread only, and a terminal is
//! one for all. The main thread therefore belongs to nobody: it waits here for a
//! UI, runs it, and comes back.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ramson_abi::{PANICKED, Status};
use tokio::sync::Notify;

use crate::clock;
use crate::link::PluginLink;

/// Why the slot came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotEnd {
    /// The host was ended.
    Ended,
    /// The UI was closed by its user.
    Closed {
        /// Which.
        ui: String,
    },
    /// The UI failed, and nothing could take its place.
    Failed {
        /// Which.
        ui: String,
        /// Why.
        reason: String,
    },
}

/// The main thread's part of a host.
pub struct UiSlot {
    slot: Arc<Slot>,
}

impl UiSlot {
    pub(crate) fn new(slot: Arc<Slot>) -> Self {
        Self { slot }
    }

    /// Lends the calling thread, the process's main one, to one UI after the
    /// other. Returns when the host was ended, when the user closed the UI, or
    /// when no UI works. A UI that never returns keeps the thread: who ends the
    /// host should not wait for this for ever.
    pub fn run(self) -> SlotEnd {
        loop {
            match self.slot.wait() {
                Err(end) => return end,
                Ok(turn) => {
                    let began = clock::now();
                    // A scripted link of a test may panic; a library's cannot.
                    let status = catch_unwind(AssertUnwindSafe(|| turn.link.run_ui()));
                    let lasted = clock::now().saturating_duration_since(began);
                    self.slot.returned(turn, status.unwrap_or(PANICKED), lasted);
                }
            }
        }
    }
}

/// A UI's turn.
#[derive(Clone)]
pub(crate) struct Turn {
    /// Of its instance.
    pub(crate) generation: u64,
    pub(crate) link: Arc<dyn PluginLink>,
    /// It had a turn before, and was asked to pause.
    pub(crate) again: bool,
}

/// A turn that ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TurnEnd {
    pub(crate) generation: u64,
    pub(crate) again: bool,
    pub(crate) status: Status,
    pub(crate) lasted: Duration,
    /// It was asked to end, and did when nobody waited for it any more.
    pub(crate) late: bool,
}

/// Whether a turn was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    No,
    Yes,
    /// It did not listen.
    InVain,
}

/// What main thread and host share.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
    /// For the main thread.
    changed: Condvar,
    /// For who waits until the slot is free.
    free: Notify,
    /// For who looks after turns that ended by themselves.
    ended: Notify,
}

#[derive(Default)]
struct State {
    next: Option<Turn>,
    /// Whose turn it is, and whether it was asked to end.
    showing: Option<(u64, Asked)>,
    /// Turns that ended by themselves. At most one for each turn that was
    /// given, and those wait for it to be looked at.
    ends: VecDeque<TurnEnd>,
    end: Option<SlotEnd>,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The main thread waits for a turn.
    fn wait(&self) -> Result<Turn, SlotEnd> {
        let mut state = self.state();
        loop {
            if let Some(end) = state.end.clone() {
                return Err(end);
            }
            if let Some(turn) = state.next.take() {
                state.showing = Some((turn.generation, Asked::No));
                return Ok(turn);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn returned(&self, turn: Turn, status: Status, lasted: Duration) {
        let (generation, again) = (turn.generation, turn.again);
        // Its library may be unmapped once nobody waits for it.
        drop(turn);
        let mut state = self.state();
        let asked = state.showing.take().map_or(Asked::No, |(_, asked)| asked);
        if asked != Asked::Yes {
            let late = asked == Asked::InVain;
            state.ends.push_back(TurnEnd { generation, again, status, lasted, late });
            self.ended.notify_one();
        }
        drop(state);
        self.free.notify_waiters();
    }

    /// Gives the next turn, once the slot is free.
    pub(crate) fn put(&self, turn: Turn) {
        self.state().next = Some(turn);
        self.changed.notify_all();
    }

    /// Takes the next turn back, if it has not begun; whether it had not.
    pub(crate) fn take_back(&self, generation: u64) -> bool {
        self.state().next.take_if(|turn| turn.generation == generation).is_some()
    }

    /// The turn that is under way ends because it is asked to; whether it is
    /// under way.
    pub(crate) fn ask(&self, generation: u64) -> bool {
        match self.state().showing.as_mut() {
            Some((showing, asked)) if *showing == generation => {
                *asked = Asked::Yes;
                true
            }
            _ => false,
        }
    }

    /// It is not asked any more: it did not listen.
    pub(crate) fn ask_no_more(&self) {
        if let Some((_, asked)) = self.state().showing.as_mut() {
            *asked = Asked::InVain;
        }
    }

    /// Until a turn is not under way.
    pub(crate) async fn left(&self, generation: u64) {
        loop {
            let free = self.free.notified();
            tokio::pin!(free);
            // From here on a notice is not missed.
            free.as_mut().enable();
            if self.state().showing.is_none_or(|(showing, _)| showing != generation) {
                return;
            }
            free.await;
        }
    }

    /// The next turn that ended by itself.
    pub(crate) async fn turn_end(&self) -> TurnEnd {
        loop {
            if let Some(end) = self.state().ends.pop_front() {
                return end;
            }
            self.ended.notified().await;
        }
    }

    /// Lets the main thread go, as soon as no turn is under way.
    pub(crate) fn end(&self, end: SlotEnd) {
        let mut state = self.state();
        state.end.get_or_insert(end);
        state.next = None;
        drop(state);
        self.changed.notify_all();
    }
}
