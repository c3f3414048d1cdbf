//! Members that lie or are wrong.

use ramson_node::Faults;
use ramson_tests::world::{Plan, Step};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// One member of each swarm lies, in one way or another.
pub(super) fn lying(rng: &mut StdRng) -> Plan {
    let honest = Faults::default();
    let lies = [
        Faults { wrong_signatures: true, ..honest },
        Faults { foreign_messages: true, ..honest },
        Faults { lies_about_its_swarm: true, ..honest },
        Faults { oversized_answers: true, ..honest },
        Faults { refuses_stores: Some(403), ..honest },
        Faults { refuses_retrieves: Some(500), ..honest },
        Faults { not_ready: true, ..honest },
        Faults { misdirects: true, ..honest },
    ];
    let mut lie = || lies.get(rng.random_range(0..lies.len())).copied().unwrap_or_default();
    Plan::default()
        .at(0, Step::MemberFaults { of: 0, count: 1, faults: lie() })
        .at(0, Step::MemberFaults { of: 1, count: 1, faults: lie() })
        .at(0, Step::MemberFaults { of: 2, count: 1, faults: lie() })
        .chatter(4, 5, 60)
}

/// A member signs for what it throws away, or keeps half of it to itself: what
/// it does not have comes from the others.
pub(super) fn withholding(rng: &mut StdRng) -> Plan {
    let honest = Faults::default();
    let faults = match rng.random() {
        true => Faults { loses_messages: true, ..honest },
        false => Faults { withholds_messages: true, ..honest },
    };
    Plan::default()
        .at(0, Step::MemberFaults { of: 0, count: 1, faults })
        .at(0, Step::MemberFaults { of: 1, count: 1, faults })
        .chatter(4, 5, 60)
}

/// Members tell everything again and again, whatever was read before.
pub(super) fn forgetful(_: &mut StdRng) -> Plan {
    let faults = Faults { forgets_last_hash: true, ..Faults::default() };
    Plan::default()
        .chatter(4, 5, 60)
        .at(20, Step::MemberFaults { of: 0, count: 2, faults })
        .at(20, Step::MemberFaults { of: 1, count: 2, faults })
}

/// One member of each swarm has a wrong clock. (Two of four could sign, as half
/// of the swarm, for a message that is dated by their time; and its recipient
/// would not ask them.)
pub(super) fn wrong_clocks(rng: &mut StdRng) -> Plan {
    let mut plan = Plan::default().chatter(4, 5, 60);
    // Node `n` is in swarm `n % swarms`.
    for node in 0..plan.nodes / plan.swarm_size {
        let clock_offset = rng.random_range(-3_600_000..3_600_000);
        let faults = Faults { clock_offset, ..Faults::default() };
        plan = plan.at(0, Step::NodeFaults(node, faults));
    }
    plan
}
