//! What happened, in order, with virtual times. Two runs of one seed must give
//! the same.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

/// Written by all hosts of one run.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(super) fn note(&self, host: &str, what: impl Display) {
        let at = turmoil::sim_elapsed().map_or_else(String::new, |at| format!("{at:?}"));
        self.note_at(at, host, what);
    }

    pub(super) fn note_at(&self, at: impl Display, host: &str, what: impl Display) {
        self.0.lock().unwrap().push(format!("{at} {host}: {what}"));
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A short name for a log: the same in every process.
pub(super) fn digest(log: &[String]) -> String {
    let mut hash = Sha256::new();
    for line in log {
        hash.update(line);
        hash.update("\n");
    }
    hex::encode(&hash.finalize()[..8])
}

/// Fails at the first line in which two logs of one seed differ.
pub(super) fn assert_same(one: &[String], other: &[String]) {
    for (number, (one, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(one, other, "line {number} of the log differs");
    }
    assert_eq!(one.len(), other.len(), "one log is longer");
}
