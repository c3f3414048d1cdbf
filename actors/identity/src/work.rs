//! What is due by itself: timers that are over, what was read or removed on
//! another device. One thing after the other, each in a turn of its own.

use std::time::Duration;

use actix::prelude::*;
use ramson_messages::identity::CarryError;
use ramson_messages::storage::StoreError;
use ramson_protocol::account::{Intent, Work as Due};
use ramson_protocol::command::Outcome;

use crate::{IdentityActor, Work};

/// The wait after work that could not be done, doubled each time.
const RETRY: Duration = Duration::from_secs(1);

/// The longest such wait.
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// Work that could not be done.
#[derive(Default)]
pub(crate) struct Trouble {
    /// How often, since some was done.
    failures: u32,
    /// So many messages whose time is over are looked at one by one: the record
    /// of one of them is damaged.
    singly: usize,
}

impl Trouble {
    /// The wait after a further failure.
    fn wait(&mut self) -> Duration {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
    }
}

/// What was due, and what came of it.
type Done = (Option<Due>, Result<Outcome, CarryError>);

impl IdentityActor {
    /// Begins what is due, unless something is under way.
    pub(crate) fn work_due(&mut self, ctx: &mut Context<Self>) {
        if self.work_under_way || self.account.due_work(self.clock.now()).is_none() {
            return;
        }
        self.work_under_way = true;
        let done = self.in_turn(|actor, ctx| -> Work<Done> {
            // A turn before this one may have done it.
            let Some(work) = actor.next_piece() else {
                return Box::pin(actix::fut::ready((None, Ok(Outcome::Done))));
            };
            let done = actor.carry(Intent::Work(work.clone()), ctx);
            Box::pin(done.then(move |done, actor, ctx| actor.end_work(work, done, ctx)))
        });
        ctx.spawn(done.map(|(work, done), actor, ctx| match (work, done) {
            (_, Ok(_)) => {
                actor.work_trouble.failures = 0;
                actor.work_done(ctx);
            }
            // One by one from now on, and at once.
            (Some(Due::Expire(ids)), Err(error)) if ids.len() > 1 && is_damaged(&error) => {
                actor.work_trouble.singly = ids.len();
                actor.work_done(ctx);
            }
            (_, Err(error)) => {
                if actor.work_trouble.failures == 0 {
                    tracing::warn!(account = actor.number, %error, "work is put off");
                }
                let wait = actor.work_trouble.wait();
                ctx.run_later(wait, |actor, ctx| actor.work_done(ctx));
            }
        }));
    }

    fn next_piece(&mut self) -> Option<Due> {
        let mut work = self.account.due_work(self.clock.now())?;
        if let Due::Expire(ids) = &mut work
            && self.work_trouble.singly > 0
        {
            self.work_trouble.singly = self.work_trouble.singly.saturating_sub(1);
            ids.truncate(1);
        }
        Some(work)
    }

    /// Passes over a message whose record is damaged, until the next start:
    /// the machine hears that it is not there.
    fn end_work(
        &mut self,
        work: Due,
        done: Result<Outcome, CarryError>,
        ctx: &mut Context<Self>,
    ) -> Work<Done> {
        let done = match (&work, done) {
            (Due::Expire(ids), Err(error)) if ids.len() == 1 && is_damaged(&error) => {
                tracing::error!(account = self.number, %error, "a message cannot be removed");
                self.carry_blindly(Intent::Work(work.clone()), ctx)
            }
            (_, done) => Box::pin(actix::fut::ready(done)),
        };
        Box::pin(done.map(move |done, _, _| (Some(work), done)))
    }

    fn work_done(&mut self, ctx: &mut Context<Self>) {
        self.work_under_way = false;
        self.look(ctx);
    }
}

const fn is_damaged(error: &CarryError) -> bool {
    matches!(error, CarryError::Store(StoreError::Damaged { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_fails_again_and_again_is_tried_every_five_minutes() {
        let mut trouble = Trouble::default();
        let waits: Vec<u64> = (0..20).map(|_| trouble.wait().as_secs()).collect();
        assert_eq!(waits[..10], [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert!(waits[10..].iter().all(|wait| *wait == 300));
    }
}
