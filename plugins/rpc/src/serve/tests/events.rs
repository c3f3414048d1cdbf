//! Events on a line.

use ramson_wire::{Done, Event, NetworkEvent, Request, Topic, TopicSet};
use serde_json::json;

use crate::limits;
use crate::testing::{Fake, OnLine, until};

fn nodes(count: u64) -> Event {
    Event::Network { what: NetworkEvent::Nodes { count } }
}

#[tokio::test]
async fn events_come_with_their_numbers_once_they_are_wanted() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    for method in ["ack", "record.put", "record.get", "alarm", "unsubscribe"] {
        let params = match method {
            "ack" => json!({ "seq": 1 }),
            "alarm" => json!({ "at": 1 }),
            "unsubscribe" => json!({}),
            _ => json!({ "key": "a" }),
        };
        let refused = client.ask(method, params).await;
        assert_eq!(refused["error"]["data"]["kind"], "NotSubscribed", "{method}");
    }
    let subscribed = client.ask("subscribe", json!({ "client": "a", "durable": true })).await;
    assert_eq!(subscribed["result"], json!({ "client": "a", "durable": true }));
    let plan = fake.plans().pop().unwrap();
    let topics = TopicSet::NONE.with(Topic::Messages).with(Topic::Conversations);
    assert_eq!((plan.name.as_str(), plan.durable, plan.topics), ("rpc:a", true, topics));
    assert_eq!(client.notice().await["params"]["event"], "snapshot");
    fake.tell("rpc:a", 17, &nodes(3));
    let notice = client.notice().await;
    let params = json!({ "seq": 17, "event": "network", "what": { "is": "nodes", "count": 3 } });
    assert_eq!(notice, json!({ "jsonrpc": "2.0", "method": "event", "params": params }));
    assert!(client.ask("ack", json!({ "seq": 17 })).await["result"].is_object());
    let done = Done { through: Some(17), ..Done::default() };
    assert_eq!(fake.asked("rpc:a"), [Request::Done(done)]);
    client.ask("unsubscribe", json!({})).await;
    assert_eq!(
        client.ask("ack", json!({ "seq": 17 })).await["error"]["data"]["kind"],
        "NotSubscribed"
    );
}

#[tokio::test]
async fn a_client_that_does_not_read_is_told_no_more_than_fits() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    client.ask("subscribe", json!({ "client": "a" })).await;
    until("the snapshot", || fake.waiting("rpc:a") == 0).await;
    for seq in 1..=5_000 {
        fake.tell("rpc:a", seq, &nodes(seq));
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    // The pipe holds 64 KiB, which is less than a thousand of these.
    let taken = 5_000 - fake.waiting("rpc:a");
    assert!(taken < 1_000 + limits::EVENTS, "{taken} were taken");
    let mut last = 0;
    while last < 5_000 {
        let seq = client.notice().await["params"]["seq"].as_u64().unwrap();
        assert!(seq == 0 || seq == last + 1, "{seq} after {last}");
        last = seq;
    }
}

#[tokio::test]
async fn a_client_that_comes_again_takes_the_place_of_the_one_before() {
    let fake = Fake::new();
    let server = fake.server();
    let mut one = OnLine::connect(&server);
    one.ask("subscribe", json!({ "client": "a", "durable": true })).await;
    let mut two = OnLine::connect(&server);
    two.ask("subscribe", json!({ "client": "a", "durable": true })).await;
    loop {
        let notice = one.notice().await;
        if notice["method"] == "unsubscribed" {
            assert_eq!(notice["params"]["reason"], "closed");
            break;
        }
    }
    assert_eq!(one.ask("ack", json!({ "seq": 1 })).await["error"]["data"]["kind"], "NotSubscribed");
    assert!(one.ask("account.list", json!({})).await["result"].is_object());
    assert!(two.ask("ack", json!({ "seq": 1 })).await["result"].is_object());
}

#[tokio::test]
async fn events_of_a_subscription_that_ended_do_not_come() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    client.ask("subscribe", json!({ "client": "a" })).await;
    client.ask("subscribe", json!({ "client": "b" })).await;
    fake.tell("rpc:a", 1, &nodes(1));
    fake.tell("rpc:b", 2, &nodes(2));
    loop {
        let notice = client.notice().await;
        assert_ne!(notice["params"]["seq"], 1, "{notice}");
        if notice["params"]["seq"] == 2 {
            break;
        }
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let mut client = OnLine::connect(&Fake::new().server());
    for name in ["", "A b", &"a".repeat(65)] {
        let refused = client.ask("subscribe", json!({ "client": name })).await;
        assert_eq!(refused["error"]["code"], -32_602, "{name}");
    }
}
