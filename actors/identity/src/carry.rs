//! Commands and work carried out: questions → answers → plan → sealed copies →
//! outbox → commit, all in one turn.

use std::collections::BTreeSet;

use actix::prelude::*;
use ramson_messages::crypto::SealCopies;
use ramson_messages::identity::{Carry, CarryAll, CarryError};
use ramson_messages::storage::RecallHistory;
use ramson_protocol::account::{Decision, History, Intent, Plan, Question};
use ramson_protocol::command::{Command, CommandError, Outcome};
use ramson_protocol::store::{Change, PluginChange};

use crate::{IdentityActor, Work};

/// How many commands of one account may wait for their turn; above,
/// [`CommandError::Busy`] is answered.
pub const MAX_COMMANDS: usize = 256;

/// How many sealed copies of one account may wait for the network; above,
/// [`CarryError::OutboxFull`] is answered to who writes more.
pub const MAX_OUTBOX: usize = 10_000;

impl Handler<Carry> for IdentityActor {
    type Result = ResponseActFuture<Self, Result<Outcome, CarryError>>;

    fn handle(&mut self, Carry(command): Carry, _: &mut Context<Self>) -> Self::Result {
        let waiting = self.turns.waiting();
        if waiting >= MAX_COMMANDS {
            return refused(CommandError::Busy { waiting }.into());
        }
        self.in_turn(|actor, ctx| {
            let waiting = actor.account.outbox_len();
            if waiting >= MAX_OUTBOX && only_writes(&command) {
                return refused(CarryError::OutboxFull { waiting, limit: MAX_OUTBOX });
            }
            actor.carry(Intent::Command(command), ctx)
        })
    }
}

/// What each of several commands leads to.
type Plans = Vec<Result<Plan, CommandError>>;

/// What each of them led to.
type Outcomes = Vec<Result<Outcome, CommandError>>;

impl Handler<CarryAll> for IdentityActor {
    type Result = ResponseActFuture<Self, Result<Outcomes, CarryError>>;

    fn handle(
        &mut self,
        CarryAll { commands, keep }: CarryAll,
        _: &mut Context<Self>,
    ) -> Self::Result {
        let waiting = self.turns.waiting();
        if waiting >= MAX_COMMANDS {
            return refused(CommandError::Busy { waiting }.into());
        }
        self.in_turn(|actor, ctx| {
            let waiting = actor.account.outbox_len();
            if waiting >= MAX_OUTBOX && commands.iter().any(only_writes) {
                return refused(CarryError::OutboxFull { waiting, limit: MAX_OUTBOX });
            }
            let intents = commands.into_iter().map(Intent::Command).collect();
            actor.carry_all(intents, keep, ctx)
        })
    }
}

/// What does nothing but fill the outbox. The rest is carried out even if that
/// is full: whoever is blocked or deleted must not wait for the network.
const fn only_writes(command: &Command) -> bool {
    matches!(
        command,
        Command::Send { .. }
            | Command::React { .. }
            | Command::TellMediaSaved { .. }
            | Command::SetTyping { .. }
    )
}

fn refused<T: 'static>(error: CarryError) -> Work<Result<T, CarryError>> {
    Box::pin(actix::fut::ready(Err(error)))
}

impl IdentityActor {
    /// Carries something out, in a turn.
    pub(crate) fn carry(
        &mut self,
        intent: Intent,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcome, CarryError>> {
        only(self.carry_all(vec![intent], Vec::new(), ctx))
    }

    /// The same, with a history that has nothing.
    pub(crate) fn carry_blindly(&mut self, intent: Intent) -> Work<Result<Outcome, CarryError>> {
        only(self.carry_with(vec![intent], History::default(), Vec::new()))
    }

    fn carry_all(
        &mut self,
        intents: Vec<Intent>,
        keep: Vec<PluginChange>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        self.notice_clock();
        let mut questions: Vec<Question> =
            intents.iter().flat_map(|intent| self.account.questions(intent)).collect();
        questions.sort();
        questions.dedup();
        let history = self.recall(questions, ctx);
        Box::pin(history.into_actor(self).then(move |history, actor, _| match history {
            Ok(history) => actor.carry_with(intents, history, keep),
            Err(error) => refused(error),
        }))
    }

    /// What the history has to these questions, with everything that was
    /// decided before: a delivery beside the turn may just have learnt the hash
    /// of a copy.
    pub(crate) fn recall(
        &mut self,
        questions: Vec<Question>,
        ctx: &mut Context<Self>,
    ) -> impl Future<Output = Result<History, CarryError>> + use<> {
        let (account, port) = (self.number, self.ports.recall_history.clone());
        let asks = !questions.is_empty();
        let before = asks.then(|| self.commit(Decision::default(), ctx));
        async move {
            let Some(before) = before else { return Ok(History::default()) };
            before.await?;
            let ask = RecallHistory { account, questions: questions.clone() };
            let answers = port.ask(ask).await??;
            Ok(History::new(questions.into_iter().zip(answers)))
        }
    }

    /// Decides, with what the history has to the questions, and seals.
    fn carry_with(
        &mut self,
        intents: Vec<Intent>,
        history: History,
        keep: Vec<PluginChange>,
    ) -> Work<Result<Outcomes, CarryError>> {
        let now = self.clock.now();
        let carry = |intent| self.account.carry_out(intent, history.clone(), now, &mut self.rng);
        let plans: Plans = intents.into_iter().map(carry).collect();
        let outgoing = plans.iter().flatten().flat_map(|plan| &plan.outgoing);
        let copies: Vec<_> =
            outgoing.map(|copy| (copy.to, copy.sent, copy.content.clone())).collect();
        let (keys, seal) = (self.account.keys().clone(), self.ports.seal.clone());
        let sealed = async move {
            match copies.is_empty() {
                true => Ok(Vec::new()),
                false => Ok::<_, CarryError>(seal.ask(SealCopies { keys, copies }).await??),
            }
        };
        Box::pin(sealed.into_actor(self).then(move |sealed, actor, ctx| match sealed {
            Ok(sealed) => actor.keep_plans(plans, sealed, keep, ctx),
            Err(error) => {
                actor.start_again(&error, ctx);
                refused(error)
            }
        }))
    }

    /// Puts all of it into one commit.
    fn keep_plans(
        &mut self,
        plans: Plans,
        mut sealed: Vec<Vec<u8>>,
        keep: Vec<PluginChange>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        let now = self.clock.now();
        let (mut decision, mut outcomes) = (Decision::default(), Vec::new());
        let mut messages = BTreeSet::new();
        for plan in plans {
            outcomes.push(plan.map(|plan| {
                messages.extend(plan.outgoing.iter().map(|copy| copy.message));
                let rest = sealed.split_off(plan.outgoing.len().min(sealed.len()));
                let own = std::mem::replace(&mut sealed, rest);
                let (decided, outcome) = self.account.queue(plan, own, now);
                decision.and(decided);
                outcome
            }));
        }
        decision.changes.extend(keep.into_iter().map(Change::Plugin));
        if decision.is_empty() && messages.is_empty() {
            return Box::pin(actix::fut::ready(Ok(outcomes)));
        }
        let kept = self.commit(decision, ctx);
        Box::pin(kept.into_actor(self).map(move |kept, actor, ctx| {
            kept?;
            messages.into_iter().for_each(|message| actor.account.kept(message));
            actor.look(ctx);
            Ok(outcomes)
        }))
    }
}

/// What became of the one thing that was to be carried out.
fn only(done: Work<Result<Outcomes, CarryError>>) -> Work<Result<Outcome, CarryError>> {
    Box::pin(done.map(|outcomes, _, _| {
        let outcome = outcomes?.pop().unwrap_or(Ok(Outcome::Done));
        Ok(outcome?)
    }))
}
