//! Sender and receiver are killed at random moments, again and again.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::program::{Place, Running, text};

/// Messages in all; `RAMSON_LOAD_KILL_MESSAGES` changes it.
fn messages() -> usize {
    std::env::var("RAMSON_LOAD_KILL_MESSAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// Kills in all.
fn kills() -> usize {
    messages() / 10
}

const SENDERS: usize = 4;

#[test]
fn nothing_that_was_said_to_be_stored_is_lost_and_nothing_comes_twice() {
    let seed = std::env::var("RAMSON_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(11);
    let mut rng = StdRng::seed_from_u64(seed);
    let place = Place::new();
    let network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let sending = Mutex::new(place.engine("alice"));
    let mut receiving = place.engine("bob");
    let every = messages() / kills();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let said_stored = Mutex::new(Vec::new());
    let killed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= messages() {
                        break;
                    }
                    // Not far ahead of the kills, which are spread over all messages.
                    while n / every > killed.load(Ordering::Relaxed) + 2 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    let body = format!("message {n}");
                    let command = {
                        // Not while the engine is being started again.
                        let _running = sending.lock().unwrap();
                        place.start(&["--home", "alice", "send", "--to", &bob, &body, "--json"])
                    };
                    let ended = command.wait();
                    if ended.stdout.contains("\"event\":\"stored\"") {
                        said_stored.lock().unwrap().push(body);
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for kill in 0..kills() {
            // At a random moment of one of its messages.
            while done.load(Ordering::Relaxed) < kill * every {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(rng.random_range(0..40)));
            if rng.random() {
                let mut engine = sending.lock().unwrap();
                // Commands that were just started have time to attach.
                std::thread::sleep(Duration::from_millis(rng.random_range(10..60)));
                kill_and_restart(&mut engine, &place, "alice");
            } else {
                kill_and_restart(&mut receiving, &place, "bob");
            }
            killed.fetch_add(1, Ordering::Relaxed);
        }
    });
    let stored = said_stored.into_inner().unwrap();

    // The engines that run now finish what the killed ones left.
    let sent = ["--home", "alice", "messages", "--with", &bob, "--limit", "1000000"];
    let queued = loop {
        let all = place.json(&sent);
        if all.iter().all(|message| message["state"] == "stored") {
            break all;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    let received = ["--home", "bob", "messages", "--with", &alice, "--limit", "1000000"];
    let mut got: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..100 {
        got.clear();
        for message in place.json(&received) {
            *got.entry(text(&message, "text")).or_default() += 1;
        }
        if got.len() >= queued.len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    println!(
        "seed {seed}: {} kills during {} messages; {} were said to be stored, {} were \
         queued, {} arrived",
        killed.into_inner(),
        messages(),
        stored.len(),
        queued.len(),
        got.len(),
    );
    assert!(stored.len() > messages() / 2, "most messages are sent between the kills");
    for body in &stored {
        assert_eq!(got.get(body), Some(&1), "'{body}' was said to be stored");
    }
    for message in &queued {
        assert_eq!(got.get(&text(message, "text")), Some(&1), "{message} was queued");
    }
    assert_eq!(got.len(), queued.len(), "nothing else arrived");
    drop(network);
}

fn kill_and_restart(engine: &mut Running, place: &Place, home: &str) {
    engine.kill_now();
    *engine = place.engine(home);
}
