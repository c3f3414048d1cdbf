//! How much of a network one engine may ask for: a bucket of requests that
//! fills at a steady rate, and a count of what was asked.
//!
//! What somebody waits for (deliveries, lookups, names) goes first, in the
//! order in which it was asked for; polls take what is left, and one request
//! in four while both wait. What is not asked beforehand, such as the
//! verification of a path, is only counted and made up for later: with at most
//! half of what comes in, so that nothing starves.

use std::collections::VecDeque;
use std::time::Duration;

use ramson_types::Timestamp;

/// After a pause so many seconds' worth may be asked at once.
const BURST: u64 = 3;

/// Requests may wait as long as a bucket without debts serves them within so
/// many seconds; above, the answer is [`Admission::Busy`].
const LONGEST_QUEUE: u64 = 10;

/// More debts than so many seconds bring are forgiven.
const LONGEST_DEBT: u64 = 10;

/// While polls wait, so many requests that somebody waits for go before one of
/// them.
const URGENT_IN_A_ROW: u32 = 3;

/// A request, in the unit of the bucket: then a rate per second is one per
/// millisecond, without fractions.
const REQUEST: u64 = 1_000;

/// What a network may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetConfig {
    /// Requests per second; `None` is no limit.
    pub per_second: Option<u32>,
}

/// A request that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The answer to [`Budget::ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go ahead; it is counted.
    Granted,
    /// Wait until [`Budget::grant`] names this ticket.
    Wait(Ticket),
    /// Too many wait already.
    Busy {
        /// How many.
        waiting: usize,
    },
}

/// Who may go ahead now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Requests that waited, in their order.
    pub tickets: Vec<Ticket>,
    /// So many polls.
    pub polls: usize,
}

/// Requests made lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestRate {
    /// In the last 10 seconds.
    pub in_10_s: u64,
    /// In the last 60 seconds.
    pub in_60_s: u64,
}

/// The machine. One per network.
#[derive(Debug)]
pub struct Budget {
    /// Per second; `None` is no limit.
    rate: Option<u64>,
    level: u64,
    debt: u64,
    filled: Timestamp,
    queue: VecDeque<Ticket>,
    next_ticket: u64,
    polls_wait: bool,
    urgent_in_a_row: u32,
    meter: Meter,
}

impl Budget {
    /// A full bucket.
    pub fn new(config: BudgetConfig, now: Timestamp) -> Self {
        let rate = config.per_second.map(|rate| u64::from(rate.max(1)));
        Self {
            rate,
            level: rate.map_or(0, capacity),
            debt: 0,
            filled: now,
            queue: VecDeque::new(),
            next_ticket: 0,
            polls_wait: false,
            urgent_in_a_row: 0,
            meter: Meter::default(),
        }
    }

    /// Asks for a request that somebody waits for.
    pub fn ask(&mut self, now: Timestamp) -> Admission {
        let Some(rate) = self.rate else {
            self.meter.count(1, now);
            return Admission::Granted;
        };
        self.fill(rate, now);
        let turn = !self.polls_wait || self.urgent_in_a_row < URGENT_IN_A_ROW;
        if self.queue.is_empty() && turn && self.take(now) {
            self.urgent_in_a_row = self.urgent_in_a_row.saturating_add(u32::from(self.polls_wait));
            return Admission::Granted;
        }
        let waiting = self.queue.len();
        if waiting as u64 >= rate.saturating_mul(LONGEST_QUEUE) {
            return Admission::Busy { waiting };
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.queue.push_back(ticket);
        Admission::Wait(ticket)
    }

    /// Who may go ahead now, when so many polls are due.
    pub fn grant(&mut self, now: Timestamp, polls_due: usize) -> Grants {
        let mut grants = Grants::default();
        let Some(rate) = self.rate else {
            self.meter.count(polls_due as u64, now);
            grants.polls = polls_due;
            return grants;
        };
        self.fill(rate, now);
        loop {
            let polls_wait = grants.polls < polls_due;
            let urgent = !polls_wait || self.urgent_in_a_row < URGENT_IN_A_ROW;
            if (self.queue.is_empty() && !polls_wait) || !self.take(now) {
                break;
            }
            match self.queue.pop_front() {
                Some(ticket) if urgent => {
                    grants.tickets.push(ticket);
                    self.urgent_in_a_row =
                        self.urgent_in_a_row.saturating_add(u32::from(polls_wait));
                }
                other => {
                    if let Some(ticket) = other {
                        self.queue.push_front(ticket);
                    }
                    grants.polls = grants.polls.saturating_add(1);
                    self.urgent_in_a_row = 0;
                }
            }
        }
        self.polls_wait = grants.polls < polls_due;
        if !self.polls_wait {
            self.urgent_in_a_row = 0;
        }
        grants
    }

    /// Requests that were made without asking.
    pub fn spend(&mut self, requests: u32, now: Timestamp) {
        self.meter.count(requests.into(), now);
        let Some(rate) = self.rate else { return };
        self.fill(rate, now);
        let cost = u64::from(requests).saturating_mul(REQUEST);
        // What is left for those who ask is not taken from under them.
        let at_once = cost.min(self.level.saturating_sub(capacity(rate) / 2));
        self.level = self.level.saturating_sub(at_once);
        let most = rate.saturating_mul(LONGEST_DEBT).saturating_mul(REQUEST);
        self.debt = self.debt.saturating_add(cost.saturating_sub(at_once)).min(most);
    }

    /// When [`Budget::grant`] may let somebody go who waits now.
    pub fn next_grant(&self) -> Option<Timestamp> {
        let rate = self.rate.filter(|_| self.polls_wait || !self.queue.is_empty())?;
        let missing = REQUEST.saturating_sub(self.level);
        // While debts are paid only half of the rate comes in.
        let rate = if self.debt > 0 { rate.div_ceil(2) } else { rate };
        Some(self.filled.plus(Duration::from_millis(missing.div_ceil(rate.max(1)))))
    }

    /// Whether polls were due at the last [`Budget::grant`] that may not go
    /// yet.
    pub fn polls_wait(&self) -> bool {
        self.polls_wait
    }

    /// Requests that wait for their turn.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Requests per second; `None` is no limit.
    pub fn per_second(&self) -> Option<u32> {
        self.rate.map(|rate| u32::try_from(rate).unwrap_or(u32::MAX))
    }

    /// What was asked lately.
    pub fn request_rate(&self, now: Timestamp) -> RequestRate {
        RequestRate { in_10_s: self.meter.since(10, now), in_60_s: self.meter.since(60, now) }
    }

    fn fill(&mut self, rate: u64, now: Timestamp) {
        let elapsed = u64::try_from(now.since(self.filled).as_millis()).unwrap_or(u64::MAX);
        self.filled = self.filled.max(now);
        let gain = elapsed.saturating_mul(rate);
        let paid = self.debt.min(gain / 2);
        self.debt = self.debt.saturating_sub(paid);
        let level = self.level.saturating_add(gain.saturating_sub(paid));
        self.level = level.min(capacity(rate));
    }

    fn take(&mut self, now: Timestamp) -> bool {
        match self.level.checked_sub(REQUEST) {
            Some(level) => {
                self.level = level;
                self.meter.count(1, now);
                true
            }
            None => false,
        }
    }
}

const fn capacity(rate: u64) -> u64 {
    rate.saturating_mul(BURST).saturating_mul(REQUEST)
}

/// Requests by the second in which they were made.
#[derive(Debug, Default)]
struct Meter {
    seconds: VecDeque<(u64, u64)>,
}

/// So many seconds are kept.
const KEPT: u64 = 60;

impl Meter {
    fn count(&mut self, requests: u64, now: Timestamp) {
        if requests == 0 {
            return;
        }
        let second = now.millis() / 1_000;
        match self.seconds.back_mut() {
            Some((last, count)) if *last >= second => *count = count.saturating_add(requests),
            _ => self.seconds.push_back((second, requests)),
        }
        while self.seconds.len() as u64 > KEPT {
            self.seconds.pop_front();
        }
    }

    /// Those of this second and the ones before it, so many in all.
    fn since(&self, seconds: u64, now: Timestamp) -> u64 {
        let first = (now.millis() / 1_000).saturating_sub(seconds.saturating_sub(1));
        let lately = self.seconds.iter().rev().take_while(|(second, _)| *second >= first);
        lately.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn budget(per_second: u32) -> Budget {
        Budget::new(BudgetConfig { per_second: Some(per_second) }, START)
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp(START.0 + millis)
    }

    #[test]
    fn without_a_limit_everything_goes_at_once_and_is_counted() {
        let mut budget = Budget::new(BudgetConfig::default(), START);
        for _ in 0..1_000 {
            assert_eq!(budget.ask(START), Admission::Granted);
        }
        assert_eq!(budget.grant(START, 500), Grants { tickets: vec![], polls: 500 });
        budget.spend(7, START);
        assert_eq!(budget.request_rate(START).in_10_s, 1_507);
        assert_eq!(budget.next_grant(), None);
        assert_eq!(budget.per_second(), None);
    }

    #[test]
    fn a_burst_is_followed_by_the_rate() {
        let mut budget = budget(10);
        for _ in 0..30 {
            assert_eq!(budget.ask(START), Admission::Granted);
        }
        let Admission::Wait(first) = budget.ask(START) else { panic!("the bucket is empty") };
        let Admission::Wait(second) = budget.ask(START) else { panic!("it still is") };
        assert_eq!(budget.next_grant(), Some(at(100)));
        assert_eq!(budget.grant(at(99), 0), Grants::default());
        assert_eq!(budget.grant(at(100), 0).tickets, [first]);
        assert_eq!(budget.grant(at(200), 0).tickets, [second]);
        assert_eq!(budget.next_grant(), None, "nobody waits");
    }

    #[test]
    fn polls_wait_for_what_is_urgent_but_not_for_ever() {
        let mut budget = budget(1);
        while budget.ask(START) == Admission::Granted {}
        let mut order = String::new();
        for second in 1..=12 {
            while budget.waiting() < 10 {
                budget.ask(at(second * 1_000));
            }
            let grants = budget.grant(at(second * 1_000), 5);
            order.extend(grants.tickets.iter().map(|_| 'u'));
            order.extend((0..grants.polls).map(|_| 'p'));
            assert!(budget.polls_wait());
        }
        assert_eq!(order, "uuupuuupuuup");
    }

    #[test]
    fn the_queue_has_an_end() {
        let mut budget = budget(2);
        let mut waited = 0;
        let busy = loop {
            match budget.ask(START) {
                Admission::Granted => {}
                Admission::Wait(_) => waited += 1,
                busy @ Admission::Busy { .. } => break busy,
            }
        };
        assert_eq!((waited, busy), (20, Admission::Busy { waiting: 20 }));
    }

    #[test]
    fn requests_are_counted_for_a_minute() {
        let mut budget = Budget::new(BudgetConfig::default(), START);
        for second in 0..120 {
            budget.spend(2, at(second * 1_000));
        }
        let rate = budget.request_rate(at(119_000));
        assert_eq!(rate, RequestRate { in_10_s: 20, in_60_s: 120 });
        assert_eq!(budget.request_rate(at(600_000)), RequestRate::default());
    }

    proptest! {
        /// Whatever is asked and spent: the rate holds, the order holds, and
        /// whoever waits has its turn within half a minute.
        #[test]
        fn the_rate_holds_and_nobody_starves(
            rate in 1u32..40,
            steps in prop::collection::vec((0u32..60, 0usize..30, 0u32..60), 1..120),
        ) {
            let mut budget = budget(rate);
            let (mut granted, mut polls, mut spent) = (0u64, 0u64, 0u64);
            let mut asked = BTreeMap::new();
            let mut last = None;
            let mut now = START;
            let mut polls_waited = Duration::ZERO;
            // After the storm it goes on without new requests.
            let calm = std::iter::repeat_n((0, 1, 0), 400);
            for (urgent, polls_due, spend) in steps.into_iter().chain(calm) {
                for _ in 0..urgent {
                    match budget.ask(now) {
                        Admission::Granted => granted += 1,
                        Admission::Wait(ticket) => { asked.insert(ticket, now); }
                        Admission::Busy { waiting } =>
                            prop_assert!(waiting as u64 >= u64::from(rate) * LONGEST_QUEUE),
                    }
                }
                budget.spend(spend, now);
                spent += u64::from(spend);
                let grants = budget.grant(now, polls_due);
                for ticket in grants.tickets {
                    prop_assert!(last.is_none_or(|last| last < ticket));
                    last = Some(ticket);
                    let since = asked.remove(&ticket).expect("a ticket that waits");
                    prop_assert!(now.since(since) <= Duration::from_secs(30));
                    granted += 1;
                }
                prop_assert!(grants.polls <= polls_due);
                polls += grants.polls as u64;
                polls_waited = match grants.polls {
                    0 if polls_due > 0 => polls_waited + Duration::from_millis(100),
                    _ => Duration::ZERO,
                };
                prop_assert!(polls_waited <= Duration::from_secs(13));
                let elapsed = u64::try_from(now.since(START).as_millis()).unwrap();
                let most = u64::from(rate) * (3_000 + elapsed);
                prop_assert!((granted + polls) * 1_000 <= most);
                now = now.plus(Duration::from_millis(100));
            }
            prop_assert!(asked.is_empty());
            let lately = budget.request_rate(now).in_60_s;
            prop_assert!(lately <= granted + polls + spent);
        }
    }
}
