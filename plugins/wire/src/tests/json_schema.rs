//! `docs/plugin-schema.json` is made from the types. The test below fails when
//! it is not; `RAMSON_UPDATE_DOCS=1 cargo test -p ramson-wire schema` writes it
//! anew.

use std::collections::BTreeSet;

use serde_json::Value;

use super::samples::{events, requests};
use crate::codec::{Encoding, encode_event, encode_request};
use crate::{RequestKind, schema};

#[test]
fn the_written_schema_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plugin-schema.json");
    let schema = schema::json();
    if std::env::var_os("RAMSON_UPDATE_DOCS").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == schema,
        "docs/plugin-schema.json is not what the types are; \
         RAMSON_UPDATE_DOCS=1 cargo test -p ramson-wire schema writes it anew"
    );
}

#[test]
fn every_sample_is_as_the_schema_says() {
    let schema = Schema::new();
    let mut seen = BTreeSet::new();
    for (kind, json) in payloads() {
        let value: Value = serde_json::from_slice(&json).unwrap();
        let at = format!("/$defs/{kind}");
        if let Err(why) = schema.check(&at, &value, &mut seen) {
            panic!("{why}\n{}", String::from_utf8_lossy(&json));
        }
    }
}

/// A sample that misses something new would leave it untested everywhere.
#[test]
fn the_samples_have_everything_that_the_schema_has() {
    let schema = Schema::new();
    let mut seen = BTreeSet::new();
    for (kind, json) in payloads() {
        let value: Value = serde_json::from_slice(&json).unwrap();
        let _ = schema.check(&format!("/$defs/{kind}"), &value, &mut seen);
    }
    let mut all = BTreeSet::new();
    places(&serde_json::json!({ "$defs": schema.0["$defs"] }), String::new(), &mut all);
    let missing: Vec<_> = all.difference(&seen).collect();
    assert!(missing.is_empty(), "no sample has {missing:#?}");
}

#[test]
fn a_payload_that_differs_from_the_schema_is_seen() {
    let schema = Schema::new();
    let fails = |kind: &str, json: &str| {
        let value = serde_json::from_str(json).unwrap();
        schema.check(&format!("/$defs/{kind}"), &value, &mut BTreeSet::new()).is_err()
    };
    assert!(!fails("Query", r#"{"query": "accounts"}"#));
    assert!(fails("Query", r#"{"query": "accounts", "more": 1}"#));
    assert!(fails("Query", r#"{"query": "conversations"}"#));
    assert!(fails("Query", r#"{"query": "conversations", "account": 5}"#));
    assert!(fails("Query", r#"{"query": "unknown"}"#));
    assert!(fails("Query", "[]"));
}

fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    let mut payloads = Vec::new();
    for event in events() {
        payloads.push(("Event", encode_event(&event, Encoding::Json).unwrap()));
    }
    for request in requests() {
        let kind = match request.kind() {
            RequestKind::Command => "AccountCommand",
            RequestKind::Query => "Query",
            RequestKind::Control => "Control",
            RequestKind::Done => "Done",
        };
        payloads.push((kind, encode_request(&request, Encoding::Json).unwrap()));
    }
    payloads
}

/// Every place of the schema that a payload can use: properties, and what
/// there is to choose from.
fn places(schema: &Value, at: String, all: &mut BTreeSet<String>) {
    if let Some(object) = schema.as_object() {
        for (key, value) in object {
            let at = format!("{at}/{key}");
            match (key.as_str(), value) {
                ("properties" | "$defs", Value::Object(named)) => {
                    for (name, value) in named {
                        let at = format!("{at}/{name}");
                        all.insert(at.clone());
                        places(value, at, all);
                    }
                }
                ("oneOf" | "anyOf" | "prefixItems", Value::Array(choices)) => {
                    for (index, value) in choices.iter().enumerate() {
                        let at = format!("{at}/{index}");
                        // What is left out is left out of JSON, too.
                        if value.get("type").is_none_or(|it| it != "null") {
                            all.insert(at.clone());
                            places(value, at, all);
                        }
                    }
                }
                ("enum", Value::Array(names)) => {
                    all.extend((0..names.len()).map(|index| format!("{at}/{index}")));
                }
                ("items" | "additionalProperties", Value::Object(_)) => places(value, at, all),
                _ => {}
            }
        }
    }
}

/// So much of JSON Schema as `schema::json` uses. Unlike there, a property that
/// the schema does not have is an error.
struct Schema(Value);

type Checked = Result<BTreeSet<String>, String>;

impl Schema {
    fn new() -> Self {
        Self(serde_json::from_str(&schema::json()).unwrap())
    }

    fn check(&self, at: &str, value: &Value, seen: &mut BTreeSet<String>) -> Result<(), String> {
        let known = self.evaluate(at, value, seen)?;
        let more = value.as_object().map(|object| object.keys().find(|key| !known.contains(*key)));
        match more.flatten() {
            Some(key) => Err(format!("{at}: there is no '{key}'")),
            None => Ok(()),
        }
    }

    /// The properties of the value that this part of the schema knows.
    fn evaluate(&self, at: &str, value: &Value, seen: &mut BTreeSet<String>) -> Checked {
        let schema = self.0.pointer(at).ok_or(format!("{at} is missing"))?;
        if schema == &Value::Bool(true) {
            return Err(format!("{at}: anything would do"));
        }
        seen.insert(at.to_owned());
        let mut known = BTreeSet::new();
        for (key, rule) in schema.as_object().unwrap() {
            let at = format!("{at}/{key}");
            match key.as_str() {
                "$ref" => {
                    let target = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    known.extend(self.evaluate(target, value, seen)?);
                }
                "type" => {
                    let is = |name: &Value| match name.as_str().unwrap() {
                        "null" => value.is_null(),
                        "boolean" => value.is_boolean(),
                        "integer" => value.is_i64() || value.is_u64(),
                        "string" => value.is_string(),
                        "array" => value.is_array(),
                        "object" => value.is_object(),
                        other => panic!("{at}: {other}"),
                    };
                    let fits = rule.as_array().map_or_else(|| is(rule), |any| any.iter().any(is));
                    let fits = fits.then_some(()).ok_or(format!("{at}: {value} is no {rule}"));
                    fits?;
                }
                "const" if rule != value => return Err(format!("{at}: {value} is not {rule}")),
                "enum" => {
                    let index = rule.as_array().unwrap().iter().position(|one| one == value);
                    let index = index.ok_or(format!("{at}: {value} is none of {rule}"))?;
                    seen.insert(format!("{at}/{index}"));
                }
                "minimum" => {
                    let enough = value.as_i64().is_none_or(|it| it >= rule.as_i64().unwrap());
                    enough.then_some(()).ok_or(format!("{at}: {value} is too small"))?;
                }
                "maximum" => {
                    let fits = value.as_i64().is_none_or(|it| it <= rule.as_i64().unwrap());
                    fits.then_some(()).ok_or(format!("{at}: {value} is too large"))?;
                }
                "required" => {
                    for name in rule.as_array().unwrap() {
                        let there = value.get(name.as_str().unwrap()).is_some();
                        there.then_some(()).ok_or(format!("{at}: {name} is missing"))?;
                    }
                }
                "properties" => {
                    for name in rule.as_object().unwrap().keys() {
                        if let Some(value) = value.get(name) {
                            self.check(&format!("{at}/{name}"), value, seen)?;
                            known.insert(name.clone());
                        }
                    }
                }
                "additionalProperties" if rule.is_object() => {
                    for (name, value) in value.as_object().unwrap() {
                        self.check(&at, value, seen)?;
                        known.insert(name.clone());
                    }
                }
                // Maps by account: their names are not looked at closely.
                "patternProperties" => {
                    let pattern = rule.as_object().unwrap().keys().next().unwrap();
                    let at = format!("{at}/{}", pattern.replace('~', "~0").replace('/', "~1"));
                    for (name, value) in value.as_object().unwrap() {
                        self.check(&at, value, seen)?;
                        known.insert(name.clone());
                    }
                }
                "oneOf" | "anyOf" => known.extend(self.choose(&at, key, value, seen)?),
                "items" if rule.is_object() => {
                    for value in value.as_array().into_iter().flatten() {
                        self.check(&at, value, seen)?;
                    }
                }
                "prefixItems" => {
                    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(&format!("{at}/{index}"), value, seen)?;
                    }
                }
                "const" | "description" | "title" | "format" | "pattern" | "default" => {}
                "additionalProperties" | "items" | "minItems" | "maxItems" | "uniqueItems" => {}
                other => panic!("{at}: the test does not know {other}"),
            }
        }
        Ok(known)
    }

    fn choose(&self, at: &str, key: &str, value: &Value, seen: &mut BTreeSet<String>) -> Checked {
        let choices = self.0.pointer(at).and_then(Value::as_array).unwrap();
        let mut fitting = Vec::new();
        let mut reasons = Vec::new();
        for index in 0..choices.len() {
            let mut seen_here = BTreeSet::new();
            match self.evaluate(&format!("{at}/{index}"), value, &mut seen_here) {
                Ok(known) => fitting.push((known, seen_here)),
                Err(why) => reasons.push(why),
            }
        }
        match fitting.len() {
            0 => Err(format!("{at}: nothing fits: {reasons:#?}")),
            1 => Ok(()),
            _ if key == "anyOf" => Ok(()),
            _ => Err(format!("{at}: {value} is several at once")),
        }?;
        let (known, seen_here) = fitting.swap_remove(0);
        seen.extend(seen_here);
        Ok(known)
    }
}
