//! Sealed messages on their way to their swarms. Entries for one account go
//! out in order, several in one request; an entry leaves only when its swarm
//! has it or never will.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::storage::{
    BatchAnswer, MAX_SUBREQUESTS, NodeStatus, Request, StoreAnswer, StoreOutcome, SwarmAnswer,
};
use ramson_types::ledger::{Hops, LedgerStep};
use ramson_types::message::MessageState;
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, ServiceNode, Timestamp,
};
use rand::RngExt;
use rand_core::CryptoRng;

use super::{Account, Decision};
use crate::event::AccountEvent;
use crate::store::{Change, Copy, OutboxEntry};

/// How many accounts may be written to at the same time.
const MAX_IN_FLIGHT: usize = 8;

/// The most bytes of messages in one request: each onion layer and base64 add
/// to them, and a relay takes 10 MiB.
const MAX_REQUEST: usize = 1_000_000;

/// The wait after the first failed attempt, doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait between attempts.
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// Entries that wait, and the accounts that a request is under way to.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    entries: BTreeMap<u64, OutboxEntry>,
    in_flight: BTreeSet<AccountId>,
}

impl Outbox {
    pub(super) fn load(entries: Vec<OutboxEntry>) -> Self {
        let entries = entries.into_iter().map(|entry| (entry.number, entry)).collect();
        Self { entries, in_flight: BTreeSet::new() }
    }

    pub(super) fn add(&mut self, entry: OutboxEntry) {
        self.entries.insert(entry.number, entry);
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

/// What came of one stored entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendResult {
    /// The swarm has it.
    Stored {
        /// Members whose signatures over the hash verify.
        confirmed: Vec<Ed25519PublicKey>,
        /// Members that failed or whose signatures do not verify.
        failed: Vec<Ed25519PublicKey>,
    },
    /// The node asked is not in the swarm (421).
    WrongSwarm {
        /// How many members its answer named instead.
        members: u32,
    },
    /// The swarm refused it, and will refuse the same bytes again.
    Refused {
        /// Status of the answer.
        status: u16,
        /// Its text.
        reason: String,
    },
    /// Anything else; a later attempt may succeed.
    NotNow {
        /// Why.
        reason: String,
    },
}

/// What the answer to a delivery says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeliveryAnswer {
    /// One result for each entry, in the order of the delivery.
    pub results: Vec<SendResult>,
    /// The right swarm, if the node asked is not in it.
    pub swarm: Option<Vec<ServiceNode>>,
    /// The node's clock.
    pub status: NodeStatus,
    /// The node answered as a working one does not: ask others first.
    pub doubtful: bool,
}

impl Account {
    /// What to send now. Each account has at most one request under way;
    /// [`Account::sent`] must be told of every entry.
    pub fn due_deliveries(&mut self, now: Timestamp) -> Vec<Delivery> {
        let mut batches: BTreeMap<AccountId, Vec<&OutboxEntry>> = BTreeMap::new();
        let mut held_back = BTreeSet::new();
        for entry in self.outbox.entries.values() {
            if self.outbox.in_flight.contains(&entry.to) || held_back.contains(&entry.to) {
                continue;
            }
            // Later entries wait behind one that is not due: order is kept.
            if entry.next_attempt > now {
                held_back.insert(entry.to);
                continue;
            }
            let full = self.outbox.in_flight.len().saturating_add(batches.len()) >= MAX_IN_FLIGHT;
            if full && !batches.contains_key(&entry.to) {
                continue;
            }
            let batch = batches.entry(entry.to).or_default();
            let bytes: usize = batch.iter().map(|entry| entry.data.len()).sum();
            let fits = bytes.saturating_add(entry.data.len()) <= MAX_REQUEST;
            if batch.is_empty() || (batch.len() < MAX_SUBREQUESTS && fits) {
                batch.push(entry);
            } else {
                held_back.insert(entry.to);
            }
        }
        let deliveries: Vec<Delivery> = batches
            .into_iter()
            .map(|(to, batch)| {
                let entries = batch.iter().map(|entry| entry.number).collect();
                let mut stores: Vec<Request> = batch.iter().map(|e| store_request(e)).collect();
                let request = match stores.pop() {
                    Some(only) if stores.is_empty() => only,
                    last => Request::Sequence(stores.into_iter().chain(last).collect()),
                };
                Delivery { to, entries, request }
            })
            .collect();
        self.outbox.in_flight.extend(deliveries.iter().map(|delivery| delivery.to));
        deliveries
    }

    /// When [`Account::due_deliveries`] has something to send; `None` while
    /// nothing waits.
    pub fn next_delivery(&self) -> Option<Timestamp> {
        let mut first: BTreeMap<AccountId, Timestamp> = BTreeMap::new();
        for entry in self.outbox.entries.values() {
            if !self.outbox.in_flight.contains(&entry.to) {
                first.entry(entry.to).or_insert(entry.next_attempt);
            }
        }
        first.into_values().min()
    }

    /// How many entries wait.
    pub fn outbox_len(&self) -> usize {
        self.outbox.entries.len()
    }

    /// The sealed bytes of an entry, to check an answer's hash against.
    pub fn outbox_entry(&self, number: u64) -> Option<&OutboxEntry> {
        self.outbox.entries.get(&number)
    }

    /// Reads the answer to a delivery: one result for each of its entries, and
    /// what else it tells.
    pub fn read_delivery(
        &self,
        delivery: &Delivery,
        node: &Ed25519PublicKey,
        status: u16,
        body: &[u8],
    ) -> DeliveryAnswer {
        let mut answer = self.read_results(delivery, status, body);
        answer.doubtful = answer.results.iter().any(|result| match result {
            SendResult::Stored { failed, .. } => failed.contains(node),
            SendResult::NotNow { .. } => true,
            SendResult::WrongSwarm { .. } | SendResult::Refused { .. } => false,
        });
        answer
    }

    fn read_results(&self, delivery: &Delivery, status: u16, body: &[u8]) -> DeliveryAnswer {
        let mut answer = DeliveryAnswer::default();
        let one_alone = delivery.entries.len() == 1;
        if status != 200 || one_alone {
            for number in &delivery.entries {
                let result = self.read_store(*number, status, body, &mut answer);
                answer.results.push(result);
            }
            return answer;
        }
        let parts = BatchAnswer::parse(body).map(|batch| batch.results);
        for (index, number) in delivery.entries.iter().enumerate() {
            let result = match &parts {
                Err(error) => SendResult::NotNow { reason: error.to_string() },
                Ok(parts) => match parts.get(index) {
                    Some(part) => {
                        self.read_store(*number, part.code, &part.body_bytes(), &mut answer)
                    }
                    // A sequence ends with the first part that fails.
                    None => SendResult::NotNow {
                        reason: "a message before it was not stored".to_owned(),
                    },
                },
            };
            answer.results.push(result);
        }
        answer
    }

    fn read_store(
        &self,
        number: u64,
        status: u16,
        body: &[u8],
        answer: &mut DeliveryAnswer,
    ) -> SendResult {
        let text = || String::from_utf8_lossy(body).chars().take(200).collect::<String>();
        let not_now = |reason: String| SendResult::NotNow { reason };
        let Some(entry) = self.outbox.entries.get(&number) else {
            return not_now("the entry is not in the outbox".to_owned());
        };
        match status {
            200 => match StoreAnswer::parse(body) {
                Ok(stored) => {
                    answer.status = stored.status;
                    judge_store(entry, &stored)
                }
                Err(error) => not_now(error.to_string()),
            },
            421 => match SwarmAnswer::parse(body) {
                Ok(swarm) => {
                    let members = u32::try_from(swarm.nodes.len()).unwrap_or(u32::MAX);
                    answer.status = swarm.status;
                    answer.swarm = Some(swarm.nodes);
                    SendResult::WrongSwarm { members }
                }
                Err(error) => not_now(error.to_string()),
            },
            400 | 401 | 403 | 413 => SendResult::Refused { status, reason: text() },
            _ => not_now(format!("the node answered {status}: {}", text())),
        }
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
        self.outbox.in_flight.remove(&delivery.to);
        let mut decision = Decision::default();
        for (number, result) in delivery.entries.iter().zip(results) {
            let Some(mut entry) = self.outbox.entries.remove(number) else { continue };
            entry.attempts = entry.attempts.saturating_add(1);
            if let Some(node) = node {
                let (attempt, path) = (entry.attempts, path.clone());
                let step = LedgerStep::Attempted { attempt, node, path };
                decision.ledger(now, Some(entry.message), None, step);
            }
            self.settle(entry, result, node, now, rng, &mut decision);
        }
        decision
    }

    fn settle(
        &mut self,
        mut entry: OutboxEntry,
        result: SendResult,
        node: Option<Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
        decision: &mut Decision,
    ) {
        let id = entry.message;
        let reason = match result {
            SendResult::Stored { confirmed, failed } => {
                let hash = ramson_crypto::message_hash(&entry.to, entry.namespace, &entry.data);
                decision.changes.push(Change::RemoveOutbox(entry.number));
                let (to, signed) = (entry.to, confirmed.clone());
                let step = LedgerStep::Stored { to, confirmed, failed };
                decision.ledger(now, Some(id), Some(hash), step);
                if entry.copy == Copy::Recipient {
                    stored(&entry, hash, signed, decision);
                }
                return;
            }
            SendResult::Refused { status, reason } => {
                let reason = format!("the swarm refused it ({status}: {reason})");
                return give_up(&entry, node, reason, now, decision);
            }
            SendResult::WrongSwarm { members } => {
                if let Some(node) = node {
                    let step = LedgerStep::WrongSwarm { node, members };
                    decision.ledger(now, Some(id), None, step);
                }
                "the node asked is not in the recipient's swarm".to_owned()
            }
            SendResult::NotNow { reason } => reason,
        };
        if self.clock.at(now) >= entry.timestamp.plus(entry.ttl) {
            let reason = format!("no swarm member took it before it expired; at last: {reason}");
            return give_up(&entry, node, reason, now, decision);
        }
        let doublings = entry.attempts.saturating_sub(1).min(16);
        let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY);
        entry.next_attempt = now.plus(wait.mul_f64(rng.random_range(0.8..=1.2)));
        let retry_at = entry.next_attempt;
        let step =
            LedgerStep::AttemptFailed { node, reason: reason.clone(), retry_at: Some(retry_at) };
        decision.ledger(now, Some(id), None, step);
        if entry.copy == Copy::Recipient {
            decision.events.push(AccountEvent::SendDelayed { id, reason, retry_at });
        }
        decision.changes.push(Change::PutOutbox(entry.clone()));
        self.outbox.add(entry);
    }
}

/// An answer counts by the signatures in it, never by its word alone.
fn judge_store(entry: &OutboxEntry, answer: &StoreAnswer) -> SendResult {
    let hash = ramson_crypto::message_hash(&entry.to, entry.namespace, &entry.data);
    let confirmed = answer.confirmed(hash);
    if confirmed.is_empty() {
        let reasons: Vec<&str> = answer
            .swarm
            .values()
            .filter_map(|outcome| match outcome {
                StoreOutcome::Failed { reason, .. } => reason.as_deref(),
                StoreOutcome::Stored { .. } => None,
            })
            .collect();
        let reason = match reasons.first() {
            Some(first) => format!("no member of the swarm stored it: {first}"),
            None => "no member of the swarm signed for it".to_owned(),
        };
        return SendResult::NotNow { reason };
    }
    let failed = answer.swarm.keys().filter(|key| !confirmed.contains(key)).copied().collect();
    SendResult::Stored { confirmed, failed }
}

fn store_request(entry: &OutboxEntry) -> Request {
    let ttl = u64::try_from(entry.ttl.as_millis()).unwrap_or(u64::MAX);
    let (to, namespace) = (entry.to, entry.namespace);
    Request::store_unsigned(to, namespace, entry.timestamp, ttl, entry.data.clone())
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
    let id: MessageId = entry.message;
    decision.changes.push(Change::RemoveOutbox(entry.number));
    let step = LedgerStep::AttemptFailed { node, reason: reason.clone(), retry_at: None };
    decision.ledger(now, Some(id), None, step);
    if entry.copy == Copy::Recipient {
        let state = MessageState::Failed { reason: reason.clone() };
        decision.changes.push(Change::SetMessageState { id, state, hash: None });
        decision.events.push(AccountEvent::MessageFailed { id, reason });
    }
}
