//! G1: the crypto backend against libsodium and against the reference.

use crate::library::{Library, Ours, Reference, Sodium, Subject, sodium_version};
use crate::measure::{Rounds, ns_per_call};
use crate::table::{Goal, Row};

/// Calls of each operation in a round: about 2 ms each.
const CALLS: u32 = 12;

/// All rows of G1.
pub(super) fn rows(rounds: usize) -> Vec<Row> {
    let subject = Subject::new();
    let mut ours = Ours::new(&subject);
    let mut sodium = Sodium::new(&subject);
    let mut reference = Reference::new(&subject);
    let mut against_sodium: [Rounds; 3] = Default::default();
    let mut against_ours: [Rounds; 3] = Default::default();
    for round in 0..=rounds {
        // Who goes first changes.
        let (mine, peer, third) = if round % 2 == 0 {
            let mine = times(&mut ours);
            (mine, times(&mut sodium), times(&mut reference))
        } else {
            let third = times(&mut reference);
            let peer = times(&mut sodium);
            (times(&mut ours), peer, third)
        };
        // The first one warms up.
        if round > 0 {
            for operation in 0..3 {
                against_sodium[operation].push(mine[operation], peer[operation]);
                against_ours[operation].push(third[operation], mine[operation]);
            }
        }
    }
    let names = [("SEND", 0.75), ("POLL", 0.75), ("RECEIVE", 0.70)];
    let mut rows = Vec::new();
    for ((name, limit), rounds_of) in names.iter().zip(&against_sodium) {
        let what = format!("{name} crypto: ramson-crypto / libsodium {}", sodium_version());
        rows.push(Row::of("G1", &what, rounds_of, rounds, Goal::AtMost(*limit)));
    }
    for ((name, _), rounds_of) in names.iter().zip(&against_ours) {
        let what = format!("{name} crypto: dalek (reference backend) / ramson-crypto");
        rows.push(Row::of("G1", &what, rounds_of, rounds, Goal::None));
    }
    rows
}

fn times(library: &mut dyn Library) -> [f64; 3] {
    [
        ns_per_call(CALLS, || library.send()),
        ns_per_call(CALLS, || library.poll()),
        ns_per_call(2 * CALLS, || {
            assert_eq!(std::hint::black_box(library.receive()), 200);
        }),
    ]
}
