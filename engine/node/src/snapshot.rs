//! A node's messages as bytes, for a local network that outlives its process.
//!
//! ```text
//! "ramson-node\0" ‖ version u8 = 3
//! u64 number of messages, in the order of arrival, each:
//!     account 33 ‖ namespace i16 ‖ hash 32 ‖ timestamp u64 ‖ expiry u64 ‖ length u32 ‖ data
//! u64 number of accounts with revocations, each:
//!     account 33 ‖ u64 number of tokens ‖ tokens of 36, oldest first
//! u64 number of nodes that something is on its way to, each:
//!     Ed25519 key 32 ‖ u64 how much, in its order, each one of:
//!         u8 = 0 ‖ message as above
//!         u8 = 1 ‖ length u32 ‖ method ‖ length u32 ‖ params
//! ```
//!
//! Numbers are little-endian; times are milliseconds. Requests that a member
//! missed stand there as `ramson_codec::node_to_node` writes them. Version 2
//! had only messages in the last part, without the byte before them; version 1
//! had neither hashes nor the last part. Both are still read.

use std::collections::BTreeMap;

use ramson_codec::node_to_node::{forward, parse_forwarded};
use ramson_crypto::message_hash;
use ramson_types::{AccountId, Ed25519PublicKey, MessageHash, Namespace, Timestamp};

use crate::Node;
use crate::database::{Database, StoredMessage};
use crate::step::{Command, PeerMessage};
use crate::swarm_change::OnItsWay;

const MAGIC: &[u8; 12] = b"ramson-node\0";

/// What is written.
const VERSION: u8 = 3;

/// A message is on its way.
const MESSAGE: u8 = 0;

/// A request is on its way.
const REQUEST: u8 = 1;

/// Why bytes are no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They begin with something else, or are of a later version.
    #[error("this is not what a server of this version has saved; move it away to start anew")]
    Foreign,
    /// They end too early, or go on where they should end.
    #[error("what a server has saved is damaged at byte {at}; move it away to start anew")]
    Damaged {
        /// Where.
        at: usize,
    },
}

impl Node {
    /// All messages and revocations, and what is on its way to other nodes:
    /// messages that move and requests that members missed.
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        put_count(&mut bytes, self.database.len());
        for message in self.database.messages() {
            put_message(&mut bytes, message);
        }
        put_count(&mut bytes, self.database.revoking().count());
        for (account, revoked) in self.database.revoking() {
            bytes.extend(account.to_bytes());
            put_count(&mut bytes, revoked.len());
            bytes.extend(revoked.iter().flatten());
        }
        let mut on_their_way: BTreeMap<_, (usize, Vec<u8>)> = BTreeMap::new();
        for (to, message) in self.missed.iter() {
            let (count, entries) = on_their_way.entry(to).or_default();
            *count = count.saturating_add(put_on_its_way(entries, message));
        }
        put_count(&mut bytes, on_their_way.len());
        for (to, (count, entries)) in on_their_way {
            bytes.extend(to.0);
            put_count(&mut bytes, count);
            bytes.extend(entries);
        }
        bytes
    }

    /// Replaces all messages and revocations by exported ones, and puts on its
    /// way what was. On an error nothing has changed.
    pub fn import(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::Foreign)?;
        let (version, rest) = rest.split_first().ok_or(SnapshotError::Foreign)?;
        let version = *version;
        if !(1..=VERSION).contains(&version) {
            return Err(SnapshotError::Foreign);
        }
        let mut reader = Reader::new(rest, bytes.len());
        // What was held once is held again, whatever the limits are now.
        let mut database = Database::default();
        database.capacity = u64::MAX;
        for _ in 0..reader.number()? {
            if database.store(reader.message(version)?).is_err() {
                return Err(reader.damaged());
            }
        }
        for _ in 0..reader.number()? {
            let account = reader.account()?;
            for _ in 0..reader.number()? {
                if database.revoke(&account, &[reader.take()?]).is_err() {
                    return Err(reader.damaged());
                }
            }
        }
        let mut on_their_way: BTreeMap<_, Vec<_>> = BTreeMap::new();
        if version > 1 {
            for _ in 0..reader.number()? {
                let to = Ed25519PublicKey(reader.take()?);
                for _ in 0..reader.number()? {
                    let one = reader.on_its_way(version)?;
                    on_their_way.entry(to).or_default().push(one);
                }
            }
        }
        reader.finish()?;
        database.capacity = self.database.capacity;
        database.revocations_need_messages = self.database.revocations_need_messages;
        self.database = database;
        for (to, waiting) in on_their_way {
            self.put_on_the_way(to, waiting, self.seen);
        }
        Ok(())
    }
}

/// Writes what is said to a node, and how many entries that makes.
fn put_on_its_way(bytes: &mut Vec<u8>, message: &PeerMessage) -> usize {
    match message {
        PeerMessage::Messages(push) => {
            for message in &push.messages {
                bytes.push(MESSAGE);
                put_message(bytes, message);
            }
            push.messages.len()
        }
        PeerMessage::Member(command) => {
            bytes.push(REQUEST);
            put_bytes(bytes, command.method.as_bytes());
            put_bytes(bytes, &command.params);
            1
        }
        // Whoever asked has gone away by the next start.
        PeerMessage::Onion(_) => 0,
    }
}

fn put_message(bytes: &mut Vec<u8>, message: &StoredMessage) {
    bytes.extend(message.account.to_bytes());
    bytes.extend(message.namespace.0.to_le_bytes());
    bytes.extend(message.hash.0);
    bytes.extend(message.timestamp.millis().to_le_bytes());
    bytes.extend(message.expiry.millis().to_le_bytes());
    put_bytes(bytes, &message.data);
}

/// The length, then the bytes.
pub(crate) fn put_bytes(bytes: &mut Vec<u8>, data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend_from_slice(data);
}

pub(crate) fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u64::try_from(count).unwrap_or(u64::MAX).to_le_bytes());
}

/// Reads numbers and bytes one after the other.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    /// Reads `rest`, the end of something of `total` bytes.
    pub(crate) const fn new(rest: &'a [u8], total: usize) -> Self {
        Self { rest, total }
    }

    pub(crate) const fn damaged(&self) -> SnapshotError {
        SnapshotError::Damaged { at: self.total.saturating_sub(self.rest.len()) }
    }

    /// That nothing is left.
    pub(crate) const fn finish(&self) -> Result<(), SnapshotError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.damaged()) }
    }

    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(self.damaged())?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn number(&mut self) -> Result<u64, SnapshotError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// What [`put_bytes`] wrote.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], SnapshotError> {
        let length = u32::from_le_bytes(self.take()?);
        let length = usize::try_from(length).map_err(|_| self.damaged())?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(self.damaged())?;
        self.rest = rest;
        Ok(taken)
    }

    fn account(&mut self) -> Result<AccountId, SnapshotError> {
        let damaged = self.damaged();
        AccountId::from_bytes(&self.take()?).map_err(|_| damaged)
    }

    fn on_its_way(&mut self, version: u8) -> Result<OnItsWay, SnapshotError> {
        let kind = if version > 2 { self.take::<1>()?[0] } else { MESSAGE };
        match kind {
            MESSAGE => Ok(OnItsWay::Message(self.message(version)?)),
            REQUEST => {
                let damaged = self.damaged();
                let method = std::str::from_utf8(self.bytes()?).map_err(|_| damaged)?;
                let params = self.bytes()?;
                let request = parse_forwarded(method, params).map_err(|_| damaged)?;
                let (method, _) = forward(&request).ok_or(damaged)?;
                let params = params.to_vec();
                Ok(OnItsWay::Request(Box::new(Command { request, method, params })))
            }
            _ => Err(self.damaged()),
        }
    }

    /// Version 1 does not say the hash, which is then that of the content.
    fn message(&mut self, version: u8) -> Result<StoredMessage, SnapshotError> {
        let account = self.account()?;
        let namespace = Namespace(i16::from_le_bytes(self.take()?));
        let hash = if version > 1 { Some(MessageHash(self.take()?)) } else { None };
        let (timestamp, expiry) = (Timestamp(self.number()?), Timestamp(self.number()?));
        let data = self.bytes()?;
        let hash = hash.unwrap_or_else(|| message_hash(&account, namespace, data));
        Ok(StoredMessage { account, namespace, hash, timestamp, expiry, data: data.into() })
    }
}
