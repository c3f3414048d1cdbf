//! Commands that are carried out by the engine that runs already.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use crate::support::{Place, text};

#[test]
fn a_running_engine_carries_commands_out() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let engine = place.engine("bob");
    let listener = place.start(&["--home", "bob", "listen", "--json"]);
    listener.event("listening");

    // The same output and exit status as without an engine.
    let sent = place.json(&["--home", "bob", "send", "--to", &alice, "through the socket"]);
    assert_eq!(sent[0]["event"], "stored");
    assert_eq!(text(&sent[0], "to"), alice);
    place.run(&["--home", "alice", "send", "--to", &bob, "to the listener"]).done();
    assert_eq!(text(&listener.event("message"), "text"), "to the listener");

    let history = place.json(&["--home", "bob", "messages", "--with", &alice]);
    let texts: Vec<_> = history.iter().map(|message| text(message, "text")).collect();
    assert_eq!(texts, ["through the socket", "to the listener"]);
    place.run_with(&["--home", "bob", "send", "--to", &alice], "from stdin").done();
    place.run(&["--home", "bob", "send", "--to", "05ab", "x"]).failed(2, &["'05ab'", "66"]);
    place.run(&["--home", "bob", "trace", "m1-99"]).failed(1, &["m1-99"]);
    let nobody = format!("05{}", "00".repeat(32));
    place.run(&["--home", "bob", "account", "show", &nobody]).failed(1, &[&nobody]);

    place
        .run(&["--home", "bob", "--no-attach", "conversations"])
        .failed(1, &["in use by process", "--no-attach"]);
    place.run(&["--home", "bob", "demo"]).failed(1, &["local"]);

    // A listener whose engine ends says so.
    engine.terminate().done();
    listener.wait().failed(1, &["engine", "stopped", "again"]);
    let came = place.json(&["--home", "alice", "listen", "--count", "2"]);
    assert_eq!(came.iter().filter(|line| line["event"] == "message").count(), 2);
}

#[test]
fn accounts_can_be_added_to_a_running_engine() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let _engine = place.listen("alice");
    let second = place.json(&["--home", "alice", "account", "create", "--name", "second"]);
    let second = text(&second[0], "id");
    let listed = place.json(&["--home", "alice", "account", "list"]);
    assert_eq!(
        listed.iter().map(|account| text(account, "id")).collect::<Vec<_>>(),
        [alice.clone(), second.clone()]
    );
    place.run(&["--home", "alice", "conversations"]).failed(2, &["2 accounts", "--account"]);
    place.run(&["--home", "alice", "send", "--account", &second, "--to", &alice, "hello"]).done();
    place.run(&["--home", "alice", "account", "remove", &second, "--yes"]).done();
    let listed = place.json(&["--home", "alice", "account", "list"]);
    assert_eq!(listed.iter().map(|account| text(account, "id")).collect::<Vec<_>>(), [alice]);
}

#[test]
fn the_socket_of_a_killed_engine_stops_nothing() {
    let place = Place::new();
    let _network = place.network();
    place.account("alice", "net.toml");
    let engine = place.listen("alice");
    assert!(place.path("alice/control.sock").exists());
    engine.kill();
    assert!(place.path("alice/control.sock").exists());
    place.run(&["--home", "alice", "account", "list"]).done();
    place.run(&["--home", "alice", "--no-attach", "conversations"]).done();
}

#[test]
fn a_home_deep_in_the_tree_works_too() {
    let place = Place::new();
    let _network = place.network();
    let deep = format!("{}/home", "deep".repeat(30));
    let id = place.account(&deep, "net.toml");
    let _engine = place.listen(&deep);
    let listed = place.json(&["--home", &deep, "account", "list"]);
    assert_eq!(text(&listed[0], "id"), id);
}

/// What the engine of a home answers to some bytes.
fn asked(place: &Place, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(place.path("bob/control.sock")).unwrap();
    // An engine that does not like the beginning does not read the end.
    let _told = stream.write_all(bytes);
    let _told = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _read = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn nonsense_on_the_socket_harms_nobody() {
    let place = Place::new();
    place.account("bob", "testnet");
    let _engine = place.engine("bob");
    let version = env!("CARGO_PKG_VERSION");
    let other = r#"{"version":"0.0.0","args":["account","list"],"stdin":null}"#;
    let unknown = format!(r#"{{"version":"{version}","args":["frobnicate"],"stdin":null}}"#);
    let not_here = format!(r#"{{"version":"{version}","args":["localnet"],"stdin":null}}"#);
    let cases = [
        ("nonsense", "the request"),
        (other, "Ramson 0.1.0"),
        (unknown.as_str(), "'frobnicate'"),
        (not_here.as_str(), "needs no engine"),
    ];
    for (line, part) in cases {
        let answer = asked(&place, format!("{line}\n").as_bytes());
        assert!(answer.contains(part) && answer.contains(r#"{"exit":"#), "{line}: {answer}");
    }
    assert_eq!(asked(&place, b"{\"version\""), "");
    asked(&place, &vec![b'x'; 5 << 20]);
    // A client that goes away before its command is done.
    for _ in 0..100 {
        let mut stream = UnixStream::connect(place.path("bob/control.sock")).unwrap();
        let listen = format!(r#"{{"version":"{version}","args":["listen"],"stdin":null}}"#);
        stream.write_all(format!("{listen}\n").as_bytes()).unwrap();
    }
    assert_eq!(place.json(&["--home", "bob", "account", "list"]).len(), 1);
}

#[test]
fn a_home_on_the_local_network_is_the_demos_too() {
    let place = Place::new();
    place.run(&["--home", "demo"]).done();
    let listener = place.listen("demo");
    place.run(&["--home", "demo", "demo"]).failed(1, &["in use by process", "--home"]);
    let accounts = place.json(&["--home", "demo", "account", "list"]);
    let (you, echo) = (text(&accounts[0], "id"), text(&accounts[1], "id"));
    let send = ["--home", "demo", "send", "--account", &you, "--to", &echo, "anybody there?"];
    place.run(&send).done();
    let came = listener.event("message");
    assert_eq!((text(&came, "author"), text(&came, "text")), (you, "anybody there?".into()));
}

#[test]
fn an_engine_that_ends_keeps_what_it_was_told_to_send() {
    let place = Place::new();
    let network = place.network();
    place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    network.terminate().done();
    let engine = place.engine("alice");
    let sender = place.start(&["--home", "alice", "send", "--to", &bob, "later"]);
    while place.json(&["--home", "alice", "messages", "--with", &bob]).is_empty() {}
    engine.terminate().done();
    sender.wait().failed(1, &["engine", "stopped", "m1-1", "kept"]);
    let _network = place.network();
    let _engine = place.engine("alice");
    let came = place.json(&["--home", "bob", "listen", "--count", "1"]);
    assert_eq!(text(&came[1], "text"), "later");
}

#[test]
fn a_network_whose_seed_moved_is_given_once() {
    let place = Place::new();
    let file = |name: &str, port: u16| {
        let text = format!("name = \"mine\"\nseeds = [\"http://127.0.0.1:{port}\"]\n");
        std::fs::write(place.path(name), text).unwrap();
    };
    file("old.toml", 1);
    file("new.toml", 2);
    place.account("home", "old.toml");
    let kept = || std::fs::read_to_string(place.path("home/network.toml")).unwrap();
    assert!(kept().contains("127.0.0.1:1/"), "{}", kept());
    let engine = place.engine("home");
    let list = ["--home", "home", "--network", "new.toml", "account", "list"];
    let told = place.run(&list).done();
    assert!(told.stderr.contains("start it again"), "{told:#?}");
    assert!(kept().contains("127.0.0.1:1/"), "{}", kept());
    engine.terminate().done();
    place.run(&list).done();
    assert!(kept().contains("127.0.0.1:2/"), "{}", kept());
}
