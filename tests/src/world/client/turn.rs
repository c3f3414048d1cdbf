//! Requests that wait for their turn in the network's budget.

use std::collections::BTreeMap;
use std::rc::Rc;

use ramson_messages::swarm::SwarmError;
use ramson_protocol::swarm::{Admission, Ticket};
use ramson_types::AccountId;
use tokio::sync::oneshot;

use super::engine::Engine;

/// Who waits.
#[derive(Default)]
pub(crate) struct Turns {
    waiting: BTreeMap<Ticket, oneshot::Sender<()>>,
}

impl Turns {
    pub(super) fn give(&mut self, tickets: Vec<Ticket>) {
        for ticket in tickets {
            if let Some(turn) = self.waiting.remove(&ticket) {
                // Who waited may have gone; the turn is over all the same.
                let _gone = turn.send(());
            }
        }
    }
}

impl Engine {
    /// Waits for room in the budget for one request.
    pub(super) async fn turn(self: &Rc<Self>) -> Result<(), SwarmError> {
        let now = self.steady();
        let come = {
            let mut swarm = self.swarm.borrow_mut();
            match swarm.budget.ask(now) {
                Admission::Granted => return Ok(()),
                Admission::Busy { waiting } => return Err(SwarmError::Busy { waiting }),
                Admission::Wait(ticket) => {
                    let (give, come) = oneshot::channel();
                    swarm.turns.waiting.insert(ticket, give);
                    come
                }
            }
        };
        self.tick();
        // Tickets are served in order and never dropped.
        let _come = come.await;
        Ok(())
    }

    /// The same for a request to an account's swarm: a poll that was told has
    /// its room.
    pub(super) async fn turn_of(self: &Rc<Self>, account: &AccountId) -> Result<(), SwarmError> {
        let own = *account == self.id();
        let admitted = own && std::mem::take(&mut self.swarm.borrow_mut().admitted);
        if admitted { Ok(()) } else { self.turn().await }
    }

    /// Counts requests that follow from one that had its turn.
    pub(super) fn spend(&self, requests: usize) {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        let now = self.steady();
        self.swarm.borrow_mut().budget.spend(requests, now);
    }
}
