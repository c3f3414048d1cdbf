//! A message that is still being written (03 section 3.1).

use std::collections::BTreeMap;

use ramson_codec::bt;
use ramson_crypto::Ed25519Secret;

use super::data::Dict;
use super::diff::Diff;
use super::message::{Ancestors, LAG, Message, Signed};

/// The next message of a config: changes go into its data until it is pushed.
#[derive(Debug, Clone)]
pub struct Draft {
    seqno: i64,
    /// What the diff is told from.
    before: Dict,
    data: Dict,
    ancestors: Ancestors,
    unknown: BTreeMap<Vec<u8>, bt::Value>,
}

impl Draft {
    /// Opens the message after `message`.
    pub fn after(message: &Message) -> Self {
        Self::after_within(message, LAG)
    }

    /// [`Draft::after`] with another lag than all configs have.
    pub fn after_within(message: &Message, lag: i64) -> Self {
        let seqno = message.seqno.saturating_add(1);
        let mut ancestors = message.ancestors.clone();
        ancestors.insert(message.key(), message.diff.clone());
        forget_old(&mut ancestors, seqno, lag);
        Self {
            seqno,
            before: message.data.clone(),
            data: message.data.clone(),
            ancestors,
            unknown: message.unknown.clone(),
        }
    }

    /// What came of a merge. Its diff names all of the data as new if the
    /// device had nothing unpushed before, and nothing if it had; that decides
    /// the bytes (03 section 3.3).
    pub(super) fn merged(seqno: i64, data: Dict, ancestors: Ancestors, unpushed: bool) -> Self {
        let before = if unpushed { data.clone() } else { Dict::default() };
        Self { seqno, before, data, ancestors, unknown: BTreeMap::new() }
    }

    /// The sequence number that it gets.
    pub const fn seqno(&self) -> i64 {
        self.seqno
    }

    /// The data so far; it may have empty sets and dicts.
    pub const fn data(&self) -> &Dict {
        &self.data
    }

    /// The data, to be changed.
    pub const fn data_mut(&mut self) -> &mut Dict {
        &mut self.data
    }

    /// The message as it stands, signed if there is a key to sign with.
    pub fn finish(&self, signer: Option<&Ed25519Secret>) -> Message {
        let mut data = self.data.clone();
        data.prune();
        let message = Message {
            seqno: self.seqno,
            diff: Diff::between(&self.before, &data),
            data,
            ancestors: self.ancestors.clone(),
            unknown: self.unknown.clone(),
            signed: Signed::No,
            hash: [0; 32],
        };
        message.made_here(signer)
    }
}

/// Drops the ancestors that a message does not list.
pub(super) fn forget_old(ancestors: &mut Ancestors, seqno: i64, lag: i64) {
    let oldest = seqno.saturating_sub(lag);
    ancestors.retain(|(ancestor, _), _| *ancestor > oldest);
}
