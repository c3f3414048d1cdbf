//! Network time.

use std::fmt;
use std::time::Duration;

/// Milliseconds since the Unix epoch, as every time on the storage RPC and in
/// messages. Arithmetic saturates: outside bytes can hold any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Milliseconds since the epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// This time and `by` later.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(by)))
    }

    /// This time and `by` earlier; not before the epoch.
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(whole_millis(by)))
    }

    /// How long ago `earlier` was; zero if it is still to come.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Whether the time has come for something that never waits longer than
    /// `longest`. Farther away it was set by another clock, and is due.
    pub fn is_due(self, now: Self, longest: Duration) -> bool {
        self <= now || self.since(now) > longest
    }

    /// The distance between two times, whichever is first.
    pub const fn distance(self, other: Self) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }

    /// This time moved by a signed number of milliseconds.
    pub const fn offset(self, millis: i64) -> Self {
        Self(self.0.saturating_add_signed(millis))
    }
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
