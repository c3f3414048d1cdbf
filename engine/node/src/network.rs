//! What a node knows of the others: contact data and swarms. All nodes of a
//! network share one value; a change makes a new one.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ramson_codec::active_nodes::{self, ActiveNode};
use ramson_codec::storage::HardFork;
use ramson_types::swarm::swarm_of;
use ramson_types::{Ed25519PublicKey, ServiceNode, SwarmId, Timestamp, X25519PublicKey};
use serde_json::{Map, Value, json};

use crate::names::Names;

/// Version of the storage server that nodes with all [`Quirks`](crate::Quirks)
/// are.
pub const VERSION: [u16; 3] = [2, 8, 0];

/// The version that they are otherwise.
pub const NEW_VERSION: [u16; 3] = [2, 11, 3];

/// What is known of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeContact {
    /// Its identity.
    pub ed25519: Ed25519PublicKey,
    /// To which its onion layers are sealed.
    pub x25519: X25519PublicKey,
    /// Its older key on the chain; for most nodes the same as `ed25519`.
    pub legacy: [u8; 32],
    /// Its address.
    pub ip: Ipv4Addr,
    /// Port of its HTTPS.
    pub https_port: u16,
    /// Port of its OMQ and QUIC, told to clients but not served here.
    pub omq_port: u16,
    /// Its swarm; [`SwarmId::UNASSIGNED`] if it is in none.
    pub swarm: SwarmId,
}

impl NodeContact {
    /// Whether others can reach it, as far as they know.
    pub(crate) const fn has_address(&self) -> bool {
        !self.ip.is_unspecified()
    }

    /// Whether it takes part: the chain takes a node that failed its tests out
    /// of its swarm, and a new one is in none yet.
    fn is_active(&self) -> bool {
        self.swarm != SwarmId::UNASSIGNED
    }

    /// The same as clients keep it.
    pub fn service_node(&self) -> ServiceNode {
        ServiceNode {
            ed25519: self.ed25519,
            x25519: self.x25519,
            ip: self.ip,
            https_port: self.https_port,
            swarm: Some(self.swarm).filter(|id| *id != SwarmId::UNASSIGNED),
        }
    }

    /// How `get_swarm` shows a node (02 section 4.9).
    fn to_json(self) -> Value {
        json!({
            "address": format!("{}.snode", base32z(&self.legacy)),
            "ip": self.ip.to_string(),
            "port": self.https_port.to_string(),
            "port_https": self.https_port,
            "port_omq": self.omq_port,
            "port_quic": self.omq_port,
            "pubkey_ed25519": self.ed25519.to_string(),
            "pubkey_legacy": hex::encode(self.legacy),
            "pubkey_x25519": self.x25519.to_string(),
        })
    }
}

/// All nodes of a network, and where its chain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    nodes: BTreeMap<Ed25519PublicKey, NodeContact>,
    swarms: BTreeMap<SwarmId, Vec<Ed25519PublicKey>>,
    pub(crate) names: Names,
    /// The hard fork.
    pub hard_fork: HardFork,
    /// Blocks in the chain.
    pub height: u64,
    /// Hash of the newest block, as hex.
    pub block_hash: String,
}

impl Default for Network {
    fn default() -> Self {
        Self::new([])
    }
}

impl Network {
    /// A network of these nodes, on hard fork 19.4.
    pub fn new(nodes: impl IntoIterator<Item = NodeContact>) -> Self {
        let nodes: BTreeMap<_, _> = nodes.into_iter().map(|node| (node.ed25519, node)).collect();
        let mut swarms: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for node in nodes.values().filter(|node| node.swarm != SwarmId::UNASSIGNED) {
            swarms.entry(node.swarm).or_default().push(node.ed25519);
        }
        let (height, block_hash) = (1_700_000, "00".repeat(32));
        let hard_fork = HardFork(19, 4);
        Self { nodes, swarms, names: Names::default(), hard_fork, height, block_hash }
    }

    /// The same network with other nodes, or with the same in other swarms;
    /// names and the state of the chain stay.
    pub fn with_nodes(&self, nodes: impl IntoIterator<Item = NodeContact>) -> Self {
        let Self { names, hard_fork, height, block_hash, .. } = self.clone();
        Self { names, hard_fork, height, block_hash, ..Self::new(nodes) }
    }

    /// The nodes in the order of their keys.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeContact> {
        self.nodes.values()
    }

    /// The node with that key.
    pub fn node(&self, key: &Ed25519PublicKey) -> Option<&NodeContact> {
        self.nodes.get(key)
    }

    /// The swarm that holds the messages of a key; `None` without swarms.
    pub fn swarm_of(&self, key: &[u8; 32]) -> Option<SwarmId> {
        swarm_of(key, self.swarms.keys().copied())
    }

    /// Members of a swarm.
    pub fn members(&self, swarm: SwarmId) -> &[Ed25519PublicKey] {
        self.swarms.get(&swarm).map_or(&[], Vec::as_slice)
    }

    /// The members of the swarm that holds the messages of a key.
    pub(crate) fn members_of(&self, key: &[u8; 32]) -> &[Ed25519PublicKey] {
        self.swarm_of(key).map_or(&[], |swarm| self.members(swarm))
    }

    /// The swarm that comes after one, or before all; `None` if there is no
    /// other.
    pub(crate) fn next_swarm(&self, swarm: SwarmId) -> Option<SwarmId> {
        let mut others = self.swarms.keys().copied().filter(|id| *id != swarm);
        others.clone().find(|id| *id > swarm).or_else(|| others.next())
    }

    /// The answer to `get_swarm` but for the time, and the body of a 421.
    pub(crate) fn swarm_json(
        &self,
        swarm: Option<SwarmId>,
        is_named: impl Fn(&NodeContact) -> bool,
    ) -> Map<String, Value> {
        let members = swarm.map_or(&[][..], |swarm| self.members(swarm));
        let nodes = members.iter().filter_map(|key| self.node(key)).filter(|node| is_named(node));
        let nodes = nodes.map(|node| node.to_json());
        let mut answer = Map::new();
        answer.insert("snodes".to_owned(), nodes.collect());
        let swarm = swarm.unwrap_or(SwarmId::UNASSIGNED);
        answer.insert("swarm".to_owned(), swarm.to_string().into());
        answer
    }

    /// Adds the node's clock and the hard fork to an answer.
    pub(crate) fn stamp(&self, answer: &mut Map<String, Value>, now: Timestamp) {
        let HardFork(major, revision) = self.hard_fork;
        answer.insert("hf".to_owned(), json!([major, revision]));
        answer.insert("t".to_owned(), now.millis().into());
    }

    /// The answer to `active_nodes_bin` (02 section 4.14) of nodes of that
    /// version.
    pub(crate) fn active_nodes(&self, version: [u16; 3]) -> Vec<u8> {
        let version = version.map(|part| u8::try_from(part).unwrap_or(u8::MAX));
        let record = |node: &NodeContact| {
            let NodeContact { ed25519, swarm, ip, https_port, omq_port, .. } = *node;
            if node.has_address() {
                ActiveNode { ed25519, swarm, ip, https_port, omq_port, version }
            } else {
                let (https_port, omq_port, version) = (0, 0, [0; 3]);
                ActiveNode { ed25519, swarm, ip, https_port, omq_port, version }
            }
        };
        let nodes: Vec<_> = self.nodes().map(record).collect();
        active_nodes::encode(&nodes)
    }

    /// The daemon's `get_service_nodes`, for clients behind `oxend_request`
    /// and for seeds (02 section 1.2). Of the parameters, `fields` (a list, or
    /// names with true), `limit` and `active_only` count; the nodes are the
    /// first in order. Who is in no swarm is not active.
    pub fn service_nodes(&self, params: &Value) -> Value {
        let wanted = wanted_fields(params.get("fields"));
        let wants = |name: &str| {
            wanted.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name))
        };
        let limit = params.get("limit").and_then(Value::as_u64).filter(|limit| *limit != 0);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let active_only = params.get("active_only").and_then(Value::as_bool).unwrap_or(false);
        let nodes = self.nodes.values().filter(|node| node.is_active() || !active_only);
        let states = nodes.take(limit).map(|node| {
            let mut state = daemon_json(node);
            state.retain(|name, _| wants(name));
            Value::from(state)
        });
        let mut answer = Map::new();
        answer.insert("service_node_states".to_owned(), states.collect());
        answer.insert("status".to_owned(), "OK".into());
        for (name, value) in [
            ("height", Value::from(self.height)),
            ("block_hash", self.block_hash.as_str().into()),
            ("hardfork", self.hard_fork.0.into()),
        ] {
            if wants(name) {
                answer.insert(name.to_owned(), value);
            }
        }
        answer.into()
    }
}

fn wanted_fields(fields: Option<&Value>) -> Option<Vec<String>> {
    match fields? {
        Value::Array(names) => {
            Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        Value::Object(names) => {
            let wanted = names.iter().filter(|(_, wanted)| **wanted == Value::Bool(true));
            Some(wanted.map(|(name, _)| name.clone()).collect())
        }
        _ => None,
    }
}

/// How the daemon shows a node; the fields that clients ask for.
fn daemon_json(node: &NodeContact) -> Map<String, Value> {
    let fields = [
        ("pubkey_ed25519", Value::from(node.ed25519.to_string())),
        ("pubkey_x25519", node.x25519.to_string().into()),
        ("service_node_pubkey", hex::encode(node.legacy).into()),
        ("public_ip", node.ip.to_string().into()),
        ("storage_port", node.https_port.into()),
        ("storage_lmq_port", node.omq_port.into()),
        ("storage_server_version", json!(VERSION)),
        ("swarm", node.swarm.to_string().into()),
        ("swarm_id", node.swarm.0.into()),
        ("active", node.is_active().into()),
        ("funded", true.into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Base32 with the alphabet of node addresses, most significant bits first,
/// zero bits at the end.
fn base32z(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
    let bit = |at: usize| {
        let byte = bytes.get(at / 8).copied().unwrap_or(0);
        usize::from(byte.rotate_left(u32::try_from(at % 8).unwrap_or(0)) >> 7)
    };
    let digits = bytes.len().saturating_mul(8).div_ceil(5);
    let digit = |which: usize| {
        let first = which.saturating_mul(5);
        let value = (0..5).fold(0, |value, bits| value << 1 | bit(first.saturating_add(bits)));
        ALPHABET.get(value).copied().map_or('y', char::from)
    };
    (0..digits).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_base32z_of_the_legacy_key() {
        let key = hex::decode("663b0b90249f858c11cc984fdddb55d9ae9b695552eb435404c15a9dd895ed6a")
            .unwrap();
        assert_eq!(base32z(&key), "ca7ozrbru6naarqcub875s4i5gzjs4kikmiwgiyrafpj5sri7iiy");
        assert_eq!(base32z(&[]), "");
    }

    #[test]
    fn who_is_in_no_swarm_is_not_active() {
        let node = |n: u8, swarm| NodeContact {
            ed25519: Ed25519PublicKey([n; 32]),
            x25519: X25519PublicKey([n; 32]),
            legacy: [n; 32],
            ip: Ipv4Addr::LOCALHOST,
            https_port: 1,
            omq_port: 2,
            swarm,
        };
        let network = Network::new([node(1, SwarmId::UNASSIGNED), node(2, SwarmId(7))]);
        let listed = |params: Value| {
            let answer = network.service_nodes(&params);
            let states = answer["service_node_states"].as_array().unwrap().clone();
            let active = states.iter().map(|state| state["active"].as_bool().unwrap());
            active.collect::<Vec<_>>()
        };
        assert_eq!(listed(json!({})), [false, true]);
        assert_eq!(listed(json!({ "active_only": false })), [false, true]);
        assert_eq!(listed(json!({ "active_only": true, "limit": 1 })), [true]);
    }

    #[test]
    fn a_network_without_swarms_says_so() {
        let answer = Network::default().swarm_json(None, |_| true);
        assert_eq!(answer["swarm"], "ffffffffffffffff");
        assert_eq!(answer["snodes"], json!([]));
    }
}
