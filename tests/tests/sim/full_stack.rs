//! Everything at once: engines with all their actors, TLS, onions and node
//! machines, each on a host of a simulated network. Proves that actors and
//! transport carry the machines' decisions; the decisions themselves are
//! tried far more often in the simulated world.
//!
//! Each scenario runs with ten seeds, twice each, and both logs must be the
//! same. `RAMSON_SEED=n` runs one seed and prints its whole log.
//!
//! | file | what |
//! |---|---|
//! | `scenarios` | what goes wrong, and what must hold all the same |
//! | `stage` | hosts, nodes, seed; runs a scenario and gives its log |
//! | `home` | one person: an engine, an account, a correspondence |
//! | `machine` | clock and randomness of a host |
//! | `sockets` | the simulated network behind the traits for sockets |
//! | `faults` | connections whose requests fail |
//! | `log` | what happened, with virtual times |
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that finds something else than it expects has to fail"
)]

mod faults;
mod home;
mod log;
mod machine;
mod scenarios;
mod sockets;
mod stage;

pub(crate) use scenarios::trials;
