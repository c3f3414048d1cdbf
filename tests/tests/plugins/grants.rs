//! What a plugin was not given, it neither hears nor does.

use ramson_host::Limits;
use ramson_types::ConversationId;
use serde_json::{Value, json};

use crate::support::Scene;

#[tokio::test]
async fn what_was_not_granted_is_refused_and_nothing_reaches_the_engine() {
    let scene = Scene::new(104, Limits::default()).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    let plugin = scene.trial("reader", "grants = [\"read\"]", "").await;
    assert_eq!(plugin.granted.to_string(), "read");
    assert!(plugin.asked.iter().count() > plugin.granted.iter().count());

    let before = scene.engine.last_event().await.unwrap();
    let (me, to) = (ann.id.to_string(), bob.id.to_string());
    let asked = [
        ("command", json!({ "account": me, "command": "send", "to": to, "text": "hello" })),
        ("command", json!({ "account": me, "command": "set_name", "name": "Eve" })),
        ("command", json!({ "account": me, "command": "block", "contact": to, "blocked": true })),
        (
            "command",
            json!({ "account": me, "command": "mark_unread", "conversation": to, "unread": true }),
        ),
        ("query", json!({ "query": "messages", "account": me, "conversation": to, "limit": 9 })),
        ("query", json!({ "query": "message", "account": me, "message": "m1-1" })),
        ("query", json!({ "query": "trace", "account": me, "message": "m1-1" })),
        ("query", json!({ "query": "plugins" })),
        ("control", json!({ "control": "create_account" })),
        ("control", json!({ "control": "load_plugin", "name": "bot-echo" })),
        ("control", json!({ "control": "quit" })),
    ];
    for (kind, payload) in &asked {
        let answer = scene.answer("reader", kind, payload).await;
        let text = answer.as_str().unwrap_or_else(|| panic!("{payload} is answered: {answer}"));
        assert!(text.contains("may not do that"), "{payload}: {text}");
    }
    assert_eq!(scene.engine.last_event().await.unwrap(), before);
    let with = ConversationId::Account(bob.id);
    assert!(scene.engine.messages(&ann.id, with, 9).await.unwrap().is_empty());
    // What it was given, it may do.
    let answer = scene.answer("reader", "query", &json!({ "query": "accounts" })).await;
    assert_eq!(answer["ok"]["accounts"].as_array().map(Vec::len), Some(2), "{answer}");
    scene.end().await;
}

#[tokio::test]
async fn a_plugin_hears_and_reaches_its_own_accounts_and_conversations_only() {
    let scene = Scene::new(105, Limits::default()).await;
    let (ann, bob, cat) =
        (scene.account("Ann").await, scene.account("Bob").await, scene.account("Cat").await);
    let scope = format!("accounts = [\"{}\"]\nconversations = [\"{}\"]", bob.id, ann.id);
    scene.trial("narrow", &scope, "").await;
    scene.trial("wide", "", "").await;

    scene.engine.send_text(&ann.id, bob.id, "for both".into()).await.unwrap();
    scene.engine.send_text(&cat.id, bob.id, "from another".into()).await.unwrap();
    scene.engine.send_text(&ann.id, cat.id, "to another".into()).await.unwrap();
    let heard = |name: &str| -> Vec<String> {
        let mut texts: Vec<_> = scene
            .notes(name)
            .iter()
            .filter(|note| note["told"]["message"]["outgoing"] == false)
            .filter_map(|note| note["told"]["message"]["text"].as_str().map(str::to_owned))
            .collect();
        texts.sort();
        texts
    };
    let all = ["for both", "from another", "to another"];
    scene.until("wide hears all three", || (heard("wide") == all).then_some(())).await;
    assert_eq!(heard("narrow"), ["for both"]);
    // Nothing of anybody else is in anything that it was told.
    let cats = cat.id.to_string();
    let told: Vec<Value> = scene.notes("narrow");
    assert!(told.iter().all(|note| !note.to_string().contains(&cats)), "{told:#?}");

    let messages = |account, with| json!({ "query": "messages", "account": account, "conversation": with, "limit": 9 });
    let (anns, bobs) = (ann.id.to_string(), bob.id.to_string());
    for (account, with) in [(&anns, &bobs), (&cats, &bobs), (&bobs, &cats)] {
        let answer = scene.answer("narrow", "query", &messages(account, with)).await;
        let text = answer.as_str().unwrap_or_else(|| panic!("it is answered: {answer}"));
        assert!(text.contains("may not do that"), "{text}");
    }
    let answer = scene.answer("narrow", "query", &messages(&bobs, &anns)).await;
    assert_eq!(answer["ok"]["messages"][0]["text"], "for both", "{answer}");
    // A message of another conversation is out of reach by its name, too.
    let wide = scene.notes("wide");
    let foreign = wide.iter().find(|note| {
        let message = &note["told"]["message"];
        message["text"] == "from another" && message["outgoing"] == false
    });
    let id = foreign.unwrap()["told"]["message"]["id"].clone();
    let react = json!({ "account": bobs, "command": "react", "message": id, "emoji": "👍" });
    let answer = scene.answer("narrow", "command", &react).await;
    assert_eq!(answer["refused"]["kind"], "NotGranted", "{answer}");
    scene.end().await;
}
