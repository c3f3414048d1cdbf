use proptest::prelude::*;
use serde_json::json;

use super::*;

fn one(text: &str) -> Entry {
    match parse(text.as_bytes()) {
        Incoming::One(entry) => entry,
        other => panic!("{other:?}"),
    }
}

fn kind(text: &str) -> String {
    match parse(text.as_bytes()) {
        Incoming::Bad(bad) | Incoming::One(Entry::Bad(bad)) => bad.failure.kind().to_owned(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_request_has_an_id_and_a_notification_has_none() {
    let Entry::Request(request) =
        one(r#"{"jsonrpc":"2.0","id":7,"method":"a.b","params":{"x":1},"more":0}"#)
    else {
        panic!("it is a request")
    };
    assert_eq!(request.id, Some(Id::Number(7.into())));
    assert_eq!((request.method.as_str(), request.params), ("a.b", json!({ "x": 1 })));
    for (id, text) in
        [(Id::Null, "null"), (Id::Text("é".into()), "\"é\""), (Id::Number((-1).into()), "-1")]
    {
        let request = one(&format!(r#"{{"jsonrpc":"2.0","id":{text},"method":"a"}}"#));
        assert!(matches!(&request, Entry::Request(it) if it.id == Some(id)), "{request:?}");
    }
    let notification = one(r#"{"jsonrpc":"2.0","method":"a"}"#);
    assert!(matches!(notification, Entry::Request(it) if it.id.is_none() && it.params.is_null()));
}

#[test]
fn what_is_no_request_is_told_by_its_number() {
    for text in ["", "{", "nonsense", "\u{feff}{}", "{\"a\":1}x", &"[".repeat(100_000)] {
        assert_eq!(kind(text), "ParseError", "{:.20}", text);
    }
    let bad = [
        "1",
        "\"a\"",
        "null",
        "{}",
        "[]",
        r#"{"jsonrpc":"1.0","id":1,"method":"a"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
        r#"{"jsonrpc":"2.0","id":{},"method":"a"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#,
        r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"a"}"#,
    ];
    for text in bad {
        assert_eq!(kind(text), "InvalidRequest", "{text}");
    }
    assert_eq!(kind(r#"{"jsonrpc":"2.0","id":1,"method":"a","params":7}"#), "InvalidParams");
    assert_eq!(kind(&"x".repeat(limits::LINE + 1)), "TooLarge");
    // What could be read of it is in the response.
    let Entry::Bad(bad) = one(r#"{"id":9,"method":"a"}"#) else { panic!("it is none") };
    assert_eq!(bad.id, Id::Number(9.into()));
}

#[test]
fn a_batch_has_at_most_a_hundred_requests() {
    let batch = |count: usize| vec![r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#; count].join(",");
    for count in [1, limits::BATCH] {
        let parsed = parse(format!("[{}]", batch(count)).as_bytes());
        assert!(matches!(parsed, Incoming::Batch(entries) if entries.len() == count));
    }
    assert_eq!(kind(&format!("[{}]", batch(limits::BATCH + 1))), "InvalidRequest");
    let Incoming::Batch(entries) = parse(b"[1,{}]") else { panic!("it is a batch") };
    assert!(entries.iter().all(|entry| matches!(entry, Entry::Bad(_))));
}

#[test]
fn a_response_is_one_line() {
    let line = |response: &Response| String::from_utf8(write(response)).unwrap();
    let done = Response::new(Id::Text("a\nb".into()), Ok(json!({})));
    assert_eq!(line(&done), r#"{"jsonrpc":"2.0","id":"a\nb","result":{}}"#);
    let failure = Failure::refused("Busy", "it is busy; wait");
    let text = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"it is busy; wait","data":{"kind":"Busy","hint":"wait"}}}"#;
    assert_eq!(line(&Response::new(Id::Null, Err(failure))), text);
}

proptest! {
    #[test]
    fn any_bytes_are_something(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        parse(&bytes);
    }
}
