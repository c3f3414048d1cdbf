//! Requests that fail in every way.

use ramson_tests::world::{Fate, Plan, Rates, Step};
use rand::rngs::StdRng;

pub(super) fn fail(_: &mut StdRng) -> Plan {
    let (client_rates, node_rates) = (Rates::even(0.2), Rates::even(0.05));
    Plan { client_rates, node_rates, ..Plan::default() }.chatter(4, 5, 60)
}

/// What is asked is done, and nobody hears of it.
pub(super) fn answers_lost(_: &mut StdRng) -> Plan {
    let lost = Rates::only(Fate::AnswerLost, 0.4);
    Plan { client_rates: lost, ..Plan::default() }
        .chatter(4, 5, 60)
        .at(120, Step::ClientRates(Rates::default()))
}

pub(super) fn garbage(_: &mut StdRng) -> Plan {
    let garbage = Rates::only(Fate::Garbage, 0.3);
    let truncated = Rates::only(Fate::Truncated, 0.1);
    let mut plan = Plan { client_rates: garbage, node_rates: truncated, ..Plan::default() };
    // Garbage comes at once, and so does the next attempt.
    plan.limits.requests_per_minute = 250;
    plan.chatter(4, 5, 60)
        .at(120, Step::ClientRates(Rates::default()))
        .at(120, Step::NodeRates(Rates::default()))
}
