//! Requests with the answers of a 2.8.0 server, derived from its source
//! (`tests/vectors/storage-rpc-cases.json`).

use super::*;

const FILE: &str = include_str!("../../../../tests/vectors/storage-rpc-cases.json");

/// A node whose swarm is the only one, so that every account is its own.
fn alone(now: Timestamp, height: u64) -> World {
    let mut network = Network::new([contact(1, 0)]);
    network.height = height;
    let network = Arc::new(network);
    let mut nodes = Nodes::default();
    nodes.add(Node::new(NodeKeys::from_seed(&[1; 32]), Arc::clone(&network), now));
    World { nodes, network, rng: StdRng::seed_from_u64(7) }
}

/// Requests that are too long to stand in the file.
fn generated(case: &Value, now: Timestamp) -> Option<String> {
    let generate = case.get("generate")?;
    let account = account_of(1).account_id().to_string();
    let params = match generate["method"].as_str()? {
        "store" => {
            let length = generate["data_bytes"].as_u64()?;
            let data = STANDARD.encode(vec![0; usize::try_from(length).ok()?]);
            json!({ "pubkey": account, "timestamp": now.millis(), "ttl": DAY, "data": data })
        }
        "revoke_subaccount" => {
            let tokens = vec!["00".repeat(36); usize::try_from(generate["tokens"].as_u64()?).ok()?];
            let signature = "A".repeat(86);
            json!({ "pubkey": account, "timestamp": now.millis(), "revoke": tokens,
                "signature": signature })
        }
        _ => return None,
    };
    Some(json!({ "method": generate["method"], "params": params }).to_string())
}

#[test]
fn errors_are_worded_as_the_server_words_them() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    for case in file["errors"].as_array().unwrap() {
        let now = Timestamp(case["now_ms"].as_u64().unwrap());
        let body = generated(case, now)
            .unwrap_or_else(|| case["request_body"].as_str().unwrap().to_owned());
        let answer = alone(now, 100).http(1, "/storage_rpc/v1", body.as_bytes(), now);
        let said = String::from_utf8(answer.body).unwrap();
        assert_eq!(Value::from(said), case["body"], "{}", case["description"]);
        assert_eq!(u64::from(answer.status), case["status"].as_u64().unwrap());
    }
}

#[test]
fn answers_have_the_server_s_shape() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    for case in file["successes"].as_array().unwrap() {
        let now = Timestamp(1_700_000_000_000);
        let body = case["request"].to_string();
        let answer = alone(now, 100).http(1, "/storage_rpc/v1", body.as_bytes(), now);
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer, case["response"], "{}", case["description"]);
    }
}
