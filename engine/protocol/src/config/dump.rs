//! A config between two runs of the program (03 section 4.3): a dict in the
//! form of the reference library, so that the databases of other clients can
//! be read.
//!
//! | key | value |
//! |---|---|
//! | `!` | 0 clean, 1 dirty, 2 waiting |
//! | `$` | the message, without a signature made here |
//! | `(` `)` | current and obsolete hashes; `(` was one string before 2025 |
//! | `*` | sets of parts: `#` number of parts or 0, `T` when it ends, `p` the parts |
//! | `+` | what a config keeps beside its data |

use std::collections::{BTreeMap, BTreeSet};

use ramson_codec::bt::{self, BtError, Value};
use ramson_types::Timestamp;

use super::draft::Draft;
use super::keys::{ConfigKind, Owner};
use super::machine::{Config, Stage, StorageHash};
use super::message::Message;
use super::parts::{PartSet, PartSets};
use super::read::ReadError;

/// Why a dump is none. The config begins anew with what the swarm has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No bencode.
    #[error("the kept config cannot be read: {0}")]
    Bencode(#[from] BtError),
    /// A key is missing, or has a value that means nothing.
    #[error("the kept config has no '{key}' that means something")]
    Value {
        /// The key.
        key: &'static str,
    },
    /// The message in it cannot be read.
    #[error("the message in the kept config cannot be read: {0}")]
    Message(#[from] ReadError),
}

impl Config {
    /// The config, to be kept. It needs no other dump until it changes.
    pub fn dump(&mut self) -> Vec<u8> {
        self.needs_dump = false;
        let (state, message) = match &self.stage {
            Stage::Clean(message) => (0_i64, message.encode_for_dump()),
            Stage::Dirty(draft) => (1, draft.finish(None).encode_for_dump()),
            Stage::Waiting(message) => (2, message.encode_for_dump()),
        };
        let dump = bt::Dict::from([
            (b"!".to_vec(), state.into()),
            (b"$".to_vec(), message.into()),
            (b"(".to_vec(), list(&self.current)),
            (b")".to_vec(), list(&self.obsolete)),
            (b"*".to_vec(), part_sets(&self.parts)),
            (b"+".to_vec(), self.extra.clone().into()),
        ]);
        Value::from(dump).encode()
    }

    /// The config of a dump. One that was dirty opens the next message: what
    /// was changed is in its data, and the message that was never pushed is
    /// its ancestor.
    pub fn load(kind: ConfigKind, owner: &Owner<'_>, dump: &[u8]) -> Result<Self, LoadError> {
        let dump = bt::decode_tolerant(dump)?;
        let value = |key: &str| dump.as_dict().and_then(|dump| dump.get(key.as_bytes()));
        let bytes = value("$").and_then(Value::as_bytes).ok_or(LoadError::Value { key: "$" })?;
        let message = message(owner, bytes)?;
        let stage = match value("!").and_then(Value::as_i64) {
            Some(0) => Stage::Clean(message),
            Some(1) => Stage::Dirty(Draft::after(&message)),
            Some(2) => Stage::Waiting(message),
            _ => return Err(LoadError::Value { key: "!" }),
        };
        Ok(Self {
            kind,
            stage,
            current: value("(").map(hashes).unwrap_or_default(),
            obsolete: value(")").map(hashes).unwrap_or_default(),
            parts: value("*").and_then(Value::as_dict).map(sets_of_parts).unwrap_or_default(),
            extra: value("+").and_then(Value::as_dict).cloned().unwrap_or_default(),
            needs_dump: false,
        })
    }
}

/// A message made here is signed again; the signature of any other is checked.
fn message(owner: &Owner<'_>, bytes: &[u8]) -> Result<Message, ReadError> {
    match Message::read(bytes, owner.verifier()) {
        Err(ReadError::Signature) => Ok(Message::read(bytes, None)?.made_here(owner.signer())),
        read => read,
    }
}

fn list(hashes: &BTreeSet<StorageHash>) -> Value {
    hashes.iter().map(|hash| Value::from(hash.as_str())).collect::<Vec<_>>().into()
}

/// A list of texts, or one text; an empty one stands for none.
fn hashes(value: &Value) -> BTreeSet<StorageHash> {
    let values = value.as_list().unwrap_or(std::slice::from_ref(value));
    let texts = values.iter().filter_map(Value::as_text).filter(|text| !text.is_empty());
    texts.map(str::to_owned).collect()
}

fn part_sets(sets: &PartSets) -> Value {
    let sets = sets.0.iter().map(|(hash, set)| (hash.to_vec(), part_set(set)));
    Value::Dict(sets.collect())
}

fn part_set(set: &PartSet) -> Value {
    let (count, parts) = match set {
        PartSet::Incomplete { count, parts, .. } => (*count, Some(parts)),
        PartSet::Complete { .. } => (0, None),
    };
    let mut dict = bt::Dict::from([
        (b"#".to_vec(), u64::from(count).into()),
        (b"T".to_vec(), set.until().millis().into()),
    ]);
    if let Some(parts) = parts {
        let parts = parts.iter().map(|(index, (hash, chunk))| {
            Value::Dict(bt::Dict::from([
                (b"#".to_vec(), u64::from(*index).into()),
                (b"M".to_vec(), hash.as_str().into()),
                (b"d".to_vec(), chunk.as_slice().into()),
            ]))
        });
        dict.insert(b"p".to_vec(), Value::List(parts.collect()));
    }
    dict.into()
}

/// Passes over sets that mean nothing: their parts come again in a poll.
fn sets_of_parts(dict: &bt::Dict) -> PartSets {
    let sets = dict.iter().filter_map(|(hash, set)| {
        Some((hash.as_slice().try_into().ok()?, set_of_parts(set.as_dict()?)?))
    });
    PartSets(sets.collect())
}

fn set_of_parts(set: &bt::Dict) -> Option<PartSet> {
    let until = Timestamp(set.get(b"T".as_slice())?.as_u64()?);
    let count = u8::try_from(set.get(b"#".as_slice())?.as_u64()?).ok()?;
    if count == 0 {
        return Some(PartSet::Complete { until });
    }
    let parts = set.get(b"p".as_slice())?.as_list()?.iter().filter_map(Value::as_dict);
    let parts: BTreeMap<u8, (StorageHash, Vec<u8>)> = parts
        .filter_map(|part| {
            let index = u8::try_from(part.get(b"#".as_slice())?.as_u64()?).ok()?;
            let hash = part.get(b"M".as_slice())?.as_text()?.to_owned();
            let chunk = part.get(b"d".as_slice())?.as_bytes()?.to_vec();
            (index < count).then_some((index, (hash, chunk)))
        })
        .collect();
    (parts.len() < usize::from(count)).then_some(PartSet::Incomplete { count, until, parts })
}
