//! Where actors get time and randomness from.

use std::time::Duration;

use ramson_types::Timestamp;
use rand::rngs::StdRng;

/// Tells the time. The real one and the simulated one are made in
/// `ramson-system`; nobody else reads a clock.
pub trait Clock: Send + Sync {
    /// This machine's wall clock.
    fn now(&self) -> Timestamp;

    /// Time since the engine started; never goes back.
    fn elapsed(&self) -> Duration;

    /// The time for schedules: that of the engine's start and what has elapsed
    /// since. Setting the wall clock does not move it.
    fn steady(&self) -> Timestamp;
}

/// Gives each actor a random source of its own: a cryptographic generator
/// seeded by the operating system, or by a simulation's seed.
pub trait Entropy: Send + Sync {
    /// A generator for the actor of that name.
    fn generator(&self, actor: &str) -> StdRng;
}

/// Notices when the wall clock was set, or the machine slept: then it has
/// moved otherwise than the steady one.
#[derive(Debug)]
pub struct ClockWatch {
    /// How far the wall clock was ahead of the steady one, in ms.
    ahead: i64,
}

/// Clocks that are corrected bit by bit move less than this between looks.
const JUMP: u64 = 5_000;

impl ClockWatch {
    /// Watches from now on.
    pub fn new(clock: &dyn Clock) -> Self {
        Self { ahead: ahead(clock) }
    }

    /// Whether the clock jumped since the last look.
    pub fn jumped(&mut self, clock: &dyn Clock) -> bool {
        let ahead = ahead(clock);
        let jumped = ahead.abs_diff(self.ahead) > JUMP;
        self.ahead = ahead;
        jumped
    }
}

fn ahead(clock: &dyn Clock) -> i64 {
    let signed = |time: Timestamp| i64::try_from(time.millis()).unwrap_or(i64::MAX);
    signed(clock.now()).saturating_sub(signed(clock.steady()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct TestClock {
        wall: AtomicU64,
        steady: AtomicU64,
    }

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            Timestamp(self.wall.load(Ordering::Relaxed))
        }

        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.steady.load(Ordering::Relaxed))
        }

        fn steady(&self) -> Timestamp {
            Timestamp(self.steady.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_clock_that_is_set_jumps_once_and_one_that_drifts_never() {
        let clock = TestClock::default();
        let mut watch = ClockWatch::new(&clock);
        for second in 1..100 {
            clock.wall.store(second * 1_001, Ordering::Relaxed);
            clock.steady.store(second * 1_000, Ordering::Relaxed);
            assert!(!watch.jumped(&clock));
        }
        clock.wall.store(50_000_000, Ordering::Relaxed);
        assert!(watch.jumped(&clock));
        assert!(!watch.jumped(&clock));
        clock.wall.store(0, Ordering::Relaxed);
        assert!(watch.jumped(&clock), "backwards as well");
    }
}
