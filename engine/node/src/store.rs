//! `store` (02 section 4.7).

use std::time::Duration;

use ramson_codec::storage::{Lifetime, Store, member_text, signed_text};
use ramson_types::Timestamp;
use serde_json::Value;

use crate::auth::{self, DELETE, TOLERANCE, WRITE};
use crate::member::{MemberResult, Role};
use crate::rpc::RpcAnswer;
use crate::{Node, faults, swarm_change};

/// A message lives at least this long, and its times may be off by as much.
const SLACK: Duration = Duration::from_secs(10);

/// When a message goes.
pub(crate) fn expiry(store: &Store) -> Timestamp {
    match store.lifetime {
        Lifetime::Ttl(ttl) => store.timestamp.plus(Duration::from_millis(ttl)),
        Lifetime::Until(expiry) => expiry,
    }
}

pub(crate) fn store(
    node: &mut Node,
    request: &Store,
    role: Role,
    now: Timestamp,
) -> Result<MemberResult, RpcAnswer> {
    let expiry = expiry(request);
    let (account, namespace) = (request.account, request.namespace);
    let ttl = expiry.since(request.timestamp);
    if ttl < SLACK || ttl > namespace.max_ttl() {
        return Err(RpcAnswer::text(403, "Provided expiry/TTL is not valid."));
    }
    if request.timestamp > now.plus(SLACK) || expiry < now.minus(SLACK) {
        return Err(RpcAnswer::text(406, "Timestamp error: check your clock"));
    }
    if namespace.store_needs_auth() {
        let Some(auth) = &request.auth else {
            let text = format!("store: signature required to store to namespace {namespace}");
            return Err(RpcAnswer::text(401, text));
        };
        let signed = request.sig_timestamp.unwrap_or(request.timestamp);
        if !auth::is_recent(signed, now, TOLERANCE) {
            let text = "store signature timestamp too far from current time";
            return Err(RpcAnswer::text(406, text));
        }
        // Storing to an outbox deletes what was in it.
        let rights = if namespace.is_public_outbox() { WRITE | DELETE } else { WRITE };
        let text = signed_text::store(namespace, signed);
        if !node.authorizes(&account, auth, &text, rights) {
            return Err(RpcAnswer::text(401, "store signature verification failed"));
        }
    }
    if let Some(status) = node.faults.refuses_stores {
        return Err(faults::refusal(status));
    }
    let message = swarm_change::stored(request);
    let hash = message.hash.to_string();
    let stored = if node.faults.loses_messages {
        Ok((false, expiry))
    } else if namespace.is_public_outbox() {
        let alone_fails = node.quirks.lone_outbox_message_cannot_be_replaced;
        let only_newer = !node.quirks.older_outbox_message_replaces_newer;
        node.database.store_alone(message, alone_fails, only_newer)
    } else {
        node.database.store(message)
    };
    let mut result = match stored {
        Ok((already, expiry)) => {
            let signature = node.sign(&member_text::store(&hash));
            let fields = [("hash", Value::from(hash)), ("expiry", expiry.millis().into())];
            let already = already.then_some(("already", true.into()));
            MemberResult::new(fields.into_iter().chain(already), Some(signature))
        }
        Err(failure) => MemberResult::failed(failure),
    };
    if role == Role::Asked {
        result.fields.insert("t".to_owned(), now.millis().into());
    }
    Ok(result)
}
