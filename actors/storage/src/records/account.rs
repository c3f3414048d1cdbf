//! Records of an account: itself, seed, counters, cursors, outbox.

use std::time::Duration;

use ramson_crypto::Seed;
use ramson_protocol::store::{Copy, Counters, Cursor, OutboxEntry};
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
}

impl AccountRecord {
    pub(crate) fn new(id: AccountId, name: Option<String>, at: Timestamp) -> Self {
        Self { id: id.to_bytes().to_vec(), name, added_at: at.0, next_conversation: 1 }
    }

    pub(crate) fn id(&self) -> Result<AccountId, RecordError> {
        account_id(&self.id, "id")
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
}

pub(crate) fn counters(counters: &Counters) -> Vec<u8> {
    encode(&CountersRecord {
        next_message: counters.next_message,
        next_outbox: counters.next_outbox,
        last_sent: counters.last_sent.0,
    })
}

pub(crate) fn parse_counters(bytes: &[u8]) -> Result<Counters, RecordError> {
    let record: CountersRecord = decode(bytes)?;
    Ok(Counters {
        next_message: record.next_message,
        next_outbox: record.next_outbox,
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
    })
}
