//! Who holds an account's messages.

use actix::fut::LocalBoxActorFuture;
use actix::prelude::*;
use ramson_messages::Link;
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::{
    DoubtMember, GetSwarm, InspectSwarm, LearnSwarm, SwarmError, SwarmMember, SwarmView,
};
use ramson_protocol::swarm::Redirected;
use ramson_types::{AccountId, ServiceNode};

use crate::{SwarmActor, lookup};

type Members = LocalBoxActorFuture<SwarmActor, Result<Vec<ServiceNode>, SwarmError>>;

impl SwarmActor {
    /// Why an account's swarm cannot be asked now, if it cannot.
    fn obstacle(&self, account: &AccountId) -> Result<(), SwarmError> {
        let now = self.clock.steady();
        if let Some(until) = self.memberships.on_hold(account, now) {
            let seconds = until.since(now).as_secs().saturating_add(1);
            return Err(SwarmError::Disputed { account: *account, seconds });
        }
        match self.bootstrap.pool() {
            Some(_) => Ok(()),
            None => Err(SwarmError::NoPool { last_seed_error: self.last_pool_error.clone() }),
        }
    }

    /// The members of an account's swarm, known or asked for.
    fn find_members(&mut self, account: AccountId, via: Link<OnionRequest>) -> Members {
        let known = self.memberships.members(&account);
        if !known.is_empty() {
            return Box::pin(actix::fut::ready(Ok(known.to_vec())));
        }
        if let Err(obstacle) = self.obstacle(&account) {
            return Box::pin(actix::fut::ready(Err(obstacle)));
        }
        let pool = self.bootstrap.pool().cloned().unwrap_or_default();
        let nodes = lookup::pick_nodes(&pool, &mut self.rng);
        let lookup = async move { lookup::ask(account, nodes, &pool, &via).await };
        Box::pin(lookup.into_actor(self).map(move |(found, asked), actor, ctx| {
            actor.spend(asked);
            let lookup::Found { members, strangers } = found?;
            if strangers {
                actor.bootstrap.wish();
                actor.tick(ctx);
            }
            let now = actor.clock.steady();
            actor.memberships.learn(account, members.clone(), strangers, now);
            Ok(members)
        }))
    }

    fn view(&self, members: &[ServiceNode]) -> SwarmView {
        SwarmView {
            ask: self.memberships.trusted(members, self.clock.steady()),
            members: members.iter().map(|member| member.ed25519).collect(),
        }
    }
}

impl Handler<GetSwarm> for SwarmActor {
    type Result = ResponseActFuture<Self, Result<SwarmView, SwarmError>>;

    fn handle(&mut self, ask: GetSwarm, ctx: &mut Context<Self>) -> Self::Result {
        let GetSwarm { account, via } = ask;
        let turn = self.obstacle(&account).and_then(|()| self.turn_of(&account, ctx));
        let turn = match turn {
            Ok(turn) => turn,
            Err(error) => return Box::pin(actix::fut::ready(Err(error))),
        };
        let members =
            turn.come().into_actor(self).then(move |(), actor, _| actor.find_members(account, via));
        Box::pin(members.map(|members, actor, _| Ok(actor.view(&members?))))
    }
}

impl Handler<InspectSwarm> for SwarmActor {
    type Result = ResponseActFuture<Self, Result<Vec<SwarmMember>, SwarmError>>;

    fn handle(&mut self, ask: InspectSwarm, _: &mut Context<Self>) -> Self::Result {
        let via = ask.via.unwrap_or_else(|| self.ports.network.clone());
        let members = self.find_members(ask.account, via);
        Box::pin(members.map(|members, actor, _| {
            let now = actor.clock.steady();
            let member = |node: ServiceNode| {
                let doubted = actor.memberships.doubted(&node.ed25519, now);
                let doubted_for = doubted.map(|doubted| doubted.until.since(now));
                SwarmMember { node, doubted, doubted_for: doubted_for.unwrap_or_default() }
            };
            Ok(members?.into_iter().map(member).collect())
        }))
    }
}

impl Handler<LearnSwarm> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: LearnSwarm, ctx: &mut Context<Self>) {
        let now = self.clock.steady();
        let Some(pool) = self.bootstrap.pool() else { return };
        let named = news.members.len();
        let members = lookup::known_nodes(news.members, pool);
        let strangers = members.len() < named;
        if members.is_empty() {
            // The network has changed, or the node lies: the seeds know.
            self.memberships.denied(news.account, news.node, now);
            self.memberships.forget(&news.account);
            self.bootstrap.doubt();
            self.tick(ctx);
            return;
        }
        let (account, by) = (news.account, news.node);
        let redirected = self.memberships.redirected(account, by, members, strangers, now);
        if strangers || redirected != Redirected::Learnt {
            self.bootstrap.wish();
            self.tick(ctx);
        }
    }
}

impl Handler<DoubtMember> for SwarmActor {
    type Result = ();

    fn handle(&mut self, news: DoubtMember, ctx: &mut Context<Self>) {
        let now = self.clock.steady();
        if news.gone {
            self.memberships.reported_gone(news.node, now);
            self.bootstrap.wish();
            self.tick(ctx);
        } else {
            self.memberships.doubt(news.node, now);
        }
    }
}
