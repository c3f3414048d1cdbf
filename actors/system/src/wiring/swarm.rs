//! The network's actor: node pool, memberships, poll schedule.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use actix::prelude::*;
use ramson_messages::identity::PollDue;
use ramson_messages::paths::{GetPathsStatus, OnionRequest};
use ramson_messages::storage::LoadNodePool;
use ramson_messages::swarm::{
    DoubtMember, DoubtPool, GetSwarm, GetSwarmStatus, InspectSwarm, LearnSwarm, PollDone,
    ReportGone, ResolveName, Spent, Unwatch, Watch,
};
use ramson_messages::{Lifeline, Link, Newest, Stop, newest};
use ramson_storage_actor::Storage;
use ramson_swarm_actor::{Ports, SwarmActor};
use ramson_types::{AccountId, NodePool};

use super::paths::{self, ClassPaths};
use super::shard::ShardLinks;
use super::{Basics, link};
use crate::arbiters::Place;
use crate::engine::{Activity, EngineConfig, EngineError};
use crate::guardian::{self, Guarded};

/// Links to the network's actor.
#[derive(Clone)]
pub(crate) struct SwarmLinks {
    pub(crate) get_swarm: Link<GetSwarm>,
    pub(crate) learn_swarm: Link<LearnSwarm>,
    pub(crate) doubt_member: Link<DoubtMember>,
    watch: Link<Watch>,
    unwatch: Link<Unwatch>,
    pub(crate) poll_done: Link<PollDone>,
    pub(crate) doubt: Link<DoubtPool>,
    pub(crate) gone: Link<ReportGone>,
    pub(crate) spent: Link<Spent>,
    pub(crate) resolve: Link<ResolveName>,
    pub(crate) inspect: Link<InspectSwarm>,
    pub(crate) status: Link<GetSwarmStatus>,
    stop: Link<Stop>,
}

impl SwarmLinks {
    fn new() -> Self {
        const TO: &str = "swarm";
        Self {
            get_swarm: Link::new(TO),
            learn_swarm: Link::new(TO),
            doubt_member: Link::new(TO),
            watch: Link::new(TO),
            unwatch: Link::new(TO),
            poll_done: Link::new(TO),
            doubt: Link::new(TO),
            gone: Link::new(TO),
            spent: Link::new(TO),
            resolve: Link::new(TO),
            inspect: Link::new(TO),
            status: Link::new(TO),
            stop: Link::new(TO),
        }
    }

    fn point_at(&self, actor: &Addr<SwarmActor>) {
        self.get_swarm.point_at(actor);
        self.learn_swarm.point_at(actor);
        self.doubt_member.point_at(actor);
        self.watch.point_at(actor);
        self.unwatch.point_at(actor);
        self.poll_done.point_at(actor);
        self.doubt.point_at(actor);
        self.gone.point_at(actor);
        self.spent.point_at(actor);
        self.resolve.point_at(actor);
        self.inspect.point_at(actor);
        self.status.point_at(actor);
        self.stop.point_at(actor);
    }
}

/// Who is polled; a restarted actor is told all of them again.
type Watched = Rc<RefCell<BTreeMap<AccountId, Link<PollDue>>>>;

/// The network's actor, guarded, the node pool it publishes, and the paths for
/// what is asked about the network itself.
pub(crate) struct Swarm {
    pub(crate) links: SwarmLinks,
    pub(crate) pool: Newest<Arc<NodePool>>,
    watched: Watched,
    guarded: Guarded,
    /// Missing in an engine that stays off the network.
    own_paths: Option<ClassPaths>,
}

impl Swarm {
    /// Polls an account from now on, or anew when it was started again.
    pub(crate) fn watch(&self) -> impl Fn(AccountId, Link<PollDue>) + Clone + 'static {
        let (watched, links) = (self.watched.clone(), self.links.clone());
        move |account, poll: Link<PollDue>| {
            watched.borrow_mut().insert(account, poll.clone());
            let told = links.watch.ask(Watch { account, poll });
            // An actor that is down learns of all accounts when it starts.
            tokio::task::spawn_local(async move { drop(told.await) });
        }
    }

    /// Polls an account no longer.
    pub(crate) async fn unwatch(&self, account: AccountId) {
        self.watched.borrow_mut().remove(&account);
        drop(self.links.unwatch.ask(Unwatch { account }).await);
    }

    /// To see the network's own paths.
    pub(crate) fn own_paths(&self) -> Option<Link<GetPathsStatus>> {
        self.own_paths.as_ref().map(|paths| paths.status.clone())
    }

    pub(crate) async fn stop(self) {
        drop(self.guarded);
        // An actor that is not running is stopped.
        drop(self.links.stop.ask(Stop).await);
        if let Some(paths) = self.own_paths {
            paths.stop().await;
        }
    }
}

pub(crate) async fn start(
    config: &EngineConfig,
    basics: &Basics,
    storage: &Addr<Storage>,
    shard: ShardLinks,
    place: Place,
) -> Result<Swarm, EngineError> {
    let (publish, pool) = newest(Arc::new(NodePool::default()));
    let network_onion = Link::<OnionRequest>::new(paths::TO);
    let ports = Ports {
        post: shard.post.clone(),
        network: network_onion.clone(),
        save_pool: link("storage", storage),
        pool: publish,
        events: basics.events.clone(),
    };
    let load = link::<LoadNodePool, _>("storage", storage);
    let links = SwarmLinks::new();
    let watched = Watched::default();
    let mut network = config.network.swarm.clone();
    let offline = config.activity == Activity::Offline;
    if offline {
        // Without anybody to ask and an account to poll it stays silent.
        network.seeds.clear();
        network.refresh = false;
    }
    let (parts, lead, own_place) = (basics.clone(), links.clone(), place.clone());
    let again = watched.clone();
    let start = move || {
        let (network, parts, ports) = (network.clone(), parts.clone(), ports.clone());
        let (load, lead, again) = (load.clone(), lead.clone(), again.clone());
        let place = place.clone();
        async move {
            let loaded = load.ask(LoadNodePool).await.map_err(|error| error.to_string())?;
            // An unreadable pool is fetched anew.
            let cached = loaded.unwrap_or_else(|error| {
                tracing::warn!(%error, "the node pool kept last is not readable");
                None
            });
            let (lifeline, end) = Lifeline::new();
            let (clock, entropy) = (parts.clock, parts.entropy);
            let actor = place.start(move |_| {
                SwarmActor::new(network, cached, ports, clock, &*entropy, lifeline)
            });
            lead.point_at(&actor);
            let accounts = again.borrow().clone();
            for (account, poll) in accounts {
                lead.watch.ask(Watch { account, poll }).await.map_err(|e| e.to_string())?;
            }
            Ok(end)
        }
    };
    let (events, clock) = (basics.events.clone(), basics.clock.clone());
    let guarded = guardian::guard("swarm".to_owned(), events, clock, start)
        .await
        .map_err(|reason| EngineError::Start { reason })?;
    let mut swarm = Swarm { links, pool, watched, guarded, own_paths: None };
    if !offline {
        let onion = network_onion;
        let own =
            paths::start_network(onion, config, basics, storage, &swarm, &shard, own_place).await?;
        swarm.own_paths = Some(own);
    }
    Ok(swarm)
}
