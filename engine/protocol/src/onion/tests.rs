use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ramson_codec::onion_frame::{self, LayerControl};
use ramson_crypto::{Ed25519Secret, EncType, LayerKey, X25519Secret};
use ramson_types::{Ed25519PublicKey, ServiceNode, X25519PublicKey};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

mod server;

/// A service node with its secrets.
struct Node {
    secret: X25519Secret,
    node: ServiceNode,
}

impl Node {
    fn new(seed: u8) -> Self {
        let pair = Ed25519Secret::from_seed(&[seed; 32]);
        let secret = pair.to_x25519();
        let node = ServiceNode {
            ed25519: pair.public(),
            x25519: secret.public(),
            ip: Ipv4Addr::LOCALHOST,
            https_port: 1,
            swarm: None,
        };
        Self { secret, node }
    }
}

fn nodes(count: u8) -> Vec<Node> {
    (1..=count).map(Node::new).collect()
}

fn seal(nodes: &[Node], enc_type: EncType, request: &[u8]) -> SealedOnion {
    let hops: Vec<_> = nodes.iter().map(|node| node.node).collect();
    let (last, hops) = hops.split_last().unwrap();
    let mut rng = StdRng::seed_from_u64(7);
    build(hops, Destination::Node(last), enc_type, request, &mut rng).unwrap()
}

/// Peels as the nodes do; gives the key of each and the request at the end.
fn peel(nodes: &[Node], body: &[u8]) -> (Vec<LayerKey>, Vec<u8>) {
    let frame = onion_frame::decode(body).unwrap();
    let guard = onion_frame::parse_guard_control(frame.json).unwrap();
    let (mut ephemeral, mut enc_type) = (guard.ephemeral_key, guard.enc_type);
    let (mut blob, mut keys) = (frame.blob.to_vec(), Vec::new());
    for (number, node) in nodes.iter().enumerate() {
        let key = LayerKey::for_node(enc_type, &node.secret, &ephemeral).unwrap();
        let text = key.open(&blob).unwrap();
        keys.push(key);
        let next = number.wrapping_add(1);
        let frame = onion_frame::decode(&text).unwrap();
        blob = frame.blob.to_vec();
        match onion_frame::parse_control(frame.json).unwrap() {
            LayerControl::Node(relay) => {
                assert_eq!(relay.destination, nodes[next].node.ed25519);
                (ephemeral, enc_type) = (relay.ephemeral_key, relay.enc_type);
            }
            LayerControl::Final { json, base64 } => {
                assert!(!json && base64);
                assert_eq!(next, nodes.len());
            }
            LayerControl::Server(relay) => panic!("{relay:?}"),
        }
    }
    (keys, blob)
}

fn reply(key: &LayerKey, text: &str) -> Vec<u8> {
    STANDARD.encode(key.seal(text.as_bytes(), &mut StdRng::seed_from_u64(8))).into_bytes()
}

proptest! {
    #[test]
    fn each_node_opens_its_layer_and_the_last_one_finds_the_request(
        count in 1..6_u8, request: Vec<u8>, xchacha: bool,
    ) {
        let enc_type = if xchacha { EncType::XChaCha20 } else { EncType::AesGcm };
        let nodes = nodes(count);
        let sealed = seal(&nodes, enc_type, &request);
        let (keys, found) = peel(&nodes, &sealed.body);
        prop_assert_eq!(found, request);
        let answer = reply(keys.last().unwrap(), r#"{"body":"text","status":421}"#);
        let opened = OnionReply { status: 421, body: "text".to_owned() };
        prop_assert_eq!(sealed.keys.open_reply(200, &answer), Ok(opened));
    }

    #[test]
    fn no_answer_makes_it_panic(status: u16, body: Vec<u8>, text: String) {
        let sealed = seal(&nodes(4), EncType::AesGcm, b"{}");
        for status in [status, 200, 400, 500, 502, 503, 504] {
            prop_assert!(sealed.keys.open_reply(status, &body).is_err());
            prop_assert!(sealed.keys.open_reply(status, text.as_bytes()).is_err());
        }
    }

    #[test]
    fn no_sealed_answer_makes_it_panic(text: String, number in 0..4_usize) {
        let nodes = nodes(4);
        let sealed = seal(&nodes, EncType::AesGcm, b"{}");
        let (keys, _) = peel(&nodes, &sealed.body);
        let answer = sealed.keys.open_reply(200, &reply(&keys[number], &text));
        let node = nodes[number].node.ed25519;
        prop_assert_eq!(answer, Err(OnionReplyError::Malformed { node }));
    }
}

#[test]
fn replies_may_be_base64_raw_or_wrapped_and_embed_json() {
    let nodes = nodes(2);
    let sealed = seal(&nodes, EncType::XChaCha20, b"{}");
    let (keys, _) = peel(&nodes, &sealed.body);
    let text = r#"{"body":{"hf":[19,4]},"status":200}"#;
    let base64 = String::from_utf8(reply(&keys[1], text)).unwrap();
    let expected = OnionReply { status: 200, body: r#"{"hf":[19,4]}"#.to_owned() };
    let raw = STANDARD.decode(&base64).unwrap();
    let wrapped = format!(r#"{{"result":"{base64}"}}"#);
    let unpadded = base64.trim_end_matches('=').to_owned();
    for body in [base64.as_bytes(), &raw, wrapped.as_bytes(), unpadded.as_bytes()] {
        assert_eq!(sealed.keys.open_reply(200, body).as_ref(), Ok(&expected));
    }
}

#[test]
fn what_a_relay_seals_is_its_own_and_not_the_destinations() {
    let nodes = nodes(4);
    let sealed = seal(&nodes, EncType::AesGcm, b"{}");
    let (keys, _) = peel(&nodes, &sealed.body);
    let node = nodes[1].node.ed25519;
    let answer = reply(&keys[1], r#"{"body":"Invalid json","status":400}"#);
    let refused = sealed.keys.open_reply(200, &answer);
    let reason = "Invalid json".to_owned();
    assert_eq!(refused, Err(OnionReplyError::RelayRefused { node, status: 400, reason }));
    for number in [1, 3] {
        let answer = reply(&keys[number], r#"{"body":"Snode not ready","status":503}"#);
        let node = nodes[number].node.ed25519;
        let refused = sealed.keys.open_reply(200, &answer);
        assert_eq!(refused, Err(OnionReplyError::NodeNotReady { node }));
    }
}

#[test]
fn errors_in_the_clear_are_told_apart() {
    let nodes = nodes(4);
    let keys = seal(&nodes, EncType::AesGcm, b"{}").keys;
    let node = nodes[2].node.ed25519;
    let stranger = Ed25519PublicKey([9; 32]);
    let error = |status, text: &str| keys.open_reply(status, text.as_bytes()).unwrap_err();
    use OnionReplyError as E;
    assert_eq!(error(502, &format!("Next node not found: {node}")), E::NextNodeNotFound { node });
    assert_eq!(
        error(502, &format!("Next node is currently unreachable: {node}")),
        E::NextNodeUnreachable { node },
    );
    assert_eq!(error(503, &format!("Snode not ready: {node}")), E::NodeNotReady { node });
    let reason = "not done syncing".to_owned();
    assert_eq!(
        error(503, "Service node is not ready: not done syncing\n"),
        E::GuardNotReady { reason }
    );
    assert_eq!(error(503, "Server busy, try again later"), E::GuardBusy);
    assert_eq!(error(504, "Request time out"), E::Timeout);
    assert_eq!(error(500, "Invalid response from snode"), E::BadRelayResponse);
    assert_eq!(error(400, "Invalid ciphertext"), E::InvalidCiphertext);
    assert!(matches!(error(413, "Request body too large"), E::RequestRefused { status: 413, .. }));
    for text in [format!("Next node not found: {stranger}"), "curl says no".to_owned()] {
        assert_eq!(error(502, &text), E::Unexpected { status: 502, reason: text });
    }
}

#[test]
fn a_path_that_cannot_be_built_says_why() {
    let nodes: Vec<_> = nodes(3).iter().map(|node| node.node).collect();
    let mut rng = StdRng::seed_from_u64(1);
    let mut try_build = |hops: &[ServiceNode], last: &ServiceNode, request: &[u8]| {
        build(hops, Destination::Node(last), EncType::AesGcm, request, &mut rng).err()
    };
    let repeated = OnionBuildError::RepeatedNode { node: nodes[0].ed25519 };
    assert_eq!(try_build(&nodes, &nodes[0], b""), Some(repeated));
    let mut weak = nodes[2];
    weak.x25519 = X25519PublicKey([0; 32]);
    let error = OnionBuildError::WeakKey { node: weak.ed25519 };
    assert_eq!(try_build(&nodes[..2], &weak, b""), Some(error));
    let huge = try_build(&nodes[..2], &nodes[2], &vec![0; MAX_BODY]);
    assert!(matches!(huge, Some(OnionBuildError::TooLarge { length }) if length > MAX_BODY));
    assert!(try_build(&nodes[..2], &nodes[2], &vec![0; MAX_BODY - 1024]).is_none());
}
