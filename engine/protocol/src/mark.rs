//! What was carried out under a key of a plugin's own, so that it is not
//! carried out again. A mark is a record of the plugin; it is written in the
//! commit that makes it true: `<milliseconds> done`, `<milliseconds> queued
//! m1-17` or `<milliseconds> told m1-17`.

use ramson_types::{MessageId, Timestamp};

use crate::command::Outcome;
use crate::store::PluginChange;

/// Where a mark is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The plugin's name.
    pub plugin: String,
    /// The record's name.
    pub key: String,
}

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// When it was carried out.
    pub at: Timestamp,
    /// What came of it.
    pub what: MarkedOutcome,
}

/// What came of a command, as far as a mark has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkedOutcome {
    /// [`Outcome::Done`], or something that this version does not know.
    Done,
    /// [`Outcome::Queued`]
    Queued(MessageId),
    /// [`Outcome::Told`]
    Told(MessageId),
}

impl Mark {
    /// What is to be written when a command was carried out.
    pub fn set(self, outcome: &Outcome, at: Timestamp) -> PluginChange {
        let value = match outcome {
            Outcome::Done => format!("{} done", at.0),
            Outcome::Queued(message) => format!("{} queued {}", at.0, message.id),
            Outcome::Told(message) => format!("{} told {message}", at.0),
        };
        let Self { plugin, key } = self;
        PluginChange::PutData { plugin, key, value: Some(value.into_bytes()) }
    }
}

impl Marked {
    /// Reads a mark; `None` if it is none.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(value).ok()?.split(' ');
        let at = Timestamp(words.next()?.parse().ok()?);
        let (what, message) = (words.next()?, words.next().map(str::parse).transpose().ok()?);
        let what = match (what, message) {
            ("queued", Some(message)) => MarkedOutcome::Queued(message),
            ("told", Some(message)) => MarkedOutcome::Told(message),
            ("done", None) => MarkedOutcome::Done,
            _ => return None,
        };
        words.next().is_none().then_some(Self { at, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(outcome: &Outcome) -> Vec<u8> {
        let mark = Mark { plugin: "bot".to_owned(), key: "k".to_owned() };
        match mark.set(outcome, Timestamp(5)) {
            PluginChange::PutData { plugin, key, value } => {
                assert_eq!((plugin.as_str(), key.as_str()), ("bot", "k"));
                value.unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mark_says_what_came_of_the_command() {
        let id: MessageId = "m1-17".parse().unwrap();
        let read = |outcome| Marked::parse(&written(&outcome)).unwrap();
        assert_eq!(read(Outcome::Done), Marked { at: Timestamp(5), what: MarkedOutcome::Done });
        assert_eq!(read(Outcome::Told(id)).what, MarkedOutcome::Told(id));
        assert_eq!(written(&Outcome::Told(id)), b"5 told m1-17");
        assert_eq!(Marked::parse(b"5 queued m1-17").unwrap().what, MarkedOutcome::Queued(id));
    }

    #[test]
    fn what_is_no_mark_is_not_taken_for_one() {
        for text in ["", "5", "x done", "5 done m1-1", "5 queued", "5 queued m", "5 told m1-1 x"] {
            assert_eq!(Marked::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Marked::parse(b"5 \xff"), None);
    }
}
