//! Errands in the own swarm, as the actor of an account runs them.

use std::rc::Rc;
use std::time::Duration;

use ramson_messages::paths::{OnionError, OnionRequest};
use ramson_protocol::account::DueErrand;

use super::engine::{Class, Engine};

/// No errand waits longer: farther away its time was set by another clock.
const FARTHEST: Duration = Duration::from_secs(60 * 60);

impl Engine {
    /// Starts the errand that is due, unless one is under way.
    pub(super) fn start_errand(self: &Rc<Self>) {
        let now = self.now();
        let due = self.account.borrow().next_errand().is_some_and(|at| at.is_due(now, FARTHEST));
        if self.on_errand.get() || !due {
            return;
        }
        self.on_errand.set(true);
        let own = self.clone();
        self.spawn(async move {
            // What was decided and not kept yet must not leave this home.
            let floor = own.floor().await;
            own.notice_clock();
            let (errand, decision) = own.account.borrow_mut().due_errand(own.now());
            own.commit(decision).await;
            drop(floor);
            if let Some(errand) = errand {
                own.run_errand(errand).await;
            }
            own.on_errand.set(false);
            own.look();
        });
    }

    async fn run_errand(self: &Rc<Self>, errand: DueErrand) {
        let swarm = match self.swarm_of(self.id()).await {
            Ok(swarm) => swarm,
            Err(error) => return self.errand_fails(&errand, error.to_string()).await,
        };
        let picked = {
            let mut rng = self.rng.borrow_mut();
            self.account.borrow_mut().pick_errand_member(&errand, &swarm.ask, &mut *rng)
        };
        let Some(destination) = picked else {
            return self.errand_fails(&errand, "the own swarm has no members".to_owned()).await;
        };
        let node = destination.ed25519;
        let (body, timeout) = (errand.request.to_bytes(), errand.timeout);
        let answer = self.onion(Class::Account, OnionRequest { destination, body, timeout }).await;
        let floor = self.floor().await;
        let said = match &answer {
            Ok(answer) => Ok((answer.reply.status, answer.reply.body.as_bytes())),
            Err(error) => {
                if matches!(error, OnionError::Guard { .. } | OnionError::Reply { .. }) {
                    self.member_failed(node, error);
                }
                Err(error.to_string())
            }
        };
        let read = self.account.borrow_mut().errand_done(
            &errand,
            Some(node),
            &swarm.members,
            said,
            self.now(),
        );
        if let Ok(answer) = &answer {
            self.learn_clock(answer, node, read.time);
            self.account.borrow_mut().network_works(self.now());
        }
        if read.doubtful {
            self.doubt_member(node, false);
        }
        if let Some(members) = read.swarm {
            self.learn_swarm(self.id(), node, members);
        }
        self.commit(read.decision).await;
        drop(floor);
        if read.wrong_time {
            self.learn_time(&node, &swarm.ask).await;
        }
    }

    async fn errand_fails(self: &Rc<Self>, errand: &DueErrand, reason: String) {
        let _floor = self.floor().await;
        let now = self.now();
        let done = self.account.borrow_mut().errand_done(errand, None, &[], Err(reason), now);
        self.commit(done.decision).await;
    }
}
