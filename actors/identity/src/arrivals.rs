//! Taking in what one namespace of a poll brought: opened first, then decided
//! and committed in a turn.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use ramson_codec::storage::{RetrieveAnswer, Retrieved};
use ramson_crypto::AccountKeys;
use ramson_messages::crypto::OpenInbox;
use ramson_messages::storage::RecallHashes;
use ramson_protocol::account::{Arrival, ArrivalBody};
use ramson_protocol::config::ConfigKind;
use ramson_protocol::store::Change;
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, Namespace, Timestamp};

use crate::{IdentityActor, Ports, Work};

/// A message whose expiry the node did not tell is remembered this long.
const UNKNOWN_EXPIRY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Stored copies, and when the swarm lets go of each.
type Copies = Vec<(Timestamp, Retrieved)>;

impl IdentityActor {
    /// Takes in what one namespace brought; whether its cursor moved.
    pub(crate) fn take_in(
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
        let expires = |copy: &Retrieved| copy.expiration.unwrap_or(unknown_expiry);
        let copies = answer.messages.into_iter().map(|copy| (expires(&copy), copy)).collect();
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
            actor.in_turn(move |actor, ctx| actor.receive(node, path, namespace, arrivals, ctx))
        }))
    }

    /// Decides what arrivals mean, and keeps it.
    fn receive(
        &mut self,
        node: Ed25519PublicKey,
        path: Hops,
        namespace: Namespace,
        arrivals: Vec<Arrival>,
        ctx: &mut Context<Self>,
    ) -> Work<Result<bool, String>> {
        let history = self.recall(self.account.arrival_questions(&arrivals), ctx);
        Box::pin(history.into_actor(self).then(move |history, actor, ctx| {
            let history = match history {
                Ok(history) => history,
                Err(error) => {
                    return Box::pin(actix::fut::ready(Err(error.to_string()))) as Work<_>;
                }
            };
            let now = actor.clock.now();
            let decision = actor.account.receive(node, &path, namespace, arrivals, history, now);
            let moves = |change: &Change| matches!(change, Change::MoveCursor { .. });
            let moved = decision.changes.iter().any(moves);
            let kept = actor.commit(decision, ctx);
            let kept = async move { kept.await.map(|()| moved).map_err(|error| error.to_string()) };
            Box::pin(kept.into_actor(actor))
        }))
    }
}

/// Opens those copies that were never seen before. Configs are taken as they
/// are: the machine knows those that it merged.
async fn open_new(
    ports: &Ports,
    account: u32,
    keys: Arc<AccountKeys>,
    namespace: Namespace,
    copies: Copies,
) -> Result<Vec<Arrival>, String> {
    let me = keys.account_id();
    if ConfigKind::of_account(namespace).is_some() {
        let arrivals = copies.into_iter().map(|(expires, copy)| {
            let hash = copy.hash;
            let body = match copy.hash_is_right(&me, namespace) {
                true => ArrivalBody::Config(copy.data.unwrap_or_default()),
                false => ArrivalBody::WrongHash,
            };
            Arrival { hash, expires, body }
        });
        return Ok(arrivals.collect());
    }
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
