//! Parameters of a request by name and type, with the server's own words for
//! what is wrong (02 section 4.2). JSON null counts as absent.

use ramson_types::{Namespace, Timestamp};
use serde_json::{Map, Value};

use super::Namespaces;
use super::parse::RequestError;

/// Below this a timestamp is taken to be in seconds.
const LEAST_TIMESTAMP: u64 = 1_000_000_000;

/// The parameters of one request.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

type Field<T> = Result<Option<T>, RequestError>;

fn expected<T>(name: &str, kind: &str) -> Result<T, RequestError> {
    Err(RequestError::invalid(format!("Invalid value given for '{name}': expected {kind}")))
}

fn out_of_range<T>(name: &str) -> Result<T, RequestError> {
    Err(RequestError::invalid(format!("Invalid value given for '{name}': value out of range")))
}

impl<'a> Fields<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn string(self, name: &str) -> Field<&'a str> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => expected(name, "string"),
        }
    }

    pub(super) fn boolean(self, name: &str) -> Field<bool> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => expected(name, "boolean"),
        }
    }

    /// Beyond the range of 64 bits the nearest value counts.
    pub(super) fn integer(self, name: &str) -> Field<i64> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match as_integer(value) {
                Some(number) => Ok(Some(number)),
                None => expected(name, "integer"),
            },
        }
    }

    pub(super) fn timestamp(self, name: &str) -> Field<Timestamp> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_u64() {
            None => expected(name, "integer timestamp (in milliseconds)"),
            Some(millis) if millis < LEAST_TIMESTAMP => Err(RequestError::invalid(format!(
                "Invalid timestamp for '{name}': timestamp must be in milliseconds"
            ))),
            Some(millis) => Ok(Some(Timestamp(millis))),
        }
    }

    pub(super) fn namespace(self, name: &str) -> Field<Namespace> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match as_integer(value) {
            None => expected(name, "16-bit integer"),
            Some(number) => match i16::try_from(number) {
                Ok(number) => Ok(Some(Namespace(number))),
                Err(_) => out_of_range(name),
            },
        }
    }

    /// Absent means namespace 0.
    pub(super) fn namespaces(self, name: &str) -> Result<Namespaces, RequestError> {
        let Some(value) = self.get(name) else {
            return Ok(Namespaces::One(Namespace::INBOX));
        };
        if value.as_str() == Some("all") {
            return Ok(Namespaces::All);
        }
        match as_integer(value) {
            None => expected(name, "integer or \"all\""),
            Some(number) => match i16::try_from(number) {
                Ok(number) => Ok(Namespaces::One(Namespace(number))),
                Err(_) => out_of_range(name),
            },
        }
    }

    pub(super) fn strings(self, name: &str) -> Field<Vec<String>> {
        let one = |value: &Value| value.as_str().map(str::to_owned);
        self.list(name, "string array", one)
    }

    pub(super) fn integers(self, name: &str) -> Field<Vec<i64>> {
        self.list(name, "integer array", as_integer)
    }

    /// Times in lists are not checked for being seconds. Also tells whether
    /// they stood in a list.
    pub(super) fn timestamps(self, name: &str) -> Field<(Vec<Timestamp>, bool)> {
        let listed = self.get(name).is_some_and(Value::is_array);
        let one = |value: &Value| value.as_u64().map(Timestamp);
        Ok(self.list(name, "timestamp array", one)?.map(|times| (times, listed)))
    }

    /// A single value may stand for a list of one.
    fn list<T>(self, name: &str, kind: &str, one: impl Fn(&Value) -> Option<T>) -> Field<Vec<T>> {
        let values = match self.get(name) {
            None => return Ok(None),
            Some(Value::Array(values)) => values.iter().map(&one).collect(),
            Some(value) => one(value).map(|value| vec![value]),
        };
        match values {
            Some(values) => Ok(Some(values)),
            None => expected(name, kind),
        }
    }

    /// `timestamp` of `store`: any integer, or one in a string. Times before
    /// 1970 count as 1970.
    pub(super) fn stringified_timestamp(self, name: &str) -> Field<Timestamp> {
        let number = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => match text.parse::<i64>() {
                Ok(number) => number,
                Err(_) => return not_a_number(name, text),
            },
            Some(value) => match as_integer(value) {
                Some(number) => number,
                None => return expected(name, "integer"),
            },
        };
        Ok(Some(Timestamp(u64::try_from(number).unwrap_or(0))))
    }

    /// `ttl` of `store`: not negative, as a number or in a string.
    pub(super) fn stringified_unsigned(self, name: &str) -> Field<u64> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => not_a_number(name, text),
            },
            Some(value) => match value.as_u64() {
                Some(number) => Ok(Some(number)),
                None => expected(name, "positive integer"),
            },
        }
    }
}

fn not_a_number<T>(name: &str, text: &str) -> Result<T, RequestError> {
    let quoted = Value::from(text);
    Err(RequestError::invalid(format!("Invalid value given for '{name}': {quoted}")))
}

fn as_integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX))
}

/// Complains about an absent parameter.
pub(super) fn required<T>(name: &str, value: Option<T>) -> Result<T, RequestError> {
    value.ok_or_else(|| RequestError::invalid(format!("Required field '{name}' missing")))
}

/// Complains if both of two names for the same thing are given.
pub(super) fn not_both<T>(
    (first, a): (&str, Option<T>),
    (second, b): (&str, Option<T>),
) -> Result<Option<T>, RequestError> {
    match (a, b) {
        (Some(_), Some(_)) => {
            Err(RequestError::invalid(format!("Cannot specify both '{first}' and '{second}'")))
        }
        (a, b) => Ok(a.or(b)),
    }
}
