//! Three processes: a network, a listener, a sender.

use std::thread;
use std::time::Duration;

use crate::support::{Place, text};

#[test]
fn a_message_arrives_once_with_its_author() {
    let place = Place::new();
    let network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let listener = place.listen("bob");

    let sent = place.json(&[
        "--home",
        "alice",
        "--network",
        "net.toml",
        "send",
        "--to",
        &bob,
        "good morning",
    ]);
    let [stored] = &sent[..] else { panic!("one line: {sent:#?}") };
    assert_eq!(stored["event"], "stored");
    assert_eq!(text(stored, "to"), bob);
    assert_eq!(stored["nodes"].as_array().unwrap().len(), 3);

    let message = listener.event("message");
    assert_eq!(text(&message, "author"), alice);
    assert_eq!(text(&message, "conversation"), alice);
    assert_eq!(text(&message, "account"), bob);
    assert_eq!(text(&message, "text"), "good morning");
    assert_eq!(message["own"], false);
    assert_eq!(message["hash"], stored["hash"]);
    assert_eq!(message["timestamp"], stored["timestamp"]);
    assert!(message["seq"].is_u64());
    // Some polls later it has not come again.
    assert!(!listener.says("message", Duration::from_secs(5)));
    listener.terminate().done();

    let history = place.json(&["--home", "bob", "messages", "--with", &alice]);
    let [only] = &history[..] else { panic!("one message: {history:#?}") };
    assert_eq!(only["message"], message["message"]);
    // Whoever is not known yet asks first.
    assert!(place.json(&["--home", "bob", "conversations"]).is_empty());
    let requests = place.json(&["--home", "bob", "requests"]);
    let [conversation] = &requests[..] else { panic!("one: {requests:#?}") };
    assert_eq!(text(conversation, "conversation"), alice);
    assert_eq!(text(conversation, "name"), "alice");
    assert_eq!(conversation["unread"], 1);

    for about in ["message", "hash"] {
        let trace = place.json(&["--home", "bob", "trace", &text(&message, about)]);
        let steps: Vec<_> = trace.iter().map(|line| text(line, "step")).collect();
        assert!(steps.contains(&"received".to_owned()), "{steps:?}");
    }
    let trace = place.json(&["--home", "alice", "trace", &text(stored, "message")]);
    let attempt = trace.iter().find(|line| line["step"] == "attempted").unwrap();
    assert_eq!(attempt["path"].as_array().unwrap().len(), 3);
    network.terminate().done();
}

#[test]
fn text_from_stdin_is_sent_as_it_is() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let text_sent = "two\nlines – and 👋, \u{202e}marks\u{1b}[31m";
    place.run_with(&["--home", "alice", "send", "--to", &alice], &format!("{text_sent}\n")).done();
    let notes = place.json(&["--home", "alice", "messages", "--with", &alice]);
    assert_eq!(text(&notes[0], "text"), text_sent);
    // On a terminal it must not be able to steer it.
    let shown = place.run(&["--home", "alice", "messages", "--with", &alice]).done().stdout;
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
}

#[test]
fn listeners_end_after_a_count() {
    let place = Place::new();
    let _network = place.network();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    for text in ["one", "two", "three"] {
        place.run(&["--home", "alice", "send", "--to", &bob, text]).done();
    }
    let came = place.json(&["--home", "bob", "listen", "--count", "3"]);
    let texts: Vec<_> = came
        .iter()
        .filter(|line| line["event"] == "message")
        .map(|line| text(line, "text"))
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
    place
        .run(&["--home", "bob", "listen", "--count", "1", "--timeout", "1"])
        .failed(1, &["0 of 1", "--timeout"]);
}

#[test]
fn senders_at_the_same_time_share_one_engine() {
    let place = Place::new();
    let _network = place.network();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let place = &place;
    let sent: Vec<String> = (0..6).map(|number| format!("message {number}")).collect();
    thread::scope(|scope| {
        for text in &sent {
            let bob = &bob;
            scope.spawn(move || place.run(&["--home", "alice", "send", "--to", bob, text]).done());
        }
    });
    let came = place.json(&["--home", "bob", "listen", "--count", "6"]);
    let mut texts: Vec<_> = came
        .iter()
        .filter(|line| line["event"] == "message")
        .map(|line| text(line, "text"))
        .collect();
    texts.sort();
    assert_eq!(texts, sent);
}
