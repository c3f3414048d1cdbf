//! Which service nodes hold an account's messages, as far as they told us.

use std::collections::BTreeMap;

use ramson_types::{AccountId, Ed25519PublicKey, ServiceNode};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

/// Swarms of more accounts than this are not kept; the least recently learnt
/// one goes first.
const MAX_ACCOUNTS: usize = 10_000;

/// Known swarms. They have no time limit: a node that does not belong says so
/// (421), and that answer replaces what is known.
#[derive(Debug, Default)]
pub struct Memberships {
    swarms: BTreeMap<AccountId, Swarm>,
    by_age: BTreeMap<u64, AccountId>,
    next_age: u64,
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

    /// Takes a member out that cannot be reached or is none; the last one
    /// leaves the swarm unknown.
    pub fn drop_member(&mut self, account: &AccountId, node: &Ed25519PublicKey) {
        let Some(swarm) = self.swarms.get_mut(account) else { return };
        swarm.members.retain(|member| member.ed25519 != *node);
        if swarm.members.is_empty() {
            self.forget(account);
        }
    }

    /// Forgets an account's swarm.
    pub fn forget(&mut self, account: &AccountId) {
        if let Some(swarm) = self.swarms.remove(account) {
            self.by_age.remove(&swarm.age);
        }
    }

    /// A random member, another one than those to avoid where there is one.
    pub fn pick<'a>(
        members: &'a [ServiceNode],
        avoid: &[Ed25519PublicKey],
        rng: &mut impl CryptoRng,
    ) -> Option<&'a ServiceNode> {
        let others = members.iter().filter(|member| !avoid.contains(&member.ed25519));
        others.choose(rng).or_else(|| members.iter().choose(rng))
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
    fn the_last_member_leaves_the_swarm_unknown() {
        let mut known = Memberships::default();
        known.learn(account(1), vec![node(1), node(2)]);
        known.drop_member(&account(1), &node(1).ed25519);
        assert_eq!(known.members(&account(1)), [node(2)]);
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
}
