//! Outbox entries on their way to a swarm, as the actor of an account sends
//! them.

use std::rc::Rc;
use std::time::Duration;

use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_messages::swarm::SwarmView;
use ramson_protocol::account::{Delivery, SendResult};
use ramson_types::Ed25519PublicKey;
use ramson_types::ledger::Hops;

use super::engine::{Class, Engine};

/// How long one request to a swarm may take.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How a delivery ended.
enum Outcome {
    NotSent { reason: String },
    NoAnswer { node: Ed25519PublicKey, error: OnionError },
    Answered { node: Ed25519PublicKey, answer: OnionAnswer, swarm: SwarmView },
}

impl Engine {
    /// Starts every delivery that is due.
    pub(super) fn send_due(self: &Rc<Self>) {
        let deliveries = self.account.borrow_mut().due_deliveries(self.now());
        for delivery in deliveries {
            let own = self.clone();
            self.spawn(async move {
                let outcome = own.deliver(&delivery).await;
                own.delivered(&delivery, outcome).await;
            });
        }
    }

    async fn deliver(self: &Rc<Self>, delivery: &Delivery) -> Outcome {
        let swarm = match self.swarm_of(delivery.to).await {
            Ok(swarm) => swarm,
            Err(error) => return Outcome::NotSent { reason: error.to_string() },
        };
        let picked = {
            let mut rng = self.rng.borrow_mut();
            self.account.borrow_mut().pick_member(delivery, &swarm.ask, &mut *rng)
        };
        let Some(destination) = picked else {
            return Outcome::NotSent { reason: "the recipient's swarm has no members".to_owned() };
        };
        let node = destination.ed25519;
        let body = delivery.request.to_bytes();
        match self
            .onion(Class::Account, OnionRequest { destination, body, timeout: REQUEST_TIMEOUT })
            .await
        {
            Ok(answer) => Outcome::Answered { node, answer, swarm },
            Err(error @ (OnionError::Guard { .. } | OnionError::Reply { .. })) => {
                Outcome::NoAnswer { node, error }
            }
            Err(error) => Outcome::NotSent { reason: error.to_string() },
        }
    }

    async fn delivered(self: &Rc<Self>, delivery: &Delivery, outcome: Outcome) {
        let all = |reason: String| {
            delivery.entries.iter().map(|_| SendResult::NotNow { reason: reason.clone() }).collect()
        };
        let (node, path, results) = match outcome {
            Outcome::NotSent { reason } => (None, Hops::new(), all(reason)),
            Outcome::NoAnswer { node, error } => {
                self.member_failed(node, &error);
                (Some(node), error.path(), all(error.to_string()))
            }
            Outcome::Answered { node, answer, swarm } => {
                let read = self.account.borrow().read_delivery(
                    delivery,
                    &node,
                    &swarm.members,
                    answer.reply.status,
                    answer.reply.body.as_bytes(),
                );
                self.learn_clock(&answer, node, read.status.time);
                self.account.borrow_mut().network_works(self.now());
                if read.doubtful {
                    self.doubt_member(node, false);
                }
                if let Some(members) = read.swarm {
                    self.learn_swarm(delivery.to, node, members);
                }
                let corrected = self.account.borrow().is_corrected_since(delivery);
                if read.wrong_time && !corrected {
                    self.learn_time(&node, &swarm.ask).await;
                }
                (Some(node), answer.path, read.results)
            }
        };
        let now = self.now();
        let decision = {
            let mut rng = self.rng.borrow_mut();
            self.account.borrow_mut().sent(delivery, results, node, path, now, &mut *rng)
        };
        self.commit(decision).await;
        self.look();
    }

    /// Tells Swarm of a request that failed, if the member may be to blame.
    pub(super) fn member_failed(self: &Rc<Self>, node: Ed25519PublicKey, error: &OnionError) {
        if let Some(gone) = error.destination_is_gone(&node) {
            self.doubt_member(node, gone);
        }
    }
}
