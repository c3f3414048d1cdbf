//! How a local network stands: what the control socket tells and the status
//! page shows.

use serde::{Deserialize, Serialize};

/// A local network, as it is now. Readers pass over fields that they do not
/// know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What it is called.
    pub network: String,
    /// Where the list of nodes is told.
    pub seed: String,
    /// Where its page is, if it has one.
    pub page: Option<String>,
    /// Unix milliseconds.
    pub time: u64,
    /// Since it started.
    pub up_seconds: u64,
    /// Of all HTTP requests, over the last ten seconds.
    pub requests_per_second: f64,
    /// HTTP requests in each second of the last minute, oldest first.
    pub last_minute: Vec<u32>,
    /// All nodes by their numbers.
    pub nodes: Vec<NodeStatus>,
    /// All swarms by their numbers; one without nodes holds nothing.
    pub swarms: Vec<SwarmStatus>,
    /// Names of accounts, by name.
    pub names: Vec<NameStatus>,
    /// The file server.
    pub file_server: Option<FileServerStatus>,
    /// The rules of the faults file, in its order.
    pub faults: Vec<RuleStatus>,
    /// What went wrong lately, newest first.
    pub recent: Vec<Trouble>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// From 0.
    pub node: usize,
    /// Its Ed25519 key.
    pub key: String,
    /// Address and port of its HTTPS.
    pub address: String,
    /// The number of its swarm, if it is in one.
    pub swarm: Option<usize>,
    /// Whether it answers.
    pub up: bool,
    /// Whether it was stopped by hand, and stays so after a restart.
    pub stopped: bool,
    /// How many messages it holds.
    pub messages: usize,
    /// HTTP requests since the start.
    pub requests: u64,
    /// What other nodes asked since the start.
    pub calls: u64,
    /// 421 answers since the start, in batches and onions too.
    pub misdirected: u64,
    /// Other HTTP answers that tell of something wrong, and faults that struck.
    pub errors: u64,
    /// What is wrong with it now, by the names of the faults file.
    pub faults: Vec<String>,
}

/// One swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmStatus {
    /// From 0, in the order in which they were made.
    pub swarm: usize,
    /// Its number on the chain, in hex.
    pub id: String,
    /// Its nodes.
    pub nodes: Vec<usize>,
}

/// A name of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameStatus {
    /// In lower case.
    pub name: String,
    /// The Account ID.
    pub id: String,
}

/// The file server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileServerStatus {
    /// Where it is.
    pub url: String,
    /// The X25519 key to which requests are sealed.
    pub public_key: String,
    /// How many files it holds.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// One rule of the faults file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStatus {
    /// The fault's name.
    pub fault: String,
    /// What the file calls the rule.
    pub name: Option<String>,
    /// Whom it is about.
    pub about: String,
    /// Whether it is in force now.
    pub on: bool,
    /// How many requests it struck.
    pub struck: u64,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Unix milliseconds, of the last time.
    pub at: u64,
    /// Where.
    pub who: String,
    /// What.
    pub what: String,
    /// How often, as long as it is remembered.
    pub times: u32,
}
