//! JSON-RPC 2.0 as bytes: requests, one or several at once, and responses.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

use crate::failure::{Code, Failure};
use crate::limits;

/// The longest id that is a text.
const LONGEST_ID: usize = 256;

/// What came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// One request.
    One(Entry),
    /// Several, whose responses go out together.
    Batch(Vec<Entry>),
    /// Nothing of sense at all.
    Bad(Bad),
}

/// One request, or what should have been one.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A request.
    Request(Request),
    /// None.
    Bad(Bad),
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Of a notification there is none, and it has no response.
    pub id: Option<Id>,
    /// Its method.
    pub method: String,
    /// Its parameters; null if there are none.
    pub params: Value,
}

/// Something that is no request, and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bad {
    pub(crate) id: Id,
    pub(crate) failure: Failure,
}

/// What a response is told by.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// None could be read.
    Null,
    /// A whole number.
    Number(serde_json::Number),
    /// A text of at most 256 bytes.
    Text(String),
}

impl Id {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            // Another one might not go back as it came.
            Value::Number(number) if !number.is_f64() => Some(Self::Number(number.clone())),
            Value::String(text) if text.len() <= LONGEST_ID => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

/// Reads a line or a body.
pub fn parse(bytes: &[u8]) -> Incoming {
    if bytes.len() > limits::LINE {
        return Incoming::Bad(Bad { id: Id::Null, failure: Failure::too_large(limits::LINE) });
    }
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            let text = format!("this is not JSON: {error}; send one JSON-RPC 2.0 request a line");
            let failure = Failure::new(Code::Parse, "ParseError", text);
            return Incoming::Bad(Bad { id: Id::Null, failure });
        }
    };
    match value {
        Value::Array(entries) if entries.is_empty() => {
            Incoming::Bad(bad(Id::Null, "a batch has at least one request; leave it out"))
        }
        Value::Array(entries) if entries.len() > limits::BATCH => {
            let text = format!(
                "a batch has {} requests; send at most {} at once",
                entries.len(),
                limits::BATCH
            );
            Incoming::Bad(bad(Id::Null, text))
        }
        Value::Array(entries) => Incoming::Batch(entries.into_iter().map(entry).collect()),
        value => Incoming::One(entry(value)),
    }
}

fn entry(value: Value) -> Entry {
    let Value::Object(mut object) = value else {
        return Entry::Bad(bad(Id::Null, "a request is an object; docs/rpc.md shows some"));
    };
    let id = match object.get("id").map(Id::read) {
        None => None,
        Some(Some(id)) => Some(id),
        Some(None) => {
            let text = "an id is a whole number, or a text of at most 256 bytes; choose another";
            return Entry::Bad(bad(Id::Null, text));
        }
    };
    let known = id.clone().unwrap_or(Id::Null);
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Entry::Bad(bad(known, "a request has \"jsonrpc\":\"2.0\"; add it"));
    }
    let method = match object.remove("method") {
        Some(Value::String(method)) => method,
        _ => return Entry::Bad(bad(known, "a request has a \"method\", which is a text; add it")),
    };
    let params = object.remove("params").unwrap_or(Value::Null);
    if !matches!(params, Value::Null | Value::Object(_) | Value::Array(_)) {
        let failure = Failure::params("parameters have names; give an object");
        return Entry::Bad(Bad { id: known, failure });
    }
    Entry::Request(Request { id, method, params })
}

fn bad(id: Id, text: impl Into<String>) -> Bad {
    Bad { id, failure: Failure::new(Code::Request, "InvalidRequest", text) }
}

/// A response.
#[derive(Debug, Serialize)]
pub(crate) struct Response {
    jsonrpc: &'static str,
    id: Id,
    #[serde(flatten)]
    what: Content,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Content {
    Result(Value),
    Error(Failure),
}

impl Response {
    pub(crate) fn new(id: Id, outcome: Result<Value, Failure>) -> Self {
        let what = match outcome {
            Ok(result) => Content::Result(result),
            Err(failure) => Content::Error(failure),
        };
        Self { jsonrpc: "2.0", id, what }
    }

    /// Says what is wrong with something that is no request.
    pub(crate) fn bad(bad: Bad) -> Self {
        Self::new(bad.id, Err(bad.failure))
    }
}

/// As bytes, without a line break.
pub(crate) fn write(value: &impl Serialize) -> Vec<u8> {
    // Nothing in a response can fail to be JSON.
    serde_json::to_vec(value).unwrap_or_default()
}
