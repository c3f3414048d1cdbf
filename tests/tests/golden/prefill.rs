//! What the nodes held before the first step, where a file says so.

use std::collections::BTreeMap;

use ramson_crypto::message_hash;
use ramson_node::StoredMessage;
use ramson_tests::fields::{number, parsed};
use ramson_types::{AccountId, Namespace, Timestamp};
use serde_json::Value;
use sha3::Shake128;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use crate::transcript::{Step, Transcript};
use crate::world::World;

/// Fills the nodes if the first step reads what no step has stored.
pub(crate) fn prefill(transcript: &Transcript, world: &mut World<'_>) -> Result<(), String> {
    let Some(stored) = transcript.json.get("stored_ts").and_then(Value::as_u64) else {
        return Ok(());
    };
    let mut held: BTreeMap<u64, Vec<StoredMessage>> = BTreeMap::new();
    let large = transcript.steps.iter().find_map(large_answer);
    for step in &transcript.steps {
        let messages = match large {
            Some(answer) => large_messages(transcript, step, answer, stored)?,
            None => as_read(step)?,
        };
        held.entry(step.node).or_insert(messages);
    }
    for (number, messages) in held {
        let node = transcript.nodes.get(&number).ok_or("a node is not in the file")?;
        let node = world.nodes.get_mut(&node.contact.ed25519).ok_or("a node is missing")?;
        node.push(&messages, Timestamp(stored));
    }
    Ok(())
}

fn large_answer(step: &Step) -> Option<&Value> {
    step.json["response"].get("body_json_with_data_replaced")
}

fn account(step: &Step) -> Result<AccountId, String> {
    parsed(&step.json["request"]["body_json"]["params"], "pubkey")
}

/// Messages in the order in which a node first returned them all.
fn as_read(step: &Step) -> Result<Vec<StoredMessage>, String> {
    let account = account(step)?;
    let answer = step.answer().unwrap_or_default();
    let list = answer["messages"].as_array().cloned().unwrap_or_default();
    let message = |entry: &Value| {
        let data = ramson_tests::fields::base64(entry, "data")?;
        Ok(StoredMessage {
            account,
            namespace: Namespace::INBOX,
            hash: parsed(entry, "hash")?,
            timestamp: Timestamp(number(entry, "timestamp")?),
            expiry: Timestamp(number(entry, "expiration")?),
            data: data.into(),
        })
    };
    list.iter().map(message).collect()
}

/// So many messages of 76800 bytes, each of SHAKE128 of its number.
fn large_messages(
    transcript: &Transcript,
    step: &Step,
    answer: &Value,
    stored: u64,
) -> Result<Vec<StoredMessage>, String> {
    let note = transcript.json["note_on_content"].as_str().unwrap_or_default();
    let count = note.split(' ').next().and_then(|count| count.parse::<u64>().ok());
    let count = count.ok_or("note_on_content does not begin with a number")?;
    let (first, account) = (&answer["messages"][0], account(step)?);
    let lifetime = number(first, "expiration")?.saturating_sub(number(first, "timestamp")?);
    let message = |i: u64| {
        let mut data = vec![0; 76_800];
        let mut shake = Shake128::default();
        shake.update(i.to_string().as_bytes());
        shake.finalize_xof().read(&mut data);
        let timestamp = stored.saturating_add(i % 3);
        StoredMessage {
            account,
            namespace: Namespace::INBOX,
            hash: message_hash(&account, Namespace::INBOX, &data),
            timestamp: Timestamp(timestamp),
            expiry: Timestamp(timestamp.saturating_add(lifetime)),
            data: data.into(),
        }
    };
    Ok((0..count).map(message).collect())
}
