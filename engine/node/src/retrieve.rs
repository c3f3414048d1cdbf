//! `retrieve` and `get_expiries` (02 sections 4.8 and 4.11): what one node
//! answers from its own messages.

use ramson_codec::storage::{GetExpiries, MAX_RETRIEVE, Retrieve, RevokedSubaccounts, signed_text};
use ramson_types::{Namespace, Timestamp};
use serde_json::{Map, Value, json};

use crate::auth::{self, READ, TOLERANCE};
use crate::database::{Limits, StoredMessage};
use crate::rpc::RpcAnswer;
use crate::{Node, Quirks, faults};

pub(crate) fn retrieve(node: &Node, request: &Retrieve, now: Timestamp) -> RpcAnswer {
    let account = &request.account;
    let namespace = request.namespace.unwrap_or(Namespace::INBOX);
    match &request.auth {
        Some((timestamp, auth)) => {
            if !auth::is_recent(*timestamp, now, TOLERANCE) {
                return RpcAnswer::text(406, "retrieve timestamp too far from current time");
            }
            let text = signed_text::retrieve(namespace, *timestamp);
            let revoked = |token: &[u8; 36]| {
                !namespace.revoked_subaccount_may_retrieve()
                    && node.database.is_revoked(account, token)
            };
            if !auth::verifies(account, auth, &text, READ, revoked) {
                return RpcAnswer::text(401, "retrieve signature verification failed");
            }
        }
        None if namespace.retrieve_needs_auth() => {
            return RpcAnswer::text(401, "retrieve: request signature required");
        }
        None => {}
    }
    if let Some(status) = node.faults.refuses_retrieves {
        return faults::refusal(status);
    }
    let after = request.last_hash.as_ref().filter(|_| !node.faults.forgets_last_hash);
    let after = after.and_then(|hash| hash.parse().ok());
    let shows = |message: &StoredMessage| {
        let expired = message.expiry <= now && !node.quirks.expired_messages_are_returned;
        !expired && !node.withholds(&message.hash)
    };
    let read =
        |account, after, limits| node.database.retrieve(account, namespace, after, limits, shows);
    let (messages, more) = match limits(request, &node.quirks) {
        Some(limits) if node.faults.foreign_messages => {
            match node.database.accounts().find(|other| *other != account) {
                Some(other) => read(other, None, limits),
                None => (Vec::new(), false),
            }
        }
        Some(limits) => read(account, after, limits),
        None => (Vec::new(), false),
    };
    let mut answer = Map::new();
    let messages = messages.into_iter().map(|message| message_json(node, message));
    answer.insert("messages".to_owned(), messages.collect());
    answer.insert("more".to_owned(), more.into());
    node.network.stamp(&mut answer, now);
    RpcAnswer::json(200, answer)
}

fn message_json(node: &Node, message: &StoredMessage) -> Value {
    let data = if message.data.is_empty() && node.quirks.empty_data_reads_as_equals_sign {
        "=".to_owned()
    } else {
        crate::base64(&message.data)
    };
    json!({
        "data": data,
        "expiration": message.expiry.millis(),
        "hash": message.hash.to_string(),
        "timestamp": message.timestamp.millis(),
    })
}

/// `None` for a `max_count` that brings nothing.
fn limits(request: &Retrieve, quirks: &Quirks) -> Option<Limits> {
    let count = request.max_count.filter(|count| *count != 0);
    if count == Some(-1) && quirks.max_count_of_minus_one_returns_nothing {
        return None;
    }
    let size = match request.max_size.filter(|size| *size != 0) {
        Some(size) => size,
        None if count.is_some() => -1,
        None => -5,
    };
    let bytes = match u64::try_from(size) {
        Ok(bytes) => bytes.min(MAX_RETRIEVE),
        Err(_) => MAX_RETRIEVE.checked_div(size.unsigned_abs()).unwrap_or(MAX_RETRIEVE),
    };
    Some(Limits { count: count.and_then(|count| count.try_into().ok()), bytes })
}

pub(crate) fn get_expiries(node: &Node, request: &GetExpiries, now: Timestamp) -> RpcAnswer {
    let account = &request.account;
    if !auth::is_recent(request.timestamp, now, TOLERANCE) {
        return RpcAnswer::text(406, "get_expiries timestamp too far from current time");
    }
    let text = signed_text::get_expiries(request.timestamp, &request.messages);
    if !node.authorizes(account, &request.auth, &text, READ) {
        return RpcAnswer::text(401, "get_expiries signature verification failed");
    }
    let expiries = request.messages.iter().filter_map(|hash| {
        let message = node.database.find(account, hash)?;
        Some((hash.clone(), message.expiry.millis().into()))
    });
    // Neither clock nor hard fork, unlike everywhere else.
    RpcAnswer::json(200, json!({ "expiries": expiries.collect::<Map<_, _>>() }))
}

/// `revoked_subaccounts` (02 section 4.12), of versions after 2.8.0.
pub(crate) fn revoked_subaccounts(
    node: &Node,
    request: &RevokedSubaccounts,
    now: Timestamp,
) -> RpcAnswer {
    let account = &request.account;
    if !auth::is_recent(request.timestamp, now, TOLERANCE) {
        return RpcAnswer::text(406, "revoked_subaccounts timestamp too far from current time");
    }
    let text = signed_text::revoked_subaccounts(request.timestamp);
    let owner = request.auth.subaccount.is_none();
    if !(owner && node.authorizes(account, &request.auth, &text, 0)) {
        return RpcAnswer::text(401, "revoked_subaccounts signature verification failed");
    }
    let mut answer = Map::new();
    let tokens = node.database.revoked(account).map(|token| crate::base64(token));
    answer.insert("revoked_subaccounts".to_owned(), tokens.collect());
    node.network.stamp(&mut answer, now);
    RpcAnswer::json(200, answer)
}
