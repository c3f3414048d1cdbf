//! End to end: the real binary, real processes, real sockets on loopback.
//! RAMSON_BIN names the binary; without it these tests build it first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "all of this is test code, which fails by panicking"
)]

mod accounts;
mod attach;
mod bad_input;
mod bot_docs;
mod bots;
mod delivery;
mod demo;
mod disk;
mod endings;
mod localnet;
mod messages;
mod names;
mod network;
mod outbox;
mod pages;
mod plugin_docs;
mod plugin_folders;
mod requests;
mod restore;
mod rpc;
mod rpc_python;
mod seeds;
mod service_nodes;
#[allow(dead_code, reason = "the load tests share it, and use other parts")]
mod support;
mod terminal;
mod terminal_ui;
mod timers;
