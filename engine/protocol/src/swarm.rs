//! Where an account's messages are kept and when to look: the node pool and
//! its sources, swarm memberships, the poll schedule, the request budget.

mod bootstrap;
mod budget;
mod memberships;
mod poll_schedule;
mod refresh;

pub use bootstrap::{Ask, Bootstrap, BootstrapConfig, BootstrapError, PoolNews, PoolSource};
pub use budget::{Admission, Budget, BudgetConfig, Grants, RequestRate, Ticket};
pub use memberships::{Doubted, Memberships, Redirected};
pub use poll_schedule::{POLL_LIFE, PollConfig, PollOutcome, PollSchedule};
pub use refresh::{agreed, pick_askers, service_nodes_request};
