//! Reading messages, edits, and merges in all orders.

use std::collections::BTreeMap;

use ramson_crypto::blake2b;
use ramson_protocol::config::{Dict, Draft, Merged, Message, merge_within};
use ramson_tests::fields::{flag, hex, list, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

use super::{notation, run_cases};

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_cases(file, cases, &["message_parsing", "known_answers"], history);
    for case in list(file, "message_parsing").unwrap_or_default() {
        let name = format!("message_parsing {}", case["id"]);
        cases.check(name, || parsing(case));
    }
    for case in list(file, "known_answers").unwrap_or_default() {
        cases.check(case["what"].as_str().unwrap_or_default(), || {
            expect_eq("empty", Message::empty().hash().to_vec(), hex(case, "hash_hex")?)
        });
    }
}

fn parsing(case: &Value) -> Result<(), String> {
    let bytes = hex(case, "message_hex")?;
    let read = Message::read(&bytes, None);
    expect_eq("accepted", read.is_ok(), flag(case, "accepted")?)?;
    let Ok(message) = read else { return Ok(()) };
    expect_eq("seqno", Some(message.seqno()), case["seqno"].as_i64())?;
    expect_eq("hash", message.hash().to_vec(), hex(case, "hash_hex")?)?;
    expect_eq("written again", message.encode(), hex(case, "reserialized_hex")?)
}

/// The messages of a history; those that are none are kept as such.
type Known = BTreeMap<String, Option<Message>>;

fn history(_: &Value, case: &Value) -> Result<(), String> {
    let lag = case["lag"].as_i64().ok_or("no lag")?;
    let mut known = Known::new();
    for node in list(case, "nodes")? {
        let name = text(node, "name")?;
        let message = match text(node, "kind")? {
            "raw" => raw(node, lag),
            "root" => root(node, lag).map(Some),
            "edit" => edit(node, &known, lag).map(Some),
            "merge" => merged(node, &known, lag).map(Some),
            "merge-and-edit" => merged_and_edited(node, &known, lag).map(Some),
            other => Err(format!("nodes of the kind {other} are not known")),
        };
        known.insert(name.to_owned(), message.map_err(|why| format!("{name}: {why}"))?);
    }
    Ok(())
}

fn read(bytes: &[u8], lag: i64) -> Result<Message, String> {
    Message::read_within(bytes, None, lag).map_err(|why| why.to_string())
}

/// What came of a node is what the file has, read and written.
fn checked(message: Message, node: &Value, lag: i64) -> Result<Message, String> {
    let plaintext = hex(node, "plaintext_hex")?;
    expect_bytes("plaintext", &message.encode(), &plaintext)?;
    expect_eq("hash", message.hash().to_vec(), hex(node, "hash_hex")?)?;
    expect_eq("read", &read(&plaintext, lag)?, &message)?;
    Ok(message)
}

/// Bytes as they are; they need not be a message.
fn raw(node: &Value, lag: i64) -> Result<Option<Message>, String> {
    let bytes = hex(node, "plaintext_hex")?;
    expect_eq("hash", blake2b::hash32(&[&bytes]).to_vec(), hex(node, "hash_hex")?)?;
    Ok(read(&bytes, lag).ok())
}

fn expect_bytes(what: &str, ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
    expect_eq(what, shown(ours), shown(theirs))
}

/// The first message with the given seqno: an edit of an empty one before it.
/// The file's roots stand at the beginning and list nothing before.
fn root(node: &Value, lag: i64) -> Result<Message, String> {
    let seqno = node["seqno"].as_i64().ok_or("no seqno")?;
    let before = format!("d1:#i{}e1:&de1:<le1:=dee", seqno - 1);
    let mut draft = Draft::after_within(&read(before.as_bytes(), lag)?, lag);
    operate(draft.data_mut(), node)?;
    let made = draft.finish(None);
    let root = read(&hex(node, "plaintext_hex")?, lag)?;
    expect_eq("data", made.data(), root.data())?;
    expect_eq("diff", made.diff(), root.diff())?;
    expect_eq("seqno", made.seqno(), root.seqno())?;
    checked(root, node, lag)
}

fn edit(node: &Value, known: &Known, lag: i64) -> Result<Message, String> {
    let parent = parents(node, known)?.first().copied().ok_or("no parent")?;
    let mut draft = Draft::after_within(parent, lag);
    operate(draft.data_mut(), node)?;
    checked(draft.finish(None), node, lag)
}

/// The parents that are messages; the others are named in `rejected`.
fn parents<'a>(node: &Value, known: &'a Known) -> Result<Vec<&'a Message>, String> {
    let mut messages = Vec::new();
    let mut rejected = Vec::new();
    for name in list(node, "parents")?.iter().filter_map(Value::as_str) {
        match known.get(name).ok_or_else(|| format!("{name} is not known"))? {
            Some(message) => messages.push(message),
            None => rejected.push(name),
        }
    }
    if node.get("rejected").is_some() {
        let expected: Vec<_> = list(node, "rejected")?.iter().filter_map(Value::as_str).collect();
        expect_eq("rejected", rejected, expected)?;
    }
    Ok(messages)
}

/// In every order, one of the parents or a new message.
fn merged(node: &Value, known: &Known, lag: i64) -> Result<Message, String> {
    let parents = parents(node, known)?;
    let is_new = flag(node, "merged")?;
    let mut result = None;
    for order in orders(parents.len()) {
        let ordered: Vec<&Message> = order.iter().map(|at| parents[*at]).collect();
        let one = match merge_within(&ordered, true, lag).ok_or("nothing was merged")? {
            Merged::One(at) => {
                expect_eq("merged", false, is_new)?;
                ordered[at].clone()
            }
            Merged::New(new) => {
                expect_eq("merged", true, is_new)?;
                let draft = new.draft(false);
                expect_eq("data", draft.data(), &notation::dict(&node["data"])?)?;
                draft.finish(None)
            }
        };
        let first = &*result.get_or_insert_with(|| one.clone());
        expect_eq("in every order", first, &one)?;
    }
    let result = result.ok_or("nothing was merged")?;
    expect_eq("seqno", Some(result.seqno()), node["seqno"].as_i64())?;
    if !is_new {
        let chosen = known.get(text(node, "chosen")?).and_then(Option::as_ref);
        expect_eq("chosen", Some(&result), chosen)?;
        return Ok(result);
    }
    let Some(Merged::New(new)) = merge_within(&parents, true, lag) else {
        return Err("not merged".to_owned());
    };
    let dirty = new.draft(true).finish(None);
    expect_bytes("empty diff", &dirty.encode(), &hex(node, "empty_diff_plaintext_hex")?)?;
    expect_eq("its hash", dirty.hash().to_vec(), hex(node, "empty_diff_hash_hex")?)?;
    checked(result, node, lag)
}

fn merged_and_edited(node: &Value, known: &Known, lag: i64) -> Result<Message, String> {
    let parents = parents(node, known)?;
    let mut draft = match merge_within(&parents, true, lag).ok_or("nothing was merged")? {
        Merged::New(new) => new.draft(true),
        Merged::One(at) => Draft::after_within(parents[at], lag),
    };
    operate(draft.data_mut(), node)?;
    let message = draft.finish(None);
    expect_eq("data", message.data(), &notation::dict(&node["data"])?)?;
    checked(message, node, lag)
}

fn operate(data: &mut Dict, node: &Value) -> Result<(), String> {
    for op in list(node, "ops")? {
        let path: Vec<Vec<u8>> = op[1]
            .as_array()
            .into_iter()
            .flatten()
            .map(|key| notation::bytes(key.as_str().unwrap_or_default()))
            .collect::<Result<_, _>>()?;
        let path: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        match op[0].as_str() {
            Some("set") => data.assign(&path, &notation::value(&op[2])?),
            Some("del") => data.erase(&path),
            Some("add") => data.add(&path, &notation::scalar(&op[2])?),
            Some("rem") => data.take(&path, &notation::scalar(&op[2])?),
            _ => return Err(format!("what is {op}?")),
        }
    }
    Ok(())
}

/// All orders of up to five, some of more.
fn orders(length: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..length {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                let rest = (0..length).filter(|at| !order.contains(at));
                rest.map(|at| [order.as_slice(), &[at]].concat()).collect::<Vec<_>>()
            })
            .take(120)
            .collect();
    }
    orders
}
