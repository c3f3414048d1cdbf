//! What the result of an attempt means for its entry: it is through, goes out
//! again later, or is given up.

use ramson_codec::storage::Request;
use ramson_types::ledger::{Hops, LedgerStep};
use ramson_types::message::MessageState;
use ramson_types::{AccountId, ConversationId, Ed25519PublicKey, MessageHash, Timestamp};
use rand::RngExt;
use rand_core::CryptoRng;

use super::super::{Account, Decision};
use super::queue::Waiting;
use super::{
    Delivery, FIRST_DAY, FIRST_RETRY, LONGEST_RETRY, LONGEST_RETRY_AT_FIRST, MAX_HURRIES,
    MAX_REFUSALS, MAX_TOLD, SendResult,
};
use crate::event::AccountEvent;
use crate::store::{Change, Copy, Errand, MessageEdit, OutboxEntry};

impl Account {
    pub(super) fn settle(
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
                self.outbox.done(entry, decision);
                if entry.copy == Copy::Recipient {
                    self.expiring.release(id);
                }
                attempt.tell(entry, decision);
                if !entry.quiet {
                    let (to, confirmed) = (entry.to, confirmed.clone());
                    let step = LedgerStep::Stored { to, confirmed, failed };
                    decision.ledger(now, Some(id), Some(hash), step);
                }
                stored(entry, hash, confirmed, self.keys.account_id(), decision);
                return;
            }
            SendResult::Refused { status, reason } => {
                waiting.refusals = waiting.refusals.saturating_add(1);
                let reason = format!("the swarm refused it ({status}: {reason})");
                if waiting.refusals >= MAX_REFUSALS {
                    attempt.tell(entry, decision);
                    self.outbox.done(entry, decision);
                    if entry.copy == Copy::Recipient {
                        self.expiring.release(id);
                    }
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
            self.outbox.done(entry, decision);
            if entry.copy == Copy::Recipient {
                self.expiring.release(id);
            }
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
        if !entry.quiet && waiting.told.len() < MAX_TOLD && !waiting.told.contains(&failure) {
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
                decision.events.push(AccountEvent::SendDelayed {
                    id,
                    conversation: ConversationId::Account(entry.to),
                    reason,
                    retry_at,
                });
            }
            waiting.told.insert(failure);
        }
        self.outbox.put(waiting);
    }

    /// A message was deleted while its copy was on the way to the own swarm:
    /// the copy is deleted there, too, unless it surely never got there.
    pub(super) fn take_back_own(
        &mut self,
        attempt: &Attempt<'_>,
        index: usize,
        result: &SendResult,
        decision: &mut Decision,
    ) {
        let Attempt { delivery, node, .. } = *attempt;
        let may_be_there = match result {
            SendResult::Stored { .. } => true,
            SendResult::NotNow { .. } => node.is_some(),
            SendResult::WrongSwarm { .. }
            | SendResult::Refused { .. }
            | SendResult::WrongTime { .. } => false,
        };
        if delivery.to != self.keys.account_id() || !may_be_there {
            return;
        }
        let part = match &delivery.request {
            Request::Batch(parts) => parts.get(index),
            single => Some(single),
        };
        if let Some(Request::Store(store)) = part {
            let hash = ramson_crypto::message_hash(&delivery.to, store.namespace, &store.data);
            self.add_errand(Errand::Delete(vec![hash]), decision);
        }
    }
}

/// How a delivery was tried.
pub(super) struct Attempt<'a> {
    pub(super) delivery: &'a Delivery,
    pub(super) node: Option<Ed25519PublicKey>,
    pub(super) path: &'a Hops,
    pub(super) now: Timestamp,
}

impl Attempt<'_> {
    fn tell(&self, entry: &OutboxEntry, decision: &mut Decision) {
        if let Some(node) = self.node.filter(|_| !entry.quiet) {
            let (attempt, path) = (entry.attempts, self.path.clone());
            let (to, asked) = (Some(entry.to), Some(self.delivery.asked));
            let step = LedgerStep::Attempted { attempt, to, node, path, asked };
            decision.ledger(self.now, Some(entry.message), None, step);
        }
    }

    fn give_up(&self, entry: &OutboxEntry, reason: String, decision: &mut Decision) {
        let id = entry.message;
        if entry.quiet {
            return;
        }
        let step = LedgerStep::AttemptFailed {
            to: Some(entry.to),
            node: self.node,
            reason: reason.clone(),
            asked: Some(self.delivery.asked),
            retry_at: None,
        };
        decision.ledger(self.now, Some(id), None, step);
        if entry.copy == Copy::Recipient {
            if !entry.outside_history {
                let state = MessageState::Failed { reason: reason.clone() };
                decision.changes.push(Change::SetMessageState { id, state, hash: None });
            }
            decision.events.push(AccountEvent::MessageFailed {
                id,
                conversation: ConversationId::Account(entry.to),
                reason,
            });
        }
    }
}

fn stored(
    entry: &OutboxEntry,
    hash: MessageHash,
    nodes: Vec<Ed25519PublicKey>,
    me: AccountId,
    decision: &mut Decision,
) {
    let id = entry.message;
    let recipients = entry.copy == Copy::Recipient;
    if !entry.outside_history && recipients {
        let (state, hash) = (MessageState::Stored, Some(hash));
        decision.changes.push(Change::SetMessageState { id, state, hash });
    }
    if !entry.outside_history && entry.to == me {
        let edit = MessageEdit::OwnHash(hash);
        decision.changes.push(Change::EditMessage { id, edit });
    }
    if entry.quiet || !recipients {
        return;
    }
    decision.events.push(AccountEvent::MessageStored {
        id,
        conversation: ConversationId::Account(entry.to),
        to: entry.to,
        hash,
        nodes,
        sent: entry.timestamp,
    });
}
