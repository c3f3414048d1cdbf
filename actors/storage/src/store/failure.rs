//! Why a piece of work on the database failed, and what follows from it.

use std::io;
use std::path::Path;

use ramson_messages::storage::StoreError;
use redb::{CommitError, StorageError, TableError, TransactionError};

use crate::OpenError;
use crate::records::{self, RecordError};

/// What is damaged where no record is.
const THE_DATABASE: &str = "the database";

/// Why a piece of work failed.
#[derive(Debug)]
pub enum Failure {
    /// It cannot be done, and nothing was written yet.
    Refused(StoreError),
    /// It cannot be done, and something may have been written: the transaction
    /// must not be committed.
    Failed(StoreError),
    /// The disk refused; nothing else would get through either.
    Disk(String),
    /// The database refuses everything since an earlier failure.
    Latched,
}

impl Failure {
    pub(crate) fn on_read(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Failed(error) => error,
            Self::Disk(reason) => StoreError::Read { reason },
            Self::Latched => StoreError::Read { reason: "an earlier read failed".to_owned() },
        }
    }

    pub(crate) fn on_write(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Failed(error) => error,
            Self::Disk(reason) => StoreError::Write { reason },
            Self::Latched => StoreError::Write { reason: "an earlier write failed".to_owned() },
        }
    }

    pub(crate) fn on_open(self, path: &Path) -> OpenError {
        let path = path.to_owned();
        match self {
            Self::Refused(error) | Self::Failed(error) => {
                OpenError::Damaged { path, reason: error.to_string() }
            }
            Self::Disk(reason) => OpenError::Io { path, reason },
            Self::Latched => OpenError::Io { path, reason: "an earlier access failed".to_owned() },
        }
    }

    /// A record that cannot be read.
    pub(crate) fn damaged(what: impl Into<String>, error: &RecordError) -> Self {
        Self::Failed(StoreError::Damaged { what: what.into(), reason: error.to_string() })
    }

    /// Whether one record cannot be read, and no more than that is known to be
    /// wrong.
    pub(crate) fn is_of_one_record(&self) -> bool {
        matches!(self, Self::Failed(StoreError::Damaged { what, .. }) if what != THE_DATABASE)
    }

    /// A thing that cannot be written as a record.
    pub(crate) fn not_kept(what: impl Into<String>, error: &RecordError) -> Self {
        Self::Failed(StoreError::NotKept { what: what.into(), reason: error.to_string() })
    }

    /// Two tables that do not say the same.
    pub(crate) fn missing(what: impl Into<String>) -> Self {
        let reason = "its record is missing".to_owned();
        Self::Failed(StoreError::Damaged { what: what.into(), reason })
    }

    /// Reads a record named `what`.
    pub(crate) fn record<T: prost::Message + Default>(what: &str, bytes: &[u8]) -> Result<T, Self> {
        records::decode(bytes).map_err(|error| Self::damaged(what, &error))
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let damaged = |reason: String| {
            Self::Failed(StoreError::Damaged { what: THE_DATABASE.to_owned(), reason })
        };
        match error {
            StorageError::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                damaged(error.to_string())
            }
            StorageError::Corrupted(reason) => damaged(reason),
            StorageError::PreviousIo
            | StorageError::DatabaseClosed
            | StorageError::LockPoisoned(_) => Self::Latched,
            other => Self::Disk(other.to_string()),
        }
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Storage(error) => error.into(),
            other => Self::Failed(StoreError::Damaged {
                what: THE_DATABASE.to_owned(),
                reason: other.to_string(),
            }),
        }
    }
}

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Storage(error) => error.into(),
            other => Self::Disk(other.to_string()),
        }
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => error.into(),
            other => Self::Disk(other.to_string()),
        }
    }
}
