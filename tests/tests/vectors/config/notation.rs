//! The files' notation of data: objects are dicts, arrays sets, texts are
//! tagged with `t:` or `x:`.

use ramson_protocol::config::{Config, Dict, Scalar, Value as Data};
use serde_json::Value;

pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    match text.split_once(':') {
        Some(("t", text)) => Ok(text.as_bytes().to_vec()),
        Some(("x", digits)) => hex::decode(digits).map_err(|why| format!("{digits}: {why}")),
        _ => Err(format!("'{text}' is in no notation")),
    }
}

pub(crate) fn scalar(value: &Value) -> Result<Scalar, String> {
    match value {
        Value::String(text) => Ok(Scalar::Bytes(bytes(text)?)),
        number => {
            number.as_i64().map(Scalar::Integer).ok_or_else(|| format!("{number} is no scalar"))
        }
    }
}

pub(crate) fn value(value: &Value) -> Result<Data, String> {
    Ok(match value {
        Value::Array(values) => Data::Set(values.iter().map(scalar).collect::<Result<_, _>>()?),
        Value::Object(_) => Data::Dict(dict(value)?),
        _ => Data::Scalar(scalar(value)?),
    })
}

pub(crate) fn dict(data: &Value) -> Result<Dict, String> {
    let mut dict = Dict::default();
    for (key, inner) in data.as_object().ok_or_else(|| format!("{data} is no dict"))? {
        dict.insert(&bytes(key)?, value(inner)?);
    }
    Ok(dict)
}

/// Edits a config until it holds exactly `data`.
pub(crate) fn become_data(config: &mut Config, data: &Value) -> Result<(), String> {
    let data = dict(data)?;
    let keys: Vec<Vec<u8>> = config.data().iter().map(|(key, _)| key.to_vec()).collect();
    for key in keys.iter().filter(|key| data.get(key).is_none()) {
        config.erase(&[key]);
    }
    for (key, value) in data.iter() {
        config.put(&[key], value.clone());
    }
    Ok(())
}
