//! When to poll which account (02 section 5.1): often while messages come,
//! rarely while they don't, later and later while polls fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_types::{AccountId, Timestamp};
use rand::RngExt;
use rand_core::CryptoRng;

/// How often accounts are polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollConfig {
    /// The interval while messages come.
    pub shortest: Duration,
    /// The interval of an account that has long been silent.
    pub longest: Duration,
    /// The longest interval while polls fail.
    pub longest_after_failure: Duration,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            shortest: Duration::from_secs(2),
            longest: Duration::from_secs(10),
            longest_after_failure: Duration::from_secs(30),
        }
    }
}

/// How a poll went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollOutcome {
    /// The node has more than fits one answer: poll again at once.
    More,
    /// Messages came.
    Messages,
    /// Nothing new.
    Empty,
    /// No usable answer.
    Failed,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    polling: bool,
    interval: Duration,
    failures: u32,
}

/// The schedule of all accounts of one network.
#[derive(Debug)]
pub struct PollSchedule {
    config: PollConfig,
    entries: BTreeMap<AccountId, Entry>,
    polling: usize,
    by_due: BTreeSet<(Timestamp, AccountId)>,
}

impl PollSchedule {
    /// An empty schedule.
    pub fn new(config: PollConfig) -> Self {
        Self { config, entries: BTreeMap::new(), polling: 0, by_due: BTreeSet::new() }
    }

    /// Adds an account, due now, or a little later beside others: accounts
    /// that are polled in the same moment are easily linked. A poll of it that
    /// is under way is forgotten.
    pub fn watch(&mut self, account: AccountId, now: Timestamp, rng: &mut impl CryptoRng) {
        self.unwatch(&account);
        let interval = self.config.shortest;
        let alone = self.entries.is_empty();
        let wait =
            if alone { Duration::ZERO } else { interval.mul_f64(rng.random_range(0.0..1.0)) };
        let due = now.plus(wait);
        self.by_due.insert((due, account));
        self.entries.insert(account, Entry { due, polling: false, interval, failures: 0 });
    }

    /// Takes an account out.
    pub fn unwatch(&mut self, account: &AccountId) {
        if let Some(entry) = self.entries.remove(account) {
            self.by_due.remove(&(entry.due, *account));
            self.polling = self.polling.saturating_sub(usize::from(entry.polling));
        }
    }

    /// Takes the accounts whose poll is due, as long as fewer than `limit`
    /// polls are under way. Each is left alone until [`PollSchedule::done`].
    pub fn take_due(&mut self, now: Timestamp, limit: usize) -> Vec<AccountId> {
        let mut due = Vec::new();
        while self.polling < limit
            && let Some(&(at, account)) = self.by_due.first()
            && at <= now
        {
            self.by_due.remove(&(at, account));
            if let Some(entry) = self.entries.get_mut(&account) {
                entry.polling = true;
                self.polling = self.polling.saturating_add(1);
                due.push(account);
            }
        }
        due
    }

    /// When the next poll is due; `None` while nothing waits.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.by_due.first().map(|(at, _)| *at)
    }

    /// How an account's poll went.
    pub fn done(
        &mut self,
        account: &AccountId,
        outcome: PollOutcome,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) {
        let config = self.config;
        let Some(entry) = self.entries.get_mut(account).filter(|entry| entry.polling) else {
            return;
        };
        entry.polling = false;
        self.polling = self.polling.saturating_sub(1);
        entry.failures = match outcome {
            PollOutcome::Failed => entry.failures.saturating_add(1),
            _ => 0,
        };
        let wait = match outcome {
            PollOutcome::More => Duration::ZERO,
            PollOutcome::Messages => {
                entry.interval = config.shortest;
                jittered(entry.interval, rng)
            }
            PollOutcome::Empty => {
                entry.interval = entry.interval.mul_f64(1.1).min(config.longest);
                jittered(entry.interval, rng)
            }
            PollOutcome::Failed => {
                let wait = config.shortest.saturating_mul(entry.failures);
                jittered(wait.min(config.longest_after_failure), rng)
            }
        };
        entry.due = now.plus(wait);
        self.by_due.insert((entry.due, *account));
    }
}

/// Moves an interval by up to a fifth either way, so that accounts of one
/// process do not keep step, which would link them.
fn jittered(interval: Duration, rng: &mut impl CryptoRng) -> Duration {
    interval.mul_f64(rng.random_range(0.8..=1.2))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use ramson_types::Prefix;

    const ME: AccountId = AccountId::new(Prefix::Account, [1; 32]);

    #[test]
    fn an_account_is_polled_once_at_a_time() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut schedule = PollSchedule::new(PollConfig::default());
        schedule.watch(ME, Timestamp(10), &mut rng);
        assert_eq!(schedule.take_due(Timestamp(9), 5), []);
        assert_eq!(schedule.take_due(Timestamp(10), 5), [ME]);
        assert_eq!(schedule.take_due(Timestamp(1_000_000), 5), []);
        schedule.done(&ME, PollOutcome::More, Timestamp(20), &mut rng);
        assert_eq!(schedule.take_due(Timestamp(20), 5), [ME]);
    }

    #[test]
    fn silence_and_failure_lengthen_the_interval_up_to_their_limits() {
        let mut rng = StdRng::seed_from_u64(1);
        let config = PollConfig::default();
        for (outcome, longest) in [
            (PollOutcome::Empty, config.longest),
            (PollOutcome::Failed, config.longest_after_failure),
        ] {
            let mut schedule = PollSchedule::new(config);
            schedule.watch(ME, Timestamp(0), &mut rng);
            let (mut now, mut last) = (Timestamp(0), Duration::ZERO);
            for _ in 0..60 {
                assert_eq!(schedule.take_due(now, 1), [ME]);
                schedule.done(&ME, outcome, now, &mut rng);
                let due = schedule.next_due().expect("it is due again");
                last = due.since(now);
                assert!(last <= longest.mul_f64(1.2), "{outcome:?} waits {last:?}");
                now = due;
            }
            assert!(last >= longest.mul_f64(0.79), "{outcome:?} ends at {last:?}");
        }
    }

    #[test]
    fn an_account_that_left_is_not_polled_when_its_poll_ends() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut schedule = PollSchedule::new(PollConfig::default());
        schedule.watch(ME, Timestamp(0), &mut rng);
        assert_eq!(schedule.take_due(Timestamp(0), 1), [ME]);
        schedule.unwatch(&ME);
        schedule.done(&ME, PollOutcome::Messages, Timestamp(1), &mut rng);
        assert_eq!(schedule.next_due(), None);
    }
}
