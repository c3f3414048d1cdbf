//! What is to be done in the own swarm: configs stored, copies deleted, their
//! lives shortened. One request at a time; a push of configs and the errands
//! that were kept take turns.
//!
//! What a swarm did counts by the signatures of its members, as with messages:
//! more than half of them have to sign at first, one of them from the fourth
//! attempt on. An errand that failed is tried again after a wait that doubles,
//! with another member, and leaves when it is done or 30 days old: by then the
//! copies that it names have expired.
//!
//! | file | decides |
//! |---|---|
//! | `push` | what of the configs goes into the next request |
//! | `request` | the requests for errands that were kept |
//! | `answer` | what the answer of a swarm is worth |
//! | `settle` | what follows from it |

mod answer;
mod push;
mod request;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::storage::Request;
use ramson_types::{Ed25519PublicKey, MessageHash, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

use super::{Account, Decision};
use crate::store::{Change, Errand, StoredErrand};

use push::{Chunk, Pushing};
use request::Part;

/// The wait after the first failed attempt, doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait between attempts on an errand's first day.
const LONGEST_RETRY_AT_FIRST: Duration = Duration::from_secs(60);

/// The longest wait between attempts. What is farther away was set by another
/// clock.
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// An errand's first day.
const FIRST_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An errand that was not done by then is dropped.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a push may take: a member that is down costs each of its stores
/// 5 s at servers of 2.8. Relays wait no longer.
const PUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// Errands that wait. Beyond it the oldest is dropped: what it names expires on
/// its own.
const MAX_WAITING: usize = 4_096;

/// What waits is made due early by an answer that came through, and then not
/// again for this long, doubled each time until an errand is done.
const BETWEEN_WAKES: Duration = Duration::from_secs(5);

/// Nodes whose last failure is remembered; a swarm has about seven members.
const MAX_FAILURES: usize = 32;

/// Everything that is to be done in the own swarm.
#[derive(Debug, Default)]
pub(super) struct Errands {
    waiting: BTreeMap<u64, Waiting>,
    pushing: Pushing,
    /// Number of the request that was not answered yet.
    under_way: Option<u64>,
    requests: u64,
    /// The last request was a push.
    pushed_last: bool,
    /// The member that failed last.
    avoid: Option<Ed25519PublicKey>,
    /// The last failure of each node, and of no node: in the ledger once.
    failures: BTreeMap<Option<Ed25519PublicKey>, String>,
    /// How often what waits was made due early, and when it may be again.
    woken: u32,
    next_wake: Timestamp,
}

/// An errand that was kept, and how far it has come.
#[derive(Debug)]
struct Waiting {
    errand: Errand,
    /// When it failed first; 0 before.
    begun: Timestamp,
    attempts: u32,
    next_attempt: Timestamp,
    /// How often a member said when copies expire.
    answers: u32,
    /// What each said: `None` for those it does not have.
    said: BTreeMap<MessageHash, BTreeMap<Ed25519PublicKey, Option<Timestamp>>>,
}

/// One request to the own swarm.
#[derive(Debug, Clone, PartialEq)]
pub struct DueErrand {
    /// The request.
    pub request: Request,
    /// How long it may take.
    pub timeout: Duration,
    /// Which of the account's errands it is.
    number: u64,
    work: Work,
    /// When it became due.
    asked: Timestamp,
    /// The member that failed last.
    avoid: Option<Ed25519PublicKey>,
    /// Members that said all they know of it.
    heard: BTreeSet<Ed25519PublicKey>,
}

/// What a request is for.
#[derive(Debug, Clone, PartialEq)]
enum Work {
    /// A `sequence` of stores, and a `delete`.
    Push(Chunk),
    /// A `batch`, with one part for each request in it.
    Stored(Vec<Part>),
}

/// What an answer to an errand means.
#[derive(Debug, Default, PartialEq)]
pub struct ErrandAnswer {
    /// To be committed.
    pub decision: Decision,
    /// The node is to be asked last for a while.
    pub doubtful: bool,
    /// The node is not in the swarm; these are (421).
    pub swarm: Option<Vec<ServiceNode>>,
    /// The node refused the time of the request: its clock or ours is wrong.
    pub wrong_time: bool,
    /// What the node said of the time.
    pub time: Option<Timestamp>,
}

impl Waiting {
    const fn new(errand: Errand, begun: Timestamp) -> Self {
        let (attempts, next_attempt) = (0, Timestamp(0));
        Self { errand, begun, attempts, next_attempt, answers: 0, said: BTreeMap::new() }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt.is_due(now, LONGEST_RETRY)
    }
}

impl Errands {
    pub(super) fn load(waiting: Vec<StoredErrand>) -> Self {
        let waiting = waiting
            .into_iter()
            .map(|StoredErrand { number, begun, errand }| (number, Waiting::new(errand, begun)))
            .collect();
        Self { waiting, ..Self::default() }
    }

    /// Makes due what waits after a failure. Tells whether anything does.
    fn wake(&mut self, now: Timestamp) -> bool {
        let mut woken = false;
        for waiting in self.waiting.values_mut() {
            if waiting.attempts > 0 && waiting.next_attempt > now {
                waiting.next_attempt = now;
                woken = true;
            }
        }
        woken
    }
}

/// The wait after so many failed attempts.
fn wait_after(attempts: u32, begun: Timestamp, now: Timestamp) -> Duration {
    let young = now.distance(begun) < FIRST_DAY;
    let longest = if young { LONGEST_RETRY_AT_FIRST } else { LONGEST_RETRY };
    FIRST_RETRY.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(longest)
}

fn hashes_of(errand: &Errand) -> Vec<MessageHash> {
    match errand {
        Errand::Delete(hashes) => hashes.clone(),
        Errand::Shorten { copies, .. } | Errand::AskExpiries(copies) => {
            copies.iter().map(|copy| copy.hash).collect()
        }
    }
}

impl Account {
    /// Adds an errand, and keeps it. One that names nothing is none.
    pub(super) fn add_errand(&mut self, errand: Errand, decision: &mut Decision) {
        if hashes_of(&errand).is_empty() {
            return;
        }
        while self.errands.waiting.len() >= MAX_WAITING
            && let Some((oldest, _)) = self.errands.waiting.pop_first()
        {
            decision.changes.push(Change::RemoveErrand(oldest));
        }
        let number = self.counters.next_errand;
        self.counters.next_errand = number.saturating_add(1);
        let begun = Timestamp(0);
        let stored = StoredErrand { number, begun, errand: errand.clone() };
        decision.changes.push(Change::PutErrand(stored));
        decision.changes.push(Change::SetCounters(self.counters));
        self.errands.waiting.insert(number, Waiting::new(errand, begun));
    }

    /// The errand that is due, if one is, while none is under way. To be called
    /// only when everything that was decided before is on disk; and the
    /// decision, which may be one without an errand, is to be committed before
    /// the first byte of the request is sent. [`Account::errand_done`] must be
    /// told of every errand.
    pub fn due_errand(&mut self, now: Timestamp) -> (Option<DueErrand>, Decision) {
        let mut decision = Decision::default();
        if self.errands.under_way.is_some() {
            return (None, decision);
        }
        self.spare_active(now, &mut decision);
        let due = self.begin_errand(now);
        // Looking for it changes configs, also where it finds nothing.
        self.keep(&mut decision, now);
        (due, decision)
    }

    fn begin_errand(&mut self, now: Timestamp) -> Option<DueErrand> {
        let stored = self.errands.waiting.values().any(|waiting| waiting.is_due(now));
        let push = match stored && self.errands.pushed_last {
            true => None,
            false => self.due_push(now),
        };
        self.errands.pushed_last = push.is_some();
        let (request, work, timeout) = match push {
            Some((request, chunk)) => (request, Work::Push(chunk), PUSH_TIMEOUT),
            None => {
                let (request, parts) = self.stored_request(now)?;
                (request, Work::Stored(parts), TIMEOUT)
            }
        };
        let number = self.errands.requests;
        self.errands.requests = number.saturating_add(1);
        self.errands.under_way = Some(number);
        let heard = self.heard(&work);
        let avoid = self.errands.avoid;
        Some(DueErrand { request, timeout, number, work, asked: now, avoid, heard })
    }

    /// Which members have nothing to add to a request that only asks.
    fn heard(&self, work: &Work) -> BTreeSet<Ed25519PublicKey> {
        let Work::Stored(parts) = work else { return BTreeSet::new() };
        let mut all: Option<BTreeSet<Ed25519PublicKey>> = None;
        for part in parts {
            let waiting = self.errands.waiting.get(&part.errand);
            for hash in &part.hashes {
                let said = waiting.and_then(|waiting| waiting.said.get(hash));
                let said = said.map(|said| said.keys().copied().collect()).unwrap_or_default();
                all = Some(match all {
                    None => said,
                    Some(all) => &all & &said,
                });
            }
        }
        all.unwrap_or_default()
    }

    /// Which of these members of the own swarm an errand is to be sent to: one
    /// that may say something new and did not fail last, as far as there is
    /// such a one. `None` if there are none at all.
    pub fn pick_errand_member(
        &self,
        errand: &DueErrand,
        members: &[ServiceNode],
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        let reluctance = |node: &ServiceNode| {
            (errand.heard.contains(&node.ed25519), errand.avoid == Some(node.ed25519))
        };
        let least = members.iter().map(reluctance).min();
        members.iter().filter(|node| Some(reluctance(node)) == least).choose(rng).copied()
    }

    /// When [`Account::due_errand`] has something; `None` while nothing waits,
    /// or one is under way.
    pub fn next_errand(&self) -> Option<Timestamp> {
        if self.errands.under_way.is_some() {
            return None;
        }
        let stored = self.errands.waiting.values().map(|waiting| waiting.next_attempt).min();
        [stored, self.next_push()].into_iter().flatten().min()
    }

    /// How many errands wait for the own swarm, beside configs that are to be
    /// stored.
    pub fn errands_waiting(&self) -> usize {
        self.errands.waiting.len()
    }

    /// An answer came through: what waits after a failure is due, if it was
    /// not woken in vain just before. Tells whether anything is.
    pub(super) fn wake_errands(&mut self, now: Timestamp) -> bool {
        let rested = self.errands.next_wake.is_due(now, LONGEST_RETRY);
        if self.errands.under_way.is_some() || !rested {
            return false;
        }
        let woken = self.errands.wake(now) | self.settings.wake_push(now);
        if woken {
            let errands = &mut self.errands;
            let doubled = BETWEEN_WAKES.saturating_mul(1 << errands.woken.min(16));
            errands.woken = errands.woken.saturating_add(1);
            errands.next_wake = now.plus(doubled.min(LONGEST_RETRY));
        }
        woken
    }
}
