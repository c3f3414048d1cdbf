//! An account that was away for long.

use std::time::Duration;

use ramson_codec::proto::{Content, DataMessage};
use ramson_crypto::{AccountKeys, Seed};
use ramson_protocol::inbox;
use ramson_types::AccountId;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::memory::peak_kib;
use crate::program::Place;
use crate::raw::Network;
use crate::support::now;

/// Messages that wait; `RAMSON_LOAD_BACKLOG` changes it.
fn backlog() -> usize {
    std::env::var("RAMSON_LOAD_BACKLOG").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Resident memory of the receiving process, at most.
const MEMORY_KIB: u64 = 150 * 1024;

#[test]
fn everything_that_waited_arrives_once_and_in_order_in_bounded_memory() {
    let place = Place::new();
    let network = Network::start(8, &place);
    let bob: AccountId = place.account("bob", "net.toml").parse().unwrap();
    let mut rng = StdRng::seed_from_u64(8);
    let alice = AccountKeys::new(&Seed::generate(&mut rng));
    let start = now();
    let message = |n: usize| {
        let sent = start.plus(Duration::from_millis(n as u64));
        let body = Some(format!("message {n}"));
        let data = DataMessage { body, ..DataMessage::default() };
        let content = Content {
            data_message: Some(data),
            sig_timestamp: Some(sent.millis()),
            ..Content::default()
        };
        inbox::seal(&alice, &bob, &content.encode(), sent, &mut rng).unwrap()
    };
    network.store(bob, (0..backlog()).map(message).collect());

    let listener = place.listen("bob");
    for n in 0..backlog() {
        assert_eq!(listener.event("message")["text"], format!("message {n}"));
    }
    let peak = peak_kib(listener.pid());
    println!("{} waiting messages: resident memory {peak} KiB at most", backlog());
    assert!(peak < MEMORY_KIB, "{peak} KiB, more than {MEMORY_KIB}");
    listener.terminate().done();
    let with = alice.account_id().to_string();
    let all = place.json(&["--home", "bob", "messages", "--with", &with, "--limit", "1000000"]);
    assert_eq!(all.len(), backlog(), "each is in the history once");
}
