//! The node pool, swarm memberships and poll schedule of one network.
//!
//! Hears [`GetSwarm`], [`LearnSwarm`], [`DoubtMember`], [`Watch`], [`Unwatch`],
//! [`PollDone`], [`DoubtPool`], [`ReportGone`], [`Spent`], [`ResolveName`],
//! [`InspectSwarm`], [`GetSwarmStatus`]. Says [`Post`] to seeds,
//! [`OnionRequest`] through the asker's own paths or those of the network's
//! class, [`SaveNodePool`], and tells Identity [`PollDue`]. Owns [`Bootstrap`],
//! [`Memberships`], [`PollSchedule`], [`Budget`] and the names resolved lately.
//!
//! | file | what |
//! |---|---|
//! | `pool` | the node pool, from seeds (`seed`) and nodes (`refresh`) |
//! | `members` | who holds an account's messages (`lookup`) |
//! | `names` | whose a name is |
//! | `turn` | requests that wait for their turn |
//! | `status` | how it all is |
//!
//! Polls under way are bounded; accounts whose poll is due wait their turn.

mod lookup;
mod members;
mod names;
mod pool;
mod refresh;
mod seed;
mod status;
#[cfg(test)]
mod tests;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use ramson_messages::events::EventBus;
use ramson_messages::identity::PollDue;
use ramson_messages::paths::OnionRequest;
use ramson_messages::storage::SaveNodePool;
#[cfg(doc)]
use ramson_messages::swarm::{
    DoubtMember, GetSwarm, GetSwarmStatus, InspectSwarm, LearnSwarm, ResolveName,
};
use ramson_messages::swarm::{DoubtPool, PollDone, ReportGone, Spent, Unwatch, Watch};
use ramson_messages::transport::Post;
use ramson_messages::{Clock, Entropy, Lifeline, Link, Publisher, Stop};
use ramson_protocol::names::NameCache;
use ramson_protocol::swarm::{
    Bootstrap, BootstrapConfig, Budget, BudgetConfig, Memberships, PollConfig, PollOutcome,
    PollSchedule,
};
use ramson_types::{AccountId, NodePool, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::Semaphore;

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
    /// To ask nodes about the network itself, over paths that no account uses.
    pub network: Link<OnionRequest>,
    /// To keep the node pool.
    pub save_pool: Link<SaveNodePool>,
    /// Where the node pool is published.
    pub pool: Publisher<Arc<NodePool>>,
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
    /// Whether an old pool is refreshed from its nodes.
    pub refresh: bool,
    /// Whether nodes that are asked together must be in different /24.
    pub subnet_diversity: bool,
    /// How often accounts are polled.
    pub poll: PollConfig,
    /// What the network may be asked for.
    pub budget: BudgetConfig,
}

/// The actor.
pub struct SwarmActor {
    seeds: Vec<SeedAddress>,
    bootstrap: Bootstrap,
    memberships: Memberships,
    schedule: PollSchedule,
    pollers: BTreeMap<AccountId, Link<PollDue>>,
    budget: Budget,
    turns: turn::Turns,
    /// Accounts that were told of a poll, whose request has its room already.
    admitted: BTreeSet<AccountId>,
    names: NameCache,
    resolving: usize,
    /// One record of the old form is opened at a time.
    opening: Arc<Semaphore>,
    refresh: bool,
    subnet_diversity: bool,
    ports: Ports,
    clock: Arc<dyn Clock>,
    rng: StdRng,
    last_pool_error: Option<String>,
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
            budget: Budget::new(config.budget, clock.steady()),
            turns: turn::Turns::default(),
            admitted: BTreeSet::new(),
            names: NameCache::default(),
            resolving: 0,
            opening: Arc::new(Semaphore::new(1)),
            refresh: config.refresh,
            subnet_diversity: config.subnet_diversity,
            ports,
            clock,
            rng: entropy.generator("swarm"),
            last_pool_error: None,
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
        self.fetch_pool(now, ctx);
        self.give_turns(now);
        let wait = self.next_look().map_or(LONGEST_TICK, |at| at.since(self.clock.steady()));
        let wait = wait.clamp(SHORTEST_TICK, LONGEST_TICK);
        self.tick = Some(ctx.run_later(wait, |actor, ctx| {
            actor.tick = None;
            actor.tick(ctx);
        }));
    }

    /// Lets requests and polls go whose turn it is.
    fn give_turns(&mut self, now: Timestamp) {
        // Without nodes every poll would fail and only lengthen its interval.
        let due = match self.bootstrap.pool() {
            Some(_) => {
                self.schedule.look(now, &mut self.rng);
                self.schedule.count_due(now, MAX_POLLS)
            }
            None => 0,
        };
        let granted = self.budget.grant(now, due);
        self.turns.give(granted.tickets);
        let limit = self.schedule.under_way().saturating_add(granted.polls).min(MAX_POLLS);
        if granted.polls > 0 {
            self.poll_due(now, limit);
        }
    }

    fn poll_due(&mut self, now: Timestamp, limit: usize) {
        for account in self.schedule.take_due(now, limit) {
            let told = self.pollers.get(&account).map(|poller| poller.tell(PollDue));
            if matches!(told, Some(Ok(()))) {
                self.admitted.insert(account);
            } else {
                // Its mailbox is full or it is being restarted: later.
                self.schedule.done(&account, PollOutcome::Failed, now, &mut self.rng);
            }
        }
    }

    fn next_look(&self) -> Option<Timestamp> {
        let has_pool = self.bootstrap.pool().is_some();
        // Polls that wait for their turn are due already.
        let polls = self.schedule.next_action(MAX_POLLS);
        let polls = polls.filter(|_| has_pool && !self.budget.polls_wait());
        [self.bootstrap.next_due(), polls, self.budget.next_grant()].into_iter().flatten().min()
    }

    /// A random source for work that outlives this call.
    fn fork_rng(&mut self) -> StdRng {
        StdRng::from_rng(&mut self.rng)
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

impl Handler<Watch> for SwarmActor {
    type Result = ();

    fn handle(&mut self, ask: Watch, ctx: &mut Context<Self>) {
        self.admitted.remove(&ask.account);
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
        self.admitted.remove(&ask.account);
        self.memberships.forget(&ask.account);
    }
}

impl Handler<PollDone> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: PollDone, ctx: &mut Context<Self>) {
        self.admitted.remove(&news.account);
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

impl Handler<ReportGone> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: ReportGone, ctx: &mut Context<Self>) {
        if self.bootstrap.pool().is_some_and(|pool| pool.get(&news.node).is_some()) {
            self.bootstrap.wish();
            self.tick(ctx);
        }
    }
}

impl Handler<Spent> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: Spent, _: &mut Context<Self>) {
        self.budget.spend(news.requests, self.clock.steady());
    }
}

impl Handler<Stop> for SwarmActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}
