//! The onion paths of one isolation class: which three nodes carry a request,
//! which guards stay, what a failure costs, when a path is built anew
//! (02 section 2). Sends nothing itself: a path that it wants tried is an
//! effect, and the caller tells how it went.
//!
//! A path is given up after some minutes for a new one behind the same guard,
//! once that was seen to work. A node that a relay names as gone is replaced
//! in its path; how many nodes a relay can talk away is bounded (`strikes`).

mod build;
mod fault;
mod status;
mod strikes;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, NodePool, ServiceNode, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

pub use fault::{DestinationFault, Fault};
pub use status::{PathStatus, PathsStatus};

use strikes::StrikeBook;

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

/// A path carries requests for about this long, a fifth more or less.
pub const PATH_LIFE: Duration = Duration::from_secs(10 * 60);

/// The wait after a new path did not come about that was to take the place of
/// an old one.
const ROTATION_RETRY: Duration = Duration::from_secs(60);

/// Paths on demand are let go when nothing was sent for so long.
const IDLE: Duration = Duration::from_secs(5 * 60);

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
    /// Paths are built when there is something to send, and not kept without.
    pub on_demand: bool,
}

impl Default for PathsConfig {
    fn default() -> Self {
        Self { hops: 3, paths: 2, subnet_diversity: true, on_demand: false }
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
    /// Since when it is built, or carries requests.
    since: Timestamp,
    /// When another takes its place.
    rotate_at: Timestamp,
    /// Whose place it takes once it is ready.
    replaces: Option<PathId>,
}

impl Entry {
    fn guard(&self) -> Option<Ed25519PublicKey> {
        self.path.hops.first().map(|hop| hop.ed25519)
    }
}

/// The machine. One per isolation class.
#[derive(Debug)]
pub struct Paths {
    config: PathsConfig,
    pool: Arc<NodePool>,
    guards: Vec<Ed25519PublicKey>,
    entries: Vec<Entry>,
    strikes: StrikeBook,
    next_id: u64,
    failures: u32,
    not_before: Timestamp,
    /// When something was to be sent last.
    last_asked: Option<Timestamp>,
}

impl Paths {
    /// A machine without paths that prefers the given guards.
    pub fn new(config: PathsConfig, guards: Vec<Ed25519PublicKey>) -> Self {
        Self {
            config,
            pool: Arc::new(NodePool::default()),
            guards,
            entries: Vec::new(),
            strikes: StrikeBook::default(),
            next_id: 0,
            failures: 0,
            not_before: Timestamp(0),
            last_asked: None,
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
        self.strikes.take_pool(&self.pool);
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
        self.last_asked = Some(now);
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
                let mut old = None;
                if let Some(entry) = self.entries.iter_mut().find(|entry| entry.path.id == id) {
                    if !std::mem::replace(&mut entry.ready, true) {
                        entry.since = now;
                    }
                    if std::mem::take(&mut entry.suspected) {
                        // It was the destination.
                        entry.strikes = 0;
                    }
                    old = entry.replaces.take();
                }
                // What is on its way over the old path comes back all the same.
                old.and_then(|old| self.take(old));
                self.adopt_guards()
            }
            Err(fault) if self.is_rotation(id) => {
                let entry = self.take(id);
                let fault = self.believed(entry.as_ref().and_then(Entry::guard), fault, now);
                self.blame(&fault, now);
                let old = entry.and_then(|entry| entry.replaces);
                if let Some(old) = self.entries.iter_mut().find(|e| Some(e.path.id) == old) {
                    old.rotate_at = now.plus(ROTATION_RETRY);
                }
                Vec::new()
            }
            Err(fault) => {
                self.failures = self.failures.saturating_add(1);
                let doublings = self.failures.saturating_sub(1).min(16);
                let wait = FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY);
                self.not_before = now.plus(wait);
                let entry = self.take(id);
                let fault = self.believed(entry.as_ref().and_then(Entry::guard), fault, now);
                // While a path is being established its guard is the first
                // suspect.
                if let Some(guard) = entry.as_ref().and_then(Entry::guard)
                    && matches!(fault, Fault::Path | Fault::Guard)
                {
                    self.strikes.strike(guard, now);
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
        let at = self.entries.iter().position(|entry| entry.path.id == id);
        let guard = at.and_then(|at| self.entries.get(at)).and_then(Entry::guard);
        let fault = self.believed(guard, *fault, now);
        self.blame(&fault, now);
        let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) else {
            return self.mend(now, rng);
        };
        entry.strikes = match fault {
            // What names a node came in the clear and may be the guard's lie.
            Fault::Node(_) | Fault::NodeGone(_) | Fault::Path => entry.strikes.saturating_add(1),
            // A guard that refuses the connection carries nothing at all.
            Fault::Guard => MAX_STRIKES,
        };
        let mut effects = Vec::new();
        if entry.strikes >= MAX_STRIKES {
            self.take(id);
            if let Some(guard) = guard {
                self.strikes.strike(guard, now);
            }
        } else if fault == Fault::Path && !std::mem::replace(&mut entry.suspected, true) {
            effects.push(Effect::Verify(entry.path.clone()));
        }
        effects.extend(self.mend(now, rng));
        effects.extend(self.forget_bad_guards(now));
        effects.extend(self.keep_ready(now, rng));
        effects
    }

    /// Builds until as many paths as wanted are ready or on their way, and new
    /// ones for those that have served their time.
    pub fn keep_ready(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Vec<Effect> {
        if self.config.on_demand && self.last_asked.is_none_or(|at| now.since(at) >= IDLE) {
            self.last_asked = None;
            self.entries.clear();
            return Vec::new();
        }
        let mut effects = Vec::new();
        while now >= self.not_before && self.places_taken() < self.config.paths {
            match self.build(None, now, rng) {
                Some(more) => effects.extend(more),
                None => break,
            }
        }
        effects.extend(self.rotate(now, rng));
        effects
    }

    /// When something is to be tried again: [`Paths::keep_ready`], and
    /// [`Paths::choose`] for requests that wait.
    pub fn next_attempt(&self, requests_wait: bool) -> Option<Timestamp> {
        let awake = !self.config.on_demand || self.last_asked.is_some();
        let wanting = requests_wait || (awake && self.places_taken() < self.config.paths);
        let build = (wanting && self.pool.len() > self.config.hops).then_some(self.not_before);
        let rotation = self.entries.iter().filter(|e| self.may_rotate(e)).map(|e| e.rotate_at);
        build.into_iter().chain(rotation).min()
    }

    /// How many of the wanted places are taken: a path that is to take another
    /// one's place has none of its own yet.
    fn places_taken(&self) -> usize {
        self.entries.iter().filter(|entry| !self.is_rotation(entry.path.id)).count()
    }

    /// Whether a path is to take the place of one that is still there.
    fn is_rotation(&self, id: PathId) -> bool {
        let old = self.entries.iter().find(|e| e.path.id == id).and_then(|e| e.replaces);
        old.is_some_and(|old| self.entries.iter().any(|entry| entry.path.id == old))
    }

    fn may_rotate(&self, entry: &Entry) -> bool {
        entry.ready
            && !entry.suspected
            && self.entries.iter().all(|other| other.replaces != Some(entry.path.id))
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

    /// What is made of a fault: a node that names too many others is not
    /// believed any more.
    fn believed(&mut self, guard: Option<Ed25519PublicKey>, fault: Fault, now: Timestamp) -> Fault {
        self.strikes.believed(guard, fault, self.pool.len(), now)
    }

    fn blame(&mut self, fault: &Fault, now: Timestamp) {
        match *fault {
            Fault::Node(node) => self.strikes.strike(node, now),
            Fault::NodeGone(node) => self.strikes.strike_out(node, now),
            Fault::Path | Fault::Guard => {}
        }
    }

    fn is_struck(&self, node: &Ed25519PublicKey, now: Timestamp) -> bool {
        self.strikes.is_struck(node, now)
    }

    fn take(&mut self, id: PathId) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.path.id == id)?;
        Some(self.entries.remove(at))
    }

    /// Lets go of the oldest ready path when spare ones pile up.
    fn make_room(&mut self) {
        if self.places_taken() >= self.config.paths.saturating_add(SPARE_PATHS)
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
