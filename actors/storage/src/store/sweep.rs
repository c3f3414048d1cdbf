//! Forgetting what is past its time.

use std::time::Duration;

use ramson_messages::storage::Sweep;
use ramson_types::Timestamp;
use redb::ReadableTable as _;

use super::{Failure, Write, early, ledger};
use crate::records;
use crate::tables::Tables;

/// How long a line of the ledger is kept.
const LEDGER_KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long an event is kept.
const EVENTS_KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Write for Sweep {
    type Answer = u64;

    fn carry_out(&self, tables: &mut Tables<'_>) -> Result<u64, Failure> {
        const HIGH: [u8; 32] = [u8::MAX; 32];
        let mut gone = 0u64;
        let due = ..=(self.now.0, u32::MAX, i16::MAX, &HIGH);
        for tombstone in tables.seen_by_time.extract_from_if(due, |_, ()| true)? {
            let (key, _) = tombstone?;
            let (_, account, namespace, hash) = key.value();
            tables.seen.remove((account, namespace, hash))?;
            gone = gone.saturating_add(1);
        }
        let lines = ledger::remove_older(self.now.minus(LEDGER_KEPT), self.now, tables)?;
        let events = forget_events(self.now.minus(EVENTS_KEPT), self.now, tables)?;
        let early = early::sweep(self.now, tables)?;
        Ok([gone, lines, events, early].into_iter().fold(0, u64::saturating_add))
    }
}

/// Forgets events from before a time. Their sequence grows with time, so the
/// first one that is young enough ends it. One dated behind `now` is from a
/// clock that was wrong: it goes with those that were written after it.
fn forget_events(
    before: Timestamp,
    now: Timestamp,
    tables: &mut Tables<'_>,
) -> Result<u64, Failure> {
    let (mut seen, mut old) = (Vec::new(), 0);
    for entry in tables.events.range(0..)? {
        let (seq, record) = entry?;
        let what = || format!("event {}", seq.value());
        let event = records::parse_event(record.value())
            .map_err(|error| Failure::damaged(what(), &error))?;
        seen.push(seq.value());
        match event.at {
            at if at > now => {}
            at if at >= before => break,
            _ => old = seen.len(),
        }
    }
    seen.truncate(old);
    for seq in &seen {
        tables.events.remove(seq)?;
    }
    Ok(u64::try_from(seen.len()).unwrap_or(u64::MAX))
}
