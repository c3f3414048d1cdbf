//! What clients of the RPC server send.

use ramson_rpc::{Entry, Id, Incoming, parse};
use serde_json::Value;

/// A line or a body: what is understood is written and read to the same.
pub fn rpc_request(data: &[u8]) {
    match parse(data) {
        Incoming::Bad(_) => {}
        Incoming::One(entry) => check(&entry),
        Incoming::Batch(entries) => {
            assert!((1..=100).contains(&entries.len()), "{} at once", entries.len());
            entries.iter().for_each(check);
        }
    }
}

#[allow(clippy::indexing_slicing, reason = "an object that was just made")]
fn check(entry: &Entry) {
    let Entry::Request(request) = entry else { return };
    let mut object = serde_json::json!({ "jsonrpc": "2.0", "method": request.method });
    if let Some(id) = &request.id {
        object["id"] = match id {
            Id::Null => Value::Null,
            Id::Number(number) => Value::Number(number.clone()),
            Id::Text(text) => Value::String(text.clone()),
        };
    }
    if !request.params.is_null() {
        object["params"] = request.params.clone();
    }
    // Fractions may be read to their neighbours.
    let again = parse(object.to_string().as_bytes());
    let Incoming::One(Entry::Request(again)) = again else { panic!("not read again: {object}") };
    assert_eq!((&again.id, &again.method), (&request.id, &request.method));
    assert_eq!(again.params.is_object(), request.params.is_object());
}

pub(crate) mod corpus {
    use crate::corpus::Known;

    pub(crate) fn rpc_request(_: &Known) -> Vec<Vec<u8>> {
        let id = format!("05{}", "ab".repeat(32));
        let send = format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"send","params":{{"to":"{id}","text":"hello","key":"k"}}}}"#
        );
        let lines = [
            send.as_str(),
            r#"{"jsonrpc":"2.0","id":"a","method":"subscribe","params":{"client":"a","durable":true,"topics":["messages"]}}"#,
            r#"{"jsonrpc":"2.0","method":"ack","params":{"seq":17}}"#,
            r#"[{"jsonrpc":"2.0","id":null,"method":"version"},{"jsonrpc":"2.0","id":-1,"method":"health","params":[]}]"#,
            r#"{"jsonrpc":"1.0","id":1.5,"method":7,"params":true}"#,
            "[]",
        ];
        lines.iter().map(|line| line.as_bytes().to_vec()).collect()
    }
}
