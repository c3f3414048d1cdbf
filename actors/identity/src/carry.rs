//! Commands and work carried out: questions → answers → plan → sealed copies →
//! outbox → commit, all in one turn.

use std::collections::{BTreeSet, VecDeque};

use actix::prelude::*;
use ramson_messages::crypto::SealCopies;
use ramson_messages::identity::{Carry, CarryAll, CarryError};
use ramson_messages::storage::RecallHistory;
use ramson_protocol::account::{Decision, History, Intent, Plan, Question};
use ramson_protocol::command::{Command, CommandError, Outcome};
use ramson_protocol::mark::Mark;
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

/// What is kept with what is carried out.
#[derive(Default)]
struct Kept {
    /// In the order of what is carried out.
    marks: Vec<Option<Mark>>,
    changes: Vec<PluginChange>,
}

/// Things that are carried out together, each with what those before it led
/// to.
struct Batch {
    left: VecDeque<Intent>,
    plans: Plans,
    /// What was asked of the history.
    asked: BTreeSet<Question>,
    /// What it has to that, and what was decided since.
    history: History,
    keep: Kept,
}

/// What each of several commands leads to.
type Plans = Vec<Result<Plan, CommandError>>;

/// What each of them led to.
type Outcomes = Vec<Result<Outcome, CommandError>>;

impl Handler<CarryAll> for IdentityActor {
    type Result = ResponseActFuture<Self, Result<Outcomes, CarryError>>;

    fn handle(
        &mut self,
        CarryAll { commands, marks, keep }: CarryAll,
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
            actor.carry_all(intents, Kept { marks, changes: keep }, ctx)
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
        only(self.carry_all(vec![intent], Kept::default(), ctx))
    }

    /// The same, with a history that has nothing.
    pub(crate) fn carry_blindly(
        &mut self,
        intent: Intent,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcome, CarryError>> {
        let asked = self.account.questions(&intent).into_iter().collect();
        let (left, plans) = (VecDeque::from([intent]), Vec::new());
        let (history, keep) = (History::default(), Kept::default());
        only(self.decide(Batch { left, plans, asked, history, keep }, ctx))
    }

    fn carry_all(
        &mut self,
        intents: Vec<Intent>,
        keep: Kept,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        self.notice_clock();
        let asked: BTreeSet<Question> =
            intents.iter().flat_map(|intent| self.account.questions(intent)).collect();
        let history = self.recall(asked.iter().cloned().collect(), ctx);
        let (left, plans) = (VecDeque::from(intents), Vec::new());
        Box::pin(history.into_actor(self).then(move |history, actor, ctx| match history {
            Ok(history) => actor.decide(Batch { left, plans, asked, history, keep }, ctx),
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

    /// Decides one after the other. What was decided before may lead to other
    /// questions.
    fn decide(
        &mut self,
        mut batch: Batch,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        let now = self.clock.now();
        while let Some(intent) = batch.left.pop_front() {
            let mut questions = self.account.questions(&intent);
            questions.retain(|question| !batch.asked.contains(question));
            if !questions.is_empty() {
                batch.left.push_front(intent);
                return self.ask_more(batch, questions, ctx);
            }
            let plan = self.account.carry_out(intent, &batch.history, now, &mut self.rng);
            if let Ok(plan) = &plan {
                batch.history.follow(&plan.decision.changes);
            }
            batch.plans.push(plan);
        }
        self.seal(batch.plans, batch.keep)
    }

    fn ask_more(
        &mut self,
        mut batch: Batch,
        questions: Vec<Question>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        let answers = self.recall(questions.clone(), ctx);
        Box::pin(answers.into_actor(self).then(move |answers, actor, ctx| match answers {
            Ok(answers) => {
                batch.asked.extend(questions);
                batch.history.learn(answers);
                for plan in batch.plans.iter().flatten() {
                    batch.history.follow(&plan.decision.changes);
                }
                actor.decide(batch, ctx)
            }
            Err(error) => {
                // The machine went on with what is kept nowhere.
                if batch.plans.iter().any(Result::is_ok) {
                    actor.start_again(&error, ctx);
                }
                refused(error)
            }
        }))
    }

    fn seal(&mut self, plans: Plans, keep: Kept) -> Work<Result<Outcomes, CarryError>> {
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
        keep: Kept,
        ctx: &mut Context<Self>,
    ) -> Work<Result<Outcomes, CarryError>> {
        let now = self.clock.now();
        let (mut decision, mut outcomes) = (Decision::default(), Vec::new());
        let mut messages = BTreeSet::new();
        let mut marks = keep.marks.into_iter();
        for plan in plans {
            let mark = marks.next().flatten();
            outcomes.push(plan.map(|plan| {
                messages.extend(plan.outgoing.iter().map(|copy| copy.message));
                let rest = sealed.split_off(plan.outgoing.len().min(sealed.len()));
                let own = std::mem::replace(&mut sealed, rest);
                let (decided, outcome) = self.account.queue(plan, own, now);
                decision.and(decided);
                decision.changes.extend(mark.map(|mark| Change::Plugin(mark.set(&outcome, now))));
                outcome
            }));
        }
        decision.changes.extend(keep.changes.into_iter().map(Change::Plugin));
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
