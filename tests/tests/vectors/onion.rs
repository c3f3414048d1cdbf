//! Onion layers: ciphers, frames, whole requests and their replies.

use std::net::Ipv4Addr;

use ramson_codec::onion_frame::{self, LayerControl, Protocol, ServerRelay};
use ramson_crypto::x25519::shared_secret;
use ramson_crypto::{Ed25519Secret, EncType, LayerKey, X25519Secret};
use ramson_protocol::onion::{Destination, LayerSecrets, RequestForm, build_with};
use ramson_tests::fields::{flag, hex, hex_array, list, number, parsed, run_sections, size, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::ServiceNode;
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("primitives", primitive),
            ("must_fail", must_fail),
            ("parser", parser),
            ("paths", path),
            ("final_layer_parsing", final_layer),
            ("url_targets", url_target),
            ("enc_type_names", enc_type_name),
        ],
    );
}

fn enc_type(case: &Value) -> Result<EncType, String> {
    let name = text(case, "enc_type")?;
    EncType::parse(name).ok_or_else(|| format!("unknown cipher {name}"))
}

fn secret(case: &Value, field: &str) -> Result<X25519Secret, String> {
    Ok(X25519Secret::from_bytes(&hex_array(case, field)?))
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|why| why.to_string())
}

fn primitive(_: &Value, case: &Value) -> Result<(), String> {
    let (client, server) =
        (secret(case, "client_ephemeral_seckey")?, secret(case, "server_seckey")?);
    expect_eq("client's key", client.public(), parsed(case, "client_ephemeral_pubkey")?)?;
    expect_eq("server's key", server.public(), parsed(case, "server_pubkey")?)?;
    let shared = told(shared_secret(&client, &server.public()))?;
    expect_eq("shared secret", *shared.as_bytes(), hex_array(case, "shared_secret")?)?;
    let enc_type = enc_type(case)?;
    let sides = [
        told(LayerKey::for_client(enc_type, &client, &server.public()))?,
        told(LayerKey::for_node(enc_type, &server, &client.public()))?,
    ];
    sides.iter().try_for_each(|key| seals_and_opens(key, case))
}

/// The key is the file's, its ciphertext opens, and sealing gives it again.
fn seals_and_opens(key: &LayerKey, layer: &Value) -> Result<(), String> {
    expect_eq("symmetric key", *key.as_bytes(), hex_array(layer, "symmetric_key")?)?;
    let (plain, sealed) = (hex(layer, "plaintext")?, hex(layer, "ciphertext")?);
    expect_eq("opened", told(key.open(&sealed))?, plain.clone())?;
    expect_eq("sealed", told(key.seal_with_nonce(&hex(layer, "nonce")?, &plain))?, sealed)
}

fn must_fail(_: &Value, case: &Value) -> Result<(), String> {
    let ephemeral = parsed(case, "client_ephemeral_pubkey")?;
    let key = LayerKey::for_node(enc_type(case)?, &secret(case, "server_seckey")?, &ephemeral);
    expect_eq("opens", told(key)?.open(&hex(case, "ciphertext")?).is_ok(), false)
}

fn parser(_: &Value, case: &Value) -> Result<(), String> {
    let (server, client) =
        (secret(case, "server_seckey")?, secret(case, "client_ephemeral_seckey")?);
    expect_eq("server's key", server.public(), parsed(case, "server_pubkey")?)?;
    let body = hex(case, "request_body")?;
    let frame = told(onion_frame::decode(&body))?;
    expect_eq("length", frame.blob.len(), size(case, "framed_length")?)?;
    expect_eq("control", frame.json, text(case, "control_json")?.as_bytes())?;
    let control = told(onion_frame::parse_guard_control(frame.json))?;
    expect_eq("ephemeral key", control.ephemeral_key, client.public())?;
    expect_eq("its field", control.ephemeral_key, parsed(case, "client_ephemeral_pubkey")?)?;
    let key = told(LayerKey::for_node(control.enc_type, &server, &control.ephemeral_key))?;
    expect_eq("payload", told(key.open(frame.blob))?, hex(case, "payload")?)?;
    let reply = hex(case, "reply_plaintext")?;
    let sealed = told(key.seal_with_nonce(&hex(case, "reply_nonce")?, &reply))?;
    expect_eq("reply", &sealed, &hex(case, "reply_ciphertext")?)?;
    let key = told(LayerKey::for_client(control.enc_type, &client, &server.public()))?;
    expect_eq("reply opened", told(key.open(&sealed))?, reply)
}

fn node(case: &Value) -> Result<ServiceNode, String> {
    let pair = Ed25519Secret::from_seed(&hex_array(case, "ed25519_seed")?);
    expect_eq("node's Ed25519 key", pair.public(), parsed(case, "ed25519_pubkey")?)?;
    let x25519 = secret(case, "x25519_seckey")?.public();
    expect_eq("node's X25519 key", x25519, parsed(case, "x25519_pubkey")?)?;
    let (ip, https_port) = (Ipv4Addr::LOCALHOST, 1);
    Ok(ServiceNode { ed25519: pair.public(), x25519, ip, https_port, swarm: None })
}

fn path(_: &Value, case: &Value) -> Result<(), String> {
    peeled(case)?;
    guard_body(case)?;
    if case.get("control_text").is_some() {
        node_path(case)
    } else {
        sealed_reply(case, &hex(&case["reply"], "plaintext_hex")?)
    }
}

/// The outermost frame, for the guard.
fn guard_body(case: &Value) -> Result<(), String> {
    let outermost = list(case, "layers_inside_out")?.last().ok_or("no layers")?;
    let control = text(case, "guard_control_json")?.as_bytes();
    let body = onion_frame::encode(&hex(outermost, "ciphertext")?, control);
    expect_eq("body", body, Some(hex(case, "guard_post_body")?))?;
    let control = told(onion_frame::parse_guard_control(control))?;
    expect_eq("guard's key", control.ephemeral_key, parsed(outermost, "ephemeral_pubkey")?)?;
    expect_eq("guard's cipher", control.enc_type, enc_type(outermost)?)
}

/// Opens and seals every layer as its receiver, and follows its control part.
fn peeled(case: &Value) -> Result<(), String> {
    let layers = list(case, "layers_inside_out")?;
    let nodes = &case["nodes"];
    for hop in ["guard", "middle", "exit"] {
        node(&nodes[hop])?;
    }
    let receivers = [&case["destination"], &nodes["exit"], &nodes["middle"], &nodes["guard"]];
    expect_eq("layers", layers.len(), receivers.len())?;
    for (depth, (layer, receiver)) in layers.iter().zip(receivers).enumerate() {
        let ephemeral = secret(layer, "ephemeral_seckey")?;
        expect_eq("ephemeral key", ephemeral.public(), parsed(layer, "ephemeral_pubkey")?)?;
        let public = parsed(receiver, "x25519_pubkey")?;
        let receiver = secret(receiver, "x25519_seckey")?;
        expect_eq("receiver's key", receiver.public(), public)?;
        let enc_type = enc_type(layer)?;
        seals_and_opens(
            &told(LayerKey::for_client(enc_type, &ephemeral, &receiver.public()))?,
            layer,
        )?;
        seals_and_opens(
            &told(LayerKey::for_node(enc_type, &receiver, &ephemeral.public()))?,
            layer,
        )?;
        let Some(inner) = depth.checked_sub(1).and_then(|inner| layers.get(inner)) else {
            continue;
        };
        let plain = hex(layer, "plaintext")?;
        let frame = told(onion_frame::decode(&plain))?;
        expect_eq("next hop's part", frame.blob, &hex(inner, "ciphertext")?)?;
        expect_eq("control", frame.json, text(layer, "plaintext_control_json")?.as_bytes())?;
        match told(onion_frame::parse_control(frame.json))? {
            LayerControl::Node(relay) => {
                expect_eq("next key", relay.ephemeral_key, parsed(inner, "ephemeral_pubkey")?)?;
                expect_eq("next cipher", relay.enc_type, self::enc_type(inner)?)?;
            }
            LayerControl::Server(relay) => {
                let expected = &case["relay"];
                expect_eq("URL", relay.url().as_str(), text(expected, "post_url")?)?;
                expect_eq("allowed", onion_frame::is_allowed_target(&relay.target), true)?;
                expect_eq("posted", &plain, &hex(expected, "post_body")?)?;
                expect_eq("payload", hex(inner, "plaintext")?, hex(case, "payload_hex")?)?;
            }
            LayerControl::Final { .. } => return Err("a final layer further out".to_owned()),
        }
    }
    Ok(())
}

/// Our builder makes the file's body of the file's secrets, and reads the
/// file's reply.
fn node_path(case: &Value) -> Result<(), String> {
    let nodes = &case["nodes"];
    let hops = [node(&nodes["guard"])?, node(&nodes["middle"])?, node(&nodes["exit"])?];
    let destination = node(&case["destination"])?;
    let layers = list(case, "layers_inside_out")?;
    // Whether a layer's cipher is named stands in the control part around it.
    let around = layers.iter().skip(1).map(|layer| text(layer, "plaintext_control_json"));
    let guard_control = text(case, "guard_control_json")?;
    let mut secrets = Vec::new();
    for (layer, control) in layers.iter().zip(around.chain([Ok(guard_control)])) {
        secrets.insert(
            0,
            LayerSecrets {
                enc_type: enc_type(layer)?,
                names_enc_type: control?.contains("enc_type"),
                ephemeral: secret(layer, "ephemeral_seckey")?,
                nonce: hex(layer, "nonce")?,
            },
        );
    }
    let guard = told(onion_frame::parse_guard_control(guard_control.as_bytes()))?;
    let hop_no = guard_control.contains("hop_no").then_some(guard.hop_no);
    let form = RequestForm { control: text(case, "control_text")?, hop_no };
    let request = text(case, "payload_text")?.as_bytes();
    let built = build_with(&hops, Destination::Node(&destination), &secrets, form, request);
    let sealed = told(built)?;
    expect_eq("body", hex::encode(&sealed.body).as_str(), text(case, "guard_post_body")?)?;

    let reply = &case["reply"];
    let http_body = hex(reply, "http_body_hex")?;
    let status = number(reply, "http_status")?.try_into().map_err(|_| "no HTTP status")?;
    let opened = told(sealed.keys.open_reply(status, &http_body))?;
    let expected: &Value = &told(serde_json::from_str(text(reply, "plaintext")?))?;
    expect_eq("status", Some(u64::from(opened.status)), expected["status"].as_u64())?;
    match &expected["body"] {
        Value::String(body) => expect_eq("reply", &opened.body, body)?,
        body => expect_eq("reply", &told(serde_json::from_str::<Value>(&opened.body))?, body)?,
    }
    sealed_reply(case, text(reply, "plaintext")?.as_bytes())
}

/// The reply is sealed with the innermost layer's key, in base64 or raw.
fn sealed_reply(case: &Value, plain: &[u8]) -> Result<(), String> {
    let innermost = list(case, "layers_inside_out")?.first().ok_or("no layers")?;
    let key = LayerKey::from_bytes(enc_type(innermost)?, hex_array(innermost, "symmetric_key")?);
    let reply = &case["reply"];
    let sealed = told(key.seal_with_nonce(&hex(reply, "nonce")?, plain))?;
    expect_eq("sealed reply", &sealed, &hex(reply, "ciphertext")?)?;
    expect_eq("opened reply", told(key.open(&sealed))?, plain.to_vec())?;
    let body = hex(reply, "http_body_hex")?;
    match reply["http_body"].as_str() {
        Some(base64) => {
            expect_eq("HTTP body", body, base64.as_bytes().to_vec())?;
            expect_eq("its bytes", ramson_tests::fields::base64(reply, "http_body")?, sealed)
        }
        None => expect_eq("raw HTTP body", body, sealed),
    }
}

fn final_layer(_: &Value, case: &Value) -> Result<(), String> {
    let plain = hex(case, "plaintext")?;
    let frame = told(onion_frame::decode(&plain))?;
    let control = onion_frame::parse_control(frame.json);
    let kind = match &control {
        Ok(LayerControl::Final { .. }) => "final",
        Ok(LayerControl::Server(_)) => "relay_to_server",
        Ok(LayerControl::Node(_)) => "relay_to_node",
        Err(_) => "invalid_json",
    };
    expect_eq("kind", kind, text(case, "expect")?)?;
    if case.get("body").is_some() {
        expect_eq("body", frame.blob, &hex(case, "body")?)?;
    }
    if case.get("inner_ciphertext").is_some() {
        expect_eq("inner ciphertext", frame.blob, &hex(case, "inner_ciphertext")?)?;
    }
    match control {
        Ok(LayerControl::Server(relay)) if case.get("host").is_some() => {
            let expected = ServerRelay {
                host: text(case, "host")?.to_owned(),
                target: text(case, "target")?.to_owned(),
                protocol: match text(case, "protocol")? {
                    "http" => Protocol::Http,
                    _ => Protocol::Https,
                },
                port: number(case, "port")?.try_into().map_err(|_| "no port")?,
            };
            expect_eq("relay", relay, expected)
        }
        Ok(LayerControl::Node(relay)) => {
            expect_eq("destination", relay.destination, parsed(case, "destination")?)?;
            expect_eq("key", relay.ephemeral_key, parsed(case, "ephemeral_key")?)?;
            expect_eq("cipher", relay.enc_type, enc_type(case)?)
        }
        _ => Ok(()),
    }
}

fn url_target(_: &Value, case: &Value) -> Result<(), String> {
    let allowed = onion_frame::is_allowed_target(text(case, "target")?);
    expect_eq("allowed", allowed, flag(case, "allowed")?)
}

fn enc_type_name(_: &Value, case: &Value) -> Result<(), String> {
    let parsed = EncType::parse(text(case, "name")?).map(EncType::name);
    expect_eq("parsed", parsed, case["parsed"].as_str())
}
