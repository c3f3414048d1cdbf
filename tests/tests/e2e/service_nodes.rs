//! Service nodes that the program did not start, of which a network file tells
//! the seeds alone. What it did there is asked of the nodes themselves.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix::Actor as _;
use ramson_codec::storage::{ExpiriesAnswer, Request, RetrieveAnswer};
use ramson_crypto::{AccountKeys, mnemonic};
use ramson_messages::transport::{Endpoint, IsolationClass, Post};
use ramson_transport_actor::{RealDial, Transport, TransportConfig};
use ramson_types::{MessageHash, Namespace, Timestamp};
use serde_json::Value;

use crate::support::{Place, Running, text, until};

const DAY: u64 = 86_400_000;

#[allow(clippy::disallowed_methods, reason = "these tests run on the real clock")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(u64::try_from(since.as_millis()).unwrap())
}

/// A network that others run, and a file that names its seed.
fn network(place: &Place) -> Running {
    let network = place.start(&["localnet", "--state", "state", "--json"]);
    let seed = text(&network.event("ready"), "seed");
    fs::write(place.path("seeds.toml"), format!("seeds = [\"{seed}\"]\n")).unwrap();
    network
}

fn control(place: &Place, words: &[&str]) -> Value {
    let args = [&["localnet"][..], words, &["--state", "state"]].concat();
    place.json(&args).remove(0)
}

/// The keys of a home's account.
fn keys(place: &Place, home: &str) -> AccountKeys {
    let shown = place.json(&["--home", home, "account", "show", "--phrase"]);
    AccountKeys::new(&mnemonic::decode(&text(&shown[0], "phrase")).unwrap())
}

/// The members of an account's swarm, by what the network says of them.
fn members(place: &Place, home: &str, id: &str) -> Vec<Endpoint> {
    let status = place.json(&["--home", home, "network", "status", "--swarm", id]);
    let members = status[0]["swarm"]["members"].as_array().unwrap();
    let address = |member: &Value| text(member, "address").parse().unwrap();
    let endpoint = |address: std::net::SocketAddrV4| Endpoint::Node {
        ip: *address.ip(),
        port: address.port(),
    };
    members.iter().map(address).map(endpoint).collect()
}

/// What each of some nodes answers to a request.
fn ask(nodes: &[Endpoint], request: &Request) -> Vec<Vec<u8>> {
    actix::System::new().block_on(async {
        let transport = Transport::new(Arc::new(RealDial), TransportConfig::default()).start();
        let mut answers = Vec::new();
        for node in nodes {
            let post = Post {
                class: IsolationClass::NETWORK,
                to: node.clone(),
                path: "/storage_rpc/v1".into(),
                content_type: None,
                body: request.to_bytes(),
                timeout: Duration::from_secs(20),
            };
            let answer = transport.send(post).await.unwrap().unwrap();
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
            answers.push(answer.body.to_vec());
        }
        answers
    })
}

/// On how many of the nodes a message is.
fn copies(nodes: &[Endpoint], keys: &AccountKeys, hash: MessageHash) -> usize {
    let request = Request::retrieve_signed(keys, Namespace::INBOX, None, None, now());
    let holds = |body: &Vec<u8>| {
        RetrieveAnswer::parse(body).unwrap().messages.iter().any(|message| message.hash == hash)
    };
    ask(nodes, &request).iter().filter(|body| holds(body)).count()
}

/// When the nodes let go of a message.
fn expiries(nodes: &[Endpoint], keys: &AccountKeys, hash: MessageHash) -> Vec<u64> {
    let request = Request::get_expiries_signed(keys, &[hash], now());
    let answers = ask(nodes, &request);
    let of = |body: &Vec<u8>| ExpiriesAnswer::parse(body).unwrap().expiries.get(&hash).copied();
    answers.iter().filter_map(of).map(Timestamp::millis).collect()
}

fn hash(message: &Value) -> MessageHash {
    text(message, "hash").parse().unwrap()
}

#[test]
fn what_is_deleted_and_shortened_is_so_on_every_node() {
    let place = Place::new();
    let _network = network(&place);
    let alice = place.account("alice", "seeds.toml");
    let bob = place.account("bob", "seeds.toml");
    let act = |home: &str, words: &[&str]| place.json(&[&["--home", home], words].concat());
    act("alice", &["send", "--to", &bob, "hello"]);
    act("bob", &["requests", "accept", &alice]);
    act("bob", &["send", "--to", &alice, "to be deleted"]);
    act("bob", &["expire", "--with", &alice, "1h", "--after-read"]);
    act("bob", &["send", "--to", &alice, "to be read"]);
    let came = act("alice", &["listen", "--count", "2"]);
    assert!(came.iter().any(|line| line["text"] == "to be read"), "{came:?}");

    let nodes = members(&place, "alice", &alice);
    assert_eq!(nodes.len(), 3);
    let keys = keys(&place, "alice");
    let unwanted = place.comes("alice", &bob, "to be deleted");
    assert_eq!(copies(&nodes, &keys, hash(&unwanted)), 3);
    act("alice", &["delete", &text(&unwanted, "message"), "--from", "devices"]);
    assert_eq!(copies(&nodes, &keys, hash(&unwanted)), 0);

    let timed = place.comes("alice", &bob, "to be read");
    let before = expiries(&nodes, &keys, hash(&timed));
    assert_eq!(before.len(), 3);
    assert!(before.iter().all(|at| *at > now().millis() + 13 * DAY), "{before:?}");
    act("alice", &["read", "--with", &bob]);
    let ends = place.comes("alice", &bob, "to be read")["expires"]["at"].as_u64().unwrap();
    let after = expiries(&nodes, &keys, hash(&timed));
    assert_eq!(after, [ends; 3]);

    // A home that is restored later has the one, with its end, and not the
    // other.
    place.restore("alice", "later", "seeds.toml");
    assert_eq!(place.texts("later", &bob), ["hello", "to be read"]);
    let there = place.comes("later", &bob, "to be read");
    until("its end there", || {
        act("later", &["profile", "--typing", "on"]);
        let there = place.comes("later", &bob, "to be read");
        there["expires"]["at"].as_u64().filter(|at| *at <= ends + 1_000)
    });
    assert_eq!(hash(&there), hash(&timed));
}

#[test]
fn names_moves_and_dead_nodes_are_got_over() {
    let place = Place::new();
    let _network = network(&place);
    let alice = place.account("alice", "seeds.toml");
    let bob = place.account("bob", "seeds.toml");
    control(&place, &["name", "bob", &bob]);
    let act = |home: &str, words: &[&str]| place.json(&[&["--home", home], words].concat());
    assert_eq!(act("alice", &["resolve", "bob"])[0]["id"], bob);
    let _engines = [place.engine("alice"), place.engine("bob")];
    act("alice", &["send", "--to", "bob", "by name"]);
    place.comes("bob", &alice, "by name");

    let status = control(&place, &["status"]);
    let nodes = status["nodes"].as_array().unwrap();
    let bobs = nodes.iter().find(|node| {
        let key = text(node, "key");
        let status = place.json(&["--home", "bob", "network", "status", "--swarm", &bob]);
        let members = status[0]["swarm"]["members"].as_array().unwrap();
        members.iter().any(|member| member["ed25519"] == key.as_str())
    });
    let swarm = bobs.unwrap()["swarm"].clone();
    let (own, others): (Vec<&Value>, Vec<&Value>) =
        nodes.iter().partition(|node| node["swarm"] == swarm);
    let number = |node: &Value| node["node"].to_string();

    // One of its nodes stops.
    control(&place, &["stop-node", &number(own[0])]);
    act("alice", &["--timeout", "80", "send", "--to", &bob, "one is away"]);
    place.comes("bob", &alice, "one is away");
    control(&place, &["start-node", &number(own[0])]);
    // The swarm moves to others, under running clients.
    for node in &others[..2] {
        control(&place, &["move", &number(node), &swarm.to_string()]);
    }
    until("what moves", || {
        let status = control(&place, &["status"]);
        let there = |node: &&Value| {
            let at = usize::try_from(node["node"].as_u64().unwrap()).unwrap();
            status["nodes"][at]["messages"] != 0
        };
        others[..2].iter().all(there).then_some(())
    });
    let away = nodes.iter().map(|node| &node["swarm"]).find(|other| **other != swarm).unwrap();
    for node in &own {
        control(&place, &["move", &number(node), &away.to_string()]);
    }
    act("alice", &["--timeout", "80", "send", "--to", &bob, "after the move"]);
    place.comes("bob", &alice, "after the move");
    assert_eq!(place.texts("bob", &alice), ["by name", "one is away", "after the move"]);
}
