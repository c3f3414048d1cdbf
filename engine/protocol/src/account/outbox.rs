//! Sealed messages on their way to their swarms. Entries for one account go
//! out in order, several in one request, and beside a request that is not
//! answered for long (`queue`); an entry leaves only when its swarm has it or
//! never will.
//!
//! A failed attempt is made again after a wait that doubles, with another
//! member. Three things cut the wait short: a node that names the right swarm,
//! a clock that was corrected, and any answer that comes through at all, which
//! shows that the network is there again.

mod answer;
mod queue;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::storage::Request;
use ramson_types::ledger::{Hops, LedgerStep};
use ramson_types::{AccountId, Ed25519PublicKey, MessageId, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

use super::poll::CLOCK_MATTERS;
use super::{Account, Decision};
use crate::store::{Change, Copy, OutboxEntry};

use queue::{Queue, Waiting};
use settle::Attempt;

pub use answer::{DeliveryAnswer, SendResult};

/// How many deliveries may be under way at the same time.
const MAX_IN_FLIGHT: usize = 12;

/// While so many are under way no account gets a further one: a few accounts
/// with slow swarms must not take the place of all others.
const MANY_IN_FLIGHT: usize = 8;

/// The wait after the first failed attempt, doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// The longest wait between attempts on a message's first day.
const LONGEST_RETRY_AT_FIRST: Duration = Duration::from_secs(60);

/// The longest wait between attempts.
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// The same with the part that chance adds: what is farther away was set by
/// another clock.
const FARTHEST: Duration = Duration::from_secs(6 * 60);

/// A message's first day.
const FIRST_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So often a message is sent again at once for one failure: its swarm was
/// learnt anew or the clock corrected.
const MAX_HURRIES: u32 = 4;

/// Failures of one message that are in the ledger, each once: two weeks
/// without a network are a few lines, not one for each attempt.
const MAX_TOLD: usize = 16;

/// Why a message waits that was not sent yet.
const BEHIND: &str = "it waits behind an earlier message to this account, which was not stored yet";

/// So often a message may be refused as it is before it is given up; by then
/// several members were asked.
const MAX_REFUSALS: u32 = 3;

/// Entries that wait, by the account whose swarm is to store them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queues: BTreeMap<AccountId, Queue>,
    len: usize,
    /// Messages whose commit is under way: nothing of them is sent before.
    unkept: BTreeSet<MessageId>,
    /// Entries that are not on disk, and worth nothing soon: typing.
    fleeting: BTreeSet<(AccountId, u64)>,
}

impl Outbox {
    pub(super) fn load(entries: Vec<OutboxEntry>) -> Self {
        let mut outbox = Self::default();
        for entry in entries {
            let (to, failed) = (entry.to, entry.attempts > 0);
            outbox.add(entry);
            if let Some(queue) = outbox.queues.get_mut(&to) {
                queue.failing |= failed;
            }
        }
        outbox
    }

    pub(super) fn add(&mut self, entry: OutboxEntry) {
        self.put(Waiting { entry, refusals: 0, hurries: 0, told: BTreeSet::new() });
    }

    /// Adds what is not kept. It takes the place of an earlier one that waits.
    pub(super) fn add_fleeting(&mut self, entry: OutboxEntry) {
        self.drop_fleeting(|other| other.to == entry.to);
        self.fleeting.insert((entry.to, entry.number));
        self.add(entry);
    }

    /// Drops what is not kept and in no delivery.
    fn drop_fleeting(&mut self, which: impl Fn(&OutboxEntry) -> bool) {
        for (to, number) in self.fleeting.iter().copied().collect::<Vec<_>>() {
            let Some(queue) = self.queues.get(&to) else { continue };
            let waits = queue.entries.get(&number).filter(|_| !queue.is_sent(number));
            if waits.is_some_and(|waiting| which(&waiting.entry)) {
                self.take(&to, number);
                self.fleeting.remove(&(to, number));
                self.drop_empty(&to);
            }
        }
    }

    /// An entry is through, or given up.
    fn done(&mut self, entry: &OutboxEntry, decision: &mut Decision) {
        if !self.fleeting.remove(&(entry.to, entry.number)) {
            decision.changes.push(Change::RemoveOutbox(entry.number));
        }
    }

    fn drop_empty(&mut self, to: &AccountId) {
        let empty = |queue: &Queue| queue.entries.is_empty() && queue.under_way() == 0;
        if self.queues.get(to).is_some_and(empty) {
            self.queues.remove(to);
        }
    }

    /// Whose copies of a message wait here, and whether somebody may have them
    /// already: an answer can be lost.
    pub(super) fn copies(&self, message: MessageId) -> Vec<(Copy, bool)> {
        let of = |queue: &Queue| {
            let entries = queue.entries.values().map(|waiting| &waiting.entry);
            let of = entries.filter(|entry| entry.message == message);
            let tried = |entry: &OutboxEntry| entry.attempts > 0 || queue.is_sent(entry.number);
            of.map(|entry| (entry.copy, tried(entry))).collect::<Vec<_>>()
        };
        self.queues.values().flat_map(of).collect()
    }

    /// Takes out all copies of a message; what becomes of one that is under
    /// way changes nothing.
    pub(super) fn remove(&mut self, message: MessageId, decision: &mut Decision) {
        let of = |(to, queue): (&AccountId, &Queue)| {
            let entries = queue.entries.values().map(|waiting| &waiting.entry);
            let of = entries.filter(|entry| entry.message == message).map(|entry| entry.number);
            of.map(|number| (*to, number)).collect::<Vec<_>>()
        };
        let entries: Vec<(AccountId, u64)> = self.queues.iter().flat_map(of).collect();
        for (to, number) in entries {
            self.take(&to, number);
            decision.changes.push(Change::RemoveOutbox(number));
            self.drop_empty(&to);
        }
    }

    fn put(&mut self, waiting: Waiting) {
        let queue = self.queues.entry(waiting.entry.to).or_default();
        if queue.entries.insert(waiting.entry.number, waiting).is_none() {
            self.len = self.len.saturating_add(1);
        }
    }

    pub(super) fn wake(&mut self, to: &AccountId, now: Timestamp) {
        self.queues.get_mut(to).map(|queue| queue.wake(now));
    }

    /// Tells of each entry that was never sent and waits for the next attempt
    /// of those before it, once.
    pub(super) fn tell_who_waits(
        &mut self,
        to: &AccountId,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let Some(queue) = self.queues.get_mut(to) else { return };
        let Some((_, first)) = queue.entries.first_key_value() else { return };
        let (retry_at, node) = (first.entry.next_attempt, queue.avoid);
        let under_way = queue.under_way() > 0;
        if !queue.failing || under_way || first.entry.attempts == 0 || retry_at <= now {
            return;
        }
        let waits = |waiting: &&mut Waiting| {
            let entry = &waiting.entry;
            entry.attempts == 0 && !entry.quiet && waiting.told.is_empty()
        };
        for Waiting { entry, told, .. } in queue.entries.values_mut().filter(waits) {
            told.insert((node, BEHIND.to_owned()));
            let (to, retry_at) = (Some(*to), Some(retry_at));
            let reason = BEHIND.to_owned();
            let step = LedgerStep::AttemptFailed { to, node, reason, asked: None, retry_at };
            decision.ledger(now, Some(entry.message), None, step);
        }
    }

    fn take(&mut self, to: &AccountId, number: u64) -> Option<Waiting> {
        let taken = self.queues.get_mut(to)?.entries.remove(&number)?;
        self.len = self.len.saturating_sub(1);
        Some(taken)
    }

    fn in_flight(&self) -> usize {
        self.queues.values().map(Queue::under_way).fold(0, usize::saturating_add)
    }

    /// When each queue may begin its next delivery, where there is room.
    fn next_due(&self) -> impl Iterator<Item = (&AccountId, &Queue, Timestamp)> {
        let in_flight = self.in_flight();
        self.queues.iter().filter_map(move |(to, queue)| {
            let room = if queue.under_way() == 0 { MAX_IN_FLIGHT } else { MANY_IN_FLIGHT };
            let at = (in_flight < room).then(|| queue.next_due(&self.unkept))??;
            Some((to, queue, at))
        })
    }

    /// Whose delivery is to begin now: first theirs who have none under way.
    fn due_now(&self, now: Timestamp) -> Option<AccountId> {
        let due = self.next_due().filter(|(_, _, at)| at.is_due(now, FARTHEST));
        due.min_by_key(|(_, queue, _)| queue.under_way()).map(|(to, _, _)| *to)
    }
}

fn is_due(entry: &OutboxEntry, now: Timestamp) -> bool {
    entry.next_attempt.is_due(now, FARTHEST)
}

/// One request that stores messages in the swarm of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Whose swarm.
    pub to: AccountId,
    /// The outbox entries it carries, in the order of the request's parts.
    pub entries: Vec<u64>,
    /// `store`, or a `batch` of them.
    pub request: Request,
    /// The member that failed last: another is to be asked, if there is one.
    pub avoid: Option<Ed25519PublicKey>,
    /// When it became due.
    asked: Timestamp,
    /// The clock's offset that its times were made with.
    offset: i64,
}

impl Account {
    /// What to send now. No entry is in two deliveries at a time;
    /// [`Account::sent`] must be told of every one.
    pub fn due_deliveries(&mut self, now: Timestamp) -> Vec<Delivery> {
        let (network_now, offset) = (self.clock.at(now), self.clock.offset());
        let mut deliveries = Vec::new();
        self.outbox.drop_fleeting(|entry| entry.timestamp.plus(entry.ttl) <= network_now);
        while let Some(to) = self.outbox.due_now(now) {
            let Outbox { queues, unkept, .. } = &mut self.outbox;
            let Some(queue) = queues.get_mut(&to) else { break };
            let Some((entries, request)) = queue.begin(unkept, now, network_now) else { break };
            let avoid = queue.avoid;
            deliveries.push(Delivery { to, entries, request, avoid, asked: now, offset });
        }
        deliveries
    }

    /// Which of these members of its swarm a delivery is to be sent to: one
    /// that did not fail last, and that no other delivery to the account is
    /// under way to, as far as there are such. `None` if there are none at all.
    pub fn pick_member(
        &mut self,
        delivery: &Delivery,
        members: &[ServiceNode],
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        let queue = self.outbox.queues.get_mut(&delivery.to)?;
        let reluctance = |node: &ServiceNode| queue.reluctance(delivery.avoid, &node.ed25519);
        let least = members.iter().map(reluctance).min();
        let best = members.iter().filter(|node| Some(reluctance(node)) == least);
        let node = best.choose(rng).copied()?;
        queue.asks(&delivery.entries, node.ed25519);
        Some(node)
    }

    /// When [`Account::due_deliveries`] has something to send; `None` while
    /// nothing waits, or no more can be under way.
    pub fn next_delivery(&self) -> Option<Timestamp> {
        self.outbox.next_due().map(|(_, _, at)| at).min()
    }

    /// Whether the clock was corrected since a delivery was made, so that it
    /// is sent again at once if a node refused its time.
    pub fn is_corrected_since(&self, delivery: &Delivery) -> bool {
        self.clock.offset().abs_diff(delivery.offset) > CLOCK_MATTERS
    }

    /// An answer came through, so the network is there: what waits for a later
    /// attempt is due now. Tells whether anything is. [`Account::polled`] and
    /// [`Account::sent`] do this by themselves.
    pub fn network_works(&mut self, now: Timestamp) -> bool {
        let mut woken = false;
        for queue in self.outbox.queues.values_mut() {
            woken |= queue.wake(now);
        }
        woken | self.wake_errands(now)
    }

    /// How many entries wait.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len
    }

    /// Messages of the history that a delivery to their recipient carries now:
    /// to be shown as being sent.
    pub fn sending(&self) -> Vec<MessageId> {
        let carried = self.outbox.queues.values().flat_map(|queue| {
            let entries = queue.entries.values().map(|waiting| &waiting.entry);
            entries.filter(|entry| queue.is_sent(entry.number))
        });
        let shown = |entry: &&OutboxEntry| {
            entry.copy == Copy::Recipient && !entry.outside_history && !entry.quiet
        };
        carried.filter(shown).map(|entry| entry.message).collect()
    }

    /// A message of [`Account::queue`] is on disk, and may be sent.
    pub fn kept(&mut self, message: MessageId) {
        self.outbox.unkept.remove(&message);
    }

    pub(super) fn keep_back(&mut self, message: MessageId) {
        self.outbox.unkept.insert(message);
    }

    /// What came of a delivery: one result for each of its entries. `node`
    /// and `path` are those of the request, as far as it got. A delivery that
    /// is not under way changes nothing.
    pub fn sent(
        &mut self,
        delivery: &Delivery,
        results: Vec<SendResult>,
        node: Option<Ed25519PublicKey>,
        path: Hops,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Decision {
        let mut decision = Decision::default();
        let (mut stored, mut failed) = (false, false);
        let queue = self.outbox.queues.get_mut(&delivery.to);
        if !queue.is_some_and(|queue| queue.end(&delivery.entries)) {
            return decision;
        }
        let attempt = Attempt { delivery, node, path: &path, now };
        for (index, (number, result)) in delivery.entries.iter().zip(results).enumerate() {
            let Some(mut waiting) = self.outbox.take(&delivery.to, *number) else {
                self.take_back_own(&attempt, index, &result, &mut decision);
                continue;
            };
            waiting.entry.attempts = waiting.entry.attempts.saturating_add(1);
            match result {
                SendResult::Stored { .. } => stored = true,
                _ => failed = true,
            }
            self.settle(waiting, result, &attempt, rng, &mut decision);
        }
        if let Some(queue) = self.outbox.queues.get_mut(&delivery.to) {
            queue.avoid = if failed { node } else { None };
            queue.failing = failed && !stored;
            if stored {
                queue.works();
            }
            if queue.entries.is_empty() {
                self.outbox.queues.remove(&delivery.to);
            }
        }
        if stored {
            self.network_works(now);
        }
        self.outbox.tell_who_waits(&delivery.to, now, &mut decision);
        decision
    }
}
