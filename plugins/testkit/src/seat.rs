//! A place in a host, for a person or a bot.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ramson_abi::Status;
use ramson_host::Guest;
use ramson_wire::Request;

/// A place; all clones are the same one. While time passes it is locked: a
/// thread of a plugin that asks for something then waits for the end of the
/// turn.
#[derive(Clone)]
pub(crate) struct Seat(Arc<Mutex<Guest>>);

impl Seat {
    pub(crate) fn new(guest: Guest) -> Self {
        Self(Arc::new(Mutex::new(guest)))
    }

    pub(crate) fn submit(&self, id: u64, request: &Request) -> Status {
        self.guest().submit(id, request)
    }

    pub(crate) fn guest(&self) -> MutexGuard<'_, Guest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
