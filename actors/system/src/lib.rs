//! The engine as its users see it: [`Engine::start`], then ask, tell and
//! subscribe. The only crate that sees all actors.
//!
//! | file | what |
//! |---|---|
//! | `engine` | the handle: every command, query and the event stream |
//! | `wiring` | which actor is started where, and which link leads to it |
//! | `follow` | received messages for a reader that must not miss one |
//! | `guardian` | starts failed actors again |
//! | `status` | how the network is, and whose a name is |
//! | `network` | a network file as the engine needs it |
//! | `environment` | what an engine stands on: this machine, or a simulated one |
//! | `testing` | a home in memory, for tests |
//! | `arbiters`, `clock`, `entropy` | threads, time and randomness, each owned by one file |

mod arbiters;
mod clock;
mod engine;
mod entropy;
mod environment;
mod follow;
mod guardian;
mod network;
mod status;
#[cfg(test)]
mod testing;
mod wiring;

pub use clock::SystemClock;
pub use engine::{Activity, Engine, EngineConfig, EngineError, Isolation};
pub use entropy::SystemEntropy;
pub use environment::{Environment, Stage};
pub use follow::{Followed, Follower, LoggedPart};
pub use network::NetworkConfig;
pub use ramson_messages::clock::{Clock, Entropy};
pub use ramson_messages::events::{EngineEvent, Event};
pub use ramson_messages::identity::{AccountStatus, CarryError};
pub use ramson_messages::storage::{
    AccountSummary, LedgerSubject, LogPage, LoggedEvent, StoreError,
};
pub use ramson_messages::swarm::{NameError, PoolStatus, SwarmError, SwarmMember, SwarmStatus};
pub use ramson_protocol::command::{
    Command, CommandError, DeleteScope, Invitation, LinkPreview, Outcome, Post, Profile,
};
pub use ramson_protocol::details;
pub use ramson_protocol::event::{AccountEvent, AccountSignal, EventKind, EventRef, MessageChange};
pub use ramson_protocol::mark::{Mark, Marked, MarkedOutcome};
pub use ramson_protocol::names::ResolveError;
pub use ramson_protocol::paths::{PathStatus, PathsStatus};
pub use ramson_protocol::snapshot::{Query, Snapshot};
pub use ramson_protocol::store::PluginChange;
pub use ramson_protocol::swarm::{Doubted, RequestRate};
pub use ramson_storage_actor::{OpenError, Store};
pub use ramson_transport_actor::{ProxyAddress, ProxyError};
pub use ramson_types::conversation::{Disappearing, Notify};
pub use status::{AccountNetwork, NetworkStatus};
