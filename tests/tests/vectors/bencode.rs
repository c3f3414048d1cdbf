//! Bencode: how values are written, and which bytes are values.

use ramson_codec::bt::{self, Value as Bt};
use ramson_tests::fields::{hex, list, text};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    let known = ["name", "source", "description", "notation", "format", "note", "cases"];
    cases.only_sections(file, &known);
    for case in list(file, "cases").unwrap_or_default() {
        let name = case["id"].as_str().unwrap_or("without an id");
        cases.check(name, || match text(case, "kind")? {
            "encode" => encode(case),
            "decode" => decode(case),
            other => Err(format!("cases of the kind {other} are not known")),
        });
    }
}

fn encode(case: &Value) -> Result<(), String> {
    let (value, bytes) = (value(&case["value"])?, hex(case, "encoded_hex")?);
    expect_eq("written", value.encode(), bytes.clone())?;
    let read = bt::decode(&bytes).map_err(|why| why.to_string())?;
    expect_eq("read", &read, &value)
}

/// The tolerant reader takes what the library takes, the strict one only what
/// is canonical.
fn decode(case: &Value) -> Result<(), String> {
    let bytes = hex(case, "input_hex")?;
    let read = bt::decode_tolerant(&bytes);
    let accepted = match text(case, "whole_value_parser")? {
        "accepted" => true,
        "rejected" => false,
        other => return Err(format!("what is '{other}'?")),
    };
    expect_eq("accepted", read.is_ok(), accepted)?;
    let canonical = match &read {
        Ok(value) => {
            expect_eq("written again", value.encode(), hex(case, "reencoded_hex")?)?;
            value.encode() == bytes
        }
        Err(_) => false,
    };
    expect_eq("accepted if strict", bt::decode(&bytes).is_ok(), canonical)
}

/// The file's notation.
fn value(written: &Value) -> Result<Bt, String> {
    match written {
        Value::String(text) => Ok(string(text)?.into()),
        Value::Array(values) => Ok(Bt::List(values.iter().map(value).collect::<Result<_, _>>()?)),
        Value::Object(values) => {
            let entries = values.iter().map(|(key, inner)| Ok((string(key)?, value(inner)?)));
            Ok(Bt::Dict(entries.collect::<Result<_, String>>()?))
        }
        number => number
            .as_u64()
            .map(Bt::from)
            .or_else(|| number.as_i64().map(Bt::from))
            .ok_or_else(|| format!("{number} is in no notation")),
    }
}

fn string(text: &str) -> Result<Vec<u8>, String> {
    match text.split_once(':') {
        Some(("t", text)) => Ok(text.as_bytes().to_vec()),
        Some(("x", digits)) => hex::decode(digits).map_err(|why| format!("{digits}: {why}")),
        _ => Err(format!("'{text}' is in no notation")),
    }
}
