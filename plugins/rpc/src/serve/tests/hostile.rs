//! Bytes of strangers.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::limits;
use crate::testing::{Fake, OnLine};

#[tokio::test]
async fn a_line_that_is_too_long_costs_itself_only() {
    let mut client = OnLine::connect(&Fake::new().server());
    let server = async {
        let mut line = vec![b'x'; 10 << 20];
        line.push(b'\n');
        client.send(&line).await;
        let refused = client.response().await;
        assert_eq!(
            (&refused["id"], &refused["error"]["data"]["kind"]),
            (&json!(null), &json!("TooLarge"))
        );
        assert!(client.ask("version", json!({})).await["result"].is_object());
    };
    server.await;
}

#[tokio::test]
async fn a_line_without_an_end_ends_its_connection() {
    let mut client = OnLine::connect(&Fake::new().server());
    client.send(&vec![b'x'; limits::ENDLESS_LINE + 100_000]).await;
    for _ in 0..2 {
        assert_eq!(client.next().await.unwrap()["error"]["data"]["kind"], "TooLarge");
    }
    assert_eq!(client.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn half_a_line_and_silence_ends_after_a_while() {
    let server = Fake::new().server();
    let mut silent = OnLine::connect_for(&server, Some(limits::FIRST_LINE));
    silent.send(b"{\"jsonrpc\"").await;
    let mut busy = OnLine::connect_for(&server, Some(limits::FIRST_LINE));
    busy.ask("version", json!({})).await;
    sleep(limits::FIRST_LINE + Duration::from_secs(1)).await;
    assert_eq!(silent.next().await, None);
    assert!(busy.ask("version", json!({})).await["result"].is_object());
}

/// Bytes, or requests with something wrong in them.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let request =
        (any::<prop::sample::Index>(), "[a-z\"{}\\[\\]:,0-9]{0,40}").prop_map(|(at, junk)| {
            let methods = &crate::methods::METHODS;
            let method = methods[at.index(methods.len())].name;
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{{{junk}}}}}"
            )
            .into_bytes()
        });
    prop_oneof![bytes, request]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_lines_have_responses_or_none(lines in proptest::collection::vec(lines(), 0..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut client = OnLine::connect(&Fake::new().server());
            for mut line in lines {
                line.push(b'\n');
                client.send(&line).await;
            }
            client.finish().await;
            while let Some(answer) = client.next().await {
                let answers = match answer {
                    Value::Array(several) => several,
                    one => vec![one],
                };
                for answer in answers {
                    assert_eq!(answer["jsonrpc"], "2.0");
                    let named = answer.get("method").is_some();
                    let response = answer.get("result").is_some() != answer.get("error").is_some();
                    assert!(named != response, "{answer}");
                }
            }
            client.served.await.unwrap().unwrap();
        });
    }
}
