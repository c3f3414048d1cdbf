//! The network's actor: node pool, memberships, poll schedule.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use actix::prelude::*;
use ramson_messages::identity::PollDue;
use ramson_messages::storage::LoadNodePool;
use ramson_messages::swarm::{
    DoubtMember, DoubtPool, GetSwarm, LearnSwarm, PollDone, Unwatch, Watch,
};
use ramson_messages::transport::Post;
use ramson_messages::{Lifeline, Link, Stop};
use ramson_storage_actor::Storage;
use ramson_swarm_actor::{Ports, SwarmActor};
use ramson_types::{AccountId, NodePool};
use tokio::sync::watch;

use super::{Basics, link};
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
        self.stop.point_at(actor);
    }
}

/// Who is polled; a restarted actor is told all of them again.
type Watched = Rc<RefCell<BTreeMap<AccountId, Link<PollDue>>>>;

/// The network's actor, guarded, and the node pool it publishes.
pub(crate) struct Swarm {
    pub(crate) links: SwarmLinks,
    pub(crate) pool: watch::Receiver<Arc<NodePool>>,
    watched: Watched,
    guarded: Guarded,
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

    pub(crate) async fn stop(self) {
        drop(self.guarded);
        // An actor that is not running is stopped.
        drop(self.links.stop.ask(Stop).await);
    }
}

pub(crate) async fn start(
    config: &EngineConfig,
    basics: &Basics,
    storage: &Addr<Storage>,
    post: Link<Post>,
    arbiter: ArbiterHandle,
) -> Result<Swarm, EngineError> {
    let (publish, pool) = watch::channel(Arc::new(NodePool::default()));
    let ports = Ports {
        post,
        save_pool: link("storage", storage),
        pool: publish,
        events: basics.events.clone(),
    };
    let load = link::<LoadNodePool, _>("storage", storage);
    let links = SwarmLinks::new();
    let watched = Watched::default();
    let mut network = config.network.swarm.clone();
    if config.activity == Activity::Offline {
        // Without a seed to ask and an account to poll it stays silent.
        network.seeds.clear();
    }
    let (parts, lead) = (basics.clone(), links.clone());
    let again = watched.clone();
    let start = move || {
        let (network, parts, ports) = (network.clone(), parts.clone(), ports.clone());
        let (load, lead, again) = (load.clone(), lead.clone(), again.clone());
        let arbiter = arbiter.clone();
        async move {
            let loaded = load.ask(LoadNodePool).await.map_err(|error| error.to_string())?;
            // An unreadable pool is fetched anew.
            let cached = loaded.unwrap_or_else(|error| {
                tracing::warn!(%error, "the node pool kept last is not readable");
                None
            });
            let (lifeline, end) = Lifeline::new();
            let (clock, entropy) = (parts.clock, parts.entropy);
            let actor = SwarmActor::start_in_arbiter(&arbiter, move |_| {
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
    Ok(Swarm { links, pool, watched, guarded })
}
