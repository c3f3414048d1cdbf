//! A seed's side: the `get_service_nodes` family of the chain daemon's
//! JSON-RPC, as far as clients and service nodes use it.

use std::collections::BTreeSet;

use ramson_types::{Ed25519PublicKey, ServiceNode, SwarmId};
use rand_core::Rng;
use serde_json::{Map, Value, json};

/// Names under which the one method goes.
const METHODS: [&str; 3] = ["get_service_nodes", "get_n_service_nodes", "get_all_service_nodes"];

/// A node as the chain lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedNode {
    /// What clients need of it.
    pub node: ServiceNode,
    /// The key by which the chain names it, `service_node_pubkey`.
    pub legacy: Ed25519PublicKey,
    /// Whether it takes part.
    pub active: bool,
    /// Further fields by their names, such as `requested_unlock_height`.
    pub more: Map<String, Value>,
}

impl ListedNode {
    /// An active, funded node that does not leave, whose legacy key is its
    /// Ed25519 key.
    pub fn new(node: ServiceNode) -> Self {
        let more = [("funded", json!(true)), ("requested_unlock_height", json!(0))];
        Self {
            node,
            legacy: node.ed25519,
            active: true,
            more: more.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let swarm = self.node.swarm.unwrap_or(SwarmId::UNASSIGNED);
        let mut fields = self.more.clone();
        let own = [
            ("active", json!(self.active)),
            ("service_node_pubkey", json!(self.legacy.to_string())),
            ("pubkey_ed25519", json!(self.node.ed25519.to_string())),
            ("pubkey_x25519", json!(self.node.x25519.to_string())),
            ("public_ip", json!(self.node.ip.to_string())),
            ("storage_port", json!(self.node.https_port)),
            ("swarm_id", json!(swarm.0)),
            ("swarm", json!(swarm.to_string())),
        ];
        fields.extend(own.map(|(name, value)| (name.to_owned(), value)));
        fields
    }
}

/// What an answer tells of the chain itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainState {
    /// Height of the top block.
    pub height: u64,
    /// Hash of the top block.
    pub block_hash: [u8; 32],
    /// The hard fork in force.
    pub hardfork: u16,
    /// The service nodes' own revision of it.
    pub snode_revision: u16,
}

impl ChainState {
    fn fields(&self) -> Map<String, Value> {
        [
            ("height", json!(self.height)),
            ("target_height", json!(self.height)),
            ("block_hash", json!(hex::encode(self.block_hash))),
            ("hardfork", json!(self.hardfork)),
            ("snode_revision", json!(self.snode_revision)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }
}

/// The fields that an answer has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fields {
    AllBut(BTreeSet<String>),
    Only(BTreeSet<String>),
}

impl Fields {
    fn keep(&self, mut fields: Map<String, Value>) -> Map<String, Value> {
        fields.retain(|name, _| match self {
            Self::AllBut(left_out) => !left_out.contains(name),
            Self::Only(wanted) => wanted.contains(name),
        });
        fields
    }
}

/// The parameters of the method: which nodes, and what of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceNodesQuery {
    fields: Fields,
    active_only: bool,
    limit: i64,
    pubkeys: Option<BTreeSet<Ed25519PublicKey>>,
    poll_block_hash: Option<String>,
}

impl ServiceNodesQuery {
    /// Reads `params`; absent ones ask for everything.
    pub fn parse(params: Option<&Value>) -> Result<Self, SeedRequestError> {
        let params = match params {
            None | Some(Value::Null) => &Map::new(),
            Some(Value::Object(params)) => params,
            Some(other) => return Err(invalid("params", other, "an object")),
        };
        let pubkeys = match params.get("service_node_pubkeys") {
            None | Some(Value::Null) => None,
            Some(Value::Array(keys)) if keys.is_empty() => None,
            Some(Value::Array(keys)) => Some(keys.iter().map(pubkey).collect::<Result<_, _>>()?),
            Some(other) => return Err(invalid("service_node_pubkeys", other, "an array")),
        };
        Ok(Self {
            fields: fields(params.get("fields"))?,
            active_only: optional(params, "active_only", "true or false", Value::as_bool)?
                .unwrap_or(false),
            limit: optional(params, "limit", "a number", Value::as_i64)?.unwrap_or(0),
            pubkeys,
            poll_block_hash: optional(params, "poll_block_hash", "64 hex digits", |hash| {
                hash.as_str().map(str::to_ascii_lowercase)
            })?,
        })
    }
}

fn optional<T>(
    params: &Map<String, Value>,
    name: &'static str,
    expected: &'static str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, SeedRequestError> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(|| invalid(name, value, expected)),
    }
}

fn pubkey(value: &Value) -> Result<Ed25519PublicKey, SeedRequestError> {
    let key = value.as_str().and_then(|key| key.parse().ok());
    key.ok_or_else(|| invalid("service_node_pubkeys", value, "64 hex digits in each"))
}

/// `fields`: an array of names, of which one with `-` before it is left out,
/// or an object of names that are true.
fn fields(value: Option<&Value>) -> Result<Fields, SeedRequestError> {
    const EXPECTED: &str = "an array of names, or an object of names that are true";
    let (mut wanted, mut left_out) = (BTreeSet::new(), BTreeSet::new());
    match value {
        None | Some(Value::Null) => {}
        Some(Value::Array(names)) => {
            for name in names {
                let name = name.as_str().ok_or_else(|| invalid("fields", name, EXPECTED))?;
                match name.strip_prefix('-') {
                    Some(name) => left_out.insert(name.to_owned()),
                    None => wanted.insert(name.to_owned()),
                };
            }
        }
        Some(Value::Object(names)) => {
            for (name, is_wanted) in names {
                if is_wanted.as_bool().ok_or_else(|| invalid("fields", is_wanted, EXPECTED))? {
                    wanted.insert(name.clone());
                }
            }
        }
        Some(other) => return Err(invalid("fields", other, EXPECTED)),
    }
    if wanted.is_empty() || wanted.contains("all") {
        return Ok(Fields::AllBut(left_out));
    }
    wanted.retain(|name| !left_out.contains(name));
    Ok(Fields::Only(wanted))
}

/// A request to a seed's `/json_rpc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedRequest {
    /// Whatever the client gave to know the answer by; null if nothing.
    pub id: Value,
    /// What it asks.
    pub query: ServiceNodesQuery,
}

/// Reads a request to a seed.
pub fn parse_seed_request(body: &[u8]) -> Result<SeedRequest, BadSeedRequest> {
    let request: Value = serde_json::from_slice(body).map_err(|error| BadSeedRequest {
        id: Value::Null,
        error: SeedRequestError::NotJson { reason: error.to_string() },
    })?;
    let id = request.get("id").cloned().unwrap_or(Value::Null);
    let query = match request.get("method").and_then(Value::as_str) {
        Some(method) if METHODS.contains(&method) => {
            ServiceNodesQuery::parse(request.get("params"))
        }
        Some(method) => Err(SeedRequestError::Method { method: method.to_owned() }),
        None => Err(SeedRequestError::NoMethod),
    };
    match query {
        Ok(query) => Ok(SeedRequest { id, query }),
        Err(error) => Err(BadSeedRequest { id, error }),
    }
}

/// The body of a seed's answer.
pub fn service_nodes_answer(
    nodes: &[ListedNode],
    chain: &ChainState,
    request: &SeedRequest,
    rng: &mut impl Rng,
) -> Vec<u8> {
    let result = service_nodes_result(nodes, chain, &request.query, rng);
    json!({ "jsonrpc": "2.0", "id": request.id, "result": result }).to_string().into_bytes()
}

/// The `result` of an answer; a service node's `oxend_request` wraps the same
/// in its own way. Randomness is for the `limit`: a positive one picks that
/// many nodes at random, a negative one shuffles all.
pub fn service_nodes_result(
    nodes: &[ListedNode],
    chain: &ChainState,
    query: &ServiceNodesQuery,
    rng: &mut impl Rng,
) -> Value {
    let mut result = query.fields.keep(chain.fields());
    result.insert("status".to_owned(), json!("OK"));
    if query.poll_block_hash.as_ref().is_some_and(|hash| *hash == hex::encode(chain.block_hash)) {
        result.insert("unchanged".to_owned(), json!(true));
        return Value::Object(result);
    }
    let mut listed: Vec<&ListedNode> = nodes
        .iter()
        .filter(|node| node.active || !query.active_only)
        .filter(|node| query.pubkeys.as_ref().is_none_or(|keys| keys.contains(&node.legacy)))
        .collect();
    if query.limit != 0 {
        shuffle(&mut listed, rng);
    }
    if let Ok(limit @ 1..) = usize::try_from(query.limit) {
        listed.truncate(limit);
    }
    let entries = listed.into_iter().map(|node| Value::Object(query.fields.keep(node.fields())));
    result.insert("service_node_states".to_owned(), entries.collect());
    Value::Object(result)
}

fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for end in (1..items.len()).rev() {
        let sides = u64::try_from(end).unwrap_or(u64::MAX).saturating_add(1);
        // The bias of a remainder is far below what a list of nodes could show.
        let other = rng.next_u64().checked_rem(sides).unwrap_or(0);
        items.swap(end, usize::try_from(other).unwrap_or(0));
    }
}

fn invalid(name: &'static str, value: &Value, expected: &'static str) -> SeedRequestError {
    SeedRequestError::Invalid { name, value: value.to_string(), expected }
}

/// A request that cannot be carried out, and by what its sender knows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct BadSeedRequest {
    /// The request's id.
    pub id: Value,
    /// What is wrong with it.
    #[source]
    pub error: SeedRequestError,
}

impl BadSeedRequest {
    /// The body of the answer that says so. JSON-RPC errors go with status 200.
    pub fn answer(&self) -> Vec<u8> {
        let error = json!({ "code": self.error.code(), "message": self.error.to_string() });
        json!({ "jsonrpc": "2.0", "id": self.id, "error": error }).to_string().into_bytes()
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedRequestError {
    /// Not JSON.
    #[error("the request is not JSON: {reason}")]
    NotJson {
        /// What is wrong with it.
        reason: String,
    },
    /// No method, or one that is not text.
    #[error("the request names no method; get_service_nodes is one")]
    NoMethod,
    /// A method that is not here.
    #[error("the method '{method}' is not here; get_service_nodes is")]
    Method {
        /// The method.
        method: String,
    },
    /// A parameter of the wrong kind.
    #[error("the parameter {name} is {value}; it must be {expected}")]
    Invalid {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: String,
        /// What should have been.
        expected: &'static str,
    },
}

impl SeedRequestError {
    /// Its number in JSON-RPC.
    pub const fn code(&self) -> i32 {
        match self {
            Self::NotJson { .. } => -32700,
            Self::NoMethod => -32600,
            Self::Method { .. } => -32601,
            Self::Invalid { .. } => -32602,
        }
    }
}
