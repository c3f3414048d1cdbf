//! What bots do, over a host for tests.

mod arguments;
mod conversations;
mod crashes;
mod handlers;
mod inlets;
mod refusals;
mod requests;
mod timers;

use ramson_wire::{Grant, GrantSet};

use super::testing::TestBot;
use super::{Bot, Setup};
use crate::{Level, Manifest};

const MANIFEST: Manifest = Manifest::bot("org.example.test", "Test", "1.0");

fn bot<S: Setup>(setup: impl Fn(&mut Bot) -> S + 'static) -> TestBot {
    TestBot::of(MANIFEST, "{}", setup)
}

/// The lines of the log that are at least this bad.
fn said_in_log(bot: &TestBot, worst: Level) -> String {
    let lines = bot.log().into_iter().filter(|(level, _)| *level <= worst);
    lines.map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

fn with_contacts() -> GrantSet {
    MANIFEST.grants.with(Grant::Contacts)
}
