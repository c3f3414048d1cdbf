//! When what failed is started again: after 1, 2, 4 … 60 s, and not at all
//! after too many failures within a while.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::host::Limits;

/// The failures of one plugin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Restart {
    failures: VecDeque<Instant>,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is started again after so long.
    After(Duration),
    /// It is not.
    Never,
}

impl Restart {
    /// Notes a failure.
    pub(crate) fn failed(&mut self, now: Instant, limits: &Limits) -> Next {
        let old = |at: &Instant| now.saturating_duration_since(*at) > limits.failures_within;
        while self.failures.front().is_some_and(old) {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        if self.failures.len() > limits.failures {
            return Next::Never;
        }
        let doublings = u32::try_from(self.failures.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        Next::After(limits.back_off.saturating_mul(factor).min(limits.back_off_most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_wait_is_twice_the_one_before_and_the_sixth_failure_is_the_last() {
        let (began, limits) = (crate::clock::now(), Limits::default());
        let mut restart = Restart::default();
        for wait in [1, 2, 4, 8, 16] {
            assert_eq!(restart.failed(began, &limits), Next::After(s(wait)));
        }
        assert_eq!(restart.failed(began + s(599), &limits), Next::Never);
    }

    #[test]
    fn failures_of_long_ago_do_not_count() {
        let (began, limits) = (crate::clock::now(), Limits::default());
        let mut restart = Restart::default();
        for _ in 0..5 {
            restart.failed(began, &limits);
        }
        assert_eq!(restart.failed(began + s(601), &limits), Next::After(s(1)));
    }

    #[test]
    fn no_wait_is_longer_than_the_longest() {
        let (began, limits) = (crate::clock::now(), Limits { failures: 100, ..Limits::default() });
        let mut restart = Restart::default();
        let waits: Vec<Next> = (0..100).map(|_| restart.failed(began, &limits)).collect();
        assert_eq!(waits[6..], [Next::After(s(60)); 94]);
    }
}
