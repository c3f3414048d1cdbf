//! The handle of a running engine.
//!
//! | file | what |
//! |---|---|
//! | `accounts` | adding, listing and removing accounts; how one is |
//! | `commands` | what an account can be told to do |
//! | `history` | conversations, messages, ledger and the event log |
//! | `plugins` | what is kept for plugins |

mod accounts;
mod commands;
mod history;
mod plugins;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use ramson_codec::ons::NameError as NameTextError;
use ramson_crypto::MnemonicError;
use ramson_messages::events::{Event, EventBus};
use ramson_messages::identity::CarryError;
use ramson_messages::paths::ReadyPaths;
use ramson_messages::storage::StoreError;
use ramson_messages::swarm::{NameError, SwarmError};
use ramson_messages::{Clock, Entropy, LinkError};
use ramson_storage_actor::OpenError;
use ramson_transport_actor::{Dial, ProxyAddress, SocksDial};
use ramson_types::ledger::Hops;
use ramson_types::{AccountId, Timestamp};
use rand::Rng;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::environment::{Environment, Stage};
use crate::follow::Follower;
use crate::network::NetworkConfig;
use crate::wiring::{self, AccountWires, Basics, Order, Wires};

/// Who shares paths, connections and timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Every account has its own: the network cannot link them.
    #[default]
    PerAccount,
    /// All accounts share one set: for stress runs on one's own network.
    Shared,
}

/// How much of the network an engine uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activity {
    /// Not at all: the store can be read, and accounts added and removed.
    Offline,
    /// What is in the outbox is sent; nothing is polled.
    Sending,
    /// All of it.
    #[default]
    Polling,
}

/// What an engine is started with.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The home's folder; created where it is missing.
    pub home: PathBuf,
    /// The network. A home is bound to the first one it is opened with.
    pub network: NetworkConfig,
    /// How much of the network is used.
    pub activity: Activity,
    /// Threads that accounts are spread over.
    pub shards: usize,
    /// Who shares paths.
    pub isolation: Isolation,
    /// Through which proxy everything goes that leaves this machine. Nothing
    /// goes around it; only a network whose seeds are all on this machine
    /// keeps its loopback addresses.
    pub proxy: Option<ProxyAddress>,
}

impl EngineConfig {
    /// An engine that polls, with one thread and isolated accounts.
    pub fn new(home: PathBuf, network: NetworkConfig) -> Self {
        Self {
            home,
            network,
            activity: Activity::Polling,
            shards: 1,
            isolation: Isolation::default(),
            proxy: None,
        }
    }
}

/// Why the engine did not start or could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The home's store does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness, so nothing can be sealed: {reason}")]
    NoEntropy {
        /// What it said.
        reason: String,
    },
    /// A thread or an actor did not start.
    #[error("the engine did not start: {reason}")]
    Start {
        /// Why.
        reason: String,
    },
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command was not carried out.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// A text was carried out, and no message came of it.
    #[error("the text was carried out, and led to {outcome} instead of a message")]
    NoMessage {
        /// What it led to.
        outcome: String,
    },
    /// An actor is not running.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The phrase is no account.
    #[error(transparent)]
    Phrase(#[from] MnemonicError),
    /// No such account in this home.
    #[error("account {id} is not in this home; 'ramson account list' shows those that are")]
    NoSuchAccount {
        /// Its id.
        id: AccountId,
    },
    /// A name that no client would show.
    #[error("the name '{name}' has {bytes} bytes; a name has 1 to 100")]
    BadName {
        /// The name.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// A text that is no name.
    #[error(transparent)]
    BadNameText(#[from] NameTextError),
    /// A name was not resolved.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The name is nobody's.
    #[error("the name '{name}' is not registered")]
    NameNotRegistered {
        /// The name.
        name: String,
    },
    /// An account's swarm is not known.
    #[error(transparent)]
    Swarm(#[from] SwarmError),
    /// The network is needed, and the engine was started without.
    #[error("this needs the network, and the engine was started to stay off it")]
    Offline,
    /// A question of a later version.
    #[error("this version of Ramson cannot answer that: {query}")]
    UnknownQuery {
        /// The question.
        query: String,
    },
    /// The engine was shut down.
    #[error("the engine is not running any more")]
    Stopped,
}

fn behind_proxy(
    config: &EngineConfig,
    dial: Arc<dyn Dial>,
    entropy: &dyn Entropy,
) -> Arc<dyn Dial> {
    let Some(proxy) = config.proxy.clone() else { return dial };
    let mut tag = [0; 16];
    entropy.generator("proxy").fill_bytes(&mut tag);
    let socks = SocksDial::new(proxy, dial, u128::from_le_bytes(tag));
    Arc::new(if config.network.is_local() { socks.with_direct_loopback() } else { socks })
}

/// A running engine. Cheap to clone; any thread and any runtime may use it.
/// It runs until [`Engine::shutdown`].
#[derive(Clone)]
pub struct Engine {
    pub(crate) wires: Wires,
    orders: mpsc::Sender<Order>,
    events: EventBus,
    pub(crate) clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Engine {
    /// Opens the home and starts all actors. What an earlier engine left in
    /// the outbox is sent at once.
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        Self::start_in(config, Environment::real()?).await
    }

    /// The same on another machine than this: simulations have clock, sockets
    /// and randomness of their own.
    pub async fn start_in(
        config: EngineConfig,
        environment: Environment,
    ) -> Result<Self, EngineError> {
        let Environment { clock, entropy, dial, stage } = environment;
        let dial = behind_proxy(&config, dial, &*entropy);
        let events = EventBus::new();
        let basics = Basics { events: events.clone(), clock, entropy, dial };
        let (clock, entropy) = (basics.clock.clone(), basics.entropy.clone());
        let (wires, orders) = match stage {
            Stage::Threads => wiring::start(config, basics).await?,
            Stage::Current { store } => wiring::start_here(config, basics, *store).await?,
        };
        Ok(Self { wires, orders, events, clock, entropy })
    }

    /// Lets an account's actor panic, for tests.
    #[cfg(feature = "chaos")]
    pub async fn panic_account(&self, id: &AccountId) {
        if let Some(link) = self.wires.account(id) {
            // It never answers.
            drop(link.panic.ask(ramson_messages::Panic).await);
        }
    }

    /// The paths that carry an account's requests now.
    pub async fn paths(&self, id: &AccountId) -> Result<Vec<Hops>, EngineError> {
        Ok(self.running(id)?.ready_paths.ask(ReadyPaths).await?)
    }

    /// The time that this engine goes by.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Every event from now on. A subscriber that falls behind by
    /// [`EVENT_QUEUE`](ramson_messages::events::EVENT_QUEUE) events is told
    /// how many it missed, and can read them with [`Engine::events_after`].
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Every message received from now on, each once, however slow its reader
    /// is.
    pub async fn follow(&self) -> Result<Follower, EngineError> {
        Follower::from_now(self.clone()).await
    }

    /// The same, beginning with what was received since the engine started.
    pub fn follow_from_start(&self) -> Follower {
        Follower::after(self.clone(), self.started_after())
    }

    /// The number of the newest event before the engine started.
    pub fn started_after(&self) -> u64 {
        self.wires.started_after
    }

    /// Ends everything: commits under way are finished, the store is closed.
    pub async fn shutdown(&self) {
        let (tell, told) = oneshot::channel();
        if self.order(Order::Shutdown { tell }).await.is_ok() {
            // An engine that is gone already is shut down.
            let _ended = told.await;
        }
    }

    async fn order(&self, order: Order) -> Result<(), EngineError> {
        self.orders.send(order).await.map_err(|_| EngineError::Stopped)
    }

    /// The links to an account; it has to run.
    pub(crate) fn running(&self, id: &AccountId) -> Result<AccountWires, EngineError> {
        self.is_online()?;
        self.wires.account(id).ok_or(EngineError::NoSuchAccount { id: *id })
    }
}
