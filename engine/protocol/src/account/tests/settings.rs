//! Devices of one account that share its settings through a swarm.

mod alive;
mod converge;
mod devices;
mod many;
mod pushing;
mod starting;
mod sync;
