//! Where actors get time and randomness from.

use std::time::Duration;

use ramson_types::Timestamp;
use rand::rngs::StdRng;

/// Tells the time. The real one and the simulated one are made in
/// `ramson-system`; nobody else reads a clock.
pub trait Clock: Send + Sync {
    /// This machine's wall clock.
    fn now(&self) -> Timestamp;

    /// Time since the engine started; never goes back.
    fn elapsed(&self) -> Duration;
}

/// Gives each actor a random source of its own: a cryptographic generator
/// seeded by the operating system, or by a simulation's seed.
pub trait Entropy: Send + Sync {
    /// A generator for the actor of that name.
    fn generator(&self, actor: &str) -> StdRng;
}
