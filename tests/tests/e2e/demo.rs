//! `ramson` alone, in a pipe.

use serde_json::Value;

use crate::support::{Place, text};

fn of<'a>(records: &'a [Value], event: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["event"] == event).collect()
}

fn shows_all(records: &[Value]) {
    let [you, echo] = of(records, "account")[..] else { panic!("two accounts: {records:#?}") };
    let (you, echo) = (text(you, "id"), text(echo, "id"));
    assert_ne!(you, echo);

    let [path] = of(records, "path")[..] else { panic!("one path: {records:#?}") };
    let mut hops: Vec<_> = path["hops"].as_array().unwrap().iter().collect();
    assert_eq!(hops.len(), 3);
    // The node that stores is never on its own path.
    hops.push(&path["destination"]);
    hops.sort_by_key(|hop| hop.as_str());
    hops.dedup();
    assert_eq!(hops.len(), 4);

    let [stored, answer] = of(records, "stored")[..] else { panic!("stored twice: {records:#?}") };
    assert_eq!((text(stored, "to"), text(answer, "to")), (echo.clone(), you.clone()));
    for stored in [stored, answer] {
        assert_eq!(text(stored, "hash").len(), 43);
        assert_eq!(stored["nodes"].as_array().unwrap().len(), 3, "{stored}");
    }
    assert!(stored["nodes"].as_array().unwrap().contains(&path["destination"]));

    let [there, back] = of(records, "message")[..] else { panic!("two messages: {records:#?}") };
    assert_eq!((text(there, "author"), text(there, "account")), (you.clone(), echo.clone()));
    assert_eq!((text(back, "author"), text(back, "account")), (echo, you));
    assert_eq!(text(there, "hash"), text(stored, "hash"));
    assert_eq!(text(back, "text"), format!("echo: {}", text(there, "text")));
}

#[test]
fn the_demo_shows_the_whole_way_and_goes_on_after_a_restart() {
    let place = Place::new();
    let first = place.run(&["--json"]).done().json();
    shows_all(&first);
    assert!(place.path("user/.local/state/ramson/demo/store").exists());

    let second = place.run(&["demo", "--json"]).done().json();
    shows_all(&second);
    assert_eq!(of(&first, "account"), of(&second, "account"));
    assert_ne!(of(&first, "stored")[0]["hash"], of(&second, "stored")[0]["hash"]);
}

#[test]
fn the_demo_is_readable_without_json() {
    let place = Place::new();
    let ended = place.run(&["--home", "demo"]).done();
    let records = place.json(&["--home", "demo", "account", "list"]);
    for account in &records {
        assert!(ended.stdout.contains(&text(account, "id")), "{ended:#?}");
    }
    let messages = place.json(&[
        "--home",
        "demo",
        "messages",
        "--account",
        &text(&records[0], "id"),
        "--with",
        &text(&records[1], "id"),
    ]);
    // The other account accepts what it answers.
    let notice = |it: &Value| it["kind"] == "message-request-response";
    let (notices, messages): (Vec<Value>, Vec<Value>) = messages.into_iter().partition(notice);
    assert_eq!((notices.len(), messages.len()), (1, 2), "{messages:#?}");
    let trace = place.json(&["--home", "demo", "trace", &text(&messages[0], "message")]);
    let for_echo = |line: &Value| line["step"] == "stored" && line["to"] == records[1]["id"];
    let at = trace.iter().position(for_echo).unwrap();
    let (attempt, stored) = (&trace[at - 1], &trace[at]);
    assert_eq!(attempt["step"], "attempted");
    for hop in attempt["path"].as_array().unwrap() {
        assert!(ended.stdout.contains(hop.as_str().unwrap()), "{ended:#?}");
    }
    assert!(ended.stdout.contains(&text(stored, "hash")), "{ended:#?}");
    for node in stored["confirmed"].as_array().unwrap() {
        assert!(ended.stdout.contains(node.as_str().unwrap()), "{ended:#?}");
    }
    assert!(ended.stdout.contains(&text(&messages[1], "text")), "{ended:#?}");
}

#[test]
fn the_demo_leaves_other_homes_and_networks_alone() {
    let place = Place::new();
    place.account("real", "testnet");
    place.run(&["--home", "real", "demo"]).failed(1, &["testnet", "local", "--home"]);
    place.run(&["--network", "mainnet"]).failed(2, &["'mainnet'", "demo"]);
}
