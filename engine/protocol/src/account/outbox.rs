//! Sealed messages on their way to their swarms. Entries for one account go
//! out in order, several in one request; an entry leaves only when its swarm
//! has it or never will.
//!
//! A failed attempt is made again after a wait that doubles, with another
//! member. Three things cut the wait short: a node that names the right swarm,
//! a clock that was corrected, and any answer that comes through at all, which
//! shows that the network is there again.

mod answer;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::storage::{MAX_SUBREQUESTS, Request};
use ramson_types::ledger::{Hops, LedgerStep};
use ramson_types::message::MessageState;
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Timestamp,
};
use rand::RngExt;
use rand_core::CryptoRng;

use super::poll::CLOCK_MATTERS;
use super::{Account, Decision};
use crate::event::AccountEvent;
use crate::store::{Change, Copy, OutboxEntry};

pub use answer::{DeliveryAnswer, SendResult};

/// How many accounts may be written to at the same time.
const MAX_IN_FLIGHT: usize = 8;

/// The most bytes of messages in one request: each onion layer and base64 add
/// to them, and a relay takes 10 MiB.
const MAX_REQUEST: usize = 1_000_000;

/// The wait after the first failed attempt, doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// The longest wait between attempts on a message's first day.
const LONGEST_RETRY_AT_FIRST: Duration = Duration::from_secs(60);

/// The longest wait between attempts.
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// A message's first day.
const FIRST_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So often a message is sent again at once for one failure: its swarm was
/// learnt anew or the clock corrected.
const MAX_HURRIES: u32 = 4;

/// What waits is made due early by an answer that came through, and then not
/// again for this long, doubled each time until something is stored.
const BETWEEN_WAKES: Duration = Duration::from_secs(5);

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
}

/// Entries for one account, in the order in which they are sent.
#[derive(Debug, Default)]
struct Queue {
    entries: BTreeMap<u64, Waiting>,
    in_flight: bool,
    /// The member that failed last.
    avoid: Option<Ed25519PublicKey>,
    /// How often it was made due early, and when it may be again.
    woken: u32,
    next_wake: Timestamp,
}

#[derive(Debug)]
struct Waiting {
    entry: OutboxEntry,
    refusals: u32,
    hurries: u32,
    /// Which failures were told.
    told: BTreeSet<(Option<Ed25519PublicKey>, String)>,
}

impl Outbox {
    pub(super) fn load(entries: Vec<OutboxEntry>) -> Self {
        let mut outbox = Self::default();
        for entry in entries {
            outbox.add(entry);
        }
        outbox
    }

    pub(super) fn add(&mut self, entry: OutboxEntry) {
        self.put(Waiting { entry, refusals: 0, hurries: 0, told: BTreeSet::new() });
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
        if queue.in_flight || first.entry.attempts == 0 || retry_at <= now {
            return;
        }
        let waits = |waiting: &&mut Waiting| waiting.entry.attempts == 0 && waiting.told.is_empty();
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
        self.queues.values().filter(|queue| queue.in_flight).count()
    }

    /// The first entry of a queue, if it may be sent at all.
    fn head<'q>(&self, queue: &'q Queue) -> Option<&'q OutboxEntry> {
        let (_, first) = queue.entries.first_key_value()?;
        let waits = queue.in_flight || self.unkept.contains(&first.entry.message);
        (!waits).then_some(&first.entry)
    }
}

impl Queue {
    /// Makes the first entry due, if it waits after a failure and was not
    /// woken in vain just before.
    fn wake(&mut self, now: Timestamp) -> bool {
        let rested = self.next_wake.is_due(now, LONGEST_RETRY);
        let Some(mut first) = self.entries.first_entry() else { return false };
        let entry = &mut first.get_mut().entry;
        if self.in_flight || !rested || entry.attempts == 0 || entry.next_attempt <= now {
            return false;
        }
        entry.next_attempt = now;
        let pause = BETWEEN_WAKES.saturating_mul(1 << self.woken.min(16)).min(LONGEST_RETRY);
        self.woken = self.woken.saturating_add(1);
        self.next_wake = now.plus(pause);
        true
    }
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
    /// What to send now. Each account has at most one request under way;
    /// [`Account::sent`] must be told of every delivery.
    pub fn due_deliveries(&mut self, now: Timestamp) -> Vec<Delivery> {
        let room = MAX_IN_FLIGHT.saturating_sub(self.outbox.in_flight());
        let due = |head: &OutboxEntry| head.next_attempt.is_due(now, LONGEST_RETRY.mul_f64(1.2));
        let heads = self.outbox.queues.iter().filter_map(|(to, queue)| {
            self.outbox.head(queue).filter(|head| due(head)).map(|_| (*to, queue))
        });
        let network_now = self.clock.at(now);
        let deliveries: Vec<Delivery> = heads
            .take(room)
            .map(|(to, queue)| {
                let (entries, request) = delivery(queue, &self.outbox.unkept, network_now);
                let (avoid, offset) = (queue.avoid, self.clock.offset());
                Delivery { to, entries, request, avoid, asked: now, offset }
            })
            .collect();
        for delivery in &deliveries {
            if let Some(queue) = self.outbox.queues.get_mut(&delivery.to) {
                queue.in_flight = true;
            }
        }
        deliveries
    }

    /// When [`Account::due_deliveries`] has something to send; `None` while
    /// nothing waits, or no more can be under way.
    pub fn next_delivery(&self) -> Option<Timestamp> {
        if self.outbox.in_flight() >= MAX_IN_FLIGHT {
            return None;
        }
        let heads = self.outbox.queues.values().filter_map(|queue| self.outbox.head(queue));
        heads.map(|head| head.next_attempt).min()
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
        woken
    }

    /// How many entries wait.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len
    }

    /// A message of [`Account::queue`] is on disk, and may be sent.
    pub fn kept(&mut self, message: MessageId) {
        self.outbox.unkept.remove(&message);
    }

    pub(super) fn keep_back(&mut self, message: MessageId) {
        self.outbox.unkept.insert(message);
    }

    /// What came of a delivery: one result for each of its entries. `node`
    /// and `path` are those of the request, as far as it got.
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
        let attempt = Attempt { delivery, node, path: &path, now };
        for (number, result) in delivery.entries.iter().zip(results) {
            let Some(mut waiting) = self.outbox.take(&delivery.to, *number) else { continue };
            waiting.entry.attempts = waiting.entry.attempts.saturating_add(1);
            match result {
                SendResult::Stored { .. } => stored = true,
                _ => failed = true,
            }
            self.settle(waiting, result, &attempt, rng, &mut decision);
        }
        if let Some(queue) = self.outbox.queues.get_mut(&delivery.to) {
            queue.in_flight = false;
            queue.avoid = if failed { node } else { None };
            if stored {
                queue.woken = 0;
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

    fn settle(
        &mut self,
        mut waiting: Waiting,
        result: SendResult,
        attempt: &Attempt<'_>,
        rng: &mut impl CryptoRng,
        decision: &mut Decision,
    ) {
        let Attempt { delivery, node, now, .. } = *attempt;
        let id = waiting.entry.message;
        let entry = &mut waiting.entry;
        let (mut members, mut hurry) = (None, false);
        let reason = match result {
            SendResult::Stored { confirmed, failed } => {
                let hash = ramson_crypto::message_hash(&entry.to, entry.namespace, &entry.data);
                decision.changes.push(Change::RemoveOutbox(entry.number));
                attempt.tell(entry, decision);
                let (to, signed) = (entry.to, confirmed.clone());
                let step = LedgerStep::Stored { to, confirmed, failed };
                decision.ledger(now, Some(id), Some(hash), step);
                if entry.copy == Copy::Recipient {
                    stored(entry, hash, signed, decision);
                }
                return;
            }
            SendResult::Refused { status, reason } => {
                waiting.refusals = waiting.refusals.saturating_add(1);
                let reason = format!("the swarm refused it ({status}: {reason})");
                if waiting.refusals >= MAX_REFUSALS {
                    attempt.tell(entry, decision);
                    return attempt.give_up(entry, reason, decision);
                }
                reason
            }
            SendResult::WrongSwarm { members: named } => {
                (members, hurry) = (Some(named), true);
                "the node asked is not in the recipient's swarm".to_owned()
            }
            SendResult::WrongTime { reason } => {
                let offset = self.clock.offset();
                hurry = self.is_corrected_since(delivery);
                match hurry {
                    true => format!("{reason}; the clock is off by {offset} ms, and corrected now"),
                    false => reason,
                }
            }
            SendResult::NotNow { reason } => reason,
        };
        // By both clocks: a node that lies about the time ends no message.
        let end = entry.timestamp.plus(entry.ttl);
        if now >= end && self.clock.at(now) >= end {
            attempt.tell(entry, decision);
            let reason = format!("no swarm member took it before it expired; at last: {reason}");
            return attempt.give_up(entry, reason, decision);
        }
        hurry &= waiting.hurries < MAX_HURRIES;
        entry.next_attempt = if hurry {
            waiting.hurries = waiting.hurries.saturating_add(1);
            now
        } else {
            let young = now.distance(entry.timestamp) < FIRST_DAY;
            let longest = if young { LONGEST_RETRY_AT_FIRST } else { LONGEST_RETRY };
            let doublings = entry.attempts.saturating_sub(1).min(16);
            let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(longest);
            now.plus(wait.mul_f64(rng.random_range(0.8..=1.2)))
        };
        let retry_at = entry.next_attempt;
        let failure = (node, reason);
        if waiting.told.len() < MAX_TOLD && !waiting.told.contains(&failure) {
            attempt.tell(entry, decision);
            let to = Some(entry.to);
            if let (Some(node), Some(members)) = (node, members) {
                let step = LedgerStep::WrongSwarm { to, node, members };
                decision.ledger(now, Some(id), None, step);
            }
            let (reason, asked) = (failure.1.clone(), Some(delivery.asked));
            let step =
                LedgerStep::AttemptFailed { to, node, reason, asked, retry_at: Some(retry_at) };
            decision.ledger(now, Some(id), None, step);
            if entry.copy == Copy::Recipient {
                let reason = failure.1.clone();
                decision.events.push(AccountEvent::SendDelayed { id, reason, retry_at });
            }
            waiting.told.insert(failure);
        }
        self.outbox.put(waiting);
    }
}

/// How a delivery was tried.
struct Attempt<'a> {
    delivery: &'a Delivery,
    node: Option<Ed25519PublicKey>,
    path: &'a Hops,
    now: Timestamp,
}

impl Attempt<'_> {
    fn tell(&self, entry: &OutboxEntry, decision: &mut Decision) {
        if let Some(node) = self.node {
            let (attempt, path) = (entry.attempts, self.path.clone());
            let (to, asked) = (Some(entry.to), Some(self.delivery.asked));
            let step = LedgerStep::Attempted { attempt, to, node, path, asked };
            decision.ledger(self.now, Some(entry.message), None, step);
        }
    }

    fn give_up(&self, entry: &OutboxEntry, reason: String, decision: &mut Decision) {
        let id = entry.message;
        decision.changes.push(Change::RemoveOutbox(entry.number));
        let step = LedgerStep::AttemptFailed {
            to: Some(entry.to),
            node: self.node,
            reason: reason.clone(),
            asked: Some(self.delivery.asked),
            retry_at: None,
        };
        decision.ledger(self.now, Some(id), None, step);
        if entry.copy == Copy::Recipient {
            let state = MessageState::Failed { reason: reason.clone() };
            decision.changes.push(Change::SetMessageState { id, state, hash: None });
            decision.events.push(AccountEvent::MessageFailed { id, reason });
        }
    }
}

/// What goes into one request of a queue.
fn delivery(
    queue: &Queue,
    unkept: &BTreeSet<MessageId>,
    network_now: Timestamp,
) -> (Vec<u64>, Request) {
    let (mut entries, mut stores, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    for (number, Waiting { entry, .. }) in &queue.entries {
        bytes = bytes.saturating_add(entry.data.len());
        let full = stores.len() >= MAX_SUBREQUESTS || bytes > MAX_REQUEST;
        if (full && !stores.is_empty()) || unkept.contains(&entry.message) {
            break;
        }
        entries.push(*number);
        stores.push(store_request(entry, network_now));
    }
    let request = match stores.pop() {
        Some(only) if stores.is_empty() => only,
        // Not a `sequence`: there the waits for a member that is down add up, and
        // the answer would come when nobody waits for it any more.
        last => Request::Batch(stores.into_iter().chain(last).collect()),
    };
    (entries, request)
}

/// The time of the request is no part of the message's hash, and a node
/// refuses one that is still to come.
fn store_request(entry: &OutboxEntry, network_now: Timestamp) -> Request {
    let ttl = u64::try_from(entry.ttl.as_millis()).unwrap_or(u64::MAX);
    let timestamp = entry.timestamp.min(network_now);
    Request::store_unsigned(entry.to, entry.namespace, timestamp, ttl, entry.data.clone())
}

fn stored(
    entry: &OutboxEntry,
    hash: MessageHash,
    nodes: Vec<Ed25519PublicKey>,
    decision: &mut Decision,
) {
    let id = entry.message;
    decision.changes.push(Change::SetMessageState {
        id,
        state: MessageState::Stored,
        hash: Some(hash),
    });
    decision.events.push(AccountEvent::MessageStored {
        id,
        conversation: ConversationId::Account(entry.to),
        to: entry.to,
        hash,
        nodes,
        sent: entry.timestamp,
    });
}
