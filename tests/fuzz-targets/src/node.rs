//! A service node and its neighbours.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::onion_frame::{self, guard_control};
use ramson_codec::storage::{
    DeleteBefore, ExpireAll, ExpireMode, Namespaces, Request, RequestSigner as _, RetrieveAnswer,
    Revocation, signed_text,
};
use ramson_crypto::{EncType, LayerKey, X25519Secret, message_hash};
use ramson_node::{
    HttpRequest, HttpResponse, Network, Node, Nodes, NodesStep, Reply, StoredMessage,
};
use ramson_types::swarm::swarm_of;
use ramson_types::{MessageHash, Namespace, SwarmId, Timestamp};
use rand::rngs::StdRng;
use serde_json::Value;

use crate::fixed::{ME, NODES, NOW, contact, node_keys, rng};
use crate::input::Input;

const CIPHERS: [EncType; 3] = [EncType::AesGcm, EncType::XChaCha20, EncType::AesCbc];

/// No request stores more than its subrequests.
const MOST_STORED: usize = 20;

/// An expired message is read until the next sweep, as at the real server.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// Nodes 1 and 2 hold the account, 3 is in the other swarm, 4 is known but
/// never there.
static NETWORK: LazyLock<Arc<Network>> = LazyLock::new(|| {
    let swarms = [SwarmId(1 << 62), SwarmId(3 << 62)];
    let ours = swarm_of(ME.account_id().key(), swarms).unwrap_or(SwarmId::UNASSIGNED);
    let other = swarms.into_iter().find(|swarm| *swarm != ours).unwrap_or(SwarmId::UNASSIGNED);
    let nodes = [(1, ours), (2, ours), (3, other), (4, other)];
    Arc::new(Network::new(nodes.map(|(n, swarm)| contact(n, swarm))))
});

struct World {
    nodes: Nodes,
    rng: StdRng,
    now: Timestamp,
    hashes: Vec<MessageHash>,
}

impl World {
    fn new() -> Self {
        let mut world = Self { nodes: Nodes::default(), rng: rng(), now: NOW, hashes: Vec::new() };
        for n in 1..=3 {
            world.nodes.add(Node::new(node_keys(n), Arc::clone(&NETWORK), NOW));
        }
        world
    }

    /// The same with three messages of the account.
    fn with_messages() -> Self {
        let mut world = Self::new();
        let account = ME.account_id();
        let message = |(namespace, data): (i16, &[u8])| StoredMessage {
            account,
            namespace: Namespace(namespace),
            hash: message_hash(&account, Namespace(namespace), data),
            timestamp: NOW,
            expiry: NOW.plus(Duration::from_secs(3600)),
            data: data.into(),
        };
        let messages = [(0, &b"hello"[..]), (0, b""), (2, b"config")].map(message);
        for node in NODES.iter().take(2) {
            if let Some(node) = world.nodes.get_mut(&node.ed25519) {
                node.push(&messages, NOW);
            }
        }
        world
    }

    fn serve(&mut self, request: &HttpRequest) -> HttpResponse {
        let [first, ..] = *NODES;
        match self.nodes.serve(&first.ed25519, request, self.now, &mut self.rng) {
            Some(NodesStep::Done(answer)) => answer,
            Some(NodesStep::AskServer { request, path, .. }) => {
                assert!(request.url.starts_with("http"));
                let reply = Reply::Failed("nobody is there".to_owned());
                match self.nodes.resume(path, reply, self.now, &mut self.rng) {
                    NodesStep::Done(answer) => answer,
                    other => panic!("{other:?} after the last node was answered"),
                }
            }
            None => panic!("node 1 is there"),
        }
    }

    fn post(&mut self, path: &str, body: Vec<u8>) -> HttpResponse {
        self.serve(&http("POST", path, body))
    }

    fn counts(&self) -> [usize; 2] {
        let [first, second, ..] = *NODES;
        [first, second].map(|known| {
            let node = self.nodes.iter().find(|node| node.key() == known.ed25519);
            node.map_or(0, Node::message_count)
        })
    }
}

fn http(method: &str, path: &str, body: Vec<u8>) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        headers: Vec::new(),
        body,
        peer: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    }
}

/// What is posted to a node: storage requests and onion requests as they are,
/// bytes correctly sealed to it, and other paths. Every request has an answer
/// of bounded size, sealed if the request was, and the node goes on.
pub fn node_http(data: &[u8]) {
    let mut world = World::with_messages();
    let before = world.counts();
    let mut input = Input::new(data);
    match input.below(5) {
        0 => check(&world.post("/storage_rpc/v1", input.rest().to_vec()), data),
        1 => check(&world.post("/onion_req/v2", input.rest().to_vec()), data),
        2 => final_layer(&mut world, &mut input),
        3 => {
            let (key, ephemeral) = layer(&mut input);
            let body = sealed_to_guard(&key, &ephemeral, input.rest());
            check(&world.post("/onion_req/v2", body), data);
        }
        _ => {
            let text = String::from_utf8_lossy(input.rest());
            let mut lines = text.split('\n');
            let mut line = || lines.next().unwrap_or_default().to_owned();
            let mut request = http(&line(), &line(), Vec::new());
            request.headers = vec![(line(), line()), (line(), line())];
            request.body = line().into_bytes();
            if let Some(refused) = Node::admit(&request.headers) {
                check(&refused, data);
            }
            check(&world.serve(&request), data);
        }
    }
    let after = world.counts();
    assert!(after.iter().zip(before).all(|(after, before)| *after <= before + MOST_STORED));
    let info = world.post("/storage_rpc/v1", Request::Info.to_bytes());
    assert_eq!(info.status, 200, "the node went on");
}

fn check(answer: &HttpResponse, input: &[u8]) {
    assert!((200..600).contains(&answer.status), "status {}", answer.status);
    for name in ["server", "content-type"] {
        let given = answer.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        assert_eq!(given.count(), 1, "{name}");
    }
    // Twenty answers with the few messages there are.
    let bound = input.len().saturating_mul(20).saturating_add(200_000);
    assert!(answer.body.len() <= bound, "{} bytes", answer.body.len());
}

fn layer(input: &mut Input<'_>) -> (LayerKey, X25519Secret) {
    let enc_type = CIPHERS.get(input.below(CIPHERS.len())).copied().unwrap_or_default();
    let ephemeral = X25519Secret::from_bytes(&[60; 32]);
    let [first, ..] = *NODES;
    match LayerKey::for_client(enc_type, &ephemeral, &first.x25519) {
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
    let (key, ephemeral) = layer(input);
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
    check(&answer, &text);
    assert_eq!(answer.status, 200);
    let sealed = if form < 2 { STANDARD.decode(&answer.body).ok() } else { Some(answer.body) };
    let opened = sealed.and_then(|sealed| key.open(&sealed).ok());
    let opened = opened.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    let status = opened.as_ref().and_then(|json| json.get("status")).and_then(Value::as_u64);
    assert!(status.is_some_and(|status| (200..600).contains(&status)), "{opened:?}");
    assert!(opened.is_some_and(|json| json.get("body").is_some()));
}

/// A few correctly signed requests with strange numbers, one after another,
/// while time passes. Members of a swarm hold the same, what is read has the
/// hash of its bytes, and nothing is read long after it has expired.
pub fn node_rules(data: &[u8]) {
    let mut world = World::new();
    let mut input = Input::new(data);
    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        step(&mut world, &mut input);
        let [first, second] = world.counts();
        assert_eq!(first, second, "members of a swarm hold the same");
    }
    for namespace in [0, 2, -10, -1, 11] {
        let read = Request::retrieve_signed(&*ME, Namespace(namespace), None, None, world.now);
        let answer = world.post("/storage_rpc/v1", read.to_bytes());
        let Ok(answer) = RetrieveAnswer::parse(&answer.body) else {
            panic!("{}", String::from_utf8_lossy(&answer.body));
        };
        assert_eq!(answer.unnamed, 0);
        for message in &answer.messages {
            // Empty data comes back as a sign that is not base64.
            if message.data.is_ok() {
                assert!(message.hash_is_right(&ME.account_id(), Namespace(namespace)));
            }
            let expires = message.expiration.unwrap_or_default();
            assert!(expires.plus(SWEEP_EVERY) > world.now, "{expires} at {}", world.now);
        }
    }
}

fn step(world: &mut World, input: &mut Input<'_>) {
    let request = match input.below(11) {
        0 => {
            let seconds = u64::from(input.u16());
            world.now = world.now.plus(Duration::from_secs(seconds));
            world.nodes.tick(world.now, &mut world.rng);
            return;
        }
        1 => {
            let parts = (0..=input.below(4)).filter_map(|_| request(world, input)).collect();
            Some(Request::Batch(parts))
        }
        2 => {
            let parts = (0..=input.below(4)).filter_map(|_| request(world, input)).collect();
            Some(Request::Sequence(parts))
        }
        _ => request(world, input),
    };
    if let Some(request) = request {
        let answer = world.post("/storage_rpc/v1", request.to_bytes());
        check(&answer, &request.to_bytes());
        if answer.status == 200 {
            assert!(serde_json::from_slice::<Value>(&answer.body).is_ok());
        }
    }
}

fn request(world: &mut World, input: &mut Input<'_>) -> Option<Request> {
    let (me, now) = (&*ME, world.now);
    Some(match input.below(9) {
        0 | 1 => {
            let (namespace, sent, ttl) = (namespace(input), time(input, now), input.u64());
            let length = input.below(200);
            let data = input.take(length).to_vec();
            world.hashes.push(message_hash(&me.account_id(), namespace, &data));
            // Long lives are refused, so most are cut to a day.
            let ttl = if input.byte() == 0 { ttl } else { ttl % 86_400_000 };
            Request::store_signed(me, namespace, sent, ttl, data, now)
        }
        2 => {
            let last = hash(world, input);
            let size = i64::from_le_bytes(input.array());
            let size = input.byte().is_multiple_of(2).then_some(size);
            Request::retrieve_signed(me, namespace(input), last, size, now)
        }
        3 => Request::delete_signed(me, &[hash(world, input)?]),
        4 => Request::delete_all_signed(me, namespaces(input), time(input, now)),
        5 => {
            let (namespaces, before) = (namespaces(input), time(input, now));
            let auth = me.auth(&signed_text::delete_before(namespaces, before));
            let account = me.account_id();
            Request::DeleteBefore(DeleteBefore { account, namespaces, before, auth })
        }
        6 => {
            let (hash, expiry) = (hash(world, input)?, time(input, now));
            let modes = [ExpireMode::Set, ExpireMode::Extend, ExpireMode::Shorten];
            let mode = modes.get(input.below(3)).copied().unwrap_or_default();
            Request::expire_signed(me, &[hash], expiry, mode)
        }
        7 => {
            let (namespaces, expiry) = (namespaces(input), time(input, now));
            let auth = me.auth(&signed_text::expire_all(namespaces, expiry));
            Request::ExpireAll(ExpireAll { account: me.account_id(), namespaces, expiry, auth })
        }
        _ => {
            let tokens = vec![input.array(); input.below(60)];
            let auth = me.auth(&signed_text::revoke_subaccount(now, &tokens));
            let account = me.account_id();
            Request::RevokeSubaccount(Revocation { account, tokens, timestamp: now, auth })
        }
    })
}

fn hash(world: &World, input: &mut Input<'_>) -> Option<MessageHash> {
    world.hashes.get(input.below(world.hashes.len())).copied()
}

fn namespace(input: &mut Input<'_>) -> Namespace {
    const USUAL: [i16; 6] = [0, 0, 2, -10, -1, 11];
    match USUAL.get(input.below(7)) {
        Some(usual) => Namespace(*usual),
        None => Namespace(i16::from_le_bytes(input.array())),
    }
}

fn namespaces(input: &mut Input<'_>) -> Namespaces {
    if input.byte().is_multiple_of(2) { Namespaces::All } else { Namespaces::One(namespace(input)) }
}

/// About now, or any time at all.
fn time(input: &mut Input<'_>, now: Timestamp) -> Timestamp {
    match input.below(4) {
        0 => now,
        1 => Timestamp(input.u64()),
        2 => now.minus(Duration::from_secs(u64::from(input.u16()))),
        _ => now.plus(Duration::from_secs(u64::from(input.u16()))),
    }
}

pub(crate) mod corpus {
    use crate::corpus::{Known, base64, behind, text};

    pub(crate) fn node_http(known: &Known) -> Vec<Vec<u8>> {
        let mut requests = known.text("storage-rpc-cases", &["request_body", "request"]);
        requests.extend(known.storage_requests());
        let mut inputs = behind(&[&[0], &[2, 0, 0], &[2, 1, 1], &[2, 2, 2], &[2, 1, 3]], &requests);
        let onions: Vec<_> = known
            .steps()
            .filter_map(|(name, step)| name.starts_with("onion").then_some(step))
            .collect();
        let bodies: Vec<_> =
            onions.iter().filter_map(|step| base64(step.pointer("/request/body_b64"))).collect();
        inputs.extend(behind(&[&[1]], &bodies));
        let plain = known.hex("onion", &["plaintext"]);
        inputs.extend(behind(&[&[3, 0], &[3, 1]], &plain));
        let controls = onions.iter().filter_map(|step| step.pointer("/onion/final_control"));
        let controls: Vec<_> = controls.map(text).collect();
        inputs.extend(behind(&[&[3, 1, 0, 0, 0, 0]], &controls));
        for head in [
            "GET\n/get_stats/v1\n",
            "POST\n/ping_test/v1\n",
            "POST\n/storage_rpc/v1\nX-Loki-Long-Poll\n1\nContent-Length\n99999999999\n{}",
        ] {
            inputs.push([b"\x04", head.as_bytes()].concat());
        }
        inputs
    }

    pub(crate) fn node_rules(_: &Known) -> Vec<Vec<u8>> {
        // Store twice, look, wait, change, look.
        let store = [3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 1];
        let wait = [0, 200, 0];
        let others = (2..9).map(|kind| [3, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut inputs: Vec<_> = others
            .map(|other| [&store[..], &store, &other, &wait, &store, &other].concat())
            .collect();
        inputs.push([&[1, 3][..], &store[1..], &store[1..], &wait].concat());
        inputs.push([&[2, 2][..], &store[1..], &store[1..], &wait].concat());
        inputs
    }
}
