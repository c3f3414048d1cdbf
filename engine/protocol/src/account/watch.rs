//! Whom to poll, and what follows when two members of a swarm differ.
//!
//! One member is polled again and again, so that its cursor is good and each
//! message is fetched once. A second one, the witness, is asked right after it
//! now and then, and always soon after a start or a long sleep. The pair stays
//! together for a while, because every other member first returns all that
//! these two have returned already; then the witness takes over, with a cursor
//! that is up to date, and another member becomes the witness. So no member
//! returns a message twice, and each is heard in the end.
//!
//! What one of them had and the other did not is taken in at once: it is in an
//! answer. But it is no accusation yet. A message may be on its way between
//! the members, be deleted, or expire; and a member may make up messages to
//! frame another. So a suspicion waits for [`GRACE`], and ends in a
//! [`LedgerStep::Missed`](ramson_types::ledger::LedgerStep::Missed) only if
//!
//! 1. the member in question gave everything it has since its cursor after
//!    that time, and the copy was never among it;
//! 2. a third member, asked after that, holds the copy: so it was passed on,
//!    and was not deleted;
//! 3. the copy does not expire within a minute, by both clocks.
//!
//! A copy counts only if it was new when it came. Whatever was seen before is
//! a replay, which says nothing about the other member; so neither another
//! order nor a cursor that a member does not know any more accuses anybody.
//! When the pair changes, all this begins anew. This file says who is asked;
//! `compare` what follows.

mod compare;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, MessageHash, Namespace, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

use super::{Account, Decision};

/// How long a difference between two members may last: they pass messages on
/// to each other within seconds, and try again within a minute.
const GRACE: Duration = Duration::from_secs(60);

/// A suspicion that could not be settled by then is dropped.
const SUSPICION_LIFE: Duration = Duration::from_secs(30 * 60);

/// Polls between two comparisons.
const BETWEEN_COMPARISONS: std::ops::RangeInclusive<u32> = 6..=12;

/// Without a poll for so long the account was asleep, and compares at once.
const ASLEEP: Duration = Duration::from_secs(10 * 60);

/// So often a pair compares before the witness takes over, after a quarter of
/// an hour or so.
const COMPARISONS_A_PAIR: u32 = 12;

/// Polls of one round: the first, a replacement, a witness, a third.
const POLLS_A_ROUND: u32 = 4;

/// Copies that are remembered as new, or as missing.
const MAX_COPIES: usize = 256;

/// Copies that are remembered of each node, to recognise a replay.
const RECENT: usize = 32;

/// Nodes of which anything is remembered; a swarm has about seven members.
const MAX_NODES: usize = 16;

/// A member that replayed its history so often in a row is not polled any
/// longer; another one knows its place.
const MAX_REPLAYS: u32 = 3;

/// From this miss on a member is doubted.
const DOUBTED_MISSES: u32 = 2;

/// A copy that expires sooner is missed by nobody.
const NEARLY_EXPIRED: Duration = Duration::from_secs(60);

/// What a poll is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The news.
    Main,
    /// What the main member may not have.
    Witness,
    /// Whether a third one has it.
    Third,
}

/// What follows from an answer that was taken in.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    /// What to keep.
    pub decision: Decision,
    /// A member that did not have what it should, again: ask others first.
    pub doubt: Option<Ed25519PublicKey>,
    /// Something in the outbox became due: see [`Account::network_works`].
    pub woken: bool,
}

type CopyName = (Namespace, MessageHash);

/// Which members are polled, and what is known of each.
#[derive(Debug, Default)]
pub(super) struct Watch {
    main: Option<Ed25519PublicKey>,
    witness: Option<Ed25519PublicKey>,
    /// The main member before this one.
    former: Option<Ed25519PublicKey>,
    /// Comparisons that this pair made.
    compared: u32,
    /// Polls until the next comparison.
    polls_left: u32,
    last_poll: Option<Timestamp>,
    /// What was new when the main member gave it, since the last comparison,
    /// and when it expires.
    fresh: VecDeque<(CopyName, Timestamp)>,
    /// What of it the witness gave, too: an answer may have several parts.
    witnessed: BTreeSet<CopyName>,
    /// What was new when the witness gave it.
    news: Vec<(CopyName, Timestamp)>,
    suspicion: Option<Suspicion>,
    misses: BTreeMap<Ed25519PublicKey, u32>,
    recent: BTreeMap<Ed25519PublicKey, Recent>,
    pub(super) round: Round,
}

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// A poll was made again because the clock was corrected.
    pub(super) again: bool,
    polls: u32,
    begun: Option<Timestamp>,
    failed: Vec<Ed25519PublicKey>,
    /// The members all of whose news was taken in.
    complete: Vec<Ed25519PublicKey>,
    compare: bool,
    third: bool,
    answer: Option<Answer>,
}

/// The answer that is being taken in.
#[derive(Debug)]
struct Answer {
    node: Ed25519PublicKey,
    role: Role,
    complete: bool,
    given: BTreeSet<CopyName>,
    news: Vec<(CopyName, Timestamp)>,
}

#[derive(Debug)]
struct Suspicion {
    accused: Ed25519PublicKey,
    holder: Ed25519PublicKey,
    copies: BTreeMap<CopyName, Timestamp>,
    since: Timestamp,
}

/// What a node gave last.
#[derive(Debug, Default)]
struct Recent {
    hashes: VecDeque<MessageHash>,
    /// Replays in a row.
    replays: u32,
}

impl Watch {
    /// A poll goes out.
    pub(super) fn asks(&mut self, node: Ed25519PublicKey, role: Role, now: Timestamp) {
        self.round.polls = self.round.polls.saturating_add(1);
        self.round.begun = Some(now);
        let (given, news) = (BTreeSet::new(), Vec::new());
        self.round.answer = Some(Answer { node, role, complete: false, given, news });
    }

    /// What a third member is asked for.
    pub(super) fn missing(&self) -> Vec<MessageHash> {
        let copies = self.suspicion.iter().flat_map(|suspicion| suspicion.copies.keys());
        copies.map(|(_, hash)| *hash).collect()
    }

    /// Whether the answer that is awaited is that of a third member.
    pub(super) fn asks_third(&self, node: &Ed25519PublicKey) -> bool {
        let answer = self.round.answer.as_ref();
        answer.is_some_and(|answer| answer.node == *node && answer.role == Role::Third)
    }

    /// A third member holds these.
    pub(super) fn holds(&mut self, held: &BTreeSet<MessageHash>) {
        let (Some(suspicion), Some(answer)) = (&self.suspicion, &mut self.round.answer) else {
            return;
        };
        let held = suspicion.copies.keys().filter(|(_, hash)| held.contains(hash));
        answer.given.extend(held.copied());
    }

    /// A member answered; `complete` when it has no more.
    pub(super) fn answers(&mut self, node: Ed25519PublicKey, complete: bool) {
        if let Some(answer) = self.round.answer.as_mut().filter(|answer| answer.node == node) {
            answer.complete = complete;
        }
    }

    /// A member failed; tells when it was asked.
    pub(super) fn failed(&mut self, node: Ed25519PublicKey) -> Option<Timestamp> {
        self.round.answer = None;
        self.round.failed.push(node);
        if self.main == Some(node) {
            self.main = None;
            self.part();
        }
        if self.witness == Some(node) {
            self.witness = None;
            self.part();
        }
        self.round.begun.take()
    }

    /// The pair changes.
    fn part(&mut self) {
        self.compared = 0;
        self.fresh.clear();
        self.suspicion = None;
        self.forget_witness();
    }

    fn forget_witness(&mut self) {
        self.witnessed.clear();
        self.news.clear();
    }

    /// Notes a copy of the answer that is being taken in.
    pub(super) fn given(
        &mut self,
        node: Ed25519PublicKey,
        copy: CopyName,
        expires: Timestamp,
        new: bool,
    ) {
        if let Some(answer) = self.round.answer.as_mut().filter(|answer| answer.node == node) {
            answer.given.insert(copy);
            if new && answer.news.len() < MAX_COPIES {
                answer.news.push((copy, expires));
            }
        }
    }

    /// Whether a node is worth asking: it did not fail in this round, nor
    /// forgets every cursor.
    fn is_good(&self, node: &Ed25519PublicKey) -> bool {
        let replays = self.recent.get(node).map_or(0, |recent| recent.replays);
        !self.round.failed.contains(node) && replays < MAX_REPLAYS
    }

    /// Whether a node gives what it gave before, and did not do so the last
    /// time. Remembers what it gave.
    pub(super) fn replays(
        &mut self,
        node: Ed25519PublicKey,
        given: &[MessageHash],
        cursor: Option<MessageHash>,
    ) -> bool {
        while self.recent.len() >= MAX_NODES
            && !self.recent.contains_key(&node)
            && self.recent.pop_first().is_some()
        {}
        let recent = self.recent.entry(node).or_default();
        let again = given.iter().any(|hash| Some(*hash) == cursor || recent.hashes.contains(hash));
        let before = recent.replays;
        recent.replays = if again { before.saturating_add(1) } else { 0 };
        let last = given.len().saturating_sub(RECENT);
        for hash in given.iter().skip(last) {
            recent.hashes.retain(|known| known != hash);
            recent.hashes.push_back(*hash);
        }
        let surplus = recent.hashes.len().saturating_sub(RECENT);
        recent.hashes.drain(..surplus);
        if recent.replays >= MAX_REPLAYS {
            if self.main == Some(node) {
                self.main = None;
                self.part();
            }
            self.witness = self.witness.filter(|witness| *witness != node);
        }
        again && before == 0
    }
}

impl Account {
    /// Begins a round and tells whom to ask first.
    pub(super) fn begin_round(
        &mut self,
        members: &[ServiceNode],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        let watch = &mut self.watch;
        let awake = watch.last_poll.is_some_and(|last| now.distance(last) <= ASLEEP);
        watch.last_poll = Some(now);
        watch.polls_left = if awake { watch.polls_left.saturating_sub(1) } else { 0 };
        watch.round = Round { compare: watch.polls_left == 0, ..Round::default() };
        let stale = |suspicion: &Suspicion| now.distance(suspicion.since) > SUSPICION_LIFE;
        if watch.suspicion.as_ref().is_some_and(stale) {
            watch.suspicion = None;
        }
        self.main(members, rng)
    }

    /// Whom to ask next in this round, and for what.
    pub(super) fn next_of_round(
        &mut self,
        members: &[ServiceNode],
        rng: &mut impl CryptoRng,
        now: Timestamp,
    ) -> Option<(ServiceNode, Role)> {
        if self.watch.round.polls >= POLLS_A_ROUND {
            return None;
        }
        let Some(main) = self.watch.main else {
            // One replacement: more failures are not this member's fault.
            let first = self.watch.round.failed.len() == 1;
            return first.then(|| self.main(members, rng)).flatten().map(|to| (to, Role::Main));
        };
        if !self.watch.round.complete.contains(&main) {
            return None;
        }
        if std::mem::take(&mut self.watch.round.compare) {
            let witness = self.witness(main, members, rng);
            return witness.map(|to| (to, Role::Witness));
        }
        let suspicion = self.watch.suspicion.as_ref()?;
        let (accused, holder) = (suspicion.accused, suspicion.holder);
        let ripe =
            now.distance(suspicion.since) >= GRACE && self.watch.round.complete.contains(&accused);
        if !ripe || std::mem::replace(&mut self.watch.round.third, true) {
            return None;
        }
        let others = members.iter().filter(|member| ![accused, holder].contains(&member.ed25519));
        others.choose(rng).map(|third| (*third, Role::Third))
    }

    /// The member that is polled. A new one is the better of two drawn by lot:
    /// the one whose cursor reaches farther has less to replay.
    fn main(&mut self, members: &[ServiceNode], rng: &mut impl CryptoRng) -> Option<ServiceNode> {
        let find = |key| members.iter().find(|member| Some(member.ed25519) == key).copied();
        if let Some(main) = find(self.watch.main) {
            return Some(main);
        }
        if self.watch.main.take().is_some() {
            self.watch.part();
        }
        let reaches = |node: &ServiceNode| {
            let cursor = self.cursors.get(&(node.ed25519, Namespace::INBOX));
            cursor.map(|cursor| cursor.expires)
        };
        let good = members.iter().filter(|member| self.watch.is_good(&member.ed25519));
        let drawn = good.sample(rng, 2);
        let main = drawn.into_iter().max_by_key(|node| reaches(node)).or_else(|| {
            members.iter().find(|node| !self.watch.round.failed.contains(&node.ed25519))
        });
        let main = main.or_else(|| members.first()).copied()?;
        self.watch.main = Some(main.ed25519);
        if self.watch.witness == self.watch.main {
            self.watch.witness = None;
        }
        Some(main)
    }

    fn witness(
        &mut self,
        main: Ed25519PublicKey,
        members: &[ServiceNode],
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        let fit = |member: &&ServiceNode| {
            member.ed25519 != main && !self.watch.round.failed.contains(&member.ed25519)
        };
        let others = || members.iter().filter(fit);
        let known = others().find(|member| Some(member.ed25519) == self.watch.witness);
        let good = |member: &&ServiceNode| self.watch.is_good(&member.ed25519);
        let news = |member: &&ServiceNode| Some(member.ed25519) != self.watch.former;
        let witness = known
            .or_else(|| others().filter(good).filter(news).choose(rng))
            .or_else(|| others().find(good))
            .or_else(|| others().next())
            .copied()?;
        if self.watch.witness != Some(witness.ed25519) {
            self.watch.witness = Some(witness.ed25519);
            self.watch.compared = 0;
            self.watch.suspicion = None;
            // Of what the former one gave in parts the rest never came.
            if !self.watch.witnessed.is_empty() {
                self.watch.fresh.clear();
            }
            self.watch.forget_witness();
        }
        Some(witness)
    }
}
