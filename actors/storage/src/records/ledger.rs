//! Lines of the delivery ledger.

use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::{AccountId, MessageId, Timestamp};

use super::{
    RecordError, account_id, decode, encode, namespace, node, node_bytes, nodes, optional_hash,
};

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct LineRecord {
    #[prost(uint64, tag = "1")]
    at: u64,
    #[prost(uint64, optional, tag = "2")]
    message: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "3")]
    hash: Option<Vec<u8>>,
    #[prost(oneof = "Step", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12, 13")]
    step: Option<Step>,
}

#[derive(Clone, PartialEq, Eq, prost::Oneof)]
enum Step {
    #[prost(message, tag = "4")]
    Queued(Queued),
    #[prost(message, tag = "5")]
    Attempted(Attempted),
    #[prost(message, tag = "6")]
    Stored(Stored),
    #[prost(message, tag = "7")]
    WrongSwarm(WrongSwarm),
    #[prost(message, tag = "8")]
    AttemptFailed(AttemptFailed),
    #[prost(message, tag = "9")]
    Received(Received),
    #[prost(message, tag = "10")]
    Dropped(Dropped),
    #[prost(message, tag = "11")]
    CursorMoved(CursorMoved),
    #[prost(message, tag = "12")]
    Missed(Missed),
    #[prost(message, tag = "13")]
    Replayed(Replayed),
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Queued {
    #[prost(bytes = "vec", tag = "1")]
    to: Vec<u8>,
    #[prost(uint64, tag = "2")]
    bytes: u64,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Attempted {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    #[prost(bytes = "vec", tag = "2")]
    node: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    path: Vec<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "4")]
    to: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "5")]
    asked: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Stored {
    #[prost(bytes = "vec", tag = "1")]
    to: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    confirmed: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    failed: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct WrongSwarm {
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    #[prost(uint32, tag = "2")]
    members: u32,
    #[prost(bytes = "vec", optional, tag = "3")]
    to: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct AttemptFailed {
    #[prost(bytes = "vec", optional, tag = "1")]
    node: Option<Vec<u8>>,
    #[prost(string, tag = "2")]
    reason: String,
    #[prost(uint64, optional, tag = "3")]
    retry_at: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "4")]
    to: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "5")]
    asked: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Received {
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    path: Vec<Vec<u8>>,
    #[prost(sint32, tag = "3")]
    namespace: i32,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Dropped {
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    #[prost(string, tag = "2")]
    reason: String,
    #[prost(uint64, optional, tag = "3")]
    remembered_until: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Missed {
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    had: Vec<u8>,
    #[prost(uint64, tag = "3")]
    noticed: u64,
    #[prost(uint32, tag = "4")]
    times: u32,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Replayed {
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    #[prost(sint32, tag = "2")]
    namespace: i32,
    #[prost(uint32, tag = "3")]
    messages: u32,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct CursorMoved {
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    #[prost(sint32, tag = "2")]
    namespace: i32,
}

pub(crate) fn ledger_line(line: &LedgerLine) -> Result<Vec<u8>, RecordError> {
    Ok(encode(&LineRecord {
        at: line.at.0,
        message: line.message.map(|id| id.number),
        hash: line.hash.map(|hash| hash.0.to_vec()),
        step: Some(write_step(&line.step)?),
    }))
}

pub(crate) fn parse_ledger_line(account: u32, bytes: &[u8]) -> Result<LedgerLine, RecordError> {
    let record: LineRecord = decode(bytes)?;
    Ok(LedgerLine {
        at: Timestamp(record.at),
        message: record.message.map(|number| MessageId { account, number }),
        hash: optional_hash(record.hash.as_deref(), "hash")?,
        step: read_step(record.step.ok_or(RecordError::Field("step"))?)?,
    })
}

fn write_step(step: &LedgerStep) -> Result<Step, RecordError> {
    Ok(match step {
        LedgerStep::Queued { to, bytes } => {
            Step::Queued(Queued { to: to.to_bytes().to_vec(), bytes: *bytes })
        }
        LedgerStep::Attempted { attempt, to, node, path, asked } => Step::Attempted(Attempted {
            attempt: *attempt,
            node: node.0.to_vec(),
            path: node_bytes(path),
            to: write_to(to),
            asked: asked.map(|at| at.0),
        }),
        LedgerStep::Stored { to, confirmed, failed } => Step::Stored(Stored {
            to: to.to_bytes().to_vec(),
            confirmed: node_bytes(confirmed),
            failed: node_bytes(failed),
        }),
        LedgerStep::WrongSwarm { to, node, members } => Step::WrongSwarm(WrongSwarm {
            node: node.0.to_vec(),
            members: *members,
            to: write_to(to),
        }),
        LedgerStep::AttemptFailed { to, node, reason, asked, retry_at } => {
            Step::AttemptFailed(AttemptFailed {
                node: node.map(|node| node.0.to_vec()),
                reason: reason.clone(),
                retry_at: retry_at.map(|at| at.0),
                to: write_to(to),
                asked: asked.map(|at| at.0),
            })
        }
        LedgerStep::Received { node, path, namespace } => Step::Received(Received {
            node: node.0.to_vec(),
            path: node_bytes(path),
            namespace: namespace.0.into(),
        }),
        LedgerStep::Dropped { node, reason, remembered_until } => Step::Dropped(Dropped {
            node: node.0.to_vec(),
            reason: reason.clone(),
            remembered_until: remembered_until.map(|at| at.0),
        }),
        LedgerStep::Missed { node, had, noticed, times } => Step::Missed(Missed {
            node: node.0.to_vec(),
            had: had.0.to_vec(),
            noticed: noticed.0,
            times: *times,
        }),
        LedgerStep::Replayed { node, namespace, messages } => Step::Replayed(Replayed {
            node: node.0.to_vec(),
            namespace: namespace.0.into(),
            messages: *messages,
        }),
        LedgerStep::CursorMoved { node, namespace } => {
            Step::CursorMoved(CursorMoved { node: node.0.to_vec(), namespace: namespace.0.into() })
        }
        _ => return Err(RecordError::Unknown("ledger step")),
    })
}

fn read_step(step: Step) -> Result<LedgerStep, RecordError> {
    Ok(match step {
        Step::Queued(step) => {
            LedgerStep::Queued { to: account_id(&step.to, "to")?, bytes: step.bytes }
        }
        Step::Attempted(step) => LedgerStep::Attempted {
            attempt: step.attempt,
            to: read_to(step.to.as_deref())?,
            node: node(&step.node, "node")?,
            path: nodes(&step.path, "path")?,
            asked: step.asked.map(Timestamp),
        },
        Step::Stored(step) => LedgerStep::Stored {
            to: account_id(&step.to, "to")?,
            confirmed: nodes(&step.confirmed, "confirmed")?,
            failed: nodes(&step.failed, "failed")?,
        },
        Step::WrongSwarm(step) => LedgerStep::WrongSwarm {
            to: read_to(step.to.as_deref())?,
            node: node(&step.node, "node")?,
            members: step.members,
        },
        Step::AttemptFailed(step) => LedgerStep::AttemptFailed {
            to: read_to(step.to.as_deref())?,
            node: step.node.map(|key| node(&key, "node")).transpose()?,
            reason: step.reason,
            asked: step.asked.map(Timestamp),
            retry_at: step.retry_at.map(Timestamp),
        },
        Step::Received(step) => LedgerStep::Received {
            node: node(&step.node, "node")?,
            path: nodes(&step.path, "path")?,
            namespace: namespace(step.namespace, "namespace")?,
        },
        Step::Dropped(step) => LedgerStep::Dropped {
            node: node(&step.node, "node")?,
            reason: step.reason,
            remembered_until: step.remembered_until.map(Timestamp),
        },
        Step::Missed(step) => LedgerStep::Missed {
            node: node(&step.node, "node")?,
            had: node(&step.had, "had")?,
            noticed: Timestamp(step.noticed),
            times: step.times,
        },
        Step::Replayed(step) => LedgerStep::Replayed {
            node: node(&step.node, "node")?,
            namespace: namespace(step.namespace, "namespace")?,
            messages: step.messages,
        },
        Step::CursorMoved(step) => LedgerStep::CursorMoved {
            node: node(&step.node, "node")?,
            namespace: namespace(step.namespace, "namespace")?,
        },
    })
}

fn write_to(to: &Option<AccountId>) -> Option<Vec<u8>> {
    to.map(|to| to.to_bytes().to_vec())
}

fn read_to(to: Option<&[u8]>) -> Result<Option<AccountId>, RecordError> {
    to.map(|to| account_id(to, "to")).transpose()
}
