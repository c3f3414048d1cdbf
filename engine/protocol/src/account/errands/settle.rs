//! What follows from the answer to an errand.

use std::collections::{BTreeMap, BTreeSet};

use ramson_types::ledger::LedgerStep;
use ramson_types::message::{ExpiresFrom, Expiry};
use ramson_types::{Ed25519PublicKey, MessageHash, Timestamp};

use super::answer::{CONTENT_WITH_ONE, Outcome, Reader, agreed};
use super::request::Part;
use super::{
    DueErrand, ErrandAnswer, LONGEST_LIFE, MAX_FAILURES, Waiting, Work, hashes_of, wait_after,
};
use crate::account::{Account, Decision};
use crate::event::{AccountEvent, MessageChange};
use crate::store::{Change, Errand, ErrandCopy, MessageEdit, StoredErrand};

/// So many members are asked when copies expire, where there are so many: one
/// of them may lie, or have missed what the others know.
const ASKED_FOR_EXPIRIES: usize = 3;

/// What became of an errand in one request.
#[derive(Default)]
struct Progress {
    /// Copies about which nothing is left to be done, and when they expire,
    /// where that was asked: `None` for those that are nowhere.
    done: BTreeMap<MessageHash, Option<Option<Timestamp>>>,
    failed: bool,
}

impl Account {
    /// What came of an errand: status and body of the answer, or why there is
    /// none. Signatures count only of `members` of the own swarm. An errand
    /// that is not under way changes nothing.
    pub fn errand_done(
        &mut self,
        errand: &DueErrand,
        node: Option<Ed25519PublicKey>,
        members: &[Ed25519PublicKey],
        answer: Result<(u16, &[u8]), String>,
        now: Timestamp,
    ) -> ErrandAnswer {
        if self.errands.under_way != Some(errand.number) {
            return ErrandAnswer::default();
        }
        self.errands.under_way = None;
        let mut reader = Reader::new(self.id(), node, members);
        let mut decision = Decision::default();
        let answered = answer.is_ok();
        let progress = match &errand.work {
            Work::Push(chunk) => {
                let attempts = self.errands.pushing.attempts;
                self.errands.pushing.unanswered |= !answered;
                let result = reader.push(chunk, answer, attempts);
                let progress = !result.stored.is_empty();
                let undeleted = self.pushed(chunk, result, now);
                self.add_errand(Errand::Delete(undeleted), &mut decision);
                progress
            }
            Work::Stored(parts) => {
                let waiting = &self.errands.waiting;
                let attempts =
                    |part: &Part| waiting.get(&part.errand).map_or(0, |waiting| waiting.attempts);
                let outcomes = reader.stored(parts, answer, attempts);
                self.settle_stored(parts, outcomes, &reader, now, &mut decision)
            }
        };
        self.errands.avoid = if reader.reason.is_some() { node } else { None };
        if let Some(reason) = reader.reason.clone() {
            self.tell_failure(errand, node, reason, now, &mut decision);
        } else {
            self.errands.failures.remove(&node);
            self.errands.failures.remove(&None);
        }
        if progress {
            self.errands.woken = 0;
            self.network_works(now);
        }
        self.keep(&mut decision, now);
        ErrandAnswer {
            decision,
            doubtful: reader.is_doubtful(),
            wrong_time: reader.wrong_time,
            time: reader.time,
            swarm: reader.swarm,
        }
    }

    /// Takes in what became of each part; whether anything was done.
    fn settle_stored(
        &mut self,
        parts: &[Part],
        outcomes: Vec<Outcome>,
        reader: &Reader<'_>,
        now: Timestamp,
        decision: &mut Decision,
    ) -> bool {
        let mut errands: BTreeMap<u64, Progress> = BTreeMap::new();
        let mut outcomes = outcomes.into_iter();
        for part in parts {
            let progress = errands.entry(part.errand).or_default();
            match outcomes.next().unwrap_or(Outcome::Failed) {
                Outcome::Failed => progress.failed = true,
                Outcome::Deleted => {
                    progress.done.extend(part.hashes.iter().map(|hash| (*hash, None)));
                }
                Outcome::Expires(expiries) => {
                    let known = expiries.into_iter().map(|(hash, at)| (hash, Some(at)));
                    progress.done.extend(known);
                }
                Outcome::Says(expiries) => {
                    let waiting = self.errands.waiting.get_mut(&part.errand);
                    let heard = waiting.and_then(|waiting| hear(waiting, part, &expiries, reader));
                    progress.failed |= heard.is_none();
                    progress.done.extend(heard.unwrap_or_default());
                }
            }
        }
        let mut done = false;
        for (number, progress) in errands {
            done |= !progress.done.is_empty();
            self.go_on(number, progress, now, decision);
        }
        done
    }

    /// Goes on with what is left of an errand.
    fn go_on(&mut self, number: u64, progress: Progress, now: Timestamp, decision: &mut Decision) {
        let Some(mut waiting) = self.errands.waiting.remove(&number) else { return };
        let finished = take_done(&mut waiting, &progress.done);
        for (copy, expires) in &finished {
            self.adopt_expiry(copy, *expires, now, decision);
        }
        if hashes_of(&waiting.errand).is_empty() {
            decision.changes.push(Change::RemoveErrand(number));
            return;
        }
        let mut changed = !progress.done.is_empty();
        waiting.attempts = waiting.attempts.saturating_add(1);
        waiting.next_attempt = now;
        if progress.failed {
            if waiting.begun == Timestamp(0) {
                waiting.begun = now;
                changed = true;
            }
            // By both clocks: a node that lies about the time ends nothing.
            let age = now.since(waiting.begun).min(self.clock.at(now).since(waiting.begun));
            if age > LONGEST_LIFE {
                decision.changes.push(Change::RemoveErrand(number));
                return;
            }
            waiting.next_attempt = now.plus(wait_after(waiting.attempts, waiting.begun, now));
        } else if changed {
            waiting.attempts = 0;
        }
        if changed {
            let (begun, errand) = (waiting.begun, waiting.errand.clone());
            decision.changes.push(Change::PutErrand(StoredErrand { number, begun, errand }));
        }
        self.errands.waiting.insert(number, waiting);
    }

    /// Lets a message go with its copy, if that goes before it. A copy that is
    /// nowhere has gone already (01 section 4.3), unless its life in the swarm
    /// was over anyway: then the timer goes on as it was started.
    fn adopt_expiry(
        &mut self,
        copy: &ErrandCopy,
        expires: Option<Timestamp>,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let network_now = self.clock.at(now);
        if expires.is_none() && self.expiring.has_lapsed(copy.message, network_now) {
            return;
        }
        let ends = expires.unwrap_or(network_now);
        if self.expiring.ends(copy.message).is_none_or(|before| before <= ends) {
            return;
        }
        let (id, conversation) = (copy.message, copy.conversation.clone());
        let expiry =
            Some(Expiry { from: ExpiresFrom::Read, seconds: copy.seconds, ends: Some(ends) });
        self.expiring.set(id, Some(ends));
        decision.changes.push(Change::EditMessage { id, edit: MessageEdit::Expiry(expiry) });
        let change = MessageChange::Expiry(expiry);
        decision.events.push(AccountEvent::MessageChanged { id, conversation, change });
    }

    /// The same failure of the same node stands in the ledger once, however
    /// often it comes back.
    fn tell_failure(
        &mut self,
        errand: &DueErrand,
        node: Option<Ed25519PublicKey>,
        reason: String,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let retry_at = match &errand.work {
            Work::Push(_) => self.next_push(),
            Work::Stored(parts) => {
                let waiting =
                    parts.iter().filter_map(|part| self.errands.waiting.get(&part.errand));
                waiting.map(|waiting| waiting.next_attempt).min()
            }
        };
        let (to, asked) = (Some(self.id()), Some(errand.asked));
        let failures = &mut self.errands.failures;
        if failures.get(&node) == Some(&reason) {
            return;
        }
        while failures.len() >= MAX_FAILURES && failures.pop_first().is_some() {}
        failures.insert(node, reason.clone());
        let step = LedgerStep::AttemptFailed { to, node, reason, asked, retry_at };
        decision.ledger(now, None, None, step);
    }
}

/// Takes in a member's word on when copies expire. Gives those of which enough
/// was heard, and what to make of it; `None` if the node is no member.
fn hear(
    waiting: &mut Waiting,
    part: &Part,
    expiries: &BTreeMap<MessageHash, Timestamp>,
    reader: &Reader<'_>,
) -> Option<Vec<(MessageHash, Option<Option<Timestamp>>)>> {
    let node = reader.node.filter(|node| reader.members.contains(node))?;
    // Where there are no others to ask, or they do not answer.
    let wanted = match waiting.answers {
        CONTENT_WITH_ONE.. => 1,
        _ => ASKED_FOR_EXPIRIES.min(reader.members.len()),
    };
    waiting.answers = waiting.answers.saturating_add(1);
    let mut done = Vec::new();
    for hash in &part.hashes {
        let said = waiting.said.entry(*hash).or_default();
        said.insert(node, expiries.get(hash).copied());
        if said.len() >= wanted {
            done.push((*hash, Some(agreed(said.values().copied().collect()))));
        }
    }
    Some(done)
}

/// Takes what is done out of an errand; gives copies of which was learnt when
/// they expire.
fn take_done(
    waiting: &mut Waiting,
    done: &BTreeMap<MessageHash, Option<Option<Timestamp>>>,
) -> Vec<(ErrandCopy, Option<Timestamp>)> {
    let mut finished = Vec::new();
    match &mut waiting.errand {
        Errand::Delete(hashes) => hashes.retain(|hash| !done.contains_key(hash)),
        Errand::Shorten { copies, .. } | Errand::AskExpiries(copies) => copies.retain(|copy| {
            let known = done.get(&copy.hash);
            if let Some(Some(expires)) = known {
                finished.push((copy.clone(), *expires));
            }
            known.is_none()
        }),
    }
    let left: BTreeSet<_> = hashes_of(&waiting.errand).into_iter().collect();
    waiting.said.retain(|hash, _| left.contains(hash));
    finished
}
