//! Many messages and many accounts: nothing is lost, doubled or out of order,
//! and memory stays where it should.

#[path = "../engine/support.rs"]
mod support;

mod garbage;
mod identities;
mod memory;
