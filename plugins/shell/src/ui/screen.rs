//! The terminal, lent to a user interface: nobody else may write to it
//! meanwhile.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::OwnedFd;

use rustix::io::dup;
use rustix::stdio::dup2_stderr;

use crate::{logging, terminal};

/// The terminal while it is lent.
pub(super) struct Screen {
    /// Where stderr went before, if it was the terminal.
    stderr: Option<(OwnedFd, File)>,
}

impl Screen {
    /// Lends it. What others write to stderr, and libraries do, goes to the
    /// log.
    pub(super) fn lend() -> Self {
        terminal::lend();
        let stderr = io::stderr().is_terminal().then(|| {
            let log = logging::file().ok()?;
            Some((dup(io::stderr()).ok()?, log))
        });
        let screen = Self { stderr: stderr.flatten() };
        screen.lend_again();
        screen
    }

    /// Takes it back for a while.
    pub(super) fn take_back(&self) {
        if let Some((terminal, _)) = &self.stderr {
            let _gone = dup2_stderr(terminal);
        }
        terminal::give_back();
    }

    /// Lends it again.
    pub(super) fn lend_again(&self) {
        if let Some((_, log)) = &self.stderr {
            let _gone = dup2_stderr(log);
        }
    }
}

/// What is told of a panic has to reach the terminal.
impl Drop for Screen {
    fn drop(&mut self) {
        self.take_back();
    }
}
