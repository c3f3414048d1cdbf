//! The files themselves, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ramson_types::Timestamp;
use rand_core::CryptoRng;

use super::FileServerConfig;

/// Random ids that are tried before the server says that none is free.
const TRIES: usize = 25;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) data: Arc<[u8]>,
    pub(super) uploaded: Timestamp,
    pub(super) expires: Timestamp,
}

/// There is no room, or no free id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotKept;

#[derive(Debug)]
pub(super) struct Files {
    files: BTreeMap<String, File>,
    by_expiry: BTreeSet<(Timestamp, String)>,
    bytes: u64,
    /// Grows with every change.
    changes: u64,
}

fn weight(data: &[u8]) -> u64 {
    u64::try_from(data.len()).unwrap_or(u64::MAX)
}

impl Files {
    pub(super) const fn new() -> Self {
        Self { files: BTreeMap::new(), by_expiry: BTreeSet::new(), bytes: 0, changes: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) const fn changes(&self) -> u64 {
        self.changes
    }

    /// Goes on counting where other files, which these replace, were.
    pub(super) fn after(self, replaced: &Self) -> Self {
        Self { changes: replaced.changes.saturating_add(1), ..self }
    }

    const fn changed(&mut self) {
        self.changes = self.changes.saturating_add(1);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &File)> {
        self.files.iter()
    }

    pub(super) fn get(&self, id: &str, now: Timestamp) -> Option<&File> {
        self.files.get(id).filter(|file| file.expires > now)
    }

    /// A number below 2^53 that no file has.
    pub(super) fn unused_number(
        &self,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<String, NotKept> {
        let mut numbers = (0..TRIES).map(|_| (rng.next_u64() >> 11).to_string());
        numbers.find(|id| !self.files.contains_key(id)).ok_or(NotKept)
    }

    /// Keeps a file, or one that is there once more: then it counts as
    /// uploaded now, and stays until the later of both times. Returns when it
    /// goes.
    pub(super) fn keep(
        &mut self,
        id: String,
        data: &[u8],
        expires: Timestamp,
        now: Timestamp,
        config: &FileServerConfig,
    ) -> Result<Timestamp, NotKept> {
        self.sweep(now);
        if let Some(file) = self.files.get_mut(&id) {
            file.uploaded = now;
            let expires = expires.max(file.expires);
            self.set_expiry(&id, expires);
            self.changed();
            return Ok(expires);
        }
        let bytes = self.bytes.saturating_add(weight(data));
        if bytes > config.capacity || self.files.len() >= config.max_files {
            return Err(NotKept);
        }
        self.insert(id, File { data: data.into(), uploaded: now, expires });
        Ok(expires)
    }

    /// Puts a file where none is.
    pub(super) fn insert(&mut self, id: String, file: File) {
        self.bytes = self.bytes.saturating_add(weight(&file.data));
        self.by_expiry.insert((file.expires, id.clone()));
        self.files.insert(id, file);
        self.changed();
    }

    /// Lets a file stay until a later time; never shortens.
    pub(super) fn extend(&mut self, id: &str, expires: Timestamp, now: Timestamp) -> Option<&File> {
        let held = self.get(id, now)?.expires;
        self.set_expiry(id, expires.max(held));
        self.get(id, now)
    }

    fn set_expiry(&mut self, id: &str, expires: Timestamp) {
        if let Some(file) = self.files.get_mut(id)
            && file.expires != expires
        {
            self.by_expiry.remove(&(file.expires, id.to_owned()));
            self.by_expiry.insert((expires, id.to_owned()));
            file.expires = expires;
            self.changed();
        }
    }

    /// Deletes what has expired.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        while self.by_expiry.first().is_some_and(|(expires, _)| *expires <= now) {
            let Some((_, id)) = self.by_expiry.pop_first() else { return };
            if let Some(file) = self.files.remove(&id) {
                self.bytes = self.bytes.saturating_sub(weight(&file.data));
                self.changed();
            }
        }
    }
}
