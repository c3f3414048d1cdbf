//! The event log of a run: what happened, when, to whom. Two runs of one seed
//! have equal logs, which is compared by their hashes; the last lines are kept
//! for the report of a failure.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hasher as _};

use ramson_types::Timestamp;

use super::queue::Host;

/// Lines kept for the report of a failure.
const KEPT: usize = 60;

/// The log. Interior mutability: everybody in a world writes into one log.
pub(crate) struct Log {
    start: Timestamp,
    whole: bool,
    inner: RefCell<Inner>,
}

struct Inner {
    hash: DefaultHasher,
    count: u64,
    lines: VecDeque<String>,
}

/// What identifies a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// How many lines.
    pub lines: u64,
    /// Their hash.
    pub hash: u64,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x} over {} lines", self.hash, self.lines)
    }
}

impl Log {
    /// An empty log; `whole` keeps every line, otherwise only the last ones.
    pub(crate) fn new(start: Timestamp, whole: bool) -> Self {
        let inner = Inner { hash: DefaultHasher::new(), count: 0, lines: VecDeque::new() };
        Self { start, whole, inner: RefCell::new(inner) }
    }

    /// Adds a line.
    pub(crate) fn add(&self, now: Timestamp, host: Host, what: fmt::Arguments<'_>) {
        let at = now.since(self.start);
        let line = format!("{:>10}.{:03} {host}: {what}", at.as_secs(), at.subsec_millis());
        let mut inner = self.inner.borrow_mut();
        inner.hash.write(line.as_bytes());
        inner.count = inner.count.saturating_add(1);
        inner.lines.push_back(line);
        if !self.whole && inner.lines.len() > KEPT {
            inner.lines.pop_front();
        }
    }

    /// What identifies it.
    pub(crate) fn digest(&self) -> Digest {
        let inner = self.inner.borrow();
        Digest { lines: inner.count, hash: inner.hash.finish() }
    }

    /// The lines that were kept.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.inner.borrow().lines.iter().cloned().collect()
    }
}
