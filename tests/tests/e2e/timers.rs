//! Messages that disappear, on both sides.

use serde_json::json;

use crate::support::{Place, text, until};

#[test]
fn messages_disappear_at_their_time_on_both_sides() {
    let place = Place::new();
    let _network = place.network();
    let alice = place.account("alice", "net.toml");
    let bob = place.account("bob", "net.toml");
    let engines = [place.engine("alice"), place.engine("bob")];
    let act = |home: &str, words: &[&str]| place.json(&[&["--home", home], words].concat());
    act("alice", &["send", "--to", &bob, "stays"]);
    place.comes("bob", &alice, "stays");
    act("bob", &["requests", "accept", &alice]);

    // After it was sent.
    let set = act("alice", &["expire", "--with", &bob, "20s"]);
    assert_eq!(set[0]["disappearing"], json!({ "after": "sent", "seconds": 20 }));
    act("alice", &["send", "--to", &bob, "after sending"]);
    let there = place.comes("bob", &alice, "after sending");
    assert_eq!(there["expires"]["after"], "sent");
    let ends = there["timestamp"].as_u64().unwrap() + 20_000;
    assert_eq!(there["expires"]["at"], ends);
    assert_eq!(place.comes("alice", &bob, "after sending")["expires"]["at"], ends);
    let update = place.messages("bob", &alice);
    let update = update.iter().find(|it| it["kind"] == "expiration-timer-update").unwrap();
    assert_eq!(update["timer"], json!({ "after": "sent", "seconds": 20 }));

    // After it is read: its time does not count before.
    act("bob", &["expire", "--with", &alice, "8s", "--after-read"]);
    act("bob", &["send", "--to", &alice, "after reading"]);
    let there = place.comes("alice", &bob, "after reading");
    assert_eq!(there["expires"], json!({ "after": "read", "seconds": 8, "at": null }));
    // Its author's counts from sending.
    let gone = |home: &str, with: &str, what: &str| {
        until(&format!("the end of '{what}' in {home}"), || {
            let texts = place.texts(home, with);
            (!texts.iter().any(|text| text == what)).then_some(())
        });
    };
    gone("bob", &alice, "after reading");
    place.comes("alice", &bob, "after reading");
    act("alice", &["read", "--with", &bob]);
    gone("alice", &bob, "after reading");
    gone("alice", &bob, "after sending");
    gone("bob", &alice, "after sending");

    // Nor does a home show it that no engine runs on when its time comes.
    act("bob", &["expire", "--with", &alice, "2s"]);
    act("bob", &["send", "--to", &alice, "over soon"]);
    for engine in engines {
        engine.terminate().done();
    }
    gone("bob", &alice, "over soon");
    let set = act("alice", &["expire", "--with", &bob, "off"]);
    assert_eq!(set[0]["disappearing"], json!({ "after": null, "seconds": 0 }));
    let texts: Vec<String> = place
        .messages("alice", &bob)
        .iter()
        .filter(|it| it["text"].is_string())
        .map(|it| text(it, "text"))
        .collect();
    assert_eq!(texts, ["stays"]);
}
