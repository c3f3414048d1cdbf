//! The node pool: whom to ask for it, and what becomes of the answer.

use std::sync::Arc;

use actix::prelude::*;
use ramson_messages::events::{EngineEvent, Event};
use ramson_messages::storage::SaveNodePool;
use ramson_protocol::swarm::{Ask, PoolNews};
use ramson_types::{NodePool, Timestamp};

use crate::{SwarmActor, refresh, seed};

impl SwarmActor {
    /// Asks whoever is due to be asked.
    pub(crate) fn fetch_pool(&mut self, now: Timestamp, ctx: &mut Context<Self>) {
        match self.bootstrap.ask_due(now, self.refresh, &mut self.rng) {
            Some(Ask::Seed(seed)) => self.ask_seed(seed, ctx),
            Some(Ask::Nodes) => self.ask_nodes(ctx),
            None => {}
        }
    }

    fn ask_seed(&mut self, index: usize, ctx: &mut Context<Self>) {
        let Some(seed) = self.seeds.get(index).cloned() else { return };
        self.spend(1);
        let post = self.ports.post.clone();
        let ask = async move { seed::ask(&post, &seed).await };
        ctx.spawn(ask.into_actor(self).map(move |nodes, actor, ctx| {
            match actor.bootstrap.answered(index, nodes, actor.clock.steady()) {
                PoolNews::New(pool) => actor.take_pool(pool, ctx),
                PoolNews::Kept(why) | PoolNews::None(why) => {
                    let seed = actor.seed_url(index);
                    let reason = why.to_string();
                    actor.last_pool_error = Some(format!("{seed}: {reason}"));
                    let event = EngineEvent::SeedFailed { seed, reason };
                    actor.ports.events.publish(Event::Engine(event));
                }
            }
            actor.tick(ctx);
        }));
    }

    fn ask_nodes(&mut self, ctx: &mut Context<Self>) {
        let Some(pool) = self.bootstrap.pool() else { return };
        let askers = refresh::pick(pool, self.subnet_diversity, &mut self.rng);
        let via = self.ports.network.clone();
        let ask = async move { refresh::ask(&via, askers).await };
        ctx.spawn(ask.into_actor(self).map(move |(nodes, asked), actor, ctx| {
            actor.spend(asked);
            match actor.bootstrap.refreshed(nodes, actor.clock.steady()) {
                PoolNews::New(pool) => actor.take_pool(pool, ctx),
                PoolNews::Kept(why) | PoolNews::None(why) => {
                    tracing::debug!(%why, "the node pool was not refreshed from its nodes");
                    actor.last_pool_error = Some(why.to_string());
                }
            }
            actor.tick(ctx);
        }));
    }

    fn take_pool(&mut self, pool: Arc<NodePool>, ctx: &mut Context<Self>) {
        self.last_pool_error = None;
        let save =
            self.ports.save_pool.ask(SaveNodePool { pool: (*pool).clone(), at: self.clock.now() });
        // A pool that is not kept is fetched again at the next start.
        ctx.spawn(async move { drop(save.await) }.into_actor(self));
        self.memberships.set_pool(&pool);
        if self.ports.pool.get() != pool {
            self.publish_pool(pool);
        }
    }

    pub(crate) fn publish_pool(&self, pool: Arc<NodePool>) {
        let nodes = pool.len();
        self.ports.pool.publish(pool);
        self.ports.events.publish(Event::Engine(EngineEvent::PoolReady { nodes }));
    }

    pub(crate) fn seed_url(&self, index: usize) -> String {
        self.seeds.get(index).map(ToString::to_string).unwrap_or_default()
    }
}
