//! Answers as clients read them: tolerant of what older and newer servers add,
//! leave out or spell differently, strict about what is used. Nothing here
//! believes a node: hashes and signatures are checked by the caller with the
//! functions given.

use std::collections::BTreeMap;

use ramson_crypto::{ed25519, message_hash};
use ramson_types::{
    AccountId, Ed25519PublicKey, MessageHash, Namespace, ServiceNode, SwarmId, Timestamp,
};
use serde_json::{Map, Value};

use super::request::HardFork;
use super::{base64_text, member_text};

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Not JSON at all.
    #[error("the answer to '{method}' is not JSON; it begins with '{start}'")]
    NotJson {
        /// What was asked.
        method: &'static str,
        /// The first characters of the answer.
        start: String,
    },
    /// A field that everything depends on is missing or of the wrong type.
    #[error("the answer to '{method}' has no usable '{field}'")]
    Field {
        /// What was asked.
        method: &'static str,
        /// Which field.
        field: &'static str,
    },
}

/// Reads the JSON object that an answer should be.
pub(super) fn object(method: &'static str, body: &[u8]) -> Result<Map<String, Value>, AnswerError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => {
            let start = String::from_utf8_lossy(body).chars().take(40).collect();
            Err(AnswerError::NotJson { method, start })
        }
    }
}

fn number(object: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    object.get(name)?.as_u64().map(Timestamp)
}

fn hash(object: &Map<String, Value>, name: &str) -> Option<MessageHash> {
    object.get(name)?.as_str()?.parse().ok()
}

/// Truth as nodes write it: a boolean of the node asked, 0 or 1 of its peers.
pub(super) fn truthy(object: &Map<String, Value>, name: &str) -> bool {
    match object.get(name) {
        Some(Value::Bool(value)) => *value,
        Some(value) => value.as_u64().is_some_and(|value| value != 0),
        None => false,
    }
}

/// What every JSON answer may say about the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeStatus {
    /// The node's clock.
    pub time: Option<Timestamp>,
    /// The hard fork it is on.
    pub hard_fork: Option<HardFork>,
}

impl NodeStatus {
    pub(super) fn of(object: &Map<String, Value>) -> Self {
        Self { time: number(object, "t"), hard_fork: hard_fork(object.get("hf")) }
    }
}

fn hard_fork(value: Option<&Value>) -> Option<HardFork> {
    match value?.as_array()?.as_slice() {
        [major, revision, ..] => Some(HardFork(small(major)?, small(revision)?)),
        _ => None,
    }
}

fn small(value: &Value) -> Option<u16> {
    value.as_u64()?.try_into().ok()
}

/// What one member of a swarm said to a `store`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreOutcome {
    /// It keeps the message, and signed the hash.
    Stored {
        /// The hash it computed.
        hash: MessageHash,
        /// Its signature of the hash.
        signature: [u8; 64],
        /// Until when.
        expiry: Option<Timestamp>,
        /// It had it before.
        already: bool,
    },
    /// It does not.
    Failed {
        /// It did not answer in time.
        timed_out: bool,
        /// The status it gave.
        code: Option<u16>,
        /// Why.
        reason: Option<String>,
    },
}

impl StoreOutcome {
    fn of(member: &Value) -> Self {
        let nothing = Map::new();
        let member = member.as_object().unwrap_or(&nothing);
        let reason = member.get("reason").and_then(Value::as_str).map(str::to_owned);
        let signature = member.get("signature").and_then(Value::as_str);
        let signature = signature.and_then(base64_text::signature);
        match (hash(member, "hash"), signature) {
            (Some(hash), Some(signature)) if !truthy(member, "failed") => Self::Stored {
                hash,
                signature,
                expiry: number(member, "expiry"),
                already: truthy(member, "already"),
            },
            _ => Self::Failed {
                timed_out: truthy(member, "timeout"),
                code: code(member.get("code")),
                reason,
            },
        }
    }
}

/// A status, as a number or as text.
fn code(value: Option<&Value>) -> Option<u16> {
    match value? {
        Value::String(text) => text.parse().ok(),
        value => small(value),
    }
}

/// The answer to `store`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreAnswer {
    /// The hash as the node asked gives it; missing if no member stored.
    pub hash: Option<MessageHash>,
    /// What each member said. Unreadable entries count as failed; those
    /// under unreadable keys are left out.
    pub swarm: BTreeMap<Ed25519PublicKey, StoreOutcome>,
    /// The node's clock and hard fork.
    pub status: NodeStatus,
}

impl StoreAnswer {
    /// Reads the body of a 200.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("store", body)?;
        let swarm = members("store", &answer)?;
        let swarm = swarm.map(|(key, member)| (key, StoreOutcome::of(member))).collect();
        Ok(Self { hash: hash(&answer, "hash"), swarm, status: NodeStatus::of(&answer) })
    }

    /// The members whose signature over `expected` is good: these hold the
    /// message, as far as anybody can know.
    pub fn confirmed(&self, expected: MessageHash) -> Vec<Ed25519PublicKey> {
        let text = member_text::store(&expected.to_string());
        let confirms = |(key, outcome): (&Ed25519PublicKey, &StoreOutcome)| match outcome {
            StoreOutcome::Stored { hash, signature, .. }
                if *hash == expected && ed25519::verify(key, &text, signature) =>
            {
                Some(*key)
            }
            _ => None,
        };
        self.swarm.iter().filter_map(confirms).collect()
    }
}

/// Entries of `swarm` under readable keys.
pub(super) fn members<'a>(
    method: &'static str,
    answer: &'a Map<String, Value>,
) -> Result<impl Iterator<Item = (Ed25519PublicKey, &'a Value)>, AnswerError> {
    let swarm = answer.get("swarm").and_then(Value::as_object);
    let swarm = swarm.ok_or(AnswerError::Field { method, field: "swarm" })?;
    Ok(swarm.iter().filter_map(|(key, member)| Some((key.parse().ok()?, member))))
}

/// One message of a `retrieve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieved {
    /// Its name, and the place in the order of this node.
    pub hash: MessageHash,
    /// When it was sent, as its sender says.
    pub timestamp: Timestamp,
    /// Until when it is kept.
    pub expiration: Option<Timestamp>,
    /// Its bytes, if they could be read.
    pub data: Result<Vec<u8>, UnreadableData>,
}

impl Retrieved {
    /// Whether the hash is that of the data in this account and namespace; a
    /// message of anybody else, or changed by the node, is not.
    pub fn hash_is_right(&self, account: &AccountId, namespace: Namespace) -> bool {
        let data = self.data.as_deref().unwrap_or_default();
        message_hash(account, namespace, data) == self.hash
    }
}

/// Data of a message that is not base64; a node of version 2.8 returns empty
/// data as `=`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data of a stored message is not base64; it begins with '{start}'")]
pub struct UnreadableData {
    /// Its first characters.
    pub start: String,
}

/// The answer to `retrieve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrieveAnswer {
    /// In the order of this node. An entry whose data is unreadable stands
    /// among them, so that it is passed over and not met again.
    pub messages: Vec<Retrieved>,
    /// Entries without a readable hash or time, which cannot even be named.
    pub unnamed: usize,
    /// There are more after the last of these.
    pub more: bool,
    /// The node's clock and hard fork.
    pub status: NodeStatus,
}

impl RetrieveAnswer {
    /// Reads the body of a 200.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("retrieve", body)?;
        let entries = answer.get("messages").and_then(Value::as_array);
        let entries =
            entries.ok_or(AnswerError::Field { method: "retrieve", field: "messages" })?;
        let messages: Vec<_> = entries.iter().filter_map(retrieved).collect();
        Ok(Self {
            unnamed: entries.len().saturating_sub(messages.len()),
            messages,
            more: truthy(&answer, "more"),
            status: NodeStatus::of(&answer),
        })
    }
}

fn retrieved(entry: &Value) -> Option<Retrieved> {
    let entry = entry.as_object()?;
    let data = entry.get("data").and_then(Value::as_str).unwrap_or("=");
    let unreadable = || UnreadableData { start: data.chars().take(20).collect() };
    Some(Retrieved {
        hash: hash(entry, "hash")?,
        timestamp: number(entry, "timestamp")?,
        expiration: number(entry, "expiration").or_else(|| number(entry, "expiry")),
        data: base64_text::decode(data).ok_or_else(unreadable),
    })
}

/// The answer to `get_swarm`, which is also the body of every 421.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwarmAnswer {
    /// The swarm; `None` if the network has none.
    pub swarm: Option<SwarmId>,
    /// Its members that could be read.
    pub nodes: Vec<ServiceNode>,
    /// The node's clock and hard fork.
    pub status: NodeStatus,
}

impl SwarmAnswer {
    /// Reads the body.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("get_swarm", body)?;
        let field = |field| AnswerError::Field { method: "get_swarm", field };
        let swarm = answer.get("swarm").and_then(Value::as_str);
        let swarm: Option<SwarmId> = swarm.and_then(|id| id.parse().ok());
        let swarm = swarm.ok_or(field("swarm"))?;
        let swarm = (swarm != super::request::NO_SWARM).then_some(swarm);
        let entries = answer.get("snodes").and_then(Value::as_array).ok_or(field("snodes"))?;
        let nodes: Vec<_> = entries.iter().filter_map(|entry| node(entry, swarm)).collect();
        if nodes.is_empty() && !entries.is_empty() {
            return Err(field("snodes"));
        }
        Ok(Self { swarm, nodes, status: NodeStatus::of(&answer) })
    }
}

/// `port_https` is a number, the older `port` a string; either will do.
fn node(entry: &Value, swarm: Option<SwarmId>) -> Option<ServiceNode> {
    let text = |name| entry.get(name).and_then(Value::as_str);
    let port = match entry.get("port_https").and_then(small) {
        Some(port) => port,
        None => code(entry.get("port"))?,
    };
    let ip: std::net::Ipv4Addr = text("ip")?.parse().ok()?;
    if port == 0 || ip.is_unspecified() {
        return None;
    }
    Some(ServiceNode {
        ed25519: text("pubkey_ed25519")?.parse().ok()?,
        x25519: text("pubkey_x25519")?.parse().ok()?,
        ip,
        https_port: port,
        swarm,
    })
}

/// One result of a `batch` or `sequence`.
#[derive(Debug, Clone, PartialEq)]
pub struct SubAnswer {
    /// Its status.
    pub code: u16,
    /// JSON for most, a string for errors.
    pub body: Value,
}

impl SubAnswer {
    /// The body as it would stand alone.
    pub fn body_bytes(&self) -> Vec<u8> {
        match &self.body {
            Value::String(text) => text.clone().into_bytes(),
            json => json.to_string().into_bytes(),
        }
    }
}

/// The answer to `batch` and `sequence`: results in the order of the requests.
/// A sequence ends with the first that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAnswer {
    /// One for each request.
    pub results: Vec<SubAnswer>,
}

impl BatchAnswer {
    /// Reads the body of a 200. A result without a status makes the whole
    /// unusable: the others could no longer be told apart.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let mut answer = object("batch", body)?;
        let field = || AnswerError::Field { method: "batch", field: "results" };
        let Some(Value::Array(results)) = answer.remove("results") else {
            return Err(field());
        };
        let results = results.into_iter().map(|mut result| {
            let code = code(result.get("code"))?;
            Some(SubAnswer { code, body: result.get_mut("body")?.take() })
        });
        Ok(Self { results: results.collect::<Option<_>>().ok_or_else(field)? })
    }
}

/// The answer to `info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InfoAnswer {
    /// The storage server's version.
    pub version: [u16; 3],
    /// The node's clock.
    pub time: Timestamp,
    /// The hard fork it is on.
    pub hard_fork: Option<HardFork>,
}

impl InfoAnswer {
    /// Reads the body of a 200.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let answer = object("info", body)?;
        let field = |field| AnswerError::Field { method: "info", field };
        let version = match answer.get("version").and_then(Value::as_array).map(Vec::as_slice) {
            Some([a, b, c]) => small(a).zip(small(b)).zip(small(c)),
            _ => None,
        };
        let ((a, b), c) = version.ok_or(field("version"))?;
        let time = number(&answer, "t").or_else(|| number(&answer, "timestamp"));
        Ok(Self {
            version: [a, b, c],
            time: time.ok_or(field("t"))?,
            hard_fork: hard_fork(answer.get("hf")),
        })
    }
}
