//! Writing the values of one dict of a config by the rules of 03 section 9.
//! Keys that are not named stay as they are.

use std::collections::BTreeSet;

use super::data::{Path, Scalar, Value};
use super::machine::Config;
use super::value::{Picture, to_seconds};

/// The dict at a path, to be written. Every method answers whether it changed
/// something.
pub(super) struct Fields<'a> {
    config: &'a mut Config,
    at: &'a Path<'a>,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(config: &'a mut Config, at: &'a Path<'a>) -> Self {
        Self { config, at }
    }

    fn path<'k>(&self, key: &'k [u8]) -> Vec<&'k [u8]>
    where
        'a: 'k,
    {
        let mut path = self.at.to_vec();
        path.push(key);
        path
    }

    pub(super) fn erase(&mut self, key: &[u8]) -> bool {
        self.config.erase(&self.path(key))
    }

    pub(super) fn set(&mut self, key: &[u8], value: impl Into<Scalar>) -> bool {
        self.config.set(&self.path(key), value)
    }

    fn set_if(&mut self, keep: bool, key: &[u8], value: impl Into<Scalar>) -> bool {
        if keep { self.set(key, value) } else { self.erase(key) }
    }

    pub(super) fn flag(&mut self, key: &[u8], value: bool) -> bool {
        self.set_if(value, key, 1)
    }

    pub(super) fn positive(&mut self, key: &[u8], value: i64) -> bool {
        self.set_if(value > 0, key, value)
    }

    pub(super) fn nonzero(&mut self, key: &[u8], value: i64) -> bool {
        self.set_if(value != 0, key, value)
    }

    pub(super) fn seconds(&mut self, key: &[u8], value: i64) -> bool {
        self.positive(key, to_seconds(value))
    }

    pub(super) fn text(&mut self, key: &[u8], value: &[u8]) -> bool {
        self.set_if(!value.is_empty(), key, value)
    }

    pub(super) fn picture(&mut self, url: &[u8], key: &[u8], picture: Option<&Picture>) -> bool {
        match picture {
            Some(picture) => self.set(url, picture.url().as_bytes()) | self.set(key, picture.key()),
            None => self.erase(url) | self.erase(key),
        }
    }

    pub(super) fn numbers(&mut self, key: &[u8], numbers: &BTreeSet<i64>) -> bool {
        if numbers.is_empty() {
            return self.erase(key);
        }
        let set = numbers.iter().map(|number| Scalar::Integer(*number)).collect();
        self.config.put(&self.path(key), Value::Set(set))
    }

    pub(super) fn add(&mut self, key: &[u8], value: impl Into<Scalar>) -> bool {
        self.config.add(&self.path(key), value)
    }

    pub(super) fn take(&mut self, key: &[u8], value: impl Into<Scalar>) -> bool {
        self.config.take(&self.path(key), value)
    }
}
