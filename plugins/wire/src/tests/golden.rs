//! The bytes of bincode, kept for each number of the schema. A plugin that was
//! built with the same number must be able to read them.

use std::collections::BTreeMap;

use super::samples::{events, requests};
use crate::codec::{Encoding, encode_event, encode_request};
use crate::{Event, Request, SCHEMA};

/// The samples by name, as hex.
fn lines() -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    let mut add = |json: serde_json::Value, kind: &str, bytes: Vec<u8>| {
        let tag = |name| json.get(name).and_then(serde_json::Value::as_str);
        let of = tag("event").or(tag("command")).or(tag("query")).or(tag("control"));
        let of = of.or(Some("done"));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = (1..).map(|number| format!("{kind}.{}.{number:02}", of.unwrap()));
        let name = { name }.find(|name| !lines.contains_key(name)).unwrap();
        lines.insert(name, hex);
    };
    for event in events() {
        let bytes = encode_event(&event, Encoding::Bincode).unwrap();
        add(serde_json::to_value::<Event>(event).unwrap(), "event", bytes);
    }
    for request in requests() {
        let bytes = encode_request(&request, Encoding::Bincode).unwrap();
        let (json, kind) = match request {
            Request::Command(it) => (serde_json::to_value(it), "command"),
            Request::Query(it) => (serde_json::to_value(it), "query"),
            Request::Control(it) => (serde_json::to_value(it), "control"),
            Request::Done(it) => (serde_json::to_value(it), "done"),
        };
        add(json.unwrap(), kind, bytes);
    }
    lines
}

#[test]
fn bytes_are_those_of_the_schemas_number() {
    let path = format!("{}/src/tests/golden/schema-{SCHEMA}.txt", env!("CARGO_MANIFEST_DIR"));
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let kept: BTreeMap<_, _> = written.lines().filter_map(|line| line.split_once(' ')).collect();
    let lines = lines();
    for (name, hex) in &lines {
        let kept = kept.get(name.as_str()).copied();
        assert!(
            kept.is_none_or(|kept| kept == hex),
            "the bytes of {name} changed: raise SCHEMA in plugins/wire/src/lib.rs \
             (or delete {path}, if no program with this number was ever given away)"
        );
    }
    // What is new is added, what is there never changed.
    if std::env::var_os("RAMSON_UPDATE_DOCS").is_some() {
        let text: String = lines.iter().map(|(name, hex)| format!("{name} {hex}\n")).collect();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let missing: Vec<_> = lines.keys().filter(|name| !kept.contains_key(name.as_str())).collect();
    let gone: Vec<_> = kept.keys().filter(|name| !lines.contains_key(**name)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "without kept bytes: {missing:?}; kept but without a sample: {gone:?}; \
         RAMSON_UPDATE_DOCS=1 cargo test -p ramson-wire golden writes them"
    );
}
