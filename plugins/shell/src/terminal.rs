//! What is asked on a terminal, and what is typed there unseen.

use std::io::{self, BufRead as _, IsTerminal as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::console;
use crate::error::Failure;
use crate::signals::Ending;

/// Keeps what is typed off the screen until it is dropped.
pub(crate) struct Unseen {
    before: Termios,
}

impl Unseen {
    /// Switches the echo of the terminal on stdin off.
    pub(crate) fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // The line break at the end is no secret.
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden)?;
        Ok(Self { before })
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// Whether stdin is a terminal: somebody may be there.
pub(crate) fn is_typed_on() -> bool {
    io::stdin().is_terminal()
}

/// Whether who is there sees what is asked.
pub(crate) fn shows_questions() -> bool {
    io::stderr().is_terminal()
}

/// Asks something that only the word "yes" agrees to.
pub(crate) async fn agrees(question: &str, ending: &Ending) -> Result<bool, Failure> {
    // A question that cannot be shown is not agreed to.
    console::ask_here(&format!("{question} Type 'yes' to go on: ")).map_err(|error| {
        Failure::System { reason: format!("stderr cannot be written: {error}") }
    })?;
    let reading = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        biased;
        _ = ending.wait() => Err(Failure::Interrupted { kept: "nothing was done".to_owned() }),
        line = reading => match line {
            Ok(Ok(line)) => Ok(line.trim() == "yes"),
            Ok(Err(error)) => Err(Failure::System { reason: format!("stdin: {error}") }),
            Err(error) => Err(Failure::System { reason: error.to_string() }),
        },
    }
}
