//! Headers of a request or an answer: a JSON object whose order is kept.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Most headers that are read, names that repeat counted too: no more than
/// clients and servers allow elsewhere, and few enough to be looked through.
const MAX_HEADERS: usize = 100;

/// Headers by name, in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of a header; its name counts in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a header; one of the same name gives way.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(&name)) {
            Some(entry) => *entry = (name, value),
            None => self.0.push((name, value)),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With names in lower case and without the length, as servers answer.
    pub(super) fn as_answered(&self) -> Self {
        let kept = self.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        kept.filter(|(name, _)| name != "content-length").collect()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut all = Self::default();
        headers.into_iter().for_each(|(name, value)| all.set(name, value));
        all
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfObject)
    }
}

struct OfObject;

impl<'de> Visitor<'de> for OfObject {
    type Value = Headers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of headers")
    }

    /// Numbers count as their text; of a repeated name the last value counts.
    /// Beyond [`MAX_HEADERS`] it is an error.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
        let mut headers = Headers::default();
        let mut left = MAX_HEADERS;
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            left = left.checked_sub(1).ok_or_else(|| {
                A::Error::custom(format!("there are more than {MAX_HEADERS} headers"))
            })?;
            match value {
                Value::String(text) => headers.set(name, text),
                Value::Number(number) => headers.set(name, number.to_string()),
                other => {
                    return Err(A::Error::custom(format!("header '{name}' is no text: {other}")));
                }
            }
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_headers_are_read_and_no_more() {
        let written = |count: usize, name: fn(usize) -> String| {
            let headers: Vec<_> =
                (0..count).map(|at| format!("{}:\"x\"", Value::from(name(at)))).collect();
            serde_json::from_str::<Headers>(&format!("{{{}}}", headers.join(",")))
        };
        let read = written(MAX_HEADERS, |at| format!("h{at}")).unwrap();
        assert_eq!(read.iter().count(), MAX_HEADERS);
        let why = written(MAX_HEADERS + 1, |at| format!("h{at}")).unwrap_err();
        assert!(why.to_string().contains("more than 100 headers"), "{why}");
        assert!(written(MAX_HEADERS + 1, |_| "same".to_owned()).is_err());
    }
}
