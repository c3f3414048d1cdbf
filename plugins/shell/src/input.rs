//! What is read from stdin.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use zeroize::Zeroizing;

use crate::console;
use crate::error::Failure;
use crate::signals::Ending;
use crate::terminal::Unseen;

/// The longest text that is read: far more than can be sent.
const LIMIT: u64 = 1 << 20;

/// What a command reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The text of a message.
    Text,
    /// A recovery phrase.
    Phrase,
}

impl Input {
    /// Reads it: all of stdin, but of a phrase that is typed one line, unseen.
    pub(crate) async fn read(self, ending: &Ending) -> Result<Zeroizing<String>, Failure> {
        let typed = io::stdin().is_terminal();
        let unseen = match self {
            Self::Phrase if typed => Some(Unseen::begin().map_err(|error| Failure::System {
                reason: format!(
                    "the terminal shows what is typed, and that cannot be changed: {error}; give \
                     the phrase through a pipe"
                ),
            })?),
            _ => None,
        };
        if typed {
            console::note_here(match self {
                Self::Text => "type the text, then Ctrl-D on a line of its own:",
                Self::Phrase => {
                    "type the 13 words of the recovery phrase, then Enter; they are not shown:"
                }
            });
        }
        let line = unseen.is_some();
        // On a thread, so that a signal finds the terminal as it was.
        let reading = tokio::task::spawn_blocking(move || read(line));
        let text = tokio::select! {
            biased;
            _ = ending.wait() => {
                Err(Failure::Interrupted { kept: "nothing was done".to_owned() })
            }
            text = reading => text.unwrap_or_else(|error| {
                Err(Failure::System { reason: error.to_string() })
            }),
        };
        drop(unseen);
        text
    }
}

fn read(line: bool) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut input = io::stdin().lock().take(LIMIT + 1);
    let read = match line {
        true => input.read_until(b'\n', &mut bytes),
        false => input.read_to_end(&mut bytes),
    };
    read.map_err(|error| Failure::System {
        reason: format!("stdin cannot be read: {error}; give it some text"),
    })?;
    if bytes.len() as u64 > LIMIT {
        return Err(Failure::LongInput { limit: LIMIT });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::InputNotText)?;
    Ok(Zeroizing::new(text.to_owned()))
}
