//! What the network was asked lately: numbers for the status page. The counts
//! are of this process; none of it is kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ramson_types::Timestamp;

use crate::status::Trouble;

/// So many seconds are counted: those of a minute, and the one that is not
/// over.
const SECONDS: usize = 61;

/// So many troubles are remembered.
const TROUBLES: usize = 40;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// The node of that number.
    Node(usize),
    /// The seed.
    Seed,
    /// The file server.
    FileServer,
}

impl Who {
    /// As it is shown.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Node(number) => format!("node {number}"),
            Self::Seed => "seed".to_owned(),
            Self::FileServer => "file server".to_owned(),
        }
    }
}

/// Of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Requests over HTTP.
    pub(crate) requests: u64,
    /// What other nodes asked.
    pub(crate) calls: u64,
    /// HTTP answers other than 421 that tell of something wrong, and faults
    /// that struck.
    pub(crate) errors: u64,
}

/// Counts what goes on.
pub(crate) struct Activity(Mutex<Numbers>);

#[derive(Default)]
struct Numbers {
    nodes: Vec<Counts>,
    /// Requests in each of the last seconds; the last is `second`.
    per_second: VecDeque<u32>,
    second: u64,
    recent: VecDeque<Trouble>,
}

impl Numbers {
    fn pass(&mut self, now: Timestamp) {
        let second = now.millis() / 1000;
        let passed = second.saturating_sub(self.second).min(SECONDS as u64);
        for _ in 0..passed {
            self.per_second.push_back(0);
        }
        while self.per_second.len() > SECONDS {
            self.per_second.pop_front();
        }
        self.second = self.second.max(second);
    }

    fn trouble(&mut self, who: Who, what: String, now: Timestamp) {
        // One that comes again and again must not hide the others.
        let same = |trouble: &Trouble| trouble.what == what && trouble.who == who.name();
        let before = self.recent.iter().position(same);
        let times = before.and_then(|at| self.recent.remove(at)).map_or(0, |known| known.times);
        let times = times.saturating_add(1);
        self.recent.push_front(Trouble { at: now.millis(), who: who.name(), what, times });
        self.recent.truncate(TROUBLES);
    }
}

impl Activity {
    pub(crate) fn new(nodes: usize) -> Self {
        Self(Mutex::new(Numbers { nodes: vec![Counts::default(); nodes], ..Numbers::default() }))
    }

    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request came over HTTP.
    pub(crate) fn request(&self, who: Who, now: Timestamp) {
        let mut numbers = self.numbers();
        numbers.pass(now);
        if let Some(newest) = numbers.per_second.back_mut() {
            *newest = newest.saturating_add(1);
        }
        if let Who::Node(index) = who
            && let Some(counts) = numbers.nodes.get_mut(index)
        {
            counts.requests = counts.requests.saturating_add(1);
        }
    }

    /// Another node asked something.
    pub(crate) fn call(&self, index: usize) {
        if let Some(counts) = self.numbers().nodes.get_mut(index) {
            counts.calls = counts.calls.saturating_add(1);
        }
    }

    /// An answer had this status; 421 and errors are remembered.
    pub(crate) fn status(&self, who: Who, status: u16, reason: &str, now: Timestamp) {
        if status < 400 {
            return;
        }
        let mut numbers = self.numbers();
        if let Who::Node(index) = who
            && let Some(counts) = numbers.nodes.get_mut(index)
        {
            // The node itself counts those: most are inside onions.
            counts.errors = counts.errors.saturating_add(u64::from(status != 421));
        }
        let what = match (status, first_line(reason)) {
            (421, _) => "421, the account is of another swarm".to_owned(),
            (_, "") => status.to_string(),
            (_, reason) => format!("{status}, {reason}"),
        };
        numbers.trouble(who, what, now);
    }

    /// A fault of the script struck a request.
    pub(crate) fn struck(&self, who: Who, fault: &str, now: Timestamp) {
        let mut numbers = self.numbers();
        if let Who::Node(index) = who
            && let Some(counts) = numbers.nodes.get_mut(index)
        {
            counts.errors = counts.errors.saturating_add(1);
        }
        numbers.trouble(who, format!("fault '{fault}' struck a request"), now);
    }

    /// Of a node.
    pub(crate) fn counts(&self, index: usize) -> Counts {
        self.numbers().nodes.get(index).copied().unwrap_or_default()
    }

    /// Requests in each of the last sixty seconds, oldest first; this second,
    /// which is not over, is left out.
    pub(crate) fn last_minute(&self, now: Timestamp) -> Vec<u32> {
        let mut numbers = self.numbers();
        numbers.pass(now);
        let whole = numbers.per_second.len().saturating_sub(1);
        numbers.per_second.iter().take(whole).copied().collect()
    }

    /// What went wrong lately, newest first.
    pub(crate) fn recent(&self) -> Vec<Trouble> {
        self.numbers().recent.iter().cloned().collect()
    }
}

/// Where a text is worth a line: its beginning.
fn first_line(text: &str) -> &str {
    const LONGEST: usize = 100;
    let line = text.lines().next().unwrap_or_default().trim();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => line.get(..end).unwrap_or_default(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_pass_with_and_without_requests() {
        let activity = Activity::new(1);
        let at = |seconds: u64| Timestamp(seconds * 1000);
        for _ in 0..3 {
            activity.request(Who::Node(0), at(100));
        }
        activity.request(Who::Seed, at(102));
        assert_eq!(activity.last_minute(at(103))[56..], [0, 3, 0, 1]);
        assert_eq!(activity.counts(0).requests, 3);
        assert_eq!(activity.last_minute(at(100_000)), [0; 60]);
        // A clock that is put back moves nothing.
        activity.request(Who::Node(0), at(50));
        assert_eq!(activity.last_minute(at(100_001))[59], 1);
    }

    #[test]
    fn troubles_are_told_once_and_not_for_ever() {
        let activity = Activity::new(1);
        activity.status(Who::Seed, 404, "Not found; this\nand that", Timestamp(1));
        for at in 0..100 {
            activity.status(Who::Node(0), 421, "ignored", Timestamp(at));
        }
        activity.status(Who::Node(0), 200, "fine", Timestamp(100));
        activity.status(Who::Seed, 404, "Not found; this\nand that", Timestamp(100));
        let recent = activity.recent();
        assert_eq!(recent.len(), 2);
        assert_eq!(
            (recent[0].who.as_str(), recent[0].what.as_str()),
            ("seed", "404, Not found; this")
        );
        assert_eq!((recent[0].times, recent[1].at, recent[1].times), (2, 99, 100));
        for number in 0..100 {
            activity.struck(Who::Node(0), &format!("{number}"), Timestamp(0));
        }
        assert_eq!(activity.recent().len(), TROUBLES);
        assert_eq!(activity.counts(0).errors, 100);
    }
}
