//! Protobuf, onion frames and RPC shapes of the Session network: bytes in,
//! bytes out. Every parser takes whatever bytes come and answers with a value
//! or an error; none trusts a length it was given.
#![warn(clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod envelope;
pub mod network_file;
pub mod onion_frame;
pub mod proto;
pub mod seed_rpc;
pub mod seeds;
pub mod storage;
