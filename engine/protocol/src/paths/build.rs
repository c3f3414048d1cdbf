//! Choosing the nodes of a new path, and of one that lost a node.

use std::collections::BTreeSet;

use ramson_types::{Ed25519PublicKey, ServiceNode, Timestamp};
use rand::RngExt;
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

use super::{Effect, Entry, PATH_LIFE, Path, PathId, Paths, ROTATION_RETRY};

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
        Some(vec![self.begin(hops, None, now, rng)])
    }

    fn begin(
        &mut self,
        hops: Vec<ServiceNode>,
        replaces: Option<PathId>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Effect {
        let path = Path { id: self.new_id(), hops };
        // Not all at the same time, which would be a pattern.
        let rotate_at = now.plus(PATH_LIFE.mul_f64(rng.random_range(0.8..1.2)));
        self.entries.push(Entry {
            path: path.clone(),
            ready: false,
            suspected: false,
            strikes: 0,
            since: now,
            rotate_at,
            replaces,
        });
        Effect::Verify(path)
    }

    fn new_id(&mut self) -> PathId {
        let id = PathId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        id
    }

    /// Begins a new path for each that has served its time, behind the same
    /// guard. Paths beyond the wanted ones are let go instead.
    pub(super) fn rotate(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Vec<Effect> {
        let old: Vec<PathId> = self
            .entries
            .iter()
            .filter(|entry| now >= entry.rotate_at && self.may_rotate(entry))
            .map(|entry| entry.path.id)
            .collect();
        let mut effects = Vec::new();
        for id in old {
            let Some(at) = self.entries.iter().position(|entry| entry.path.id == id) else {
                continue;
            };
            if self.places_taken() > self.config.paths {
                self.entries.remove(at);
                continue;
            }
            let guard = self.entries.get(at).and_then(|entry| entry.path.hops.first().copied());
            let hops = guard
                .and_then(|guard| self.pick_behind(guard, None, &self.nodes_in_use(), now, rng));
            match hops {
                Some(hops) => effects.push(self.begin(hops, Some(id), now, rng)),
                None => {
                    if let Some(entry) = self.entries.get_mut(at) {
                        entry.rotate_at = now.plus(ROTATION_RETRY);
                    }
                }
            }
        }
        effects
    }

    /// Puts others in the place of struck nodes. A path whose guard is struck
    /// is dropped, and so is one for whose node there is no other. A mended
    /// path keeps its strikes: who names nodes again and again is found out.
    pub(super) fn mend(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Vec<Effect> {
        let struck = |node: &ServiceNode| self.is_struck(&node.ed25519, now);
        let broken: Vec<PathId> = self
            .entries
            .iter()
            .filter(|entry| entry.path.hops.iter().any(struck))
            .map(|entry| entry.path.id)
            .collect();
        let mut effects = Vec::new();
        for id in broken {
            let Some(mut entry) = self.take(id) else { continue };
            let Some(hops) = self.mended_hops(&entry.path.hops, now, rng) else { continue };
            entry.path = Path { id: self.new_id(), hops };
            (entry.ready, entry.suspected, entry.since) = (false, false, now);
            for other in &mut self.entries {
                if other.replaces == Some(id) {
                    other.replaces = Some(entry.path.id);
                }
            }
            effects.push(Effect::Verify(entry.path.clone()));
            self.entries.push(entry);
        }
        effects
    }

    fn mended_hops(
        &self,
        hops: &[ServiceNode],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<ServiceNode>> {
        let guard = hops.first().filter(|guard| !self.is_struck(&guard.ed25519, now))?;
        let good = hops.iter().filter(|hop| !self.is_struck(&hop.ed25519, now));
        let in_use = self.nodes_in_use();
        let mut kept: Vec<ServiceNode> = good.copied().collect();
        let mut mended = vec![*guard];
        for hop in hops.iter().skip(1) {
            let next = match self.is_struck(&hop.ed25519, now) {
                false => *hop,
                true => {
                    let next = self.pick_node(None, &kept, &in_use, now, rng)?;
                    kept.push(next);
                    next
                }
            };
            mended.push(next);
        }
        Some(mended)
    }

    fn nodes_in_use(&self) -> BTreeSet<Ed25519PublicKey> {
        self.entries.iter().flat_map(|entry| entry.path.keys()).collect()
    }

    fn pick_hops(
        &self,
        target: Option<&Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<ServiceNode>> {
        let in_use = self.nodes_in_use();
        let guard = self.pick_guard(target, &in_use, now, rng)?;
        self.pick_behind(guard, target, &in_use, now, rng)
    }

    fn pick_behind(
        &self,
        guard: ServiceNode,
        target: Option<&Ed25519PublicKey>,
        in_use: &BTreeSet<Ed25519PublicKey>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Vec<ServiceNode>> {
        let mut hops = vec![guard];
        while hops.len() < self.config.hops {
            let next = self.pick_node(target, &hops, in_use, now, rng)?;
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
        // Who guards one path and relays on another sees more than one node
        // should, and cannot guard while it is in use. A small pool cannot
        // give every path nodes of its own.
        let others = || self.pool.iter().filter(fits).filter(|n| !self.is_kept_guard(n));
        let unused = others().filter(|n| !in_use.contains(&n.ed25519)).choose(rng);
        let other = unused.or_else(|| others().choose(rng));
        other.or_else(|| self.pool.iter().filter(fits).choose(rng)).copied()
    }

    fn is_kept_guard(&self, node: &ServiceNode) -> bool {
        self.guards.contains(&node.ed25519)
    }
}
