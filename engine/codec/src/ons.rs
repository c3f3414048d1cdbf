//! Names of accounts (02 section 8): which texts are names, the question that
//! a client puts to a service node, and the daemon's answer to it, both ways.
//! What is in a record is sealed; [`ramson_crypto::ons`] opens it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_crypto::ons::{self, NONCE_LEN};
use serde_json::{Value, json};

use crate::storage::{OxendEndpoint, OxendRequest, Request};

/// Longest name, in characters.
pub const MAX_LEN: usize = 64;

/// The type of names that stand for accounts; there are others for wallets
/// and for hosts.
const TYPE_ACCOUNT: u64 = 0;

/// A valid name, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// No character, or too many.
    #[error("'{text}' is not a name: it has {length} characters, names have 1 to {MAX_LEN}")]
    Length {
        /// The text as it was given.
        text: String,
        /// Its characters.
        length: usize,
    },
    /// A character that names do not have, or not there.
    #[error(
        "'{text}' is not a name: names are made of letters a to z, digits, '_' and, except at \
         either end, '-'; '{found}' does not fit"
    )]
    Character {
        /// The text as it was given.
        text: String,
        /// The character.
        found: char,
    },
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the chain knows it by.
    pub fn hash(&self) -> [u8; 32] {
        ons::name_hash(&self.0)
    }

    /// The question whose it is. Any service node answers it; the answer of
    /// one alone is not to be believed.
    pub fn request(&self) -> Request {
        Request::OxendRequest(OxendRequest {
            endpoint: OxendEndpoint::OnsResolve,
            params: json!({ "type": TYPE_ACCOUNT, "name_hash": STANDARD.encode(self.hash()) }),
        })
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let length = text.chars().count();
        if length == 0 || length > MAX_LEN {
            return Err(NameError::Length { text: text.to_owned(), length });
        }
        let last = length.saturating_sub(1);
        let fits = |(at, sign): (usize, char)| {
            sign.is_ascii_alphanumeric() || sign == '_' || (sign == '-' && at != 0 && at != last)
        };
        match text.chars().enumerate().find(|place| !fits(*place)) {
            Some((_, found)) => Err(NameError::Character { text: text.to_owned(), found }),
            None => Ok(Self(text.to_ascii_lowercase())),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the daemon says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameRecord {
    /// It is somebody's.
    Registered {
        /// The sealed account id.
        encrypted_value: Vec<u8>,
        /// `None` in records of the old form.
        nonce: Option<[u8; NONCE_LEN]>,
    },
    /// It is nobody's.
    NotRegistered,
}

/// Why an answer says nothing of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameAnswerError {
    /// Not JSON, or without a result.
    #[error("the answer about a name has no result; it begins with '{start}'")]
    NoResult {
        /// Its first characters.
        start: String,
    },
    /// The daemon refuses, or is not ready.
    #[error("the node's daemon answers '{status}' instead of a name's record; ask another node")]
    Status {
        /// Its words.
        status: String,
    },
    /// A field that is no hex of the right length.
    #[error("the record of a name has an unusable '{field}': {value}")]
    Field {
        /// Which.
        field: &'static str,
        /// What stands there.
        value: String,
    },
}

impl NameRecord {
    /// Reads the body of a 200: the daemon's answer under `result`, which may
    /// hold another `result` of its JSON-RPC.
    pub fn parse(body: &[u8]) -> Result<Self, NameAnswerError> {
        let answer: Option<Value> = serde_json::from_slice(body).ok();
        let outer = answer.as_ref().and_then(|answer| answer.get("result"));
        let inner = outer.and_then(|outer| outer.get("result")).or(outer);
        let record = inner.and_then(Value::as_object).ok_or_else(|| {
            let start = String::from_utf8_lossy(body).chars().take(40).collect();
            NameAnswerError::NoResult { start }
        })?;
        let field = |name: &str| record.get(name).filter(|value| !value.is_null());
        if let Some(value) = field("encrypted_value") {
            let encrypted_value = hex_field("encrypted_value", value)?;
            let nonce = field("nonce").map(nonce).transpose()?;
            return Ok(Self::Registered { encrypted_value, nonce });
        }
        match field("status").and_then(Value::as_str) {
            Some("OK") | None => Ok(Self::NotRegistered),
            Some(status) => Err(NameAnswerError::Status { status: status.to_owned() }),
        }
    }

    /// The daemon's answer, as a node passes it on under `result`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Registered { encrypted_value, nonce } => {
                let mut result =
                    json!({ "encrypted_value": hex::encode(encrypted_value), "status": "OK" });
                if let (Some(object), Some(nonce)) = (result.as_object_mut(), nonce) {
                    object.insert("nonce".to_owned(), hex::encode(nonce).into());
                }
                result
            }
            Self::NotRegistered => json!({ "status": "OK" }),
        }
    }
}

fn unusable(field: &'static str, value: &Value) -> NameAnswerError {
    let value = value.to_string().chars().take(120).collect();
    NameAnswerError::Field { field, value }
}

fn hex_field(field: &'static str, value: &Value) -> Result<Vec<u8>, NameAnswerError> {
    value.as_str().and_then(|text| hex::decode(text).ok()).ok_or_else(|| unusable(field, value))
}

fn nonce(value: &Value) -> Result<[u8; NONCE_LEN], NameAnswerError> {
    hex_field("nonce", value)?.try_into().map_err(|_| unusable("nonce", value))
}

/// What a node is asked about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameQuestion {
    /// 0 for accounts; nobody has anything else in a network of Ramson's own.
    pub kind: u64,
    /// The hash of the name.
    pub name_hash: [u8; 32],
}

/// Why a question about a name is refused. The real daemon's own words are not
/// known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameQuestionError {
    /// No number from 0 to 255.
    #[error("Invalid ONS type: {value}")]
    Type {
        /// What was given, as JSON.
        value: String,
    },
    /// Not a hash of 32 bytes.
    #[error("Invalid ONS name hash: {value}; expected 64 hex digits or base64 of 32 bytes")]
    Hash {
        /// What was given, as JSON.
        value: String,
    },
}

impl NameQuestion {
    /// Reads the `params` of an `ons_resolve`. The hash is base64, padded or
    /// not, or 64 hex digits.
    pub fn parse(params: &Value) -> Result<Self, NameQuestionError> {
        let of = |name: &str| params.get(name).cloned().unwrap_or_default();
        let (kind, hash) = (of("type"), of("name_hash"));
        let number = kind.as_u64().filter(|kind| *kind <= u64::from(u8::MAX));
        let kind = number.ok_or_else(|| NameQuestionError::Type { value: kind.to_string() })?;
        let name_hash = hash.as_str().and_then(hash_text);
        let name_hash =
            name_hash.ok_or_else(|| NameQuestionError::Hash { value: hash.to_string() })?;
        Ok(Self { kind, name_hash })
    }

    /// Whether it is about accounts.
    pub const fn is_of_account(&self) -> bool {
        self.kind == TYPE_ACCOUNT
    }
}

fn hash_text(text: &str) -> Option<[u8; 32]> {
    let bytes = match text.len() {
        64 => hex::decode(text).ok()?,
        43 => STANDARD.decode(format!("{text}=")).ok()?,
        _ => STANDARD.decode(text).ok()?,
    };
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests;
