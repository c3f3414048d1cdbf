//! The JSON schema of the interface, which `docs/rpc-schema.json` keeps.

use ramson_wire::Event;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::methods::METHODS;

/// What the notification `event` has.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EventParams")]
struct EventParams {
    /// Its number in the home's event log, or that of the newest before it.
    seq: u64,
    /// What happened.
    #[serde(flatten)]
    event: Event,
}

/// What the notification `unsubscribed` has: no more events come.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UnsubscribedParams")]
struct UnsubscribedParams {
    /// `closed`: another client of that name came, or the program ends;
    /// `slow`: events were not taken fast enough.
    reason: String,
}

/// The `error` of a response.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
struct ErrorShape {
    /// A number of JSON-RPC 2.0; -32000 for what was understood and refused.
    code: i32,
    /// A sentence for people.
    message: String,
    /// More of it.
    data: ErrorData,
}

/// What is wrong, for programs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ErrorData {
    /// A name which never changes.
    kind: String,
    /// The way out, as far as there is one.
    hint: String,
}

/// The schema.
pub(crate) fn value() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut methods = Map::new();
    for method in METHODS.iter() {
        let about = json!({
            "description": method.about,
            "network": method.network,
            "params": (method.params)(&mut generator),
            "result": (method.result)(&mut generator),
        });
        methods.insert(method.name.to_owned(), about);
    }
    let notifications = json!({
        "event": { "params": generator.subschema_for::<EventParams>() },
        "unsubscribed": { "params": generator.subschema_for::<UnsubscribedParams>() },
    });
    let error = generator.subschema_for::<ErrorShape>();
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The JSON-RPC interface of Ramson",
        "description": "Results, events and their fields may be added: pass over those that you do not know.",
        "methods": methods,
        "notifications": notifications,
        "error": error,
        "$defs": definitions,
    })
}

/// The same as a file.
pub fn json() -> String {
    let mut text = serde_json::to_string_pretty(&value()).unwrap_or_default();
    text.push('\n');
    text
}
