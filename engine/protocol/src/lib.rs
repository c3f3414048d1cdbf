//! What a Session client decides: pure state machines that take time and
//! randomness as arguments and answer with effects. Actors carry the effects
//! out; simulation does the same without them.
//!
//! | machine | decides |
//! |---|---|
//! | [`paths::Paths`] | which three nodes carry a request, and when to rebuild |
//! | [`swarm::Bootstrap`] | whom to ask for the node pool, and when |
//! | [`swarm::Memberships`] | which nodes hold an account's messages |
//! | [`swarm::PollSchedule`] | when to poll an account |
//! | [`swarm::Budget`] | how much the network is asked for |
//! | [`names::Resolution`] | whose a name is |
//! | [`account::Account`] | what a message means, what to send, what to store |
//! | [`pro::evaluate`] | whether a message is one of a Session Pro account |
//! | [`config::Config`] | how an account's devices come to the same settings |
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod account;
pub mod command;
pub mod config;
pub mod details;
pub mod event;
pub mod inbox;
pub mod mark;
pub mod names;
pub mod onion;
pub mod paths;
pub mod pro;
pub mod snapshot;
pub mod store;
pub mod swarm;
