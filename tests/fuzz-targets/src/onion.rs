//! Onion requests from both ends.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::onion_frame::{self, LayerControl};
use ramson_crypto::{EncType, LayerKey, X25519Secret};
use ramson_protocol::onion::{
    Destination, LayerSecrets, OnionKeys, OnionReply, OnionReplyError, RequestForm, build_with,
};
use ramson_types::Ed25519PublicKey;
use serde_json::{Value, json};

use crate::fixed::NODES;
use crate::input::Input;
use crate::show;

const CIPHERS: [EncType; 3] = [EncType::AesGcm, EncType::XChaCha20, EncType::AesCbc];

/// A request that was sent, and its layers once more, innermost first.
struct Sent {
    enc_type: EncType,
    keys: OnionKeys,
    layers: Vec<(Ed25519PublicKey, LayerKey)>,
}

static SENT: LazyLock<Option<Vec<Sent>>> =
    LazyLock::new(|| CIPHERS.into_iter().map(send).collect());

fn send(enc_type: EncType) -> Option<Sent> {
    let ephemeral = |n: usize| X25519Secret::from_bytes(&[u8::try_from(n + 50).unwrap_or(50); 32]);
    let nonce = || vec![0x80; enc_type.nonce_len()];
    let secret = |n| LayerSecrets {
        enc_type,
        names_enc_type: true,
        ephemeral: ephemeral(n),
        nonce: nonce(),
    };
    let secrets: Vec<_> = (0..NODES.len()).map(secret).collect();
    let (last, hops) = NODES.split_last()?;
    let form = RequestForm::default();
    let sealed = build_with(hops, Destination::Node(last), &secrets, form, b"{}").ok()?;
    let mut layers = Vec::new();
    for (n, node) in NODES.iter().enumerate().rev() {
        let key = LayerKey::for_client(enc_type, &ephemeral(n), &node.x25519).ok()?;
        layers.push((node.ed25519, key));
    }
    Some(Sent { enc_type, keys: sealed.keys, layers })
}

/// What a guard answers: any status, any bytes, or bytes that one of the
/// request's nodes sealed. Only the destination can make a reply, errors name
/// only nodes of the request, and what decrypts is attributed to its sealer.
pub fn onion_reply(data: &[u8]) {
    let Some(all) = &*SENT else { panic!("the fixed request could not be built") };
    let mut input = Input::new(data);
    let form = input.below(4);
    let Some(sent) = all.get(input.below(all.len())) else { return };
    match form {
        0 => raw(sent, 200, input.rest()),
        1 => {
            const STATUS: [u16; 12] =
                [502, 503, 504, 500, 400, 404, 410, 413, 429, 401, 0, u16::MAX];
            let status = STATUS.get(input.below(STATUS.len())).copied().unwrap_or(302);
            raw(sent, status, input.rest());
        }
        form => {
            let depth = input.below(sent.layers.len());
            sealed(sent, depth, form == 3, input.rest());
        }
    }
}

fn raw(sent: &Sent, status: u16, body: &[u8]) {
    match sent.keys.open_reply(status, body) {
        Ok(reply) => panic!("a reply out of nothing: {reply:?}"),
        Err(error) => {
            names_only_its_nodes(sent, &error);
            // The cipher without authentication opens anything.
            let nobody_sealed = matches!(
                error,
                OnionReplyError::Malformed { .. } | OnionReplyError::RelayRefused { .. }
            );
            assert!(!nobody_sealed || sent.enc_type == EncType::AesCbc, "{error}");
            assert_eq!(status == 200, nobody_sealed || is_undecryptable(&error), "{error}");
        }
    }
}

const fn is_undecryptable(error: &OnionReplyError) -> bool {
    matches!(error, OnionReplyError::Undecryptable { .. })
}

fn sealed(sent: &Sent, depth: usize, as_json: bool, text: &[u8]) {
    let Some((sealer, key)) = sent.layers.get(depth) else { return };
    let Ok(bytes) = key.seal_with_nonce(&vec![0x80; sent.enc_type.nonce_len()], text) else {
        panic!("the nonce has the right length");
    };
    let body = if as_json {
        json!({ "result": STANDARD.encode(&bytes) }).to_string().into_bytes()
    } else {
        bytes
    };
    let expected = reply_in(text);
    match sent.keys.open_reply(200, &body) {
        Ok(reply) => {
            assert_eq!(depth, 0, "only the destination replies");
            assert_eq!(Some(reply), expected);
        }
        Err(error) => {
            names_only_its_nodes(sent, &error);
            let by_sealer = match &error {
                OnionReplyError::RelayRefused { node, status, .. } => {
                    assert_eq!(Some(*status), expected.map(|reply| reply.status));
                    assert!(depth > 0, "the destination's answer is a reply");
                    node == sealer
                }
                OnionReplyError::NodeNotReady { node } => {
                    assert_eq!(expected.map(|reply| reply.status), Some(503));
                    node == sealer
                }
                OnionReplyError::Malformed { node } => {
                    assert_eq!(expected, None);
                    node == sealer || sent.enc_type == EncType::AesCbc
                }
                _ => false,
            };
            assert!(by_sealer, "{error:?} of what {sealer} sealed");
        }
    }
}

/// The reply that a sealed text should be read as.
fn reply_in(text: &[u8]) -> Option<OnionReply> {
    let json: Value = serde_json::from_slice(text).ok()?;
    let status = u16::try_from(json.as_object()?.get("status")?.as_u64()?).ok()?;
    let body = match json.get("body")? {
        Value::String(text) => text.clone(),
        embedded => embedded.to_string(),
    };
    Some(OnionReply { status, body })
}

fn names_only_its_nodes(sent: &Sent, error: &OnionReplyError) {
    // An excerpt of 200 characters at most, and a node.
    show(error, &[0; 120]);
    if let OnionReplyError::NextNodeNotFound { node }
    | OnionReplyError::NextNodeUnreachable { node }
    | OnionReplyError::NodeNotReady { node }
    | OnionReplyError::RelayRefused { node, .. }
    | OnionReplyError::Malformed { node } = error
    {
        assert!(sent.layers.iter().any(|(known, _)| known == node), "{node} had no part in it");
    }
}

/// Frames and control parts. A frame is put together as it was taken apart; a
/// control part that names a node is written and read again.
pub fn onion_frame(data: &[u8]) {
    match onion_frame::decode(data) {
        Ok(frame) => {
            assert_eq!(onion_frame::encode(frame.blob, frame.json).as_deref(), Some(data));
            control(frame.json);
        }
        Err(error) => show(&error, data),
    }
    control(data);
}

fn control(json: &[u8]) {
    match onion_frame::parse_control(json) {
        Ok(LayerControl::Node(relay)) => {
            let written = onion_frame::node_control(
                &relay.destination,
                &relay.ephemeral_key,
                Some(relay.enc_type),
            );
            assert_eq!(onion_frame::parse_control(&written), Ok(LayerControl::Node(relay)));
        }
        Ok(LayerControl::Server(relay)) => {
            assert!(relay.url().contains(&relay.host));
            if onion_frame::is_allowed_target(&relay.target) {
                assert!(relay.url().ends_with("/lsrpc"));
            }
        }
        Ok(LayerControl::Final { .. }) => {}
        Err(error) => show(&error, json),
    }
    match onion_frame::parse_guard_control(json) {
        Ok(guard) => {
            let written = onion_frame::guard_control(
                &guard.ephemeral_key,
                Some(guard.enc_type),
                Some(guard.hop_no),
            );
            assert_eq!(onion_frame::parse_guard_control(&written), Ok(guard));
        }
        Err(error) => show(&error, json),
    }
}

pub(crate) mod corpus {
    use crate::corpus::{Known, base64, behind, text};
    use crate::fixed::NODES;

    pub(crate) fn onion_reply(known: &Known) -> Vec<Vec<u8>> {
        let mut answers: Vec<_> = known
            .steps()
            .filter_map(|(_, step)| step.pointer("/response/onion_decoded/plaintext_json"))
            .map(text)
            .collect();
        answers.truncate(60);
        answers.push(br#"{"status":503,"body":"Snode not ready"}"#.to_vec());
        let sealed: Vec<Vec<u8>> =
            (2..4).flat_map(|form| (0..3).map(move |cipher| vec![form, cipher, 0])).collect();
        let sealed: Vec<&[u8]> = sealed.iter().map(Vec::as_slice).chain([&[2, 1, 2][..]]).collect();
        let mut inputs = behind(&sealed, &answers);
        inputs.extend(behind(&[&[0, 0], &[0, 2]], &known.hex("onion", &["http_body_hex"])));
        let wrapped = known
            .steps()
            .filter_map(|(name, step)| name.starts_with("onion").then_some(step))
            .filter_map(|step| base64(step.pointer("/response/body_b64")))
            .collect::<Vec<_>>();
        inputs.extend(behind(&[&[0, 1], &[1, 0, 0]], &wrapped));
        for (status, words) in [
            (0, "Next node not found: "),
            (0, "Next node is currently unreachable: "),
            (1, "Snode not ready: "),
            (1, "Service node is not ready: not in any swarm"),
            (2, "Request time out"),
            (3, "Invalid response from snode"),
            (4, "Invalid ciphertext"),
        ] {
            let node = NODES.first().map(|node| node.ed25519.to_string()).unwrap_or_default();
            inputs.push([&[1, 0, status], words.as_bytes(), node.as_bytes()].concat());
        }
        inputs
    }

    pub(crate) fn onion_frame(known: &Known) -> Vec<Vec<u8>> {
        let fields = ["guard_post_body", "plaintext", "request_body"];
        let mut inputs = known.hex("onion", &fields);
        inputs.extend(known.text("onion", &["control_text", "guard_control_json", "control_json"]));
        for (name, step) in known.steps() {
            if name.starts_with("onion") {
                inputs.extend(base64(step.pointer("/request/body_b64")));
                inputs.extend(step.pointer("/onion/final_control").map(text));
                inputs.extend(step.pointer("/onion/control_of_last_node").map(text));
            }
        }
        inputs
    }
}
