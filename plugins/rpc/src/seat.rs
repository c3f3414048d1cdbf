//! A place in the host, as this crate needs it, so that its tests can do
//! without an engine.

use std::pin::Pin;

use ramson_abi::Status;
use ramson_host::{Guest, GuestPlan, Host, Told};
use ramson_wire::{Millis, Refusal, Request};

/// A future on the heap.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where guests are taken in.
pub trait Seats: Send + Sync + 'static {
    /// Takes a guest in. A durable one that is there under its name leaves.
    fn guest(&self, plan: GuestPlan) -> Result<Box<dyn Seat>, Refusal>;
}

/// A guest's place. It leaves when this is dropped.
pub trait Seat: Send + 'static {
    /// Asks for something; the reply comes by [`Seat::next`].
    fn submit(&self, id: u64, request: &Request) -> Status;
    /// The next event or reply; `None` once it has no place any more. Dropping
    /// the future loses nothing.
    fn next(&mut self) -> Boxed<'_, Option<Told>>;
    /// Milliseconds since 1970, by the host's clock.
    fn now(&self) -> Millis;
}

impl Seats for Host {
    fn guest(&self, plan: GuestPlan) -> Result<Box<dyn Seat>, Refusal> {
        match Self::guest(self, plan) {
            Ok(guest) => Ok(Box::new(guest)),
            Err(error) => {
                let kind = ramson_host::kind_of_host(&error).to_owned();
                Err(Refusal { kind, text: error.to_string() })
            }
        }
    }
}

impl Seat for Guest {
    fn submit(&self, id: u64, request: &Request) -> Status {
        Self::submit(self, id, request)
    }

    fn next(&mut self) -> Boxed<'_, Option<Told>> {
        Box::pin(Self::next(self))
    }

    fn now(&self) -> Millis {
        Self::now(self)
    }
}
