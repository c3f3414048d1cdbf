//! The engine as its users see it: [`Engine::start`], then ask, tell and
//! subscribe. The only crate that sees all actors.
//!
//! | file | what |
//! |---|---|
//! | `engine` | the handle: every command, query and the event stream |
//! | `wiring` | which actor is started where, and which link leads to it |
//! | `follow` | received messages for a reader that must not miss one |
//! | `guardian` | starts failed actors again |
//! | `network` | a network file as the engine needs it |
//! | `arbiters`, `clock`, `entropy` | threads, time and randomness, each owned by one file |

mod arbiters;
mod clock;
mod engine;
mod entropy;
mod follow;
mod guardian;
mod network;
mod wiring;

pub use clock::SystemClock;
pub use engine::{Activity, Engine, EngineConfig, EngineError, Isolation};
pub use entropy::SystemEntropy;
pub use follow::{Followed, Follower};
pub use network::NetworkConfig;
pub use ramson_messages::events::{EngineEvent, Event};
pub use ramson_messages::identity::SendError;
pub use ramson_messages::storage::{AccountSummary, LedgerSubject, LoggedEvent, StoreError};
pub use ramson_protocol::account::ComposeError;
pub use ramson_protocol::event::{AccountEvent, EventKind};
pub use ramson_storage_actor::OpenError;
