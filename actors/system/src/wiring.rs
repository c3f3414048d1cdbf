//! Starts the actors and joins them by links. Everything here runs on the
//! engine's own thread, which takes [`Order`]s until the last one.

mod account;
mod paths;
mod shard;
mod swarm;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::prelude::*;
use arc_swap::ArcSwap;
use ramson_crypto::{AccountKeys, Seed};
use ramson_messages::events::{EngineEvent, Event, EventBus};
use ramson_messages::identity::{
    Carry, CarryAll, GetAccountStatus, GetProfile, GetSending, PollNow,
};
use ramson_messages::paths::{GetPathsStatus, OnionRequest, ReadyPaths};
use ramson_messages::storage::{
    AccountSummary, AddAccount, GetMessage, GetPluginCursor, GetPluginData, KeepForPlugins,
    LastEvent, LedgerIsOn, ListAccounts, ListConversations, ListMessages, ListPluginData,
    LoadAccount, OldestEvent, ReadEvents, ReadLedger, RemoveAccount, SaveGuards, SetLedger,
    Shutdown, Sweep,
};
use ramson_messages::transport::IsolationClass;
use ramson_messages::{Clock, Entropy, Link};
use ramson_storage_actor::{HomeFiles, Storage, Store, StoreHandle};
use ramson_transport_actor::Dial;
use ramson_types::{AccountId, Timestamp};
use tokio::sync::{mpsc, oneshot};

use crate::arbiters::{Place, Shards};
use crate::engine::{Activity, EngineConfig, EngineError, Isolation};
use crate::guardian::Guarded;

/// Orders that may wait for the engine's thread; the next one waits for room.
const ORDERS: usize = 64;

/// The first time that the store is swept, after the start.
const SWEEP_AFTER: std::time::Duration = std::time::Duration::from_secs(10 * 60);

/// How often what is past its time is swept from the store.
const SWEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(60 * 60);

/// The class of all accounts together, where they share one.
const SHARED: IsolationClass = IsolationClass(u64::MAX);

/// What changes the set of actors.
pub(crate) enum Order {
    /// Adds an account and starts it.
    AddAccount {
        seed: Seed,
        name: Option<String>,
        restored: bool,
        at: Timestamp,
        tell: oneshot::Sender<Result<AccountSummary, EngineError>>,
    },
    /// Stops an account and removes it.
    RemoveAccount { account: u32, id: AccountId, tell: oneshot::Sender<Result<(), EngineError>> },
    /// Ends the engine.
    Shutdown { tell: oneshot::Sender<()> },
}

/// Links for the engine's users.
#[derive(Clone)]
pub(crate) struct Wires {
    /// The newest event of the engines before this one.
    pub(crate) started_after: u64,
    pub(crate) list_accounts: Link<ListAccounts>,
    pub(crate) load_account: Link<LoadAccount>,
    pub(crate) list_conversations: Link<ListConversations>,
    pub(crate) list_messages: Link<ListMessages>,
    pub(crate) get_message: Link<GetMessage>,
    pub(crate) read_ledger: Link<ReadLedger>,
    pub(crate) set_ledger: Link<SetLedger>,
    pub(crate) ledger_is_on: Link<LedgerIsOn>,
    pub(crate) last_event: Link<LastEvent>,
    pub(crate) read_events: Link<ReadEvents>,
    pub(crate) plugins: PluginLinks,
    pub(crate) swarm: swarm::SwarmLinks,
    /// Missing in an engine that stays off the network.
    pub(crate) network_paths: Option<Link<GetPathsStatus>>,
    accounts: Arc<ArcSwap<BTreeMap<AccountId, AccountWires>>>,
}

/// Links to what the store keeps for plugins.
#[derive(Clone)]
pub(crate) struct PluginLinks {
    pub(crate) keep: Link<KeepForPlugins>,
    pub(crate) cursor: Link<GetPluginCursor>,
    pub(crate) data: Link<GetPluginData>,
    pub(crate) list: Link<ListPluginData>,
    pub(crate) oldest_event: Link<OldestEvent>,
}

/// Links to one account.
#[derive(Clone)]
pub(crate) struct AccountWires {
    pub(crate) number: u32,
    pub(crate) carry: Link<Carry>,
    pub(crate) carry_all: Link<CarryAll>,
    pub(crate) profile: Link<GetProfile>,
    pub(crate) sending: Link<GetSending>,
    pub(crate) poll_now: Link<PollNow>,
    pub(crate) ready_paths: Link<ReadyPaths>,
    pub(crate) onion: Link<OnionRequest>,
    pub(crate) paths_status: Link<GetPathsStatus>,
    pub(crate) status: Link<GetAccountStatus>,
    #[cfg(feature = "chaos")]
    pub(crate) panic: Link<ramson_messages::Panic>,
}

impl Wires {
    /// The links to an account that runs.
    pub(crate) fn account(&self, id: &AccountId) -> Option<AccountWires> {
        self.accounts.load().get(id).cloned()
    }

    /// The same, by its number.
    pub(crate) fn account_number(&self, number: u32) -> Option<AccountWires> {
        self.accounts.load().values().find(|wires| wires.number == number).cloned()
    }

    /// The links to all accounts that run.
    pub(crate) fn accounts(&self) -> BTreeMap<AccountId, AccountWires> {
        BTreeMap::clone(&self.accounts.load())
    }

    fn set_account(&self, id: AccountId, wires: Option<AccountWires>) {
        let mut accounts = BTreeMap::clone(&self.accounts.load());
        match wires {
            Some(wires) => accounts.insert(id, wires),
            None => accounts.remove(&id),
        };
        self.accounts.store(Arc::new(accounts));
    }
}

/// What every actor is made with.
#[derive(Clone)]
pub(crate) struct Basics {
    pub(crate) events: EventBus,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) dial: Arc<dyn Dial>,
}

/// Starts the engine's thread; returns when every account runs.
pub(crate) async fn start(
    config: EngineConfig,
    basics: Basics,
) -> Result<(Wires, mpsc::Sender<Order>), EngineError> {
    let (orders, inbox) = mpsc::channel(ORDERS);
    let (tell, told) = oneshot::channel();
    let failed = |reason: String| EngineError::Start { reason };
    std::thread::Builder::new()
        .name("ramson-engine".to_owned())
        .spawn(move || run(config, basics, inbox, tell))
        .map_err(|error| failed(error.to_string()))?;
    let wires = told.await.map_err(|_| failed("its thread ended".to_owned()))??;
    Ok((wires, orders))
}

fn run(
    config: EngineConfig,
    basics: Basics,
    orders: mpsc::Receiver<Order>,
    tell: oneshot::Sender<Result<Wires, EngineError>>,
) {
    let system = System::new();
    let ended = system.block_on(async move {
        let (house, wires) = match House::with_threads(config, basics).await {
            Ok(built) => built,
            Err(error) => {
                // Who started the engine may have given up.
                drop(tell.send(Err(error)));
                return None;
            }
        };
        drop(tell.send(Ok(wires)));
        house.live(orders).await
    });
    // Told last: then the store's file is closed and may be opened again.
    if let Some(ended) = ended {
        // Who ordered it may have given up waiting.
        let _told = ended.send(());
    }
}

/// Starts the engine in the current `LocalSet`; returns when every account
/// runs.
pub(crate) async fn start_here(
    config: EngineConfig,
    basics: Basics,
    store: Store,
) -> Result<(Wires, mpsc::Sender<Order>), EngineError> {
    let (orders, inbox) = mpsc::channel(ORDERS);
    store.bind_network(&config.network.name)?;
    let (house, wires) =
        House::build(config, basics, StoreHandle::inline(store), Shards::Here).await?;
    tokio::task::spawn_local(async move {
        if let Some(ended) = house.live(inbox).await {
            // Who ordered it may have given up waiting.
            let _told = ended.send(());
        }
    });
    Ok((wires, orders))
}

/// All that runs.
struct House {
    config: EngineConfig,
    basics: Basics,
    wires: Wires,
    shards: Shards,
    shard_links: Vec<shard::ShardLinks>,
    shard_guards: Vec<Guarded>,
    swarm: swarm::Swarm,
    storage: Addr<Storage>,
    accounts: BTreeMap<u32, account::Household>,
    shared_paths: Option<paths::ClassPaths>,
}

impl House {
    async fn with_threads(
        config: EngineConfig,
        basics: Basics,
    ) -> Result<(Self, Wires), EngineError> {
        let store =
            HomeFiles::in_folder(&config.home).open_or_create(basics.entropy.generator("store"))?;
        store.bind_network(&config.network.name)?;
        let handle = StoreHandle::threads(store)
            .map_err(|error| EngineError::Start { reason: error.to_string() })?;
        let shards = Shards::threads(config.shards);
        Self::build(config, basics, handle, shards).await
    }

    async fn build(
        config: EngineConfig,
        basics: Basics,
        store: StoreHandle,
        shards: Shards,
    ) -> Result<(Self, Wires), EngineError> {
        let storage = Storage::new(store.clone()).start();
        let (links, shard_guards) = shard::start_all(&shards, &basics, &store).await?;
        let first = links.first().cloned().zip(shards.places().into_iter().next());
        let (first, place) = first.ok_or_else(|| EngineError::Start {
            reason: "there is no thread to run accounts on".to_owned(),
        })?;
        // Beside accounts, because every poll and delivery asks it something.
        let swarm = swarm::start(&config, &basics, &storage, first, place).await?;
        // Before any account runs: whoever follows from here misses nothing.
        let started_after = link("storage", &storage).ask(LastEvent).await??;
        let wires = Wires {
            started_after,
            list_accounts: link("storage", &storage),
            load_account: link("storage", &storage),
            list_conversations: link("storage", &storage),
            list_messages: link("storage", &storage),
            get_message: link("storage", &storage),
            read_ledger: link("storage", &storage),
            set_ledger: link("storage", &storage),
            ledger_is_on: link("storage", &storage),
            last_event: link("storage", &storage),
            read_events: link("storage", &storage),
            plugins: PluginLinks {
                keep: link("storage", &storage),
                cursor: link("storage", &storage),
                data: link("storage", &storage),
                list: link("storage", &storage),
                oldest_event: link("storage", &storage),
            },
            swarm: swarm.links.clone(),
            network_paths: swarm.own_paths(),
            accounts: Arc::default(),
        };
        let mut house = Self {
            config,
            basics,
            wires: wires.clone(),
            shards,
            shard_links: links,
            shard_guards,
            swarm,
            storage,
            accounts: BTreeMap::new(),
            shared_paths: None,
        };
        for summary in house.wires.list_accounts.ask(ListAccounts).await?? {
            house.start_account(summary.number, summary.id).await?;
        }
        Ok((house, wires))
    }

    /// Carries out orders until the last one; who ordered the end is told by
    /// the caller.
    async fn live(mut self, mut orders: mpsc::Receiver<Order>) -> Option<oneshot::Sender<()>> {
        // Not at once: a clock that is set at the start would take too much.
        let first = tokio::time::Instant::now() + SWEEP_AFTER;
        let mut sweep = tokio::time::interval_at(first, SWEEP_EVERY);
        let ended = loop {
            let order = tokio::select! {
                biased;
                order = orders.recv() => order,
                _ = sweep.tick() => {
                    self.sweep();
                    continue;
                }
            };
            match order {
                Some(Order::AddAccount { seed, name, restored, at, tell }) => {
                    let id = AccountKeys::new(&seed).account_id();
                    let add = AddAccount { id, seed, name, restored, at };
                    drop(tell.send(self.add_account(add).await));
                }
                Some(Order::RemoveAccount { account, id, tell }) => {
                    drop(tell.send(self.remove_account(account, id).await));
                }
                Some(Order::Shutdown { tell }) => break Some(tell),
                // The last handle is gone.
                None => break None,
            }
        };
        self.close().await;
        ended
    }

    async fn start_account(&mut self, number: u32, id: AccountId) -> Result<(), EngineError> {
        if self.config.activity == Activity::Offline {
            return Ok(());
        }
        let places = self.shards.places();
        let shard = usize::try_from(number).unwrap_or(0) % places.len().max(1);
        let (Some(shard), Some(place)) = (self.shard_links.get(shard), places.get(shard)) else {
            return Err(EngineError::Start { reason: format!("there is no shard {shard}") });
        };
        let (shard, place) = (shard.clone(), place.clone());
        let residence = match self.config.isolation {
            Isolation::PerAccount => {
                let own = self.start_paths(class_of(number), &shard, &place).await?;
                let (onion, ready_paths) = (own.onion.clone(), own.ready.clone());
                let (paths_status, own_paths) = (own.status.clone(), Some(own));
                account::Residence { place, shard, onion, ready_paths, paths_status, own_paths }
            }
            Isolation::Shared => {
                if self.shared_paths.is_none() {
                    let shared = self.start_paths(SHARED, &shard, &place).await?;
                    self.shared_paths = Some(shared);
                }
                let Some(shared) = &self.shared_paths else {
                    return Err(EngineError::Start { reason: "there are no paths".to_owned() });
                };
                let (onion, ready_paths) = (shared.onion.clone(), shared.ready.clone());
                let (paths_status, own_paths) = (shared.status.clone(), None);
                account::Residence { place, shard, onion, ready_paths, paths_status, own_paths }
            }
        };
        let poll = self.config.activity == Activity::Polling;
        let basics = &self.basics;
        let started =
            account::start(number, id, poll, basics, &self.storage, &self.swarm, residence).await?;
        self.accounts.insert(number, started.0);
        self.wires.set_account(id, Some(started.1));
        Ok(())
    }

    async fn start_paths(
        &self,
        class: IsolationClass,
        shard: &shard::ShardLinks,
        place: &Place,
    ) -> Result<paths::ClassPaths, EngineError> {
        let (config, basics) = (&self.config, &self.basics);
        let place = place.clone();
        paths::start(class, config, basics, &self.storage, &self.swarm, shard, place).await
    }

    async fn add_account(&mut self, add: AddAccount) -> Result<AccountSummary, EngineError> {
        let (id, name) = (add.id, add.name.clone());
        let number = link("storage", &self.storage).ask(add).await??;
        self.start_account(number, id).await?;
        self.basics.events.publish(Event::Engine(EngineEvent::AccountAdded { account: id }));
        Ok(AccountSummary { number, id, name })
    }

    async fn remove_account(&mut self, number: u32, id: AccountId) -> Result<(), EngineError> {
        self.wires.set_account(id, None);
        if let Some(household) = self.accounts.remove(&number) {
            household.stop(&self.swarm).await;
        }
        let remove = RemoveAccount { account: number };
        if let Err(error) = link("storage", &self.storage).ask(remove).await? {
            // It is still there, so it goes on.
            self.start_account(number, id).await?;
            return Err(error.into());
        }
        self.basics.events.publish(Event::Engine(EngineEvent::AccountRemoved { account: id }));
        let (class, guards) = (class_of(number), Vec::new());
        Ok(link("storage", &self.storage).ask(SaveGuards { class, guards }).await??)
    }

    fn sweep(&self) {
        let sweep = link("storage", &self.storage).ask(Sweep { now: self.basics.clock.now() });
        tokio::task::spawn_local(async move {
            if let Ok(Err(error)) = sweep.await {
                tracing::warn!(%error, "the store could not be swept; it will be tried again");
            }
        });
    }

    async fn close(self) {
        for household in self.accounts.into_values() {
            household.stop(&self.swarm).await;
        }
        if let Some(paths) = self.shared_paths {
            paths.stop().await;
        }
        self.swarm.stop().await;
        if let Ok(Err(error)) = link("storage", &self.storage).ask(Shutdown).await {
            tracing::warn!(%error, "the store was not closed cleanly; it will be recovered");
        }
        drop(self.shard_guards);
        self.shards.stop();
    }
}

/// The class of an account that shares nothing; 0 is the network's own.
fn class_of(account: u32) -> IsolationClass {
    IsolationClass(u64::from(account).saturating_add(1))
}

/// A link to an actor that is never replaced.
pub(crate) fn link<M, A>(to: &'static str, actor: &Addr<A>) -> Link<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
    A: Actor + Handler<M>,
    A::Context: actix::dev::ToEnvelope<A, M>,
{
    let link = Link::new(to);
    link.point_at(actor);
    link
}
