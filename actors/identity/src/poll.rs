//! One round of polls, from the requests to the answers; what they brought is
//! taken in in `arrivals`.

use actix::prelude::*;
use ramson_codec::storage::RetrieveAnswer;
use ramson_messages::paths::{OnionAnswer, OnionRequest};
use ramson_messages::swarm::{LearnSwarm, PollDone, Spent};
use ramson_protocol::account::{Poll, PollAnswer, PollError};
use ramson_protocol::swarm::PollOutcome;
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, Namespace, ServiceNode};

use crate::ask::{reason_of, swarm_of};
use crate::{IdentityActor, REQUEST_TIMEOUT, Work};

/// The members of a swarm that are worth asking.
pub(crate) type Members = std::rc::Rc<[ServiceNode]>;

impl IdentityActor {
    /// Polls and tells Swarm how it went; does nothing while another poll is
    /// under way.
    pub(crate) fn poll(&mut self) -> Work<Option<PollOutcome>> {
        if self.polling {
            return Box::pin(actix::fut::ready(None));
        }
        self.polling = true;
        let (ports, me) = (self.ports.clone(), self.account.id());
        let members = async move { swarm_of(&ports, me).await };
        let poll = members.into_actor(self).then(|members, actor, _| match members {
            Ok(swarm) => {
                actor.notice_clock();
                let first = actor.account.poll(&swarm.ask, actor.clock.now(), &mut actor.rng);
                actor.round(swarm.ask.into(), first, PollOutcome::Failed)
            }
            Err(reason) => {
                tracing::debug!(account = actor.number, reason, "no swarm to poll");
                Box::pin(actix::fut::ready(PollOutcome::Failed))
            }
        });
        Box::pin(poll.then(|outcome, actor, _| {
            actor.polling = false;
            let account = actor.account.id();
            let told = actor.ports.poll_done.ask(PollDone { account, outcome });
            let told = async move {
                drop(told.await);
                Some(outcome)
            };
            told.into_actor(actor)
        }))
    }

    /// Asks one member after the other, as the machine wants it; `so_far` is
    /// how those before went.
    fn round(
        &mut self,
        members: Members,
        poll: Option<Poll>,
        so_far: PollOutcome,
    ) -> Work<PollOutcome> {
        let Some(poll) = poll else { return Box::pin(actix::fut::ready(so_far)) };
        let first = poll.is_first();
        let asked = self.ask_member(members.clone(), poll);
        Box::pin(asked.then(move |outcome, actor, _| {
            let so_far = match (so_far, outcome) {
                (so_far, PollOutcome::Failed) => so_far,
                // A second member's rest follows with the next poll.
                (_, PollOutcome::More) if !first => PollOutcome::Messages,
                (PollOutcome::More | PollOutcome::Messages, PollOutcome::Empty) => so_far,
                (_, outcome) => outcome,
            };
            let next = actor.account.poll_more(&members, actor.clock.now(), &mut actor.rng);
            if next.is_some() {
                actor.spent(1);
            }
            actor.round(members, next, so_far)
        }))
    }

    /// Tells Swarm of requests that follow from one that had its turn.
    pub(crate) fn spent(&self, requests: u32) {
        // Where Swarm has too much to do, a request more or less is no matter.
        drop(self.ports.spent.tell(Spent { requests }));
    }

    fn ask_member(&mut self, members: Members, poll: Poll) -> Work<PollOutcome> {
        let (destination, node) = (poll.node, poll.node.ed25519);
        let body = poll.request.to_bytes();
        let ask = OnionRequest { destination, body, timeout: REQUEST_TIMEOUT };
        let answer = self.ports.onion.ask(ask);
        Box::pin(answer.into_actor(self).then(move |answer, actor, ctx| match answer {
            Ok(Ok(answer)) => actor.take_answer(members, poll, answer, ctx),
            Ok(Err(error)) => {
                actor.member_failed(actor.account.id(), node, &error, ctx);
                actor.poll_failed(node, reason_of(&error), ctx)
            }
            Err(error) => actor.poll_failed(node, error.to_string(), ctx),
        }))
    }

    fn poll_failed(
        &mut self,
        node: Ed25519PublicKey,
        reason: String,
        ctx: &mut Context<Self>,
    ) -> Work<PollOutcome> {
        let decision = self.account.poll_failed(node, reason, self.clock.now());
        let done = self.commit(decision, ctx);
        Box::pin(done.into_actor(self).map(|_, _, _| PollOutcome::Failed))
    }

    fn take_answer(
        &mut self,
        members: Members,
        poll: Poll,
        answer: OnionAnswer,
        ctx: &mut Context<Self>,
    ) -> Work<PollOutcome> {
        let node = poll.node.ed25519;
        let read = self.account.read_poll(&node, answer.reply.status, answer.reply.body.as_bytes());
        let retrieved = match read {
            Ok(PollAnswer::Retrieved(retrieved)) => retrieved,
            Ok(PollAnswer::WrongSwarm(members)) => {
                self.learn_clock(&answer, node, None);
                let account = self.account.id();
                let told = self.ports.learn_swarm.ask(LearnSwarm { account, node, members });
                ctx.spawn(async move { drop(told.await) }.into_actor(self));
                let reason = "it is not in this account's swarm (421)".to_owned();
                return self.poll_failed(node, reason, ctx);
            }
            Err(error) => {
                self.learn_clock(&answer, node, None);
                if error.is_wrong_time() {
                    return self.poll_with_right_time(members, poll, error, ctx);
                }
                self.doubt_member(self.account.id(), node, false, ctx);
                return self.poll_failed(node, error.to_string(), ctx);
            }
        };
        let said = retrieved.iter().find_map(|(_, answer)| answer.status.time);
        self.learn_clock(&answer, node, said);
        let taken = self.take_namespaces(node, answer.path, retrieved, PollOutcome::Empty);
        Box::pin(taken.then(move |outcome, actor, _| {
            if outcome == PollOutcome::Failed {
                return Box::pin(actix::fut::ready(outcome)) as Work<_>;
            }
            actor.polled = Some((node, actor.clock.now()));
            let done = actor.in_turn(move |actor, ctx| actor.end_poll(node, ctx));
            Box::pin(done.map(move |(), _, _| outcome))
        }))
    }

    /// Decides what follows from a poll that was taken in.
    fn end_poll(&mut self, node: Ed25519PublicKey, ctx: &mut Context<Self>) -> Work<()> {
        let verdict = self.account.polled(node, self.clock.now(), &mut self.rng);
        if let Some(doubted) = verdict.doubt {
            self.doubt_member(self.account.id(), doubted, false, ctx);
        }
        let kept = self.commit(verdict.decision, ctx);
        // What waited may be due now, or a push; where it is kept already,
        // nobody else looks.
        Box::pin(kept.into_actor(self).map(|kept, actor, ctx| {
            if kept.is_ok() {
                actor.look(ctx);
            }
        }))
    }

    /// A member refused the time of a poll: learns the right one, and asks
    /// again if it was ours that was wrong.
    fn poll_with_right_time(
        &mut self,
        members: Members,
        poll: Poll,
        error: PollError,
        ctx: &mut Context<Self>,
    ) -> Work<PollOutcome> {
        if let Some(again) = self.account.poll_again(&poll, self.clock.now()) {
            self.spent(1);
            return self.ask_member(members, again);
        }
        let learnt = self.learn_time(&poll.node.ed25519, &members, ctx);
        Box::pin(learnt.then(move |(), actor, ctx| {
            if let Some(again) = actor.account.poll_again(&poll, actor.clock.now()) {
                actor.spent(1);
                return actor.ask_member(members, again);
            }
            let node = poll.node.ed25519;
            actor.doubt_member(actor.account.id(), node, false, ctx);
            actor.poll_failed(node, error.to_string(), ctx)
        }))
    }

    /// Takes in one namespace after the other, as the request had them.
    fn take_namespaces(
        &mut self,
        node: Ed25519PublicKey,
        path: Hops,
        mut retrieved: Vec<(Namespace, RetrieveAnswer)>,
        outcome: PollOutcome,
    ) -> Work<PollOutcome> {
        if retrieved.is_empty() {
            return Box::pin(actix::fut::ready(outcome));
        }
        let (namespace, answer) = retrieved.remove(0);
        let more = answer.more;
        let taken = self.take_in(node, path.clone(), namespace, answer);
        Box::pin(taken.then(move |taken, actor, _| {
            let outcome = match taken {
                Err(reason) => {
                    tracing::warn!(account = actor.number, reason, "a poll was not kept");
                    return Box::pin(actix::fut::ready(PollOutcome::Failed)) as Work<_>;
                }
                // Without a cursor that moves the next answer is this one again.
                Ok(true) if more => PollOutcome::More,
                Ok(true) if outcome == PollOutcome::Empty => PollOutcome::Messages,
                Ok(_) => outcome,
            };
            actor.take_namespaces(node, path, retrieved, outcome)
        }))
    }
}
