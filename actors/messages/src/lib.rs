//! Everything that is said between actors: the map of the engine. Read this
//! folder first; then a machine in `ramson-protocol`; then the actor that
//! gives it hands.
//!
//! Who waits for whom (an arrow is an awaited message; there is no cycle):
//!
//! ```text
//! Identity ─▶ Swarm ─▶ Paths     (the asker's, or the network's own)
//!     │          ├────▶ Transport (seeds)
//!     │          └────▶ Storage   (node pool)
//!     ├──────▶ Paths ─▶ Crypto, Transport, Storage (guards)
//!     ├──────▶ Crypto
//!     └──────▶ Storage
//! ```
//!
//! Against the arrows it is only told: Swarm tells Identity that a poll is due,
//! and Paths tells Swarm of a doubtful node pool, of nodes that are said to be
//! gone, and of requests that it made.

pub mod clock;
pub mod crypto;
pub mod events;
pub mod identity;
mod lifeline;
mod link;
mod newest;
pub mod paths;
pub mod storage;
pub mod swarm;
pub mod transport;

pub use clock::{Clock, ClockWatch, Entropy};
pub use events::{EngineEvent, Event, EventBus};
#[cfg(feature = "chaos")]
pub use lifeline::Panic;
pub use lifeline::{Lifeline, LifelineEnd, Stop};
pub use link::{Link, LinkError};
pub use newest::{Newest, Publisher, newest};
