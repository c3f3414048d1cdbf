//! Clock and randomness of a host.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ramson_system::{Clock, Entropy};
use ramson_types::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

/// When every simulation begins.
pub(super) const START: Timestamp = Timestamp(1_800_000_000_000);

/// The wall clock of all hosts.
pub(super) fn now() -> Timestamp {
    START.plus(elapsed())
}

/// Before the first tick no host runs.
fn elapsed() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// The simulation's clock, as an engine sees it.
pub(super) struct SimClock;

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        now()
    }

    fn elapsed(&self) -> Duration {
        elapsed()
    }

    fn steady(&self) -> Timestamp {
        now()
    }
}

/// Randomness out of the simulation's seed.
pub(super) struct SimEntropy {
    seed: u64,
    host: &'static str,
    given: AtomicU64,
}

impl SimEntropy {
    pub(super) fn new(seed: u64, host: &'static str) -> Self {
        Self { seed, host, given: AtomicU64::new(0) }
    }
}

impl Entropy for SimEntropy {
    fn generator(&self, actor: &str) -> StdRng {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        generator(self.seed, &format!("{} {actor} {number}", self.host))
    }
}

/// A generator for one purpose.
pub(super) fn generator(seed: u64, purpose: &str) -> StdRng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(purpose.as_bytes());
    StdRng::from_seed(hash.finalize().into())
}
