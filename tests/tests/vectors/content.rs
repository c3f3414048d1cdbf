//! One encoded Content of each kind, unusual ones and broken ones.

mod json;

use ramson_codec::proto::Content;
use ramson_tests::fields::{hex, number, run_sections};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description", "timestamp_ms"],
        &[("samples", sample), ("decode_only", decode_only), ("invalid", invalid)],
    );
}

fn decode(case: &Value) -> Result<Content, String> {
    Content::decode(&hex(case, "content_hex")?).map_err(|why| why.to_string())
}

/// One value in Rust has the file's fields and gives the file's bytes.
fn sample(file: &Value, case: &Value) -> Result<(), String> {
    let content = decode(case)?;
    expect_eq("fields", &json::content(&content), &case["fields"])?;
    expect_eq("bytes", content.encode(), hex(case, "content_hex")?)?;
    expect_eq("sent time", content.sig_timestamp, Some(number(file, "timestamp_ms")?))
}

fn decode_only(_: &Value, case: &Value) -> Result<(), String> {
    let content = decode(case)?;
    expect_eq("fields", &json::content(&content), &case["fields"])?;
    let again = Content::decode(&content.encode()).map_err(|why| why.to_string())?;
    expect_eq("written and read again", again, content)
}

fn invalid(_: &Value, case: &Value) -> Result<(), String> {
    let bytes = hex(case, "content_hex")?;
    match Content::decode(&bytes) {
        Ok(content) => Err(format!("was read as {content:?}")),
        Err(_) => Ok(()),
    }
}
