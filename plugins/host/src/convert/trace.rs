//! The steps of a message's way.

use ramson_types::MessageId;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_wire as wire;

use super::ids::message_id;
use crate::steps::{Names, words};

/// The way of a message; the lines in the order of their times.
pub(crate) fn trace(message: MessageId, lines: &[LedgerLine]) -> wire::Trace {
    let names = Names::of(lines);
    let line = |line: &LedgerLine| wire::TraceLine {
        at: line.at.millis(),
        step: step(&line.step).to_owned(),
        bad: is_bad(&line.step),
        text: words(line, &names),
    };
    wire::Trace { message: message_id(message), lines: lines.iter().map(line).collect() }
}

/// The name of a step for programs, which never changes.
fn step(step: &LedgerStep) -> &'static str {
    match step {
        LedgerStep::Queued { .. } => "queued",
        LedgerStep::Attempted { .. } => "attempted",
        LedgerStep::Stored { .. } => "stored",
        LedgerStep::WrongSwarm { .. } => "wrong-swarm",
        LedgerStep::AttemptFailed { .. } => "attempt-failed",
        LedgerStep::Received { .. } => "received",
        LedgerStep::Dropped { .. } => "dropped",
        LedgerStep::CursorMoved { .. } => "cursor-moved",
        LedgerStep::Missed { .. } => "missed",
        LedgerStep::Replayed { .. } => "replayed",
        _ => "other",
    }
}

const fn is_bad(step: &LedgerStep) -> bool {
    match step {
        LedgerStep::WrongSwarm { .. }
        | LedgerStep::AttemptFailed { .. }
        | LedgerStep::Dropped { .. }
        | LedgerStep::Missed { .. }
        | LedgerStep::Replayed { .. } => true,
        LedgerStep::Stored { failed, .. } => !failed.is_empty(),
        _ => false,
    }
}
