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

/// Redirects (421) that are farther apart belong to different moves.
const DISPUTE_LIFE: Duration = Duration::from_secs(2 * 60);

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

    /// Takes over what a node said of an account's swarm.
    pub fn learn(&mut self, account: AccountId, members: Vec<ServiceNode>) {
        self.learn_part(account, members, false);
    }

    /// The same; `partial` when it named nodes that the pool does not have.
    /// Such a swarm is asked for again once there is a new pool.
    pub fn learn_part(&mut self, account: AccountId, members: Vec<ServiceNode>, partial: bool) {
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

    /// A member said that it is not in the account's swarm, and that these are
    /// (421). Members that disagree about it would send the client to and fro
    /// for ever, so from the third such answer on the swarm is left alone for
    /// a while and then asked of nodes outside.
    pub fn redirected(
        &mut self,
        account: AccountId,
        members: Vec<ServiceNode>,
        partial: bool,
        now: Timestamp,
    ) -> Redirected {
        let named = |members: &[ServiceNode]| -> BTreeSet<Ed25519PublicKey> {
            members.iter().map(|member| member.ed25519).collect()
        };
        let same = named(self.members(&account)) == named(&members);
        while self.disputes.len() >= MAX_DISPUTES && self.disputes.pop_first().is_some() {}
        let fresh = Dispute { redirects: 0, last: now, hold: now };
        let dispute = self.disputes.entry(account).or_insert(fresh);
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
            self.learn_part(account, members, partial);
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

    /// Takes out a member. When too few are left the swarm is unknown, and is
    /// asked for again.
    pub fn drop_member(&mut self, account: &AccountId, node: &Ed25519PublicKey) {
        let Some(swarm) = self.swarms.get_mut(account) else { return };
        swarm.members.retain(|member| member.ed25519 != *node);
        if swarm.members.len() < FEWEST {
            self.forget(account);
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
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use ramson_types::{Prefix, X25519PublicKey};

    fn account(n: u8) -> AccountId {
        AccountId::new(Prefix::Account, [n; 32])
    }

    fn node(n: u8) -> ServiceNode {
        ServiceNode {
            ed25519: Ed25519PublicKey([n; 32]),
            x25519: X25519PublicKey([n; 32]),
            ip: Ipv4Addr::LOCALHOST,
            https_port: 1,
            swarm: None,
        }
    }

    #[test]
    fn a_new_pool_moves_members_drops_them_and_asks_again_for_what_is_known_in_part() {
        let mut known = Memberships::default();
        known.learn(account(1), (1..=4).map(node).collect());
        known.learn(account(2), vec![node(1), node(2)]);
        known.learn_part(account(3), (1..=3).map(node).collect(), true);
        let moved = ServiceNode { https_port: 9, ..node(2) };
        known.set_pool(&[node(1), moved, node(3)].into_iter().collect());
        assert_eq!(known.members(&account(1)), [node(1), moved, node(3)]);
        assert_eq!(known.members(&account(2)), [node(1), moved], "it never had more");
        assert!(known.members(&account(3)).is_empty());
        known.set_pool(&[node(1), node(3)].into_iter().collect());
        assert!(known.swarms.is_empty(), "too few are left");
        assert!(known.by_age.is_empty());
    }

    const NOW: Timestamp = Timestamp(1_000_000);

    fn second(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_swarm_that_moves_is_followed_however_many_requests_were_under_way() {
        let mut known = Memberships::default();
        let (old, new): (Vec<_>, Vec<_>) = ((1..4).map(node).collect(), (4..7).map(node).collect());
        known.learn(account(1), old);
        for late in 0..14 {
            let redirected = known.redirected(account(1), new.clone(), false, second(late));
            assert_eq!(redirected, Redirected::Learnt);
        }
        assert_eq!(known.members(&account(1)), new);
        assert_eq!(known.on_hold(&account(1), second(14)), None);
    }

    #[test]
    fn members_that_disagree_are_left_alone_for_longer_each_time() {
        let mut known = Memberships::default();
        let swarms: [Vec<_>; 2] = [(1..4).map(node).collect(), (4..7).map(node).collect()];
        let mut told = |at, which: usize| {
            let told = known.redirected(account(1), swarms[which % 2].clone(), false, at);
            (told, known.members(&account(1)).len(), known.on_hold(&account(1), at))
        };
        assert_eq!(told(second(0), 0), (Redirected::Learnt, 3, None));
        assert_eq!(told(second(0), 1), (Redirected::Again, 3, None));
        let (mut now, mut holds) = (second(0), Vec::new());
        for round in 0..12 {
            let (told, members, hold) = told(now, round);
            let Redirected::Disputed { until } = told else { panic!("it is disputed: {told:?}") };
            assert_eq!((members, hold), (0, Some(until)));
            holds.push(until.since(now).as_secs());
            now = until;
        }
        assert_eq!(holds, [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]);
        // After a calm time a redirect is a move again.
        assert_eq!(told(now.plus(DISPUTE_LIFE * 2), 0).0, Redirected::Learnt);
    }

    #[test]
    fn a_member_that_contradicts_itself_is_disputed_too() {
        let mut known = Memberships::default();
        let swarm: Vec<_> = (1..4).map(node).collect();
        known.learn(account(1), swarm.clone());
        let told: Vec<_> = (0..3)
            .map(|round| known.redirected(account(1), swarm.clone(), false, second(round * 20)))
            .collect();
        assert!(matches!(
            told[..],
            [Redirected::Learnt, Redirected::Again, Redirected::Disputed { .. }]
        ));
    }

    #[test]
    fn a_relays_word_makes_a_member_doubtful_and_takes_none_away() {
        let mut known = Memberships::default();
        let members: Vec<_> = (1..4).map(node).collect();
        known.learn(account(1), members.clone());
        for member in &members {
            known.reported_gone(member.ed25519, NOW);
        }
        assert_eq!(known.members(&account(1)), members);
        assert_eq!(known.trusted(&members, NOW), members, "better doubtful ones than none");
        let doubted = known.doubted(&node(1).ed25519, NOW).expect("it is doubted");
        assert_eq!(doubted.until, NOW.plus(FIRST_DOUBT * 4));
    }

    proptest::proptest! {
        /// However members contradict each other: where the client keeps to
        /// the holds it is redirected a bounded number of times.
        #[test]
        fn no_contradiction_makes_a_fast_loop(
            answers in proptest::collection::vec((0u8..4, 0u64..3_000), 1..400),
        ) {
            let mut known = Memberships::default();
            let (mut now, mut counted) = (NOW, 0u32);
            for (which, later) in answers {
                now = now.plus(Duration::from_millis(later));
                if known.on_hold(&account(1), now).is_some() {
                    continue;
                }
                known.learn(account(1), vec![node(which), node(which + 1), node(which + 2)]);
                let other = (which + 1) % 4;
                let members = vec![node(other), node(other + 1), node(other + 2)];
                known.redirected(account(1), members, false, now);
                counted += 1;
            }
            let minutes = now.since(NOW).as_secs().div_ceil(60);
            proptest::prop_assert!(u64::from(counted) <= 8 + 2 * minutes, "{counted} in {minutes}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut known = Memberships::default();
        for n in 0..=MAX_ACCOUNTS {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&(n as u64).to_be_bytes());
            known.learn(AccountId::new(Prefix::Account, key), vec![node(1)]);
        }
        assert_eq!(known.swarms.len(), MAX_ACCOUNTS);
        assert_eq!(known.by_age.len(), MAX_ACCOUNTS);
        assert!(known.members(&AccountId::new(Prefix::Account, [0; 32])).is_empty());
    }

    #[test]
    fn a_member_in_doubt_is_avoided_for_longer_each_time_but_never_the_last_resort() {
        let mut known = Memberships::default();
        let members = [node(1), node(2)];
        let start = Timestamp(1_000_000);
        known.doubt(node(1).ed25519, start);
        assert_eq!(known.trusted(&members, start), [node(2)]);
        assert_eq!(known.trusted(&members, start.plus(FIRST_DOUBT)), members);
        known.doubt(node(1).ed25519, start);
        assert_eq!(known.trusted(&members, start.plus(FIRST_DOUBT)), [node(2)]);
        known.doubt(node(2).ed25519, start);
        assert_eq!(known.trusted(&members, start), members, "better a doubtful one than none");
        let much_later = start.plus(LONGEST_DOUBT * 3);
        known.doubt(node(1).ed25519, much_later);
        assert_eq!(known.trusted(&members, much_later.plus(FIRST_DOUBT)), members);
    }

    #[test]
    fn doubts_are_bounded() {
        let mut known = Memberships::default();
        for n in 0..=MAX_DOUBTS {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&(n as u64).to_be_bytes());
            known.doubt(Ed25519PublicKey(key), Timestamp(0));
        }
        assert_eq!(known.doubts.len(), MAX_DOUBTS);
    }
}
