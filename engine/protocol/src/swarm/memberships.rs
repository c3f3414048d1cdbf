//! Which service nodes hold an account's messages, as far as they told us.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_types::{AccountId, Ed25519PublicKey, NodePool, ServiceNode, Timestamp};

/// Swarms of more accounts than this are not kept; the least recently learnt
/// one goes first.
const MAX_ACCOUNTS: usize = 10_000;

/// A swarm with fewer members is asked for again when it loses one (02
/// section 5.4).
const FEWEST: usize = 3;

/// Nodes in doubt at the same time; beyond it some are forgiven early.
const MAX_DOUBTS: usize = 1_000;

/// For how long a member is avoided after its first failure, doubled for each
/// further one.
const FIRST_DOUBT: Duration = Duration::from_secs(30);

/// The longest time that a member is avoided.
const LONGEST_DOUBT: Duration = Duration::from_secs(10 * 60);

/// A member that a relay says is gone is avoided as if it had failed so often
/// before. It stays a member until the nodes or the seeds say the same: one
/// relay's word must not empty a swarm of those who would contradict.
const GONE_COUNTS_AS: u32 = 2;

/// Accounts whose redirects are counted; beyond it some are forgotten.
const MAX_DISPUTES: usize = 1_000;

/// Redirects (421) that are farther apart belong to different moves, and a
/// node that denied its membership longer ago may have become a member since.
const DISPUTE_LIFE: Duration = Duration::from_secs(2 * 60);

/// Nodes of one dispute that denied their membership; beyond it some are
/// forgotten.
const MAX_DENIALS: usize = 32;

/// Requests that were under way when a swarm moved bring the same redirect for
/// so long.
const ECHO: Duration = Duration::from_secs(15);

/// From this redirect on a swarm is disputed.
const DISPUTED_FROM: u32 = 3;

/// For how long a disputed swarm is not asked, doubled for each further
/// redirect.
const FIRST_HOLD: Duration = Duration::from_secs(2);

/// The longest such pause.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// Known swarms. They have no time limit: a node that does not belong says so
/// (421), and that answer replaces what is known, unless members contradict
/// each other again and again.
#[derive(Debug, Default)]
pub struct Memberships {
    swarms: BTreeMap<AccountId, Swarm>,
    by_age: BTreeMap<u64, AccountId>,
    next_age: u64,
    doubts: BTreeMap<Ed25519PublicKey, Doubt>,
    disputes: BTreeMap<AccountId, Dispute>,
}

/// What a redirect (421) led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirected {
    /// The swarm is the one named now.
    Learnt,
    /// The same, but it was redirected just before: the node pool may be old.
    Again,
    /// Its members contradict each other: the swarm is unknown, and is to be
    /// asked of other nodes, not before this time.
    Disputed {
        /// When.
        until: Timestamp,
    },
}

/// How a member is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubted {
    /// How often it failed or lied lately.
    pub times: u32,
    /// Until when others are preferred.
    pub until: Timestamp,
}

#[derive(Debug)]
struct Dispute {
    redirects: u32,
    last: Timestamp,
    hold: Timestamp,
    /// Who said lately that it is not a member, and when.
    denials: BTreeMap<Ed25519PublicKey, Timestamp>,
}

#[derive(Debug)]
struct Doubt {
    times: u32,
    until: Timestamp,
}

#[derive(Debug)]
struct Swarm {
    age: u64,
    members: Vec<ServiceNode>,
    /// Some of its members were not in the pool.
    partial: bool,
}

impl Memberships {
    /// The members of an account's swarm; empty when it is not known.
    pub fn members(&self, account: &AccountId) -> &[ServiceNode] {
        self.swarms.get(account).map_or(&[], |swarm| &swarm.members)
    }

    /// Takes over what a node said of an account's swarm; `partial` when it
    /// named nodes that the pool does not have: such a swarm is asked for again
    /// once there is a new pool. Who denied lately that it is one of these is
    /// doubted.
    pub fn learn(
        &mut self,
        account: AccountId,
        members: Vec<ServiceNode>,
        partial: bool,
        now: Timestamp,
    ) {
        self.contradict(&account, &members, now);
        self.keep(account, members, partial);
    }

    fn keep(&mut self, account: AccountId, members: Vec<ServiceNode>, partial: bool) {
        self.forget(&account);
        if members.is_empty() {
            return;
        }
        while self.swarms.len() >= MAX_ACCOUNTS
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.swarms.remove(&oldest);
        }
        let age = self.next_age;
        self.next_age = self.next_age.wrapping_add(1);
        self.by_age.insert(age, account);
        self.swarms.insert(account, Swarm { age, members, partial });
    }

    /// A node said that it is not in an account's swarm (421). When it is named
    /// as a member again, soon and whoever names it, it is doubted.
    pub fn denied(&mut self, account: AccountId, node: Ed25519PublicKey, now: Timestamp) {
        let denials = &mut self.dispute(account, now).denials;
        while denials.len() >= MAX_DENIALS && denials.pop_first().is_some() {}
        denials.insert(node, now);
    }

    /// These nodes are named as members: who denied it lately lied, or knows
    /// less than others.
    fn contradict(&mut self, account: &AccountId, members: &[ServiceNode], now: Timestamp) {
        let Some(dispute) = self.disputes.get_mut(account) else { return };
        dispute.denials.retain(|_, denied| now.since(*denied) <= DISPUTE_LIFE);
        let named = members.iter().map(|member| member.ed25519);
        let liars: Vec<_> = named.filter(|node| dispute.denials.remove(node).is_some()).collect();
        for liar in liars {
            // Several requests under way bring the same denial.
            if self.doubted(&liar, now).is_none() {
                self.doubt(liar, now);
            }
        }
    }

    fn dispute(&mut self, account: AccountId, now: Timestamp) -> &mut Dispute {
        if !self.disputes.contains_key(&account) {
            while self.disputes.len() >= MAX_DISPUTES && self.disputes.pop_first().is_some() {}
        }
        let fresh = Dispute { redirects: 0, last: now, hold: now, denials: BTreeMap::new() };
        self.disputes.entry(account).or_insert(fresh)
    }

    /// A member said that it (`by`) is not in the account's swarm, and that
    /// these are (421). Members that disagree about it would send the client to
    /// and fro for ever, so from the third such answer on the swarm is left
    /// alone for a while and then asked of nodes outside.
    pub fn redirected(
        &mut self,
        account: AccountId,
        by: Ed25519PublicKey,
        members: Vec<ServiceNode>,
        partial: bool,
        now: Timestamp,
    ) -> Redirected {
        let named = |members: &[ServiceNode]| -> BTreeSet<Ed25519PublicKey> {
            members.iter().map(|member| member.ed25519).collect()
        };
        let same = named(self.members(&account)) == named(&members);
        self.denied(account, by, now);
        self.contradict(&account, &members, now);
        let dispute = self.dispute(account, now);
        if now.since(dispute.last) > DISPUTE_LIFE {
            dispute.redirects = 0;
        }
        // Another request that was under way when the swarm moved.
        if same && dispute.redirects > 0 && now.since(dispute.last) < ECHO {
            return Redirected::Learnt;
        }
        dispute.redirects = dispute.redirects.saturating_add(1);
        dispute.last = now;
        let Some(beyond) = dispute.redirects.checked_sub(DISPUTED_FROM) else {
            let first = dispute.redirects == 1;
            self.keep(account, members, partial);
            return if first { Redirected::Learnt } else { Redirected::Again };
        };
        let hold = FIRST_HOLD.saturating_mul(1 << beyond.min(16)).min(LONGEST_HOLD);
        dispute.hold = now.plus(hold);
        let until = dispute.hold;
        self.forget(&account);
        Redirected::Disputed { until }
    }

    /// Until when a disputed swarm is to be left alone; `None` when it may be
    /// asked.
    pub fn on_hold(&self, account: &AccountId, now: Timestamp) -> Option<Timestamp> {
        self.disputes.get(account).map(|dispute| dispute.hold).filter(|hold| now < *hold)
    }

    /// Takes over a new node pool: members that moved are reached where they
    /// are now, those that are gone leave, and swarms that were known in part
    /// are asked for again.
    pub fn set_pool(&mut self, pool: &NodePool) {
        let mut unknown = Vec::new();
        for (account, swarm) in &mut self.swarms {
            let before = swarm.members.len();
            swarm.members = swarm
                .members
                .iter()
                .filter_map(|member| pool.get(&member.ed25519).copied())
                .collect();
            let left = swarm.members.len();
            if swarm.partial || left == 0 || (left < before && left < FEWEST) {
                unknown.push(*account);
            }
        }
        for account in unknown {
            self.forget(&account);
        }
    }

    /// Forgets an account's swarm.
    pub fn forget(&mut self, account: &AccountId) {
        if let Some(swarm) = self.swarms.remove(account) {
            self.by_age.remove(&swarm.age);
        }
    }

    /// A member failed or lied: the others are preferred for a while, longer
    /// each time.
    pub fn doubt(&mut self, node: Ed25519PublicKey, now: Timestamp) {
        while self.doubts.len() >= MAX_DOUBTS && self.doubts.pop_first().is_some() {}
        let doubt = self.doubts.entry(node).or_insert(Doubt { times: 0, until: now });
        // Long forgiven is as good as new.
        if now.since(doubt.until) > LONGEST_DOUBT {
            doubt.times = 0;
        }
        let wait = FIRST_DOUBT.saturating_mul(1 << doubt.times.min(16)).min(LONGEST_DOUBT);
        doubt.times = doubt.times.saturating_add(1);
        doubt.until = now.plus(wait);
    }

    /// A relay says that the network does not know a member any more: it is
    /// avoided for longer than after a failure.
    pub fn reported_gone(&mut self, node: Ed25519PublicKey, now: Timestamp) {
        let fresh = Doubt { times: 0, until: now };
        let doubt = self.doubts.entry(node).or_insert(fresh);
        doubt.times = doubt.times.max(GONE_COUNTS_AS);
        self.doubt(node, now);
    }

    /// Whether and how a member is doubted now.
    pub fn doubted(&self, node: &Ed25519PublicKey, now: Timestamp) -> Option<Doubted> {
        let Doubt { times, until } = *self.doubts.get(node)?;
        (now < until).then_some(Doubted { times, until })
    }

    /// The members to ask now: those not in doubt, or all if every one is.
    pub fn trusted(&self, members: &[ServiceNode], now: Timestamp) -> Vec<ServiceNode> {
        let in_doubt = |member: &ServiceNode| self.doubted(&member.ed25519, now).is_some();
        let trusted: Vec<_> = members.iter().filter(|member| !in_doubt(member)).copied().collect();
        if trusted.is_empty() { members.to_vec() } else { trusted }
    }
}

#[cfg(test)]
mod tests;
