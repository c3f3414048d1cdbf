//! Counts the cases of one file and keeps what failed.

use std::fmt::{Debug, Display};

/// The cases run so far of one file.
#[derive(Default)]
pub struct Cases {
    run: usize,
    skipped: Vec<String>,
    failures: Vec<String>,
}

impl Cases {
    /// Runs one case. `name` should find it again in the file.
    pub fn check(&mut self, name: impl Display, case: impl FnOnce() -> Result<(), String>) {
        self.run = self.run.saturating_add(1);
        if let Err(why) = case() {
            self.failures.push(format!("{name}: {why}"));
        }
    }

    /// Leaves a case out, for a reason that is printed.
    pub fn skip(&mut self, name: impl Display, reason: &str) {
        self.skipped.push(format!("{name}: {reason}"));
    }

    /// Fails on every key of `object` that is not in `known`: a section that
    /// nobody reads is a case skipped silently.
    pub fn only_sections(&mut self, object: &serde_json::Value, known: &[&str]) {
        for key in object.as_object().into_iter().flat_map(|object| object.keys()) {
            if !known.contains(&key.as_str()) {
                self.failures.push(format!("section '{key}' is in the file, but no test reads it"));
            }
        }
    }

    /// One line for the file, and the failures if there are any.
    pub fn finish(self, file: &str) -> Result<String, String> {
        if self.run == 0 {
            return Err(format!("{file}: no case was run"));
        }
        let mut line = format!("{file}: {} cases", self.run);
        for skipped in &self.skipped {
            line.push_str(&format!("\n  left out: {skipped}"));
        }
        if self.failures.is_empty() {
            return Ok(line);
        }
        let failed = self.failures.len();
        Err(format!("{line}\n{failed} failed:\n  {}", self.failures.join("\n  ")))
    }
}

/// An error that shows both sides unless they are equal.
pub fn expect_eq<T: PartialEq + Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    Err(format!("{what}: ours is {ours:?}, the file has {theirs:?}"))
}
