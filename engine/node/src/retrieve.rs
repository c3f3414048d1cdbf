//! `retrieve` and `get_expiries` (02 sections 4.8 and 4.11): what one node
//! answers from its own messages.

use ramson_codec::storage::{GetExpiries, MAX_RETRIEVE, Retrieve, signed_text};
use ramson_types::{Namespace, Timestamp};
use serde_json::{Map, Value, json};

use crate::Node;
use crate::auth::{self, READ, TOLERANCE};
use crate::database::{Limits, StoredMessage};
use crate::rpc::RpcAnswer;

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
    let after = request.last_hash.as_ref().and_then(|hash| hash.parse().ok());
    let (messages, more) = match limits(request) {
        Some(limits) if node.faults.foreign_messages => {
            match node.database.accounts().find(|other| *other != account) {
                Some(other) => node.database.retrieve(other, namespace, None, limits),
                None => (Vec::new(), false),
            }
        }
        Some(limits) => node.database.retrieve(account, namespace, after, limits),
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

/// `None` for the `max_count` of -1, which brings nothing.
fn limits(request: &Retrieve) -> Option<Limits> {
    let count = request.max_count.filter(|count| *count != 0);
    if count == Some(-1) {
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
