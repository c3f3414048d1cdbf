//! The node pool, swarm memberships and poll schedule of one network.
//!
//! Hears [`GetSwarm`], [`LearnSwarm`], [`DoubtMember`], [`Watch`], [`Unwatch`],
//! [`PollDone`], [`DoubtPool`]. Says [`Post`] to seeds, `OnionRequest` through
//! the asker's own paths, [`SaveNodePool`], and tells Identity
//! [`PollDue`]. Owns [`Bootstrap`],
//! [`Memberships`] and [`PollSchedule`].
//!
//! Polls under way are bounded; accounts whose poll is due wait their turn.

mod lookup;
mod seed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use ramson_messages::events::{EngineEvent, Event, EventBus};
use ramson_messages::identity::PollDue;
use ramson_messages::storage::SaveNodePool;
use ramson_messages::swarm::{
    DoubtMember, DoubtPool, GetSwarm, LearnSwarm, PollDone, SwarmError, SwarmView, Unwatch, Watch,
};
use ramson_messages::transport::Post;
use ramson_messages::{Clock, Entropy, Lifeline, Link, Stop};
use ramson_protocol::swarm::{
    Bootstrap, BootstrapConfig, Memberships, PollConfig, PollOutcome, PollSchedule, PoolNews,
};
use ramson_types::{AccountId, NodePool, ServiceNode, Timestamp};
use rand::rngs::StdRng;
use tokio::sync::watch;

pub use seed::SeedAddress;

/// Polls under way at the same time.
const MAX_POLLS: usize = 64;

/// How often the schedule is looked at, at most.
const SHORTEST_TICK: Duration = Duration::from_millis(20);

/// How often it is looked at, at least.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// Where the actor's messages go.
#[derive(Clone)]
pub struct Ports {
    /// To ask seeds.
    pub post: Link<Post>,
    /// To keep the node pool.
    pub save_pool: Link<SaveNodePool>,
    /// Where the node pool is published.
    pub pool: watch::Sender<Arc<NodePool>>,
    /// To tell how the pool comes about.
    pub events: EventBus,
}

/// What the actor needs to know of its network.
#[derive(Debug, Clone)]
pub struct SwarmConfig {
    /// Its seeds.
    pub seeds: Vec<SeedAddress>,
    /// The smallest node pool worth using.
    pub min_pool: usize,
    /// How often accounts are polled.
    pub poll: PollConfig,
}

/// The actor.
pub struct SwarmActor {
    seeds: Vec<SeedAddress>,
    bootstrap: Bootstrap,
    memberships: Memberships,
    schedule: PollSchedule,
    pollers: BTreeMap<AccountId, Link<PollDue>>,
    ports: Ports,
    clock: Arc<dyn Clock>,
    rng: StdRng,
    last_seed_error: Option<String>,
    tick: Option<SpawnHandle>,
    _lifeline: Lifeline,
}

impl SwarmActor {
    /// The actor of a network, with the node pool kept last.
    pub fn new(
        config: SwarmConfig,
        cached: Option<(NodePool, Timestamp)>,
        ports: Ports,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
        lifeline: Lifeline,
    ) -> Self {
        let bootstrap = BootstrapConfig { seeds: config.seeds.len(), min_pool: config.min_pool };
        Self {
            seeds: config.seeds,
            bootstrap: Bootstrap::new(bootstrap, cached, clock.steady()),
            memberships: Memberships::default(),
            schedule: PollSchedule::new(config.poll),
            pollers: BTreeMap::new(),
            ports,
            clock,
            rng: entropy.generator("swarm"),
            last_seed_error: None,
            tick: None,
            _lifeline: lifeline,
        }
    }

    /// Does what is due, and sets the time of the next look.
    fn tick(&mut self, ctx: &mut Context<Self>) {
        if let Some(tick) = self.tick.take() {
            ctx.cancel_future(tick);
        }
        let now = self.clock.steady();
        if let Some(seed) = self.bootstrap.due(now, &mut self.rng) {
            self.ask_seed(seed, ctx);
        }
        // Without nodes every poll would fail and only lengthen its interval.
        if self.bootstrap.pool().is_some() {
            self.poll_due(now);
        }
        let next =
            [self.bootstrap.next_due(), self.schedule.next_due()].into_iter().flatten().min();
        let wait = next.map_or(LONGEST_TICK, |at| at.since(self.clock.steady()));
        let wait = wait.clamp(SHORTEST_TICK, LONGEST_TICK);
        self.tick = Some(ctx.run_later(wait, |actor, ctx| {
            actor.tick = None;
            actor.tick(ctx);
        }));
    }

    fn poll_due(&mut self, now: Timestamp) {
        for account in self.schedule.take_due(now, MAX_POLLS) {
            let told = self.pollers.get(&account).map(|poller| poller.tell(PollDue));
            if !matches!(told, Some(Ok(()))) {
                // Its mailbox is full or it is being restarted: later.
                self.schedule.done(&account, PollOutcome::Failed, now, &mut self.rng);
            }
        }
    }

    fn ask_seed(&mut self, index: usize, ctx: &mut Context<Self>) {
        let Some(seed) = self.seeds.get(index).cloned() else { return };
        let post = self.ports.post.clone();
        let ask = async move { seed::ask(&post, &seed).await };
        ctx.spawn(ask.into_actor(self).map(move |nodes, actor, ctx| {
            let now = actor.clock.steady();
            match actor.bootstrap.answered(index, nodes, now) {
                PoolNews::New(pool) => actor.take_pool(pool, ctx),
                PoolNews::Kept(why) | PoolNews::None(why) => {
                    let seed = actor.seeds.get(index).map(ToString::to_string).unwrap_or_default();
                    let reason = why.to_string();
                    actor.last_seed_error = Some(format!("{seed}: {reason}"));
                    let event = EngineEvent::SeedFailed { seed, reason };
                    actor.ports.events.publish(Event::Engine(event));
                }
            }
            actor.tick(ctx);
        }));
    }

    fn take_pool(&mut self, pool: Arc<NodePool>, ctx: &mut Context<Self>) {
        self.last_seed_error = None;
        if *self.ports.pool.borrow() == pool {
            return;
        }
        let save =
            self.ports.save_pool.ask(SaveNodePool { pool: (*pool).clone(), at: self.clock.now() });
        // A pool that is not kept is fetched again at the next start.
        ctx.spawn(async move { drop(save.await) }.into_actor(self));
        self.publish_pool(pool);
    }

    fn view(&self, members: &[ServiceNode]) -> SwarmView {
        SwarmView {
            ask: self.memberships.trusted(members, self.clock.steady()),
            members: members.iter().map(|member| member.ed25519).collect(),
        }
    }

    fn publish_pool(&self, pool: Arc<NodePool>) {
        let nodes = pool.len();
        self.ports.pool.send_replace(pool);
        self.ports.events.publish(Event::Engine(EngineEvent::PoolReady { nodes }));
    }
}

impl Actor for SwarmActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(pool) = self.bootstrap.pool().cloned() {
            self.publish_pool(pool);
        }
        self.tick(ctx);
    }
}

impl Handler<GetSwarm> for SwarmActor {
    type Result = ResponseActFuture<Self, Result<SwarmView, SwarmError>>;

    fn handle(&mut self, ask: GetSwarm, _: &mut Context<Self>) -> Self::Result {
        let known = self.memberships.members(&ask.account);
        if !known.is_empty() {
            return Box::pin(actix::fut::ready(Ok(self.view(known))));
        }
        let Some(pool) = self.bootstrap.pool() else {
            let last_seed_error = self.last_seed_error.clone();
            return Box::pin(actix::fut::ready(Err(SwarmError::NoPool { last_seed_error })));
        };
        let account = ask.account;
        let nodes = lookup::pick_nodes(pool, &mut self.rng);
        let (lookup_pool, via) = (pool.clone(), ask.via);
        let lookup = async move { lookup::ask(account, nodes, &lookup_pool, &via).await };
        Box::pin(lookup.into_actor(self).map(move |found, actor, _| {
            let members = found?;
            let view = actor.view(&members);
            actor.memberships.learn(account, members);
            Ok(view)
        }))
    }
}

impl Handler<LearnSwarm> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: LearnSwarm, ctx: &mut Context<Self>) {
        let Some(pool) = self.bootstrap.pool() else { return };
        let members = lookup::known_nodes(news.members, pool);
        if members.is_empty() {
            // The network has changed, or the node lies: the seeds know.
            self.memberships.forget(&news.account);
            self.bootstrap.doubt();
            self.tick(ctx);
            return;
        }
        self.memberships.learn(news.account, members);
    }
}

impl Handler<DoubtMember> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: DoubtMember, _: &mut Context<Self>) {
        if news.gone {
            self.memberships.drop_member(&news.account, &news.node);
        } else {
            self.memberships.doubt(news.node, self.clock.steady());
        }
    }
}

impl Handler<Watch> for SwarmActor {
    type Result = ();

    fn handle(&mut self, ask: Watch, ctx: &mut Context<Self>) {
        self.schedule.watch(ask.account, self.clock.steady(), &mut self.rng);
        self.pollers.insert(ask.account, ask.poll);
        self.tick(ctx);
    }
}

impl Handler<Unwatch> for SwarmActor {
    type Result = ();

    fn handle(&mut self, ask: Unwatch, _: &mut Context<Self>) {
        self.schedule.unwatch(&ask.account);
        self.pollers.remove(&ask.account);
        self.memberships.forget(&ask.account);
    }
}

impl Handler<PollDone> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: PollDone, ctx: &mut Context<Self>) {
        self.schedule.done(&news.account, news.outcome, self.clock.steady(), &mut self.rng);
        self.tick(ctx);
    }
}

impl Handler<DoubtPool> for SwarmActor {
    type Result = ();

    fn handle(&mut self, _: DoubtPool, ctx: &mut Context<Self>) {
        self.bootstrap.doubt();
        self.tick(ctx);
    }
}

impl Handler<Stop> for SwarmActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
