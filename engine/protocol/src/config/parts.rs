//! Configs too long for one stored message, in parts (03 section 7).
//!
//! ```text
//! m l 32:<hash of the whole> 1:<index> 1:<number of parts> <length>:<chunk> e 0…
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::bt::{BtError, Reader, put_bytes};
use ramson_crypto::blake2b;
use ramson_crypto::config_cipher::unpad;
use ramson_types::Timestamp;

use super::StorageHash;
use super::seal::MAX_PADDED;

/// Marks a part.
pub(super) const MARK: u8 = b'm';

/// How much of a config goes into a part.
const CHUNK: usize = 76_710;

/// What stands around the largest chunk.
const AROUND: usize = 50;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an incomplete set waits for its next part.
const INCOMPLETE: Duration = DAY.saturating_mul(7);

/// How long a complete one is remembered.
const COMPLETE: Duration = DAY.saturating_mul(14);

/// How many incomplete sets are kept; beyond that the one that waited longest
/// goes.
const MAX_INCOMPLETE: usize = 8;

/// How many complete ones are remembered; beyond that the oldest goes.
const MAX_COMPLETE: usize = 256;

/// The hash of a padded config, and the texts of its parts, to be encrypted.
/// There are at most 255, since a config may have at most [`MAX_PADDED`] bytes.
pub(super) fn split(padded: &[u8]) -> ([u8; 32], Vec<Vec<u8>>) {
    let hash = blake2b::hash32(&[padded]);
    let count = padded.len().div_ceil(CHUNK);
    let number = |of: usize| u8::try_from(of).unwrap_or(u8::MAX);
    let texts = padded.chunks(CHUNK).enumerate().map(|(index, chunk)| {
        let mut text = vec![MARK, b'l'];
        put_bytes(&mut text, &hash);
        put_bytes(&mut text, &[number(index)]);
        put_bytes(&mut text, &[number(count)]);
        put_bytes(&mut text, chunk);
        text.push(b'e');
        text.resize(chunk.len().saturating_add(AROUND), 0);
        text
    });
    (hash, texts.collect())
}

/// Parts that arrived, by the hash of what they are parts of.
#[derive(Clone, Default)]
pub(super) struct PartSets(pub(super) BTreeMap<[u8; 32], PartSet>);

/// What is known of one split config.
#[derive(Clone)]
pub(super) enum PartSet {
    /// Some parts are missing.
    Incomplete {
        /// Of how many it consists.
        count: u8,
        /// When it is dropped.
        until: Timestamp,
        /// Storage hash and chunk by index.
        parts: BTreeMap<u8, (StorageHash, Vec<u8>)>,
    },
    /// All were here.
    Complete {
        /// When it is forgotten.
        until: Timestamp,
    },
}

/// What a part led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is kept, or was known already.
    Kept,
    /// It was the last: the whole text, unpadded, and all storage hashes.
    Whole(Vec<u8>, BTreeSet<StorageHash>),
    /// It is no part of anything.
    Refused,
}

struct Part<'a> {
    hash: [u8; 32],
    index: u8,
    count: u8,
    chunk: &'a [u8],
}

impl PartSets {
    /// Takes in the text of a part, with its mark.
    pub(super) fn take(&mut self, text: &[u8], stored: &StorageHash, now: Timestamp) -> Taken {
        let Some(part) = read(text) else {
            return Taken::Refused;
        };
        let until = now.plus(INCOMPLETE);
        let set = self.0.entry(part.hash).or_insert_with(|| PartSet::Incomplete {
            count: part.count,
            until,
            parts: BTreeMap::new(),
        });
        let PartSet::Incomplete { count, until: waits, parts } = set else {
            return Taken::Kept;
        };
        let length = parts.values().map(|(_, chunk)| chunk.len()).sum::<usize>();
        if *count != part.count || length.saturating_add(part.chunk.len()) > MAX_PADDED {
            return Taken::Refused;
        }
        *waits = until;
        parts.entry(part.index).or_insert_with(|| (stored.clone(), part.chunk.to_vec()));
        if parts.len() < usize::from(*count) {
            self.bound();
            return Taken::Kept;
        }
        let (hashes, chunks): (BTreeSet<_>, Vec<_>) = std::mem::take(parts).into_values().unzip();
        let whole = chunks.concat();
        if blake2b::hash32(&[&whole]) != part.hash {
            // One of the parts lied; let the right ones come again.
            self.0.remove(&part.hash);
            return Taken::Refused;
        }
        self.complete(part.hash, now);
        Taken::Whole(unpad(&whole).to_vec(), hashes)
    }

    /// Remembers that all parts of this hash are known.
    pub(super) fn complete(&mut self, hash: [u8; 32], now: Timestamp) {
        self.0.insert(hash, PartSet::Complete { until: now.plus(COMPLETE) });
        self.bound();
    }

    /// Drops what waited or was remembered long enough; whether there was any.
    pub(super) fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        self.0.retain(|_, set| set.until() > now);
        self.0.len() != before
    }

    /// The storage hashes of parts that wait for others.
    pub(super) fn active(&self) -> impl Iterator<Item = &StorageHash> {
        self.0.values().flat_map(|set| {
            match set {
                PartSet::Incomplete { parts, .. } => Some(parts.values().map(|(hash, _)| hash)),
                PartSet::Complete { .. } => None,
            }
            .into_iter()
            .flatten()
        })
    }

    fn bound(&mut self) {
        for (complete, most) in [(false, MAX_INCOMPLETE), (true, MAX_COMPLETE)] {
            let of_kind = || self.0.iter().filter(move |(_, set)| set.is_complete() == complete);
            if of_kind().count() > most
                && let Some((hash, _)) = of_kind().min_by_key(|(_, set)| set.until())
            {
                let hash = *hash;
                self.0.remove(&hash);
            }
        }
    }
}

impl PartSet {
    pub(super) const fn until(&self) -> Timestamp {
        match self {
            Self::Incomplete { until, .. } | Self::Complete { until } => *until,
        }
    }

    const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete { .. })
    }
}

/// A list of exactly four strings; what follows it is passed over.
fn read(text: &[u8]) -> Option<Part<'_>> {
    let list = text.strip_prefix(&[MARK])?;
    let strings = |list| -> Result<[&[u8]; 4], BtError> {
        let mut reader = Reader::tolerant(list);
        reader.expect(b'l')?;
        let strings = [reader.string()?, reader.string()?, reader.string()?, reader.string()?];
        reader.expect(b'e')?;
        Ok(strings)
    };
    let [hash, index, count, chunk] = strings(list).ok()?;
    let ([index], [count]) = (index, count) else {
        return None;
    };
    let part = Part { hash: hash.try_into().ok()?, index: *index, count: *count, chunk };
    let fits = (1..=MAX_PADDED).contains(&part.chunk.len());
    (part.count >= 2 && part.index < part.count && fits).then_some(part)
}

#[cfg(test)]
mod tests;
