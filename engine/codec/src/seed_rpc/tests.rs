use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;

use super::server::*;
use super::*;

fn service_node(number: u8) -> ServiceNode {
    ServiceNode {
        ed25519: Ed25519PublicKey([number; 32]),
        x25519: X25519PublicKey([number.wrapping_add(100); 32]),
        ip: Ipv4Addr::new(127, 0, 0, number),
        https_port: 22100 + u16::from(number),
        swarm: Some(SwarmId(u64::from(number) << 60)),
    }
}

fn list() -> Vec<ListedNode> {
    (1..=9).map(|number| ListedNode::new(service_node(number))).collect()
}

const CHAIN: ChainState =
    ChainState { height: 1_900_000, block_hash: [7; 32], hardfork: 19, snode_revision: 4 };

fn ask(params: &Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "method": "get_service_nodes", "params": params });
    let request = parse_seed_request(body.to_string().as_bytes()).unwrap();
    let answer = service_nodes_answer(&list(), &CHAIN, &request, &mut StdRng::seed_from_u64(1));
    serde_json::from_slice::<Value>(&answer).unwrap()["result"].take()
}

fn entry() -> Value {
    json!({
        "public_ip": "203.0.113.1",
        "storage_port": 22021,
        "pubkey_ed25519": "11".repeat(32),
        "pubkey_x25519": "22".repeat(32),
    })
}

fn parse(entries: &[Value]) -> Result<Parsed, SeedError> {
    parse_service_nodes(
        json!({ "result": { "service_node_states": entries } }).to_string().as_bytes(),
    )
}

#[test]
fn client_and_server_understand_each_other() {
    let request = parse_seed_request(&get_service_nodes_request()).unwrap();
    let answer = service_nodes_answer(&list(), &CHAIN, &request, &mut StdRng::seed_from_u64(1));
    let parsed = parse_service_nodes(&answer).unwrap();
    let expected: Vec<_> =
        (1..=9).map(|number| ServiceNode { swarm: None, ..service_node(number) }).collect();
    assert_eq!(parsed, Parsed { nodes: expected, height: Some(1_900_000), rejected: 0 });
}

#[test]
fn entries_that_cannot_be_reached_are_left_out() {
    let with = |name: &str, value: Value| {
        let mut entry = entry();
        entry[name] = value;
        entry
    };
    let without = |name: &str| {
        let mut entry = entry();
        entry.as_object_mut().unwrap().remove(name);
        entry
    };
    let bad = [
        without("public_ip"),
        with("public_ip", json!("")),
        with("public_ip", json!("0.0.0.0")),
        with("public_ip", json!("255.255.255.255")),
        with("public_ip", json!("::1")),
        with("public_ip", json!(1)),
        without("storage_port"),
        with("storage_port", json!(0)),
        with("storage_port", json!(65536)),
        with("storage_port", json!("22021")),
        without("pubkey_ed25519"),
        with("pubkey_ed25519", json!("zz".repeat(32))),
        with("pubkey_ed25519", json!("11".repeat(31))),
        without("pubkey_x25519"),
        with("pubkey_x25519", json!("")),
        json!(null),
        json!([]),
    ];
    for entry in &bad {
        assert_eq!(parse(std::slice::from_ref(entry)), Err(SeedError::NoNode { rejected: 1 }));
    }
    let mut all = bad.to_vec();
    all.extend([entry(), entry()]);
    let parsed = parse(&all).unwrap();
    assert_eq!((parsed.nodes.len(), parsed.rejected), (1, bad.len() + 1), "one is there twice");
}

#[test]
fn swarms_are_told_as_number_or_hex() {
    let swarm = |name: &str, value: Value| {
        let mut entry = entry();
        entry[name] = value;
        parse(&[entry]).unwrap().nodes[0].swarm
    };
    assert_eq!(swarm("swarm_id", json!(u64::MAX - 1)), Some(SwarmId(u64::MAX - 1)));
    assert_eq!(swarm("swarm", json!("fffffffffffffffe")), Some(SwarmId(u64::MAX - 1)));
    assert_eq!(swarm("swarm", json!("0")), Some(SwarmId(0)));
    assert_eq!(swarm("swarm_id", json!(u64::MAX)), None, "unassigned");
    assert_eq!(swarm("swarm_id", json!(-1)), None);
    assert_eq!(swarm("swarm", json!("swarm")), None);
}

#[test]
fn answers_without_a_list() {
    assert!(matches!(parse_service_nodes(b"<html>"), Err(SeedError::NotJson { length: 6, .. })));
    assert!(matches!(parse_service_nodes(b""), Err(SeedError::NotJson { .. })));
    let error = br#"{"error":{"code":-32601,"message":"Method not found"},"id":0,"jsonrpc":"2.0"}"#;
    let rpc = SeedError::Rpc { code: Some(-32601), message: "Method not found".to_owned() };
    assert_eq!(parse_service_nodes(error), Err(rpc));
    let busy = SeedError::NoList { status: Some("BUSY".to_owned()) };
    assert_eq!(parse_service_nodes(br#"{"result":{"status":"BUSY"}}"#), Err(busy));
    for body in ["null", "[]", "{}", r#"{"result":[]}"#] {
        let none = SeedError::NoList { status: None };
        assert_eq!(parse_service_nodes(body.as_bytes()), Err(none), "{body}");
    }
    assert_eq!(parse(&[]), Err(SeedError::NoNode { rejected: 0 }));
}

#[test]
fn fields_are_those_that_were_asked_for() {
    let names =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    for fields in
        [json!(["public_ip", "height"]), json!({"public_ip": true, "height": true, "swarm": false})]
    {
        let result = ask(&json!({ "fields": fields }));
        assert_eq!(names(&result), ["height", "service_node_states", "status"]);
        assert_eq!(names(&result["service_node_states"][0]), ["public_ip"]);
    }
    let everything = ask(&json!({}));
    let all = names(&everything["service_node_states"][0]);
    assert!(
        all.contains(&"swarm_id".to_owned()) && all.contains(&"service_node_pubkey".to_owned())
    );
    assert_eq!(ask(&json!({ "fields": ["all"] })), everything);
    assert_eq!(ask(&json!({ "fields": [] })), everything);
    let fewer = names(&ask(&json!({ "fields": ["all", "-swarm_id"] }))["service_node_states"][0]);
    assert_eq!(fewer.len(), all.len() - 1);
    assert!(!fewer.contains(&"swarm_id".to_owned()));
}

#[test]
fn nodes_are_those_that_were_asked_for() {
    let ips = |params| -> Vec<String> {
        let result = ask(&params);
        let entries = result["service_node_states"].as_array().unwrap();
        entries.iter().map(|entry| entry["public_ip"].as_str().unwrap().to_owned()).collect()
    };
    let in_order = ips(json!({}));
    assert_eq!(in_order.len(), 9);
    assert_eq!(ips(json!({ "limit": 2 })).len(), 2);
    assert_eq!(ips(json!({ "limit": 20 })).len(), 9);
    let mut shuffled = ips(json!({ "limit": -1 }));
    assert_ne!(shuffled, in_order);
    shuffled.sort();
    assert_eq!(shuffled, in_order);
    let keys = ["03".repeat(32), "05".repeat(32), "77".repeat(32)];
    assert_eq!(ips(json!({ "service_node_pubkeys": keys })), ["127.0.0.3", "127.0.0.5"]);

    let mut nodes = list();
    nodes[0].active = false;
    let query = ServiceNodesQuery::parse(Some(&json!({ "active_only": true }))).unwrap();
    let result = service_nodes_result(&nodes, &CHAIN, &query, &mut StdRng::seed_from_u64(1));
    assert_eq!(result["service_node_states"].as_array().unwrap().len(), 8);
}

#[test]
fn a_poll_at_the_same_block_is_answered_shortly() {
    let same = ask(&json!({ "poll_block_hash": "07".repeat(32), "fields": ["height"] }));
    assert_eq!(same, json!({ "unchanged": true, "height": 1_900_000, "status": "OK" }));
    let other = ask(&json!({ "poll_block_hash": "08".repeat(32) }));
    assert!(other["service_node_states"].is_array());
}

#[test]
fn bad_requests_are_answered_as_json_rpc_errors() {
    let cases = [
        ("{", -32700),
        ("[]", -32600),
        (r#"{"method":7}"#, -32600),
        (r#"{"method":"get_info","id":5}"#, -32601),
        (r#"{"method":"get_service_nodes","params":[]}"#, -32602),
        (r#"{"method":"get_service_nodes","params":{"fields":"all"}}"#, -32602),
        (r#"{"method":"get_service_nodes","params":{"fields":{"height":1}}}"#, -32602),
        (r#"{"method":"get_service_nodes","params":{"limit":"3"}}"#, -32602),
        (r#"{"method":"get_service_nodes","params":{"service_node_pubkeys":["zz"]}}"#, -32602),
    ];
    for (body, code) in cases {
        let answer = parse_seed_request(body.as_bytes()).unwrap_err().answer();
        let Err(SeedError::Rpc { code: told, .. }) = parse_service_nodes(&answer) else {
            panic!("{body}: the answer is no JSON-RPC error");
        };
        assert_eq!(told, Some(code), "{body}");
    }
    let with_id = parse_seed_request(br#"{"method":"get_info","id":5}"#).unwrap_err();
    assert_eq!(serde_json::from_slice::<Value>(&with_id.answer()).unwrap()["id"], 5);
    for method in ["get_service_nodes", "get_n_service_nodes", "get_all_service_nodes"] {
        assert!(parse_seed_request(json!({ "method": method }).to_string().as_bytes()).is_ok());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes: Vec<u8>, cut in 0..400_usize) {
        let _ = parse_service_nodes(&bytes);
        let _ = parse_seed_request(&bytes);
        let request = get_service_nodes_request();
        let _ = parse_seed_request(&request[..cut.min(request.len())]);
    }

    #[test]
    fn any_entry_is_taken(ip: String, port: u64, key: String, swarm: String) {
        let entry = json!({
            "public_ip": ip, "storage_port": port, "pubkey_ed25519": key,
            "pubkey_x25519": key, "swarm": swarm,
        });
        let _ = parse(&[entry]);
    }
}
