//! Strikes of nodes, and how far a relay's word is believed.
//!
//! That a node is gone comes in the clear: a guard could name every node but
//! those of its friends until a path consists of them. So a guard can talk away
//! only so many nodes before it is struck out itself, and all guards together
//! only a part of the pool.

use std::collections::BTreeMap;

use ramson_types::{Ed25519PublicKey, NodePool, Timestamp};

use super::{Fault, MAX_STRIKES, STRIKE_LIFE};

/// So many nodes may be named by one guard within [`STRIKE_LIFE`].
pub(super) const MAX_REPORTS: usize = 5;

/// One node of so many may be struck on somebody's word at the same time.
const REPORTED_PART: usize = 3;

#[derive(Debug, Clone, Copy)]
struct Strikes {
    count: u32,
    last: Timestamp,
}

/// The strikes of all nodes.
#[derive(Debug, Default)]
pub(super) struct StrikeBook {
    strikes: BTreeMap<Ed25519PublicKey, Strikes>,
    /// Which nodes were named by which guard, and when last.
    reports: BTreeMap<Ed25519PublicKey, BTreeMap<Ed25519PublicKey, Timestamp>>,
}

impl StrikeBook {
    /// One strike more. Strikes that are long past do not count.
    pub(super) fn strike(&mut self, node: Ed25519PublicKey, now: Timestamp) {
        let strikes = self.strikes.entry(node).or_insert(Strikes { count: 0, last: now });
        if now.since(strikes.last) >= STRIKE_LIFE {
            strikes.count = 0;
        }
        strikes.count = strikes.count.saturating_add(1);
        strikes.last = now;
    }

    /// All strikes at once.
    pub(super) fn strike_out(&mut self, node: Ed25519PublicKey, now: Timestamp) {
        self.strikes.insert(node, Strikes { count: MAX_STRIKES, last: now });
    }

    /// Whether a node is not to be used now.
    pub(super) fn is_struck(&self, node: &Ed25519PublicKey, now: Timestamp) -> bool {
        self.strikes_of(node, now) >= MAX_STRIKES
    }

    /// The strikes of a node that still count.
    pub(super) fn strikes_of(&self, node: &Ed25519PublicKey, now: Timestamp) -> u32 {
        let strikes = self.strikes.get(node).filter(|s| now.since(s.last) < STRIKE_LIFE);
        strikes.map_or(0, |strikes| strikes.count)
    }

    /// Nodes with strikes that still count.
    pub(super) fn all(&self, now: Timestamp) -> impl Iterator<Item = (Ed25519PublicKey, u32)> {
        let counted = move |node: &Ed25519PublicKey| (*node, self.strikes_of(node, now));
        self.strikes.keys().map(counted).filter(|(_, strikes)| *strikes > 0)
    }

    /// Forgives all: with too few nodes left, a struck one is better than no
    /// path.
    pub(super) fn clear(&mut self) {
        self.strikes.clear();
    }

    /// Takes over a fresh list: strikes are forgiven. Whoever named a node that
    /// is not on it told the truth.
    pub(super) fn take_pool(&mut self, pool: &NodePool) {
        self.strikes.clear();
        for named in self.reports.values_mut() {
            named.retain(|node, _| pool.get(node).is_some());
        }
        self.reports.retain(|guard, named| pool.get(guard).is_some() && !named.is_empty());
    }

    /// What is made of a fault that came back through a guard.
    pub(super) fn believed(
        &mut self,
        guard: Option<Ed25519PublicKey>,
        fault: Fault,
        nodes: usize,
        now: Timestamp,
    ) -> Fault {
        let (Fault::Node(node) | Fault::NodeGone(node)) = fault else { return fault };
        if let Some(guard) = guard {
            let named = self.reports.entry(guard).or_default();
            named.retain(|_, at| now.since(*at) < STRIKE_LIFE);
            named.insert(node, now);
            if named.len() > MAX_REPORTS {
                self.reports.remove(&guard);
                self.strike_out(guard, now);
                return Fault::Guard;
            }
        }
        let struck = self.strikes.keys().filter(|struck| self.is_struck(struck, now)).count();
        let one_more = !self.is_struck(&node, now) && matches!(fault, Fault::NodeGone(_));
        if one_more && struck >= (nodes / REPORTED_PART).max(1) {
            return Fault::Path;
        }
        fault
    }
}
