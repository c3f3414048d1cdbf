//! A message that cannot be sent now goes out later, once.

use crate::support::{Place, text};

#[test]
fn what_waits_is_sent_once_by_the_next_engine() {
    let place = Place::new();
    let network = place.network();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    // So that nodes are known, and the failure is one of the way to them.
    place.run(&["--home", "alice", "send", "--to", &bob, "first"]).done();
    network.terminate().done();

    let failed = place
        .run(&["--home", "alice", "--timeout", "2", "send", "--to", &bob, "second", "--json"])
        .failed(1, &["kept", "within 2 s"]);
    let error = failed.json().pop().unwrap();
    assert_eq!((error["event"].as_str(), error["kind"].as_str()), (Some("error"), Some("Timeout")));
    let waiting = place.json(&["--home", "alice", "messages", "--with", &bob]);
    let states: Vec<_> = waiting.iter().map(|message| text(message, "state")).collect();
    assert_eq!(states, ["stored", "queued"]);

    let _network = place.network();
    let _engine = place.engine("alice");
    let came = place.json(&["--home", "bob", "listen", "--count", "2"]);
    let texts: Vec<_> = came
        .iter()
        .filter(|line| line["event"] == "message")
        .map(|line| text(line, "text"))
        .collect();
    assert_eq!(texts, ["first", "second"]);
    // And a third one behind it, so that a second copy would have come before.
    place.run(&["--home", "alice", "send", "--to", &bob, "third"]).done();
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(&came[1], "text"), "third");
    let history = place.json(&["--home", "bob", "messages", "--with", &text(&came[1], "author")]);
    assert_eq!(history.len(), 3, "{history:#?}");
}

#[test]
fn a_sender_that_is_killed_loses_nothing() {
    let place = Place::new();
    let network = place.network();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    network.terminate().done();
    let sender = place.start(&["--home", "alice", "send", "--to", &bob, "not lost"]);
    // Until it is in the outbox, seen through the sender's own engine.
    while place.json(&["--home", "alice", "messages", "--with", &bob]).is_empty() {}
    sender.kill();
    let _network = place.network();
    let _engine = place.engine("alice");
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(&came[1], "text"), "not lost");
}
