//! The schedule of a client's network, as the actor of a network has it; the
//! node pool is in `pool`, swarms are in `members`, names in `names`, turns in
//! `turn`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ramson_messages::Clock as _;
use ramson_protocol::names::NameCache;
use ramson_protocol::swarm::{
    Bootstrap, BootstrapConfig, Budget, BudgetConfig, Memberships, PollConfig, PollOutcome,
    PollSchedule,
};
use ramson_types::{Ed25519PublicKey, NodePool, Timestamp};

use super::clock::Reading;
use super::engine::Engine;
use super::turn::Turns;
use crate::world::plan::Plan;
use crate::world::queue::TaskId;

/// How often the schedule is looked at, at most.
const SHORTEST_TICK: Duration = Duration::from_millis(20);

/// How often it is looked at, at least.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// Polls under way at the same time.
const MAX_POLLS: usize = 64;

/// The machines, and when they are looked at next.
pub(crate) struct SwarmRoom {
    pub(super) bootstrap: Bootstrap,
    pub(super) memberships: Memberships,
    pub(super) names: NameCache,
    schedule: PollSchedule,
    pub(super) budget: Budget,
    pub(super) turns: Turns,
    /// A poll is due whose first request has its turn already.
    pub(super) admitted: bool,
    pub(super) published: Arc<NodePool>,
    pub(super) last_pool_error: Option<String>,
    tick: Option<TaskId>,
}

impl SwarmRoom {
    pub(crate) fn new(plan: &Plan, cached: Option<(NodePool, Timestamp)>, clock: &Reading) -> Self {
        let config = BootstrapConfig { seeds: plan.seeds, min_pool: 4 };
        let now = clock.steady();
        Self {
            bootstrap: Bootstrap::new(config, cached, now),
            memberships: Memberships::default(),
            names: NameCache::default(),
            schedule: PollSchedule::new(PollConfig::default()),
            budget: Budget::new(BudgetConfig { per_second: plan.budget }, now),
            turns: Turns::default(),
            admitted: false,
            published: Arc::default(),
            last_pool_error: None,
            tick: None,
        }
    }

    pub(crate) fn pool_len(&self) -> usize {
        self.published.len()
    }

    fn next_look(&self) -> Option<Timestamp> {
        let has_pool = self.bootstrap.pool().is_some();
        // Polls that wait for their turn are due already.
        let polls = self.schedule.next_action(MAX_POLLS);
        let polls = polls.filter(|_| has_pool && !self.budget.polls_wait());
        [self.bootstrap.next_due(), polls, self.budget.next_grant()].into_iter().flatten().min()
    }
}

impl Engine {
    pub(super) fn start_swarm(self: &Rc<Self>) {
        let pool = self.swarm.borrow().bootstrap.pool().cloned();
        if let Some(pool) = pool {
            self.publish_pool(pool);
        }
        let (me, now) = (self.id(), self.steady());
        self.swarm.borrow_mut().schedule.watch(me, now, &mut *self.rng.borrow_mut());
        self.tick();
    }

    /// Does what is due, and sets the time of the next look.
    pub(super) fn tick(self: &Rc<Self>) {
        let tick = self.swarm.borrow_mut().tick.take();
        if let Some(tick) = tick {
            self.world.queue.cancel(tick);
        }
        let now = self.steady();
        self.fetch_pool(now);
        self.give_turns(now);
        let next = self.swarm.borrow().next_look();
        let wait = next.map_or(LONGEST_TICK, |at| at.since(now));
        let tick = self.later(wait.clamp(SHORTEST_TICK, LONGEST_TICK), |own| {
            own.swarm.borrow_mut().tick = None;
            own.tick();
        });
        self.swarm.borrow_mut().tick = Some(tick);
    }

    /// Lets requests and polls go whose turn it is.
    fn give_turns(self: &Rc<Self>, now: Timestamp) {
        let mut swarm = self.swarm.borrow_mut();
        // Without nodes every poll would fail and only lengthen its interval.
        let due = match swarm.bootstrap.pool() {
            Some(_) => {
                swarm.schedule.look(now, &mut *self.rng.borrow_mut());
                swarm.schedule.count_due(now, MAX_POLLS)
            }
            None => 0,
        };
        let granted = swarm.budget.grant(now, due);
        swarm.turns.give(granted.tickets);
        let limit = swarm.schedule.under_way().saturating_add(granted.polls).min(MAX_POLLS);
        if granted.polls > 0 {
            for _ in swarm.schedule.take_due(now, limit) {
                swarm.admitted = true;
                self.spawn(self.clone().poll());
            }
        }
    }

    pub(super) fn poll_done(self: &Rc<Self>, outcome: PollOutcome) {
        let (me, now) = (self.id(), self.steady());
        {
            let mut swarm = self.swarm.borrow_mut();
            swarm.admitted = false;
            swarm.schedule.done(&me, outcome, now, &mut *self.rng.borrow_mut());
        }
        self.tick();
    }

    /// No path can be built from the pool.
    pub(super) fn doubt_pool(self: &Rc<Self>) {
        self.swarm.borrow_mut().bootstrap.doubt();
        self.tick();
    }

    /// A relay says that the network does not know a node any more.
    pub(super) fn report_gone(self: &Rc<Self>, node: &Ed25519PublicKey) {
        {
            let mut swarm = self.swarm.borrow_mut();
            if swarm.bootstrap.pool().is_none_or(|pool| pool.get(node).is_none()) {
                return;
            }
            swarm.bootstrap.wish();
        }
        self.tick();
    }
}
