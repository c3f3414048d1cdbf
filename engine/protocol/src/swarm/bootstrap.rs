//! Gets the node pool: from the cache while it is good, from a seed otherwise
//! (02 sections 1.1 to 1.4).

use std::sync::Arc;
use std::time::Duration;

use ramson_types::{NodePool, Timestamp};
use rand::seq::IteratorRandom;
use rand_core::CryptoRng;

/// A cached pool older than this is used, and refreshed meanwhile.
const FRESH: Duration = Duration::from_secs(2 * 60 * 60);

/// Seeds are not asked more often than this, whoever doubts the pool.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(10);

/// The wait after the first round in which every seed failed, doubled for
/// each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest wait between rounds.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// What a network asks of its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootstrapConfig {
    /// How many seeds there are; they are named by their index.
    pub seeds: usize,
    /// The smallest pool worth using.
    pub min_pool: usize,
}

/// What an answer of a seed changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolNews {
    /// There is a new pool: use it and keep it.
    New(Arc<NodePool>),
    /// The answer was no better than what is known.
    Kept(BootstrapError),
    /// There is no pool yet.
    None(BootstrapError),
}

/// Why a seed's answer made no pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootstrapError {
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
    doubted: bool,
    untried: Vec<usize>,
    asking: Option<usize>,
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
            doubted: false,
            untried: (0..config.seeds).collect(),
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

    /// The seed to ask now, if one is due. One is asked at a time.
    pub fn due(&mut self, now: Timestamp, rng: &mut impl CryptoRng) -> Option<usize> {
        if self.asking.is_some() || now < self.next_ask {
            return None;
        }
        let stale = self.pool.is_none() || now.since(self.fetched) >= FRESH;
        if !stale && !self.doubted {
            return None;
        }
        let at = (0..self.untried.len()).choose(rng)?;
        self.asking = Some(self.untried.swap_remove(at));
        self.asking
    }

    /// When [`Bootstrap::due`] may have something to ask.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.asking.is_some() || self.config.seeds == 0 {
            return None;
        }
        if self.pool.is_none() || self.doubted {
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
        self.asking = None;
        match self.judge(seed, nodes) {
            Ok(pool) => {
                let pool = Arc::new(pool);
                self.pool = Some(pool.clone());
                self.fetched = now;
                self.doubted = false;
                self.rounds_failed = 0;
                self.untried = (0..self.config.seeds).collect();
                self.next_ask = now.plus(BETWEEN_REFRESHES);
                PoolNews::New(pool)
            }
            Err(why) => {
                if self.untried.is_empty() {
                    self.untried = (0..self.config.seeds).collect();
                    let wait = FIRST_RETRY.saturating_mul(1 << self.rounds_failed.min(16));
                    self.next_ask = now.plus(wait.min(LONGEST_RETRY));
                    self.rounds_failed = self.rounds_failed.saturating_add(1);
                }
                match self.pool {
                    Some(_) => PoolNews::Kept(why),
                    None => PoolNews::None(why),
                }
            }
        }
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
mod tests {
    use std::net::Ipv4Addr;

    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use ramson_types::{Ed25519PublicKey, ServiceNode, X25519PublicKey};

    fn pool(size: u8) -> NodePool {
        (0..size)
            .map(|n| ServiceNode {
                ed25519: Ed25519PublicKey([n; 32]),
                x25519: X25519PublicKey([n; 32]),
                ip: Ipv4Addr::new(10, 0, n, 1),
                https_port: 1,
                swarm: None,
            })
            .collect()
    }

    const CONFIG: BootstrapConfig = BootstrapConfig { seeds: 3, min_pool: 4 };

    #[test]
    fn every_seed_is_tried_before_any_is_tried_twice() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut machine = Bootstrap::new(CONFIG, None, Timestamp(0));
        let mut asked = Vec::new();
        for _ in 0..3 {
            let seed = machine.due(Timestamp(0), &mut rng).expect("a seed is due");
            assert_eq!(machine.due(Timestamp(0), &mut rng), None, "one at a time");
            asked.push(seed);
            let news = machine.answered(seed, Err("refused".into()), Timestamp(0));
            assert!(matches!(news, PoolNews::None(BootstrapError::Seed { .. })));
        }
        asked.sort_unstable();
        assert_eq!(asked, [0, 1, 2]);
        assert_eq!(machine.due(Timestamp(999), &mut rng), None, "the next round waits");
        assert!(machine.due(Timestamp(1000), &mut rng).is_some());
    }

    #[test]
    fn a_small_answer_never_replaces_a_good_pool() {
        let mut rng = StdRng::seed_from_u64(1);
        let cached = Some((pool(20), Timestamp(0)));
        let late = Timestamp(0).plus(FRESH);
        let mut machine = Bootstrap::new(CONFIG, cached, late);
        let seed = machine.due(late, &mut rng).expect("the cache is old");
        let news = machine.answered(seed, Ok(pool(5)), late);
        assert!(matches!(news, PoolNews::Kept(BootstrapError::Shrunk { found: 5, known: 20, .. })));
        assert_eq!(machine.pool().map(|pool| pool.len()), Some(20));
    }

    #[test]
    fn a_fresh_cache_is_used_without_a_seed_until_it_is_doubted() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut machine = Bootstrap::new(CONFIG, Some((pool(9), Timestamp(0))), Timestamp(5));
        assert_eq!(machine.due(Timestamp(5), &mut rng), None);
        machine.doubt();
        let seed = machine.due(Timestamp(5), &mut rng).expect("doubt asks a seed");
        assert_eq!(
            machine.answered(seed, Ok(pool(4)), Timestamp(6)),
            PoolNews::New(Arc::new(pool(4)))
        );
    }

    #[test]
    fn a_pool_below_the_minimum_is_refused() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut machine = Bootstrap::new(CONFIG, Some((pool(3), Timestamp(0))), Timestamp(0));
        assert!(machine.pool().is_none());
        let seed = machine.due(Timestamp(0), &mut rng).expect("no pool yet");
        let news = machine.answered(seed, Ok(pool(3)), Timestamp(0));
        assert!(matches!(
            news,
            PoolNews::None(BootstrapError::TooSmall { found: 3, needed: 4, .. })
        ));
    }
}
