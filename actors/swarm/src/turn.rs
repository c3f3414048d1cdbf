//! Requests that wait for their turn in the network's budget.

use std::collections::BTreeMap;

use actix::prelude::*;
use ramson_messages::swarm::SwarmError;
use ramson_protocol::swarm::{Admission, Ticket};
use ramson_types::AccountId;
use tokio::sync::oneshot;

use crate::SwarmActor;

/// Who waits.
#[derive(Default)]
pub(crate) struct Turns {
    waiting: BTreeMap<Ticket, oneshot::Sender<()>>,
}

impl Turns {
    /// Lets those go whose turn it is.
    pub(crate) fn give(&mut self, tickets: Vec<Ticket>) {
        for ticket in tickets {
            if let Some(turn) = self.waiting.remove(&ticket) {
                // Who waited may have gone; the turn is over all the same.
                let _gone = turn.send(());
            }
        }
    }
}

/// Ends when a request may go.
pub(crate) enum Turn {
    /// It is its turn.
    Now,
    /// It has to wait.
    Later(oneshot::Receiver<()>),
}

impl Turn {
    pub(crate) async fn come(self) {
        if let Self::Later(turn) = self {
            // Tickets are served in order and never dropped.
            let _come = turn.await;
        }
    }
}

impl SwarmActor {
    /// Room in the budget for one request of somebody who waits for it.
    pub(crate) fn turn(&mut self, ctx: &mut Context<Self>) -> Result<Turn, SwarmError> {
        match self.budget.ask(self.clock.steady()) {
            Admission::Granted => Ok(Turn::Now),
            Admission::Busy { waiting } => Err(SwarmError::Busy { waiting }),
            Admission::Wait(ticket) => {
                let (give, come) = oneshot::channel();
                self.turns.waiting.insert(ticket, give);
                self.tick(ctx);
                Ok(Turn::Later(come))
            }
        }
    }

    /// The same for a request to an account's swarm: a poll that was told has
    /// its room.
    pub(crate) fn turn_of(
        &mut self,
        account: &AccountId,
        ctx: &mut Context<Self>,
    ) -> Result<Turn, SwarmError> {
        match self.admitted.remove(account) {
            true => Ok(Turn::Now),
            false => self.turn(ctx),
        }
    }

    /// Counts requests that follow from one that had its turn.
    pub(crate) fn spend(&mut self, requests: usize) {
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        self.budget.spend(requests, self.clock.steady());
    }
}
