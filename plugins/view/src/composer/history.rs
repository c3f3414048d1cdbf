//! What was sent before.

use std::collections::VecDeque;

/// How many texts are remembered.
const MAX: usize = 100;

/// What was sent in a conversation, and which of it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Oldest first.
    sent: VecDeque<String>,
    /// Which is looked at, counted from the newest, and what was being written
    /// before.
    looking: Option<(usize, String)>,
}

impl History {
    /// Something was sent. The oldest is forgotten when there are too many.
    pub fn add(&mut self, text: &str) {
        self.looking = None;
        if text.is_empty() || self.sent.back().is_some_and(|last| last == text) {
            return;
        }
        self.sent.push_back(text.to_owned());
        if self.sent.len() > MAX {
            self.sent.pop_front();
        }
    }

    /// What was sent, oldest first.
    pub fn sent(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.sent.iter().map(String::as_str)
    }

    /// The text before the one that is looked at. `now` is what is being
    /// written, to come back to.
    pub(super) fn older(&mut self, now: &str) -> Option<String> {
        let back = self.looking.as_ref().map_or(0, |(back, _)| back.saturating_add(1));
        let text = self.sent.iter().rev().nth(back)?.clone();
        match &mut self.looking {
            Some((looking, _)) => *looking = back,
            None => self.looking = Some((back, now.to_owned())),
        }
        Some(text)
    }

    /// The text behind the one that is looked at; at last what was being
    /// written.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (back, written) = self.looking.take()?;
        let Some(back) = back.checked_sub(1) else { return Some(written) };
        let text = self.sent.iter().rev().nth(back).cloned();
        self.looking = Some((back, written));
        text
    }

    /// What is looked at was changed: it is what is being written now.
    pub(super) fn leave(&mut self) {
        self.looking = None;
    }
}
