//! The engine's model and the plugins', from one to the other.
//!
//! | file | what |
//! |---|---|
//! | `ids` | how things are named |
//! | `message`, `conversation`, `event`, `network` | what plugins are told |
//! | `command` | what they ask for, and what came of it |
//! | `trace` | the steps of a message's way |
//! | `refusal` | why something was refused |

pub(crate) mod command;
pub(crate) mod conversation;
pub(crate) mod event;
pub(crate) mod ids;
pub(crate) mod message;
pub(crate) mod network;
pub(crate) mod refusal;
#[cfg(test)]
mod tests;
pub(crate) mod trace;
