//! Outbox entries on their way to a swarm.

use actix::prelude::*;
use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_messages::swarm::{DoubtMember, GetSwarm, LearnSwarm, SwarmView};
use ramson_messages::transport::TransportError;
use ramson_protocol::account::{Delivery, SendResult};
use ramson_protocol::paths::DestinationFault;
use ramson_types::ledger::Hops;
use ramson_types::{AccountId, Ed25519PublicKey};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom;

use crate::{IdentityActor, Ports, REQUEST_TIMEOUT};

/// How a delivery ended.
enum Outcome {
    /// No member could be asked.
    NotSent { reason: String },
    /// A member was asked in vain.
    NoAnswer { node: Ed25519PublicKey, error: OnionError },
    /// A member answered.
    Answered { node: Ed25519PublicKey, answer: OnionAnswer, members: Vec<Ed25519PublicKey> },
}

impl IdentityActor {
    /// Starts every delivery that is due, and sets the time of the next look.
    pub(crate) fn send_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        for delivery in self.account.due_deliveries(now) {
            let ports = self.ports.clone();
            let mut rng = self.fork_rng();
            let work = async move {
                let outcome = deliver(&ports, &delivery, &mut rng).await;
                (delivery, outcome)
            };
            ctx.spawn(work.into_actor(self).map(|(delivery, outcome), actor, ctx| {
                actor.delivered(&delivery, outcome, ctx);
            }));
        }
        if let Some(wake) = self.wake.take() {
            ctx.cancel_future(wake);
        }
        if let Some(at) = self.account.next_delivery() {
            let wait = at.since(self.clock.now()).max(std::time::Duration::from_millis(20));
            self.wake = Some(ctx.run_later(wait, |actor, ctx| {
                actor.wake = None;
                actor.send_due(ctx);
            }));
        }
    }

    fn delivered(&mut self, delivery: &Delivery, outcome: Outcome, ctx: &mut Context<Self>) {
        let all = |reason: String| {
            delivery.entries.iter().map(|_| SendResult::NotNow { reason: reason.clone() }).collect()
        };
        let (node, path, results) = match outcome {
            Outcome::NotSent { reason } => (None, Hops::new(), all(reason)),
            Outcome::NoAnswer { node, error } => {
                self.member_failed(delivery.to, node, &error, ctx);
                (Some(node), error.path(), all(error.to_string()))
            }
            Outcome::Answered { node, answer, members } => {
                let read = self.account.read_delivery(
                    delivery,
                    &node,
                    &members,
                    answer.reply.status,
                    answer.reply.body.as_bytes(),
                );
                self.learn_clock(&answer, node, read.status.time);
                if read.doubtful {
                    self.doubt_member(delivery.to, node, false, ctx);
                }
                if let Some(members) = read.swarm {
                    let learn = LearnSwarm { account: delivery.to, members };
                    let told = self.ports.learn_swarm.ask(learn);
                    ctx.spawn(async move { drop(told.await) }.into_actor(self));
                }
                (Some(node), answer.path, read.results)
            }
        };
        let now = self.clock.now();
        let decision = self.account.sent(delivery, results, node, path, now, &mut self.rng);
        let done = self.commit(decision, ctx);
        ctx.spawn(done.into_actor(self).map(|_, actor, ctx| actor.send_due(ctx)));
    }

    /// Tells Swarm of a request that failed, if the member may be to blame.
    pub(crate) fn member_failed(
        &mut self,
        account: AccountId,
        node: Ed25519PublicKey,
        error: &OnionError,
        ctx: &mut Context<Self>,
    ) {
        let gone = match error {
            OnionError::Reply { error, .. } => match DestinationFault::of(error, &node) {
                Some(fault) => fault == DestinationFault::Gone,
                None => return,
            },
            // Nobody knows where an answer that never came got stuck.
            OnionError::Guard { error: TransportError::TimedOut { .. }, .. } => false,
            _ => return,
        };
        self.doubt_member(account, node, gone, ctx);
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

async fn deliver(ports: &Ports, delivery: &Delivery, rng: &mut StdRng) -> Outcome {
    let SwarmView { ask, members } = match swarm_of(ports, delivery.to).await {
        Ok(swarm) => swarm,
        Err(reason) => return Outcome::NotSent { reason },
    };
    let Some(destination) = ask.into_iter().choose(rng) else {
        return Outcome::NotSent { reason: "the recipient's swarm has no members".to_owned() };
    };
    let node = destination.ed25519;
    let body = delivery.request.to_bytes();
    let ask = OnionRequest { destination, body, timeout: REQUEST_TIMEOUT };
    match ports.onion.ask(ask).await {
        Ok(Ok(answer)) => Outcome::Answered { node, answer, members },
        Ok(Err(error @ (OnionError::Guard { .. } | OnionError::Reply { .. }))) => {
            Outcome::NoAnswer { node, error }
        }
        Ok(Err(error)) => Outcome::NotSent { reason: error.to_string() },
        Err(error) => Outcome::NotSent { reason: error.to_string() },
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
