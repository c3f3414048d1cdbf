//! Which service nodes hold an account's messages, as far as they told us.

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_types::{AccountId, Ed25519PublicKey, ServiceNode, Timestamp};

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

/// Known swarms. They have no time limit: a node that does not belong says so
/// (421), and that answer replaces what is known.
#[derive(Debug, Default)]
pub struct Memberships {
    swarms: BTreeMap<AccountId, Swarm>,
    by_age: BTreeMap<u64, AccountId>,
    next_age: u64,
    doubts: BTreeMap<Ed25519PublicKey, Doubt>,
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
}

impl Memberships {
    /// The members of an account's swarm; empty when it is not known.
    pub fn members(&self, account: &AccountId) -> &[ServiceNode] {
        self.swarms.get(account).map_or(&[], |swarm| &swarm.members)
    }

    /// Takes over what a node said of an account's swarm.
    pub fn learn(&mut self, account: AccountId, members: Vec<ServiceNode>) {
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
        self.swarms.insert(account, Swarm { age, members });
    }

    /// Takes out a member that the network does not know any more. When too
    /// few are left the swarm is unknown, and is asked for again.
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

    /// The members to ask now: those not in doubt, or all if every one is.
    pub fn trusted(&self, members: &[ServiceNode], now: Timestamp) -> Vec<ServiceNode> {
        let in_doubt = |member: &ServiceNode| {
            self.doubts.get(&member.ed25519).is_some_and(|doubt| now < doubt.until)
        };
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
    fn a_swarm_that_lost_too_many_members_is_unknown() {
        let mut known = Memberships::default();
        known.learn(account(1), (1..=4).map(node).collect());
        known.drop_member(&account(1), &node(1).ed25519);
        assert_eq!(known.members(&account(1)).len(), 3);
        known.drop_member(&account(1), &node(2).ed25519);
        assert!(known.members(&account(1)).is_empty());
        assert!(known.by_age.is_empty());
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
