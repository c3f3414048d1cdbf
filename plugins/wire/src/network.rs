//! The network, and the way of a message through it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{MessageId, Millis};

/// How the network is for one account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// How many service nodes are known.
    pub nodes: u64,
    /// The account's paths that carry requests.
    pub paths: Vec<Path>,
    /// How many paths there should be.
    pub paths_wanted: u64,
    /// The members of the account's swarm, where they are known.
    pub swarm: Vec<Hop>,
    /// How far this machine's clock is ahead of the network's, in ms.
    pub clock_ahead: i64,
    /// Why the seeds could not be used, if they could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// The service nodes that requests pass, guard first.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// Its nodes.
    pub hops: Vec<Hop>,
}

/// A service node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// Its Ed25519 key in hex.
    pub key: String,
    /// Its address, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Something that happened to the network or the engine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum NetworkEvent {
    /// Service nodes are known.
    Nodes {
        /// How many.
        count: u64,
    },
    /// A path carries requests.
    PathReady {
        /// Its nodes.
        path: Path,
    },
    /// A path could not be built.
    PathFailed {
        /// Why.
        reason: String,
    },
    /// A seed could not be used.
    SeedFailed {
        /// Which.
        seed: String,
        /// Why.
        reason: String,
    },
    /// The store cannot be written; it is tried again until it can.
    StoreTrouble {
        /// Why.
        reason: String,
    },
    /// A part of the engine failed.
    PartFailed {
        /// Which.
        part: String,
        /// Whether it was started again; else it stays down.
        restarted: bool,
    },
}

/// Why a message did, or did not, arrive.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// Which message.
    pub message: MessageId,
    /// Every step of its way, in order. Empty where no ledger is kept.
    pub lines: Vec<TraceLine>,
}

/// A step of a message's way.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct TraceLine {
    /// When.
    pub at: Millis,
    /// Its name, which never changes: `queued`, `attempted`, `stored` …
    pub step: String,
    /// It says that something went wrong.
    pub bad: bool,
    /// A sentence for people.
    pub text: String,
}
