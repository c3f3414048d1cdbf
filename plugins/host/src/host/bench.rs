//! A door for measurements: events without an engine.

use std::sync::Arc;

use super::Host;
use crate::prepared::Prepared;

impl Host {
    /// Tells all plugins that hear of it, on the calling thread, as the host
    /// itself does with what happened to the engine.
    pub fn tell(&self, seq: u64, what: &Arc<Prepared>) {
        let seats = self.inner.shared.seats();
        for seat in seats.iter().filter(|seat| seat.gate.hears(what.event())) {
            seat.tell(seq, what);
        }
    }
}
