//! Where requests go.

use ramson_wire::{Refusal, Request};

/// Where requests go: the host in a UI, a list in tests.
pub trait Port {
    /// Asks for something. Returns the number that the reply will name, or
    /// why it was refused at once.
    fn ask(&mut self, request: Request) -> Result<u64, Refusal>;
}

/// Keeps what was asked, and numbers it from 1.
impl Port for Vec<Request> {
    fn ask(&mut self, request: Request) -> Result<u64, Refusal> {
        self.push(request);
        Ok(u64::try_from(self.len()).unwrap_or(u64::MAX))
    }
}
