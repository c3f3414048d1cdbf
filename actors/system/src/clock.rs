//! The real clock. The only file that reads one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ramson_messages::Clock;
use ramson_types::Timestamp;

/// This machine's clock.
pub struct SystemClock {
    started: Instant,
    started_at: Timestamp,
}

impl SystemClock {
    /// A clock whose elapsed time starts now.
    #[allow(clippy::disallowed_methods)]
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: wall() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        wall()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn steady(&self) -> Timestamp {
        self.started_at.plus(self.elapsed())
    }
}

#[allow(clippy::disallowed_methods)]
fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
