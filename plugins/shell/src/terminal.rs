//! What is asked on a terminal, what is typed there unseen, and how it is
//! given back after a user interface had it.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::sync::{Mutex, PoisonError};

use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::console;
use crate::error::Failure;
use crate::signals::Ending;

/// The longest line that is read.
const MAX_LINE: u64 = 4096;

/// How the terminal on stdin was before a user interface got it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Leaves what a user interface may have left on: updates that are held back,
/// the order of lines as they are seen (BDSM), mouse and focus reports, marked
/// pastes, key reports, colours, the cursor's shape, a hidden cursor, the
/// second screen.
const LEAVE: &str = "\x1b[?2026l\x1b[8h\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\
    \x1b[?1004l\x1b[?2004l\x1b[<u\x1b[0m\x1b[0 q\x1b[?25h\x1b[?1049l";

/// Wipes the screen, and what was scrolled away.
const WIPE: &str = "\x1b[2J\x1b[3J\x1b[H";

/// Remembers how the terminal is, if stdin is one, before it is lent to a user
/// interface.
pub(crate) fn lend() {
    let before = tcgetattr(io::stdin()).ok();
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = before;
}

/// Puts the terminal back as it was when it was lent. A user interface does so
/// itself; one that failed may not have.
pub(crate) fn give_back() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(before) = &*before else { return };
    let clean = tcgetattr(io::stdin()).is_ok_and(|now| {
        now.local_modes == before.local_modes && now.input_modes == before.input_modes
    });
    if !clean {
        // A terminal that is gone needs nothing.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Now, before);
        console::write_here(LEAVE);
    }
}

/// Wipes the screen: a secret stood there.
pub(crate) fn wipe() {
    console::write_here(WIPE);
}

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

/// Whether somebody is there who sees what is printed.
pub(crate) fn is_used() -> bool {
    is_typed_on() && io::stdout().is_terminal()
}

/// Asks something that only the word "yes" agrees to.
pub(crate) async fn agrees(question: &str, ending: &Ending) -> Result<bool, Failure> {
    // A question that cannot be shown is not agreed to.
    console::ask_here(&format!("{question} Type 'yes' to go on: ")).map_err(|error| {
        Failure::System { reason: format!("stderr cannot be written: {error}") }
    })?;
    Ok(line(ending).await?.trim() == "yes")
}

/// What was typed before it was asked for is no answer.
pub(crate) fn forget_typed() {
    let _gone = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// Reads a line, without an end if there is none.
pub(crate) async fn line(ending: &Ending) -> Result<Zeroizing<String>, Failure> {
    let reading = tokio::task::spawn_blocking(|| {
        use io::Read as _;
        let mut line = Zeroizing::new(String::new());
        io::stdin().lock().take(MAX_LINE).read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        biased;
        _ = ending.wait() => Err(Failure::Interrupted { kept: "nothing was done".to_owned() }),
        line = reading => match line {
            Ok(Ok(line)) => Ok(line),
            Ok(Err(error)) => Err(Failure::System { reason: format!("stdin: {error}") }),
            Err(error) => Err(Failure::System { reason: error.to_string() }),
        },
    }
}
