//! One round of polls, from the requests to the commit of everything they
//! brought.

use std::collections::BTreeSet;
use std::time::Duration;

use actix::prelude::*;
use ramson_codec::storage::{RetrieveAnswer, Retrieved};
use ramson_messages::crypto::OpenInbox;
use ramson_messages::paths::{OnionAnswer, OnionRequest};
use ramson_messages::storage::{RecallHashes, RecallMessages};
use ramson_messages::swarm::{LearnSwarm, PollDone, Spent};
use ramson_protocol::account::{Arrival, ArrivalBody, Poll, PollAnswer, PollError};
use ramson_protocol::store::{Change, MessageKey};
use ramson_protocol::swarm::PollOutcome;
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, Namespace, ServiceNode, Timestamp};

use crate::deliver::{reason_of, swarm_of};
use crate::{IdentityActor, Ports, REQUEST_TIMEOUT};

/// A message whose expiry the node did not tell is remembered this long.
const UNKNOWN_EXPIRY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The members of a swarm that are worth asking.
pub(crate) type Members = std::rc::Rc<[ServiceNode]>;

pub(crate) type Work<T> = actix::fut::LocalBoxActorFuture<IdentityActor, T>;

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
        Box::pin(taken.then(move |outcome, actor, ctx| {
            if outcome == PollOutcome::Failed {
                return Box::pin(actix::fut::ready(outcome)) as Work<_>;
            }
            actor.polled = Some((node, actor.clock.now()));
            let verdict = actor.account.polled(node, actor.clock.now(), &mut actor.rng);
            if let Some(doubted) = verdict.doubt {
                actor.doubt_member(actor.account.id(), doubted, false, ctx);
            }
            if verdict.woken {
                actor.send_due(ctx);
            }
            let done = actor.commit(verdict.decision, ctx);
            Box::pin(done.into_actor(actor).map(move |_, _, _| outcome))
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

    /// Takes in what one namespace brought; whether its cursor moved.
    fn take_in(
        &mut self,
        node: Ed25519PublicKey,
        path: Hops,
        namespace: Namespace,
        answer: RetrieveAnswer,
    ) -> Work<Result<bool, String>> {
        if answer.messages.is_empty() {
            return Box::pin(actix::fut::ready(Ok(false)));
        }
        let unknown_expiry = self.clock.now().plus(UNKNOWN_EXPIRY);
        let copies: Vec<(Timestamp, Retrieved)> = answer
            .messages
            .into_iter()
            .map(|message| (message.expiration.unwrap_or(unknown_expiry), message))
            .collect();
        let (ports, account, keys) = (self.ports.clone(), self.number, self.account.keys().clone());
        let open = async move { open_new(&ports, account, keys, namespace, copies).await };
        Box::pin(open.into_actor(self).then(move |arrivals, actor, ctx| {
            let arrivals = match arrivals {
                Ok(arrivals) => arrivals,
                Err(reason) => return Box::pin(actix::fut::ready(Err(reason))) as Work<_>,
            };
            if arrivals.iter().any(|arrival| arrival.body == ArrivalBody::WrongHash) {
                actor.doubt_member(actor.account.id(), node, false, ctx);
            }
            let keys: Vec<MessageKey> = arrivals
                .iter()
                .filter_map(|arrival| match &arrival.body {
                    ArrivalBody::Opened(opened) => opened
                        .as_ref()
                        .as_ref()
                        .ok()
                        .and_then(|opened| actor.account.message_key(opened)),
                    _ => None,
                })
                .collect();
            let recall = recall_messages(&actor.ports, actor.number, keys);
            Box::pin(recall.into_actor(actor).then(move |known, actor, ctx| {
                let known = match known {
                    Ok(known) => known,
                    Err(reason) => return Box::pin(actix::fut::ready(Err(reason))) as Work<_>,
                };
                let now = actor.clock.now();
                let decision = actor.account.receive(
                    node,
                    &path,
                    namespace,
                    arrivals,
                    |key| known.contains(key),
                    now,
                );
                let moves = |change: &Change| matches!(change, Change::MoveCursor { .. });
                let moved = decision.changes.iter().any(moves);
                let done = actor.commit(decision, ctx);
                let done =
                    async move { done.await.map(|()| moved).map_err(|error| error.to_string()) };
                Box::pin(done.into_actor(actor))
            }))
        }))
    }
}

/// Opens those copies that were never seen before.
async fn open_new(
    ports: &Ports,
    account: u32,
    keys: std::sync::Arc<ramson_crypto::AccountKeys>,
    namespace: Namespace,
    copies: Vec<(Timestamp, Retrieved)>,
) -> Result<Vec<Arrival>, String> {
    let asked = copies.iter().map(|(_, copy)| (namespace, copy.hash)).collect();
    let seen = ports
        .recall_hashes
        .ask(RecallHashes { account, copies: asked })
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let mut stored = Vec::new();
    let mut bodies = Vec::new();
    let seen = seen.into_iter().chain(std::iter::repeat(false));
    let me = keys.account_id();
    for ((expires, copy), seen) in copies.into_iter().zip(seen) {
        let hash = copy.hash;
        let body = if seen {
            Some(ArrivalBody::Seen)
        } else if copy.hash_is_right(&me, namespace) {
            stored.push(copy.data.unwrap_or_default());
            None
        } else {
            Some(ArrivalBody::WrongHash)
        };
        bodies.push((hash, expires, body));
    }
    let mut opened = match stored.is_empty() {
        true => Vec::new(),
        false => {
            ports.open.ask(OpenInbox { keys, stored }).await.map_err(|error| error.to_string())?
        }
    }
    .into_iter();
    let mut arrivals = Vec::with_capacity(bodies.len());
    for (hash, expires, body) in bodies {
        let body = match body {
            Some(body) => body,
            None => match opened.next() {
                Some(opened) => ArrivalBody::Opened(Box::new(opened)),
                None => return Err("Crypto answered for fewer messages than it was given".into()),
            },
        };
        arrivals.push(Arrival { hash, expires, body });
    }
    Ok(arrivals)
}

fn recall_messages(
    ports: &Ports,
    account: u32,
    keys: Vec<MessageKey>,
) -> impl Future<Output = Result<BTreeSet<MessageKey>, String>> + use<> {
    let asked = (!keys.is_empty())
        .then(|| ports.recall_messages.ask(RecallMessages { account, keys: keys.clone() }));
    async move {
        let Some(asked) = asked else { return Ok(BTreeSet::new()) };
        let known =
            asked.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        Ok(keys.into_iter().zip(known).filter_map(|(key, known)| known.then_some(key)).collect())
    }
}
