//! Storage requests with the answers of a 2.8.0 server, derived from its
//! source.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_node::{
    HttpRequest, HttpResponse, Network, Node, NodeContact, NodeKeys, Nodes, NodesStep, Quirks,
};
use ramson_tests::fields::{number, run_sections, size, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::{SwarmId, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

/// Where the clock stands for answers that come without.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// The height in the answers, which are examples.
const HEIGHT: u64 = 100;

const ACCOUNT: &str = "05d2ad010eeb72d72e561d9de7bd7b6989af77dcabffa03a5111a6c859ae5c3a72";

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let sections = [("errors", error as ramson_tests::fields::Check), ("successes", success)];
    run_sections(file, cases, &["description"], &sections);
}

fn error(_: &Value, case: &Value) -> Result<(), String> {
    let now = Timestamp(number(case, "now_ms")?);
    let body = match case.get("generate") {
        Some(generate) => generated(generate, now)?,
        None => text(case, "request_body")?.to_owned(),
    };
    let answer = ask(body, now)?;
    expect_eq("body", String::from_utf8_lossy(&answer.body).as_ref(), text(case, "body")?)?;
    expect_eq("status", u64::from(answer.status), number(case, "status")?)
}

fn success(_: &Value, case: &Value) -> Result<(), String> {
    let answer = ask(case["request"].to_string(), NOW)?;
    let body: Value = serde_json::from_slice(&answer.body).map_err(|why| why.to_string())?;
    expect_eq("answer", &body, &case["response"])?;
    expect_eq("status", answer.status, 200)
}

/// Requests that are too long to stand in the file.
fn generated(generate: &Value, now: Timestamp) -> Result<String, String> {
    let params = match text(generate, "method")? {
        "store" => {
            let data = STANDARD.encode(vec![0; size(generate, "data_bytes")?]);
            json!({ "pubkey": ACCOUNT, "timestamp": now.millis(), "ttl": 86_400_000, "data": data })
        }
        "revoke_subaccount" => {
            let tokens = vec!["00".repeat(36); size(generate, "tokens")?];
            json!({ "pubkey": ACCOUNT, "timestamp": now.millis(), "revoke": tokens,
                "signature": "A".repeat(86) })
        }
        other => return Err(format!("nobody knows how to generate a '{other}'")),
    };
    Ok(json!({ "method": generate["method"], "params": params }).to_string())
}

/// Asks a node whose swarm is the only one, so that every account is its own.
fn ask(body: String, now: Timestamp) -> Result<HttpResponse, String> {
    let keys = NodeKeys::from_seed(&[1; 32]);
    let key = keys.ed25519();
    let contact = NodeContact {
        ed25519: key,
        x25519: keys.x25519(),
        legacy: key.0,
        ip: Ipv4Addr::LOCALHOST,
        https_port: 22021,
        omq_port: 22020,
        swarm: SwarmId(0),
    };
    let mut network = Network::new([contact]);
    network.height = HEIGHT;
    let mut node = Node::new(keys, Arc::new(network), now);
    node.set_quirks(Quirks::faithful());
    let mut nodes = Nodes::default();
    nodes.add(node);
    let request = HttpRequest {
        method: "POST".to_owned(),
        path: "/storage_rpc/v1".to_owned(),
        headers: Vec::new(),
        body: body.into_bytes(),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    match nodes.serve(&key, &request, now, &mut StdRng::seed_from_u64(1)) {
        Some(NodesStep::Done(answer)) => Ok(answer),
        other => Err(format!("the node did not answer by itself: {other:?}")),
    }
}
