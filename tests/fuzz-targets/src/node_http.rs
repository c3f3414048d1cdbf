//! Whatever is posted to a service node.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::onion_frame::{self, guard_control};
use ramson_codec::storage::Request;
use ramson_crypto::{EncType, LayerKey, X25519Secret};
use ramson_node::Node;
use serde_json::Value;

use crate::fixed::{NODES, NOW, rng};
use crate::input::Input;
use crate::world::{World, check, http};

const CIPHERS: [EncType; 3] = [EncType::AesGcm, EncType::XChaCha20, EncType::AesCbc];

/// No request stores more than its subrequests.
const MOST_STORED: usize = 20;

/// What is posted to a node: storage requests and onion requests as they are,
/// bytes correctly sealed to it, and other paths. Every request has an answer
/// of bounded size, sealed if the request was, and the node goes on.
pub fn node_http(data: &[u8]) {
    served(data);
}

/// How many messages the nodes have more in the end.
fn served(data: &[u8]) -> usize {
    let mut input = Input::new(data);
    let form = input.below(10);
    let seconds = u64::from(u32::from_le_bytes(input.array()));
    let mut world = World::with_messages(NOW.plus(Duration::from_secs(seconds)));
    if form >= 5 {
        let [_, _, other, _] = *NODES;
        world.asked = other;
    }
    let before = world.counts();
    match form % 5 {
        0 => drop(world.post("/storage_rpc/v1", input.rest().to_vec())),
        1 => drop(world.post("/onion_req/v2", input.rest().to_vec())),
        2 => final_layer(&mut world, &mut input),
        3 => {
            let (key, ephemeral) = layer(&world, &mut input);
            world.post("/onion_req/v2", sealed_to_guard(&key, &ephemeral, input.rest()));
        }
        _ => {
            let text = String::from_utf8_lossy(input.rest());
            let mut lines = text.split('\n');
            let mut line = || lines.next().unwrap_or_default().to_owned();
            let mut request = http(&line(), &line(), Vec::new());
            request.headers = vec![(line(), line()), (line(), line())];
            request.body = line().into_bytes();
            if let Some(refused) = Node::admit(&request.headers) {
                check(&refused, &request);
            }
            world.serve(&request);
        }
    }
    let after = world.counts();
    assert!(after.iter().zip(before).all(|(after, before)| *after <= before + MOST_STORED));
    let info = world.post("/storage_rpc/v1", Request::Info.to_bytes());
    assert_eq!(info.status, 200, "the node went on");
    after.iter().zip(before).map(|(after, before)| after.saturating_sub(before)).sum()
}

fn layer(world: &World, input: &mut Input<'_>) -> (LayerKey, X25519Secret) {
    let enc_type = CIPHERS.get(input.below(CIPHERS.len())).copied().unwrap_or_default();
    let ephemeral = X25519Secret::from_bytes(&[60; 32]);
    match LayerKey::for_client(enc_type, &ephemeral, &world.asked.x25519) {
        Ok(key) => (key, ephemeral),
        Err(error) => panic!("{error}"),
    }
}

fn sealed_to_guard(key: &LayerKey, ephemeral: &X25519Secret, text: &[u8]) -> Vec<u8> {
    let control = guard_control(&ephemeral.public(), Some(key.enc_type()), None);
    onion_frame::encode(&key.seal(text, &mut rng()), &control).unwrap_or_default()
}

/// A storage request in the innermost layer is answered in that layer.
fn final_layer(world: &mut World, input: &mut Input<'_>) {
    let (key, ephemeral) = layer(world, input);
    let form = input.below(4);
    let controls = [
        r#"{"headers":""}"#,
        r#"{"headers":[],"json":true}"#,
        r#"{"headers":null,"base64":false}"#,
        r#"{"headers":"","json":true,"base64":false}"#,
    ];
    let control = controls.get(form).copied().unwrap_or_default();
    let text = onion_frame::encode(input.rest(), control.as_bytes()).unwrap_or_default();
    let answer = world.post("/onion_req/v2", sealed_to_guard(&key, &ephemeral, &text));
    assert_eq!(answer.status, 200);
    let sealed = if form < 2 { STANDARD.decode(&answer.body).ok() } else { Some(answer.body) };
    let opened = sealed.and_then(|sealed| key.open(&sealed).ok());
    let opened = opened.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let status = opened.as_ref().and_then(|json| json.get("status")).and_then(Value::as_u64);
    assert!(status.is_some_and(|status| (200..600).contains(&status)), "{opened:?}");
    assert!(opened.is_some_and(|json| json.get("body").is_some()));
}

pub(crate) mod corpus {
    use ramson_types::SwarmId;
    use serde_json::Value;

    use crate::corpus::{Known, base64, text};
    use crate::fixed::{NODES, NOW};
    use crate::world::NETWORK;

    /// The seconds at which recorded signatures are good.
    fn at(step: &Value) -> [u8; 4] {
        let clock = step.get("clock_ms").and_then(Value::as_u64).unwrap_or_default();
        let seconds = clock.saturating_sub(NOW.millis()) / 1000;
        u32::try_from(seconds).unwrap_or_default().to_le_bytes()
    }

    pub(crate) fn node_http(known: &Known) -> Vec<Vec<u8>> {
        const NO_TIME: [u8; 4] = [0; 4];
        let mut inputs = Vec::new();
        // The transcripts' nodes 1 to 3 are in the lower swarm, 4 to 6 in the other.
        let [one, ..] = *NODES;
        let lower = NETWORK.node(&one.ed25519).is_some_and(|node| node.swarm == SwarmId(1 << 62));
        let mut add = |form: u8, at: [u8; 4], choice: &[u8], body: &[u8]| {
            inputs.push([&[form], at.as_slice(), choice, body].concat());
        };
        for body in known.text("storage-rpc-cases", &["request_body", "request"]) {
            add(0, NO_TIME, &[], &body);
        }
        for ((name, step), cipher) in known.steps().zip((0..3).cycle()) {
            let asked_lower = step.get("node").and_then(Value::as_u64).is_some_and(|n| n <= 3);
            let asked = if asked_lower == lower { 0 } else { 5 };
            let posted = base64(step.pointer("/request/body_b64")).unwrap_or_default();
            if !name.starts_with("onion") {
                add(asked, at(step), &[], &posted);
                add(asked + 2, at(step), &[cipher, cipher], &posted);
                continue;
            }
            add(asked + 1, at(step), &[], &posted);
            if let Some(body) = base64(step.pointer("/onion/final_body_b64")) {
                add(asked + 2, at(step), &[cipher, 3], &body);
            }
            if let Some(control) = step.pointer("/onion/final_control") {
                add(asked + 3, at(step), &[cipher, 0, 0, 0, 0], &text(control));
            }
        }
        for plain in known.hex("onion", &["plaintext"]) {
            add(3, NO_TIME, &[1], &plain);
        }
        for head in [
            "GET\n/get_stats/v1\n",
            "POST\n/ping_test/v1\n",
            "POST\n/storage_rpc/v1\nX-Loki-Long-Poll\n1\nContent-Length\n99999999999\n{}",
        ] {
            add(4, NO_TIME, &[], head.as_bytes());
        }
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Known;

    #[test]
    fn recorded_requests_are_carried_out() {
        let known = Known::read().unwrap();
        let stored: usize = corpus::node_http(&known).iter().map(|input| served(input)).sum();
        assert!(stored > 50, "{stored} messages are stored");
    }
}
