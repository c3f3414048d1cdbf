//! What changed from one state of a config to the next (03 section 2.5), and
//! how such a change is done again on other data (03 section 3.2).
//!
//! A diff names what changed and not to what: the values are in the data of a
//! message that contains the diff.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Dict, Scalar, Value};

/// Changes by their keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff(pub(super) BTreeMap<Vec<u8>, Change>);

/// What happened at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A scalar was written.
    Assigned,
    /// A scalar was removed.
    Erased,
    /// A set gained and lost values.
    Set {
        /// The values that it gained.
        added: BTreeSet<Scalar>,
        /// The values that it lost.
        removed: BTreeSet<Scalar>,
    },
    /// Something happened in a dict.
    Dict(Diff),
}

impl Diff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What leads from `old` to `new`. Both are pruned.
    pub fn between(old: &Dict, new: &Dict) -> Self {
        let mut changes = BTreeMap::new();
        for (key, before) in old.iter() {
            if new.get(key).is_none() {
                changes.insert(key.to_vec(), Change::removal(before));
            }
        }
        for (key, after) in new.iter() {
            if let Some(change) = Change::between(old.get(key), after) {
                changes.insert(key.to_vec(), change);
            }
        }
        Self(changes)
    }

    /// Does the changes on `data`, with the values that they have in `source`.
    /// What `source` does not have, or as something else, is erased: it was
    /// removed or replaced by a change that comes later.
    pub fn apply(&self, data: &mut Dict, source: &Dict) {
        for (key, change) in &self.0 {
            match (change, source.get(key)) {
                (Change::Assigned, Some(value @ Value::Scalar(_))) => {
                    data.insert(key, value.clone());
                }
                (Change::Dict(inner), Some(Value::Dict(source))) => {
                    data.in_dict(key, |data| inner.apply(data, source));
                }
                (Change::Set { added, removed }, Some(Value::Set(_))) => {
                    data.in_set(key, |set| {
                        set.extend(added.iter().cloned());
                        set.retain(|value| !removed.contains(value));
                    });
                }
                _ => {
                    data.remove(key);
                }
            }
        }
    }
}

impl Change {
    fn between(before: Option<&Value>, after: &Value) -> Option<Self> {
        match (before, after) {
            (Some(Value::Scalar(before)), Value::Scalar(after)) if before == after => None,
            (_, Value::Scalar(_)) => Some(Self::Assigned),
            (Some(Value::Set(before)), Value::Set(after)) => Self::of_sets(before, after),
            (_, Value::Set(after)) => Self::of_sets(&BTreeSet::new(), after),
            (Some(Value::Dict(before)), Value::Dict(after)) => Self::of_dicts(before, after),
            (_, Value::Dict(after)) => Self::of_dicts(&Dict::default(), after),
        }
    }

    fn of_sets(before: &BTreeSet<Scalar>, after: &BTreeSet<Scalar>) -> Option<Self> {
        let only_in = |one: &BTreeSet<Scalar>, other| one.difference(other).cloned().collect();
        let change = Self::Set { added: only_in(after, before), removed: only_in(before, after) };
        (before != after).then_some(change)
    }

    fn of_dicts(before: &Dict, after: &Dict) -> Option<Self> {
        let diff = Diff::between(before, after);
        (!diff.is_empty()).then_some(Self::Dict(diff))
    }

    fn removal(before: &Value) -> Self {
        match before {
            Value::Scalar(_) => Self::Erased,
            Value::Set(set) => Self::Set { added: BTreeSet::new(), removed: set.clone() },
            Value::Dict(dict) => Self::Dict(Diff::between(dict, &Dict::default())),
        }
    }
}
