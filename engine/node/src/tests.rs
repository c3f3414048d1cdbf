//! A network of nodes as a whole. What each answer looks like is tested by the
//! transcripts of the real server (`tests/golden`).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use proptest::prelude::*;
use ramson_codec::onion_frame::{guard_control, node_control};
use ramson_codec::storage::{
    ExpireMode, HardFork, Namespaces, Request, RequestSigner, RetrieveAnswer, Revocation,
    StoreAnswer, Subaccount, SwarmAnswer,
};
use ramson_crypto::{AccountKeys, EncType, LayerKey, Seed, X25519Secret, message_hash};
use ramson_types::{AccountId, Namespace, SwarmId, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::*;

mod faults;
mod limits;
mod moves;
mod quirks;
mod servers;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const DAY: u64 = 24 * 60 * 60 * 1000;

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn contact(n: u8, swarm: u64) -> NodeContact {
    let keys = NodeKeys::from_seed(&[n; 32]);
    NodeContact {
        ed25519: keys.ed25519(),
        x25519: keys.x25519(),
        legacy: keys.ed25519().0,
        ip: Ipv4Addr::new(127, 0, 0, n),
        https_port: 22000,
        omq_port: 22001,
        swarm: SwarmId(swarm),
    }
}

/// Nodes 1 to 6, in two swarms.
fn six() -> Vec<NodeContact> {
    (1..=6).map(|n| contact(n, if n <= 3 { 1 << 62 } else { 3 << 62 })).collect()
}

struct World {
    nodes: Nodes,
    network: Arc<Network>,
    rng: StdRng,
}

impl World {
    fn new() -> Self {
        let network = Arc::new(Network::new(six()));
        let mut nodes = Nodes::default();
        for n in 1..=6 {
            let keys = NodeKeys::from_seed(&[n; 32]);
            nodes.add(Node::new(keys, Arc::clone(&network), NOW));
        }
        Self { nodes, network, rng: StdRng::seed_from_u64(7) }
    }

    /// The same with other quirks at every node.
    fn with(quirks: Quirks) -> Self {
        let mut world = Self::new();
        for n in 1..=6 {
            world.node(n).set_quirks(quirks);
        }
        world
    }

    fn node(&mut self, n: u8) -> &mut Node {
        self.nodes.get_mut(&key(n)).unwrap()
    }

    fn http(&mut self, n: u8, path: &str, body: &[u8], now: Timestamp) -> HttpResponse {
        let request = HttpRequest {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: body.to_vec(),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        match self.nodes.serve(&key(n), &request, now, &mut self.rng) {
            Some(NodesStep::Done(response)) => response,
            other => panic!("{other:?}"),
        }
    }

    fn ask(&mut self, n: u8, request: &Request, now: Timestamp) -> (u16, Value) {
        let answer = self.http(n, "/storage_rpc/v1", &request.to_bytes(), now);
        let text = String::from_utf8(answer.body).unwrap();
        (answer.status, serde_json::from_str(&text).unwrap_or(Value::from(text)))
    }

    fn read(&mut self, n: u8, keys: &AccountKeys, now: Timestamp) -> Vec<Vec<u8>> {
        let request = Request::retrieve_signed(keys, Namespace::INBOX, None, None, now);
        let (status, answer) = self.ask(n, &request, now);
        assert_eq!(status, 200, "{answer}");
        let answer = RetrieveAnswer::parse(answer.to_string().as_bytes()).unwrap();
        answer.messages.into_iter().map(|message| message.data.unwrap()).collect()
    }
}

fn key(n: u8) -> Ed25519PublicKey {
    contact(n, 0).ed25519
}

/// An account of the first swarm, or of the second.
fn account_of(swarm: u64) -> AccountKeys {
    let network = Network::new(six());
    let accounts = (0_u8..=255).map(|seed| AccountKeys::new(&Seed::from_bytes32([seed; 32])));
    let mut right = accounts
        .filter(|keys| network.swarm_of(keys.account_id().key()) == Some(SwarmId(swarm << 62)));
    right.next().unwrap()
}

fn store(account: AccountId, data: &[u8], now: Timestamp) -> Request {
    Request::store_unsigned(account, Namespace::INBOX, now, DAY, data.to_vec())
}

#[test]
fn every_member_signs_and_keeps_what_is_stored() {
    let (mut world, alice) = (World::new(), account_of(1));
    let (status, answer) = world.ask(2, &store(alice.account_id(), b"hello", NOW), NOW);
    assert_eq!(status, 200);
    let answer = StoreAnswer::parse(answer.to_string().as_bytes()).unwrap();
    let hash = message_hash(&alice.account_id(), Namespace::INBOX, b"hello");
    let mut all = vec![key(1), key(2), key(3)];
    all.sort();
    assert_eq!(answer.confirmed(hash), all);
    for n in 1..=3 {
        assert_eq!(world.read(n, &alice, NOW), vec![b"hello".to_vec()]);
    }
}

#[test]
fn the_wrong_swarm_names_the_right_one() {
    let (mut world, alice) = (World::new(), account_of(1));
    let (status, answer) = world.ask(5, &store(alice.account_id(), b"hello", NOW), NOW);
    assert_eq!(status, 421);
    let answer = SwarmAnswer::parse(answer.to_string().as_bytes()).unwrap();
    assert_eq!(answer.swarm, Some(SwarmId(1 << 62)));
    assert_eq!(answer.nodes.len(), 3);
}

#[test]
fn a_member_that_was_away_hears_later_what_it_missed() {
    let (mut world, alice) = (World::new(), account_of(1));
    world.nodes.set_away(key(3), true);
    let (status, answer) = world.ask(1, &store(alice.account_id(), b"missed", NOW), NOW);
    assert_eq!(status, 200);
    assert_eq!(answer["swarm"][key(3).to_string()], json!({ "failed": true, "timeout": true }));
    world.nodes.tick(later(12), &mut world.rng);
    assert_eq!(world.read(3, &alice, later(12)).len(), 0);
    world.nodes.set_away(key(3), false);
    world.nodes.tick(later(17), &mut world.rng);
    assert_eq!(world.read(3, &alice, later(17)).len(), 0, "tried again too early");
    world.nodes.tick(later(18), &mut world.rng);
    assert_eq!(world.read(3, &alice, later(18)), vec![b"missed".to_vec()]);
}

#[test]
fn messages_go_when_they_expire() {
    let (mut world, alice) = (World::new(), account_of(1));
    let id = alice.account_id();
    world.ask(1, &Request::store_unsigned(id, Namespace::INBOX, NOW, 10_000, vec![1]), NOW);
    world.ask(1, &store(id, &[2], NOW), NOW);
    world.nodes.tick(later(9), &mut world.rng);
    assert_eq!(world.read(2, &alice, later(9)).len(), 2);
    world.nodes.tick(later(10), &mut world.rng);
    assert_eq!(world.read(2, &alice, later(10)), vec![vec![2]]);
}

#[test]
fn a_node_in_no_swarm_is_not_ready() {
    let mut world = World::new();
    let without = Network::new(six().into_iter().filter(|node| node.ed25519 != key(1)));
    world.nodes.set_network(&Arc::new(without), NOW, &mut world.rng);
    for path in ["/storage_rpc/v1", "/onion_req/v2"] {
        let answer = world.http(1, path, b"", NOW);
        assert_eq!(answer.status, 503);
        assert_eq!(answer.body, b"Service node is not ready: not in any swarm\n");
    }
}

#[test]
fn a_large_body_is_refused_by_its_head() {
    let head = |length: &str| vec![("content-LENGTH".to_owned(), length.to_owned())];
    assert_eq!(Node::admit(&head("10485760")), None);
    assert_eq!(Node::admit(&[]), None);
    assert_eq!(Node::admit(&head("10485761")).unwrap().status, 413);
    assert_eq!(Node::admit(&head("-1")).unwrap().status, 400);
}

fn sealed(path: &[u8], request: &[u8], hop_no: u32, rng: &mut StdRng) -> (Vec<u8>, LayerKey) {
    let mut blob = request.to_vec();
    let mut control = br#"{"headers":""}"#.to_vec();
    let mut innermost = None;
    for (number, n) in path.iter().enumerate().rev() {
        let enc_type = [EncType::XChaCha20, EncType::AesGcm, EncType::AesCbc][number % 3];
        let ephemeral = X25519Secret::generate(rng);
        let key = LayerKey::for_client(enc_type, &ephemeral, &contact(*n, 0).x25519).unwrap();
        let frame = ramson_codec::onion_frame::encode(&blob, &control).unwrap();
        blob = key.seal(&frame, rng);
        control = match number {
            0 => guard_control(&ephemeral.public(), Some(enc_type), Some(hop_no)),
            _ => node_control(&super::tests::key(*n), &ephemeral.public(), Some(enc_type)),
        };
        innermost.get_or_insert(key);
    }
    (ramson_codec::onion_frame::encode(&blob, &control).unwrap(), innermost.unwrap())
}

#[test]
fn sixteen_hops_are_as_many_as_there_may_be() {
    let mut world = World::new();
    let path: Vec<u8> = (0..17).map(|hop| hop % 6 + 1).collect();
    let request = Request::Info.to_bytes();
    for (hops, hop_no, status) in
        [(1, 0, 200), (16, 0, 200), (17, 0, 400), (1, 15, 200), (1, 16, 400)]
    {
        let mut rng = StdRng::seed_from_u64(hops as u64);
        let (body, key) = sealed(&path[..hops], &request, hop_no, &mut rng);
        let answer = world.http(path[0], "/onion_req/v2", &body, NOW);
        assert_eq!(answer.status, status, "{hops} hops from {hop_no}");
        if status == 200 {
            let sealed = STANDARD.decode(&answer.body).unwrap();
            let text: Value = serde_json::from_slice(&key.open(&sealed).unwrap()).unwrap();
            assert_eq!(text["status"], 200);
        } else {
            assert_eq!(answer.body, b"onion request max path length exceeded");
        }
    }
}

#[test]
fn a_dead_hop_times_out_in_the_clear() {
    let mut world = World::new();
    world.nodes.set_away(key(3), true);
    let (body, _) = sealed(&[1, 2, 3], b"{}", 0, &mut StdRng::seed_from_u64(1));
    let answer = world.http(1, "/onion_req/v2", &body, NOW);
    assert_eq!((answer.status, answer.body.as_slice()), (504, b"Request time out".as_slice()));
}

/// A sub-account that signs for a group.
struct Member {
    group: AccountKeys,
    own: AccountKeys,
    token: [u8; 36],
}

impl Member {
    fn new(group: AccountKeys, rights: u8) -> Self {
        let own = AccountKeys::new(&Seed::from_bytes32([200; 32]));
        let mut token = [0; 36];
        token[0] = 5;
        token[1] = rights;
        token[4..].copy_from_slice(&own.ed25519().0);
        Self { group, own, token }
    }
}

impl RequestSigner for Member {
    fn account(&self) -> AccountId {
        self.group.account_id()
    }

    fn pubkey_ed25519(&self) -> Option<Ed25519PublicKey> {
        Some(self.group.ed25519())
    }

    fn subaccount(&self) -> Option<Subaccount> {
        let signature = AccountKeys::sign(&self.group, &self.token);
        Some(Subaccount { token: self.token, signature })
    }

    fn sign(&self, text: &[u8]) -> [u8; 64] {
        AccountKeys::sign(&self.own, text)
    }
}

fn revoke(owner: &AccountKeys, tokens: Vec<[u8; 36]>) -> Request {
    let text = ramson_codec::storage::signed_text::revoke_subaccount(NOW, &tokens);
    let (account, auth) = (owner.account_id(), owner.auth(&text));
    Request::RevokeSubaccount(Revocation { account, tokens, timestamp: NOW, auth })
}

#[test]
fn a_snapshot_brings_back_messages_order_and_revocations() {
    let (mut world, alice) = (World::new(), account_of(1));
    for data in [b"one".as_slice(), b"two", b"three"] {
        world.ask(1, &store(alice.account_id(), data, NOW), NOW);
    }
    world.ask(1, &Request::store_signed(&alice, Namespace(2), NOW, DAY, vec![9], NOW), NOW);
    let member = Member::new(account_of(1), 1);
    let read = Request::retrieve_signed(&member, Namespace::INBOX, None, None, NOW);
    assert_eq!(world.ask(1, &read, NOW).0, 200);
    assert_eq!(world.ask(1, &revoke(&alice, vec![member.token]), NOW).0, 200);
    assert_eq!(world.ask(1, &read, NOW).0, 401);

    let bytes = world.nodes.get_mut(&key(1)).unwrap().export();
    let mut fresh = World::new();
    let node = fresh.nodes.get_mut(&key(1)).unwrap();
    node.import(&bytes).unwrap();
    assert_eq!(node.export(), bytes);
    assert_eq!(node.message_count(), 4);
    let all = vec![b"one".to_vec(), b"two".to_vec(), b"three".to_vec()];
    assert_eq!(fresh.read(1, &alice, NOW), all);
    assert_eq!(fresh.ask(1, &read, NOW).0, 401);

    let node = fresh.nodes.get_mut(&key(1)).unwrap();
    assert_eq!(node.import(b"something else"), Err(SnapshotError::Foreign));
    for length in 13..bytes.len() {
        assert!(node.import(&bytes[..length]).is_err(), "cut at {length}");
    }
    assert_eq!(node.message_count(), 4, "a damaged snapshot changed something");
}

#[test]
fn a_snapshot_of_the_first_version_is_read() {
    let alice = account_of(1);
    let mut bytes = b"ramson-node\0\x01".to_vec();
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(alice.account_id().to_bytes());
    bytes.extend(0_i16.to_le_bytes());
    bytes.extend(NOW.millis().to_le_bytes());
    bytes.extend(later(60).millis().to_le_bytes());
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(b"old");
    bytes.extend(0_u64.to_le_bytes());
    let mut world = World::new();
    world.node(1).import(&bytes).unwrap();
    assert_eq!(world.read(1, &alice, NOW), vec![b"old".to_vec()]);
}

#[test]
fn a_snapshot_of_the_second_version_is_read() {
    let alice = account_of(1);
    let message = |data: &[u8]| {
        let mut bytes = alice.account_id().to_bytes().to_vec();
        bytes.extend(0_i16.to_le_bytes());
        bytes.extend(message_hash(&alice.account_id(), Namespace::INBOX, data).0);
        bytes.extend(NOW.millis().to_le_bytes());
        bytes.extend(later(60).millis().to_le_bytes());
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        [bytes.as_slice(), data].concat()
    };
    let bytes = [
        b"ramson-node\0\x02".as_slice(),
        &1_u64.to_le_bytes(),
        &message(b"old"),
        &0_u64.to_le_bytes(),
        &1_u64.to_le_bytes(),
        &key(2).0,
        &1_u64.to_le_bytes(),
        &message(b"moves"),
    ]
    .concat();
    let mut world = World::new();
    world.node(1).import(&bytes).unwrap();
    assert_eq!(world.read(1, &alice, NOW), vec![b"old".to_vec()]);
    world.nodes.tick(later(1), &mut world.rng);
    assert_eq!(world.read(2, &alice, later(1)), vec![b"moves".to_vec()]);
}

#[test]
fn a_sequence_stops_and_a_batch_does_not() {
    let (mut world, alice) = (World::new(), account_of(1));
    let id = alice.account_id();
    let requests =
        vec![store(id, b"a", NOW), store(id, b"b", NOW.minus(Duration::from_secs(90_000)))];
    let mut three = requests.clone();
    three.push(Request::Info);
    let codes = |answer: &Value| {
        let results = answer["results"].as_array().unwrap();
        results.iter().map(|result| result["code"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let (_, answer) = world.ask(1, &Request::Batch(three.clone()), NOW);
    assert_eq!(codes(&answer), vec![200, 406, 200]);
    let (_, answer) = world.ask(1, &Request::Sequence(three), NOW);
    assert_eq!(codes(&answer), vec![200, 406]);
    let delete = Request::delete_all_signed(&alice, Namespaces::All, NOW);
    let (_, answer) = world.ask(1, &Request::Sequence(vec![delete, Request::Info]), NOW);
    assert_eq!(codes(&answer), vec![200, 200]);
    assert_eq!(world.read(2, &alice, NOW).len(), 0);
}

#[test]
fn expiries_are_cut_to_thirty_days() {
    let (mut world, alice) = (World::new(), account_of(1));
    world.ask(1, &store(alice.account_id(), b"a", NOW), NOW);
    let hash = message_hash(&alice.account_id(), Namespace::INBOX, b"a");
    let request = Request::expire_signed(&alice, &[hash], Timestamp(u64::MAX), ExpireMode::Extend);
    let (status, _) = world.ask(1, &request, NOW);
    assert_eq!(status, 200);
    let (_, answer) = world.ask(2, &Request::get_expiries_signed(&alice, &[hash], NOW), NOW);
    assert_eq!(answer["expiries"][hash.to_string()], NOW.millis() + 30 * DAY);
}

#[test]
fn the_daemon_lists_what_is_asked_for() {
    let world = World::new();
    let params =
        json!({ "fields": { "public_ip": true, "height": true, "swarm": false }, "limit": 2 });
    let answer = world.network.service_nodes(&params);
    assert_eq!(answer["height"], 1_700_000);
    assert_eq!(answer["service_node_states"].as_array().unwrap().len(), 2);
    for state in answer["service_node_states"].as_array().unwrap() {
        assert_eq!(state.as_object().unwrap().keys().collect::<Vec<_>>(), vec!["public_ip"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_may_be_posted(body: Vec<u8>, path in "/(storage_rpc/v1|onion_req/v2|x)") {
        let answer = World::new().http(1, &path, &body, NOW);
        prop_assert!(answer.status == 400 || answer.status == 404);
    }

    #[test]
    fn any_layer_may_be_opened(text: Vec<u8>, json in "[ -~]{0,60}") {
        let control = guard_control(&X25519Secret::from_bytes(&[1; 32]).public(), None, None);
        let key = X25519Secret::from_bytes(&[1; 32]);
        let key = LayerKey::for_client(EncType::AesGcm, &key, &contact(1, 0).x25519).unwrap();
        for layer in [text.clone(), ramson_codec::onion_frame::encode(&text, json.as_bytes()).unwrap()] {
            let blob = key.seal_with_nonce(&[0; 12], &layer).unwrap();
            let body = ramson_codec::onion_frame::encode(&blob, &control).unwrap();
            let answer = World::new().http(1, "/onion_req/v2", &body, NOW);
            prop_assert_eq!(answer.status, 200);
        }
    }

    #[test]
    fn any_snapshot_may_be_read(bytes: Vec<u8>) {
        let mut world = World::new();
        let node = world.nodes.get_mut(&key(1)).unwrap();
        for version in [1, 2, 3] {
            let marked = [b"ramson-node\0".as_slice(), &[version], &bytes].concat();
            let _ = node.import(&marked);
        }
        prop_assert_eq!(node.import(&bytes), Err(SnapshotError::Foreign));
    }

    #[test]
    fn pages_join_to_the_whole(
        sizes in prop::collection::vec(0_usize..400, 1..20), page in 1_i64..2000,
    ) {
        let (mut world, alice) = (World::new(), account_of(1));
        let messages: Vec<Vec<u8>> = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| [vec![u8::try_from(at).unwrap()], vec![0; *size]].concat())
            .collect();
        for data in &messages {
            world.ask(1, &store(alice.account_id(), data, NOW), NOW);
        }
        let (mut read, mut last) = (Vec::new(), None);
        loop {
            let request =
                Request::retrieve_signed(&alice, Namespace::INBOX, last, Some(page), NOW);
            let (_, answer) = world.ask(3, &request, NOW);
            let answer = RetrieveAnswer::parse(answer.to_string().as_bytes()).unwrap();
            last = answer.messages.last().map(|message| message.hash);
            read.extend(answer.messages.into_iter().map(|message| message.data.unwrap()));
            if !answer.more {
                break;
            }
        }
        prop_assert_eq!(read, messages);
    }
}
