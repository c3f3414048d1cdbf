//! One poll, from the request to the commit of everything it brought.

use std::collections::BTreeSet;
use std::time::Duration;

use actix::prelude::*;
use ramson_codec::storage::RetrieveAnswer;
use ramson_messages::crypto::OpenInbox;
use ramson_messages::paths::{OnionAnswer, OnionRequest};
use ramson_messages::storage::{RecallHashes, RecallMessages};
use ramson_messages::swarm::{LearnSwarm, PollDone};
use ramson_protocol::account::{Arrival, ArrivalBody, PollAnswer, PollError};
use ramson_protocol::store::{Change, MessageKey};
use ramson_protocol::swarm::PollOutcome;
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, Namespace, ServiceNode};

use crate::deliver::swarm_of;
use crate::{IdentityActor, Ports, REQUEST_TIMEOUT};

/// A message whose expiry the node did not tell is remembered this long.
const UNKNOWN_EXPIRY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(crate) type Work<T> = actix::fut::LocalBoxActorFuture<IdentityActor, T>;

impl IdentityActor {
    /// Polls once and tells Swarm how it went; does nothing while another poll
    /// is under way.
    pub(crate) fn poll(&mut self) -> Work<Option<PollOutcome>> {
        if self.polling {
            return Box::pin(actix::fut::ready(None));
        }
        self.polling = true;
        let (ports, me) = (self.ports.clone(), self.account.id());
        let members = async move { swarm_of(&ports, me).await };
        let poll = members.into_actor(self).then(|members, actor, ctx| match members {
            Ok(swarm) => actor.ask_member(&swarm.ask, ctx),
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

    fn ask_member(&mut self, members: &[ServiceNode], _: &mut Context<Self>) -> Work<PollOutcome> {
        self.notice_clock();
        let Some(poll) = self.account.poll(members, self.clock.now(), &mut self.rng) else {
            return Box::pin(actix::fut::ready(PollOutcome::Failed));
        };
        let (destination, node) = (poll.node, poll.node.ed25519);
        let body = poll.request.to_bytes();
        let ask = OnionRequest { destination, body, timeout: REQUEST_TIMEOUT };
        let answer = self.ports.onion.ask(ask);
        Box::pin(answer.into_actor(self).then(move |answer, actor, ctx| match answer {
            Ok(Ok(answer)) => actor.take_answer(node, answer, ctx),
            Ok(Err(error)) => {
                actor.member_failed(actor.account.id(), node, &error, ctx);
                actor.poll_failed(node, error.to_string(), ctx)
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
        node: Ed25519PublicKey,
        answer: OnionAnswer,
        ctx: &mut Context<Self>,
    ) -> Work<PollOutcome> {
        let read = self.account.read_poll(&node, answer.reply.status, answer.reply.body.as_bytes());
        let retrieved = match read {
            Ok(PollAnswer::Retrieved(retrieved)) => retrieved,
            Ok(PollAnswer::WrongSwarm(members)) => {
                self.learn_clock(&answer, node, None);
                let account = self.account.id();
                let told = self.ports.learn_swarm.ask(LearnSwarm { account, members });
                ctx.spawn(async move { drop(told.await) }.into_actor(self));
                let reason = "it is not in this account's swarm (421)".to_owned();
                return self.poll_failed(node, reason, ctx);
            }
            Err(error) => {
                self.learn_clock(&answer, node, None);
                // Its clock or ours is wrong; asking others first does not help.
                if !matches!(error, PollError::Refused { status: 406, .. }) {
                    self.doubt_member(self.account.id(), node, false, ctx);
                }
                return self.poll_failed(node, error.to_string(), ctx);
            }
        };
        let said = retrieved.iter().find_map(|(_, answer)| answer.status.time);
        self.learn_clock(&answer, node, said);
        self.take_namespaces(node, answer.path, retrieved, PollOutcome::Empty)
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
        let me = self.account.id();
        let unknown_expiry = self.clock.now().plus(UNKNOWN_EXPIRY);
        let copies: Vec<Copy> = answer
            .messages
            .into_iter()
            .map(|message| Copy {
                hash: message.hash,
                expires: message.expiration.unwrap_or(unknown_expiry),
                data: message
                    .hash_is_right(&me, namespace)
                    .then(|| message.data.unwrap_or_default()),
            })
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

/// A stored copy; `data` is `None` when its hash is not that of its bytes.
struct Copy {
    hash: ramson_types::MessageHash,
    expires: ramson_types::Timestamp,
    data: Option<Vec<u8>>,
}

/// Opens those copies that were never seen before.
async fn open_new(
    ports: &Ports,
    account: u32,
    keys: std::sync::Arc<ramson_crypto::AccountKeys>,
    namespace: Namespace,
    copies: Vec<Copy>,
) -> Result<Vec<Arrival>, String> {
    let asked = copies.iter().map(|copy| (namespace, copy.hash)).collect();
    let seen = ports
        .recall_hashes
        .ask(RecallHashes { account, copies: asked })
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let mut stored = Vec::new();
    let mut bodies = Vec::new();
    let seen = seen.into_iter().chain(std::iter::repeat(false));
    for (Copy { hash, expires, data }, seen) in copies.into_iter().zip(seen) {
        let body = match data {
            _ if seen => Some(ArrivalBody::Seen),
            None => Some(ArrivalBody::WrongHash),
            Some(data) => {
                stored.push(data);
                None
            }
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
