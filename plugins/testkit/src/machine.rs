//! Time and randomness of a town: both follow from its runtime and its seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ramson_crypto::blake2b;
use ramson_system::{Clock, Entropy};
use ramson_types::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// When every town begins: 15 January 2027, 08:00 UTC.
pub(crate) const BEGIN: Timestamp = Timestamp(1_800_000_000_000);

/// The town's clock: it stands still while anybody works, and goes on to the
/// next thing that waits for a time when nobody does. Any thread may read it.
#[derive(Clone)]
pub(crate) struct TownClock {
    runtime: Handle,
    began: Instant,
}

impl TownClock {
    /// The clock of a runtime whose time is paused; it begins now.
    pub(crate) fn of(runtime: &Handle) -> Self {
        let _inside = runtime.enter();
        Self { runtime: runtime.clone(), began: Instant::now() }
    }

    /// The runtime's own time.
    pub(crate) fn instant(&self) -> Instant {
        // Outside of the runtime it would be that of the machine.
        let _inside = self.runtime.enter();
        Instant::now()
    }
}

impl Clock for TownClock {
    fn now(&self) -> Timestamp {
        BEGIN.plus(self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        self.instant().saturating_duration_since(self.began)
    }

    fn steady(&self) -> Timestamp {
        self.now()
    }
}

/// Randomness of one run of a program.
pub(crate) struct TownEntropy {
    seed: u64,
    program: String,
    given: AtomicU64,
}

impl TownEntropy {
    /// For a program by its name and the number of its run: two runs have
    /// different randomness.
    pub(crate) fn new(seed: u64, program: &str, run: u64) -> Self {
        Self { seed, program: format!("{program} {run}"), given: AtomicU64::new(0) }
    }
}

impl Entropy for TownEntropy {
    fn generator(&self, actor: &str) -> StdRng {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        generator(self.seed, &format!("{} {actor} {number}", self.program))
    }
}

/// A generator for one purpose.
pub(crate) fn generator(seed: u64, purpose: &str) -> StdRng {
    StdRng::from_seed(bytes(seed, purpose))
}

/// Bytes for one purpose.
pub(crate) fn bytes(seed: u64, purpose: &str) -> [u8; 32] {
    blake2b::hash32(&[b"ramson town", &seed.to_le_bytes(), purpose.as_bytes()])
}
