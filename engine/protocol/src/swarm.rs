//! Where an account's messages are kept and when to look: the node pool and
//! its seeds, swarm memberships, the poll schedule.

mod bootstrap;
mod memberships;
mod poll_schedule;

pub use bootstrap::{Bootstrap, BootstrapConfig, BootstrapError, PoolNews};
pub use memberships::Memberships;
pub use poll_schedule::{PollConfig, PollOutcome, PollSchedule};
