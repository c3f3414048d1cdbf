//! One request to a member of a swarm, and what is told to Swarm of it.

use actix::prelude::*;
use ramson_messages::paths::{OnionAnswer, OnionError, OnionRequest};
use ramson_messages::swarm::{DoubtMember, GetSwarm, SwarmView};
use ramson_messages::transport::TransportError;
use ramson_types::{AccountId, Ed25519PublicKey};

use crate::{IdentityActor, Ports};

/// How a request to a swarm ended.
pub(crate) enum Asked {
    /// No member could be asked.
    NotSent { reason: String },
    /// A member was asked in vain.
    NoAnswer { node: Ed25519PublicKey, error: OnionError },
    /// A member answered.
    Answered { node: Ed25519PublicKey, answer: OnionAnswer, swarm: SwarmView },
}

/// Asks a member of a swarm.
pub(crate) fn ask_member(
    ports: &Ports,
    ask: OnionRequest,
    swarm: SwarmView,
) -> impl Future<Output = Asked> + use<> {
    let node = ask.destination.ed25519;
    let answer = ports.onion.ask(ask);
    async move {
        match answer.await {
            Ok(Ok(answer)) => Asked::Answered { node, answer, swarm },
            Ok(Err(error @ (OnionError::Guard { .. } | OnionError::Reply { .. }))) => {
                Asked::NoAnswer { node, error }
            }
            Ok(Err(error)) => Asked::NotSent { reason: error.to_string() },
            Err(error) => Asked::NotSent { reason: error.to_string() },
        }
    }
}

impl IdentityActor {
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
