//! Libraries and plugins for tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use ramson_wire::codec::Encoding;
use ramson_wire::{AccountId, GrantSet, Snapshot, Stage, TopicSet};

use crate::gate::{Gate, Rules};
use crate::prepared::Prepared;
use crate::seat::{Admitted, Seat, SeatPlan};

/// A plugin in C; what it does is chosen by macros.
const TRIAL: &str = include_str!("trial/trial.c");

/// Builds the trial plugin, under a name, with compiler flags.
pub(crate) fn c_plugin(folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    c_library(folder, name, TRIAL, flags)
}

/// Builds a library of a C source.
pub(crate) fn c_library(folder: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("ramson_plugin.h"), ramson_abi::HEADER).unwrap();
    let file = folder.join(format!("{name}.c"));
    std::fs::write(&file, source).unwrap();
    let library = folder.join(format!("libramson_{}.so", name.replace('-', "_")));
    let built = Command::new("gcc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&file)
        .args(flags)
        .output()
        .expect("gcc is needed for this test");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

/// A seat that may do everything, and its inbox.
pub(crate) fn seat(
    name: &str,
    queue_limit: usize,
) -> (Arc<Seat>, tokio::sync::mpsc::Receiver<Admitted>) {
    seat_of(name, queue_limit, false, None, TopicSet::ALL)
}

/// The same for a durable plugin; nobody carries out what it asks for.
pub(crate) fn durable_seat(name: &str, queue_limit: usize) -> Arc<Seat> {
    seat_of(name, queue_limit, true, None, TopicSet::ALL).0
}

/// The same, for one that sees some accounts and hears of some topics.
pub(crate) fn durable_seat_of(
    name: &str,
    accounts: Option<Vec<AccountId>>,
    topics: TopicSet,
) -> Arc<Seat> {
    seat_of(name, 64, true, accounts, topics).0
}

fn seat_of(
    name: &str,
    queue_limit: usize,
    durable: bool,
    accounts: Option<Vec<AccountId>>,
    topics: TopicSet,
) -> (Arc<Seat>, tokio::sync::mpsc::Receiver<Admitted>) {
    let rules = Rules {
        name: name.to_owned(),
        ui: false,
        encoding: Encoding::Json,
        topics,
        grants: GrantSet::ALL,
        accounts,
        conversations: None,
        rate: None,
    };
    let (seat, inbox) = Seat::new(SeatPlan {
        name: name.to_owned(),
        generation: 1,
        ui: false,
        durable,
        encoding: Encoding::Json,
        gate: Arc::new(Gate::new(rules)),
        queue_limit,
        wake: Box::new(|| {}),
        now: Box::new(|| 0),
    });
    (Arc::new(seat), inbox)
}

/// A snapshot of nothing.
pub(crate) fn snapshot(seq: u64) -> Arc<Prepared> {
    Arc::new(Prepared::new(ramson_wire::Event::Snapshot(Snapshot {
        seq,
        version: "1".to_owned(),
        stage: Stage::Running,
        network: "test".to_owned(),
        home: String::new(),
        granted: GrantSet::NONE,
        accounts: Vec::new(),
        conversations: Vec::new(),
        plugins: Vec::new(),
        window: None,
    })))
}

/// Waits for something that other threads bring about.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("never: {what}");
}

/// The same on a runtime.
pub(crate) async fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}
