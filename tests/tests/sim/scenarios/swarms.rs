//! Swarms that change under running clients.

use ramson_tests::world::{Plan, Step};
use rand::RngExt as _;
use rand::rngs::StdRng;

pub(super) fn moves(rng: &mut StdRng) -> Plan {
    let count = rng.random_range(1..4);
    Plan::default()
        .chatter(5, 5, 60)
        .at(15, Step::SwapMembers { of: 0, count })
        .at(30, Step::SwapMembers { of: 1, count: 4 })
        .at(45, Step::SwapMembers { of: 0, count: 4 })
}

pub(super) fn split(_: &mut StdRng) -> Plan {
    Plan { nodes: 16, swarm_size: 8, accounts: 3, ..Plan::default() }
        .chatter(4, 5, 60)
        .at(20, Step::SplitSwarms)
}

pub(super) fn dissolved(_: &mut StdRng) -> Plan {
    Plan::default().chatter(4, 5, 60).at(20, Step::Dissolve { of: 0 })
}

/// Some members learn of no change: they and the others send each other's
/// clients away.
pub(super) fn storm_of_421(rng: &mut StdRng) -> Plan {
    let count = rng.random_range(1..3);
    Plan::default()
        .chatter(4, 5, 60)
        .at(0, Step::Freeze { of: 0, count })
        .at(15, Step::SwapMembers { of: 0, count: 4 })
        .at(180, Step::Thaw)
}
