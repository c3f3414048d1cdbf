//! Several devices of one account, and people who write to it.

use std::time::Duration;

use ramson_tests::world::{Plan, Rates, Step};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// What users do in a run; a fifth of them sleep when their turn comes.
const ACTS: usize = 640;

/// Devices of the account that is compared: clients 0 to 2; its contacts are
/// clients 3 to 5.
const DEVICES: usize = 3;

/// Users do as chance has it, while clients sleep, die and are cut off and a
/// tenth of the requests fail. One device is brought back from its phrase in
/// the middle.
pub(super) fn three_devices(rng: &mut StdRng) -> Plan {
    let mut plan = Plan {
        accounts: 4,
        first_devices: Some(DEVICES),
        late: vec![2],
        acts: true,
        budget: None,
        client_rates: Rates::even(0.05),
        ..Plan::default()
    };
    plan.limits.time = Duration::from_secs(4 * 60 * 60);
    plan.limits.requests_per_minute = u32::MAX;
    plan.limits.steps = 50_000_000;
    // Everybody has written to everybody before it gets rough.
    for contact in 3..6 {
        plan = plan
            .at(3, Step::Send { from: 0, to: contact - 2 })
            .at(10, Step::Send { from: contact, to: 0 });
    }
    let mut at = 20;
    for n in 0..ACTS {
        at += rng.random_range(0..6);
        let client = rng.random_range(0..6);
        // Not at whole seconds: two devices that write in one millisecond give
        // two messages one public name, and only one of them is shown.
        let moment = Duration::from_millis(at * 1_000 + rng.random_range(0..1_000));
        plan.steps.push((moment, Step::Act(client)));
        if n == ACTS / 2 {
            plan = plan.at(at, Step::Begin(2));
        }
        match rng.random_range(0..60) {
            0 => {
                let client = rng.random_range(0..6);
                let wake = at + rng.random_range(5..200);
                plan = plan.at(at, Step::Sleep(client)).at(wake, Step::Wake(client));
            }
            1 => plan = plan.at(at, Step::Crash(rng.random_range(0..6))),
            2 => {
                let until = at + rng.random_range(5..60);
                plan = plan.at(at, Step::CutClient(rng.random_range(0..6))).at(until, Step::Repair);
            }
            3 => {
                let until = at + rng.random_range(5..60);
                plan = plan.at(at, Step::CutHalfOfEachSwarm).at(until, Step::Repair);
            }
            _ => {}
        }
    }
    // Then all is well, and every timer runs out.
    for client in 0..6 {
        plan = plan.at(at + 300, Step::Wake(client));
    }
    plan.at(at + 300, Step::Repair)
        .at(at + 300, Step::ClientRates(Rates::default()))
        .at(at + 1_500, Step::StartWatch)
}
