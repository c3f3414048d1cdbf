//! When to poll which account (02 section 5.1): often while messages come,
//! rarely while they don't, later and later while polls fail.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_types::{AccountId, Timestamp};
use rand::RngExt;
use rand_core::CryptoRng;

/// A poll that does not end within this time is counted as failed: no request
/// of it takes so long, and whoever polled may be gone.
pub const POLL_LIFE: Duration = Duration::from_secs(3 * 60);

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

impl PollConfig {
    fn after_failure(&self, failures: u32) -> Duration {
        self.shortest.saturating_mul(failures).min(self.longest_after_failure)
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
    /// Since when a poll is under way.
    polling: Option<Timestamp>,
    interval: Duration,
    failures: u32,
}

/// The schedule of all accounts of one network.
#[derive(Debug)]
pub struct PollSchedule {
    config: PollConfig,
    entries: BTreeMap<AccountId, Entry>,
    /// Polls under way, by when they began.
    under_way: BTreeSet<(Timestamp, AccountId)>,
    by_due: BTreeSet<(Timestamp, AccountId)>,
    looked: Timestamp,
}

impl PollSchedule {
    /// An empty schedule.
    pub fn new(config: PollConfig) -> Self {
        let (under_way, by_due) = (BTreeSet::new(), BTreeSet::new());
        Self { config, entries: BTreeMap::new(), under_way, by_due, looked: Timestamp(0) }
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
        self.entries.insert(account, Entry { due, polling: None, interval, failures: 0 });
    }

    /// Takes an account out.
    pub fn unwatch(&mut self, account: &AccountId) {
        if let Some(entry) = self.entries.remove(account) {
            self.by_due.remove(&(entry.due, *account));
            if let Some(began) = entry.polling {
                self.under_way.remove(&(began, *account));
            }
        }
    }

    /// To be called before polls are taken, whenever they could be. After a
    /// pause (no node pool, a machine that slept) everybody is due, and polls
    /// in the same moment would link the accounts: all but one are spread over
    /// a random part of their interval. Those that only wait for room keep
    /// their place.
    pub fn look(&mut self, now: Timestamp, rng: &mut impl CryptoRng) {
        let shortest = self.config.shortest;
        let paused = now.since(std::mem::replace(&mut self.looked, now)) > shortest;
        let overdue = |at: Timestamp| now.since(at) > shortest;
        if !paused || !self.by_due.iter().nth(1).is_some_and(|(at, _)| overdue(*at)) {
            return;
        }
        let due = self.by_due.iter().take_while(|(at, _)| *at <= now);
        let others: Vec<_> = due.skip(1).copied().collect();
        for (at, account) in others {
            let Some(entry) = self.entries.get_mut(&account) else { continue };
            self.by_due.remove(&(at, account));
            entry.due = now.plus(entry.interval.mul_f64(rng.random_range(0.0..1.0)));
            self.by_due.insert((entry.due, account));
        }
    }

    /// Takes the accounts whose poll is due, as long as fewer than `limit`
    /// polls are under way. Each is left alone until [`PollSchedule::done`],
    /// or for [`POLL_LIFE`].
    pub fn take_due(&mut self, now: Timestamp, limit: usize) -> Vec<AccountId> {
        self.give_up_old_polls(now);
        let mut due = Vec::new();
        while self.under_way.len() < limit
            && let Some(&(at, account)) = self.by_due.first()
            && at <= now
        {
            self.by_due.remove(&(at, account));
            if let Some(entry) = self.entries.get_mut(&account) {
                entry.polling = Some(now);
                self.under_way.insert((now, account));
                due.push(account);
            }
        }
        due
    }

    /// How many accounts [`PollSchedule::take_due`] would take.
    pub fn count_due(&mut self, now: Timestamp, limit: usize) -> usize {
        self.give_up_old_polls(now);
        let room = limit.saturating_sub(self.under_way.len());
        self.by_due.iter().take_while(|(at, _)| *at <= now).take(room).count()
    }

    /// Polls under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Accounts that are polled.
    pub fn watched(&self) -> usize {
        self.entries.len()
    }

    /// When [`PollSchedule::take_due`] may take somebody.
    pub fn next_action(&self, limit: usize) -> Option<Timestamp> {
        let given_up = self.under_way.first().map(|(began, _)| began.plus(POLL_LIFE));
        let due = self.next_due().filter(|_| self.under_way.len() < limit);
        given_up.into_iter().chain(due).min()
    }

    /// Counts polls that never ended as failed.
    fn give_up_old_polls(&mut self, now: Timestamp) {
        while let Some(&(began, account)) = self.under_way.first()
            && now.since(began) >= POLL_LIFE
        {
            self.under_way.remove(&(began, account));
            if let Some(entry) = self.entries.get_mut(&account) {
                entry.polling = None;
                entry.failures = entry.failures.saturating_add(1);
                entry.due = now.plus(self.config.after_failure(entry.failures));
                self.by_due.insert((entry.due, account));
            }
        }
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
        let Some(entry) = self.entries.get_mut(account) else { return };
        let Some(began) = entry.polling.take() else { return };
        self.under_way.remove(&(began, *account));
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
            PollOutcome::Failed => jittered(config.after_failure(entry.failures), rng),
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
        assert_eq!(schedule.take_due(Timestamp(100_000), 5), []);
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

    #[test]
    fn a_poll_that_never_ends_gives_its_place_back() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut schedule = PollSchedule::new(PollConfig::default());
        let other = AccountId::new(Prefix::Account, [2; 32]);
        schedule.watch(ME, Timestamp(0), &mut rng);
        assert_eq!(schedule.take_due(Timestamp(0), 1), [ME]);
        schedule.watch(other, Timestamp(1), &mut rng);
        let due = schedule.next_due().expect("the other account waits");
        assert_eq!(schedule.take_due(due, 1), [], "the only place is taken");
        let end = Timestamp(0).plus(POLL_LIFE);
        assert_eq!(schedule.next_action(1), Some(end));
        assert_eq!(schedule.count_due(end, 1), 1);
        assert_eq!(schedule.take_due(end, 1), [other]);
        // An end that comes too late ends nothing.
        schedule.done(&ME, PollOutcome::Messages, end, &mut rng);
        assert_eq!(schedule.under_way(), 1);
        schedule.done(&other, PollOutcome::Empty, end, &mut rng);
        let again = schedule.next_due().expect("both are due again");
        assert!(again > end, "what never ended has failed");
        assert_eq!(schedule.take_due(end.plus(Duration::from_secs(30)), 2).len(), 2);
    }

    #[test]
    fn after_a_pause_accounts_are_spread_and_those_that_wait_for_room_are_not() {
        const MANY: u8 = 60;
        let mut rng = StdRng::seed_from_u64(1);
        let config = PollConfig::default();
        let mut schedule = PollSchedule::new(config);
        let start = Timestamp(1_000_000);
        schedule.look(start, &mut rng);
        for n in 0..MANY {
            schedule.watch(AccountId::new(Prefix::Account, [n; 32]), start, &mut rng);
        }
        // Looked at again and again without room, nobody loses the place.
        let before = schedule.by_due.clone();
        let second = |n| start.plus(Duration::from_secs(n));
        for n in 1..30 {
            schedule.look(second(n), &mut rng);
        }
        assert_eq!(schedule.by_due, before);
        // Nobody looked for half a minute.
        let now = second(60);
        let first = schedule.by_due.first().map(|(_, account)| *account);
        schedule.look(now, &mut rng);
        assert_eq!(schedule.take_due(now, 64).first().copied(), first);
        assert_eq!((schedule.under_way(), schedule.watched()), (1, usize::from(MANY)));
        let moments: BTreeSet<_> = schedule.by_due.iter().map(|(at, _)| *at).collect();
        assert!(moments.len() > usize::from(MANY) / 2, "{} moments", moments.len());
        let last = schedule.by_due.last().map(|(at, _)| *at).expect("they wait");
        assert!(last < now.plus(config.shortest), "nobody waits longer than an interval");
        assert_eq!(schedule.entries.values().filter(|entry| entry.polling.is_none()).count(), 59);
    }

    #[test]
    fn one_account_alone_is_polled_at_once_after_a_pause() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut schedule = PollSchedule::new(PollConfig::default());
        schedule.watch(ME, Timestamp(0), &mut rng);
        schedule.look(Timestamp(100_000), &mut rng);
        assert_eq!(schedule.take_due(Timestamp(100_000), 5), [ME]);
    }

    proptest::proptest! {
        /// No history loses an account or a place.
        #[test]
        fn places_and_accounts_are_conserved(
            steps in proptest::collection::vec((0u8..8, 0u8..6, 0u64..200_000), 0..150),
        ) {
            const LIMIT: usize = 3;
            let mut rng = StdRng::seed_from_u64(7);
            let mut schedule = PollSchedule::new(PollConfig::default());
            let mut now = Timestamp(0);
            for (account, what, later) in steps {
                now = now.plus(Duration::from_millis(later));
                let account = AccountId::new(Prefix::Account, [account; 32]);
                let outcome = match what {
                    0 => { schedule.watch(account, now, &mut rng); continue }
                    1 => { schedule.unwatch(&account); continue }
                    2 => PollOutcome::Failed,
                    3 => PollOutcome::More,
                    _ => {
                        schedule.look(now, &mut rng);
                        let (count, before) = (schedule.count_due(now, LIMIT), schedule.under_way());
                        let taken = schedule.take_due(now, LIMIT);
                        proptest::prop_assert_eq!(taken.len(), count);
                        proptest::prop_assert_eq!(schedule.under_way(), before + count);
                        proptest::prop_assert!(schedule.under_way() <= LIMIT);
                        continue;
                    }
                };
                schedule.done(&account, outcome, now, &mut rng);
                let waiting = schedule.by_due.len();
                proptest::prop_assert_eq!(waiting + schedule.under_way(), schedule.watched());
            }
            // Whatever happened: later everybody has a turn.
            let mut turns = std::collections::BTreeSet::new();
            for _ in 0..10 {
                now = now.plus(POLL_LIFE * 2);
                turns.extend(schedule.take_due(now, LIMIT));
            }
            proptest::prop_assert_eq!(turns.len(), schedule.watched());
        }
    }
}
