//! Records of an account: itself, seed, configs, counters, cursors, outbox.

use std::time::Duration;

use ramson_crypto::Seed;
use ramson_protocol::config::ConfigKind;
use ramson_protocol::store::{ConfigDump, Copy, Counters, Cursor, OutboxEntry, Sync};
use ramson_types::{AccountId, MessageId, Timestamp};
use zeroize::Zeroizing;

use super::{RecordError, VERSION, account_id, bytes32, decode, encode, hash, namespace};

/// An account without its secrets.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct AccountRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, optional, tag = "2")]
    pub(crate) name: Option<String>,
    #[prost(uint64, tag = "3")]
    added_at: u64,
    /// Number of the account's next conversation.
    #[prost(uint32, tag = "4")]
    pub(crate) next_conversation: u32,
    #[prost(bool, tag = "5")]
    sync_done: bool,
    #[prost(uint64, tag = "6")]
    contacts_stored: u64,
}

impl AccountRecord {
    pub(crate) fn new(id: AccountId, name: Option<String>, sync: Sync, at: Timestamp) -> Self {
        let mut record = Self {
            id: id.to_bytes().to_vec(),
            name,
            added_at: at.0,
            next_conversation: 1,
            ..Self::default()
        };
        record.set_sync(sync);
        record
    }

    pub(crate) fn id(&self) -> Result<AccountId, RecordError> {
        account_id(&self.id, "id")
    }

    pub(crate) const fn sync(&self) -> Sync {
        Sync { done: self.sync_done, contacts_stored: Timestamp(self.contacts_stored) }
    }

    pub(crate) const fn set_sync(&mut self, Sync { done, contacts_stored }: Sync) {
        (self.sync_done, self.contacts_stored) = (done, contacts_stored.0);
    }
}

/// The number that a kind of config is kept under.
pub(crate) const fn config_number(kind: ConfigKind) -> Result<u8, RecordError> {
    Ok(match kind {
        ConfigKind::UserProfile => 1,
        ConfigKind::Contacts => 2,
        ConfigKind::ConvoInfoVolatile => 3,
        ConfigKind::UserGroups => 4,
        ConfigKind::Local => 5,
        ConfigKind::GroupInfo => 6,
        ConfigKind::GroupMembers => 7,
        _ => return Err(RecordError::Unknown("config")),
    })
}

pub(crate) const fn config_kind(number: u8) -> Result<ConfigKind, RecordError> {
    Ok(match number {
        1 => ConfigKind::UserProfile,
        2 => ConfigKind::Contacts,
        3 => ConfigKind::ConvoInfoVolatile,
        4 => ConfigKind::UserGroups,
        5 => ConfigKind::Local,
        6 => ConfigKind::GroupInfo,
        7 => ConfigKind::GroupMembers,
        _ => return Err(RecordError::Field("kind")),
    })
}

/// Version byte and dump. It may hold secrets of groups.
pub(crate) fn config(dump: &ConfigDump) -> Zeroizing<Vec<u8>> {
    let mut record = Zeroizing::new(Vec::with_capacity(dump.0.len().saturating_add(1)));
    record.push(VERSION);
    record.extend_from_slice(&dump.0);
    record
}

pub(crate) fn parse_config(bytes: &[u8]) -> Result<ConfigDump, RecordError> {
    match bytes.split_first() {
        None => Err(RecordError::Empty),
        Some((&VERSION, dump)) => Ok(ConfigDump(dump.to_vec())),
        Some((&version, _)) => Err(RecordError::Version(version)),
    }
}

/// Version byte and seed.
pub(crate) fn seed(seed: &Seed) -> Zeroizing<[u8; 33]> {
    let mut record = Zeroizing::new([VERSION; 33]);
    if let Some(bytes) = record.last_chunk_mut::<32>() {
        *bytes = *seed.as_bytes();
    }
    record
}

pub(crate) fn parse_seed(bytes: &[u8]) -> Result<Seed, RecordError> {
    match bytes.split_first() {
        None => Err(RecordError::Empty),
        Some((&VERSION, seed)) => Ok(Seed::from_bytes32(bytes32(seed, "seed")?)),
        Some((&version, _)) => Err(RecordError::Version(version)),
    }
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct CountersRecord {
    #[prost(uint64, tag = "1")]
    next_message: u64,
    #[prost(uint64, tag = "2")]
    next_outbox: u64,
    #[prost(uint64, tag = "3")]
    last_sent: u64,
    /// Missing where no errand was ever numbered.
    #[prost(uint64, optional, tag = "4")]
    next_errand: Option<u64>,
}

pub(crate) fn counters(counters: &Counters) -> Vec<u8> {
    encode(&CountersRecord {
        next_message: counters.next_message,
        next_outbox: counters.next_outbox,
        last_sent: counters.last_sent.0,
        next_errand: Some(counters.next_errand),
    })
}

pub(crate) fn parse_counters(bytes: &[u8]) -> Result<Counters, RecordError> {
    let record: CountersRecord = decode(bytes)?;
    Ok(Counters {
        next_message: record.next_message,
        next_outbox: record.next_outbox,
        next_errand: record.next_errand.unwrap_or(1),
        last_sent: Timestamp(record.last_sent),
    })
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct CursorRecord {
    #[prost(bytes = "vec", tag = "1")]
    hash: Vec<u8>,
    #[prost(uint64, tag = "2")]
    expires: u64,
}

pub(crate) fn cursor(cursor: &Cursor) -> Vec<u8> {
    encode(&CursorRecord { hash: cursor.hash.0.to_vec(), expires: cursor.expires.0 })
}

pub(crate) fn parse_cursor(bytes: &[u8]) -> Result<Cursor, RecordError> {
    let record: CursorRecord = decode(bytes)?;
    Ok(Cursor { hash: hash(&record.hash, "hash")?, expires: Timestamp(record.expires) })
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct OutboxRecord {
    #[prost(uint64, tag = "1")]
    message: u64,
    /// 1 the recipient's, 2 the own account's.
    #[prost(uint32, tag = "2")]
    copy: u32,
    #[prost(bytes = "vec", tag = "3")]
    to: Vec<u8>,
    #[prost(sint32, tag = "4")]
    namespace: i32,
    #[prost(uint64, tag = "5")]
    timestamp: u64,
    #[prost(uint64, tag = "6")]
    ttl_seconds: u64,
    #[prost(uint32, tag = "7")]
    ttl_nanoseconds: u32,
    #[prost(bytes = "vec", tag = "8")]
    data: Vec<u8>,
    #[prost(uint32, tag = "9")]
    attempts: u32,
    #[prost(uint64, tag = "10")]
    next_attempt: u64,
    #[prost(bool, tag = "11")]
    quiet: bool,
    #[prost(bool, tag = "12")]
    outside_history: bool,
}

pub(crate) fn outbox(entry: &OutboxEntry) -> Vec<u8> {
    encode(&OutboxRecord {
        message: entry.message.number,
        copy: match entry.copy {
            Copy::Recipient => 1,
            Copy::Sync => 2,
        },
        to: entry.to.to_bytes().to_vec(),
        namespace: entry.namespace.0.into(),
        timestamp: entry.timestamp.0,
        ttl_seconds: entry.ttl.as_secs(),
        ttl_nanoseconds: entry.ttl.subsec_nanos(),
        data: entry.data.clone(),
        attempts: entry.attempts,
        next_attempt: entry.next_attempt.0,
        quiet: entry.quiet,
        outside_history: entry.outside_history,
    })
}

pub(crate) fn parse_outbox(
    account: u32,
    number: u64,
    bytes: &[u8],
) -> Result<OutboxEntry, RecordError> {
    let record: OutboxRecord = decode(bytes)?;
    let nanoseconds = Duration::from_nanos(record.ttl_nanoseconds.into());
    Ok(OutboxEntry {
        number,
        message: MessageId { account, number: record.message },
        copy: match record.copy {
            1 => Copy::Recipient,
            2 => Copy::Sync,
            _ => return Err(RecordError::Field("copy")),
        },
        to: account_id(&record.to, "to")?,
        namespace: namespace(record.namespace, "namespace")?,
        timestamp: Timestamp(record.timestamp),
        ttl: Duration::from_secs(record.ttl_seconds).saturating_add(nanoseconds),
        data: record.data,
        attempts: record.attempts,
        next_attempt: Timestamp(record.next_attempt),
        quiet: record.quiet,
        outside_history: record.outside_history,
    })
}
