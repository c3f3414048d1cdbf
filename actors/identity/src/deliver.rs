//! Outbox entries on their way to a swarm.

use actix::prelude::*;
use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_messages::swarm::{DoubtMember, GetSwarm, LearnSwarm, SwarmView};
use ramson_messages::transport::TransportError;
use ramson_protocol::account::{Delivery, SendResult};
use ramson_types::ledger::Hops;
use ramson_types::{AccountId, Ed25519PublicKey};

use crate::{IdentityActor, Ports, REQUEST_TIMEOUT, Work};

/// How a delivery ended.
enum Outcome {
    /// No member could be asked.
    NotSent { reason: String },
    /// A member was asked in vain.
    NoAnswer { node: Ed25519PublicKey, error: OnionError },
    /// A member answered.
    Answered { node: Ed25519PublicKey, answer: OnionAnswer, swarm: SwarmView },
}

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
    ) -> Work<(Delivery, Outcome)> {
        let not_sent = |delivery, reason| -> Work<(Delivery, Outcome)> {
            Box::pin(actix::fut::ready((delivery, Outcome::NotSent { reason })))
        };
        let swarm = match swarm {
            Ok(swarm) => swarm,
            Err(reason) => return not_sent(delivery, reason),
        };
        let picked = self.account.pick_member(&delivery, &swarm.ask, &mut self.rng);
        let Some(destination) = picked else {
            return not_sent(delivery, "the recipient's swarm has no members".to_owned());
        };
        let node = destination.ed25519;
        let body = delivery.request.to_bytes();
        let ask = OnionRequest { destination, body, timeout: REQUEST_TIMEOUT };
        let answer = self.ports.onion.ask(ask);
        let work = async move {
            let outcome = match answer.await {
                Ok(Ok(answer)) => Outcome::Answered { node, answer, swarm },
                Ok(Err(error @ (OnionError::Guard { .. } | OnionError::Reply { .. }))) => {
                    Outcome::NoAnswer { node, error }
                }
                Ok(Err(error)) => Outcome::NotSent { reason: error.to_string() },
                Err(error) => Outcome::NotSent { reason: error.to_string() },
            };
            (delivery, outcome)
        };
        Box::pin(work.into_actor(self))
    }

    fn delivered(
        &mut self,
        delivery: Delivery,
        outcome: Outcome,
        ctx: &mut Context<Self>,
    ) -> Work<()> {
        let all = |reason: String| {
            delivery.entries.iter().map(|_| SendResult::NotNow { reason: reason.clone() }).collect()
        };
        match outcome {
            Outcome::NotSent { reason } => {
                let results = all(reason);
                self.settle(delivery, results, None, Hops::new(), ctx);
            }
            Outcome::NoAnswer { node, error } => {
                self.member_failed(delivery.to, node, &error, ctx);
                let results = all(reason_of(&error));
                self.settle(delivery, results, Some(node), error.path(), ctx);
            }
            Outcome::Answered { node, answer, swarm } => {
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

    /// Tells Swarm of a request that failed, if the member may be to blame.
    pub(crate) fn member_failed(
        &mut self,
        account: AccountId,
        node: Ed25519PublicKey,
        error: &OnionError,
        ctx: &mut Context<Self>,
    ) {
        if let Some(gone) = error.destination_is_gone(&node) {
            self.doubt_member(account, node, gone, ctx);
        }
    }

    /// Lets Swarm prefer other members for a while.
    pub(crate) fn doubt_member(
        &mut self,
        account: AccountId,
        node: Ed25519PublicKey,
        gone: bool,
        ctx: &mut Context<Self>,
    ) {
        let told = self.ports.doubt_member.ask(DoubtMember { account, node, gone });
        ctx.spawn(async move { drop(told.await) }.into_actor(self));
    }
}

/// An account's swarm, or one sentence on why there are none.
pub(crate) async fn swarm_of(ports: &Ports, account: AccountId) -> Result<SwarmView, String> {
    let ask = GetSwarm { account, via: ports.onion.clone() };
    match ports.get_swarm.ask(ask).await {
        Ok(Ok(swarm)) => Ok(swarm),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Why there is no answer, with the key of the node that is to blame where one
/// is known: the ledger tells it on.
pub(crate) fn reason_of(error: &OnionError) -> String {
    let OnionError::Guard { error: failure, path } = error else { return error.to_string() };
    match (path.first(), failure) {
        // Where an answer that never came got stuck, nobody knows.
        (Some(guard), TransportError::TimedOut { seconds, .. }) => {
            format!("no answer through guard {guard} within {seconds} s")
        }
        (Some(guard), failure) => format!("guard {guard} failed: {failure}"),
        (None, _) => error.to_string(),
    }
}
