//! Bencode ("bt"), in which service nodes speak to each other, v4 requests are
//! framed and shared settings are kept (03 section 1).
//!
//! ```text
//! integer  i-17e          string  4:spam
//! list     l…e            dict    d<key><value>…e, keys in ascending order
//! ```
//!
//! There is one canonical form, which is all that is written. [`decode`] takes
//! nothing else; [`decode_tolerant`] takes what the reference library's general
//! reader takes. Depth and number of values are bounded, so that no input
//! costs more than its length explains.

mod read;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

pub use read::{BtError, Reader, decode, decode_tolerant, strings};
pub use write::{put_bytes, put_integer};

/// How deep lists and dicts may lie in each other.
pub const MAX_DEPTH: usize = 64;

/// How many values one input may hold.
pub const MAX_VALUES: usize = 1_000_000;

/// A bencoded value.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Integer(Integer),
    /// A string of bytes; nothing says that it is text.
    Bytes(Vec<u8>),
    /// Values in their order.
    List(Vec<Value>),
    /// Values by their keys.
    Dict(Dict),
}

/// A dict; its keys are strings of bytes, in the order in which they are
/// written.
pub type Dict = BTreeMap<Vec<u8>, Value>;

/// A number that fits into 64 bits, signed or not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i128);

impl Integer {
    /// `None` outside of both ranges.
    const fn new(number: i128) -> Option<Self> {
        if number < i64::MIN as i128 || number > u64::MAX as i128 {
            return None;
        }
        Some(Self(number))
    }

    /// The number, if it fits.
    pub fn as_i64(self) -> Option<i64> {
        self.0.try_into().ok()
    }

    /// The number, if it fits.
    pub fn as_u64(self) -> Option<u64> {
        self.0.try_into().ok()
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl From<u64> for Integer {
    fn from(number: u64) -> Self {
        Self(number.into())
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value {
    /// A signed number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => number.as_i64(),
            _ => None,
        }
    }

    /// An unsigned number, if it is one.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The bytes of a string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text of a string that is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        str::from_utf8(self.as_bytes()?).ok()
    }

    /// The values of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    /// The values of a dict.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(values) => Some(values),
            _ => None,
        }
    }
}

impl<T: Into<Integer>> From<T> for Value {
    fn from(number: T) -> Self {
        Self::Integer(number.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Self::List(values)
    }
}

impl From<Dict> for Value {
    fn from(values: Dict) -> Self {
        Self::Dict(values)
    }
}

/// As in the reference library's own dumps, but with bytes that are no text in
/// hex.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Bytes(bytes) => bytes_text(bytes).fmt(f),
            Self::List(values) => f.debug_list().entries(values).finish(),
            Self::Dict(values) => {
                let entries = values.iter().map(|(key, value)| (bytes_text(key), value));
                f.debug_map().entries(entries).finish()
            }
        }
    }
}

fn bytes_text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("0x{}", hex::encode(bytes)),
    }
}
