//! The JSON schema of all payloads, which `docs/plugin-schema.json` keeps.

use schemars::generate::SchemaSettings;

use crate::{AccountCommand, Control, Done, Event, Query};

/// The schema as a file: one definition for each kind of payload, and for
/// everything in them.
pub fn json() -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let event = generator.subschema_for::<Event>();
    let command = generator.subschema_for::<AccountCommand>();
    let query = generator.subschema_for::<Query>();
    let control = generator.subschema_for::<Control>();
    let done = generator.subschema_for::<Done>();
    let definitions = generator.take_definitions(true);
    let schema = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What Ramson and its plugins say to each other",
        "description": "Fields and names may be added: pass over those that you do not know.",
        "anyOf": [event, command, query, control, done],
        "$defs": definitions,
    });
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
