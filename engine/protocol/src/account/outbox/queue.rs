//! The entries for one account: which of them may go out now, beside what is
//! under way, and in what request.
//!
//! As long as answers come within a second, one delivery follows the other and
//! the order is kept. A storage server may take 5 s for a write while a member
//! of its swarm is down, and a member that hangs takes 10 s; what waits behind
//! goes out beside such a delivery then. Where the last delivery failed there
//! is only one at a time, and its first entry says when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::storage::{MAX_SUBREQUESTS, Request};
use ramson_types::{Ed25519PublicKey, MessageId, Timestamp};

use super::{LONGEST_RETRY, is_due};
use crate::store::OutboxEntry;

/// How many deliveries to one account may be under way.
const MAX_BESIDE: usize = 4;

/// What waits goes out beside a delivery that is under way for so long.
const SLOW: Duration = Duration::from_secs(1);

/// The most bytes of messages in one request: each onion layer and base64 add
/// to them, and a relay takes 10 MiB.
const MAX_REQUEST: usize = 1_000_000;

/// Among so many of the first entries that wait, one is looked for that is due
/// before those in front of it.
const WINDOW: usize = 8 * MAX_SUBREQUESTS;

/// What waits is made due early by an answer that came through, and then not
/// again for this long, doubled each time until something is stored.
const BETWEEN_WAKES: Duration = Duration::from_secs(5);

/// Entries for one account, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) entries: BTreeMap<u64, Waiting>,
    under_way: Vec<UnderWay>,
    /// Nothing of the last delivery was stored.
    pub(super) failing: bool,
    /// The member that failed last.
    pub(super) avoid: Option<Ed25519PublicKey>,
    /// How often it was made due early, and when it may be again.
    woken: u32,
    next_wake: Timestamp,
}

/// An entry that its swarm does not have yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) entry: OutboxEntry,
    pub(super) refusals: u32,
    pub(super) hurries: u32,
    /// Which failures were told.
    pub(super) told: BTreeSet<(Option<Ed25519PublicKey>, String)>,
}

/// A delivery that was not answered yet.
#[derive(Debug)]
struct UnderWay {
    /// Ascending, and in no other delivery.
    entries: Vec<u64>,
    since: Timestamp,
    /// The member asked, once it is chosen.
    node: Option<Ed25519PublicKey>,
}

impl Queue {
    pub(super) const fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Whether an entry is in a delivery.
    pub(super) fn is_sent(&self, number: u64) -> bool {
        self.under_way.iter().any(|sent| sent.entries.binary_search(&number).is_ok())
    }

    /// Entries that are in no delivery, up to the first that is not on disk.
    fn waiting<'q>(
        &'q self,
        unkept: &'q BTreeSet<MessageId>,
    ) -> impl Iterator<Item = &'q OutboxEntry> {
        self.entries
            .values()
            .map(|waiting| &waiting.entry)
            .filter(move |entry| !self.is_sent(entry.number))
            .take_while(|entry| !unkept.contains(&entry.message))
            .take(WINDOW)
    }

    /// When the next delivery may begin; `None` while none may.
    pub(super) fn next_due(&self, unkept: &BTreeSet<MessageId>) -> Option<Timestamp> {
        let mut attempts = self.waiting(unkept).map(|entry| entry.next_attempt);
        let attempt = if self.failing { attempts.next()? } else { attempts.min()? };
        // Each waits a second for the one before it, so that they are as full
        // as they can be, and few where one member of several hangs.
        let Some(latest) = self.under_way.iter().map(|sent| sent.since).max() else {
            return Some(attempt);
        };
        if self.failing || self.under_way.len() >= MAX_BESIDE {
            return None;
        }
        match self.has_more_than_a_request(unkept) {
            true => Some(attempt),
            false => Some(attempt.max(latest.plus(SLOW))),
        }
    }

    /// Whether more was never sent than one request takes.
    fn has_more_than_a_request(&self, unkept: &BTreeSet<MessageId>) -> bool {
        let (mut count, mut bytes) = (0_usize, 0_usize);
        self.waiting(unkept).filter(|entry| entry.attempts == 0).any(|entry| {
            count = count.saturating_add(1);
            bytes = bytes.saturating_add(entry.data.len());
            count > MAX_SUBREQUESTS || bytes > MAX_REQUEST
        })
    }

    /// Begins a delivery: its entries and its request. With the first entry
    /// that is due goes what stands behind it; where that one waits after a
    /// failure, only what does not wait itself. `None` if nothing is due.
    pub(super) fn begin(
        &mut self,
        unkept: &BTreeSet<MessageId>,
        now: Timestamp,
        network_now: Timestamp,
    ) -> Option<(Vec<u64>, Request)> {
        let all = self.waiting(unkept).next().is_some_and(|first| is_due(first, now));
        let (mut entries, mut stores, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
        for entry in self.waiting(unkept).filter(|entry| all || is_due(entry, now)) {
            bytes = bytes.saturating_add(entry.data.len());
            let full = stores.len() >= MAX_SUBREQUESTS || bytes > MAX_REQUEST;
            if full && !stores.is_empty() {
                break;
            }
            entries.push(entry.number);
            stores.push(store_request(entry, network_now));
        }
        let last = stores.pop()?;
        let request = match stores.is_empty() {
            true => last,
            // Not a `sequence`: there the waits for a member that is down add
            // up, and the answer would come when nobody waits for it any more.
            false => Request::Batch(stores.into_iter().chain([last]).collect()),
        };
        self.under_way.push(UnderWay { entries: entries.clone(), since: now, node: None });
        Some((entries, request))
    }

    /// How little a member is wanted for a delivery: one that failed least of
    /// all, then one that others are under way to.
    pub(super) fn reluctance(
        &self,
        avoid: Option<Ed25519PublicKey>,
        node: &Ed25519PublicKey,
    ) -> (bool, usize) {
        let asked = self.under_way.iter().filter(|sent| sent.node.as_ref() == Some(node));
        (avoid.as_ref() == Some(node), asked.count())
    }

    /// Which member was chosen for a delivery.
    pub(super) fn asks(&mut self, entries: &[u64], node: Ed25519PublicKey) {
        if let Some(sent) = self.under_way.iter_mut().find(|sent| sent.entries == entries) {
            sent.node = Some(node);
        }
    }

    /// Ends a delivery; false if it is not under way.
    pub(super) fn end(&mut self, entries: &[u64]) -> bool {
        let at = self.under_way.iter().position(|sent| sent.entries == entries);
        at.map(|at| self.under_way.remove(at)).is_some()
    }

    /// Makes the first entry due, if all waits for it after a failure and it
    /// was not woken in vain just before.
    pub(super) fn wake(&mut self, now: Timestamp) -> bool {
        let rested = self.next_wake.is_due(now, LONGEST_RETRY);
        let Some(mut first) = self.entries.first_entry() else { return false };
        let entry = &mut first.get_mut().entry;
        let under_way = !self.under_way.is_empty();
        if under_way || !rested || entry.attempts == 0 || entry.next_attempt <= now {
            return false;
        }
        entry.next_attempt = now;
        let pause = BETWEEN_WAKES.saturating_mul(1 << self.woken.min(16)).min(LONGEST_RETRY);
        self.woken = self.woken.saturating_add(1);
        self.next_wake = now.plus(pause);
        true
    }

    /// Something was stored: it may be woken from the start.
    pub(super) fn works(&mut self) {
        self.woken = 0;
    }
}

/// The time of the request is no part of the message's hash, and a node
/// refuses one that is still to come.
fn store_request(entry: &OutboxEntry, network_now: Timestamp) -> Request {
    let ttl = u64::try_from(entry.ttl.as_millis()).unwrap_or(u64::MAX);
    let timestamp = entry.timestamp.min(network_now);
    Request::store_unsigned(entry.to, entry.namespace, timestamp, ttl, entry.data.clone())
}
