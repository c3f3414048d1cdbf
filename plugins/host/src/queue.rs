//! What waits for one plugin.
//!
//! Nothing comes before the first snapshot. When broadcasts fill the queue the
//! oldest of them goes and is counted; the plugin is told how many, and a new
//! snapshot is wanted. Replies, snapshots and what a durable plugin has
//! to be told are never dropped: of the last its window is the bound, of replies
//! there are at most as many as requests may be in flight, of snapshots two: what was
//! told after one rests on it, so that a newer one comes behind that.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ramson_wire::{Event, Lagged};
use tokio::sync::Notify;

use crate::prepared::{Coalesce, Prepared};

/// One event that waits.
#[derive(Debug, Clone)]
pub(crate) struct Queued {
    /// Its number in the home's sequence, or that of the newest before it.
    pub(crate) seq: u64,
    /// Of a reply: the request's id; else 0.
    pub(crate) reply_to: u64,
    /// It is never dropped: an event of a durable plugin's window.
    pub(crate) kept: bool,
    /// What.
    pub(crate) what: Arc<Prepared>,
}

/// How a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct QueueCounts {
    /// Events that wait.
    pub(crate) queued: u64,
    /// Events that were taken so far.
    pub(crate) taken: u64,
    /// Broadcasts that were dropped so far.
    pub(crate) lagged: u64,
}

/// The queue of one plugin.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    /// The same for who does not block.
    added: Notify,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    /// In the order in which they are told.
    entries: BTreeMap<u64, Queued>,
    /// Which of them the newest of its kind would replace.
    keyed: BTreeMap<Coalesce, u64>,
    /// Snapshots among them.
    snapshots: BTreeSet<u64>,
    /// Replies to what was asked before the first snapshot.
    early: VecDeque<Queued>,
    begun: bool,
    broadcasts: usize,
    /// Bytes of the replies that wait.
    reply_bytes: usize,
    next: u64,
    newest_seq: u64,
    /// Dropped and not told yet.
    skipped: u64,
    /// A snapshot is wanted and was not asked for yet.
    wanted: bool,
    /// Nothing is added any more, but for replies.
    finishing: bool,
    closed: bool,
    taken: u64,
    lagged: u64,
}

impl Queue {
    /// An empty queue for so many broadcasts.
    pub(crate) fn new(limit: usize) -> Self {
        let state = State { wanted: true, ..State::default() };
        let (filled, added) = (Condvar::new(), Notify::new());
        Self { state: Mutex::new(state), filled, added, limit: limit.max(1) }
    }

    /// Adds something that happened. The first snapshot begins the queue.
    pub(crate) fn tell(&self, seq: u64, what: &Arc<Prepared>) {
        let mut state = self.lock();
        if state.closed || state.finishing {
            return;
        }
        if matches!(what.event(), Event::Snapshot(_)) {
            state.put_snapshot(seq, what);
        } else if state.begun {
            state.put(seq, what, self.limit);
        } else {
            // The first snapshot has it.
            return;
        }
        drop(state);
        self.fill();
    }

    /// Adds something that is never dropped; who adds it keeps count.
    pub(crate) fn tell_kept(&self, seq: u64, what: &Arc<Prepared>) {
        let mut state = self.lock();
        if state.closed || state.finishing || !state.begun {
            return;
        }
        state.newest_seq = state.newest_seq.max(seq);
        state.append(Queued { seq, reply_to: 0, kept: true, what: what.clone() });
        drop(state);
        self.fill();
    }

    fn fill(&self) {
        self.filled.notify_one();
        self.added.notify_one();
    }

    /// Adds the reply to a request.
    pub(crate) fn reply(&self, id: u64, what: &Arc<Prepared>) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        state.reply_bytes = state.reply_bytes.saturating_add(what.known_size());
        let reply = Queued { seq: state.newest_seq, reply_to: id, kept: false, what: what.clone() };
        if !state.begun {
            state.early.push_back(reply);
            return;
        }
        state.append(reply);
        drop(state);
        self.fill();
    }

    /// Something that it should have told is not known: the plugin is told that
    /// it missed something.
    pub(crate) fn skip(&self) {
        let mut state = self.lock();
        if state.begun && !state.closed && !state.finishing {
            state.skipped = state.skipped.saturating_add(1);
            state.lagged = state.lagged.saturating_add(1);
            state.wanted = true;
        }
    }

    /// Whether a snapshot is wanted: once at the beginning, and once after
    /// something was dropped.
    pub(crate) fn wants_snapshot(&self) -> bool {
        std::mem::take(&mut self.lock().wanted)
    }

    /// What was told of another place is not told any more.
    pub(crate) fn forget_kept(&self) {
        self.lock().entries.retain(|_, queued| !queued.kept);
    }

    /// A snapshot is wanted again.
    pub(crate) fn want_snapshot(&self) {
        self.lock().wanted = true;
    }

    /// Takes events if there are some. `None` once the queue is closed.
    pub(crate) fn try_take(&self, most: usize) -> Option<Vec<Queued>> {
        let mut state = self.lock();
        match (state.closed, state.entries.is_empty()) {
            (true, _) => None,
            (false, true) => (!state.finishing).then(Vec::new),
            (false, false) => Some(state.take(most.max(1))),
        }
    }

    /// Until something was added since the last time, or it ended.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// Waits for events and takes at most so many of them. `None` once the
    /// queue is closed; what still waits then is not told.
    pub(crate) fn take(&self, most: usize) -> Option<Vec<Queued>> {
        let mut state = self.lock();
        while state.entries.is_empty() && !state.closed && !state.finishing {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // What is empty here is finished.
        let over = state.closed || state.entries.is_empty();
        if over { None } else { Some(state.take(most.max(1))) }
    }

    /// Lets it run dry: what waits is told, nothing is added but replies.
    pub(crate) fn finish(&self) {
        self.lock().finishing = true;
        self.filled.notify_all();
        self.added.notify_one();
    }

    /// Ends it: nothing is taken or added any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
        self.added.notify_one();
    }

    /// How many bytes the replies have that wait.
    pub(crate) fn reply_bytes(&self) -> usize {
        self.lock().reply_bytes
    }

    pub(crate) fn counts(&self) -> QueueCounts {
        let state = self.lock();
        let queued = state.entries.len().saturating_add(state.early.len());
        QueueCounts { queued: queued as u64, taken: state.taken, lagged: state.lagged }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, queued: Queued) -> u64 {
        let place = self.next;
        self.next = place.saturating_add(1);
        self.entries.insert(place, queued);
        place
    }

    fn put(&mut self, seq: u64, what: &Arc<Prepared>, limit: usize) {
        self.newest_seq = self.newest_seq.max(seq);
        let key = what.coalesces();
        if let Some(place) = key.as_ref().and_then(|key| self.keyed.remove(key)) {
            self.entries.remove(&place);
            self.broadcasts = self.broadcasts.saturating_sub(1);
        }
        while self.broadcasts >= limit && self.drop_oldest() {}
        let place = self.append(Queued { seq, reply_to: 0, kept: false, what: what.clone() });
        self.broadcasts = self.broadcasts.saturating_add(1);
        if let Some(key) = key {
            self.keyed.insert(key, place);
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let is_broadcast = |place: &u64, queued: &Queued| {
            queued.reply_to == 0 && !queued.kept && !self.snapshots.contains(place)
        };
        let oldest = self.entries.iter().find(|(place, it)| is_broadcast(place, it));
        let Some(place) = oldest.map(|(place, _)| *place) else { return false };
        if let Some(gone) = self.entries.remove(&place) {
            self.forget_key(place, &gone);
        }
        self.broadcasts = self.broadcasts.saturating_sub(1);
        self.skipped = self.skipped.saturating_add(1);
        self.lagged = self.lagged.saturating_add(1);
        true
    }

    fn forget_key(&mut self, place: u64, queued: &Queued) {
        if let Some(key) = queued.what.coalesces()
            && self.keyed.get(&key) == Some(&place)
        {
            self.keyed.remove(&key);
        }
    }

    fn put_snapshot(&mut self, seq: u64, what: &Arc<Prepared>) {
        // The numbers of another home may be lower.
        self.newest_seq = seq;
        if let Some(newest) = self.snapshots.last().copied()
            && (self.snapshots.len() > 1 || !self.is_built_on(newest))
        {
            self.snapshots.remove(&newest);
            self.entries.remove(&newest);
        }
        let place = self.append(Queued { seq, reply_to: 0, kept: false, what: what.clone() });
        self.snapshots.insert(place);
        if !std::mem::replace(&mut self.begun, true) {
            for mut reply in std::mem::take(&mut self.early) {
                reply.seq = self.newest_seq;
                self.append(reply);
            }
        }
    }

    /// Whether something that happened waits behind a snapshot.
    fn is_built_on(&self, snapshot: u64) -> bool {
        let mut after = self.entries.range(snapshot.saturating_add(1)..);
        after.any(|(_, queued)| queued.reply_to == 0)
    }

    fn take(&mut self, most: usize) -> Vec<Queued> {
        let mut batch = Vec::with_capacity(most.min(self.entries.len().saturating_add(1)));
        let skipped = std::mem::take(&mut self.skipped);
        // The first of all is a snapshot, and makes up for what was dropped.
        if skipped > 0 {
            let seq = self.entries.first_key_value().map_or(self.newest_seq, |(_, it)| it.seq);
            let lagged = Arc::new(Prepared::new(Event::Lagged(Lagged { skipped })));
            batch.push(Queued { seq, reply_to: 0, kept: false, what: lagged });
            self.wanted = true;
        }
        while batch.len() < most
            && let Some((place, queued)) = self.entries.pop_first()
        {
            if queued.reply_to != 0 {
                self.reply_bytes = self.reply_bytes.saturating_sub(queued.what.known_size());
            } else if !queued.kept && !self.snapshots.remove(&place) {
                self.broadcasts = self.broadcasts.saturating_sub(1);
                self.forget_key(place, &queued);
            }
            batch.push(queued);
        }
        self.taken = self.taken.saturating_add(batch.len() as u64);
        batch
    }
}
