//! Simulation. In the *world* (`ramson_tests::world`) the pure machines of
//! clients and service nodes meet on one event queue; every scenario runs with
//! many seeds. The *full stack* is the actors over simulated sockets.
//!
//! ```sh
//! cargo test -p ramson-tests --test sim                     # 20 seeds each
//! RAMSON_SEEDS=200 cargo test -p ramson-tests --test sim    # 200 seeds each
//! RAMSON_SEEDS=1000 cargo test -p ramson-tests --test sim three_devices # a heavy one: 100 seeds
//! RAMSON_SEED=17 cargo test -p ramson-tests --test sim calm # one seed, with its whole log
//! ```
//!
//! A failure prints its seed and the last lines of its event log. The first
//! seed of each scenario runs twice, and both logs must be the same.
#![allow(clippy::print_stdout, reason = "a test without a harness of its own")]

mod cpu;
mod full_stack;
mod harness;
mod scenarios;

use libtest_mimic::{Arguments, Trial};

fn main() -> std::process::ExitCode {
    let world = scenarios::ALL.iter().map(harness::trial);
    let trials: Vec<Trial> = world.chain(full_stack::trials()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
