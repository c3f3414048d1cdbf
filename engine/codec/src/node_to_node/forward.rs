//! Commands that a node passes on to the other members of a swarm: the
//! parameters of the request as a bencoded dict, binary values as raw bytes
//! and yes or no as 1 or 0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use crate::bt::{self, BtError, Dict, Integer, Value};
use crate::storage::{Lifetime, Request, RequestError, parse_request};

/// How a parameter that is no plain text or number is written.
enum Kind {
    /// Base64 in JSON, raw in bencode.
    Base64,
    /// Hex in JSON, raw in bencode.
    Hex,
    /// `true` and `false` in JSON.
    Flag,
    /// As it is.
    Plain,
}

fn kind(name: &str) -> Kind {
    match name {
        "data" | "signature" | "subaccount" | "subaccount_sig" | "revoke" | "unrevoke" => {
            Kind::Base64
        }
        "pubkey" | "pubkey_ed25519" => Kind::Hex,
        "extend" | "shorten" | "required" => Kind::Flag,
        _ => Kind::Plain,
    }
}

/// Why a forwarded command cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// Not bencode.
    #[error("the parameters of the forwarded '{method}' are not bencode: {why}")]
    Bencode {
        /// The command.
        method: String,
        /// What is wrong.
        why: BtError,
    },
    /// Bencode, but not a dict of what a request has.
    #[error("the forwarded '{method}' has an unusable parameter '{name}'")]
    Parameter {
        /// The command.
        method: String,
        /// Which, or nothing for the dict itself.
        name: String,
    },
    /// A command that is not forwarded.
    #[error("'{method}' is carried out by one node only and not forwarded")]
    NotForwarded {
        /// The command.
        method: String,
    },
    /// A request that the node refuses.
    #[error("the forwarded request is refused ({}): {}", .0.status, .0.text)]
    Refused(RequestError),
}

/// Whether all members of a swarm carry it out.
const fn is_recursive(request: &Request) -> bool {
    matches!(
        request,
        Request::Store(_)
            | Request::Delete(_)
            | Request::DeleteAll(_)
            | Request::DeleteBefore(_)
            | Request::Expire(_)
            | Request::ExpireAll(_)
            | Request::RevokeSubaccount(_)
            | Request::UnrevokeSubaccount(_)
    )
}

/// The two parts of a forwarded command: its name and its parameters. `None`
/// for requests that only one node carries out. A message's lifetime is
/// forwarded as the time of its end, and `required` not at all.
pub fn forward(request: &Request) -> Option<(&'static str, Vec<u8>)> {
    let mut request = is_recursive(request).then(|| request.clone())?;
    match &mut request {
        Request::Store(store) => {
            if let Lifetime::Ttl(ttl) = store.lifetime {
                let end = store.timestamp.millis().saturating_add(ttl);
                store.lifetime = Lifetime::Until(ramson_types::Timestamp(end));
            }
        }
        Request::Delete(delete) => delete.required = false,
        _ => {}
    }
    let method = request.method();
    let json = request.to_json();
    let params = json.get("params")?.as_object()?;
    let written = params
        .iter()
        .map(|(name, value)| Some((name.as_bytes().to_vec(), to_bt(&kind(name), value)?)));
    Some((method, Value::Dict(written.collect::<Option<_>>()?).encode()))
}

fn to_bt(kind: &Kind, value: &Json) -> Option<Value> {
    match (kind, value) {
        (_, Json::Array(values)) => {
            Some(Value::List(values.iter().map(|value| to_bt(kind, value)).collect::<Option<_>>()?))
        }
        (Kind::Flag, Json::Bool(flag)) => Some(u64::from(*flag).into()),
        (Kind::Base64, Json::String(text)) => Some(STANDARD.decode(text).ok()?.into()),
        (Kind::Hex, Json::String(text)) => Some(hex::decode(text).ok()?.into()),
        (Kind::Plain, Json::String(text)) => Some(text.as_str().into()),
        (Kind::Plain, Json::Number(number)) => number
            .as_u64()
            .map(Integer::from)
            .or_else(|| number.as_i64().map(Integer::from))
            .map(Value::Integer),
        _ => None,
    }
}

/// Reads a forwarded command as the request that it was.
pub fn parse_forwarded(method: &str, params: &[u8]) -> Result<Request, ForwardError> {
    let unusable = |name: &[u8]| ForwardError::Parameter {
        method: method.to_owned(),
        name: String::from_utf8_lossy(name).into_owned(),
    };
    let dict = match bt::decode(params) {
        Ok(Value::Dict(dict)) => dict,
        Ok(_) => return Err(unusable(b"")),
        Err(why) => return Err(ForwardError::Bencode { method: method.to_owned(), why }),
    };
    let params = to_params(&dict).map_err(unusable)?;
    let json = serde_json::json!({ "method": method, "params": params }).to_string();
    let request = parse_request(json.as_bytes()).map_err(ForwardError::Refused)?;
    if !is_recursive(&request) {
        return Err(ForwardError::NotForwarded { method: method.to_owned() });
    }
    Ok(request)
}

/// The parameters as they stand in JSON, or the name of the first that cannot.
fn to_params(dict: &Dict) -> Result<Map<String, Json>, &[u8]> {
    let read = dict.iter().map(|(name, value)| {
        let text = str::from_utf8(name).map_err(|_| name.as_slice())?;
        let value = to_json(&kind(text), value).ok_or(name.as_slice())?;
        Ok((text.to_owned(), value))
    });
    read.collect()
}

fn to_json(kind: &Kind, value: &Value) -> Option<Json> {
    match (kind, value) {
        (Kind::Flag, Value::Integer(number)) => Some((number.as_u64()? != 0).into()),
        (_, Value::Integer(number)) => {
            number.as_u64().map(Json::from).or_else(|| number.as_i64().map(Json::from))
        }
        (Kind::Base64, Value::Bytes(bytes)) => Some(STANDARD.encode(bytes).into()),
        // A key may also come as hex already.
        (Kind::Hex, Value::Bytes(bytes)) if bytes.len() < 64 => Some(hex::encode(bytes).into()),
        (_, Value::Bytes(bytes)) => Some(str::from_utf8(bytes).ok()?.into()),
        // One list inside the dict, none inside that.
        (kind, Value::List(values)) => {
            let plain = |value: &Value| match value {
                Value::List(_) | Value::Dict(_) => None,
                value => to_json(kind, value),
            };
            values.iter().map(plain).collect()
        }
        (_, Value::Dict(_)) => None,
    }
}
