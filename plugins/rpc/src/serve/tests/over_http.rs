//! HTTP, byte by byte.

use std::sync::Arc;
use std::time::Duration;

use ramson_wire::{Event, NetworkEvent, Request};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::super::http::{Door, serve};
use super::super::streams::Streams;
use crate::limits;
use crate::testing::{Fake, request, until};
use crate::token::Token;

const HOST: &str = "Host: 127.0.0.1:80\r\n";
const TOKEN: &str = "Authorization: Bearer abcd\r\n";

fn door(fake: &Fake) -> Arc<Door> {
    let (token, streams) = (Token::of_text("abcd"), Streams::new(fake.server()));
    Arc::new(Door { port: 80, token, streams })
}

fn connect(door: &Arc<Door>) -> DuplexStream {
    let (ours, theirs) = duplex(64 << 10);
    tokio::spawn(serve(theirs, door.clone()));
    ours
}

/// Sends a request, and gives status and body once the server closed.
async fn ask(door: &Arc<Door>, head: &str, body: &[u8]) -> (u16, Value) {
    let (mut read, mut write) = tokio::io::split(connect(door));
    let head = format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let sending = async {
        // It may be refused before all of it is there.
        let _closed = write.write_all(head.as_bytes()).await;
        let _closed = write.write_all(body).await;
    };
    let mut answer = Vec::new();
    let reading = timeout(Duration::from_secs(600), read.read_to_end(&mut answer));
    let ((), read) = tokio::join!(sending, reading);
    read.expect("the server answers").unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    assert!(!head.to_ascii_lowercase().contains("access-control"), "{head}");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or(0), serde_json::from_str(body).unwrap_or_default())
}

async fn post(door: &Arc<Door>, headers: &str, body: &Value) -> (u16, Value) {
    let head = format!("POST /api/v1/rpc HTTP/1.1\r\n{HOST}{TOKEN}{headers}");
    ask(door, &head, body.to_string().as_bytes()).await
}

#[tokio::test]
async fn a_request_with_the_token_is_answered() {
    let door = door(&Fake::new());
    let (status, answer) = post(&door, "", &request(7, "version", json!({}))).await;
    assert_eq!((status, &answer["id"], &answer["result"]["rpc"]), (200, &json!(7), &json!(1)));
    let (status, answer) = post(&door, "", &json!([request(1, "account.list", json!({}))])).await;
    assert_eq!((status, answer.as_array().map(Vec::len)), (200, Some(1)));
    let (status, _) = post(&door, "", &json!({ "jsonrpc": "2.0", "method": "version" })).await;
    assert_eq!(status, 204);
    let (_, answer) = post(&door, "", &request(1, "subscribe", json!({ "client": "a" }))).await;
    assert_eq!(answer["error"]["data"]["kind"], "NotSupported");
    let schema = format!("GET /api/v1/schema HTTP/1.1\r\n{HOST}{TOKEN}");
    assert_eq!(ask(&door, &schema, b"").await, (200, crate::schema::value()));
}

#[tokio::test]
async fn whoever_may_not_ask_is_told_so() {
    let door = door(&Fake::new());
    let check = format!("GET /api/v1/check HTTP/1.1\r\n{HOST}");
    assert_eq!(ask(&door, &check, b"").await, (200, json!({ "ok": true })));
    let rpc = "POST /api/v1/rpc HTTP/1.1\r\n";
    let events = "GET /api/v1/events?client=a HTTP/1.1\r\n";
    let cases = [
        (format!("{rpc}{HOST}"), 401),
        (format!("{events}{HOST}"), 401),
        (format!("GET /api/v1/schema HTTP/1.1\r\n{HOST}"), 401),
        (format!("GET /elsewhere HTTP/1.1\r\n{HOST}"), 401),
        (format!("{rpc}{HOST}Authorization: Bearer abce\r\n"), 401),
        (format!("{rpc}Host: evil.example:80\r\n{TOKEN}"), 403),
        (format!("{rpc}{HOST}{TOKEN}Origin: http://evil.example\r\n"), 403),
        (format!("{check}Origin: null\r\n"), 403),
        (format!("GET /elsewhere HTTP/1.1\r\n{HOST}{TOKEN}"), 404),
        (format!("GET /api/v1/rpc HTTP/1.1\r\n{HOST}{TOKEN}"), 405),
        (format!("OPTIONS /api/v1/rpc HTTP/1.1\r\n{HOST}{TOKEN}"), 405),
        (format!("GET /api/v1/events HTTP/1.1\r\n{HOST}{TOKEN}"), 400),
        (format!("GET /api/v1/events?client=a&x=1 HTTP/1.1\r\n{HOST}{TOKEN}"), 400),
        (format!("GET /api/v1/events?client=a&topics=all HTTP/1.1\r\n{HOST}{TOKEN}"), 400),
        (format!("GET /api/v1/events?client=%zz HTTP/1.1\r\n{HOST}{TOKEN}"), 400),
        (format!("{rpc}{HOST}{TOKEN}X-Ramson-Client: nobody\r\n"), 409),
    ];
    for (head, expected) in cases {
        let (status, answer) = ask(&door, &head, b"").await;
        assert_eq!(status, expected, "{head}");
        assert!(answer["error"]["data"]["kind"].is_string(), "{head}: {answer}");
    }
    let (status, answer) = ask(&door, &format!("{rpc}{HOST}{TOKEN}"), b"nonsense").await;
    assert_eq!((status, &answer["error"]["code"]), (200, &json!(-32_700)));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let door = door(&Fake::new());
    let head = format!("POST /api/v1/rpc HTTP/1.1\r\n{HOST}{TOKEN}");
    let (status, answer) = ask(&door, &head, &vec![b'x'; 10 << 20]).await;
    assert_eq!((status, &answer["error"]["data"]["kind"]), (413, &json!("TooLarge")));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_slow_is_not_waited_for() {
    let door = door(&Fake::new());
    let mut half = connect(&door);
    half.write_all(b"POST /api/v1/rpc HT").await.unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("200 OK"), "{answer}");

    let mut slow = connect(&door);
    let head = format!("POST /api/v1/rpc HTTP/1.1\r\n{HOST}{TOKEN}Content-Length: 9\r\n\r\n[");
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

/// Reads a stream of events until something is in it.
async fn read_until(stream: &mut DuplexStream, text: &mut String, wanted: &str) {
    let reading = async {
        while !text.contains(wanted) {
            let mut part = [0; 4_096];
            let count = stream.read(&mut part).await.unwrap();
            assert!(count > 0, "it ended without '{wanted}': {text}");
            text.push_str(std::str::from_utf8(&part[..count]).unwrap());
        }
    };
    timeout(Duration::from_secs(600), reading).await.unwrap_or_else(|_| panic!("no '{wanted}'"));
}

async fn subscribe(door: &Arc<Door>, query: &str) -> (DuplexStream, String) {
    let mut stream = connect(door);
    let head = format!("GET /api/v1/events?{query} HTTP/1.1\r\n{HOST}{TOKEN}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut text = String::new();
    read_until(&mut stream, &mut text, "event: snapshot").await;
    assert!(text.to_ascii_lowercase().contains("content-type: text/event-stream"), "{text}");
    (stream, text)
}

#[tokio::test(start_paused = true)]
async fn events_come_as_a_stream_and_other_requests_say_what_is_done() {
    let fake = Fake::new();
    let door = door(&fake);
    let (mut stream, mut text) = subscribe(&door, "client=a&durable=true&topics=messages").await;
    fake.tell("rpc:a", 17, &Event::Network { what: NetworkEvent::Nodes { count: 3 } });
    let event = "id: 17\nevent: network\ndata: {\"seq\":17,\"event\":\"network\",";
    read_until(&mut stream, &mut text, event).await;
    read_until(&mut stream, &mut text, ": still here\n\n").await;

    let ack = request(1, "ack", json!({ "seq": 17 }));
    let (status, answer) = post(&door, "X-Ramson-Client: a\r\n", &ack).await;
    assert_eq!((status, answer["result"].is_object()), (200, true), "{answer}");
    assert!(matches!(fake.asked("rpc:a")[..], [Request::Done(_)]));
    let (_, answer) = post(&door, "", &ack).await;
    assert_eq!(answer["error"]["data"]["kind"], "NotSubscribed");

    // The client may still say what it is done with when its stream broke off.
    drop(stream);
    sleep(Duration::from_secs(30)).await;
    assert_eq!(post(&door, "X-Ramson-Client: a\r\n", &ack).await.0, 200);
    sleep(limits::LINGER).await;
    assert_eq!(post(&door, "X-Ramson-Client: a\r\n", &ack).await.0, 409);
}

#[tokio::test]
async fn a_stream_that_is_opened_again_ends_the_one_before() {
    let door = door(&Fake::new());
    let (mut one, mut text) = subscribe(&door, "client=a&durable=true").await;
    let (_two, _) = subscribe(&door, "client=a&durable=true").await;
    let mut rest = String::new();
    one.read_to_string(&mut rest).await.unwrap();
    text.push_str(&rest);
    assert!(text.ends_with("0\r\n\r\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn responses_do_not_wait_behind_events_that_nobody_reads() {
    let fake = Fake::new();
    let door = door(&fake);
    let (_stream, _) = subscribe(&door, "client=a&durable=true&topics=network").await;
    for seq in 1..=9_000 {
        fake.tell("rpc:a", seq, &Event::Network { what: NetworkEvent::Nodes { count: seq } });
    }
    until("they are taken", || fake.waiting("rpc:a") == 0).await;
    let ack = request(1, "ack", json!({ "seq": 1 }));
    assert_eq!(post(&door, "X-Ramson-Client: a\r\n", &ack).await.0, 200);
}

#[tokio::test]
async fn http_is_for_this_machine_only() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let served =
        super::super::serve_http(Fake::new().server(), listener, Token::of_text("a")).await;
    let error = served.err().unwrap().to_string();
    assert!(error.contains("give an address such as 127.0.0.1:0"), "{error}");
}
