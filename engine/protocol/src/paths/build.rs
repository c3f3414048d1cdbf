//! Choosing the nodes of a new path.

use std::collections::BTreeSet;

use ramson_types::{Ed25519PublicKey, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

use super::{Effect, Entry, Path, PathId, Paths};

impl Paths {
    /// Starts a path that avoids the target; `None` when the pool does not
    /// have the nodes.
    pub(super) fn build(
        &mut self,
        target: Option<&Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<Effect>> {
        let hops = match self.pick_hops(target, now, rng) {
            Some(hops) => hops,
            // With too few nodes left, a struck one is better than no path.
            None => {
                self.strikes.clear();
                self.pick_hops(target, now, rng)?
            }
        };
        let path = Path { id: PathId(self.next_id), hops };
        self.next_id = self.next_id.wrapping_add(1);
        self.entries.push(Entry { path: path.clone(), ready: false, suspected: false, strikes: 0 });
        Some(vec![Effect::Verify(path)])
    }

    fn pick_hops(
        &self,
        target: Option<&Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<ServiceNode>> {
        let in_use: BTreeSet<Ed25519PublicKey> =
            self.entries.iter().flat_map(|entry| entry.path.keys()).collect();
        let guard = self.pick_guard(target, &in_use, now, rng)?;
        let mut hops = vec![guard];
        while hops.len() < self.config.hops {
            let next = self.pick_node(target, &hops, &in_use, now, rng)?;
            hops.push(next);
        }
        Some(hops)
    }

    /// A kept guard if one can serve: a guard that changes often meets every
    /// observer sooner.
    fn pick_guard(
        &self,
        target: Option<&Ed25519PublicKey>,
        in_use: &BTreeSet<Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        let kept = self
            .guards
            .iter()
            .filter(|guard| target != Some(guard) && !in_use.contains(guard))
            .filter(|guard| !self.is_struck(guard, now))
            .find_map(|guard| self.pool.get(guard));
        kept.copied().or_else(|| self.pick_node(target, &[], in_use, now, rng))
    }

    fn pick_node(
        &self,
        target: Option<&Ed25519PublicKey>,
        hops: &[ServiceNode],
        in_use: &BTreeSet<Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<ServiceNode> {
        let fits = |node: &&ServiceNode| {
            target != Some(&node.ed25519)
                && !self.is_struck(&node.ed25519, now)
                && hops.iter().all(|hop| {
                    hop.ed25519 != node.ed25519
                        && !(self.config.subnet_diversity && hop.subnet() == node.subnet())
                })
        };
        let unused = self.pool.iter().filter(fits).filter(|n| !in_use.contains(&n.ed25519));
        // A small pool cannot give every path nodes of its own.
        unused.choose(rng).or_else(|| self.pool.iter().filter(fits).choose(rng)).copied()
    }
}
