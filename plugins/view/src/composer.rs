//! The text that is being written: a small editor of several lines, that
//! knows nothing of keys or screens.
//!
//! | file | what |
//! |---|---|
//! | `edit` | what can be done, and doing it |
//! | `units` | what the cursor moves by: graphemes, mentions, words, lines |
//! | `undo` | taking edits back |
//! | `history` | what was sent before |
//! | `completion` | candidates for `@names`, `:emoji:` and `/commands` |
//! | `commands` | the commands that a line can be |
//! | `layout` | the text as lines, and where the cursor is |
//!
//! A mention stands in the text as `@` and an Account ID, as it is sent. It is
//! shown as a name, and the cursor passes it as if it were one letter.

mod commands;
mod completion;
mod edit;
mod history;
mod layout;
#[cfg(test)]
mod tests;
mod undo;
mod units;

pub use commands::{COMMANDS, CommandHelp, Entry, parse};
pub use completion::{Candidate, Completion, CompletionKind, Words};
pub use edit::Edit;
pub use history::History;
pub use layout::Layout;

use undo::Undo;

/// The longest text that can be sent, in code points.
pub const LIMIT: usize = 2_000;

/// The longest text that is kept here, in bytes. What goes beyond is not
/// taken in.
pub const MAX_BYTES: usize = 256 * 1024;

/// The text that is being written, and where the cursor is in it.
#[derive(Debug, Clone, Default)]
pub struct Composer {
    text: String,
    /// In bytes, never within a grapheme or a mention.
    cursor: usize,
    /// The cell in which going up and down began.
    goal: Option<usize>,
    undo: Undo,
    history: History,
    completion: Option<Completion>,
    /// Where the word begins that no candidates are wanted for.
    dismissed: Option<usize>,
}

impl Composer {
    /// One that goes on with a draft (or with nothing), the cursor at its end.
    pub fn new(draft: &str, history: History) -> Self {
        let mut text = crate::text::typed(draft);
        units::cut(&mut text, MAX_BYTES);
        Self { cursor: text.len(), text, history, ..Self::default() }
    }

    /// The text as it is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing to send: no text, or white space only.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Where the cursor is, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// How many code points there are; [`LIMIT`] is the most that can be sent.
    pub fn count(&self) -> usize {
        self.text.chars().count()
    }

    /// Whether it is too long to be sent.
    pub fn is_too_long(&self) -> bool {
        self.count() > LIMIT
    }

    /// Candidates for the word at the cursor, if there are any.
    pub fn completion(&self) -> Option<&Completion> {
        self.completion.as_ref()
    }

    /// What was sent from here before.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Takes the text out because it is sent, without white space around it,
    /// and remembers it. There is nothing to undo afterwards.
    pub fn take(&mut self) -> String {
        let text = self.text.trim().to_owned();
        let mut history = std::mem::take(&mut self.history);
        history.add(&text);
        *self = Self { history, ..Self::default() };
        text
    }

    /// Ends with the text, and keeps what was sent for the next time.
    pub fn into_history(self) -> History {
        self.history
    }
}
