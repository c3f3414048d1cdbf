//! The first list of service nodes: what a client asks a seed, and how it
//! takes the answer (02 sections 1.2 and 1.3). A seed's own side, for a local
//! network, is in [`server`].

pub mod server;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ramson_types::{Ed25519PublicKey, ServiceNode, SwarmId, X25519PublicKey};
use serde_json::Value;

/// The body of a client's request to a seed's `/json_rpc`.
const GET_SERVICE_NODES: &str = concat!(
    r#"{"jsonrpc":"2.0","method":"get_n_service_nodes","params":{"active_only":true,"#,
    r#""fields":{"public_ip":true,"storage_port":true,"pubkey_x25519":true,"#,
    r#""pubkey_ed25519":true,"requested_unlock_height":true,"height":true}}}"#,
);

/// Asks for all active nodes, in the very bytes that desktop sends.
pub fn get_service_nodes_request() -> Vec<u8> {
    GET_SERVICE_NODES.as_bytes().to_vec()
}

/// A list of service nodes as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The usable nodes, in the order of the list.
    pub nodes: Vec<ServiceNode>,
    /// The height of the chain, where it was told.
    pub height: Option<u64>,
    /// How many entries were left out: no usable address, port or keys, or a
    /// node that is on the list already.
    pub rejected: usize,
}

/// Reads a list of service nodes: a seed's JSON-RPC answer, or the body of an
/// `oxend_request` to a service node, which holds the same `result`. An entry
/// that cannot be used is left out; it fails nothing else.
pub fn parse_service_nodes(body: &[u8]) -> Result<Parsed, SeedError> {
    let answer: Value = serde_json::from_slice(body)
        .map_err(|error| SeedError::NotJson { reason: error.to_string(), length: body.len() })?;
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(SeedError::Rpc {
            code: error.get("code").and_then(Value::as_i64),
            message: text(error.get("message")).unwrap_or_else(|| error.to_string()),
        });
    }
    let result = answer.get("result");
    let field = |name| result.and_then(|result| result.get(name));
    let entries = field("service_node_states")
        .and_then(Value::as_array)
        .ok_or_else(|| SeedError::NoList { status: text(field("status")) })?;

    let mut seen = BTreeSet::new();
    let nodes: Vec<ServiceNode> =
        entries.iter().filter_map(node).filter(|node| seen.insert(node.ed25519)).collect();
    let rejected = entries.len().saturating_sub(nodes.len());
    if nodes.is_empty() {
        return Err(SeedError::NoNode { rejected });
    }
    Ok(Parsed { nodes, height: field("height").and_then(Value::as_u64), rejected })
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// The node of one entry, if it can be reached.
fn node(entry: &Value) -> Option<ServiceNode> {
    let text = |name| entry.get(name).and_then(Value::as_str);
    let ip: Ipv4Addr = text("public_ip")?.parse().ok()?;
    if ip.is_unspecified() || ip.is_broadcast() {
        return None;
    }
    let https_port = u16::try_from(entry.get("storage_port")?.as_u64()?).ok()?;
    let ed25519: Ed25519PublicKey = text("pubkey_ed25519")?.parse().ok()?;
    let x25519: X25519PublicKey = text("pubkey_x25519")?.parse().ok()?;
    (https_port != 0).then_some(ServiceNode {
        ed25519,
        x25519,
        ip,
        https_port,
        swarm: swarm(entry),
    })
}

/// The swarm of an entry, told as a number or as hex; `None` also for a node
/// that is in no swarm.
fn swarm(entry: &Value) -> Option<SwarmId> {
    let number = entry.get("swarm_id").and_then(Value::as_u64).map(SwarmId);
    let hex = || entry.get("swarm").and_then(Value::as_str)?.parse().ok();
    number.or_else(hex).filter(|swarm| *swarm != SwarmId::UNASSIGNED)
}

/// Why an answer gives no list of service nodes. Another seed may do better.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The body is not JSON.
    #[error(
        "the seed's answer of {length} bytes is not JSON ({reason}); is its URL a seed's \
         /json_rpc, and is nothing in between?"
    )]
    NotJson {
        /// What is wrong with it.
        reason: String,
        /// Size of the body.
        length: usize,
    },
    /// The seed refuses.
    #[error("the seed answers with an error: {message} (code {code:?}); ask another seed")]
    Rpc {
        /// The JSON-RPC code, where there is one.
        code: Option<i64>,
        /// The seed's words.
        message: String,
    },
    /// JSON without a list.
    #[error("the seed's answer has no list of service nodes (its status: {status:?})")]
    NoList {
        /// The answer's status, where it has one; `OK` or `BUSY` for instance.
        status: Option<String>,
    },
    /// A list of which nothing can be used.
    #[error("the seed's list has no usable service node; {rejected} were left out")]
    NoNode {
        /// How many were left out.
        rejected: usize,
    },
}
