use proptest::prelude::*;
use ramson_crypto::{AccountKeys, Seed};
use ramson_types::{MessageHash, Namespace, Timestamp};
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_795_427_161_661);

fn keys() -> AccountKeys {
    AccountKeys::new(&Seed::from_bytes32([7; 32]))
}

fn text_of(method: &str, params: Value) -> String {
    let body = json!({ "method": method, "params": params }).to_string();
    parse_request(body.as_bytes()).unwrap_err().text
}

fn all_requests() -> Vec<Request> {
    let keys = keys();
    let hashes = [MessageHash([1; 32]), MessageHash([2; 32])];
    let auth = Auth {
        subaccount: Some(Subaccount { token: [3; 36], signature: [4; 64] }),
        ..keys.auth(b"text")
    };
    let revocation = Revocation {
        account: keys.account_id(),
        tokens: vec![[5; 36], [6; 36]],
        timestamp: NOW,
        auth,
    };
    let flat = vec![
        Request::store_unsigned(keys.account_id(), Namespace::INBOX, NOW, 1000, vec![1, 2]),
        Request::store_signed(&keys, Namespace(3), Timestamp(5_000_000_000), 9, vec![], NOW),
        Request::Store(Store {
            account: keys.account_id(),
            namespace: Namespace(-10),
            timestamp: NOW,
            lifetime: Lifetime::Until(Timestamp(2_000_000_000_000)),
            data: vec![0],
            sig_timestamp: None,
            auth: Some(auth),
        }),
        Request::retrieve_signed(&keys, Namespace::INBOX, None, None, NOW),
        Request::retrieve_signed(&keys, Namespace(11), Some(hashes[0]), Some(-2), NOW),
        Request::Retrieve(Retrieve {
            account: keys.account_id(),
            namespace: None,
            last_hash: None,
            max_count: Some(3),
            max_size: None,
            auth: None,
        }),
        Request::delete_signed(&keys, &hashes),
        Request::delete_all_signed(&keys, Namespaces::All, NOW),
        Request::delete_all_signed(&keys, Namespaces::One(Namespace(-3)), NOW),
        Request::DeleteBefore(DeleteBefore {
            account: keys.account_id(),
            namespaces: Namespaces::One(Namespace::INBOX),
            before: NOW,
            auth,
        }),
        Request::expire_signed(&keys, &hashes, NOW, ExpireMode::Extend),
        Request::Expire(Expire {
            account: keys.account_id(),
            messages: vec![hashes[0].to_string()],
            expiries: Expiries::Each(vec![NOW]),
            mode: ExpireMode::Shorten,
            auth,
        }),
        Request::ExpireAll(ExpireAll {
            account: keys.account_id(),
            namespaces: Namespaces::All,
            expiry: NOW,
            auth,
        }),
        Request::get_expiries_signed(&keys, &hashes, NOW),
        Request::RevokeSubaccount(revocation.clone()),
        Request::UnrevokeSubaccount(revocation),
        Request::get_swarm(&keys.account_id()),
        Request::OxendRequest(OxendRequest {
            endpoint: OxendEndpoint::GetServiceNodes,
            params: json!({ "active_only": true }),
        }),
        Request::Info,
    ];
    let mut all = flat.clone();
    all.push(Request::Batch(flat.clone()));
    all.push(Request::Sequence(flat.clone()));
    all.push(Request::IfElse(Box::new(IfElse {
        conditions: vec![
            Condition::HeightAtLeast(1),
            Condition::HeightBefore(2),
            Condition::HfAtLeast([19, 4]),
            Condition::HfBefore([20, 0]),
            Condition::VersionAtLeast([2, 8, 0]),
            Condition::VersionBefore([3, 0, 0]),
        ],
        then: Some(Request::Batch(flat)),
        otherwise: Some(Request::Info),
    })));
    all
}

#[test]
fn a_node_reads_what_a_client_writes() {
    for request in all_requests() {
        let read = parse_request(&request.to_bytes());
        assert_eq!(read.as_ref(), Ok(&request), "{}", request.to_json());
    }
}

#[test]
fn the_client_writes_as_official_clients_do() {
    let keys = keys();
    let request = Request::retrieve_signed(&keys, Namespace(5), None, None, NOW).to_json();
    let params = &request["params"];
    assert_eq!(request["method"], "retrieve");
    assert_eq!(params["namespace"], 5);
    assert_eq!(params["timestamp"], NOW.millis());
    assert_eq!(params["signature"].as_str().unwrap().len(), 88);
    assert_eq!(params["pubkey_ed25519"], keys.ed25519().to_string());
    let request = Request::store_unsigned(keys.account_id(), Namespace(0), NOW, 5, vec![1; 2]);
    let params = &request.to_json()["params"];
    assert_eq!(params.get("namespace"), None);
    assert_eq!((params["ttl"].clone(), params["data"].clone()), (json!(5), json!("AQE=")));
}

#[test]
fn types_are_checked_before_contents_and_presence() {
    let id = keys().account_id().to_string();
    assert_eq!(
        text_of("store", json!({ "pubkey": 5, "data": 6 })),
        "invalid request: Invalid value given for 'data': expected string"
    );
    assert_eq!(text_of("store", json!({})), "invalid request: Required field 'timestamp' missing");
    assert_eq!(
        text_of("delete", json!({ "pubkey": id, "messages": [] })),
        "invalid request: Required field 'signature' missing"
    );
    assert_eq!(
        text_of("delete_all", json!({ "namespace": 40000 })),
        "invalid request: Invalid value given for 'namespace': value out of range"
    );
    assert_eq!(
        text_of("retrieve", json!({ "timestamp": 900_000_000 })),
        "invalid request: Invalid timestamp for 'timestamp': timestamp must be in milliseconds"
    );
}

#[test]
fn ids_of_unknown_kind_have_a_swarm_but_no_messages() {
    let id = format!("ff{}", "00".repeat(32));
    let body = json!({ "method": "get_swarm", "params": { "pubkey": id } }).to_string();
    assert!(matches!(parse_request(body.as_bytes()), Ok(Request::GetSwarm(_))));
    assert_eq!(
        text_of("retrieve", json!({ "pubkey": id })),
        "invalid request: Pubkey must be 66 hex digits (33 bytes) long"
    );
}

#[test]
fn one_unreadable_entry_does_not_lose_the_others() {
    let hash = MessageHash([9; 32]).to_string();
    let body = json!({ "messages": [
        { "hash": hash, "timestamp": 5, "expiration": 6, "data": "=" },
        { "timestamp": 5, "data": "AA==" },
        "garbage",
        { "hash": hash, "timestamp": 7, "expiry": 8, "data": "AA" },
    ], "more": 1, "t": 10, "hf": [19, 4] });
    let answer = RetrieveAnswer::parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(answer.messages.len(), 2);
    assert_eq!(answer.messages[0].data, Err(UnreadableData { start: "=".to_owned() }));
    assert_eq!(answer.messages[1].data, Ok(vec![0]));
    assert_eq!(answer.messages[1].expiration, Some(Timestamp(8)));
    assert_eq!((answer.unnamed, answer.more), (2, true));
    assert_eq!(answer.status.hard_fork, Some(HardFork(19, 4)));
}

#[test]
fn only_good_signatures_confirm() {
    let (good, liar, other) = (keys(), AccountKeys::new(&Seed::from_bytes32([8; 32])), [9; 32]);
    let hash = MessageHash([1; 32]);
    let text = hash.to_string();
    let sign = |keys: &AccountKeys| super::base64_text::encode(&keys.sign(text.as_bytes()));
    let body = json!({ "hash": text, "swarm": {
        good.ed25519().to_string(): { "hash": text, "signature": sign(&good), "already": 1 },
        liar.ed25519().to_string(): { "hash": text, "signature": sign(&good) },
        hex::encode(other): { "failed": true, "code": "406", "reason": "late" },
        "garbage": {},
    } });
    let answer = StoreAnswer::parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(answer.confirmed(hash), vec![good.ed25519()]);
    assert_eq!(answer.confirmed(MessageHash([2; 32])), vec![]);
    let failed =
        StoreOutcome::Failed { timed_out: false, code: Some(406), reason: Some("late".to_owned()) };
    assert_eq!(answer.swarm.get(&ramson_types::Ed25519PublicKey(other)), Some(&failed));
    assert_eq!(answer.swarm.len(), 3);
}

#[test]
fn a_swarm_is_read_with_either_port() {
    let node = |port: &str, value: Value| {
        json!({ "ip": "127.0.0.1", "pubkey_ed25519": "11".repeat(32),
            "pubkey_x25519": "22".repeat(32), port: value })
    };
    let parse = |nodes: Value| {
        let body = json!({ "snodes": nodes, "swarm": "7f", "t": 1 }).to_string();
        SwarmAnswer::parse(body.as_bytes())
    };
    let both = parse(json!([node("port", json!("443")), node("port_https", json!(444))]));
    let ports: Vec<_> = both.unwrap().nodes.iter().map(|node| node.https_port).collect();
    assert_eq!(ports, vec![443, 444]);
    let some = parse(json!([node("port", json!("x")), node("port", json!("1"))])).unwrap();
    assert_eq!(some.nodes.len(), 1);
    assert!(parse(json!([node("nothing", json!(1))])).is_err());
    assert!(SwarmAnswer::parse(b"Service node is not ready").is_err());
    let none = SwarmAnswer::parse(br#"{"snodes":[],"swarm":"ffffffffffffffff"}"#).unwrap();
    assert_eq!((none.swarm, none.nodes.len()), (None, 0));
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("method"),
        Just("params"),
        Just("pubkey"),
        Just("timestamp"),
        Just("namespace"),
        Just("signature"),
        Just("data"),
        Just("ttl"),
        Just("expiry"),
        Just("messages"),
        Just("requests"),
        Just("if"),
        Just("then"),
        Just("revoke"),
        Just("swarm"),
        Just("snodes"),
        Just("results"),
        Just("hash"),
        Just("code"),
        Just("version"),
    ];
    let method = prop_oneof![
        Just("store"),
        Just("retrieve"),
        Just("delete"),
        Just("expire"),
        Just("batch"),
        Just("ifelse"),
        Just("revoke_subaccount"),
        Just("all"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        method.prop_map(Value::from),
        Just(Value::from("05".repeat(33))),
        Just(Value::from("A".repeat(86))),
        Just(Value::from("A".repeat(43))),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6).prop_map(|map| {
                map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}

fn read_every_way(body: &[u8]) {
    let _ = parse_request(body);
    let _ = StoreAnswer::parse(body).map(|answer| answer.confirmed(MessageHash([0; 32])));
    let _ = RetrieveAnswer::parse(body);
    let _ = SwarmAnswer::parse(body);
    let _ = BatchAnswer::parse(body);
    let _ = InfoAnswer::parse(body);
}

proptest! {
    #[test]
    fn any_bytes_may_come(body: Vec<u8>) {
        read_every_way(&body);
    }

    #[test]
    fn any_json_may_come(value in any_json(), params in any_json(), which: prop::sample::Index) {
        read_every_way(value.to_string().as_bytes());
        let all = all_requests();
        let method = all[which.index(all.len())].method();
        let request = json!({ "method": method, "params": params }).to_string();
        read_every_way(request.as_bytes());
    }

    #[test]
    fn a_request_with_one_parameter_changed_is_read_or_refused(
        which in 0_usize..20, at: prop::sample::Index, value in any_json(),
    ) {
        let mut request = all_requests()[which].to_json();
        let params = request["params"].as_object_mut().unwrap();
        if !params.is_empty() {
            let key = params.keys().nth(at.index(params.len())).unwrap().clone();
            params.insert(key, value);
        }
        if let Err(error) = parse_request(request.to_string().as_bytes()) {
            prop_assert_eq!(error.status, 400);
        }
    }
}
