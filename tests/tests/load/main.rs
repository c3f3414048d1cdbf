//! Many messages, many accounts, many kills: nothing is lost, doubled or out
//! of order, and memory stays where it should.

#[path = "../e2e/support.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod program;
#[path = "../engine/support.rs"]
#[allow(dead_code, reason = "shared with the engine's tests")]
mod support;

mod backlog;
mod garbage;
mod identities;
mod kills;
mod memory;
mod raw;
