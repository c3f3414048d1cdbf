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
use ramson_types::MessageId;

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

/// What each of several commands led to.
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
            actor.carry_all(commands, keep, ctx)
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
        self.notice_clock();
        let history = self.recall(self.account.questions(&intent), ctx);
        Box::pin(history.into_actor(self).then(move |history, actor, ctx| {
            let history = match history {
                Ok(history) => history,
                Err(error) => return refused(error),
            };
            actor.carry_with(intent, history, ctx)
        }))
    }

    /// The same, with what the history has to its questions.
    pub(crate) fn carry_with(
        &mut self,
        intent: Intent,
        history: History,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcome, CarryError>> {
        let now = self.clock.now();
        match self.account.carry_out(intent, history, now, &mut self.rng) {
            Ok(plan) => self.seal(plan, ctx),
            Err(error) => refused(error.into()),
        }
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

    fn carry_all(
        &mut self,
        commands: Vec<Command>,
        keep: Vec<PluginChange>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        self.notice_clock();
        let intents: Vec<Intent> = commands.into_iter().map(Intent::Command).collect();
        let mut questions: Vec<Question> =
            intents.iter().flat_map(|intent| self.account.questions(intent)).collect();
        questions.sort();
        questions.dedup();
        let history = self.recall(questions, ctx);
        Box::pin(history.into_actor(self).then(move |history, actor, _| {
            let history = match history {
                Ok(history) => history,
                Err(error) => return refused(error),
            };
            let now = actor.clock.now();
            let carry =
                |intent| actor.account.carry_out(intent, history.clone(), now, &mut actor.rng);
            let plans = intents.into_iter().map(carry).collect();
            actor.seal_all(plans, keep)
        }))
    }

    fn seal_all(
        &mut self,
        plans: Vec<Result<Plan, CommandError>>,
        keep: Vec<PluginChange>,
    ) -> Work<Result<Outcomes, CarryError>> {
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
            Ok(sealed) => actor.keep_all(plans, sealed, keep, ctx),
            Err(error) => {
                actor.start_again(&error, ctx);
                refused(error)
            }
        }))
    }

    fn keep_all(
        &mut self,
        plans: Vec<Result<Plan, CommandError>>,
        mut sealed: Vec<Vec<u8>>,
        keep: Vec<PluginChange>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        let now = self.clock.now();
        let mut decision = Decision::default();
        let mut messages = BTreeSet::new();
        let mut outcomes = Vec::new();
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
        let kept = self.commit(decision, ctx);
        Box::pin(kept.into_actor(self).map(move |kept, actor, ctx| {
            kept?;
            messages.into_iter().for_each(|message| actor.account.kept(message));
            actor.look(ctx);
            Ok(outcomes)
        }))
    }

    fn seal(&mut self, plan: Plan, ctx: &mut Context<Self>) -> Work<Result<Outcome, CarryError>> {
        if plan.outgoing.is_empty() {
            return self.keep_plan(plan, Vec::new(), ctx);
        }
        let copies = plan.outgoing.iter();
        let copies = copies.map(|copy| (copy.to, copy.sent, copy.content.clone())).collect();
        let keys = self.account.keys().clone();
        let sealed = self.ports.seal.ask(SealCopies { keys, copies });
        let sealed = async move { Ok::<_, CarryError>(sealed.await??) };
        Box::pin(sealed.into_actor(self).then(move |sealed, actor, ctx| match sealed {
            Ok(sealed) => actor.keep_plan(plan, sealed, ctx),
            Err(error) => {
                actor.start_again(&error, ctx);
                refused(error)
            }
        }))
    }

    fn keep_plan(
        &mut self,
        plan: Plan,
        sealed: Vec<Vec<u8>>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcome, CarryError>> {
        if plan.decision.is_empty() && plan.outgoing.is_empty() {
            return Box::pin(actix::fut::ready(Ok(plan.outcome)));
        }
        let messages: BTreeSet<MessageId> = plan.outgoing.iter().map(|copy| copy.message).collect();
        let (decision, outcome) = self.account.queue(plan, sealed, self.clock.now());
        let kept = self.commit(decision, ctx);
        Box::pin(kept.into_actor(self).map(move |kept, actor, ctx| {
            kept?;
            messages.into_iter().for_each(|message| actor.account.kept(message));
            actor.look(ctx);
            Ok(outcome)
        }))
    }
}
