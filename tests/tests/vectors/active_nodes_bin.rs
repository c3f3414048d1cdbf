//! The short form of the list of nodes.

use ramson_codec::active_nodes::{self, ActiveNode};
use ramson_tests::fields::{base64, flag, hex, list, number, parsed, size, text};
use ramson_tests::{Cases, expect_eq};
use ramson_types::SwarmId;
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let known = ["description", "record_size", "records", "raw_hex", "body_b64", "origin"];
    cases.only_sections(file, &known);
    cases.check("size of a record", || {
        expect_eq("size", active_nodes::RECORD, size(file, "record_size")?)
    });
    for (number, record) in file["records"].as_array().into_iter().flatten().enumerate() {
        cases.check(format!("records[{number}]"), || one(file, number, record));
    }
    cases.check("the whole list", || whole(file, &hex(file, "raw_hex")?));
    cases.check("the body of a batch or an onion reply", || {
        let nodes = active_nodes::decode_body(text(file, "body_b64")?.as_bytes());
        expect_eq("read as a body", nodes, active_nodes::decode(&base64(file, "body_b64")?))?;
        whole(file, &base64(file, "body_b64")?)
    });
}

fn node(record: &Value) -> Result<ActiveNode, String> {
    let version: Result<Vec<u8>, _> = list(record, "version")?
        .iter()
        .map(|part| part.as_u64().and_then(|part| part.try_into().ok()).ok_or("version"))
        .collect();
    let port = |field| number(record, field)?.try_into().map_err(|_| format!("'{field}'"));
    Ok(ActiveNode {
        ed25519: parsed(record, "pubkey_ed25519")?,
        swarm: SwarmId(text(record, "swarm_id")?.parse().map_err(|_| "'swarm_id'")?),
        ip: parsed(record, "ip")?,
        https_port: port("https_port")?,
        omq_port: port("quic_omq_port")?,
        version: version?.try_into().map_err(|_| "'version' has not three parts")?,
    })
}

/// Written and read alone, at its place in the file; and whether a client
/// takes it into its pool.
fn one(file: &Value, number: usize, record: &Value) -> Result<(), String> {
    let node = node(record)?;
    let raw = hex(file, "raw_hex")?;
    let bytes = raw.chunks(active_nodes::RECORD).nth(number).ok_or("beyond the end")?;
    expect_eq("written", active_nodes::encode([&node]).as_slice(), bytes)?;
    let read = active_nodes::decode(bytes).map_err(|why| why.to_string())?;
    expect_eq("read", read, vec![node])?;
    let pool = active_nodes::pool(&[node]);
    expect_eq("in the pool", !pool.is_empty(), flag(record, "contactable")?)?;
    match pool.get(&node.ed25519) {
        Some(found) => {
            expect_eq("address", (found.ip, found.https_port), (node.ip, node.https_port))
        }
        None => Ok(()),
    }
}

fn whole(file: &Value, bytes: &[u8]) -> Result<(), String> {
    let expected: Vec<_> = list(file, "records")?.iter().map(node).collect::<Result<_, _>>()?;
    expect_eq("written", active_nodes::encode(&expected).as_slice(), bytes)?;
    expect_eq("read", active_nodes::decode(bytes).map_err(|why| why.to_string())?, expected)
}
