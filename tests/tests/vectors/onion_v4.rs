//! Requests to servers and their answers, and how both are sealed.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::onion_frame::{self, LayerControl, parse_sealed_control};
use ramson_codec::onion_v4::{Request, Response, V3Request};
use ramson_crypto::{Ed25519Secret, EncType, LayerKey, X25519Secret};
use ramson_protocol::onion::{
    Destination, LayerSecrets, RequestForm, SealedOnion, Server, build_with,
};
use ramson_tests::fields::{hex, hex_array, number, parsed, run_sections, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::ServiceNode;
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description"],
        &[
            ("cases", case),
            ("must_reject", must_reject),
            ("exchanges", exchange),
            ("v3_exchanges", v3_exchange),
        ],
    );
}

fn told<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, String> {
    result.map_err(|why| why.to_string())
}

fn json(text: &str) -> Result<Value, String> {
    told(serde_json::from_str(text))
}

fn case(_: &Value, case: &Value) -> Result<(), String> {
    let encoded = hex(case, "encoded_hex")?;
    let head = json(text(case, "metadata_text")?)?;
    let body = case["body_hex"].as_str().map(|_| hex(case, "body_hex")).transpose()?;
    if let Some(text) = case["encoded_text"].as_str() {
        expect_eq("text", encoded.as_slice(), text.as_bytes())?;
    }
    match text(case, "kind")? {
        "request" => {
            let request = told(Request::decode(&encoded))?;
            expect_eq("method", request.method.as_str(), text(&head, "method")?)?;
            expect_eq("endpoint", request.endpoint.as_str(), text(&head, "endpoint")?)?;
            headers(request.headers.iter(), &head)?;
            expect_eq("body", &request.body, &body)?;
            expect_eq("written again", request.encode(), encoded)
        }
        "response" => {
            let response = told(Response::decode(&encoded))?;
            expect_eq("code", u64::from(response.code), number(case, "code")?)?;
            expect_eq("code in the head", u64::from(response.code), number(&head, "code")?)?;
            headers(response.headers.iter(), &head)?;
            expect_eq("body", Some(&response.body), body.as_ref())?;
            if case["note"] == "answer to an undecodable v4 request" {
                expect_eq("a server's own", &Response::invalid_request(), &response)?;
            }
            expect_eq("written again", response.encode(), encoded)
        }
        other => Err(format!("what is a {other}?")),
    }
}

fn headers<'a>(ours: impl Iterator<Item = (&'a str, &'a str)>, head: &Value) -> Result<(), String> {
    let ours: serde_json::Map<_, _> =
        ours.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    expect_eq("headers", Some(&ours), head["headers"].as_object())
}

fn must_reject(_: &Value, case: &Value) -> Result<(), String> {
    expect_eq("taken", Request::decode(&hex(case, "encoded_hex")?).is_ok(), false)
}

fn exchange(_: &Value, case: &Value) -> Result<(), String> {
    let plain = hex(case, "request_plaintext_hex")?;
    let request = told(Request::decode(&plain))?;
    expect_eq("request written again", request.encode(), plain.clone())?;
    let posted = hex(case, "http_post_body")?;
    let frame = told(onion_frame::decode(&posted))?;
    expect_eq("ciphertext", frame.blob, &hex(case, "request_ciphertext")?)?;
    expect_eq("control", frame.json, text(case, "control_json")?.as_bytes())?;
    let sent = sent(case, &plain)?;
    expect_eq("URL", sent.url.as_str(), text(case, "http_post_url")?)?;

    let answer = hex(case, "response_plaintext_hex")?;
    let response = told(Response::decode(&answer))?;
    expect_eq("answer written again", response.encode(), answer.clone())?;
    let http_body = hex(case, "http_response_body")?;
    let sealed = sent.server_key.seal_with_nonce(&hex(case, "response_nonce")?, &answer);
    expect_eq("sealed answer", &told(sealed)?, &http_body)?;
    let opened = sent.onion.keys.open_server_reply(200, &http_body);
    expect_eq("opened answer", told(opened)?, answer)
}

fn v3_exchange(_: &Value, case: &Value) -> Result<(), String> {
    let plain = text(case, "request_plaintext")?.as_bytes();
    let request = told(V3Request::decode(plain))?;
    expect_eq("request written again", request.encode().as_slice(), plain)?;
    let sent = sent(case, plain)?;

    let answer = text(case, "response_plaintext")?.as_bytes();
    let sealed = sent.server_key.seal_with_nonce(&hex(case, "response_nonce")?, answer);
    let http_body = text(case, "http_response_body_base64")?;
    expect_eq("sealed answer", STANDARD.encode(told(sealed)?).as_str(), http_body)?;
    let opened = sent.onion.keys.open_server_reply(200, http_body.as_bytes());
    expect_eq("opened answer", told(opened)?.as_slice(), answer)
}

/// A request of the file that went through one node.
struct Sent {
    onion: SealedOnion,
    server_key: LayerKey,
    url: String,
}

/// Our builder, with the file's secrets for the server's layer and our own for
/// an exit node before it. The exit node posts the file's very bytes, and the
/// server finds the request in them.
fn sent(case: &Value, plain: &[u8]) -> Result<Sent, String> {
    let posted = hex(case, "http_post_body")?;
    let control = told(onion_frame::decode(&posted))?.json;
    let LayerControl::Server(relay) = told(onion_frame::parse_control(control))? else {
        return Err("the control part is not for a server".to_owned());
    };
    let server_secret = X25519Secret::from_bytes(&hex_array(case, "server_seckey")?);
    expect_eq("server's key", server_secret.public(), parsed(case, "server_pubkey")?)?;
    let enc_type = EncType::parse(text(case, "enc_type")?).ok_or("unknown cipher")?;
    let ephemeral = X25519Secret::from_bytes(&hex_array(case, "ephemeral_seckey")?);
    expect_eq("ephemeral key", ephemeral.public(), parsed(case, "ephemeral_pubkey")?)?;

    let exit = Ed25519Secret::from_seed(&[7; 32]);
    let exit_secret = exit.to_x25519();
    let hop = ServiceNode {
        ed25519: exit.public(),
        x25519: exit_secret.public(),
        ip: Ipv4Addr::LOCALHOST,
        https_port: 1,
        swarm: None,
    };
    let secrets = [
        LayerSecrets {
            enc_type: EncType::AesGcm,
            names_enc_type: false,
            ephemeral: X25519Secret::from_bytes(&[8; 32]),
            nonce: vec![9; 12],
        },
        LayerSecrets {
            enc_type,
            names_enc_type: String::from_utf8_lossy(control).contains("enc_type"),
            ephemeral,
            nonce: hex(case, "request_nonce")?,
        },
    ];
    let url = relay.url();
    let server = Server { relay, x25519: server_secret.public() };
    let to = Destination::Server(&server);
    let onion = told(build_with(&[hop], to, &secrets, RequestForm::default(), plain))?;

    let frame = told(onion_frame::decode(&onion.body))?;
    let guard = told(onion_frame::parse_guard_control(frame.json))?;
    let key = told(LayerKey::for_node(guard.enc_type, &exit_secret, &guard.ephemeral_key))?;
    expect_eq("posted", hex::encode(told(key.open(frame.blob))?), hex::encode(&posted))?;

    let frame = told(onion_frame::decode(&posted))?;
    let (ephemeral, named) = told(parse_sealed_control(frame.json))?;
    expect_eq("cipher", named, enc_type)?;
    let server_key = told(LayerKey::for_node(named, &server_secret, &ephemeral))?;
    expect_eq("symmetric key", *server_key.as_bytes(), hex_array(case, "symmetric_key")?)?;
    expect_eq("what the server finds", told(server_key.open(frame.blob))?.as_slice(), plain)?;
    Ok(Sent { onion, server_key, url })
}
