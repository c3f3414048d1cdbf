//! A plugin in a process of its own: what crashes there ends that process and
//! nothing else.
//!
//! The process is this program again, with a word that makes it serve one
//! plugin. It has one end of a socket pair, and takes its calls from there.
//! Grants are looked at on the host's side, as for every plugin.
//!
//! | file | what |
//! |---|---|
//! | `frames` | what goes over the socket, and what is refused |
//! | `link` | the host's side: a plugin like any other |
//! | `process` | starts the process, and tells how it ended |
//! | `serve` | the process's side: maps the library and calls it |
//! | `confine` | what the process gives up first |

mod confine;
mod frames;
mod link;
mod process;
mod serve;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use link::{Plan, ProcessLink};
pub use process::ChildCommand;
pub use serve::serve;
