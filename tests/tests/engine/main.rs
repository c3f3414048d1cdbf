//! The whole engine in this process, against a local network with real TLS,
//! real onion layers and real storage rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that finds something else than it expects has to fail"
)]

mod commands;
mod delivery;
mod devices;
mod guard;
mod mischief;
mod network;
mod panics;
mod snapshots;
mod support;
