//! The file as it is read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use ramson_wire::{ConversationId, Grant, GrantSet};
use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::{Decision, DecisionsError};

/// A plugin's part of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    grants: Vec<Spanned<String>>,
    accounts: Option<Vec<Spanned<String>>>,
    conversations: Option<Vec<Spanned<String>>>,
    rate: Option<u32>,
    #[serde(default)]
    start: bool,
    #[serde(default)]
    untrusted: bool,
    library: Option<PathBuf>,
    config: Option<Spanned<toml::Table>>,
}

/// Reads all of it.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, Decision>, DecisionsError> {
    let malformed = |at: Range<usize>, reason: String| DecisionsError::Malformed {
        line: line_of(text, at.start),
        reason,
    };
    let entries: BTreeMap<String, Entry> = toml::from_str(text).map_err(|error| {
        // Only what is wrong: the library's whole report quotes the line, and
        // a configuration may hold a secret.
        let span = error.span().unwrap_or_default();
        let name = text.get(span.clone()).filter(|_| error.message() == "duplicate key");
        let named = name.map(|name| format!(" '{name}'")).unwrap_or_default();
        malformed(span, format!("{}{named}", error.message()))
    })?;
    let one = |(name, entry): (String, Entry)| {
        let accounts = entry.accounts.map(|accounts| {
            let account = |text: &Spanned<String>| {
                text.as_ref().parse().map_err(|error: ramson_wire::IdError| {
                    malformed(text.span(), error.to_string())
                })
            };
            accounts.iter().map(account).collect::<Result<Vec<_>, _>>()
        });
        let conversations = entry.conversations.map(|conversations| {
            let conversation = |text: &Spanned<String>| {
                let id = text.as_ref().parse::<ramson_types::ConversationId>();
                id.map(|id| ConversationId(id.to_string()))
                    .map_err(|error| malformed(text.span(), error.to_string()))
            };
            conversations.iter().map(conversation).collect::<Result<Vec<_>, _>>()
        });
        let grants = entry.grants.iter().map(|text| {
            Grant::of_name(text.as_ref()).ok_or_else(|| {
                let reason = format!(
                    "'{}' is nothing that a plugin can be granted; there are: {}",
                    text.as_ref(),
                    GrantSet::ALL
                );
                malformed(text.span(), reason)
            })
        });
        let grants = grants.collect::<Result<GrantSet, _>>()?;
        let config = entry.config.map(|config| {
            let span = config.span();
            table(config.into_inner()).map_err(|reason| malformed(span, reason))
        });
        let decision = Decision {
            grants,
            accounts: accounts.transpose()?,
            conversations: conversations.transpose()?,
            rate: entry.rate,
            start: entry.start,
            untrusted: entry.untrusted,
            library: entry.library,
            config: config.transpose()?.unwrap_or_default(),
        };
        Ok((name, decision))
    };
    entries.into_iter().map(one).collect()
}

/// Counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
}

fn table(table: toml::Table) -> Result<Map<String, Value>, String> {
    let entry = |(key, value)| {
        let value = json(value).map_err(|reason| format!("'{key}' {reason}"))?;
        Ok((key, value))
    };
    table.into_iter().map(entry).collect()
}

/// Dates become texts.
fn json(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)
            .map(Value::Number)
            .ok_or("is a number that JSON does not have; write it as a text")?,
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(at) => Value::String(at.to_string()),
        toml::Value::Array(values) => {
            Value::Array(values.into_iter().map(json).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(inner) => Value::Object(table(inner)?),
    })
}
