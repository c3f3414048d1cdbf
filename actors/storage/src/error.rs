//! Why a home's store does not open.

use std::path::{Path, PathBuf};

use crate::sealed::NotOpened;

/// Why a home's store does not open. Each says which file it is about and the
/// way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no store.
    #[error("there is no store at {path}; create an account to make one, or name another home", path = path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{path} is not a Ramson store; move it away or name another home", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The store was written by a later version of the program.
    #[error("{path} has version {found}, and this program knows versions up to {known}; use a newer Ramson", path = path.display())]
    LaterVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The latest version that can be read.
        known: u64,
    },
    /// A part of the file is missing.
    #[error("{path} was cut short: it has {length} bytes and needs {expected}; put back a copy of it", path = path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: u64,
        /// The least it needs.
        expected: u64,
    },
    /// The key does not open the file.
    #[error("{path} does not open with this home's key; put back the store, store.keys and store.key that belong together", path = path.display())]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// Another process has the store.
    #[error("{path} is in use by another Ramson; end that one first or name another home", path = path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A file without which the store cannot be opened is missing.
    #[error("{path} is missing, and the store of this home cannot be opened without it; put back a copy of it", path = path.display())]
    KeyMissing {
        /// The missing file.
        path: PathBuf,
    },
    /// A key file is not what it was when it was written.
    #[error("{path} is damaged ({reason}); put back a copy of it", path = path.display())]
    KeyDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Others than the owner may read the key file.
    #[error("{path} can be read by other users of this machine (mode {mode:03o}); run: chmod 600 '{path}'", path = path.display())]
    KeyReadable {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The database in the file is damaged.
    #[error("{path} is damaged ({reason}); put back a copy of it", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The home belongs to another network.
    #[error(
        "this home belongs to the network '{home}', not to '{asked}'; name another home with --home, or leave --network out"
    )]
    OtherNetwork {
        /// The network the home was made for.
        home: String,
        /// The network that was asked for.
        asked: String,
    },
    /// The system refused.
    #[error("{path} could not be opened: {reason}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), reason: error.to_string() }
    }

    pub(crate) fn sealed(path: &Path, error: NotOpened) -> Self {
        let path = path.to_owned();
        match error {
            NotOpened::Foreign => Self::Foreign { path },
            NotOpened::LaterVersion(found) => {
                Self::LaterVersion { path, found: found.into(), known: 1 }
            }
            NotOpened::Truncated { length, expected } => Self::Truncated { path, length, expected },
            NotOpened::WrongKey => Self::WrongKey { path },
            NotOpened::Io(error) => Self::Io { path, reason: error.to_string() },
        }
    }
}
