//! Outbox entries on their way to a swarm.

use actix::prelude::*;
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::{LearnSwarm, SwarmView};
use ramson_protocol::account::{Delivery, SendResult};
use ramson_types::Ed25519PublicKey;
use ramson_types::ledger::Hops;

use crate::ask::{Asked, ask_member, reason_of, swarm_of};
use crate::{IdentityActor, REQUEST_TIMEOUT, Work};

impl IdentityActor {
    /// Starts every delivery that is due.
    pub(crate) fn send_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        for delivery in self.account.due_deliveries(now) {
            let (ports, to) = (self.ports.clone(), delivery.to);
            let work = async move { swarm_of(&ports, to).await };
            let done = work
                .into_actor(self)
                .then(|swarm, actor, _| actor.deliver(delivery, swarm))
                .then(|(delivery, outcome), actor, ctx| actor.delivered(delivery, outcome, ctx));
            ctx.spawn(done);
        }
    }

    /// Sends a delivery to a member of its swarm.
    fn deliver(
        &mut self,
        delivery: Delivery,
        swarm: Result<SwarmView, String>,
    ) -> Work<(Delivery, Asked)> {
        let not_sent = |delivery, reason| -> Work<(Delivery, Asked)> {
            Box::pin(actix::fut::ready((delivery, Asked::NotSent { reason })))
        };
        let swarm = match swarm {
            Ok(swarm) => swarm,
            Err(reason) => return not_sent(delivery, reason),
        };
        let picked = self.account.pick_member(&delivery, &swarm.ask, &mut self.rng);
        let Some(destination) = picked else {
            return not_sent(delivery, "the recipient's swarm has no members".to_owned());
        };
        let body = delivery.request.to_bytes();
        let ask = OnionRequest { destination, body, timeout: REQUEST_TIMEOUT };
        let asked = ask_member(&self.ports, ask, swarm);
        Box::pin(async move { (delivery, asked.await) }.into_actor(self))
    }

    fn delivered(
        &mut self,
        delivery: Delivery,
        outcome: Asked,
        ctx: &mut Context<Self>,
    ) -> Work<()> {
        let all = |reason: String| {
            delivery.entries.iter().map(|_| SendResult::NotNow { reason: reason.clone() }).collect()
        };
        match outcome {
            Asked::NotSent { reason } => {
                let results = all(reason);
                self.settle(delivery, results, None, Hops::new(), ctx);
            }
            Asked::NoAnswer { node, error } => {
                self.member_failed(delivery.to, node, &error, ctx);
                let results = all(reason_of(&error));
                self.settle(delivery, results, Some(node), error.path(), ctx);
            }
            Asked::Answered { node, answer, swarm } => {
                let read = self.account.read_delivery(
                    &delivery,
                    &node,
                    &swarm.members,
                    answer.reply.status,
                    answer.reply.body.as_bytes(),
                );
                self.learn_clock(&answer, node, read.status.time);
                self.account.network_works(self.clock.now());
                if read.doubtful {
                    self.doubt_member(delivery.to, node, false, ctx);
                }
                if let Some(members) = read.swarm {
                    let learn = LearnSwarm { account: delivery.to, node, members };
                    let told = self.ports.learn_swarm.ask(learn);
                    ctx.spawn(async move { drop(told.await) }.into_actor(self));
                }
                let (path, results) = (answer.path, read.results);
                if read.wrong_time && !self.account.is_corrected_since(&delivery) {
                    let learnt = self.learn_time(&node, &swarm.ask, ctx);
                    return Box::pin(learnt.map(move |(), actor, ctx| {
                        actor.settle(delivery, results, Some(node), path, ctx);
                    }));
                }
                self.settle(delivery, results, Some(node), path, ctx);
            }
        }
        Box::pin(actix::fut::ready(()))
    }

    fn settle(
        &mut self,
        delivery: Delivery,
        results: Vec<SendResult>,
        node: Option<Ed25519PublicKey>,
        path: Hops,
        ctx: &mut Context<Self>,
    ) {
        let now = self.clock.now();
        let decision = self.account.sent(&delivery, results, node, path, now, &mut self.rng);
        let done = self.commit(decision, ctx);
        ctx.spawn(done.into_actor(self).map(|_, actor, ctx| actor.look(ctx)));
    }
}
