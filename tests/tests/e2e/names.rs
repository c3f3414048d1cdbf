//! Registered names, wherever an Account ID of a peer is wanted.

use std::fs;

use crate::support::{Place, text, until};

/// Registers a name with the network of [`Place::network`].
fn register(place: &Place, name: &str, id: &str) {
    place.run(&["localnet", "name", name, id, "--state", "state"]).done();
}

#[test]
fn a_name_is_resolved_and_one_that_is_nobodys_is_said_to_be() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    register(&place, "alice", &alice);
    let resolved = place.json(&["--home", "alice", "resolve", "Alice"]);
    assert_eq!(resolved.len(), 1);
    assert_eq!(
        (text(&resolved[0], "event"), text(&resolved[0], "name"), text(&resolved[0], "id")),
        ("name".into(), "alice".into(), alice.clone())
    );
    // Alone on stdout, for scripts; by a running engine as well.
    let _engine = place.engine("alice");
    let shown = place.run(&["--home", "alice", "resolve", "alice"]).done();
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), (alice.as_str(), ""));

    for (args, kind, status, part) in [
        (["resolve", "nobody"], "NameNotRegistered", 1, "'nobody' is not registered"),
        (["resolve", "no body"], "InvalidName", 2, "'no body'"),
        (["resolve", &"x".repeat(65)], "InvalidName", 2, "65"),
    ] {
        let args = [&["--home", "alice", "--json"][..], &args].concat();
        let failed = place.run(&args).failed(status, &[part]);
        assert_eq!(failed.json()[0]["kind"], kind, "{failed:#?}");
    }
}

#[test]
fn a_message_goes_to_a_name_and_is_read_by_it() {
    let place = Place::new();
    let _network = place.network();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    register(&place, "bob", &bob);
    let sent = place.json(&["--home", "alice", "send", "--to", "bob", "by name"]);
    assert_eq!((text(&sent[0], "to"), text(&sent[0], "name")), (bob.clone(), "bob".into()));
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(came.last().unwrap(), "text"), "by name");
    for with in ["bob", "BOB", &bob] {
        let history = place.json(&["--home", "alice", "messages", "--with", with]);
        assert_eq!(history.len(), 1, "{with}: {history:?}");
        assert_eq!(text(&history[0], "conversation"), bob);
    }
    let _engine = place.engine("alice");
    let shown = place.run(&["--home", "alice", "send", "--to", "bob", "again"]).done().stdout;
    assert!(shown.contains(&format!("is stored for {bob} (bob)")), "{shown}");

    // Nothing is kept for somebody who is not found.
    let lost = ["--home", "alice", "send", "--to", "nobody", "lost", "--json"];
    let failed = place.run(&lost).failed(1, &["'nobody'"]);
    assert_eq!(failed.json()[0]["kind"], "NameNotRegistered", "{failed:#?}");
    assert_eq!(place.json(&["--home", "alice", "conversations"]).len(), 1);
    // Half an ID is not a name, even if somebody registers it as one.
    let half = &bob[..40];
    register(&place, half, &bob);
    place.run(&["--home", "alice", "send", "--to", half, "x"]).failed(2, &[half, "66"]);
}

#[test]
fn a_name_that_too_few_nodes_tell_is_not_resolved() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    register(&place, "alice", &alice);
    let faults = "[[rule]]\nfault = 'not ready'\nnodes = 'all'\n";
    let _engine = place.engine("alice");
    place.run(&["--home", "alice", "send", "--to", &alice, "note"]).done();
    fs::write(place.path("faults.toml"), faults).unwrap();
    place.run(&["localnet", "faults", "faults.toml", "--state", "state"]).done();
    let failed = place
        .run(&["--home", "alice", "--timeout", "50", "resolve", "alice", "--json"])
        .failed(1, &["'alice'"]);
    let kind = failed.json()[0]["kind"].clone();
    assert!(kind == "NameUnanswered" || kind == "Timeout", "{failed:#?}");
    place.run(&["localnet", "clear-faults", "--state", "state"]).done();
    // Paths that failed meanwhile are tried again after a while.
    let resolved = until("the name", || {
        let ended = place.run(&["--home", "alice", "resolve", "alice", "--json"]);
        (ended.status == Some(0)).then_some(ended)
    });
    assert_eq!(text(&resolved.json()[0], "id"), alice);
}
