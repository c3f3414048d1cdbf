//! Taking edits back.

use std::collections::VecDeque;

/// How many steps can be taken back.
const MAX_STEPS: usize = 1_000;

/// How many bytes they may have together.
const MAX_BYTES: usize = 1024 * 1024;

/// How many bytes one step takes up before the next edit is a step of its own.
const MAX_JOINED: usize = 64;

/// How an edit came about; those of the same kind are taken back together
/// while they are beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Letter by letter.
    Typed,
    /// Letter by letter, backwards.
    Erased,
    /// At once.
    AtOnce,
}

/// One change of a text.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: usize,
    pub(super) removed: String,
    pub(super) inserted: String,
    /// The cursor before.
    pub(super) before: usize,
    /// The cursor after.
    pub(super) after: usize,
    pub(super) how: How,
}

impl Step {
    fn bytes(&self) -> usize {
        self.removed.len().saturating_add(self.inserted.len())
    }

    fn end(&self) -> usize {
        self.at.saturating_add(self.inserted.len())
    }

    /// Takes a later step up, if the two are one for whoever writes.
    fn join(&mut self, next: &Self) -> bool {
        let together = self.how == next.how && self.after == next.before;
        if !together || self.bytes() > MAX_JOINED {
            return false;
        }
        match self.how {
            How::Typed => {
                let new_word = self.inserted.ends_with(char::is_whitespace)
                    && !next.inserted.starts_with(char::is_whitespace);
                if new_word || !next.removed.is_empty() || next.at != self.end() {
                    return false;
                }
                self.inserted.push_str(&next.inserted);
            }
            How::Erased => {
                if next.at.checked_add(next.removed.len()) != Some(self.at) {
                    return false;
                }
                self.removed.insert_str(0, &next.removed);
                self.at = next.at;
            }
            How::AtOnce => return false,
        }
        self.after = next.after;
        true
    }
}

/// The steps that can be taken back, and those that were.
#[derive(Debug, Clone, Default)]
pub(super) struct Undo {
    done: VecDeque<Step>,
    taken_back: Vec<Step>,
    /// Of the steps in `done`.
    bytes: usize,
}

impl Undo {
    /// Something was changed. The oldest steps are forgotten when there are
    /// too many.
    pub(super) fn record(&mut self, step: Step) {
        self.taken_back.clear();
        self.bytes = self.bytes.saturating_add(step.bytes());
        if !self.done.back_mut().is_some_and(|last| last.join(&step)) {
            self.done.push_back(step);
        }
        while self.done.len() > MAX_STEPS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.done.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.bytes());
        }
    }

    /// Takes the last step back. Returns the cursor.
    pub(super) fn undo(&mut self, text: &mut String) -> Option<usize> {
        let step = self.done.pop_back()?;
        self.bytes = self.bytes.saturating_sub(step.bytes());
        let cursor = step.before;
        swap(text, step.at, &step.inserted, &step.removed)?;
        self.taken_back.push(step);
        Some(cursor)
    }

    /// Does again what was taken back last. Returns the cursor.
    pub(super) fn redo(&mut self, text: &mut String) -> Option<usize> {
        let step = self.taken_back.pop()?;
        let cursor = step.after;
        swap(text, step.at, &step.removed, &step.inserted)?;
        self.bytes = self.bytes.saturating_add(step.bytes());
        self.done.push_back(step);
        Some(cursor)
    }
}

/// Puts `new` where `old` stands.
fn swap(text: &mut String, at: usize, old: &str, new: &str) -> Option<()> {
    let end = at.checked_add(old.len())?;
    let fits = text.get(at..end)? == old;
    fits.then(|| text.replace_range(at..end, new))
}
