//! Turns: who decides about the account's history and settings.
//!
//! A decision about them begins with a question to the store and ends with a
//! commit, and nothing else may decide in between: it would not know of the
//! first one, and its lines and settings would be written over by older ones.
//! So there is one turn at a time; who wants one stands in line. In a turn
//! Storage and Crypto are waited for, the network never. It is no lock: nothing
//! is guarded by it but the order, and it ends with the future that it was
//! given to.
//!
//! Outside of turns only deliveries decide: they change nothing but the outbox
//! and single things of their messages.

use std::collections::VecDeque;

use actix::prelude::*;
use tokio::sync::oneshot;

use crate::{IdentityActor, Work};

/// The line of those who want to decide.
#[derive(Default)]
pub(crate) struct Turns {
    under_way: bool,
    waiting: VecDeque<oneshot::Sender<()>>,
}

impl Turns {
    /// How many stand in line.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The end of the line; `None` where there is none.
    fn stand_in_line(&mut self) -> Option<oneshot::Receiver<()>> {
        if !std::mem::replace(&mut self.under_way, true) {
            return None;
        }
        let (give, come) = oneshot::channel();
        self.waiting.push_back(give);
        Some(come)
    }

    fn pass_on(&mut self) {
        while let Some(next) = self.waiting.pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        self.under_way = false;
    }
}

impl IdentityActor {
    /// Does `what` in a turn, behind all that asked for one before.
    pub(crate) fn in_turn<T: 'static>(
        &mut self,
        what: impl FnOnce(&mut Self, &mut Context<Self>) -> Work<T> + 'static,
    ) -> Work<T> {
        let come = self.turns.stand_in_line();
        let come = async move {
            if let Some(come) = come {
                // It is given up only together with this actor.
                let _come = come.await;
            }
        };
        let done = come.into_actor(self).then(move |(), actor, ctx| what(actor, ctx));
        Box::pin(done.map(|done, actor, _| {
            actor.turns.pass_on();
            done
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_given_in_the_order_in_which_they_were_asked_for() {
        let mut turns = Turns::default();
        assert!(turns.stand_in_line().is_none(), "the first one need not wait");
        let mut line: Vec<_> = (0..3).map(|_| turns.stand_in_line().unwrap()).collect();
        // One of them gives up.
        drop(line.remove(1));
        assert_eq!(turns.waiting(), 3);
        turns.pass_on();
        assert!(line[0].try_recv().is_ok() && line[1].try_recv().is_err());
        turns.pass_on();
        assert!(line[1].try_recv().is_ok());
        assert!(turns.stand_in_line().is_some(), "the last one is not done");
        turns.pass_on();
        turns.pass_on();
        assert!(turns.stand_in_line().is_none());
    }
}
