//! Protobuf, onion frames and RPC shapes of the Session network: bytes in,
//! bytes out. Every parser takes whatever bytes come and answers with a value
//! or an error; none trusts a length it was given.
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod active_nodes;
pub mod bt;
pub mod envelope;
pub mod faults_file;
pub mod file_server;
pub mod network_file;
pub mod node_to_node;
pub mod onion_frame;
pub mod onion_v4;
pub mod ons;
pub mod proto;
pub mod seed_rpc;
pub mod seeds;
pub mod storage;
