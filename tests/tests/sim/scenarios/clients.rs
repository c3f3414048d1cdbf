//! Clients that sleep, crash and have wrong clocks.

use std::time::Duration;

use ramson_tests::world::{CommitCrashes, Plan, Rates, Step};
use rand::RngExt as _;
use rand::rngs::StdRng;

const WEEK: u64 = 7 * 24 * 60 * 60;

/// Every message is to come once to each device of its recipient, and once to
/// the other devices of its author.
pub(super) fn several_devices(_: &mut StdRng) -> Plan {
    Plan { devices: 2, ..Plan::default() }.chatter(2, 5, 25)
}

/// Names are resolved while requests fail; nobody has the name of a fourth
/// account.
pub(super) fn names(_: &mut StdRng) -> Plan {
    let mut plan = Plan { client_rates: Rates::even(0.1), ..Plan::default() };
    for (n, by) in [0, 1, 2].into_iter().cycle().take(9).enumerate() {
        plan = plan.at(3 + 4 * n as u64, Step::Resolve { by, whose: n % 4 });
    }
    plan.chatter(1, 5, 30)
}

pub(super) fn asleep_for_a_week(rng: &mut StdRng) -> Plan {
    let asleep = rng.random_range(6..12);
    let mut plan = Plan { accounts: 2, ..Plan::default() }.at(asleep, Step::Sleep(1));
    plan.limits.time = Duration::from_secs(2 * WEEK);
    for n in 0..6 {
        plan = plan.at(5 + n * 2, Step::Send { from: 0, to: 1 });
    }
    // Nobody is awake for most of the week.
    plan.at(40, Step::Sleep(0))
        .at(WEEK, Step::Wake(1))
        .at(WEEK + 5, Step::Send { from: 1, to: 0 })
        .at(WEEK + 60, Step::Wake(0))
}

/// Half of the commits are the last thing a client does, before or after they
/// are on disk.
pub(super) fn crash_at_every_commit(_: &mut StdRng) -> Plan {
    let commit_crashes = CommitCrashes { before: 0.2, after: 0.3, until: Duration::from_secs(120) };
    let mut plan = Plan { commit_crashes, ..Plan::default() };
    // Every start looks for paths and members anew.
    plan.limits.requests_per_minute = 250;
    plan.chatter(3, 5, 60)
}

pub(super) fn clock_wrong(rng: &mut StdRng) -> Plan {
    let minutes = rng.random_range(2..60_i64);
    let ahead = minutes * 60_000;
    Plan::default()
        .at(0, Step::SetClock(0, ahead))
        .at(0, Step::SetClock(1, -ahead / 2))
        .chatter(3, 5, 30)
}

pub(super) fn clock_set(rng: &mut StdRng) -> Plan {
    let hours = rng.random_range(1..48_i64);
    let ahead = hours * 3_600_000;
    Plan::default()
        .at(15, Step::SetClock(0, ahead))
        .at(20, Step::SetClock(1, -ahead))
        .at(45, Step::SetClock(0, 0))
        .at(50, Step::SetClock(1, 600_000))
        .chatter(5, 5, 65)
}
