//! Sealed messages on their way to their swarms. Entries for one account go
//! out in order, several in one request; an entry leaves only when its swarm
//! has it or never will.

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
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait between attempts.
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

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
}

#[derive(Debug)]
struct Waiting {
    entry: OutboxEntry,
    refusals: u32,
    /// Why the last attempt failed: told again only when it changes.
    told: Option<String>,
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
        self.put(Waiting { entry, refusals: 0, told: None });
    }

    fn put(&mut self, waiting: Waiting) {
        let queue = self.queues.entry(waiting.entry.to).or_default();
        if queue.entries.insert(waiting.entry.number, waiting).is_none() {
            self.len = self.len.saturating_add(1);
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

/// One request that stores messages in the swarm of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Whose swarm.
    pub to: AccountId,
    /// The outbox entries it carries, in the order of the request's parts.
    pub entries: Vec<u64>,
    /// `store`, or a `sequence` of them.
    pub request: Request,
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
            .map(|(to, queue)| delivery(to, queue, &self.outbox.unkept, network_now))
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
        for (number, result) in delivery.entries.iter().zip(results) {
            let Some(mut waiting) = self.outbox.take(&delivery.to, *number) else { continue };
            waiting.entry.attempts = waiting.entry.attempts.saturating_add(1);
            let attempt = Attempt { node, path: &path, now };
            self.settle(waiting, result, &attempt, rng, &mut decision);
        }
        if let Some(queue) = self.outbox.queues.get_mut(&delivery.to) {
            queue.in_flight = false;
            if queue.entries.is_empty() {
                self.outbox.queues.remove(&delivery.to);
            }
        }
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
        let now = attempt.now;
        let id = waiting.entry.message;
        let entry = &mut waiting.entry;
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
                    return give_up(entry, attempt.node, reason, now, decision);
                }
                reason
            }
            SendResult::WrongSwarm { members } => {
                if let Some(node) = attempt.node {
                    let step = LedgerStep::WrongSwarm { node, members };
                    decision.ledger(now, Some(id), None, step);
                }
                "the node asked is not in the recipient's swarm".to_owned()
            }
            SendResult::NotNow { reason } => reason,
        };
        // By both clocks: a node that lies about the time ends no message.
        let end = entry.timestamp.plus(entry.ttl);
        if now >= end && self.clock.at(now) >= end {
            attempt.tell(entry, decision);
            let reason = format!("no swarm member took it before it expired; at last: {reason}");
            return give_up(entry, attempt.node, reason, now, decision);
        }
        let doublings = entry.attempts.saturating_sub(1).min(16);
        let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY);
        entry.next_attempt = now.plus(wait.mul_f64(rng.random_range(0.8..=1.2)));
        let retry_at = entry.next_attempt;
        // Two weeks without a network are one line, not one for each attempt.
        if waiting.told.as_ref() != Some(&reason) {
            attempt.tell(entry, decision);
            let node = attempt.node;
            let (told, retry) = (reason.clone(), Some(retry_at));
            let step = LedgerStep::AttemptFailed { node, reason: told, retry_at: retry };
            decision.ledger(now, Some(id), None, step);
            if entry.copy == Copy::Recipient {
                let reason = reason.clone();
                decision.events.push(AccountEvent::SendDelayed { id, reason, retry_at });
            }
            waiting.told = Some(reason);
        }
        self.outbox.put(waiting);
    }
}

/// How a delivery was tried.
struct Attempt<'a> {
    node: Option<Ed25519PublicKey>,
    path: &'a Hops,
    now: Timestamp,
}

impl Attempt<'_> {
    fn tell(&self, entry: &OutboxEntry, decision: &mut Decision) {
        if let Some(node) = self.node {
            let (attempt, path) = (entry.attempts, self.path.clone());
            let step = LedgerStep::Attempted { attempt, node, path };
            decision.ledger(self.now, Some(entry.message), None, step);
        }
    }
}

fn delivery(
    to: AccountId,
    queue: &Queue,
    unkept: &BTreeSet<MessageId>,
    network_now: Timestamp,
) -> Delivery {
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
        last => Request::Sequence(stores.into_iter().chain(last).collect()),
    };
    Delivery { to, entries, request }
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

fn give_up(
    entry: &OutboxEntry,
    node: Option<Ed25519PublicKey>,
    reason: String,
    now: Timestamp,
    decision: &mut Decision,
) {
    let id = entry.message;
    decision.changes.push(Change::RemoveOutbox(entry.number));
    let step = LedgerStep::AttemptFailed { node, reason: reason.clone(), retry_at: None };
    decision.ledger(now, Some(id), None, step);
    if entry.copy == Copy::Recipient {
        let state = MessageState::Failed { reason: reason.clone() };
        decision.changes.push(Change::SetMessageState { id, state, hash: None });
        decision.events.push(AccountEvent::MessageFailed { id, reason });
    }
}
