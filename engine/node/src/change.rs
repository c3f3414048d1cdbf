//! What changes messages that are there: `delete`, `delete_all`,
//! `delete_before`, `expire`, `expire_all`, `revoke_subaccount` and
//! `unrevoke_subaccount` (02 sections 4.10 to 4.12).

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_codec::storage::{
    Delete, DeleteAll, DeleteBefore, Expire, ExpireAll, ExpireMode, HardFork, Namespaces,
    Revocation, member_text, signed_text,
};
use ramson_types::{AccountId, MessageHash, Namespace, Timestamp};
use serde_json::{Map, Value, json};

use crate::Node;
use crate::auth::{self, DELETE, FORWARDED_TOLERANCE, TOLERANCE, WRITE};
use crate::member::{MemberResult, Role};
use crate::rpc::RpcAnswer;

/// `expire` keeps nothing longer than this from now, in any namespace.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The hard fork since which `expire` takes a list of times.
const LISTS_SINCE: HardFork = HardFork(19, 4);

type Outcome = Result<MemberResult, RpcAnswer>;

fn refuse<T>(status: u16, text: &str) -> Result<T, RpcAnswer> {
    Err(RpcAnswer::text(status, text))
}

const fn tolerance(role: Role) -> Duration {
    match role {
        Role::Asked => TOLERANCE,
        Role::Peer => FORWARDED_TOLERANCE,
    }
}

/// Hashes by namespace or as one list, and all of them sorted, to be signed.
fn listed(namespaces: Namespaces, affected: Vec<(Namespace, MessageHash)>) -> (Value, Vec<String>) {
    let texts = affected.into_iter().map(|(namespace, hash)| (namespace, hash.to_string()));
    let mut texts: Vec<_> = texts.collect();
    texts.sort_by(|(_, a), (_, b)| a.cmp(b));
    let sorted: Vec<String> = texts.iter().map(|(_, hash)| hash.clone()).collect();
    if namespaces != Namespaces::All {
        return (json!(sorted), sorted);
    }
    let mut by_namespace: BTreeMap<Namespace, Vec<String>> = BTreeMap::new();
    for (namespace, hash) in texts {
        by_namespace.entry(namespace).or_default().push(hash);
    }
    let object = by_namespace.into_iter().map(|(key, hashes)| (key.to_string(), json!(hashes)));
    (object.collect::<Map<_, _>>().into(), sorted)
}

pub(crate) fn delete(node: &mut Node, request: &Delete) -> Outcome {
    let (account, messages) = (&request.account, &request.messages);
    let text = signed_text::delete(messages);
    if !node.authorizes(account, &request.auth, &text, DELETE) {
        return refuse(401, "delete_msgs signature verification failed");
    }
    let mut deleted: Vec<_> =
        messages.iter().filter(|hash| node.database.delete(account, hash)).cloned().collect();
    deleted.sort();
    let signature = node.sign(&member_text::delete(account, messages, &deleted));
    Ok(MemberResult::new([("deleted", json!(deleted))], Some(signature)))
}

pub(crate) fn delete_all(
    node: &mut Node,
    request: &DeleteAll,
    role: Role,
    now: Timestamp,
) -> Outcome {
    let (account, namespaces) = (&request.account, request.namespaces);
    if !auth::is_recent(request.timestamp, now, tolerance(role)) {
        return refuse(406, "delete_all timestamp too far from current time");
    }
    let text = signed_text::delete_all(namespaces, request.timestamp);
    if !node.authorizes(account, &request.auth, &text, DELETE) {
        return refuse(401, "delete_all signature verification failed");
    }
    let affected = node.database.delete_where(account, namespaces, |_| true);
    let (deleted, sorted) = listed(namespaces, affected);
    let signature = sign_at_time(node, account, request.timestamp, &sorted);
    Ok(MemberResult::new([("deleted", deleted)], Some(signature)))
}

pub(crate) fn delete_before(node: &mut Node, request: &DeleteBefore, now: Timestamp) -> Outcome {
    let (account, namespaces) = (&request.account, request.namespaces);
    if request.before > now.plus(TOLERANCE) {
        return refuse(401, "delete_before timestamp too far in the future");
    }
    let text = signed_text::delete_before(namespaces, request.before);
    if !node.authorizes(account, &request.auth, &text, DELETE) {
        return refuse(401, "delete_before signature verification failed");
    }
    let before = request.before;
    let affected = node.database.delete_where(account, namespaces, |held| held.timestamp <= before);
    let (deleted, sorted) = listed(namespaces, affected);
    let signature = sign_at_time(node, account, before, &sorted);
    let mut result = MemberResult::new([("deleted", deleted)], Some(signature));
    result.breaks_answer = node.quirks.delete_before_in_all_namespaces_breaks
        && namespaces == Namespaces::All
        && !sorted.is_empty();
    Ok(result)
}

fn sign_at_time(
    node: &Node,
    account: &AccountId,
    time: Timestamp,
    affected: &[String],
) -> [u8; 64] {
    node.sign(&member_text::at_time(account, time, affected))
}

pub(crate) fn expire(node: &mut Node, request: &Expire, now: Timestamp) -> Outcome {
    let (account, messages, auth) = (&request.account, &request.messages, &request.auth);
    let given = request.expiries.as_slice();
    if given.iter().any(|expiry| *expiry < now.minus(TOLERANCE)) {
        return refuse(401, "expire: timestamp should be >= current time");
    }
    if given.len() > 1
        && node.quirks.expire_lists_need_hard_fork
        && node.network.hard_fork < LISTS_SINCE
    {
        return refuse(403, "expire: multi-expiry requests are not yet active on the network");
    }
    let text = signed_text::expire(request.mode, given, messages);
    if !node.authorizes(account, auth, &text, WRITE) {
        return refuse(401, "expire: signature verification failed");
    }
    let may_shorten = auth::has_right(auth, DELETE);
    if request.mode == ExpireMode::Shorten && !may_shorten {
        return refuse(
            400,
            "expire: shorten parameter cannot be used with this subaccount token \
             (missing delete access)",
        );
    }
    let agrees = |held: Timestamp, new: Timestamp| match request.mode {
        ExpireMode::Set => may_shorten || new > held,
        ExpireMode::Extend => new > held,
        ExpireMode::Shorten => new < held,
    };
    let latest = now.plus(LONGEST);
    let applied: Vec<_> = given.iter().map(|expiry| (*expiry).min(latest)).collect();
    let mut updated = BTreeMap::new();
    let mut unchanged = BTreeMap::new();
    // One expiry stands for all messages.
    let each = applied.iter().copied().chain(std::iter::repeat_n(
        applied.first().copied().unwrap_or(latest),
        messages.len().saturating_sub(applied.len()),
    ));
    for (hash, expiry) in messages.iter().zip(each) {
        if node.database.expire(account, hash, expiry, |held| agrees(held, expiry)) {
            updated.insert(hash.clone(), expiry);
        } else if let Some(held) = node.database.find(account, hash) {
            unchanged.insert(hash.clone(), held.expiry);
        }
    }
    if request.mode == ExpireMode::Set {
        unchanged.clear();
    }
    let shown: Vec<Timestamp> = match applied.as_slice() {
        [_] => applied,
        _ => updated.values().copied().collect(),
    };
    let hashes: Vec<_> = updated.keys().collect();
    let text = member_text::expire(account, &shown, messages, &hashes, &unchanged);
    let signature = node.sign(&text);
    let millis: Vec<_> = shown.iter().map(|expiry| expiry.millis()).collect();
    let expiry = match (given, millis.as_slice()) {
        ([_], [one]) => json!(one),
        _ => json!(millis),
    };
    let mut fields = vec![("updated", json!(hashes)), ("expiry", expiry)];
    if request.mode != ExpireMode::Set {
        let unchanged = unchanged.into_iter().map(|(hash, expiry)| (hash, json!(expiry.millis())));
        fields.push(("unchanged", unchanged.collect::<Map<_, _>>().into()));
    }
    Ok(MemberResult::new(fields, Some(signature)))
}

pub(crate) fn expire_all(
    node: &mut Node,
    request: &ExpireAll,
    role: Role,
    now: Timestamp,
) -> Outcome {
    let (account, namespaces, expiry) = (&request.account, request.namespaces, request.expiry);
    if expiry < now.minus(tolerance(role)) {
        return refuse(406, "expire_all timestamp should be >= current time");
    }
    let text = signed_text::expire_all(namespaces, expiry);
    if !node.authorizes(account, &request.auth, &text, DELETE) {
        return refuse(401, "expire_all signature verification failed");
    }
    let affected =
        node.database.expire_where(account, namespaces, expiry, |held| held.expiry > expiry);
    let (updated, sorted) = listed(namespaces, affected);
    let signature = sign_at_time(node, account, expiry, &sorted);
    Ok(MemberResult::new([("updated", updated)], Some(signature)))
}

pub(crate) fn revoke(node: &mut Node, request: &Revocation, now: Timestamp) -> Outcome {
    let text = signed_text::revoke_subaccount(request.timestamp, &request.tokens);
    owner_only(node, request, "revoke_subaccount", &text, now)?;
    Ok(match node.database.revoke(&request.account, &request.tokens) {
        Ok(()) => MemberResult::new([], Some(sign_revocation(node, request))),
        Err(failure) => MemberResult::failed(failure),
    })
}

pub(crate) fn unrevoke(node: &mut Node, request: &Revocation, now: Timestamp) -> Outcome {
    let text = signed_text::unrevoke_subaccount(request.timestamp, &request.tokens);
    owner_only(node, request, "unrevoke_subaccount", &text, now)?;
    let count = node.database.unrevoke(&request.account, &request.tokens);
    Ok(MemberResult::new([("count", json!(count))], Some(sign_revocation(node, request))))
}

fn owner_only(
    node: &Node,
    request: &Revocation,
    method: &str,
    text: &[u8],
    now: Timestamp,
) -> Result<(), RpcAnswer> {
    if !auth::is_recent(request.timestamp, now, TOLERANCE) {
        return refuse(406, &format!("{method} timestamp too far from current time"));
    }
    let owner = request.auth.subaccount.is_none();
    if !(owner && node.authorizes(&request.account, &request.auth, text, 0)) {
        return refuse(401, &format!("{method} signature verification failed"));
    }
    Ok(())
}

fn sign_revocation(node: &Node, request: &Revocation) -> [u8; 64] {
    let text = member_text::revocation(&request.account, request.timestamp, &request.tokens);
    node.sign(&text)
}
