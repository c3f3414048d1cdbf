//! `ramson`: the engine on the command line. A library, so that what reads
//! outside bytes can be tested by itself; the program is [`run`].
//!
//! | file | what |
//! |---|---|
//! | `cli` | the command line; `docs` writes it down |
//! | `start` | from arguments to an exit status |
//! | `input`, `terminal` | what is read from stdin, and asked on a terminal |
//! | `home`, `network`, `settings`, `lock` | a home, what it is bound and set to, and who has it |
//! | `owner` | runs the engine of a home, for itself and for others |
//! | `control` | how a command reaches an engine that runs already |
//! | `plugins` | where plugins are, and the host that every engine has |
//! | `ui` | a user interface on the main thread, and what it asks of the program |
//! | `commands` | one file for each command |
//! | `console`, `record`, `progress` | all that is printed |
//! | `error` | what is said when something fails |

mod cli;
mod commands;
mod console;
mod control;
#[cfg(test)]
mod docs;
mod error;
mod home;
mod input;
mod local;
mod lock;
mod logging;
mod network;
mod owner;
mod plugins;
mod private;
mod progress;
mod record;
mod rpc;
mod settings;
mod signals;
mod start;
mod terminal;
mod time;
mod ui;

use std::ffi::OsString;

/// Runs the program and gives its exit status.
pub fn run(args: Vec<OsString>) -> u8 {
    start::run(args)
}

/// What an engine makes of one line on its control socket: nothing, if it
/// would carry the command out, or the sentence with which it refuses.
pub fn control_request(line: &[u8]) -> Result<(), String> {
    control::understand(line).map(drop).map_err(|failure| failure.line())
}
