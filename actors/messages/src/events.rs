//! What the engine tells its subscribers.

use ramson_protocol::event::{AccountEvent, AccountSignal};
use ramson_types::AccountId;
use ramson_types::ledger::Hops;
use tokio::sync::broadcast;

/// So many events wait for a slow subscriber; then the oldest go, and it is
/// told how many it missed.
pub const EVENT_QUEUE: usize = 1_024;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
// Nearly every event is the large one.
#[allow(clippy::large_enum_variant)]
pub enum Event {
    /// To an account; true, because it is committed.
    Account {
        /// Number in the home's one sequence.
        seq: u64,
        /// Which account.
        account: AccountId,
        /// What.
        event: AccountEvent,
    },
    /// To an account, for a moment; not kept.
    Signal {
        /// The number of the newest event before it.
        after: u64,
        /// Which account.
        account: AccountId,
        /// What.
        signal: AccountSignal,
    },
    /// To the network or the engine; not kept.
    Engine(EngineEvent),
}

/// What happens beside the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineEvent {
    /// There is a pool of service nodes.
    PoolReady {
        /// How many nodes.
        nodes: usize,
    },
    /// A seed gave no usable list.
    SeedFailed {
        /// Its URL.
        seed: String,
        /// Why.
        reason: String,
    },
    /// The store cannot be written; it is tried again until it can.
    StoreTrouble {
        /// Why.
        reason: String,
    },
    /// A path carries requests.
    PathReady {
        /// Its nodes, guard first.
        path: Hops,
    },
    /// A path could not be built.
    PathFailed {
        /// Its nodes, guard first.
        path: Hops,
        /// Why.
        reason: String,
    },
    /// An account was added to the home.
    AccountAdded {
        /// Which.
        account: AccountId,
    },
    /// An account is gone from the home.
    AccountRemoved {
        /// Which.
        account: AccountId,
    },
    /// An actor failed and was started again.
    ActorRestarted {
        /// Which.
        actor: String,
    },
    /// An actor failed too often and stays down.
    ActorGivenUp {
        /// Which.
        actor: String,
    },
}

/// Where actors publish and subscribers listen.
#[derive(Debug, Clone)]
pub struct EventBus {
    sender: broadcast::Sender<Event>,
}

impl EventBus {
    /// A bus without subscribers.
    pub fn new() -> Self {
        Self { sender: broadcast::channel(EVENT_QUEUE).0 }
    }

    /// Tells all subscribers. Never waits for one.
    pub fn publish(&self, event: Event) {
        // Without subscribers there is nobody to tell.
        let _nobody = self.sender.send(event);
    }

    /// Every event from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}

impl Default for EventBus {
    fn default() -> Self {
        Self::new()
    }
}
