//! One account in several homes: what a restored one has, and what goes from
//! one to the other.

use serde_json::{Value, json};

use crate::support::{Place, text, until};

/// What every home of an account shows of its conversations.
fn lines(place: &Place, home: &str) -> Vec<Value> {
    let mut lines = place.json(&["--home", home, "conversations", "--all"]);
    for line in &mut lines {
        // Whether what was sent last is read, too, says nothing: the other
        // homes have it as read once they have it.
        line.as_object_mut().unwrap().remove("last_read");
    }
    lines
}

/// What every home shows of a message. Only its name there is the home's own.
fn history(place: &Place, home: &str, with: &str) -> Vec<Value> {
    let mut messages = place.messages(home, with);
    // Where it was deleted a mark stays; a later home never had it.
    messages.retain(|message| message["deleted"] == false);
    for message in &mut messages {
        let message = message.as_object_mut().unwrap();
        // Of what was sent, a home that has it from its swarm knows the copy.
        for own in ["message", "hash"] {
            message.remove(own);
        }
    }
    messages
}

fn act(place: &Place, home: &str, words: &[&str]) -> Vec<Value> {
    place.json(&[&["--home", home], words].concat())
}

fn send(place: &Place, home: &str, to: &str, text: &str) -> Value {
    act(place, home, &["send", "--to", to, text]).remove(0)
}

#[test]
fn a_restored_home_shows_what_the_account_has() {
    let place = Place::new();
    let _network = place.network();
    let [alice, bob, carol, dave, erin] =
        ["alice", "bob", "carol", "dave", "erin"].map(|name| place.account(name, "net.toml"));

    // Both sides write; one message of Bob's stays unread, one is deleted.
    send(&place, "alice", &bob, "hello bob");
    act(&place, "bob", &["requests", "accept", &alice]);
    send(&place, "bob", &alice, "hello alice");
    send(&place, "bob", &alice, "never mind");
    act(&place, "alice", &["read", "--with", &bob]);
    let unwanted = place.comes("alice", &bob, "never mind");
    act(&place, "alice", &["delete", &text(&unwanted, "message")]);
    act(&place, "alice", &["contact", "nickname", &bob, "Bobby"]);
    act(&place, "alice", &["set", "--with", &bob, "--notify", "mentions", "--draft", "begun"]);
    send(&place, "bob", &alice, "did you see?");
    send(&place, "alice", &carol, "hello carol");
    act(&place, "alice", &["contact", "block", &carol]);
    act(&place, "alice", &["contact", "add", &dave]);
    act(&place, "alice", &["set", "--with", &dave, "--pin", "3"]);
    act(&place, "alice", &["expire", "--with", &dave, "1d"]);
    send(&place, "alice", &dave, "gone tomorrow");
    send(&place, "alice", &alice, "a note");
    send(&place, "erin", &alice, "may I?");
    act(&place, "alice", &["set", "--with", &bob, "--draft", ""]);

    let restored = place.restore("alice", "second", "net.toml");
    assert_eq!((text(&restored, "id"), text(&restored, "name")), (alice.clone(), "alice".into()));
    assert_eq!(act(&place, "second", &["account", "list"])[0]["name"], "alice");
    let (first, second) = (lines(&place, "alice"), lines(&place, "second"));
    assert_eq!(first, second);
    let line = |with: &str| second.iter().find(|line| line["conversation"] == with).unwrap();
    assert_eq!(second[0]["conversation"], dave, "what is pinned comes first");
    let bobs = line(&bob);
    assert_eq!((&bobs["nickname"], &bobs["profile_name"]), (&json!("Bobby"), &json!("bob")));
    assert_eq!((&bobs["unread"], &bobs["approved"]), (&json!(1), &json!(true)));
    assert_eq!(bobs["approved_me"], true);
    assert_eq!(line(&carol)["blocked"], true);
    assert_eq!(line(&dave)["disappearing"], json!({ "after": "sent", "seconds": 86_400 }));
    assert_eq!(line(&erin)["request"], true);
    for with in [&alice, &bob, &carol, &dave, &erin] {
        assert_eq!(history(&place, "alice", with), history(&place, "second", with), "{with}");
    }
    assert_eq!(place.texts("second", &bob), ["hello bob", "hello alice", "did you see?"]);
    assert_eq!(place.texts("second", &alice), ["a note"]);
    // An account that never told the network anything is brought back, too.
    assert_eq!(place.restore("carol", "carol-too", "net.toml")["id"], carol.as_str());
    assert_eq!(place.texts("carol-too", &alice), ["hello carol"]);
}

#[test]
fn a_change_in_one_home_reaches_the_other() {
    let place = Place::new();
    let _network = place.network();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| place.account(name, "net.toml"));
    send(&place, "alice", &bob, "hello bob");
    act(&place, "bob", &["requests", "accept", &alice]);
    send(&place, "carol", &alice, "may I?");
    place.restore("alice", "second", "net.toml");
    let _engines = [place.engine("alice"), place.engine("second"), place.engine("bob")];
    place.shows("alice", &carol, &json!({ "request": true, "unread": 1 }));

    // A request that is accepted here is accepted there.
    act(&place, "alice", &["requests", "accept", &carol]);
    place.shows("second", &carol, &json!({ "request": false, "approved": true }));
    // Names, pins, timers, blocks, in both directions.
    act(&place, "second", &["profile", "--name", "Alice Two"]);
    act(&place, "alice", &["contact", "nickname", &bob, "Bobby"]);
    act(&place, "second", &["set", "--with", &carol, "--pin"]);
    act(&place, "second", &["expire", "--with", &carol, "1w"]);
    act(&place, "alice", &["contact", "block", &carol]);
    place.shows("second", &bob, &json!({ "name": "Bobby" }));
    place.shows("second", &carol, &json!({ "blocked": true }));
    let timer = json!({ "after": "sent", "seconds": 604_800 });
    place.shows("alice", &carol, &json!({ "pinned": true, "disappearing": timer }));
    until("the name", || {
        (act(&place, "alice", &["account", "list"])[0]["name"] == "Alice Two").then_some(())
    });

    // What is read and written in one home is so in the other.
    send(&place, "bob", &alice, "news");
    for home in ["alice", "second"] {
        place.comes(home, &bob, "news");
        place.shows(home, &bob, &json!({ "unread": 1 }));
    }
    act(&place, "second", &["read", "--with", &bob]);
    place.shows("alice", &bob, &json!({ "unread": 0 }));
    act(&place, "alice", &["read", "--with", &bob, "--unread"]);
    place.shows("second", &bob, &json!({ "marked_unread": true }));
    send(&place, "second", &bob, "from my other device");
    let there = place.comes("alice", &bob, "from my other device");
    assert_eq!(there["own"], true);
    act(&place, "alice", &["react", &text(&there, "message"), "👍"]);
    until("the reaction", || {
        let here = place.comes("second", &bob, "from my other device");
        (here["reactions"][0]["emoji"] == "👍").then_some(())
    });

    // A contact that is removed here is gone there, with all it wrote.
    act(&place, "second", &["contact", "remove", &carol]);
    until("the end of a contact", || place.conversation("alice", &carol).is_none().then_some(()));
    assert!(place.messages("alice", &carol).is_empty());
}

#[test]
fn what_was_deleted_does_not_come_back_in_a_third_home() {
    let place = Place::new();
    let _network = place.network();
    let [alice, bob] = ["alice", "bob"].map(|name| place.account(name, "net.toml"));
    place.restore("alice", "second", "net.toml");
    let engines = [place.engine("alice"), place.engine("second"), place.engine("bob")];
    for text in ["one", "two", "three"] {
        send(&place, "alice", &bob, text);
    }
    place.comes("bob", &alice, "three");
    act(&place, "bob", &["requests", "accept", &alice]);
    for text in ["four", "five"] {
        send(&place, "bob", &alice, text);
    }
    place.comes("second", &bob, "three");
    place.comes("second", &bob, "five");

    let delete = |home: &str, what: &str, scope: &str| {
        let message = place.comes(home, &bob, what);
        act(&place, home, &["delete", &text(&message, "message"), "--from", scope]);
    };
    delete("alice", "one", "everyone");
    delete("second", "two", "devices");
    delete("alice", "three", "here");
    delete("second", "four", "devices");
    let there = |home: &str, wanted: &[&str]| {
        until(&format!("{wanted:?} in {home}"), || {
            (place.texts(home, &bob) == wanted).then_some(())
        });
    };
    there("alice", &["five"]);
    there("second", &["three", "five"]);
    until("the deletion at the peer", || {
        let texts = place.texts("bob", &alice);
        (texts == ["two", "three", "four", "five"]).then_some(())
    });
    let shown = place.run(&["--home", "bob", "messages", "--with", &alice]).done().stdout;
    assert!(shown.contains("(deleted)"), "{shown}");

    place.restore("alice", "third", "net.toml");
    there("third", &["three", "five"]);
    let _third = place.engine("third");
    send(&place, "bob", &alice, "six");
    place.comes("third", &bob, "six");
    there("third", &["three", "five", "six"]);
    drop(engines);
}
