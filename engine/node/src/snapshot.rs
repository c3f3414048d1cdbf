//! A node's messages as bytes, for a local network that outlives its process.
//!
//! ```text
//! "ramson-node\0" ‖ version u8 = 1
//! u64 number of messages, in the order of arrival, each:
//!     account 33 ‖ namespace i16 ‖ timestamp u64 ‖ expiry u64 ‖ length u32 ‖ data
//! u64 number of accounts with revocations, each:
//!     account 33 ‖ u64 number of tokens ‖ tokens of 36, oldest first
//! ```
//!
//! Numbers are little-endian; times are milliseconds.

use ramson_crypto::message_hash;
use ramson_types::{AccountId, Namespace, Timestamp};

use crate::Node;
use crate::database::{Database, StoredMessage};

const MAGIC: &[u8; 13] = b"ramson-node\0\x01";

/// Why bytes are no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They begin with something else, or are of a later version.
    #[error(
        "this is not the saved state of a service node of this version; move it away to start anew"
    )]
    Foreign,
    /// They end too early, or go on where they should end.
    #[error(
        "the saved state of a service node is damaged at byte {at}; move it away to start anew"
    )]
    Damaged {
        /// Where.
        at: usize,
    },
}

impl Node {
    /// All messages and revocations.
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put_count(&mut bytes, self.database.messages().count());
        for message in self.database.messages() {
            bytes.extend(message.account.to_bytes());
            bytes.extend(message.namespace.0.to_le_bytes());
            bytes.extend(message.timestamp.millis().to_le_bytes());
            bytes.extend(message.expiry.millis().to_le_bytes());
            let length = u32::try_from(message.data.len()).unwrap_or(u32::MAX);
            bytes.extend(length.to_le_bytes());
            bytes.extend_from_slice(&message.data);
        }
        let revoking = || self.database.owners().filter(|(_, owner)| !owner.revoked.is_empty());
        put_count(&mut bytes, revoking().count());
        for (account, owner) in revoking() {
            bytes.extend(account.to_bytes());
            put_count(&mut bytes, owner.revoked.len());
            bytes.extend(owner.revoked.iter().flatten());
        }
        bytes
    }

    /// Replaces all messages and revocations by exported ones. On an error
    /// nothing has changed.
    pub fn import(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::Foreign)?;
        let mut reader = Reader { rest, total: bytes.len() };
        let mut database = Database::default();
        for _ in 0..reader.number()? {
            let account = reader.account()?;
            let namespace = Namespace(i16::from_le_bytes(reader.take()?));
            let timestamp = Timestamp(reader.number()?);
            let expiry = Timestamp(reader.number()?);
            let length = u32::from_le_bytes(reader.take()?);
            let data = reader.bytes(length)?;
            let hash = message_hash(&account, namespace, data);
            let data = data.into();
            let message = StoredMessage { account, namespace, hash, timestamp, expiry, data };
            if database.store(message).is_err() {
                return Err(reader.damaged());
            }
        }
        for _ in 0..reader.number()? {
            let account = reader.account()?;
            for _ in 0..reader.number()? {
                database.revoke(&account, &[reader.take()?]);
            }
        }
        if !reader.rest.is_empty() {
            return Err(reader.damaged());
        }
        self.database = database;
        Ok(())
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u64::try_from(count).unwrap_or(u64::MAX).to_le_bytes());
}

struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    fn damaged(&self) -> SnapshotError {
        SnapshotError::Damaged { at: self.total.saturating_sub(self.rest.len()) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(self.damaged())?;
        self.rest = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u64, SnapshotError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    fn account(&mut self) -> Result<AccountId, SnapshotError> {
        let damaged = self.damaged();
        AccountId::from_bytes(&self.take()?).map_err(|_| damaged)
    }

    fn bytes(&mut self, length: u32) -> Result<&'a [u8], SnapshotError> {
        let length = usize::try_from(length).map_err(|_| self.damaged())?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(self.damaged())?;
        self.rest = rest;
        Ok(taken)
    }
}
