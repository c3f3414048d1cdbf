//! Whose a name is.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::future::join_all;
use ramson_codec::ons::Name;
use ramson_messages::Link;
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::{NameError, ResolveName, SwarmError};
use ramson_protocol::names::{NameOutcome, Resolution, ResolveError, Step, open_old};
use ramson_types::{AccountId, ServiceNode};
use tokio::sync::Semaphore;

use crate::SwarmActor;

/// Names that are resolved at the same time; above, Busy is answered.
const MAX_RESOLVING: usize = 16;

/// How long each node may take.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Handler<ResolveName> for SwarmActor {
    type Result = ResponseActFuture<Self, Result<NameOutcome, NameError>>;

    fn handle(&mut self, ask: ResolveName, ctx: &mut Context<Self>) -> Self::Result {
        let refuse = |error: NameError| -> Self::Result { Box::pin(actix::fut::ready(Err(error))) };
        if let Some(known) = self.names.get(&ask.name, self.clock.steady()) {
            return Box::pin(actix::fut::ready(Ok(known)));
        }
        let Some(pool) = self.bootstrap.pool().cloned() else {
            let last_seed_error = self.last_pool_error.clone();
            return refuse(SwarmError::NoPool { last_seed_error }.into());
        };
        if self.resolving >= MAX_RESOLVING {
            return refuse(NameError::Busy { under_way: self.resolving });
        }
        let turn = match self.turn(ctx) {
            Ok(turn) => turn,
            Err(error) => return refuse(error.into()),
        };
        self.resolving = self.resolving.saturating_add(1);
        let via = ask.via.unwrap_or_else(|| self.ports.network.clone());
        let machine = Resolution::new(ask.name.clone(), &pool, &mut self.fork_rng());
        let (name, opening) = (ask.name, self.opening.clone());
        let work = async move {
            turn.come().await;
            let resolved = resolve(machine, &name, &via, &opening).await;
            (name, resolved)
        };
        Box::pin(work.into_actor(self).map(|(name, (outcome, asked)), actor, _| {
            actor.resolving = actor.resolving.saturating_sub(1);
            // The first one had its turn.
            actor.spend(asked.saturating_sub(1));
            let outcome = outcome?;
            actor.names.put(name, outcome, actor.clock.steady());
            Ok(outcome)
        }))
    }
}

/// Carries out what the machine wants; the outcome, and how many were asked.
async fn resolve(
    mut machine: Resolution,
    name: &Name,
    via: &Link<OnionRequest>,
    opening: &Arc<Semaphore>,
) -> (Result<NameOutcome, ResolveError>, usize) {
    loop {
        match machine.step() {
            Step::Ask(nodes) => {
                let body = machine.request();
                let asked = nodes.into_iter().map(|node| ask_one(via, node, body.clone()));
                for (node, answer) in join_all(asked).await {
                    match answer {
                        Ok((status, body)) => {
                            machine.answered(&node.ed25519, status, body.as_bytes());
                        }
                        Err(reason) => machine.failed(&node.ed25519, reason),
                    }
                }
            }
            Step::OpenOld(record) => machine.opened(open(name, record, opening).await),
            // All that were asked have answered or failed.
            Step::Wait => {}
            Step::Done(outcome) => return (outcome, machine.asked()),
        }
    }
}

async fn ask_one(
    via: &Link<OnionRequest>,
    node: ServiceNode,
    body: Vec<u8>,
) -> (ServiceNode, Result<(u16, String), String>) {
    let ask = OnionRequest { destination: node, body, timeout: TIMEOUT };
    let answer = match via.ask(ask).await {
        Ok(Ok(answer)) => Ok((answer.reply.status, answer.reply.body)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    (node, answer)
}

/// Opens a record of the old form on a thread that nobody waits for otherwise.
async fn open(name: &Name, record: Vec<u8>, opening: &Arc<Semaphore>) -> Result<AccountId, String> {
    let permit = opening.clone().acquire_owned().await.map_err(|error| error.to_string())?;
    let name = name.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let opened = open_old(&name, &record);
        drop(permit);
        opened
    });
    opened.await.map_err(|error| error.to_string())?
}
