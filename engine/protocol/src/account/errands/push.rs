//! Storing the account's configs (03 sections 4.2 and 8): one `sequence` with a
//! `store` for each message, and a `delete` of what they make useless behind
//! them. What is too much for one request goes into several, one after the
//! other, and the `delete` into the last.
//!
//! Where one of them got no answer, those that follow are shorter until all is
//! stored: each store may have to wait for a member that is down, and those
//! waits add up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ramson_codec::storage::{MAX_SUBREQUESTS, Request};
use ramson_types::{MessageHash, Namespace, Timestamp};

use crate::account::Account;
use crate::account::settings::PushBatch;
use crate::config::ConfigKind;

/// How long the swarm keeps a config.
const TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The most bytes of messages in one request, as with deliveries.
const MAX_REQUEST: usize = 1_000_000;

/// Stores in one request, with room for the `delete`.
const MANY: usize = MAX_SUBREQUESTS - 1;

/// The same after a push without an answer: a relay waits for 30 s, and each of
/// them and the `delete` may take 5.
const FEW: usize = 4;

/// A message that was stored before a push failed is not stored again for so
/// long.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// The push under way, and how those before it went.
#[derive(Debug, Default)]
pub(super) struct Pushing {
    job: Option<Job>,
    /// What was stored of pushes that failed in the end.
    stored: BTreeMap<MessageHash, Timestamp>,
    /// Failures in a row.
    pub(super) attempts: u32,
    /// One of them got no answer.
    pub(super) unanswered: bool,
}

/// A push that may take several requests.
#[derive(Debug)]
struct Job {
    /// Configs that were not stored completely yet, and the hashes of all
    /// their messages.
    parts: Vec<JobPart>,
    /// What is still to be stored.
    messages: VecDeque<JobMessage>,
    obsolete: Vec<MessageHash>,
}

#[derive(Debug)]
struct JobPart {
    kind: ConfigKind,
    seqno: i64,
    hashes: BTreeSet<MessageHash>,
    missing: BTreeSet<MessageHash>,
}

#[derive(Debug)]
struct JobMessage {
    namespace: Namespace,
    hash: MessageHash,
    data: Vec<u8>,
}

/// What of a push goes into one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// The messages that are stored, in the order of the request.
    pub(super) stores: Vec<MessageHash>,
    /// What is deleted behind them.
    pub(super) deletes: Vec<MessageHash>,
}

/// How a request of a push ended.
#[derive(Debug, Default)]
pub(super) struct PushResult {
    /// Messages that the swarm has.
    pub(super) stored: BTreeSet<MessageHash>,
    /// The obsolete ones are gone.
    pub(super) deleted: bool,
    /// Not all of it was done.
    pub(super) failed: bool,
}

impl Job {
    fn new(account: &Account, batch: PushBatch) -> Self {
        let me = account.id();
        let (mut parts, mut messages) = (Vec::new(), VecDeque::new());
        let mut all = BTreeSet::new();
        for part in batch.parts.into_iter().filter(|part| !part.messages.is_empty()) {
            let mut hashes = BTreeSet::new();
            for data in part.messages {
                let namespace = part.namespace;
                let hash = ramson_crypto::message_hash(&me, namespace, &data);
                hashes.insert(hash);
                if all.insert(hash) {
                    messages.push_back(JobMessage { namespace, hash, data });
                }
            }
            let (kind, seqno, missing) = (part.kind, part.seqno, hashes.clone());
            parts.push(JobPart { kind, seqno, hashes, missing });
        }
        // What is stored now must not be deleted right behind it.
        let obsolete = batch.obsolete.into_iter().filter(|hash| !all.contains(hash)).collect();
        Self { parts, messages, obsolete }
    }

    /// Passes over what an earlier attempt has stored, but for the last
    /// message: a request stores something.
    fn pass_over(&mut self, stored: &BTreeMap<MessageHash, Timestamp>) {
        let is_stored = |message: &JobMessage| stored.contains_key(&message.hash);
        let last = match self.messages.iter().all(is_stored) {
            true => self.messages.back().map(|message| message.hash),
            false => None,
        };
        self.messages.retain(|message| !is_stored(message) || Some(message.hash) == last);
        for part in &mut self.parts {
            part.missing.retain(|hash| !stored.contains_key(hash) || Some(*hash) == last);
        }
    }

    fn chunk(&self, at_most: usize) -> usize {
        let mut bytes = 0_usize;
        let fits = |message: &&JobMessage| {
            bytes = bytes.saturating_add(message.data.len());
            bytes <= MAX_REQUEST
        };
        let fitting = self.messages.iter().take(at_most).take_while(fits).count();
        fitting.max(1).min(self.messages.len())
    }
}

impl Pushing {
    /// What is being stored, or was and will be counted on.
    pub(super) fn in_use(&self) -> impl Iterator<Item = MessageHash> {
        let parts = self.job.iter().flat_map(|job| &job.parts);
        let of_job = parts.flat_map(|part| &part.hashes).copied();
        of_job.chain(self.stored.keys().copied())
    }
}

impl Account {
    /// When a push is due.
    pub(super) fn next_push(&self) -> Option<Timestamp> {
        match self.errands.pushing.job {
            Some(_) => Some(Timestamp(0)),
            None => self.settings.next_push(),
        }
    }

    /// The next request of the push that is due.
    pub(super) fn due_push(&mut self, now: Timestamp) -> Option<(Request, Chunk)> {
        let network_now = self.clock.at(now);
        if self.errands.pushing.job.is_none() {
            let batch = self.settings.take_push(&self.keys, now, network_now)?;
            let mut job = Job::new(self, batch);
            let stored = &mut self.errands.pushing.stored;
            stored.retain(|_, at| now.distance(*at) < REMEMBERED);
            job.pass_over(stored);
            self.errands.pushing.job = Some(job).filter(|job| !job.messages.is_empty());
        }
        let job = self.errands.pushing.job.as_ref()?;
        let count = job.chunk(if self.errands.pushing.unanswered { FEW } else { MANY });
        let ttl = u64::try_from(TTL.as_millis()).unwrap_or(u64::MAX);
        let (mut requests, mut stores) = (Vec::new(), Vec::new());
        for JobMessage { namespace, hash, data } in job.messages.iter().take(count) {
            let (data, at) = (data.clone(), network_now);
            requests.push(Request::store_signed(&*self.keys, *namespace, at, ttl, data, at));
            stores.push(*hash);
        }
        let is_last = count == job.messages.len();
        let mut deletes = if is_last { job.obsolete.clone() } else { Vec::new() };
        if !deletes.is_empty() {
            let active = self.settings.active_hashes();
            deletes.retain(|hash| !active.contains(hash));
        }
        if !deletes.is_empty() {
            requests.push(Request::delete_signed(&*self.keys, &deletes));
        }
        Some((Request::Sequence(requests), Chunk { stores, deletes }))
    }

    /// Goes on with a push after one of its requests was answered; whatever
    /// could not be deleted is to be deleted later, and returned.
    pub(super) fn pushed(
        &mut self,
        chunk: &Chunk,
        result: PushResult,
        now: Timestamp,
    ) -> Vec<MessageHash> {
        let pushing = &mut self.errands.pushing;
        let Some(mut job) = pushing.job.take() else { return Vec::new() };
        job.messages.retain(|message| !result.stored.contains(&message.hash));
        for part in &mut job.parts {
            part.missing.retain(|hash| !result.stored.contains(hash));
        }
        let whole = |part: &JobPart| part.missing.is_empty();
        for part in job.parts.iter().filter(|part| whole(part)) {
            let hashes = part.hashes.iter().map(MessageHash::to_string).collect();
            self.settings.push_stored(part.kind, part.seqno, hashes);
        }
        job.parts.retain(|part| !whole(part));
        if result.deleted {
            self.settings.obsolete_deleted(&chunk.deletes);
        }
        let stored = result.stored.iter().map(|hash| (*hash, now));
        pushing.stored.extend(stored);
        if !job.parts.is_empty() {
            if result.failed {
                pushing.attempts = pushing.attempts.saturating_add(1);
                self.settings.push_failed(now);
            } else {
                pushing.job = Some(job);
            }
            return Vec::new();
        }
        // Everything is stored; what is left to delete is no reason to store
        // it again.
        *pushing = Pushing::default();
        if result.deleted {
            return Vec::new();
        }
        self.settings.obsolete_deleted(&job.obsolete);
        job.obsolete
    }
}
