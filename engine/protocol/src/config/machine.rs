//! One config on one device (03 section 4): what it holds, whether the others
//! know it, and what a swarm stores of it.
//!
//! | state | means |
//! |---|---|
//! | clean | what it holds is stored |
//! | dirty | there are changes that were not pushed |
//! | waiting | they were pushed, and not confirmed |

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use ramson_codec::bt;
use ramson_crypto::Ed25519Secret;

use super::data::{Dict, Path, Scalar, Value};
use super::draft::Draft;
use super::keys::ConfigKind;
use super::message::Message;
use super::parts::PartSets;

/// The name under which a swarm stores a message, as text.
pub type StorageHash = String;

/// How many obsolete hashes are remembered. Those beyond it are forgotten: what
/// they name expires on its own.
const MAX_OBSOLETE: usize = 4_096;

/// A config.
#[derive(Clone)]
pub struct Config {
    pub(super) kind: ConfigKind,
    pub(super) stage: Stage,
    /// What is stored of the message that is held.
    pub(super) current: BTreeSet<StorageHash>,
    /// What is stored and has no use any more.
    pub(super) obsolete: BTreeSet<StorageHash>,
    pub(super) parts: PartSets,
    /// What a config keeps beside its data, in its dump only.
    pub(super) extra: bt::Dict,
    pub(super) needs_dump: bool,
}

#[derive(Clone)]
pub(super) enum Stage {
    Clean(Message),
    Dirty(Draft),
    Waiting(Message),
}

impl Stage {
    /// The message as it would be pushed now.
    pub(super) fn message(&self, signer: Option<&Ed25519Secret>) -> Cow<'_, Message> {
        match self {
            Self::Clean(message) | Self::Waiting(message) => Cow::Borrowed(message),
            Self::Dirty(draft) => Cow::Owned(draft.finish(signer)),
        }
    }
}

impl Config {
    /// An empty one, before the first poll.
    pub fn new(kind: ConfigKind) -> Self {
        Self {
            kind,
            stage: Stage::Clean(Message::empty()),
            current: BTreeSet::new(),
            obsolete: BTreeSet::new(),
            parts: PartSets::default(),
            extra: bt::Dict::new(),
            needs_dump: false,
        }
    }

    /// Which config it is.
    pub const fn kind(&self) -> ConfigKind {
        self.kind
    }

    /// What it says, with the changes that were not pushed.
    pub const fn data(&self) -> &Dict {
        match &self.stage {
            Stage::Clean(message) | Stage::Waiting(message) => message.data(),
            Stage::Dirty(draft) => draft.data(),
        }
    }

    /// Whether what it holds is stored.
    pub const fn is_clean(&self) -> bool {
        matches!(self.stage, Stage::Clean(_))
    }

    /// Whether there are changes that were not pushed.
    pub const fn is_dirty(&self) -> bool {
        matches!(self.stage, Stage::Dirty(_))
    }

    /// Whether something should be stored.
    pub const fn needs_push(&self) -> bool {
        !self.is_clean() && !matches!(self.kind, ConfigKind::Local)
    }

    /// Whether any message of it is known to be stored, or may be: one that was
    /// taken in, also if it is obsolete by now, or one that was handed out.
    pub fn was_stored(&self) -> bool {
        let waits = matches!(self.stage, Stage::Waiting(_));
        waits || !self.current.is_empty() || !self.obsolete.is_empty()
    }

    /// Whether it changed since the last [`Config::dump`].
    pub const fn needs_dump(&self) -> bool {
        self.needs_dump
    }

    /// What is stored of the message that it holds: one hash, or those of all
    /// parts.
    pub const fn current_hashes(&self) -> &BTreeSet<StorageHash> {
        &self.current
    }

    /// What must be kept alive in the swarm: the current hashes and those of
    /// parts that wait for others.
    pub fn active_hashes(&self) -> BTreeSet<StorageHash> {
        self.current.iter().chain(self.parts.active()).cloned().collect()
    }

    /// Writes a scalar. Answers whether that is a change.
    pub fn set(&mut self, path: &Path<'_>, value: impl Into<Scalar>) -> bool {
        self.put(path, Value::Scalar(value.into()))
    }

    /// Writes a value of any kind. Answers whether that is a change.
    pub fn put(&mut self, path: &Path<'_>, value: Value) -> bool {
        let differs = self.data().at(path) != Some(&value);
        if differs {
            self.edit(|data| data.assign(path, &value));
        }
        differs
    }

    /// Removes what is at a path. Answers whether there was something.
    pub fn erase(&mut self, path: &Path<'_>) -> bool {
        let is_there = self.data().at(path).is_some();
        if is_there {
            self.edit(|data| data.erase(path));
        }
        is_there
    }

    /// Adds to a set. Answers whether that is a change.
    pub fn add(&mut self, path: &Path<'_>, value: impl Into<Scalar>) -> bool {
        let value = value.into();
        let is_new = !self.contains(path, &value);
        if is_new {
            self.edit(|data| data.add(path, &value));
        }
        is_new
    }

    /// Takes out of a set. Answers whether that is a change.
    pub fn take(&mut self, path: &Path<'_>, value: impl Into<Scalar>) -> bool {
        let value = value.into();
        let was_there = self.contains(path, &value);
        if was_there {
            self.edit(|data| data.take(path, &value));
        }
        was_there
    }

    fn contains(&self, path: &Path<'_>, value: &Scalar) -> bool {
        matches!(self.data().at(path), Some(Value::Set(set)) if set.contains(value))
    }

    /// Changes the next message, which the first change opens.
    fn edit(&mut self, change: impl FnOnce(&mut Dict)) {
        self.needs_dump = true;
        match &mut self.stage {
            Stage::Dirty(draft) => change(draft.data_mut()),
            Stage::Clean(message) | Stage::Waiting(message) => {
                let mut draft = Draft::after(message);
                change(draft.data_mut());
                self.stage = Stage::Dirty(draft);
                let current = std::mem::take(&mut self.current);
                self.make_obsolete(current);
            }
        }
    }

    pub(super) fn make_obsolete(&mut self, hashes: BTreeSet<StorageHash>) {
        let room = MAX_OBSOLETE.saturating_sub(self.obsolete.len());
        self.obsolete.extend(hashes.into_iter().take(room));
    }
}

/// Without what it says.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stage, seqno) = match &self.stage {
            Stage::Clean(message) => ("clean", message.seqno()),
            Stage::Dirty(draft) => ("dirty", draft.seqno()),
            Stage::Waiting(message) => ("waiting", message.seqno()),
        };
        write!(f, "{:?}({stage}, seqno {seqno})", self.kind)
    }
}
