//! How far a durable plugin is in the home's sequence: what it was told, and
//! what it is done with. What was told and is not done with is its window.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ramson_abi::WINDOW;
use tokio::sync::Notify;

/// The window of one instance.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The engine whose sequence it is, by its number.
    engine: Option<u64>,
    /// The newest event that it may say it is done with.
    told: u64,
    /// The newest event that waits for it, or was not for it.
    queued: u64,
    /// Events that were told and are not done with, in order.
    window: VecDeque<u64>,
    /// It had its snapshot.
    introduced: bool,
}

impl Progress {
    /// It begins behind this event of an engine.
    pub(crate) fn begin(&self, engine: u64, cursor: u64) {
        let mut state = self.state();
        *state = State { engine: Some(engine), told: cursor, queued: cursor, ..State::default() };
        drop(state);
        self.moved.notify_waiters();
    }

    /// Its engine is gone.
    pub(crate) fn pause(&self) {
        self.state().engine = None;
    }

    /// It had its snapshot.
    pub(crate) fn introduce(&self) {
        self.state().introduced = true;
        self.moved.notify_waiters();
    }

    /// It is to have another snapshot, and nothing before that: what is told
    /// meanwhile may be newer than the snapshot.
    pub(crate) fn hold(&self) {
        self.state().introduced = false;
    }

    /// Until it had its snapshot.
    pub(crate) async fn introduced(&self) {
        self.until(|state| state.introduced).await;
    }

    /// The newest event that waits for it, if it has begun with this engine.
    pub(crate) fn queued_in(&self, engine: u64) -> Option<u64> {
        let state = self.state();
        (state.engine == Some(engine)).then_some(state.queued)
    }

    /// The newest event that waits for it: what has no number of its own bears
    /// this one.
    pub(crate) fn queued(&self) -> u64 {
        self.state().queued
    }

    /// The newest event of this engine that it may say it is done with.
    pub(crate) fn told_in(&self, engine: u64) -> Option<u64> {
        let state = self.state();
        (state.engine == Some(engine)).then_some(state.told)
    }

    /// Another event is told. It may say so at once, so this comes first; `queue`
    /// puts the event where it takes it from.
    pub(crate) fn tell(&self, seq: u64, queue: impl FnOnce()) {
        let mut state = self.state();
        state.told = state.told.max(seq);
        state.window.push_back(seq);
        drop(state);
        queue();
        let mut state = self.state();
        state.queued = state.queued.max(seq);
    }

    /// An event was not for it. Up to which number everything is done with, if
    /// nothing of its window is open.
    pub(crate) fn pass(&self, seq: u64) -> Option<u64> {
        let mut state = self.state();
        state.told = state.told.max(seq);
        state.queued = state.queued.max(seq);
        state.window.is_empty().then_some(state.told)
    }

    /// It is done with everything up to here.
    pub(crate) fn done(&self, through: u64) {
        let mut state = self.state();
        while state.window.front().is_some_and(|seq| *seq <= through) {
            state.window.pop_front();
        }
        drop(state);
        self.moved.notify_waiters();
    }

    /// Until there is room in its window.
    pub(crate) async fn room(&self) {
        self.until(|state| state.window.len() < WINDOW && state.introduced).await;
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            // From here on a notice is not missed.
            moved.as_mut().enable();
            if holds(&self.state()) {
                return;
            }
            moved.await;
        }
    }

    /// Events that were told and are not done with.
    #[cfg(test)]
    pub(crate) fn open(&self) -> usize {
        self.state().window.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_window_that_is_full_waits_until_something_is_done_with() {
        let progress = Progress::default();
        progress.begin(1, 10);
        progress.introduce();
        assert_eq!((progress.queued_in(1), progress.queued_in(2)), (Some(10), None));
        for seq in 11..11 + WINDOW as u64 {
            progress.room().await;
            progress.tell(seq, || {});
        }
        let waited = tokio::time::timeout(Duration::from_millis(50), progress.room()).await;
        assert!(waited.is_err());
        assert_eq!(progress.pass(1_000), None);
        progress.done(12);
        progress.room().await;
        assert_eq!((progress.open(), progress.queued()), (WINDOW - 2, 1_000));
        progress.done(5_000);
        assert_eq!(progress.pass(1_001), Some(1_001));
    }
}
