//! What must hold for any bytes from outside, one function for each place
//! where such bytes are read. A target takes bytes and panics where a property
//! fails; `fuzz/` lets libFuzzer choose the bytes, `tests/tests/fuzz` a seeded
//! mutator on stable. Each target also says which bytes to start from.
//!
//! | module | whose bytes |
//! |---|---|
//! | `onion` | a guard's answer; frames and control parts that a node opens |
//! | `seeds` | a seed's answer, and what a seed is asked |
//! | `storage` | storage requests, and a node's answers to them |
//! | `message` | stored messages: wrapping, sealed box, Content |
//! | `text` | what people paste: network files, faults files, phrases, ids |
//! | `names` | names, and what service nodes say of them |
//! | `files` | what is posted to a file server, and its answers |
//! | `peers` | what service nodes say to each other |
//! | `account` | what the account machine makes of answers |
//! | `config` | what other devices say of an account's settings, and kept configs |
//! | `control` | who speaks to a running engine on this machine |
//! | `rpc` | clients of the RPC server |
//! | `node_http` | what is posted to a service node |
//! | `node_rules` | what an account asks of its swarm, correctly signed |
//!
//! Not here: the encrypted store, whose own tests flip its bytes.
#![allow(clippy::panic, reason = "a panic is how a target tells of a finding")]

mod account;
mod config;
mod control;
pub mod corpus;
mod files;
mod fixed;
mod input;
mod message;
mod names;
mod node_http;
mod node_rules;
mod onion;
mod peers;
mod rpc;
mod seeds;
mod storage;
mod text;
mod world;

pub use account::{account_receive, delivery_answer, poll_answer};
pub use config::{config_dump, config_merge, config_message, config_parts};
pub use control::control_request;
pub use files::{file_answer, file_server};
pub use message::{content, envelope, sealed_message};
pub use names::{name, name_record};
pub use node_http::node_http;
pub use node_rules::node_rules;
pub use onion::{onion_frame, onion_reply};
pub use peers::{active_nodes, bencode, peer_message};
pub use rpc::rpc_request;
pub use seeds::{seed_answer, seed_request};
pub use storage::{storage_answers, storage_request};
pub use text::{faults_file, ids, mnemonic, network_file};

use corpus::Known;

/// A function to throw bytes at, and where to begin.
pub struct Target {
    /// Its name, that of its function.
    pub name: &'static str,
    /// Panics if something does not hold.
    pub run: fn(&[u8]),
    /// Bytes that lead deep, out of vectors and transcripts.
    pub corpus: fn(&Known) -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($module:ident: $($name:ident)*;)*) => {
        &[$($(Target {
            name: stringify!($name),
            run: $module::$name,
            corpus: $module::corpus::$name,
        },)*)*]
    };
}

/// All of them.
pub const TARGETS: &[Target] = targets! {
    onion: onion_reply onion_frame;
    seeds: seed_answer seed_request;
    storage: storage_request storage_answers;
    message: envelope content sealed_message;
    text: network_file faults_file mnemonic ids;
    names: name name_record;
    files: file_server file_answer;
    peers: bencode peer_message active_nodes;
    account: poll_answer account_receive delivery_answer;
    config: config_message config_merge config_parts config_dump;
    control: control_request;
    rpc: rpc_request;
    node_http: node_http;
    node_rules: node_rules;
};

/// Formats an error and holds it to a length: what is echoed may be escaped,
/// but nothing may blow up.
pub(crate) fn show(error: &impl std::fmt::Display, input: &[u8]) {
    let length = error.to_string().len();
    let bound = input.len().saturating_mul(8).saturating_add(400);
    assert!(length <= bound, "an error of {length} bytes about {} bytes", input.len());
}
