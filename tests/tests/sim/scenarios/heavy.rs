//! Everything at once: faults on a fifth of all requests, a dead guard, half of
//! each swarm cut off, a client whose clock is ten minutes wrong, and a
//! thousand messages among ten accounts.

use std::time::Duration;

use ramson_tests::world::{Plan, Rates, Step};
use rand::RngExt as _;
use rand::rngs::StdRng;

pub(super) fn plan(rng: &mut StdRng) -> Plan {
    let wrong = if rng.random() { 600_000 } else { -600_000 };
    let mut plan = Plan {
        nodes: 24,
        swarm_size: 6,
        accounts: 10,
        client_rates: Rates::even(0.2),
        node_rates: Rates::even(0.2),
        ..Plan::default()
    };
    plan.limits.time = Duration::from_secs(2 * 3600);
    plan.at(0, Step::SetClock(3, wrong))
        .at(20, Step::KillGuardOf(0))
        .at(60, Step::CutHalfOfEachSwarm)
        .chatter(100, 5, 600)
        .at(400, Step::Repair)
}
