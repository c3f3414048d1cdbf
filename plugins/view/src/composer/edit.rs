//! What can be done with the text, and doing it.

use std::ops::Range;

use super::completion::{Completion, Words, written_out};
use super::undo::{How, Step};
use super::{Composer, MAX_BYTES, units};
use crate::text::{is_rtl, typed};

/// What can be done with the text. Widths are those that the text is shown
/// in, as for [`Composer::layout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Puts in what was typed: a letter, or what an input method gives.
    Insert(String),
    /// Puts in a text as a whole.
    Paste(String),
    /// Begins a line.
    Newline,
    /// Removes what is before the cursor.
    Backspace,
    /// Removes what is behind the cursor.
    Delete,
    /// Removes the word before the cursor.
    DeleteWordBefore,
    /// Removes the word behind the cursor.
    DeleteWordBehind,
    /// Removes the line up to the cursor, or the end of the line before.
    DeleteToLineStart,
    /// Removes the line from the cursor on, or its end.
    DeleteToLineEnd,
    /// Removes everything.
    Clear,
    /// Puts a text in the place of everything.
    Set(String),
    /// Goes to the left, as it is seen.
    Left,
    /// Goes to the right, as it is seen.
    Right,
    /// Goes a word to the left, as it is seen.
    WordLeft,
    /// Goes a word to the right, as it is seen.
    WordRight,
    /// Goes up a line as it is shown, to an earlier candidate, or from the
    /// first line to what was sent before.
    Up {
        /// The width.
        width: usize,
    },
    /// Goes down a line as it is shown, to a later candidate, or from the last
    /// line to what was sent later.
    Down {
        /// The width.
        width: usize,
    },
    /// Goes to the beginning of the line.
    LineStart,
    /// Goes to the end of the line.
    LineEnd,
    /// Goes to the beginning of the text.
    Start,
    /// Goes to the end of the text.
    End,
    /// Goes to a cell of the shown text.
    Place {
        /// The width.
        width: usize,
        /// The number of the line.
        row: usize,
        /// The cell.
        column: usize,
    },
    /// Takes the last change back.
    Undo,
    /// Does again what was taken back.
    Redo,
    /// Shows what was sent before.
    Older,
    /// Shows what was sent later, at last what was being written.
    Newer,
    /// Goes to the next candidate.
    NextCandidate,
    /// Goes to the candidate before.
    PreviousCandidate,
    /// Goes to the candidate of a number, and takes it.
    TakeCandidate(usize),
    /// Takes the candidate that is selected.
    Accept,
    /// Shows no candidates for this word.
    Dismiss,
}

impl Composer {
    /// Does it. Returns whether the text is another one now.
    pub fn edit(&mut self, edit: Edit, words: &dyn Words) -> bool {
        let length = self.text.len();
        let (line, cursor) = (units::paragraph(&self.text, self.cursor), self.cursor);
        let name_of = |id: &_| words.name_of(id);
        match edit {
            Edit::Insert(text) => {
                let text = typed(&text);
                let single = units::behind(&text, 0) == text.len();
                let how = if single { How::Typed } else { How::AtOnce };
                let changed = self.replace(cursor..cursor, &text, how);
                if let Some((word, emoji)) = written_out(&self.text, self.cursor) {
                    self.replace(word, emoji, How::AtOnce);
                }
                self.suggest(words);
                changed
            }
            Edit::Paste(text) => self.replace(cursor..cursor, &typed(&text), How::AtOnce),
            Edit::Newline => self.replace(cursor..cursor, "\n", How::AtOnce),
            Edit::Backspace => {
                let before = units::before(&self.text, cursor);
                let changed = self.replace(before..cursor, "", How::Erased);
                self.suggest(words);
                changed
            }
            Edit::Delete => {
                self.replace(cursor..units::behind(&self.text, cursor), "", How::AtOnce)
            }
            Edit::DeleteWordBefore => {
                let before = units::word_before(&self.text, cursor);
                let changed = self.replace(before..cursor, "", How::AtOnce);
                self.suggest(words);
                changed
            }
            Edit::DeleteWordBehind => {
                self.replace(cursor..units::word_behind(&self.text, cursor), "", How::AtOnce)
            }
            Edit::DeleteToLineStart if line.start == cursor => {
                self.replace(units::before(&self.text, cursor)..cursor, "", How::AtOnce)
            }
            Edit::DeleteToLineStart => self.replace(line.start..cursor, "", How::AtOnce),
            Edit::DeleteToLineEnd if line.end == cursor => {
                self.replace(cursor..units::behind(&self.text, cursor), "", How::AtOnce)
            }
            Edit::DeleteToLineEnd => self.replace(cursor..line.end, "", How::AtOnce),
            Edit::Clear => self.replace(0..length, "", How::AtOnce),
            Edit::Set(text) => self.replace(0..length, &typed(&text), How::AtOnce),
            Edit::Left | Edit::Right | Edit::WordLeft | Edit::WordRight => {
                let rtl = is_rtl(self.text.get(line).unwrap_or_default());
                let back = matches!(edit, Edit::Left | Edit::WordLeft) != rtl;
                let word = matches!(edit, Edit::WordLeft | Edit::WordRight);
                self.go(match (back, word) {
                    (true, false) => units::before(&self.text, cursor),
                    (false, false) => units::behind(&self.text, cursor),
                    (true, true) => units::word_before(&self.text, cursor),
                    (false, true) => units::word_behind(&self.text, cursor),
                })
            }
            Edit::Up { .. } | Edit::PreviousCandidate if self.completion.is_some() => {
                self.select(false)
            }
            Edit::Down { .. } | Edit::NextCandidate if self.completion.is_some() => {
                self.select(true)
            }
            Edit::Up { width } => match self.vertical(width, false, &name_of) {
                Some(to) => self.go_vertically(to),
                None => self.look(true) || self.go(0),
            },
            Edit::Down { width } => match self.vertical(width, true, &name_of) {
                Some(to) => self.go_vertically(to),
                None => self.look(false) || self.go(self.text.len()),
            },
            Edit::LineStart => self.go(line.start),
            Edit::LineEnd => self.go(line.end),
            Edit::Start => self.go(0),
            Edit::End => self.go(length),
            Edit::Place { width, row, column } => {
                self.go(self.at_cell(width, (row, column), &name_of))
            }
            Edit::Undo => {
                let cursor = self.undo.undo(&mut self.text);
                self.travelled(cursor)
            }
            Edit::Redo => {
                let cursor = self.undo.redo(&mut self.text);
                self.travelled(cursor)
            }
            Edit::Older => self.look(true),
            Edit::Newer => self.look(false),
            Edit::TakeCandidate(number) => {
                if let Some(completion) = &mut self.completion {
                    completion.selected = number;
                }
                self.accept()
            }
            Edit::Accept => self.accept(),
            Edit::Dismiss => {
                self.dismissed = self.completion.take().map(|completion| completion.word.start);
                false
            }
            Edit::NextCandidate | Edit::PreviousCandidate => false,
        }
    }

    /// Puts a text in the place of a part, and the cursor behind it.
    fn replace(&mut self, range: Range<usize>, with: &str, how: How) -> bool {
        self.completion = None;
        self.goal = None;
        let Some(removed) = self.text.get(range.clone()).map(str::to_owned) else { return false };
        let left = self.text.len().saturating_sub(removed.len());
        let mut inserted = with.to_owned();
        units::cut(&mut inserted, MAX_BYTES.saturating_sub(left));
        if removed == inserted {
            return false;
        }
        self.history.leave();
        let before = self.cursor;
        self.text.replace_range(range.clone(), &inserted);
        let end = range.start.saturating_add(inserted.len());
        self.cursor = units::at_or_behind(&self.text, end);
        let after = self.cursor;
        self.undo.record(Step { at: range.start, removed, inserted, before, after, how });
        true
    }

    fn go(&mut self, to: usize) -> bool {
        self.completion = None;
        self.goal = None;
        self.cursor = units::at_or_behind(&self.text, to);
        false
    }

    fn go_vertically(&mut self, (to, goal): (usize, usize)) -> bool {
        self.go(to);
        self.goal = Some(goal);
        false
    }

    /// A change was taken back or done again.
    fn travelled(&mut self, cursor: Option<usize>) -> bool {
        let Some(cursor) = cursor else { return false };
        self.history.leave();
        self.go(cursor);
        true
    }

    /// Shows what was sent before or later.
    fn look(&mut self, older: bool) -> bool {
        let text = if older { self.history.older(&self.text) } else { self.history.newer() };
        let Some(text) = text else { return false };
        let history = self.history.clone();
        let length = self.text.len();
        let changed = self.replace(0..length, &text, How::AtOnce);
        self.history = history;
        self.go(self.text.len());
        changed
    }

    /// Looks for candidates.
    fn suggest(&mut self, words: &dyn Words) {
        let completion = Completion::of(&self.text, self.cursor, words);
        let begin = completion.as_ref().map(|completion| completion.word.start);
        if begin != self.dismissed {
            self.dismissed = None;
            self.completion = completion;
        }
    }

    fn select(&mut self, forward: bool) -> bool {
        if let Some(completion) = &mut self.completion {
            completion.select(forward);
        }
        false
    }

    fn accept(&mut self) -> bool {
        let Some(completion) = self.completion.take() else { return false };
        let Some(candidate) = completion.candidates.get(completion.selected) else { return false };
        let behind = self.text.get(completion.word.end..).unwrap_or_default();
        let insert = if behind.starts_with(char::is_whitespace) {
            candidate.insert.trim_end()
        } else {
            candidate.insert.as_str()
        };
        self.replace(completion.word, insert, How::AtOnce)
    }
}
