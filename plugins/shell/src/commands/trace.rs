//! `trace`: every step of one message's way, from the delivery ledger.

use std::fmt;

use ramson_system::LedgerSubject;
use ramson_types::Timestamp;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use serde::Serialize;

use super::Context;
use crate::cli::TraceArgs;
use crate::error::Failure;
use crate::record::{Record, harmless, hex_keys};
use crate::time::readable;

/// A checked `trace`.
pub(crate) struct Trace {
    text: String,
    about: LedgerSubject,
}

impl Trace {
    pub(super) fn prepare(args: &TraceArgs) -> Result<Self, Failure> {
        let text = args.message.clone();
        let message = text.parse().map(LedgerSubject::Message);
        let about = message.or_else(|_| text.parse().map(LedgerSubject::Hash));
        match about {
            Ok(about) => Ok(Self { text, about }),
            Err(_) => Err(Failure::InvalidMessage { text }),
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let lines = context.engine.ledger(self.about.clone()).await?;
        if lines.is_empty() {
            return Err(Failure::UnknownMessage { message: self.text.clone() });
        }
        for line in &lines {
            context.console.record(&Record::Trace(Line::new(line))).await?;
        }
        Ok(())
    }
}

/// One line of the ledger.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    at: u64,
    message: Option<String>,
    hash: Option<String>,
    #[serde(flatten)]
    step: Step,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
enum Step {
    Queued { to: String, bytes: u64 },
    Attempted { attempt: u32, node: String, path: Vec<String> },
    Stored { to: String, confirmed: Vec<String>, failed: Vec<String> },
    WrongSwarm { node: String, members: u32 },
    AttemptFailed { node: Option<String>, reason: String, retry_at: Option<u64> },
    Received { node: String, path: Vec<String>, namespace: i64 },
    Dropped { node: String, reason: String },
    CursorMoved { node: String, namespace: i64 },
    Other {},
}

impl Line {
    pub(crate) fn new(line: &LedgerLine) -> Self {
        let step = match &line.step {
            LedgerStep::Queued { to, bytes } => Step::Queued { to: to.to_string(), bytes: *bytes },
            LedgerStep::Attempted { attempt, node, path } => {
                Step::Attempted { attempt: *attempt, node: node.to_string(), path: hex_keys(path) }
            }
            LedgerStep::Stored { to, confirmed, failed } => Step::Stored {
                to: to.to_string(),
                confirmed: hex_keys(confirmed),
                failed: hex_keys(failed),
            },
            LedgerStep::WrongSwarm { node, members } => {
                Step::WrongSwarm { node: node.to_string(), members: *members }
            }
            LedgerStep::AttemptFailed { node, reason, retry_at } => Step::AttemptFailed {
                node: node.map(|node| node.to_string()),
                reason: reason.clone(),
                retry_at: retry_at.map(Timestamp::millis),
            },
            LedgerStep::Received { node, path, namespace } => Step::Received {
                node: node.to_string(),
                path: hex_keys(path),
                namespace: namespace.0.into(),
            },
            LedgerStep::Dropped { node, reason } => {
                Step::Dropped { node: node.to_string(), reason: reason.clone() }
            }
            LedgerStep::CursorMoved { node, namespace } => {
                Step::CursorMoved { node: node.to_string(), namespace: namespace.0.into() }
            }
            _ => Step::Other {},
        };
        Self {
            at: line.at.millis(),
            message: line.message.map(|id| id.to_string()),
            hash: line.hash.map(|hash| hash.to_string()),
            step,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", readable(Timestamp(self.at)))?;
        match &self.step {
            Step::Queued { to, bytes } => write!(f, "queued for {to}, {bytes} bytes sealed"),
            Step::Attempted { attempt, node, path } => {
                write!(f, "attempt {attempt}: node {node}")?;
                through(f, path)
            }
            Step::Stored { to, confirmed, failed } => {
                write!(f, "stored for {to}, {} nodes confirmed", confirmed.len())?;
                list(f, "confirmed", confirmed)?;
                list(f, "failed", failed)
            }
            Step::WrongSwarm { node, members } => {
                write!(f, "node {node} is not in the swarm; it named {members} others")
            }
            Step::AttemptFailed { node, reason, retry_at } => {
                write!(f, "failed")?;
                if let Some(node) = node {
                    write!(f, " at node {node}")?;
                }
                write!(f, ": {}", harmless(reason))?;
                match retry_at {
                    Some(at) => write!(f, "; next attempt {}", readable(Timestamp(*at))),
                    None => f.write_str("; given up"),
                }
            }
            Step::Received { node, path, namespace } => {
                write!(f, "received from node {node}, namespace {namespace}")?;
                through(f, path)
            }
            Step::Dropped { node, reason } => {
                write!(f, "dropped what node {node} had: {}", harmless(reason))
            }
            Step::CursorMoved { node, namespace } => {
                write!(f, "cursor at node {node} moved past it, namespace {namespace}")
            }
            Step::Other {} => f.write_str("a step that this version has no words for"),
        }?;
        match &self.hash {
            Some(hash) => write!(f, "\n    hash {hash}"),
            None => Ok(()),
        }
    }
}

fn through(f: &mut fmt::Formatter<'_>, path: &[String]) -> fmt::Result {
    list(f, "through", path)
}

fn list(f: &mut fmt::Formatter<'_>, what: &str, nodes: &[String]) -> fmt::Result {
    nodes.iter().try_for_each(|node| write!(f, "\n    {what} {node}"))
}
