//! Many messages, many accounts, many kills: nothing is lost, doubled or out
//! of order, and memory stays where it should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that finds something else than it expects has to fail"
)]

#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod program;
#[path = "../engine/support.rs"]
#[allow(dead_code, reason = "shared with the engine's tests")]
mod support;

mod backlog;
mod bots;
mod garbage;
mod identities;
mod kills;
mod memory;
mod nodes;
mod raw;
