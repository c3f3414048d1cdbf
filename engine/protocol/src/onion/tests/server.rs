//! Requests to servers: what the exit node posts, what the server finds in it,
//! and what comes back.

use ramson_codec::onion_frame::{Protocol, ServerRelay, parse_sealed_control};

use super::*;

fn server(seed: u8, target: &str) -> (X25519Secret, Server) {
    let secret = X25519Secret::from_bytes(&[seed; 32]);
    let relay = ServerRelay {
        host: "files.example.test".to_owned(),
        target: target.to_owned(),
        protocol: Protocol::Http,
        port: 80,
    };
    let x25519 = secret.public();
    (secret, Server { relay, x25519 })
}

/// A request on its way through three nodes.
struct Sent {
    nodes: Vec<Node>,
    sealed: SealedOnion,
    /// Of the nodes, the exit node's last.
    keys: Vec<LayerKey>,
    server_key: LayerKey,
    /// What the server found.
    found: Vec<u8>,
}

fn send(enc_type: EncType, request: &[u8]) -> Sent {
    let (secret, server) = server(9, "/oxen/v4/lsrpc");
    let nodes = nodes(3);
    let hops: Vec<_> = nodes.iter().map(|node| node.node).collect();
    let mut rng = StdRng::seed_from_u64(7);
    let sealed = build(&hops, Destination::Server(&server), enc_type, request, &mut rng).unwrap();

    let frame = onion_frame::decode(&sealed.body).unwrap();
    let guard = onion_frame::parse_guard_control(frame.json).unwrap();
    let (mut ephemeral, mut enc_type) = (guard.ephemeral_key, guard.enc_type);
    let (mut blob, mut keys) = (frame.blob.to_vec(), Vec::new());
    let mut posted = None;
    for node in &nodes {
        let key = LayerKey::for_node(enc_type, &node.secret, &ephemeral).unwrap();
        let text = key.open(&blob).unwrap();
        keys.push(key);
        let frame = onion_frame::decode(&text).unwrap();
        match onion_frame::parse_control(frame.json).unwrap() {
            LayerControl::Node(relay) => {
                (ephemeral, enc_type) = (relay.ephemeral_key, relay.enc_type);
                blob = frame.blob.to_vec();
            }
            LayerControl::Server(relay) => {
                assert_eq!(relay, server.relay);
                posted = Some(text);
            }
            LayerControl::Final { .. } => panic!("the exit node takes it for itself"),
        }
    }
    let posted = posted.unwrap();
    let frame = onion_frame::decode(&posted).unwrap();
    let (ephemeral, enc_type) = parse_sealed_control(frame.json).unwrap();
    let server_key = LayerKey::for_node(enc_type, &secret, &ephemeral).unwrap();
    let found = server_key.open(frame.blob).unwrap();
    Sent { nodes, sealed, keys, server_key, found }
}

proptest! {
    #[test]
    fn the_server_finds_the_request_and_the_client_its_answer(
        request: Vec<u8>, answer: Vec<u8>, xchacha: bool,
    ) {
        let enc_type = if xchacha { EncType::XChaCha20 } else { EncType::AesGcm };
        let sent = send(enc_type, &request);
        prop_assert_eq!(sent.found, request);
        let raw = sent.server_key.seal(&answer, &mut StdRng::seed_from_u64(8));
        let base64 = STANDARD.encode(&raw);
        for body in [raw.as_slice(), base64.as_bytes()] {
            let opened = sent.sealed.keys.open_server_reply(200, body);
            prop_assert_eq!(opened.as_ref(), Ok(&answer));
        }
        prop_assert!(sent.sealed.keys.open_reply(200, &raw).is_err());
    }

    #[test]
    fn no_answer_makes_it_panic(status: u16, body: Vec<u8>) {
        let sent = send(EncType::XChaCha20, b"");
        for status in [status, 200, 400, 502, 504] {
            prop_assert!(sent.sealed.keys.open_server_reply(status, &body).is_err());
        }
    }
}

#[test]
fn what_a_node_seals_is_why_the_request_did_not_get_to_the_server() {
    let sent = send(EncType::AesGcm, b"");
    let answer = reply(&sent.keys[2], r#"{"body":"Invalid url","status":400}"#);
    let (node, reason) = (sent.nodes[2].node.ed25519, "Invalid url".to_owned());
    let refused = OnionReplyError::RelayRefused { node, status: 400, reason };
    assert_eq!(sent.sealed.keys.open_server_reply(200, &answer), Err(refused));
}

#[test]
fn errors_in_the_clear_are_told_apart_for_servers_too() {
    let keys = send(EncType::AesGcm, b"").sealed.keys;
    let error = |status, text: &str| keys.open_server_reply(status, text.as_bytes()).unwrap_err();
    let reason = "Couldn't connect to server".to_owned();
    assert_eq!(
        error(502, "Couldn't connect to server"),
        OnionReplyError::ServerUnreachable { status: 502, reason },
    );
    let node = nodes(3)[1].node.ed25519;
    let gone = OnionReplyError::NextNodeNotFound { node };
    assert_eq!(error(502, &format!("Next node not found: {node}")), gone);
    assert_eq!(error(504, "Request time out"), OnionReplyError::Timeout);
    assert_eq!(error(200, "AAAA"), OnionReplyError::Undecryptable { length: 4 });
}

#[test]
fn a_reply_of_a_server_does_not_count_for_a_request_to_a_node() {
    let nodes = nodes(2);
    let sealed = seal(&nodes, EncType::AesGcm, b"{}");
    let (keys, _) = peel(&nodes, &sealed.body);
    let answer = reply(&keys[1], r#"{"body":"text","status":200}"#);
    let length = answer.len();
    let refused = Err(OnionReplyError::Undecryptable { length });
    assert_eq!(sealed.keys.open_server_reply(200, &answer), refused);
}

#[test]
fn a_server_that_cannot_be_asked_says_why() {
    let hops: Vec<_> = nodes(3).iter().map(|node| node.node).collect();
    let mut rng = StdRng::seed_from_u64(1);
    let mut try_build = |hops: &[ServiceNode], server: &Server| {
        build(hops, Destination::Server(server), EncType::AesGcm, b"", &mut rng).err()
    };
    let (_, mut good) = server(9, "/oxen/v4/lsrpc");
    let url = "http://files.example.test/oxen/v4/lsrpc".to_owned();
    assert_eq!(try_build(&[], &good), Some(OnionBuildError::NoHops { url: url.clone() }));
    assert_eq!(try_build(&hops, &good), None);
    let (_, elsewhere) = server(9, "/file");
    let target = OnionBuildError::Target { target: "/file".to_owned() };
    assert_eq!(try_build(&hops, &elsewhere), Some(target));
    good.x25519 = X25519PublicKey([0; 32]);
    assert_eq!(try_build(&hops, &good), Some(OnionBuildError::WeakServerKey { url }));
    let twice = [hops[0], hops[1], hops[0]];
    let repeated = OnionBuildError::RepeatedNode { node: hops[0].ed25519 };
    assert_eq!(try_build(&twice, &good), Some(repeated));
}
