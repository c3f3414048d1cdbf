//! Which parts of an answer differ from run to run: clocks, and the order in
//! which peers are listed. Everything else must be equal.

use ramson_tests::expect_eq;
use serde_json::Value;

/// JSON with clocks blotted out and nodes in the order of their keys.
pub(crate) fn lasting(mut json: Value) -> Value {
    blot(&mut json);
    json
}

fn blot(json: &mut Value) {
    match json {
        Value::Array(list) => list.iter_mut().for_each(blot),
        Value::Object(object) => {
            let is_info = object.contains_key("version");
            for (key, value) in object.iter_mut() {
                if value.is_number() && (key == "t" || (is_info && key == "timestamp")) {
                    *value = "a clock".into();
                }
                blot(value);
                if let (true, Some(nodes)) =
                    (key == "snodes" || key == "service_node_states", value.as_array_mut())
                {
                    nodes.sort_by_key(|node| node["pubkey_ed25519"].to_string());
                }
            }
        }
        _ => {}
    }
}

/// Compares a body: as JSON if both are, otherwise byte for byte.
pub(crate) fn compare(ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    match (serde_json::from_slice(ours), serde_json::from_slice(theirs)) {
        (Ok(ours), Ok(theirs)) => {
            let (ours, theirs) = (lasting(ours), lasting(theirs));
            expect_eq("body", ours.to_string(), theirs.to_string())
        }
        _ => {
            let (ours, theirs) = (String::from_utf8_lossy(ours), String::from_utf8_lossy(theirs));
            expect_eq("body", worded(&ours), worded(&theirs))
        }
    }
}

/// The words of the server's JSON library are not ours.
fn worded(text: &str) -> &str {
    text.split_once("[json.exception").map_or(text, |(before, _)| before)
}

/// The first clock in an answer: when the node worked on it.
pub(crate) fn clock(json: &Value) -> Option<u64> {
    match json {
        Value::Array(list) => list.iter().find_map(clock),
        Value::Object(object) => {
            let own = object.get("t").and_then(Value::as_u64);
            own.or_else(|| object.values().find_map(clock))
        }
        Value::String(text) => serde_json::from_str(text)
            .ok()
            .filter(|json: &Value| json.is_object())
            .and_then(|json| clock(&json)),
        _ => None,
    }
}

/// Whether the same header stands in both, whatever depends on the clock and
/// on the length aside.
pub(crate) fn headers(response: &Value) -> Vec<(String, String)> {
    let list = response["headers"].as_array().cloned().unwrap_or_default();
    let pairs = list.iter().filter_map(|header| {
        Some((header[0].as_str()?.to_owned(), header[1].as_str()?.to_owned()))
    });
    pairs.filter(|(name, _)| name != "Date" && name != "Content-Length").collect()
}
