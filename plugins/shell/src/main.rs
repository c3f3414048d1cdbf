//! `ramson`: the engine on the command line.
//!
//! | file | what |
//! |---|---|
//! | `cli` | the command line; `docs` writes it down |
//! | `start` | from arguments to an exit status |
//! | `input` | what is read from stdin |
//! | `home`, `network`, `lock` | a home, what it is bound to, and who has it |
//! | `owner` | runs the engine of a home, for itself and for others |
//! | `control` | how a command reaches an engine that runs already |
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
mod private;
mod progress;
mod record;
mod signals;
mod start;
mod time;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(start::run(std::env::args_os().collect()))
}
