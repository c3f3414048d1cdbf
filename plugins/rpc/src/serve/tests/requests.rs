//! Requests on a line, and what becomes of them.

use ramson_wire::{
    Account, AccountCommand, AccountId, Answer, Change, Command, Grant, GrantSet, MessageState,
    Query, Reply, Request,
};
use serde_json::json;

use crate::limits;
use crate::testing::{Fake, ME, OnLine, changed, request, until, usual};

fn peer() -> String {
    format!("05{}", "ab".repeat(32))
}

fn sent(fake: &Fake) -> Vec<String> {
    let text = |request: Request| match request {
        Request::Command(AccountCommand { command: Command::Send { text, .. }, .. }) => Some(text),
        _ => None,
    };
    fake.asked("rpc").into_iter().filter_map(text).collect()
}

#[tokio::test]
async fn requests_are_answered_by_their_ids_and_notifications_are_not() {
    let mut client = OnLine::connect(&Fake::new().server());
    client.say(&json!({ "jsonrpc": "2.0", "method": "version" })).await;
    client.say(&json!({ "jsonrpc": "2.0", "method": "nonsense" })).await;
    client.say(&json!({ "jsonrpc": "2.0", "id": "x", "method": "account.list" })).await;
    let response = client.response().await;
    assert_eq!(
        (&response["id"], &response["result"]["accounts"][0]["id"]),
        (&json!("x"), &json!(ME))
    );
    client.finish().await;
    assert_eq!(client.next().await, None);
    client.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_batch_is_answered_at_once_and_one_of_notifications_is_not() {
    let mut client = OnLine::connect(&Fake::new().server());
    client.say(&json!([{ "jsonrpc": "2.0", "method": "version" }])).await;
    client
        .say(&json!([request(1, "version", json!({})), 7, request(2, "nothing", json!({}))]))
        .await;
    let batch = client.next().await.unwrap();
    let codes: Vec<_> =
        batch.as_array().unwrap().iter().map(|it| it["error"]["code"].as_i64()).collect();
    assert_eq!(codes, [None, Some(-32_600), Some(-32_601)]);
}

#[tokio::test]
async fn what_is_asked_for_first_is_done_first() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    let mut all = Vec::new();
    for number in 0..40_u64 {
        // Every other one has to be looked up first.
        let to = if number % 2 == 0 { "a-name".to_owned() } else { peer() };
        let params = json!({ "to": to, "text": number.to_string(), "wait": "queued" });
        all.extend_from_slice(format!("{}\n", request(number, "send", params)).as_bytes());
    }
    client.send(&all).await;
    for _ in 0..40 {
        assert_eq!(client.response().await["result"]["state"], "queued");
    }
    let numbers: Vec<String> = (0..40).map(|number: u64| number.to_string()).collect();
    assert_eq!(sent(&fake), numbers);
}

#[tokio::test(start_paused = true)]
async fn send_returns_once_the_message_is_stored() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    client.say(&request(1, "send", json!({ "to": peer(), "text": "a" }))).await;
    until("the message", || sent(&fake).len() == 1).await;
    // Both the client's guest and the one that watches are called so.
    fake.tell("rpc", 1, &changed(Change::Delayed { reason: "no path".to_owned(), retry_at: 0 }));
    let stored = Change::Stored { hash: "h".to_owned(), nodes: vec!["n".to_owned()] };
    fake.tell("rpc", 2, &changed(stored));
    let result = &client.response().await["result"];
    assert_eq!(result["state"], "stored");
    assert_eq!((&result["hash"], &result["nodes"]), (&json!("h"), &json!(["n"])));
    assert_eq!((&result["message"], &result["account"]), (&json!("m1-7"), &json!(ME)));
}

#[tokio::test(start_paused = true)]
async fn send_says_what_stands_in_the_way_when_the_time_is_over() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    client.say(&request(1, "send", json!({ "to": peer(), "text": "a", "timeout": 5 }))).await;
    until("the message", || sent(&fake).len() == 1).await;
    fake.tell("rpc", 1, &changed(Change::Delayed { reason: "no path".to_owned(), retry_at: 0 }));
    let error = &client.response().await["error"];
    assert_eq!(error["data"]["kind"], "NotStoredYet");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("5 s: no path") && message.contains("stays in the outbox"),
        "{message}"
    );

    client.say(&request(2, "send", json!({ "to": peer(), "text": "b" }))).await;
    until("the message", || sent(&fake).len() == 2).await;
    let state = MessageState::Failed { reason: "too old".to_owned() };
    fake.tell("rpc", 2, &changed(Change::State { state }));
    assert_eq!(client.response().await["error"]["data"]["kind"], "MessageFailed");
}

#[tokio::test]
async fn what_was_sent_under_a_key_before_may_be_stored_already() {
    let fake = Fake::answering(|request| {
        let mut reply = usual(request);
        if let Reply::Ok(Answer::Message { message: Some(message) }) = &mut reply {
            message.state = MessageState::Stored;
            message.hash = Some("h".to_owned());
        }
        Some(reply)
    });
    let mut client = OnLine::connect(&fake.server());
    let params = json!({ "to": peer(), "text": "a", "key": "k" });
    assert_eq!(client.ask("send", params).await["result"]["hash"], "h");
}

#[tokio::test]
async fn an_account_is_named_where_there_are_several() {
    let fake = Fake::answering(|request| {
        Some(match request {
            Request::Query(Query::Accounts) => {
                let account = |byte| {
                    let id = AccountId([byte; 33]);
                    Account { id, name: None, read_receipts: false, typing: false }
                };
                Reply::Ok(Answer::Accounts { accounts: vec![account(1), account(2)] })
            }
            Request::Query(Query::Message { account, .. }) if *account != AccountId([2; 33]) => {
                Reply::Ok(Answer::Message { message: None })
            }
            other => usual(other),
        })
    });
    let mut client = OnLine::connect(&fake.server());
    let several = client.ask("conversations", json!({})).await;
    assert_eq!(several["error"]["data"]["kind"], "SeveralAccounts");
    let named = client.ask("conversations", json!({ "account": AccountId([2; 33]) })).await;
    assert!(named["result"]["conversations"].is_array(), "{named}");
    // A message tells whose it is.
    let message = client.ask("message", json!({ "message": "m7-1" })).await;
    assert_eq!(message["result"]["account"], json!(AccountId([2; 33])));
}

#[tokio::test]
async fn a_connection_can_be_narrowed_and_not_widened() {
    let fake = Fake::new();
    let mut client = OnLine::connect(&fake.server());
    client.ask("subscribe", json!({ "client": "a" })).await;
    let to = json!({ "accounts": [ME], "grants": ["read", "send"] });
    assert!(client.ask("narrow", to).await["result"].is_object());
    client.ask("narrow", json!({ "grants": ["read", "plugins"] })).await;
    client.ask("conversations", json!({})).await;
    let plan = fake.plans().pop().unwrap();
    assert_eq!(plan.grants, GrantSet::NONE.with(Grant::Read));
    assert_eq!(plan.accounts, Some(vec![ME]));
    let other = json!({ "client": "a", "accounts": [AccountId([9; 33])] });
    assert_eq!(client.ask("subscribe", other).await["error"]["data"]["kind"], "NotGranted");
}

#[tokio::test]
async fn what_was_asked_for_is_answered_after_the_last_line() {
    let fake = Fake::answering(|request| match request {
        Request::Query(Query::Alarm { .. }) => None,
        other => Some(usual(other)),
    });
    let mut client = OnLine::connect(&fake.server());
    client.ask("subscribe", json!({ "client": "a", "durable": true })).await;
    client.say(&request(2, "alarm", json!({ "at": 1 }))).await;
    // The last line may do without a break.
    client.send(request(3, "conversations", json!({})).to_string().as_bytes()).await;
    client.finish().await;
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let response = client.response().await;
        kinds.push((response["id"].clone(), response["error"]["data"]["kind"].clone()));
    }
    kinds.sort_by_key(|(id, _)| id.as_u64());
    assert_eq!(kinds, [(json!(2), json!("Ended")), (json!(3), json!(null))]);
    while client.next().await.is_some() {}
    client.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn so_many_requests_are_under_way_at_once_and_no_more() {
    let fake = Fake::answering(|request| match request {
        Request::Query(Query::Plugins) => None,
        other => Some(usual(other)),
    });
    let mut client = OnLine::connect(&fake.server());
    for number in 0..200 {
        client.say(&request(number, "plugin.list", json!({}))).await;
    }
    until("as many as may be", || fake.asked("rpc").len() == limits::IN_FLIGHT).await;
    // The others are not even read.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fake.asked("rpc").len(), limits::IN_FLIGHT);
}

#[tokio::test]
async fn health_counts_clients() {
    let server = Fake::new().server();
    let mut one = OnLine::connect(&server);
    let mut two = OnLine::connect(&server);
    two.ask("subscribe", json!({ "client": "a" })).await;
    let health = one.ask("health", json!({})).await;
    let expected = json!({ "ok": true, "accounts": 1, "clients": 2, "subscribed": 1 });
    assert_eq!(health["result"], expected);
}
