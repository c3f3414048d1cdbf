//! Requests that hold requests: `batch`, `sequence`, `ifelse` (02 section
//! 4.13). One element that cannot be read refuses the whole.

use serde_json::{Map, Value};

use super::MAX_SUBREQUESTS;
use super::fields::Fields;
use super::parse::{RequestError, parse_method};
use super::request::*;

/// The list of `batch` and of `sequence`, whose errors are the same.
pub(super) fn subrequests(params: &Map<String, Value>) -> Result<Vec<Request>, RequestError> {
    let requests = params.get("requests").and_then(Value::as_array);
    let Some(requests) = requests.filter(|requests| !requests.is_empty()) else {
        return Err(batch("no valid \"requests\" field"));
    };
    if requests.len() > MAX_SUBREQUESTS {
        return Err(batch("subrequest limit exceeded"));
    }
    requests.iter().map(subrequest).collect()
}

fn batch(reason: &str) -> RequestError {
    RequestError::invalid(format!("Invalid batch request: {reason}"))
}

fn subrequest(request: &Value) -> Result<Request, RequestError> {
    let Some(request) = request.as_object() else {
        return Err(batch("requests must be objects"));
    };
    let Some((method, params)) = method_and_params(request) else {
        return Err(batch("subrequests must have method/params keys"));
    };
    if matches!(method, "batch" | "sequence" | "ifelse") {
        return Err(RequestError::invalid(
            "Invalid batch subrequest: subrequests may not contain meta-requests",
        ));
    }
    parse_method(method, params)?.ok_or_else(|| {
        RequestError::invalid(format!("Invalid batch subrequest: invalid method \"{method}\""))
    })
}

fn method_and_params(request: &Map<String, Value>) -> Option<(&str, &Map<String, Value>)> {
    Some((request.get("method")?.as_str()?, request.get("params")?.as_object()?))
}

pub(super) fn if_else(params: &Map<String, Value>) -> Result<IfElse, RequestError> {
    let Some(conditions) = params.get("if").and_then(Value::as_object) else {
        return Err(ifelse("no valid \"if\" field"));
    };
    let conditions = conditions_of(Fields(conditions))?;
    if conditions.is_empty() {
        return Err(ifelse("must specify at least one \"if\" condition"));
    }
    let then = branch(params, "then")?;
    let otherwise = branch(params, "else")?;
    if then.is_none() && otherwise.is_none() {
        return Err(ifelse("at least one of \"then\"/\"else\" required"));
    }
    Ok(IfElse { conditions, then, otherwise })
}

fn ifelse(reason: impl std::fmt::Display) -> RequestError {
    RequestError::invalid(format!("Invalid ifelse request: {reason}"))
}

fn branch(params: &Map<String, Value>, name: &str) -> Result<Option<Request>, RequestError> {
    let Some(branch) = params.get(name) else {
        return Ok(None);
    };
    let Some(branch) = branch.as_object() else {
        return Err(ifelse(format!("{name} must be an object")));
    };
    let Some((method, params)) = method_and_params(branch) else {
        return Err(ifelse(format!("{name} must have method/params keys")));
    };
    match parse_method(method, params)? {
        Some(request) => Ok(Some(request)),
        None => Err(RequestError::invalid(format!("Invalid ifelse request method \"{name}\""))),
    }
}

fn conditions_of(fields: Fields<'_>) -> Result<Vec<Condition>, RequestError> {
    let found = [
        fields.integer("height_at_least")?.map(Condition::HeightAtLeast),
        fields.integer("height_before")?.map(Condition::HeightBefore),
        fields.integers("hf_at_least")?.map(|list| Condition::HfAtLeast(filled(&list))),
        fields.integers("hf_before")?.map(|list| Condition::HfBefore(filled(&list))),
        fields.integers("v_at_least")?.map(|list| Condition::VersionAtLeast(filled(&list))),
        fields.integers("v_before")?.map(|list| Condition::VersionBefore(filled(&list))),
    ];
    Ok(found.into_iter().flatten().collect())
}

fn filled<const N: usize>(list: &[i64]) -> [i64; N] {
    let mut numbers = [0; N];
    for (to, from) in numbers.iter_mut().zip(list) {
        *to = *from;
    }
    numbers
}
