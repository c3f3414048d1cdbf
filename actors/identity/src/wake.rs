//! When the account looks what is due by itself.

use std::time::Duration;

use actix::prelude::*;

use crate::IdentityActor;

/// The shortest wait until the next look.
const SHORTEST: Duration = Duration::from_millis(20);

/// The longest wait while something is to come: meanwhile the clock may be
/// set, or the machine sleep, and neither is told.
const LONGEST: Duration = Duration::from_secs(30);

impl IdentityActor {
    /// Starts whatever is due, and sets the time of the next look.
    pub(crate) fn look(&mut self, ctx: &mut Context<Self>) {
        self.send_due(ctx);
        self.errand_due(ctx);
        self.work_due(ctx);
        if let Some(wake) = self.wake.take() {
            ctx.cancel_future(wake);
        }
        // What is under way looks again at its end.
        let errand = if self.errand_under_way { None } else { self.account.next_errand() };
        let work = if self.work_under_way { None } else { self.account.next_work() };
        let next = [self.account.next_delivery(), errand, work].into_iter().flatten().min();
        if let Some(at) = next {
            let wait = at.since(self.clock.now()).clamp(SHORTEST, LONGEST);
            self.wake = Some(ctx.run_later(wait, |actor, ctx| {
                actor.wake = None;
                actor.look(ctx);
            }));
        }
    }
}
