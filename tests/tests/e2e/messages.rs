//! What is done with messages, as both sides see it.

use serde_json::{Value, json};

use crate::support::{Place, Running, text, until};

/// Alice and Bob, who accepted her, each with an engine.
struct Pair {
    place: Place,
    alice: String,
    bob: String,
    _running: [Running; 3],
}

impl Pair {
    fn new() -> Self {
        let place = Place::new();
        let network = place.network();
        let alice = place.account("alice", "net.toml");
        let bob = place.account("bob", "net.toml");
        let engines = [place.engine("alice"), place.engine("bob")];
        let [one, two] = engines;
        let pair = Self { place, alice, bob, _running: [network, one, two] };
        pair.alice(&["send", "--to", &pair.bob, "first"]);
        pair.place.comes("bob", &pair.alice, "first");
        pair.bob(&["requests", "accept", &pair.alice]);
        pair
    }

    fn alice(&self, words: &[&str]) -> Vec<Value> {
        self.place.json(&[&["--home", "alice"], words].concat())
    }

    fn bob(&self, words: &[&str]) -> Vec<Value> {
        self.place.json(&[&["--home", "bob"], words].concat())
    }

    /// Waits until Alice's message is so at hers and at Bob's.
    fn both(&self, what: &str, is: impl Fn(&Value) -> bool) {
        for (home, with) in [("alice", &self.bob), ("bob", &self.alice)] {
            until(&format!("{what} in {home}"), || {
                self.place.messages(home, with).iter().any(&is).then_some(())
            });
        }
    }
}

#[test]
fn answers_and_reactions_are_seen_by_both() {
    let pair = Pair::new();
    let first = pair.place.comes("bob", &pair.alice, "first");
    let message = text(&first, "message");
    let replied = pair.bob(&["reply", &message, "and to you"]);
    assert_eq!(replied[0]["event"], "stored");
    let quote = json!({ "author": pair.alice, "timestamp": first["timestamp"] });
    pair.both("the quote", |it| it["text"] == "and to you" && it["quote"] == quote);

    pair.bob(&["react", &message, "👍"]);
    pair.bob(&["react", &message, "🎉"]);
    let by_bob = |emoji: &str| json!({ "author": pair.bob, "emoji": emoji });
    let two = json!([by_bob("👍"), by_bob("🎉")]);
    pair.both("two reactions", |it| it["reactions"] == two);
    pair.bob(&["react", &message, "👍", "--remove"]);
    pair.both("one reaction", |it| it["reactions"] == json!([by_bob("🎉")]));
    let shown = pair.place.run(&["--home", "alice", "messages", "--with", &pair.bob]).done();
    assert!(shown.stdout.contains(&format!("🎉 by {}", pair.bob)), "{shown:#?}");
    assert!(shown.stdout.contains(&format!("in answer to {}", pair.alice)), "{shown:#?}");

    // Links and invitations have more than a text.
    let url = "https://example.org/page";
    let (link, title) = (["--link", url], ["--link-title", "A page"]);
    let see = format!("see {url}");
    pair.alice(&[&["send", "--to", &pair.bob, &see][..], &link, &title].concat());
    let wanted = json!({ "url": url, "title": "A page" });
    pair.both("the link", |it| it["link"] == wanted);
    let room = format!("https://example.org/room?public_key={}", "ab".repeat(32));
    pair.alice(&["send", "--to", &pair.bob, "--invite", &room, "--room", "A room"]);
    let wanted = json!({ "url": room, "title": "A room" });
    pair.both("the invitation", |it| it["invitation"] == wanted);
}

#[test]
fn a_listener_is_told_of_everything() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    // A stranger's reactions go nowhere.
    place.json(&["--home", "bob", "contact", "add", &alice]);
    place.json(&["--home", "alice", "contact", "add", &bob]);
    let listener = place.start(&["--home", "bob", "listen", "--all", "--json"]);
    let _engine = place.engine("alice");
    place.json(&["--home", "bob", "send", "--to", &alice, "welcome"]);
    place.comes("alice", &bob, "welcome");
    place.json(&["--home", "alice", "send", "--to", &bob, "first"]);
    let came = listener.event("message");
    assert_eq!(text(&came, "text"), "first");
    let sent = place.comes("alice", &bob, "first");
    let message = text(&sent, "message");
    let changed = |what: &str| loop {
        let line = listener.event("changed");
        if line["what"] == what {
            assert_eq!(line["account"], bob);
            assert!(line["seq"].as_u64() > came["seq"].as_u64(), "{line}");
            return line;
        }
    };
    place.json(&["--home", "alice", "react", &message, "👍"]);
    let reaction = changed("reaction");
    assert_eq!(reaction["reaction"], json!({ "author": alice, "emoji": "👍" }));
    assert_eq!(reaction["message"], came["message"]);
    place.json(&["--home", "alice", "react", &message, "👍", "--remove"]);
    assert_eq!(changed("reaction-removed")["message"], came["message"]);
    place.json(&["--home", "alice", "delete", &message, "--from", "everyone"]);
    assert_eq!(changed("deleted")["message"], came["message"]);
    listener.terminate().done();
}

#[test]
fn deleted_messages_are_so_at_the_peers_only_for_everyone() {
    let pair = Pair::new();
    for text in ["two", "three"] {
        pair.alice(&["send", "--to", &pair.bob, text]);
        pair.place.comes("bob", &pair.alice, text);
    }
    let name = |what: &str| text(&pair.place.comes("alice", &pair.bob, what), "message");
    let (first, two, three) = (name("first"), name("two"), name("three"));
    pair.alice(&["delete", &first, "--from", "everyone"]);
    pair.alice(&["delete", &two]);
    pair.alice(&["delete", &three, "--from", "here"]);
    pair.both("a deleted message", |it| it["deleted"] == true && it["text"].is_null());
    assert!(pair.place.texts("alice", &pair.bob).is_empty());
    assert_eq!(pair.place.texts("bob", &pair.alice), ["two", "three"]);
    // Who has not accepted anybody is not reacted to.
    let carol = pair.place.account("carol", "net.toml");
    let sent = pair.alice(&["send", "--to", &carol, "may I?"]);
    let react = ["--home", "alice", "react", &text(&sent[0], "message"), "👍", "--json"];
    let failed = pair.place.run(&react).failed(1, &[&carol, "accept"]);
    assert_eq!(failed.json()[0]["kind"], "NotApproved");
    // Only its author takes a message from everyone.
    let theirs = text(&pair.place.comes("bob", &pair.alice, "two"), "message");
    let delete = ["--home", "bob", "delete", &theirs, "--from", "everyone", "--json"];
    let failed = pair.place.run(&delete).failed(1, &[&theirs, "author"]);
    assert_eq!(failed.json()[0]["kind"], "NotAuthor");
}

#[test]
fn what_was_read_is_told_where_both_want_it() {
    let pair = Pair::new();
    let state = |what: &str| pair.place.comes("alice", &pair.bob, what)["state"].clone();
    pair.bob(&["read", "--with", &pair.alice]);
    let profile = pair.bob(&["profile", "--read-receipts", "on"]);
    assert_eq!(profile[0]["read_receipts"], true);
    pair.alice(&["profile", "--read-receipts", "on"]);
    pair.alice(&["send", "--to", &pair.bob, "second"]);
    pair.place.comes("bob", &pair.alice, "second");
    pair.bob(&["read", "--with", &pair.alice]);
    until("the receipt", || (state("second") == "read").then_some(()));
    // What was read before it was switched on was not told.
    assert_eq!(state("first"), "stored");
    // And where one does not want it, nothing is.
    pair.bob(&["profile", "--read-receipts", "off"]);
    pair.alice(&["send", "--to", &pair.bob, "third"]);
    pair.place.comes("bob", &pair.alice, "third");
    pair.bob(&["read", "--with", &pair.alice]);
    pair.bob(&["send", "--to", &pair.alice, "read it"]);
    pair.place.comes("alice", &pair.bob, "read it");
    assert_eq!(state("third"), "stored");
}

#[test]
fn what_cannot_be_done_is_said_in_one_sentence() {
    let pair = Pair::new();
    let (alice, bob) = (pair.alice.as_str(), pair.bob.as_str());
    let message = text(&pair.place.comes("alice", bob, "first"), "message");
    let message = message.as_str();
    let (long, longest) = ("x".repeat(2_001), "x".repeat(2_000));
    let name = "x".repeat(101);
    let room = "https://example.org/room";
    let stranger = format!("05{}", "ab".repeat(32));
    let cases: &[(&[&str], i32, &str, &str)] = &[
        (&["send", "--to", bob, &long], 2, "MessageTooLong", "2001"),
        (&["send", "--to", bob, ""], 2, "EmptyMessage", "empty"),
        (&["reply", message, &long], 2, "MessageTooLong", "2000"),
        (&["reply", "m1-999", "x"], 1, "NoSuchMessage", "m1-999"),
        (&["reply", "m9-1", "x"], 1, "NoSuchMessage", "m9-1"),
        (&["react", message, "no"], 2, "InvalidEmoji", "'no'"),
        (&["react", "first", "👍"], 2, "InvalidMessage", "'first'"),
        (&["delete", "m1-999"], 1, "NoSuchMessage", "m1-999"),
        (&["delete", message, "--from", "nowhere"], 2, "Usage", "nowhere"),
        (&["expire", "--with", bob, "soon"], 2, "InvalidSpan", "'soon'"),
        (&["expire", "--with", bob, "0s"], 2, "InvalidSpan", "'0s'"),
        (&["read", "--with", &stranger], 1, "NoSuchConversation", &stranger),
        (&["set", "--with", bob], 2, "Usage", "--pin"),
        (&["profile", "--name", &name], 2, "InvalidName", "101"),
        (&["profile", "--typing", "perhaps"], 2, "Usage", "perhaps"),
        (&["contact", "nickname", bob, &name], 2, "InvalidName", "101"),
        (&["contact", "nickname", &stranger, "x"], 1, "NoSuchContact", &stranger),
        (&["contact", "block", alice], 1, "OwnAccount", alice),
        (&["contact", "add", "05"], 2, "InvalidAccountId", "05"),
        (&["requests", "accept", &stranger], 1, "NoSuchContact", &stranger),
        (&["requests", "decline", bob], 1, "NotARequest", bob),
        (&["send", "--to", bob, "--link", "https://x.org", "x"], 2, "Usage", "--link-title"),
        (&["send", "--to", bob, "--invite", room, "--room", "x"], 2, "InvalidInvitation", room),
    ];
    for (words, status, kind, part) in cases {
        let args = [&["--home", "alice", "--json"][..], words].concat();
        let failed = pair.place.run(&args).failed(*status, &[part]);
        let error = failed.json().pop().unwrap();
        assert_eq!(
            (text(&error, "kind").as_str(), error["event"].as_str()),
            (*kind, Some("error"))
        );
        assert!(!text(&error, "hint").is_empty(), "{error}");
    }
    pair.alice(&["send", "--to", bob, &longest]);
    pair.place.comes("bob", alice, &longest);
    assert_eq!(pair.place.texts("bob", alice).len(), 2, "nothing else was sent");
}
