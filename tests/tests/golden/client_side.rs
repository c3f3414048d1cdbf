//! Our client must make the recorded signed texts, signatures and hashes, and
//! understand the recorded answers.

use std::collections::{BTreeMap, BTreeSet};

use ramson_codec::storage::{
    BatchAnswer, Delete, DeleteAnswer, Expire, ExpireAnswer, ExpiriesAnswer, InfoAnswer, Request,
    RetrieveAnswer, StoreAnswer, SwarmAnswer, parse_request, signed_text,
};
use ramson_crypto::subaccount::{Access, SubaccountAuth, SubaccountSigner};
use ramson_crypto::{Ed25519Secret, message_hash};
use ramson_tests::fields::{hex_array, list, number, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{MessageHash, Namespace, Timestamp};
use serde_json::Value;

use crate::onion_side;
use crate::transcript::{Step, Transcript};

pub(crate) fn run(transcript: &Transcript, cases: &mut Cases) {
    for (number, step) in transcript.steps.iter().enumerate() {
        for signed in signatures(step) {
            let name = format!("step {number}, signature by {}", signed["by"]);
            cases.check(name, || check_signature(transcript, signed));
        }
        onion_side::check_client(transcript, number, step, cases);
        let (Some(request), Some((status, answer))) =
            (step.storage_request(), step.storage_answer())
        else {
            continue;
        };
        let Ok(request) = parse_request(&request) else { continue };
        let name = format!("step {number}, client ({})", step.about);
        cases.check(name, || {
            check_rewritten(&request)?;
            if status == 200 || status == 421 {
                check_texts(step, &request)?;
                check_answer(transcript, step, &request, status, &answer)?;
            }
            Ok(())
        });
    }
}

fn signatures(step: &Step) -> &[Value] {
    let place = if step.json.get("onion").is_some() { "onion" } else { "request" };
    step.json[place]["signed"].as_array().map_or(&[], Vec::as_slice)
}

/// A text of hex digits only is raw bytes.
fn message(signed: &Value) -> Result<Vec<u8>, String> {
    let message = text(signed, "message")?;
    Ok(hex::decode(message).unwrap_or_else(|_| message.as_bytes().to_vec()))
}

fn check_signature(transcript: &Transcript, signed: &Value) -> Result<(), String> {
    let (by, message) = (text(signed, "by")?, message(signed)?);
    let theirs: [u8; 64] = ramson_tests::fields::base64_array(signed, "signature")?;
    let ours = match transcript.account(by) {
        Some(keys) => keys.sign(&message),
        None => subaccount_signature(transcript, by, &message)?,
    };
    expect_eq("signature", hex::encode(ours), hex::encode(theirs))
}

/// A sub-account has a key of its own, or one derived from a member's.
fn subaccount_signature(
    transcript: &Transcript,
    name: &str,
    message: &[u8],
) -> Result<[u8; 64], String> {
    let subaccount = &transcript.json["subaccounts"][name];
    if let Ok(seed) = hex_array(subaccount, "ed25519_seed") {
        return Ok(Ed25519Secret::from_seed(&seed).sign(message));
    }
    let owner = transcript.account(text(subaccount, "owner")?).ok_or("no such owner")?;
    let member = transcript.account(text(subaccount, "member")?).ok_or("no such member")?;
    let flags = u8::try_from(number(subaccount, "flags")?).map_err(|why| why.to_string())?;
    let group = owner.ed25519_secret();
    let auth = SubaccountAuth::grant(group, &member.account_id(), Access(flags))
        .ok_or("the member's key cannot be blinded")?;
    let signer = SubaccountSigner::new(&member, &auth).ok_or("the member cannot sign")?;
    expect_eq("token", hex::encode(signer.token().0).as_str(), text(subaccount, "token")?)?;
    Ok(signer.sign(message))
}

/// What our client writes means the same as what was recorded.
fn check_rewritten(request: &Request) -> Result<(), String> {
    let again = parse_request(&request.to_bytes()).map_err(|why| why.to_string())?;
    expect_eq("rewritten", again.to_json().to_string(), request.to_json().to_string())
}

/// The texts that a request's parameters stand for, in its order.
fn texts(request: &Request, into: &mut Vec<Vec<u8>>) {
    match request {
        Request::Store(request) if request.auth.is_some() => {
            let time = request.sig_timestamp.unwrap_or(request.timestamp);
            into.push(signed_text::store(request.namespace, time));
        }
        Request::Retrieve(request) => {
            if let Some((time, _)) = request.auth {
                let namespace = request.namespace.unwrap_or(Namespace::INBOX);
                into.push(signed_text::retrieve(namespace, time));
            }
        }
        Request::Delete(request) => into.push(signed_text::delete(&request.messages)),
        Request::DeleteAll(request) => {
            into.push(signed_text::delete_all(request.namespaces, request.timestamp));
        }
        Request::DeleteBefore(request) => {
            into.push(signed_text::delete_before(request.namespaces, request.before));
        }
        Request::Expire(request) => {
            let expiries = request.expiries.as_slice();
            into.push(signed_text::expire(request.mode, expiries, &request.messages));
        }
        Request::ExpireAll(request) => {
            into.push(signed_text::expire_all(request.namespaces, request.expiry));
        }
        Request::GetExpiries(request) => {
            into.push(signed_text::get_expiries(request.timestamp, &request.messages));
        }
        Request::RevokeSubaccount(request) => {
            into.push(signed_text::revoke_subaccount(request.timestamp, &request.tokens));
        }
        Request::UnrevokeSubaccount(request) => {
            into.push(signed_text::unrevoke_subaccount(request.timestamp, &request.tokens));
        }
        Request::Batch(requests) | Request::Sequence(requests) => {
            requests.iter().for_each(|request| texts(request, into));
        }
        Request::IfElse(choice) => {
            choice.then.iter().chain(&choice.otherwise).for_each(|branch| texts(branch, into));
        }
        _ => {}
    }
}

/// Every text recorded as signed is one that we would sign for this request.
fn check_texts(step: &Step, request: &Request) -> Result<(), String> {
    let mut ours = Vec::new();
    texts(request, &mut ours);
    let ours: BTreeSet<_> = ours.into_iter().collect();
    for signed in signatures(step) {
        let theirs = message(signed)?;
        if !ours.contains(&theirs) {
            return Err(format!("no text of ours is {}", signed["message"]));
        }
    }
    Ok(())
}

fn check_answer(
    transcript: &Transcript,
    step: &Step,
    request: &Request,
    status: u64,
    answer: &[u8],
) -> Result<(), String> {
    let bad = |why: &dyn std::fmt::Display| format!("our client cannot read it: {why}");
    if status == 421 {
        return check_swarm(transcript, answer);
    }
    match request {
        Request::Store(store) => {
            let hash = message_hash(&store.account, store.namespace, &store.data);
            check_hash_input(step, store)?;
            check_stored(answer, hash)
        }
        Request::Retrieve(retrieve) if !answer.is_empty() => {
            let namespace = retrieve.namespace.unwrap_or(Namespace::INBOX);
            let json: Value = serde_json::from_slice(answer).map_err(|why| bad(&why))?;
            let read = RetrieveAnswer::parse(answer).map_err(|why| bad(&why))?;
            expect_eq("messages", read.messages.len(), list(&json, "messages")?.len())?;
            expect_eq("more", Some(read.more), json["more"].as_bool())?;
            for message in &read.messages {
                let right = message.hash_is_right(&retrieve.account, namespace);
                expect_eq("hash of a message is right", right, true)?;
            }
            Ok(())
        }
        Request::Delete(delete) => check_deleted(answer, delete),
        Request::Expire(expire) => check_expired(answer, expire),
        Request::GetExpiries(_) => {
            let json: Value = serde_json::from_slice(answer).map_err(|why| bad(&why))?;
            let read = ExpiriesAnswer::parse(answer).map_err(|why| bad(&why))?;
            expect_eq("expiries", written(&read.expiries), read_times(&json["expiries"])?)
        }
        Request::GetSwarm(_) => check_swarm(transcript, answer),
        Request::Info => {
            let info = InfoAnswer::parse(answer).map_err(|why| bad(&why))?;
            let version = &transcript.json["server"]["version"];
            expect_eq("version", &serde_json::json!(info.version), version)
        }
        Request::Batch(requests) | Request::Sequence(requests) => {
            let read = BatchAnswer::parse(answer).map_err(|why| bad(&why))?;
            for (request, result) in requests.iter().zip(&read.results) {
                let (code, body) = (u64::from(result.code), result.body_bytes());
                if code == 200 || code == 421 {
                    check_answer(transcript, step, request, code, &body)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The bytes that are hashed, where a file gives them.
fn check_hash_input(step: &Step, store: &ramson_codec::storage::Store) -> Result<(), String> {
    let Some(theirs) = step.json.get("hash_input").and_then(Value::as_str) else {
        return Ok(());
    };
    let mut ours = store.account.to_bytes().to_vec();
    ours.extend(store.namespace.signed_text().as_bytes());
    ours.extend(&store.data);
    expect_eq("hash input", hex::encode(ours).as_str(), theirs)
}

/// Every member that does not say it failed must be counted as confirming.
fn check_stored(answer: &[u8], hash: MessageHash) -> Result<(), String> {
    let json: Value = serde_json::from_slice(answer).map_err(|why| why.to_string())?;
    let read = StoreAnswer::parse(answer).map_err(|why| why.to_string())?;
    let members = json["swarm"].as_object().ok_or("no swarm")?;
    let stored = members.values().filter(|member| member.get("failed").is_none()).count();
    expect_eq("members that confirm", read.confirmed(hash).len(), stored)?;
    expect_eq("members", read.swarm.len(), members.len())?;
    if stored > 0 {
        expect_eq("hash", read.hash, Some(hash))?;
    }
    Ok(())
}

/// The members of an answer that did what was asked of them.
fn members(json: &Value) -> Result<BTreeMap<String, &Value>, String> {
    let members = json["swarm"].as_object().ok_or("no swarm")?.iter();
    let members = members.filter(|(_, member)| member.get("failed").is_none());
    Ok(members.map(|(key, member)| (key.clone(), member)).collect())
}

fn hashes(texts: &[String]) -> Vec<MessageHash> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn written(times: &BTreeMap<MessageHash, Timestamp>) -> BTreeMap<String, u64> {
    times.iter().map(|(hash, time)| (hash.to_string(), time.millis())).collect()
}

fn read_times(json: &Value) -> Result<BTreeMap<String, u64>, String> {
    let times = json.as_object().ok_or("no times by hash")?.iter();
    let time = |(hash, time): (&String, &Value)| Some((hash.clone(), time.as_u64()?));
    times.map(time).collect::<Option<_>>().ok_or_else(|| "no time".to_owned())
}

/// The signature of every member that does not say it failed is good, and what
/// it deleted is read as it stands there; not so for another request.
fn check_deleted(answer: &[u8], delete: &Delete) -> Result<(), String> {
    let json: Value = serde_json::from_slice(answer).map_err(|why| why.to_string())?;
    let read = DeleteAnswer::parse(answer).map_err(|why| why.to_string())?;
    let mut theirs = BTreeMap::new();
    for (key, member) in members(&json)? {
        let deleted = list(member, "deleted")?.iter().filter_map(Value::as_str);
        theirs.insert(key, deleted.map(str::to_owned).collect::<BTreeSet<_>>());
    }
    let requested = hashes(&delete.messages);
    let confirmed = read.confirmed(&delete.account, &requested);
    let ours: BTreeMap<_, BTreeSet<_>> = confirmed
        .iter()
        .map(|(key, deleted)| (key.to_string(), deleted.iter().map(ToString::to_string).collect()))
        .collect();
    expect_eq("members that deleted", ours, theirs)?;
    let other = [requested, vec![MessageHash([0xee; 32])]].concat();
    expect_eq("to another request", read.confirmed(&delete.account, &other).len(), 0)
}

/// The same for an `expire`: each member says of what it has when it goes.
fn check_expired(answer: &[u8], expire: &Expire) -> Result<(), String> {
    let json: Value = serde_json::from_slice(answer).map_err(|why| why.to_string())?;
    let read = ExpireAnswer::parse(answer).map_err(|why| why.to_string())?;
    let mut theirs = BTreeMap::new();
    for (key, member) in members(&json)? {
        let mut times = match member.get("unchanged") {
            Some(unchanged) => read_times(unchanged)?,
            None => BTreeMap::new(),
        };
        for (at, hash) in list(member, "updated")?.iter().enumerate() {
            let time =
                if member["expiry"].is_array() { &member["expiry"][at] } else { &member["expiry"] };
            let hash = hash.as_str().ok_or("no hash")?.to_owned();
            times.insert(hash, time.as_u64().ok_or("no time")?);
        }
        theirs.insert(key, times);
    }
    let requested = hashes(&expire.messages);
    let confirmed = read.confirmed(&expire.account, &requested);
    let ours: BTreeMap<_, _> =
        confirmed.iter().map(|(key, times)| (key.to_string(), written(times))).collect();
    expect_eq("members and when they let go", ours, theirs)?;
    let other = [requested, vec![MessageHash([0xee; 32])]].concat();
    expect_eq("to another request", read.confirmed(&expire.account, &other).len(), 0)
}

fn check_swarm(transcript: &Transcript, answer: &[u8]) -> Result<(), String> {
    let read = SwarmAnswer::parse(answer).map_err(|why| why.to_string())?;
    expect_eq("a swarm is named", read.swarm.is_some(), true)?;
    for node in &read.nodes {
        let known = transcript.node_with(&node.ed25519.to_string()).ok_or("unknown node")?;
        let known = known.contact.service_node();
        let same = (known.x25519, known.ip, known.https_port);
        expect_eq("node", (node.x25519, node.ip, node.https_port), same)?;
    }
    Ok(())
}
