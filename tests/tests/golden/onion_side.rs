//! Layers of onion requests, and answers sealed by the last node.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::onion_frame;
use ramson_crypto::{EncType, LayerKey, X25519Secret};
use ramson_node::HttpResponse;
use ramson_protocol::onion::{Destination, LayerSecrets, RequestForm, SealedOnion, build_with};
use ramson_tests::fields::{base64, hex, hex_array, parsed, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::ServiceNode;
use serde_json::Value;

use crate::answers;
use crate::transcript::{Step, Transcript};

fn layers(step: &Step) -> &[Value] {
    step.json["onion"]["layers"].as_array().map_or(&[], Vec::as_slice)
}

fn enc_type(layer: &Value) -> Result<EncType, String> {
    let name = text(layer, "enc_type")?;
    EncType::parse(name).ok_or_else(|| format!("cipher '{name}' is not known"))
}

/// Our node's sealed answer must say what the recorded one said, to the same
/// client.
pub(crate) fn compare_sealed(
    step: &Step,
    ours: &HttpResponse,
    theirs: &Value,
) -> Result<(), String> {
    let in_base64 = step.json["response"]["onion_decoded"]["ciphertext_was_base64"] == true;
    let sealed = match in_base64 {
        true => STANDARD.decode(&ours.body).map_err(|why| format!("our answer: {why}"))?,
        false => ours.body.clone(),
    };
    // A server at the end has a layer of its own, but answers in the clear.
    let last = layers(step).iter().rfind(|layer| layer.get("node").is_some()).ok_or("no layers")?;
    // A damaged request may have been made for another cipher than its layer.
    let mut opened = Err("our answer does not open".to_owned());
    for layer in layers(step).iter().rev() {
        let key = LayerKey::from_bytes(enc_type(layer)?, hex_array(layer, "shared_key")?);
        if let Ok(text) = key.open(&sealed) {
            opened = Ok((layer == last, text));
            break;
        }
    }
    let (by_last, text) = opened?;
    let decrypted_with = &step.json["response"]["onion_decoded"]["decrypted_with"];
    expect_eq(
        "sealed by the last node",
        by_last,
        decrypted_with == "shared_key of the last layer",
    )?;
    let ours: Value = serde_json::from_slice(&text).map_err(|why| format!("our answer: {why}"))?;
    expect_eq("inner status", &ours["status"], &theirs["status"])?;
    expect_eq("body is text", ours["body"].is_string(), theirs["body"].is_string())?;
    let bytes = |body: &Value| match body {
        Value::String(text) => text.clone().into_bytes(),
        json => json.to_string().into_bytes(),
    };
    answers::compare(&bytes(&ours["body"]), &bytes(&theirs["body"]))
}

/// Every layer of a request, and the request as a whole where its path is
/// given.
pub(crate) fn check_client(transcript: &Transcript, number: usize, step: &Step, cases: &mut Cases) {
    for layer in layers(step) {
        let name = format!("step {number}, layer {}", layer["hop"]);
        cases.check(name, || check_layer(layer));
    }
    let onion = &step.json["onion"];
    if onion.get("path").is_some() && onion.get("final_body_b64").is_some() {
        let name = format!("step {number}, onion request ({})", step.about);
        cases.check(name, || check_whole(transcript, step));
    }
}

fn check_layer(layer: &Value) -> Result<(), String> {
    let enc_type = enc_type(layer)?;
    let shared: [u8; 32] = hex_array(layer, "shared_key")?;
    let ephemeral = X25519Secret::from_bytes(&hex_array(layer, "ephemeral_secret")?);
    expect_eq("ephemeral key", ephemeral.public(), parsed(layer, "ephemeral_public")?)?;
    let key = if layer.get("node_x25519_public").is_some() {
        LayerKey::for_client(enc_type, &ephemeral, &parsed(layer, "node_x25519_public")?)
            .map_err(|why| why.to_string())?
    } else {
        LayerKey::from_bytes(enc_type, shared)
    };
    expect_eq("shared key", hex::encode(key.as_bytes()), hex::encode(shared))?;
    let (plaintext, ciphertext) =
        (base64(layer, "plaintext_b64")?, base64(layer, "ciphertext_b64")?);
    let sealed = key.seal_with_nonce(&hex(layer, "nonce")?, &plaintext);
    expect_eq("ciphertext", sealed.as_ref() == Ok(&ciphertext), true)?;
    expect_eq("plaintext", key.open(&ciphertext).as_ref() == Ok(&plaintext), true)
}

/// Builds the request anew, byte for byte, and reads the recorded answer.
fn check_whole(transcript: &Transcript, step: &Step) -> Result<(), String> {
    let built = rebuild(transcript, step)?;
    expect_eq("request", built.body == step.request, true)?;
    let Some(opened) = step.opened() else { return Ok(()) };
    let status = u16::try_from(step.status).map_err(|why| why.to_string())?;
    let reply = built.keys.open_reply(status, &step.response).map_err(|why| why.to_string())?;
    expect_eq("status", Some(u64::from(reply.status)), opened["status"].as_u64())?;
    let body = match &opened["body"] {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    expect_eq("body", reply.body, body)
}

fn rebuild(transcript: &Transcript, step: &Step) -> Result<SealedOnion, String> {
    let onion = &step.json["onion"];
    let mut nodes: Vec<ServiceNode> = Vec::new();
    for number in onion["path"].as_array().into_iter().flatten() {
        let node = number.as_u64().and_then(|number| transcript.nodes.get(&number));
        nodes.push(node.ok_or("the path leads to a node not in the file")?.contact.service_node());
    }
    let (last, hops) = nodes.split_last().ok_or("the path is empty")?;
    let frame = |bytes: &[u8]| {
        let frame = onion_frame::decode(bytes).map_err(|why| why.to_string())?;
        String::from_utf8(frame.json.to_vec()).map_err(|why| why.to_string())
    };
    // A layer's cipher is named one layer further out, the first in the body.
    let mut outer = frame(&step.request)?;
    let hop_no = serde_json::from_str::<Value>(&outer)
        .ok()
        .and_then(|outer| outer["hop_no"].as_u64().and_then(|hop_no| hop_no.try_into().ok()));
    let mut secrets = Vec::new();
    for layer in layers(step) {
        secrets.push(LayerSecrets {
            enc_type: enc_type(layer)?,
            names_enc_type: outer.contains("\"enc_type\""),
            ephemeral: X25519Secret::from_bytes(&hex_array(layer, "ephemeral_secret")?),
            nonce: hex(layer, "nonce")?,
        });
        outer = frame(&base64(layer, "plaintext_b64")?)?;
    }
    let form = RequestForm { control: &outer, hop_no };
    let request = base64(onion, "final_body_b64")?;
    build_with(hops, Destination::Node(last), &secrets, form, &request)
        .map_err(|why| why.to_string())
}
