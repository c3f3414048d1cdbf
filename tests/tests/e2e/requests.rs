//! Strangers who write, and whom nobody wants to hear.

use serde_json::json;

use crate::support::{Place, text, until};

#[test]
fn requests_are_listed_apart_and_answered() {
    let place = Place::new();
    let _network = place.network();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| place.account(name, "net.toml"));
    let act = |home: &str, words: &[&str]| place.json(&[&["--home", home], words].concat());
    let _engines = [place.engine("alice"), place.engine("bob"), place.engine("carol")];
    act("bob", &["send", "--to", &alice, "may I?"]);
    act("carol", &["send", "--to", &alice, "buy now"]);
    place.comes("alice", &bob, "may I?");
    place.comes("alice", &carol, "buy now");
    let requests = act("alice", &["requests"]);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests.iter().all(|line| line["request"] == true && line["unread"] == 1));
    assert!(act("alice", &["conversations"]).is_empty());
    assert!(act("alice", &["contact", "list"]).is_empty());

    // Accepted: its author is told.
    let accepted = act("alice", &["requests", "accept", &bob]);
    assert_eq!((&accepted[0]["approved"], &accepted[0]["request"]), (&json!(true), &json!(false)));
    place.shows("bob", &alice, &json!({ "approved_me": true }));
    until("the answer", || {
        let messages = place.messages("bob", &alice);
        messages.iter().any(|it| it["kind"] == "message-request-response").then_some(())
    });
    // Turned down: its messages go, and nothing is said.
    act("alice", &["requests", "decline", &carol]);
    until("the end of a request", || place.conversation("alice", &carol).is_none().then_some(()));
    assert!(place.messages("alice", &carol).is_empty());
    act("carol", &["send", "--to", &alice, "buy later"]);
    place.comes("alice", &carol, "buy later");
    act("alice", &["requests", "decline-all"]);
    until("the end of all requests", || act("alice", &["requests"]).is_empty().then_some(()));
    let lines = act("alice", &["conversations"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(place.texts("carol", &alice), ["buy now", "buy later"]);
    assert_eq!(place.conversation("carol", &alice).unwrap()["approved_me"], false);
}

#[test]
fn who_listens_for_an_answer_hears_it_and_not_that_the_request_was_accepted() {
    let place = Place::new();
    let _network = place.network();
    let [alice, bob] = ["alice", "bob"].map(|name| place.account(name, "net.toml"));
    place.json(&["--home", "alice", "send", "--to", &bob, "may I?"]);
    let first = place.json(&["--home", "bob", "--timeout", "90", "listen", "--count", "1"]);
    assert_eq!(text(&first[1], "text"), "may I?");
    // Its first answer accepts the request, and says so.
    place.json(&["--home", "bob", "send", "--to", &alice, "you may"]);
    let heard = place.json(&["--home", "alice", "--timeout", "90", "listen", "--count", "1"]);
    assert_eq!((heard.len(), text(&heard[1], "text")), (2, "you may".to_owned()));
    let notices = place.messages("alice", &bob);
    assert!(notices.iter().any(|it| it["kind"] == "message-request-response"), "{notices:?}");
}

#[test]
fn nothing_comes_of_who_is_blocked() {
    let place = Place::new();
    let _network = place.network();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| place.account(name, "net.toml"));
    let act = |home: &str, words: &[&str]| place.json(&[&["--home", home], words].concat());
    let _engines = [place.engine("alice"), place.engine("bob"), place.engine("carol")];
    for (home, with) in [("bob", &bob), ("carol", &carol)] {
        act(home, &["send", "--to", &alice, "hello"]);
        place.comes("alice", with, "hello");
        act("alice", &["requests", "accept", with]);
    }
    let blocked = act("alice", &["contact", "block", &bob]);
    assert_eq!(blocked[0]["blocked"], true);
    let args = ["--home", "alice", "send", "--to", &bob, "x", "--json"];
    let failed = place.run(&args).failed(1, &[&bob, "unblock"]);
    assert_eq!(text(&failed.json()[0], "kind"), "Blocked");

    act("bob", &["send", "--to", &alice, "do you hear me?"]);
    // What is sent to the same swarm later comes; this does not.
    act("carol", &["send", "--to", &alice, "later"]);
    place.comes("alice", &carol, "later");
    assert_eq!(place.texts("alice", &bob), ["hello"]);
    let listed = act("alice", &["conversations"]);
    assert!(listed.iter().all(|line| line["conversation"] != bob), "{listed:?}");

    act("alice", &["contact", "unblock", &bob]);
    act("bob", &["send", "--to", &alice, "and now?"]);
    place.comes("alice", &bob, "and now?");
    assert_eq!(place.texts("alice", &bob), ["hello", "and now?"]);
}
