//! Making one message of several (03 section 3.2). Whoever has the same
//! messages comes to the same one, in whatever order they arrived.

use std::collections::{BTreeMap, BTreeSet};

use super::data::Dict;
use super::diff::Diff;
use super::draft::{Draft, forget_old};
use super::message::{Ancestors, LAG, Message, MessageKey};

/// What came of several messages.
#[derive(Debug)]
pub enum Merged {
    /// One of them has all that the others have: its place.
    One(usize),
    /// A new one is needed.
    New(New),
}

/// A merged message before it is known what its diff names.
#[derive(Debug)]
pub struct New {
    seqno: i64,
    data: Dict,
    ancestors: Ancestors,
}

impl New {
    /// To be pushed by a device that had changes of its own, or by one that
    /// had none.
    pub fn draft(self, unpushed: bool) -> Draft {
        Draft::merged(self.seqno, self.data, self.ancestors, unpushed)
    }
}

/// Merges messages; `None` if there are none. Who may not write takes the
/// highest instead.
pub fn merge(messages: &[&Message], may_write: bool) -> Option<Merged> {
    merge_within(messages, may_write, LAG)
}

/// [`merge`] with another lag than all configs have.
pub fn merge_within(messages: &[&Message], may_write: bool, lag: i64) -> Option<Merged> {
    let needed = needed(messages, lag);
    let (highest, _) = needed.last_key_value()?;
    if needed.len() == 1 || !may_write {
        return needed.get(highest).copied().map(Merged::One);
    }
    let sources = || needed.values().rev().filter_map(|at| messages.get(*at).copied());
    let mut data = sources().next()?.data.clone();
    let replay = replay(sources());
    for (diff, source) in replay.values() {
        diff.apply(&mut data, source);
    }
    data.prune();
    let seqno = highest.0.saturating_add(1);
    let mut ancestors: Ancestors =
        replay.into_iter().map(|(key, (diff, _))| (key, diff.clone())).collect();
    forget_old(&mut ancestors, seqno, lag);
    Some(Merged::New(New { seqno, data, ancestors }))
}

/// Where the messages are that no other one makes redundant.
fn needed(messages: &[&Message], lag: i64) -> BTreeMap<MessageKey, usize> {
    let highest = messages.iter().map(|message| message.seqno).max().unwrap_or_default();
    let contained: BTreeSet<&MessageKey> =
        messages.iter().flat_map(|message| message.ancestors.keys()).collect();
    let mut needed = BTreeMap::new();
    for (at, message) in messages.iter().enumerate() {
        let behind = message.seqno.saturating_add(lag) <= highest;
        if !behind && !contained.contains(&message.key()) {
            needed.entry(message.key()).or_insert(at);
        }
    }
    needed
}

/// Every change that went into the messages once, with data that has its
/// values: of the highest message that lists it.
fn replay<'a>(
    descending: impl Iterator<Item = &'a Message>,
) -> BTreeMap<MessageKey, (&'a Diff, &'a Dict)> {
    let mut replay = BTreeMap::new();
    for message in descending {
        replay.entry(message.key()).or_insert((&message.diff, &message.data));
        for (key, diff) in &message.ancestors {
            replay.entry(*key).or_insert((diff, &message.data));
        }
    }
    replay
}
