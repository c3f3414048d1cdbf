//! What service nodes say to each other.

use ramson_codec::bt;
use ramson_codec::node_to_node::push::{self, PushedMessage};
use ramson_codec::node_to_node::{RelayedOnion, forward, parse_forwarded};
use ramson_codec::storage::{Request, Store, signed_text};
use ramson_crypto::ed25519;
use ramson_tests::fields::{hex, hex_array, list, number, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{Namespace, Timestamp};
use serde_json::Value;

/// Sections that are left out.
const LEFT_OUT: [&str; 3] = ["notify_message", "monitor_replies", "quic_frames"];

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let plain: Vec<&str> = ["description"].into_iter().chain(LEFT_OUT).collect();
    run_sections(
        file,
        cases,
        &plain,
        &[
            ("swarm_push", swarm_push),
            ("forwarded_commands", forwarded),
            ("relayed_onion", relayed_onion),
        ],
    );
    for section in LEFT_OUT {
        cases.skip(section, "subscriptions over OMQ and QUIC are not built");
    }
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|why| why.to_string())
}

fn message(case: &Value) -> Result<PushedMessage, String> {
    let namespace = case["namespace"].as_i64().and_then(|number| number.try_into().ok());
    Ok(PushedMessage {
        account: hex_array(case, "pubkey")?,
        hash: hex(case, "hash_hex")?,
        timestamp: Timestamp(number(case, "timestamp")?),
        expiry: Timestamp(number(case, "expiry")?),
        data: hex(case, "data_hex")?,
        namespace: Some(Namespace(namespace.ok_or("no namespace")?)),
    })
}

/// The older form has no namespace, and its messages are filed under 0.
fn swarm_push(file: &Value, case: &Value) -> Result<(), String> {
    let blob = hex(case, "blob_hex")?;
    let read = told(push::decode(&blob))?;
    expect_eq("written again", push::encode(&read), vec![blob])?;
    match case["messages"].as_u64() {
        // The same message as in the first case, so many times.
        Some(count) => {
            let first = list(file, "swarm_push")?.first().ok_or("no first case")?;
            let first = told(push::decode(&hex(first, "blob_hex")?))?;
            let expected: Vec<_> = (0..count).flat_map(|_| first.iter().cloned()).collect();
            expect_eq("messages", read, expected)
        }
        None => {
            let filed: Vec<_> = read
                .into_iter()
                .map(|message| PushedMessage {
                    namespace: message.namespace.or(Some(Namespace::INBOX)),
                    ..message
                })
                .collect();
            let expected: Result<Vec<_>, _> = list(case, "messages")?.iter().map(message).collect();
            expect_eq("messages", filed, expected?)
        }
    }
}

fn forwarded(_: &Value, case: &Value) -> Result<(), String> {
    let (method, params) = (text(case, "method")?, hex(case, "part1_hex")?);
    expect_eq("first part", text(case, "part0")?, method)?;
    let request = told(parse_forwarded(method, &params))?;
    expect_eq("method", request.method(), method)?;
    if let Request::Store(Store { namespace, timestamp, sig_timestamp, auth, .. }) = &request {
        let auth = auth.as_ref().ok_or("no signature")?;
        let key = auth.pubkey_ed25519.ok_or("no key")?;
        let signed = signed_text::store(*namespace, sig_timestamp.unwrap_or(*timestamp));
        let holds = ed25519::verify(&key, &signed, &auth.signature);
        expect_eq("the signature holds", holds, true)?;
    }
    let (name, again) = forward(&request).ok_or("it is not forwarded")?;
    expect_eq("name", name, method)?;
    expect_eq("written again", again, params)
}

fn relayed_onion(_: &Value, case: &Value) -> Result<(), String> {
    let part = hex(case, "part0_hex")?;
    let onion = told(RelayedOnion::decode(&part))?;
    expect_eq("written again", onion.encode(), part.clone())?;
    let dict = told(bt::decode(&part))?;
    let dict = dict.as_dict().ok_or("no dict")?;
    let field = |name: &str| dict.get(name.as_bytes()).ok_or_else(|| format!("no {name}"));
    expect_eq("data", field("data")?.as_bytes(), Some(onion.data.as_slice()))?;
    expect_eq("cipher", field("enc_type")?.as_text(), Some(onion.enc_type.name()))?;
    let key = onion.ephemeral_key.as_bytes().as_slice();
    expect_eq("key", field("ephemeral_key")?.as_bytes(), Some(key))?;
    expect_eq("hop", field("hop_no")?.as_u64(), Some(u64::from(onion.hop_no)))
}
