//! What the user decided about plugins: `plugins.toml` in the home.
//!
//! What is not understood stops everything: a word written wrongly must not
//! give a plugin more than was meant. What the program writes itself changes
//! its own lines and leaves the user's as they are.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ramson_wire::{AccountId, ConversationId, GrantSet};

use crate::file::{Readers, put_in_place};

const NAME: &str = "plugins.toml";

/// A longer file is none of ours.
const LONGEST: u64 = 1024 * 1024;

/// What was decided about one plugin.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Decision {
    /// What it may do.
    pub(crate) grants: GrantSet,
    /// For these accounts; `None` for all.
    pub(crate) accounts: Option<Vec<AccountId>>,
    /// In these conversations; `None` for all.
    pub(crate) conversations: Option<Vec<ConversationId>>,
    /// Requests a minute; `None` for no limit.
    pub(crate) rate: Option<u32>,
    /// It is loaded with the engine.
    pub(crate) start: bool,
    /// It runs in a process of its own.
    pub(crate) untrusted: bool,
    /// Its library; `None` where it is found by name.
    pub(crate) library: Option<PathBuf>,
    /// What it is handed when it is created.
    pub(crate) config: serde_json::Map<String, serde_json::Value>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecisionsError {
    /// It says something that is not understood.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: usize,
        /// What.
        reason: String,
    },
    /// It cannot be read or written.
    #[error("{reason}; check its permissions and the free space")]
    File {
        /// Why.
        reason: String,
    },
}

impl From<io::Error> for DecisionsError {
    fn from(error: io::Error) -> Self {
        Self::File { reason: error.to_string() }
    }
}

/// All that was decided, by the names of the plugins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decisions {
    text: String,
    all: BTreeMap<String, Decision>,
}

impl Decisions {
    /// Reads the file of a home; without one nothing was decided.
    pub(crate) fn open(home: &Path) -> Result<Self, DecisionsError> {
        let path = home.join(NAME);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Ok(about) if about.len() > LONGEST => {
                let reason = format!("it has {} bytes, more than {LONGEST}", about.len());
                return Err(DecisionsError::File { reason });
            }
            Ok(about) if !about.is_file() => {
                return Err(DecisionsError::File { reason: "it is no file".to_owned() });
            }
            _ => {}
        }
        Self::parse(fs::read_to_string(&path)?)
    }

    fn parse(text: String) -> Result<Self, DecisionsError> {
        let all = read::read(&text)?;
        Ok(Self { text, all })
    }

    /// What was decided about a plugin.
    pub(crate) fn get(&self, name: &str) -> Option<&Decision> {
        self.all.get(name)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Decision)> {
        self.all.iter().map(|(name, decision)| (name.as_str(), decision))
    }

    /// Decides what a plugin may do, and where. What else was decided about it
    /// stays.
    pub(crate) fn allow(
        &mut self,
        name: &str,
        grants: GrantSet,
        accounts: Option<Vec<AccountId>>,
        conversations: Option<Vec<ConversationId>>,
        library: Option<PathBuf>,
    ) {
        let before = self.all.get(name).cloned().unwrap_or_default();
        let library = library.or_else(|| before.library.clone());
        self.set(name, Decision { grants, accounts, conversations, library, ..before });
    }

    /// Decides whether a plugin is loaded with the engine.
    pub(crate) fn set_start(&mut self, name: &str, start: bool) {
        let before = self.all.get(name).cloned().unwrap_or_default();
        self.set(name, Decision { start, ..before });
    }

    /// Decides that a plugin runs in a process of its own.
    pub(crate) fn set_untrusted(&mut self, name: &str) {
        let before = self.all.get(name).cloned().unwrap_or_default();
        self.set(name, Decision { untrusted: true, ..before });
    }

    fn set(&mut self, name: &str, decision: Decision) {
        self.all.insert(name.to_owned(), decision);
        self.text = write::write(&self.text, name, &self.all);
    }

    /// Writes the file of a home.
    pub(crate) fn save(&self, home: &Path) -> Result<(), DecisionsError> {
        Ok(put_in_place(&home.join(NAME), &self.text, Readers::Owner)?)
    }
}
