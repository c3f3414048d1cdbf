//! What a bot wrote down, in memory, and what a handler changes of it.

use std::collections::BTreeMap;
use std::ops::Bound;

use ramson_wire::Record;

/// The kit's own records begin so; no others do.
pub(crate) const KIT: &str = "kit/";

/// All records of a bot, as they are once everything that was asked for is
/// kept.
#[derive(Debug, Default)]
pub(crate) struct Records(BTreeMap<String, String>);

/// What is different after a handler; `None` takes a record away.
pub(crate) type Changes = BTreeMap<String, Option<String>>;

impl Records {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn set(&mut self, key: String, value: Option<String>) {
        match value {
            Some(value) => self.0.insert(key, value),
            None => self.0.remove(&key),
        };
    }

    /// Those whose names begin so, in order.
    pub(crate) fn beginning<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.0
            .range::<str, _>(from)
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// How changes are told to the host.
pub(crate) fn told(changes: &Changes) -> Vec<Record> {
    let record = |(key, value): (&String, &Option<String>)| Record {
        key: key.clone(),
        value: value.clone(),
    };
    changes.iter().map(record).collect()
}
