//! What is due by itself: timers that are over, what was read or removed on
//! another device. One thing after the other, each in a turn of its own.

use std::time::Duration;

use actix::prelude::*;
use ramson_messages::identity::CarryError;
use ramson_protocol::account::Intent;
use ramson_protocol::command::Outcome;

use crate::{IdentityActor, Work};

/// The wait after work that could not be done.
const RETRY: Duration = Duration::from_secs(1);

impl IdentityActor {
    /// Begins what is due, unless something is under way.
    pub(crate) fn work_due(&mut self, ctx: &mut Context<Self>) {
        if self.work_under_way || self.account.due_work(self.clock.now()).is_none() {
            return;
        }
        self.work_under_way = true;
        let done = self.in_turn(|actor, _| -> Work<Result<Outcome, CarryError>> {
            // A turn before this one may have done it.
            match actor.account.due_work(actor.clock.now()) {
                Some(work) => actor.carry(Intent::Work(work)),
                None => Box::pin(actix::fut::ready(Ok(Outcome::Done))),
            }
        });
        ctx.spawn(done.map(|done, actor, ctx| match done {
            Ok(_) => actor.work_done(ctx),
            Err(error) => {
                tracing::warn!(account = actor.number, %error, "work is put off");
                ctx.run_later(RETRY, |actor, ctx| actor.work_done(ctx));
            }
        }));
    }

    fn work_done(&mut self, ctx: &mut Context<Self>) {
        self.work_under_way = false;
        self.look(ctx);
    }
}
