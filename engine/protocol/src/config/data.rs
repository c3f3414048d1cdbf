//! What a config holds (03 section 2.1): a dict of scalars, sets and dicts.
//!
//! Sets and dicts that become empty stay until [`Dict::prune`]; what is written
//! or received has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A number or a string of bytes. Numbers come first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// A number.
    Integer(i64),
    /// Bytes; nothing says that they are text.
    Bytes(Vec<u8>),
}

/// What stands at a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// One value.
    Scalar(Scalar),
    /// Values without an order of their own.
    Set(BTreeSet<Scalar>),
    /// The same again.
    Dict(Dict),
}

/// Values by their keys, in the order in which they are written.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Dict(BTreeMap<Vec<u8>, Value>);

/// Keys from the outermost dict inwards.
pub type Path<'a> = [&'a [u8]];

impl Dict {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &Value)> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value))
    }

    /// The value at a key.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.0.get(key)
    }

    /// The number at a key; a value of another kind reads as absent.
    pub fn integer(&self, key: &[u8]) -> Option<i64> {
        match self.get(key)? {
            Value::Scalar(Scalar::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// The bytes at a key; a value of another kind reads as absent.
    pub fn bytes(&self, key: &[u8]) -> Option<&[u8]> {
        match self.get(key)? {
            Value::Scalar(Scalar::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// The set at a key; a value of another kind reads as absent.
    pub fn set(&self, key: &[u8]) -> Option<&BTreeSet<Scalar>> {
        match self.get(key)? {
            Value::Set(set) => Some(set),
            _ => None,
        }
    }

    /// The dict at a key; a value of another kind reads as absent.
    pub fn dict(&self, key: &[u8]) -> Option<&Self> {
        match self.get(key)? {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The value at the end of a path.
    pub fn at(&self, path: &Path<'_>) -> Option<&Value> {
        let (last, dicts) = path.split_last()?;
        self.dict_at(dicts)?.get(last)
    }

    /// The dict at the end of a path; of an empty one, this.
    pub fn dict_at(&self, path: &Path<'_>) -> Option<&Self> {
        path.iter().try_fold(self, |dict, key| dict.dict(key))
    }

    /// Puts a value at a key, in place of what was there.
    pub fn insert(&mut self, key: &[u8], value: Value) {
        match self.0.get_mut(key) {
            Some(before) => *before = value,
            None => {
                self.0.insert(key.to_vec(), value);
            }
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        self.0.remove(key)
    }

    /// Changes the dict at a key. Whatever else was there makes room for one.
    pub fn in_dict(&mut self, key: &[u8], change: impl FnOnce(&mut Self)) {
        if let Some(Value::Dict(dict)) = self.0.get_mut(key) {
            return change(dict);
        }
        let mut dict = Self::default();
        change(&mut dict);
        self.insert(key, Value::Dict(dict));
    }

    /// Changes the set at a key. Whatever else was there makes room for one.
    pub fn in_set(&mut self, key: &[u8], change: impl FnOnce(&mut BTreeSet<Scalar>)) {
        if let Some(Value::Set(set)) = self.0.get_mut(key) {
            return change(set);
        }
        let mut set = BTreeSet::new();
        change(&mut set);
        self.insert(key, Value::Set(set));
    }

    /// Changes the dict around a path's last key. What is no dict on the way
    /// becomes one. Calls itself for every key of the path.
    fn around(&mut self, path: &Path<'_>, change: &mut dyn FnMut(&mut Self, &[u8])) {
        match path {
            [] => {}
            [last] => change(self, last),
            [first, inner @ ..] => self.in_dict(first, |dict| dict.around(inner, change)),
        }
    }

    /// The dict around a path's last key, if there is one.
    fn existing_around<'k>(&mut self, path: &Path<'k>) -> Option<(&mut Self, &'k [u8])> {
        let (last, dicts) = path.split_last()?;
        let dict = dicts.iter().try_fold(self, |dict, key| match dict.0.get_mut(*key)? {
            Value::Dict(inner) => Some(inner),
            _ => None,
        });
        Some((dict?, last))
    }

    /// Writes a value at the end of a path. What is no dict on the way becomes
    /// one.
    pub fn assign(&mut self, path: &Path<'_>, value: &Value) {
        self.around(path, &mut |dict, key| dict.insert(key, value.clone()));
    }

    /// Removes what is at the end of a path.
    pub fn erase(&mut self, path: &Path<'_>) {
        if let Some((dict, key)) = self.existing_around(path) {
            dict.remove(key);
        }
    }

    /// Adds to the set at the end of a path. What is no set there becomes one.
    pub fn add(&mut self, path: &Path<'_>, value: &Scalar) {
        self.around(path, &mut |dict, key| {
            dict.in_set(key, |set| {
                set.insert(value.clone());
            });
        });
    }

    /// Takes a value out of the set at the end of a path.
    pub fn take(&mut self, path: &Path<'_>, value: &Scalar) {
        if let Some((dict, key)) = self.existing_around(path)
            && let Some(Value::Set(set)) = dict.0.get_mut(key)
        {
            set.remove(value);
        }
    }

    /// Removes empty sets and dicts, the deepest first. Goes as deep as the
    /// dict does, which has a bound where it was read.
    pub fn prune(&mut self) {
        self.0.retain(|_, value| match value {
            Value::Scalar(_) => true,
            Value::Set(set) => !set.is_empty(),
            Value::Dict(dict) => {
                dict.prune();
                !dict.is_empty()
            }
        });
    }
}

impl From<BTreeMap<Vec<u8>, Value>> for Dict {
    fn from(entries: BTreeMap<Vec<u8>, Value>) -> Self {
        Self(entries)
    }
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&[u8]> for Scalar {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Scalar {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// Bytes by their number only: configs hold the seeds of groups and the keys
/// of pictures.
impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Bytes(bytes) => write!(f, "<{} bytes>", bytes.len()),
        }
    }
}

impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.iter().map(|(key, value)| (key.escape_ascii().to_string(), value));
        f.debug_map().entries(entries).finish()
    }
}
