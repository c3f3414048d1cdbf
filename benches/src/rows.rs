//! What is measured.

mod actors;
mod bots;
mod config;
mod crypto;
mod engine;
mod network;
mod plugins;
mod transport;

use crate::table::Row;

/// Rounds of each row, at least.
pub const ROUNDS: usize = 25;

/// Measures all rows whose goal is asked for; all, if none is.
pub fn all(goals: &[String], rounds: usize) -> anyhow::Result<Vec<Row>> {
    let wanted = |names: &[&str]| {
        goals.is_empty() || goals.iter().any(|goal| names.contains(&goal.as_str()))
    };
    let mut rows = Vec::new();
    if wanted(&["G1"]) {
        rows.extend(crypto::rows(rounds));
    }
    if wanted(&["G2"]) {
        rows.extend(engine::send(rounds)?);
    }
    if wanted(&["G3"]) {
        rows.extend(engine::poll(rounds)?);
    }
    if wanted(&["G4", "G6"]) {
        rows.extend(actors::rows(rounds)?);
        rows.extend(engine::receive(rounds)?);
    }
    if wanted(&["G11"]) {
        rows.extend(transport::rows(rounds)?);
    }
    if wanted(&["Config"]) {
        rows.extend(config::rows(rounds)?);
    }
    if wanted(&["Plugins"]) {
        rows.extend(plugins::rows(rounds)?);
    }
    // Minutes, and all of the machine: only where it is asked for.
    if goals.iter().any(|goal| goal == "Bots") {
        rows.extend(bots::rows()?);
    }
    Ok(rows)
}
