//! The onion paths of one isolation class: which three nodes carry a request,
//! which guards stay, what a failure costs, when a path is built anew
//! (02 section 2). Sends nothing itself: a path that it wants tried is an
//! effect, and the caller tells how it went.

mod build;
mod fault;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, NodePool, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

pub use fault::{DestinationFault, Fault};

/// At so many strikes a node or a path is given up (the same in every client).
pub const MAX_STRIKES: u32 = 3;

/// A struck node may be tried again after this time: a node that was down for
/// an hour must not be lost for ever.
pub const STRIKE_LIFE: Duration = Duration::from_secs(10 * 60);

/// How many paths may exist beside the wanted ones, for targets that lie on
/// every wanted path.
const SPARE_PATHS: usize = 2;

/// The wait after the first failed attempt to build, doubled for each further
/// one.
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// The longest wait between attempts to build.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// How paths are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathsConfig {
    /// Nodes on a path.
    pub hops: usize,
    /// Paths kept ready.
    pub paths: usize,
    /// No two nodes of a path share a /24. Off on networks whose nodes share
    /// addresses.
    pub subnet_diversity: bool,
}

impl Default for PathsConfig {
    fn default() -> Self {
        Self { hops: 3, paths: 2, subnet_diversity: true }
    }
}

/// Names a path within its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathId(u64);

/// The nodes that carry a request, guard first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Its name.
    pub id: PathId,
    /// Its nodes.
    pub hops: Vec<ServiceNode>,
}

impl Path {
    /// The keys of its nodes, guard first.
    pub fn keys(&self) -> Vec<Ed25519PublicKey> {
        self.hops.iter().map(|hop| hop.ed25519).collect()
    }

    fn contains(&self, node: &Ed25519PublicKey) -> bool {
        self.hops.iter().any(|hop| hop.ed25519 == *node)
    }
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send `info` through the path to its last node, and tell
    /// [`Paths::verified`] how it went. A new path, or one on which a request
    /// got stuck.
    Verify(Path),
    /// Keep these guards for the next start.
    SaveGuards(Vec<Ed25519PublicKey>),
}

/// The answer to [`Paths::choose`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Send through this path.
    Use(Path),
    /// A path is being built; ask again when one was verified.
    Building,
    /// No path can be built before this time; ask again then.
    NotBefore(Timestamp),
    /// The known nodes do not make a path.
    TooFewNodes {
        /// Nodes known.
        known: usize,
        /// Nodes needed, the target included.
        needed: usize,
    },
}

#[derive(Debug)]
struct Entry {
    path: Path,
    ready: bool,
    /// A request got stuck on it or at its destination: it is being verified
    /// again, which tells which.
    suspected: bool,
    strikes: u32,
}

#[derive(Debug, Clone, Copy)]
struct Strikes {
    count: u32,
    last: Timestamp,
}

/// The machine. One per isolation class.
#[derive(Debug)]
pub struct Paths {
    config: PathsConfig,
    pool: Arc<NodePool>,
    guards: Vec<Ed25519PublicKey>,
    entries: Vec<Entry>,
    strikes: BTreeMap<Ed25519PublicKey, Strikes>,
    next_id: u64,
    failures: u32,
    not_before: Timestamp,
}

impl Paths {
    /// A machine without paths that prefers the given guards.
    pub fn new(config: PathsConfig, guards: Vec<Ed25519PublicKey>) -> Self {
        Self {
            config,
            pool: Arc::new(NodePool::default()),
            guards,
            entries: Vec::new(),
            strikes: BTreeMap::new(),
            next_id: 0,
            failures: 0,
            not_before: Timestamp(0),
        }
    }

    /// Takes over a node pool. Strikes of nodes are cleared, as clients do on
    /// a fresh list, and paths with nodes that are gone are dropped.
    pub fn set_pool(
        &mut self,
        pool: Arc<NodePool>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Vec<Effect> {
        if self.pool == pool {
            return self.keep_ready(now, rng);
        }
        self.pool = pool;
        // A guard that is gone must not keep its place.
        if !self.pool.is_empty() {
            self.guards.retain(|guard| self.pool.get(guard).is_some());
        }
        self.strikes.clear();
        self.failures = 0;
        self.not_before = now;
        self.entries.retain(|entry| {
            entry.path.hops.iter().all(|hop| self.pool.get(&hop.ed25519) == Some(hop))
        });
        self.keep_ready(now, rng)
    }

    /// The paths that can be used now.
    pub fn ready(&self) -> impl Iterator<Item = &Path> {
        self.entries.iter().filter(|entry| entry.ready).map(|entry| &entry.path)
    }

    /// Whether attempts to build fail again and again: then the node pool
    /// itself is in doubt.
    pub fn pool_is_doubtful(&self) -> bool {
        self.failures >= MAX_STRIKES && self.ready().next().is_none()
    }

    /// A random one of the ready paths with the fewest strikes on which the
    /// target does not lie; starts building one if there is none.
    pub fn choose(
        &mut self,
        target: &Ed25519PublicKey,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> (Choice, Vec<Effect>) {
        let usable =
            |entry: &&Entry| entry.ready && !entry.suspected && !entry.path.contains(target);
        // A path that has failed before waits until the others have, too.
        let fewest = self.entries.iter().filter(usable).map(|entry| entry.strikes).min();
        let best = self.entries.iter().filter(usable).filter(|e| Some(e.strikes) == fewest);
        if let Some(entry) = best.choose(rng) {
            return (Choice::Use(entry.path.clone()), Vec::new());
        }
        let needed = self.config.hops.saturating_add(1);
        if self.pool.len() < needed {
            return (Choice::TooFewNodes { known: self.pool.len(), needed }, Vec::new());
        }
        let being_built = self.entries.iter().any(|e| !e.ready && !e.path.contains(target));
        if being_built {
            return (Choice::Building, Vec::new());
        }
        if now < self.not_before {
            return (Choice::NotBefore(self.not_before), Vec::new());
        }
        self.make_room();
        match self.build(Some(target), now, rng) {
            Some(effects) => (Choice::Building, effects),
            None => (Choice::TooFewNodes { known: self.pool.len(), needed }, Vec::new()),
        }
    }

    /// How the verification of a path went.
    pub fn verified(
        &mut self,
        id: PathId,
        outcome: Result<(), Fault>,
        now: Timestamp,
    ) -> Vec<Effect> {
        match outcome {
            Ok(()) => {
                self.failures = 0;
                self.not_before = now;
                if let Some(entry) = self.entries.iter_mut().find(|entry| entry.path.id == id) {
                    entry.ready = true;
                    if std::mem::take(&mut entry.suspected) {
                        // It was the destination.
                        entry.strikes = 0;
                    }
                }
                self.adopt_guards()
            }
            Err(fault) => {
                self.failures = self.failures.saturating_add(1);
                let doublings = self.failures.saturating_sub(1).min(16);
                let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY);
                self.not_before = now.plus(wait);
                // While a path is being established its guard is the first
                // suspect.
                if let Some(entry) = self.take(id)
                    && let Some(guard) = entry.path.hops.first()
                    && matches!(fault, Fault::Path | Fault::Guard)
                {
                    self.strike(guard.ed25519, now);
                }
                self.blame(&fault, now);
                Vec::new()
            }
        }
    }

    /// A request over a path failed in a way that is somebody's fault.
    pub fn failed(
        &mut self,
        id: PathId,
        fault: &Fault,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Vec<Effect> {
        self.blame(fault, now);
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.path.id == id) else {
            return Vec::new();
        };
        entry.strikes = match fault {
            // What names a node came in the clear and may be the guard's lie.
            Fault::Node(_) | Fault::NodeGone(_) | Fault::Path => entry.strikes.saturating_add(1),
            // A guard that refuses the connection carries nothing at all.
            Fault::Guard => MAX_STRIKES,
        };
        let guard = entry.path.hops.first().map(|hop| hop.ed25519);
        let mut effects = Vec::new();
        if entry.strikes >= MAX_STRIKES {
            self.take(id);
            if let Some(guard) = guard {
                self.strike(guard, now);
            }
        } else if *fault == Fault::Path && !std::mem::replace(&mut entry.suspected, true) {
            effects.push(Effect::Verify(entry.path.clone()));
        }
        self.drop_struck_paths(now);
        effects.extend(self.forget_bad_guards(now));
        effects.extend(self.keep_ready(now, rng));
        effects
    }

    /// Builds until as many paths as wanted are ready or on their way.
    pub fn keep_ready(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Vec<Effect> {
        let mut effects = Vec::new();
        while now >= self.not_before && self.entries.len() < self.config.paths {
            match self.build(None, now, rng) {
                Some(more) => effects.extend(more),
                None => break,
            }
        }
        effects
    }

    /// When something is to be tried again: [`Paths::keep_ready`], and
    /// [`Paths::choose`] for requests that wait.
    pub fn next_attempt(&self, requests_wait: bool) -> Option<Timestamp> {
        let wanting = requests_wait || self.entries.len() < self.config.paths;
        (wanting && self.pool.len() > self.config.hops).then_some(self.not_before)
    }

    /// A kept guard goes only when it failed again and again while another
    /// path works: when the own network is down every guard seems to fail.
    fn forget_bad_guards(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.ready().next().is_none() {
            return Vec::new();
        }
        let before = self.guards.len();
        let bad: Vec<_> =
            self.guards.iter().filter(|guard| self.is_struck(guard, now)).copied().collect();
        self.guards.retain(|guard| !bad.contains(guard));
        if self.guards.len() == before {
            return Vec::new();
        }
        vec![Effect::SaveGuards(self.guards.clone())]
    }

    fn blame(&mut self, fault: &Fault, now: Timestamp) {
        match *fault {
            Fault::Node(node) => self.strike(node, now),
            Fault::NodeGone(node) => {
                self.strikes.insert(node, Strikes { count: MAX_STRIKES, last: now });
            }
            Fault::Path | Fault::Guard => {}
        }
    }

    fn strike(&mut self, node: Ed25519PublicKey, now: Timestamp) {
        let strikes = self.strikes.entry(node).or_insert(Strikes { count: 0, last: now });
        strikes.count = strikes.count.saturating_add(1);
        strikes.last = now;
    }

    fn is_struck(&self, node: &Ed25519PublicKey, now: Timestamp) -> bool {
        self.strikes.get(node).is_some_and(|strikes| {
            strikes.count >= MAX_STRIKES && now.since(strikes.last) < STRIKE_LIFE
        })
    }

    fn drop_struck_paths(&mut self, now: Timestamp) {
        let struck: Vec<PathId> = self
            .entries
            .iter()
            .filter(|e| e.path.hops.iter().any(|hop| self.is_struck(&hop.ed25519, now)))
            .map(|entry| entry.path.id)
            .collect();
        self.entries.retain(|entry| !struck.contains(&entry.path.id));
    }

    fn take(&mut self, id: PathId) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.path.id == id)?;
        Some(self.entries.remove(at))
    }

    /// Lets go of the oldest ready path when spare ones pile up.
    fn make_room(&mut self) {
        if self.entries.len() >= self.config.paths.saturating_add(SPARE_PATHS)
            && let Some(at) = self.entries.iter().position(|entry| entry.ready)
        {
            self.entries.remove(at);
        }
    }

    fn adopt_guards(&mut self) -> Vec<Effect> {
        let before = self.guards.clone();
        for path in self.entries.iter().filter(|entry| entry.ready).map(|entry| &entry.path) {
            if self.guards.len() < self.config.paths
                && let Some(guard) = path.hops.first()
                && !self.guards.contains(&guard.ed25519)
            {
                self.guards.push(guard.ed25519);
            }
        }
        if self.guards == before {
            return Vec::new();
        }
        vec![Effect::SaveGuards(self.guards.clone())]
    }
}
