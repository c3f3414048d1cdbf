use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::testing::{Fake, OnLine, request};

/// The verbs that this interface has; the program's command line has the same.
const VERBS: &[&str] = &[
    "account.list",
    "account.create",
    "account.show",
    "account.remove",
    "profile",
    "send",
    "reply",
    "react",
    "delete",
    "read",
    "typing",
    "expire",
    "set",
    "contact.list",
    "contact.add",
    "contact.approve",
    "contact.name",
    "contact.block",
    "contact.remove",
    "requests.list",
    "requests.accept",
    "requests.decline",
    "conversations",
    "messages",
    "message",
    "trace",
    "resolve",
    "network.status",
    "plugin.list",
    "plugin.run",
    "plugin.stop",
    "plugin.swap",
    "ui.use",
    "subscribe",
    "unsubscribe",
    "ack",
    "done",
    "record.get",
    "record.put",
    "record.list",
    "alarm",
    "narrow",
    "health",
    "version",
    "schema",
];

#[test]
fn each_verb_is_there_once_with_a_sentence() {
    let names: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(names, VERBS);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for method in METHODS.iter() {
        assert!(method.about.ends_with('.') && !method.about.contains('\n'), "{}", method.name);
    }
}

#[tokio::test]
async fn what_a_method_does_not_know_is_refused_by_its_name() {
    let mut client = OnLine::connect(&Fake::new().server());
    for method in METHODS.iter() {
        let response = client.ask(method.name, json!({ "nonsense": 1 })).await;
        let message = response["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(response["error"]["code"], -32_602, "{}: {response}", method.name);
        assert!(message.contains("`nonsense`"), "{}: {message}", method.name);
        let list = client.ask(method.name, json!([1, 2])).await;
        assert_eq!(list["error"]["code"], -32_602, "{}: {list}", method.name);
    }
}

#[tokio::test]
async fn methods_without_parameters_do_without_an_object() {
    let mut client = OnLine::connect(&Fake::new().server());
    client.send(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"}\n").await;
    assert_eq!(client.response().await["result"]["version"], "1.2.3");
    client.say(&request(2, "schema", json!(null))).await;
    assert_eq!(client.response().await["result"], crate::schema::value());
}

/// Parameters with which each method is understood.
fn example(method: &str) -> Value {
    let id = format!("05{}", "ab".repeat(32));
    match method {
        "account.remove" => json!({ "account": id }),
        "send" => json!({ "to": id, "text": "a", "wait": "queued" }),
        "reply" => json!({ "message": "m1-7", "text": "a", "wait": "queued" }),
        "react" => json!({ "message": "m1-7", "emoji": "👍" }),
        "delete" | "message" | "trace" => json!({ "message": "m1-7" }),
        "read" | "expire" | "messages" => json!({ "with": id }),
        "set" => json!({ "with": id, "priority": 1, "mute": 5, "notify": "all", "draft": "a" }),
        "typing" => json!({ "to": "a-name" }),
        "contact.add" | "contact.approve" | "contact.name" | "contact.block" | "contact.remove"
        | "requests.accept" => json!({ "contact": id }),
        "requests.decline" => json!({ "all": true }),
        "resolve" | "plugin.run" | "plugin.stop" | "plugin.swap" | "ui.use" => {
            json!({ "name": "a" })
        }
        "subscribe" => json!({ "client": "a", "durable": true }),
        "ack" => json!({ "seq": 1 }),
        "done" => json!({
            "through": 1,
            "records": [{ "key": "a", "value": "b" }],
            "commands": [{ "key": "k", "command": "send", "to": id, "text": "a" }],
        }),
        "record.get" | "record.put" => json!({ "key": "a" }),
        "alarm" => json!({ "at": 1 }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn each_method_asks_the_host_and_gives_its_result() {
    let mut client = OnLine::connect(&Fake::new().server());
    // Some are for clients that are subscribed only, and some end that.
    let last = ["unsubscribe", "narrow"];
    let (after, before): (Vec<_>, Vec<_>) =
        METHODS.iter().partition(|method| last.contains(&method.name));
    client.ask("subscribe", example("subscribe")).await;
    for method in before.into_iter().chain(after) {
        let response = client.ask(method.name, example(method.name)).await;
        // The host here knows neither ways nor networks.
        let odd = ["trace", "network.status"].contains(&method.name);
        assert_eq!(response.get("result").is_some(), !odd, "{}: {response}", method.name);
    }
}
