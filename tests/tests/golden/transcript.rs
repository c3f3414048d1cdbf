//! A file of the form `storage-transcript/1`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_crypto::{AccountKeys, Ed25519Secret, Seed, X25519Secret};
use ramson_node::{NodeContact, NodeKeys};
use ramson_tests::fields::{hex_array, list, number, parsed, text};
use ramson_types::{SwarmId, Timestamp};
use serde_json::Value;

/// A recorded session with a network of six nodes.
pub(crate) struct Transcript {
    pub(crate) json: Value,
    pub(crate) nodes: BTreeMap<u64, RecordedNode>,
    pub(crate) steps: Vec<Step>,
}

/// One of the nodes, with its secret keys.
pub(crate) struct RecordedNode {
    pub(crate) contact: NodeContact,
    seed: [u8; 32],
    x25519: [u8; 32],
}

impl RecordedNode {
    pub(crate) fn keys(&self) -> NodeKeys {
        let ed25519 = Ed25519Secret::from_seed(&self.seed);
        NodeKeys::new(ed25519, X25519Secret::from_bytes(&self.x25519))
    }
}

/// One request and its answer.
pub(crate) struct Step {
    /// As it stands in the file.
    pub(crate) json: Value,
    pub(crate) about: String,
    /// The number of the node asked.
    pub(crate) node: u64,
    /// The client's clock just before sending.
    pub(crate) clock: Timestamp,
    pub(crate) request: Vec<u8>,
    pub(crate) status: u64,
    /// The answer's body; empty where only a digest of it is given.
    pub(crate) response: Vec<u8>,
}

impl Transcript {
    pub(crate) fn read(json: Value) -> Result<Self, String> {
        if text(&json, "format")? != "storage-transcript/1" {
            return Err(format!("format '{}' is not known", json["format"]));
        }
        let network = &json["network"];
        let mut nodes = BTreeMap::new();
        for node in list(network, "nodes")? {
            nodes.insert(number(node, "n")?, recorded_node(node, &network["swarms"])?);
        }
        let steps = list(&json, "steps")?.iter().map(step).collect::<Result<_, _>>()?;
        Ok(Self { nodes, steps, json })
    }

    /// The keys of a test account.
    pub(crate) fn account(&self, name: &str) -> Option<AccountKeys> {
        let seed = hex_array(&self.json["accounts"][name], "ed25519_seed").ok()?;
        Some(AccountKeys::new(&Seed::from_bytes32(seed)))
    }

    /// The node with an Ed25519 key.
    pub(crate) fn node_with(&self, ed25519: &str) -> Option<&RecordedNode> {
        self.nodes.values().find(|node| node.contact.ed25519.to_string() == ed25519)
    }
}

fn recorded_node(node: &Value, swarms: &Value) -> Result<RecordedNode, String> {
    let n = number(node, "n")?;
    let port = |name| u16::try_from(number(node, name)?).map_err(|why| format!("{name}: {why}"));
    Ok(RecordedNode {
        contact: NodeContact {
            ed25519: parsed(node, "pubkey_ed25519")?,
            x25519: parsed(node, "pubkey_x25519")?,
            legacy: hex_array(node, "pubkey_legacy")?,
            ip: text(node, "ip")?.parse::<Ipv4Addr>().map_err(|why| why.to_string())?,
            https_port: port("port_https")?,
            omq_port: port("port_omq")?,
            swarm: swarm_of(n, swarms)?,
        },
        seed: hex_array(node, "secret_ed25519_seed")?,
        x25519: hex_array(node, "secret_x25519")?,
    })
}

fn swarm_of(n: u64, swarms: &Value) -> Result<SwarmId, String> {
    for (id, members) in swarms.as_object().into_iter().flatten() {
        if members.as_array().is_some_and(|members| members.contains(&n.into())) {
            return id.parse().map_err(|why| format!("swarm '{id}': {why}"));
        }
    }
    Ok(SwarmId::UNASSIGNED)
}

fn step(json: &Value) -> Result<Step, String> {
    let bytes = |value: &Value| {
        STANDARD
            .decode(value["body_b64"].as_str().unwrap_or_default())
            .map_err(|why| format!("body_b64: {why}"))
    };
    let response = &json["response"];
    Ok(Step {
        about: text(json, "about")?.to_owned(),
        node: number(json, "node")?,
        clock: Timestamp(number(json, "clock_ms")?),
        request: bytes(&json["request"])?,
        status: number(response, "status")?,
        response: bytes(response)?,
        json: json.clone(),
    })
}

impl Step {
    /// The answer as JSON, if it is.
    pub(crate) fn answer(&self) -> Option<Value> {
        serde_json::from_slice(&self.response).ok()
    }

    /// The answer where the file tells it in another way than as bytes.
    pub(crate) fn described(&self) -> Option<Value> {
        let short = self.json["response"].get("body_json_with_data_replaced");
        short.or_else(|| self.opened()).cloned()
    }

    /// What the sealed answer of an onion request says.
    pub(crate) fn opened(&self) -> Option<&Value> {
        self.json["response"]["onion_decoded"].get("plaintext_json")
    }

    /// The storage request: the body, or what is in the last onion layer.
    pub(crate) fn storage_request(&self) -> Option<Vec<u8>> {
        match self.json.get("onion") {
            None => Some(self.request.clone()),
            Some(onion) => STANDARD.decode(onion["final_body_b64"].as_str()?).ok(),
        }
    }

    /// Status and body of the storage request's own answer.
    pub(crate) fn storage_answer(&self) -> Option<(u64, Vec<u8>)> {
        if self.json.get("onion").is_none() {
            return Some((self.status, self.response.clone()));
        }
        let opened = self.opened()?;
        let body = match &opened["body"] {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        Some((opened["status"].as_u64()?, body.into_bytes()))
    }
}
