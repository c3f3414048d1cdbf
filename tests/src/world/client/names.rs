//! Whose a name is.

use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use ramson_codec::ons::Name;
use ramson_messages::paths::OnionRequest;
use ramson_messages::swarm::{NameError, SwarmError};
use ramson_protocol::names::{NameOutcome, Resolution, Step, open_old};
use ramson_types::ServiceNode;

use super::engine::{Class, Engine};

/// How long each node may take.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Engine {
    /// Resolves a name, unless it was resolved lately.
    pub(crate) async fn resolve(self: &Rc<Self>, name: Name) -> Result<NameOutcome, NameError> {
        let now = self.steady();
        let pool = {
            let swarm = self.swarm.borrow();
            if let Some(outcome) = swarm.names.get(&name, now) {
                return Ok(outcome);
            }
            let last_seed_error = swarm.last_pool_error.clone();
            let pool = swarm.bootstrap.pool().cloned();
            pool.ok_or(SwarmError::NoPool { last_seed_error })?
        };
        self.turn().await?;
        let mut machine = Resolution::new(name.clone(), &pool, &mut self.fork_rng());
        let outcome = loop {
            match machine.step() {
                Step::Ask(nodes) => {
                    let body = machine.request();
                    let asked = nodes.into_iter().map(|node| self.ask_name(node, body.clone()));
                    for (node, answer) in join_all(asked.collect::<Vec<_>>()).await {
                        match answer {
                            Ok((status, body)) => {
                                machine.answered(&node.ed25519, status, body.as_bytes());
                            }
                            Err(reason) => machine.failed(&node.ed25519, reason),
                        }
                    }
                }
                Step::OpenOld(record) => machine.opened(open_old(&name, &record)),
                // All that were asked have answered or failed.
                Step::Wait => {}
                Step::Done(outcome) => break outcome,
            }
        };
        // The first one had its turn.
        self.spend(machine.asked().saturating_sub(1));
        let (outcome, now) = (outcome?, self.steady());
        self.swarm.borrow_mut().names.put(name, outcome, now);
        Ok(outcome)
    }

    async fn ask_name(
        self: &Rc<Self>,
        node: ServiceNode,
        body: Vec<u8>,
    ) -> (ServiceNode, Result<(u16, String), String>) {
        let ask = OnionRequest { destination: node, body, timeout: TIMEOUT };
        let answer = match self.onion(Class::Account, ask).await {
            Ok(answer) => Ok((answer.reply.status, answer.reply.body)),
            Err(error) => Err(error.to_string()),
        };
        (node, answer)
    }
}
