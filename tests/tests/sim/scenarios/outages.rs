//! Nodes, seeds and links that go away and come back.

use std::time::Duration;

use ramson_tests::world::{Down, Kept, Plan, Step};
use rand::RngExt as _;
use rand::rngs::StdRng;

fn some_way_down(rng: &mut StdRng) -> Down {
    if rng.random() { Down::Refuses } else { Down::Silent }
}

/// The guard that a client kept from its last run does not answer.
pub(super) fn dead_guard_at_start(rng: &mut StdRng) -> Plan {
    let kept = Kept { guards: vec![0, 1], pool: true };
    let how = some_way_down(rng);
    Plan { kept, ..Plan::default() }.at(0, Step::Kill(0, how)).chatter(3, 2, 25)
}

pub(super) fn guard_dies(_: &mut StdRng) -> Plan {
    Plan::default()
        .at(8, Step::KillGuardOf(0))
        .at(8, Step::StartWatch)
        .at(20, Step::KillGuardOf(1))
        .chatter(4, 5, 30)
        .at(60, Step::ReturnAll { keep: true })
}

/// Everything is away for half an hour; then it is measured how long it takes
/// until a message is stored.
pub(super) fn long_outage(rng: &mut StdRng) -> Plan {
    let how = some_way_down(rng);
    let mut plan = Plan::default();
    plan.limits.time = Duration::from_secs(2 * 3600);
    plan.at(10, Step::KillAll(how))
        .at(10, Step::SeedsDown)
        .chatter(3, 5, 30)
        .at(1800, Step::ReturnAll { keep: true })
        .at(1800, Step::SeedsUp)
        .at(1800, Step::StartWatch)
}

pub(super) fn partition_and_repair(rng: &mut StdRng) -> Plan {
    let repair = rng.random_range(60..180);
    Plan { swarm_size: 6, ..Plan::default() }
        .at(8, Step::CutHalfOfEachSwarm)
        .chatter(3, 5, 50)
        .at(repair, Step::Repair)
        .at(repair, Step::StartWatch)
}

/// The list of nodes from the last run is enough, also for a client that
/// starts again.
pub(super) fn seeds_down_with_cache(_: &mut StdRng) -> Plan {
    let kept = Kept { guards: Vec::new(), pool: true };
    Plan { kept, ..Plan::default() }.at(0, Step::SeedsDown).at(10, Step::Crash(0)).chatter(3, 1, 20)
}

/// One client's own network is away for some minutes.
pub(super) fn client_cut_off(rng: &mut StdRng) -> Plan {
    let repair = rng.random_range(60..300);
    Plan::default()
        .at(8, Step::CutClient(0))
        .chatter(3, 5, 50)
        .at(repair, Step::Repair)
        .at(repair, Step::StartWatch)
}

/// Nothing can be sent until the seeds are back, and then everything is.
pub(super) fn seeds_down_without_cache(rng: &mut StdRng) -> Plan {
    let back = rng.random_range(60..240);
    Plan::default()
        .at(0, Step::SeedsDown)
        .chatter(3, 1, 20)
        .at(back, Step::SeedsUp)
        .at(back, Step::StartWatch)
}

/// Members die, and come back without their messages.
pub(super) fn node_returns_empty(rng: &mut StdRng) -> Plan {
    let how = some_way_down(rng);
    Plan::default()
        .at(15, Step::KillMembers { of: 0, count: 1, how })
        .at(18, Step::KillMembers { of: 1, count: 1, how })
        .chatter(4, 5, 60)
        .at(40, Step::ReturnAll { keep: false })
}
