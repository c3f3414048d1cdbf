//! Errands: what is still to be done in an account's own swarm.

use ramson_protocol::store::{Errand, ErrandCopy, StoredErrand};
use ramson_types::{MessageId, Timestamp};

use super::conversation::parse_conversation_key;
use super::{RecordError, conversation_key, decode, encode, hash};

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct ErrandRecord {
    #[prost(oneof = "What", tags = "1, 2, 3")]
    what: Option<What>,
    #[prost(uint64, tag = "4")]
    begun: u64,
}

#[derive(Clone, PartialEq, Eq, prost::Oneof)]
enum What {
    #[prost(message, tag = "1")]
    Delete(Hashes),
    #[prost(message, tag = "2")]
    Shorten(Copies),
    #[prost(message, tag = "3")]
    AskExpiries(Copies),
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Hashes {
    #[prost(bytes = "vec", repeated, tag = "1")]
    hashes: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Copies {
    #[prost(message, repeated, tag = "1")]
    copies: Vec<CopyRecord>,
    /// When they are to be let go of; nothing where that is only asked.
    #[prost(uint64, tag = "2")]
    expiry: u64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct CopyRecord {
    #[prost(bytes = "vec", tag = "1")]
    hash: Vec<u8>,
    #[prost(uint64, tag = "2")]
    message: u64,
    /// As [`conversation_key`] gives it.
    #[prost(bytes = "vec", tag = "3")]
    conversation: Vec<u8>,
    #[prost(uint32, tag = "4")]
    seconds: u32,
}

pub(crate) fn errand(stored: &StoredErrand) -> Result<Vec<u8>, RecordError> {
    let what = match &stored.errand {
        Errand::Delete(hashes) => {
            What::Delete(Hashes { hashes: hashes.iter().map(|hash| hash.0.to_vec()).collect() })
        }
        Errand::Shorten { copies, expiry } => {
            What::Shorten(Copies { copies: write_copies(copies)?, expiry: expiry.0 })
        }
        Errand::AskExpiries(copies) => {
            What::AskExpiries(Copies { copies: write_copies(copies)?, expiry: 0 })
        }
    };
    Ok(encode(&ErrandRecord { what: Some(what), begun: stored.begun.0 }))
}

pub(crate) fn parse_errand(
    account: u32,
    number: u64,
    bytes: &[u8],
) -> Result<StoredErrand, RecordError> {
    let record: ErrandRecord = decode(bytes)?;
    let errand = match record.what.ok_or(RecordError::Field("what"))? {
        What::Delete(Hashes { hashes }) => {
            let hashes = hashes.iter().map(|bytes| hash(bytes, "hashes"));
            Errand::Delete(hashes.collect::<Result<_, _>>()?)
        }
        What::Shorten(Copies { copies, expiry }) => {
            Errand::Shorten { copies: read_copies(account, &copies)?, expiry: Timestamp(expiry) }
        }
        What::AskExpiries(Copies { copies, .. }) => {
            Errand::AskExpiries(read_copies(account, &copies)?)
        }
    };
    Ok(StoredErrand { number, begun: Timestamp(record.begun), errand })
}

fn write_copies(copies: &[ErrandCopy]) -> Result<Vec<CopyRecord>, RecordError> {
    let record = |copy: &ErrandCopy| {
        Ok(CopyRecord {
            hash: copy.hash.0.to_vec(),
            message: copy.message.number,
            conversation: conversation_key(&copy.conversation)?,
            seconds: copy.seconds,
        })
    };
    copies.iter().map(record).collect()
}

fn read_copies(account: u32, copies: &[CopyRecord]) -> Result<Vec<ErrandCopy>, RecordError> {
    let read = |copy: &CopyRecord| {
        Ok(ErrandCopy {
            hash: hash(&copy.hash, "hash")?,
            message: MessageId { account, number: copy.message },
            conversation: parse_conversation_key(&copy.conversation)?,
            seconds: copy.seconds,
        })
    };
    copies.iter().map(read).collect()
}
