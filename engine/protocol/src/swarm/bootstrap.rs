//! Gets the node pool: from the cache while it is good, then from several
//! nodes of it, from a seed otherwise (02 sections 1.1 to 1.4).
//!
//! Seeds are asked first when there is no pool, or when no path can be built
//! from it. Whoever is asked: a pool that is good is not given up for one that
//! is much smaller, and nodes cannot replace it by one that is mostly another.

use std::sync::Arc;
use std::time::Duration;

use ramson_types::{NodePool, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

/// A cached pool older than this is used, and refreshed meanwhile.
const FRESH: Duration = Duration::from_secs(2 * 60 * 60);

/// Seeds are not asked more often than this, whoever doubts the pool.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(10);

/// A pool is not refreshed sooner than this on somebody's wish.
const BETWEEN_WISHES: Duration = Duration::from_secs(20);

/// The wait after the first round in which every seed failed, doubled for
/// each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait between rounds.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// The same without any pool, when nothing works before a seed answers.
const LONGEST_RETRY_WITHOUT_POOL: Duration = Duration::from_secs(15);

/// What a network asks of its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootstrapConfig {
    /// How many seeds there are; they are named by their index.
    pub seeds: usize,
    /// The smallest pool worth using.
    pub min_pool: usize,
}

/// Who is to be asked for a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The seed of that index: [`Bootstrap::answered`].
    Seed(usize),
    /// Several nodes, over onion paths: [`Bootstrap::refreshed`].
    Nodes,
}

/// Where a pool came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolSource {
    /// It was kept by an earlier run.
    Cache,
    /// The seed of that index.
    Seed(usize),
    /// Several nodes that agreed.
    Nodes,
}

/// What an answer changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolNews {
    /// There is a new pool: use it and keep it.
    New(Arc<NodePool>),
    /// The answer was no better than what is known.
    Kept(BootstrapError),
    /// There is no pool yet.
    None(BootstrapError),
}

/// Why an answer made no pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// The nodes could not be asked, or too few of them answered.
    #[error("the service nodes gave no list of service nodes: {reason}")]
    Nodes {
        /// Why.
        reason: String,
    },
    /// The nodes agree on too few nodes.
    #[error(
        "the service nodes asked agree on {found} service nodes only, where {needed} are needed; \
         the known ones are kept"
    )]
    Disagree {
        /// Nodes that two of them named alike.
        found: usize,
        /// Nodes needed.
        needed: usize,
    },
    /// The nodes name mostly others than those known: more likely they lie
    /// together than that a network was exchanged.
    #[error(
        "the service nodes asked name only {shared} of {known} known service nodes; the known \
         ones are kept"
    )]
    Strange {
        /// Known nodes among those they named.
        shared: usize,
        /// Nodes known.
        known: usize,
    },
    /// The seed could not be asked, or answered garbage.
    #[error("no list of service nodes: {reason}")]
    Seed {
        /// Which one.
        seed: usize,
        /// Why.
        reason: String,
    },
    /// Fewer nodes than the network needs.
    #[error(
        "it knows {found} usable service nodes, but {needed} are needed; \
         if this network is meant to be that small, set min_pool in its network file"
    )]
    TooSmall {
        /// Which one.
        seed: usize,
        /// Nodes in its list.
        found: usize,
        /// Nodes needed.
        needed: usize,
    },
    /// So much smaller than the known pool that the seed is more likely wrong.
    #[error("it knows {found} service nodes where {known} were known; the known ones are kept")]
    Shrunk {
        /// Which one.
        seed: usize,
        /// Nodes in its list.
        found: usize,
        /// Nodes known.
        known: usize,
    },
}

/// The machine. One per network.
#[derive(Debug)]
pub struct Bootstrap {
    config: BootstrapConfig,
    pool: Option<Arc<NodePool>>,
    fetched: Timestamp,
    source: PoolSource,
    doubted: bool,
    wished: bool,
    untried: Vec<usize>,
    nodes_tried: bool,
    /// Whether the nodes can be asked, as it was last.
    nodes_possible: bool,
    asking: Option<Ask>,
    rounds_failed: u32,
    next_ask: Timestamp,
}

impl Bootstrap {
    /// A machine that starts from the pool kept last, if it is large enough.
    pub fn new(
        config: BootstrapConfig,
        cached: Option<(NodePool, Timestamp)>,
        now: Timestamp,
    ) -> Self {
        let cached = cached.filter(|(pool, _)| pool.len() >= config.min_pool);
        let (pool, fetched) = match cached {
            Some((pool, fetched)) => (Some(Arc::new(pool)), fetched),
            None => (None, Timestamp(0)),
        };
        Self {
            config,
            pool,
            fetched,
            source: PoolSource::Cache,
            doubted: false,
            wished: false,
            untried: (0..config.seeds).collect(),
            nodes_tried: false,
            nodes_possible: false,
            asking: None,
            rounds_failed: 0,
            next_ask: now,
        }
    }

    /// The pool, if there is one.
    pub fn pool(&self) -> Option<&Arc<NodePool>> {
        self.pool.as_ref()
    }

    /// No path can be built from the pool: ask a seed again, though it is
    /// fresh.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// The pool may be old: somebody named nodes that are not in it. The nodes
    /// are asked, though it is fresh.
    pub fn wish(&mut self) {
        if !self.wished {
            self.wished = true;
            self.next_ask = self.next_ask.max(self.fetched.plus(BETWEEN_WISHES));
        }
    }

    /// Where the pool came from, and when; `None` while there is none.
    pub fn origin(&self) -> Option<(PoolSource, Timestamp)> {
        self.pool.as_ref().map(|_| (self.source, self.fetched))
    }

    /// Whether the pool is in doubt.
    pub fn is_doubted(&self) -> bool {
        self.doubted
    }

    /// The seed to ask now, if one is due, where nodes cannot be asked. One is
    /// asked at a time.
    pub fn due(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Option<usize> {
        match self.ask_due(now, false, rng)? {
            Ask::Seed(seed) => Some(seed),
            Ask::Nodes => None,
        }
    }

    /// Whom to ask now, if somebody is due; `nodes` tells whether requests to
    /// service nodes are possible. One is asked at a time.
    pub fn ask_due(
        &mut self,
        now: Timestamp,
        nodes: bool,
        rng: &mut impl CryptoRng,
    ) -> Option<Ask> {
        self.nodes_possible = nodes;
        if self.asking.is_some() || now < self.next_ask || !self.is_wanted(now) {
            return None;
        }
        if self.untried.is_empty() && !self.nodes_are_left() {
            // The nodes were left for last, and cannot be asked any more.
            self.begin_round();
        }
        let seed = (0..self.untried.len()).choose(rng);
        // Paths that do not carry anything carry no list either, so a pool in
        // doubt is the seeds' business; but seeds may be down for ever.
        self.asking = match seed {
            Some(at) if self.doubted || !self.nodes_are_left() => {
                Some(Ask::Seed(self.untried.swap_remove(at)))
            }
            _ if self.nodes_are_left() => {
                self.nodes_tried = true;
                Some(Ask::Nodes)
            }
            _ => None,
        };
        self.asking
    }

    /// When [`Bootstrap::ask_due`] may have somebody to ask.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.asking.is_some() || (self.config.seeds == 0 && !self.can_ask_nodes()) {
            return None;
        }
        if self.pool.is_none() || self.doubted || self.wished {
            return Some(self.next_ask);
        }
        Some(self.next_ask.max(self.fetched.plus(FRESH)))
    }

    /// What a seed answered: its usable nodes, or why there are none.
    pub fn answered(
        &mut self,
        seed: usize,
        nodes: Result<NodePool, String>,
        now: Timestamp,
    ) -> PoolNews {
        let judged = self.judge(seed, nodes);
        self.settle(PoolSource::Seed(seed), judged, now)
    }

    /// What the nodes answered: those that they agree on
    /// ([`agreed`](super::agreed)), or why there are none.
    pub fn refreshed(&mut self, nodes: Result<NodePool, String>, now: Timestamp) -> PoolNews {
        let judged = self.judge_nodes(nodes);
        self.settle(PoolSource::Nodes, judged, now)
    }

    fn is_wanted(&self, now: Timestamp) -> bool {
        let stale = self.fetched.plus(FRESH).is_due(now, FRESH);
        self.pool.is_none() || self.doubted || self.wished || stale
    }

    fn can_ask_nodes(&self) -> bool {
        self.nodes_possible && self.pool.is_some()
    }

    fn nodes_are_left(&self) -> bool {
        self.can_ask_nodes() && !self.nodes_tried
    }

    fn settle(
        &mut self,
        source: PoolSource,
        judged: Result<NodePool, BootstrapError>,
        now: Timestamp,
    ) -> PoolNews {
        self.asking = None;
        match judged {
            Ok(pool) => {
                let pool = Arc::new(pool);
                self.pool = Some(pool.clone());
                (self.fetched, self.source) = (now, source);
                (self.doubted, self.wished) = (false, false);
                self.rounds_failed = 0;
                self.begin_round();
                self.next_ask = now.plus(BETWEEN_REFRESHES);
                PoolNews::New(pool)
            }
            Err(why) => {
                if self.untried.is_empty() && !self.nodes_are_left() {
                    self.begin_round();
                    let wait = FIRST_RETRY.saturating_mul(1 << self.rounds_failed.min(16));
                    let longest = match self.pool {
                        Some(_) => LONGEST_RETRY,
                        None => LONGEST_RETRY_WITHOUT_POOL,
                    };
                    self.next_ask = now.plus(wait.min(longest));
                    self.rounds_failed = self.rounds_failed.saturating_add(1);
                }
                match self.pool {
                    Some(_) => PoolNews::Kept(why),
                    None => PoolNews::None(why),
                }
            }
        }
    }

    fn begin_round(&mut self) {
        self.untried = (0..self.config.seeds).collect();
        self.nodes_tried = false;
    }

    fn judge_nodes(&self, nodes: Result<NodePool, String>) -> Result<NodePool, BootstrapError> {
        let pool = nodes.map_err(|reason| BootstrapError::Nodes { reason })?;
        let known = self.pool.as_ref().map_or(0, |pool| pool.len());
        let (found, needed) = (pool.len(), self.config.min_pool.max(known / 2));
        if found < needed {
            return Err(BootstrapError::Disagree { found, needed });
        }
        let shared = |known: &Arc<NodePool>| {
            known.iter().filter(|node| pool.get(&node.ed25519).is_some()).count()
        };
        let shared = self.pool.as_ref().map_or(0, shared);
        if shared < known / 2 {
            return Err(BootstrapError::Strange { shared, known });
        }
        Ok(pool)
    }

    fn judge(
        &self,
        seed: usize,
        nodes: Result<NodePool, String>,
    ) -> Result<NodePool, BootstrapError> {
        let pool = nodes.map_err(|reason| BootstrapError::Seed { seed, reason })?;
        let (found, needed) = (pool.len(), self.config.min_pool);
        if found < needed {
            return Err(BootstrapError::TooSmall { seed, found, needed });
        }
        // A pool in doubt is no measure: the network may really have shrunk.
        let known = self.pool.as_ref().map_or(0, |pool| pool.len());
        if !self.doubted && found < known / 2 {
            return Err(BootstrapError::Shrunk { seed, found, known });
        }
        Ok(pool)
    }
}

#[cfg(test)]
mod tests;
