//! `trace`: every step of one message's way, from the delivery ledger. As JSON
//! each line by itself; for people one story.

mod story;

use std::collections::BTreeSet;
use std::fmt;

use ramson_system::{Engine, LedgerSubject};
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::{AccountId, MessageHash, Timestamp};
use serde::Serialize;

use super::Context;
use crate::cli::TraceArgs;
use crate::error::Failure;
use crate::record::{Record, harmless, hex_keys};

/// The fewest characters of a hash that name it.
const SHORTEST_PREFIX: usize = 8;

/// So many lines of an account are looked through for polls that failed while
/// a message was on its way.
const POLL_LINES: usize = 2_000;

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
        match about.ok().or_else(|| beginning_of_hash(&text)) {
            Some(about) => Ok(Self { text, about }),
            None => Err(Failure::InvalidMessage { text }),
        }
    }

    pub(super) async fn run(&self, context: &Context) -> Result<(), Failure> {
        let engine = &context.engine;
        let lines = whole(engine, engine.ledger(self.about.clone()).await?).await?;
        let Some(first) = lines.first() else {
            return Err(Failure::UnknownMessage { message: self.text.clone() });
        };
        if context.console.is_json() {
            for line in &lines {
                context.console.record(&Record::Trace(Line::new(line))).await?;
            }
            return Ok(());
        }
        let id = lines.iter().find_map(|line| line.message);
        let message = match id {
            Some(id) => engine.message(id).await?,
            None => None,
        };
        let polls = match (&message, id) {
            (Some(message), Some(id)) => {
                let about = LedgerSubject::Account(id.account, POLL_LINES);
                let mut polls = engine.ledger(about).await?;
                polls.reverse();
                polls.retain(|line| failed_poll_between(line, message.sent, message.received));
                polls
            }
            _ => Vec::new(),
        };
        let name =
            id.map_or_else(|| first.hash.map(|hash| hash.to_string()), |id| Some(id.to_string()));
        let name = name.unwrap_or_else(|| self.text.clone());
        context.console.say(story::tell(&name, &lines, message.as_ref(), &polls)).await
    }
}

/// Hashes that begin with a text, if it is the beginning of one.
fn beginning_of_hash(text: &str) -> Option<LedgerSubject> {
    let known = (SHORTEST_PREFIX..MessageHash::TEXT_LEN).contains(&text.len());
    let open = MessageHash::TEXT_LEN.checked_sub(text.len())?.checked_sub(1)?;
    // The last of 43 characters holds four bits.
    let fill = |letter: &str, last: char| {
        format!("{text}{}{last}", letter.repeat(open)).parse::<MessageHash>().ok()
    };
    let bounds = fill("A", 'A').zip(fill("/", '8'));
    bounds.filter(|_| known).map(|(first, last)| LedgerSubject::HashesFrom(first, last))
}

/// Everything about the messages and copies that some lines name.
async fn whole(engine: &Engine, mut lines: Vec<LedgerLine>) -> Result<Vec<LedgerLine>, Failure> {
    let (mut messages, mut hashes) = (BTreeSet::new(), BTreeSet::new());
    loop {
        let message =
            lines.iter().filter_map(|line| line.message).find(|id| !messages.contains(id));
        let hash = lines.iter().filter_map(|line| line.hash).find(|hash| !hashes.contains(hash));
        let about = match (message, hash) {
            (Some(id), _) => {
                messages.insert(id);
                LedgerSubject::Message(id)
            }
            (None, Some(hash)) => {
                hashes.insert(hash);
                LedgerSubject::Hash(hash)
            }
            (None, None) => break,
        };
        for line in engine.ledger(about).await? {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

fn failed_poll_between(line: &LedgerLine, sent: Timestamp, received: Timestamp) -> bool {
    let poll = matches!(line.step, LedgerStep::AttemptFailed { to: None, .. });
    poll && line.message.is_none() && (sent..=received).contains(&line.at)
}

/// One line of the ledger.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    at: u64,
    message: Option<String>,
    hash: Option<String>,
    #[serde(flatten)]
    step: Step,
    #[serde(skip)]
    words: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
enum Step {
    Queued {
        to: String,
        bytes: u64,
    },
    Attempted {
        attempt: u32,
        to: Option<String>,
        node: String,
        path: Vec<String>,
        asked: Option<u64>,
    },
    Stored {
        to: String,
        confirmed: Vec<String>,
        failed: Vec<String>,
    },
    WrongSwarm {
        to: Option<String>,
        node: String,
        members: u32,
    },
    AttemptFailed {
        to: Option<String>,
        node: Option<String>,
        reason: String,
        asked: Option<u64>,
        retry_at: Option<u64>,
    },
    Received {
        node: String,
        path: Vec<String>,
        namespace: i64,
    },
    Dropped {
        node: String,
        reason: String,
        remembered_until: Option<u64>,
    },
    CursorMoved {
        node: String,
        namespace: i64,
    },
    Missed {
        node: String,
        had: String,
        noticed: u64,
        times: u32,
    },
    Replayed {
        node: String,
        namespace: i64,
        messages: u32,
    },
    Other {},
}

impl Line {
    pub(crate) fn new(line: &LedgerLine) -> Self {
        Self {
            at: line.at.millis(),
            message: line.message.map(|id| id.to_string()),
            hash: line.hash.map(|hash| hash.to_string()),
            step: step(&line.step),
            words: story::line(line),
        }
    }
}

fn step(step: &LedgerStep) -> Step {
    let to_text = |to: &Option<AccountId>| to.map(|to| to.to_string());
    let millis = |at: &Option<Timestamp>| at.map(Timestamp::millis);
    match step {
        LedgerStep::Queued { to, bytes } => Step::Queued { to: to.to_string(), bytes: *bytes },
        LedgerStep::Attempted { attempt, to, node, path, asked } => Step::Attempted {
            attempt: *attempt,
            to: to_text(to),
            node: node.to_string(),
            path: hex_keys(path),
            asked: millis(asked),
        },
        LedgerStep::Stored { to, confirmed, failed } => Step::Stored {
            to: to.to_string(),
            confirmed: hex_keys(confirmed),
            failed: hex_keys(failed),
        },
        LedgerStep::WrongSwarm { to, node, members } => {
            Step::WrongSwarm { to: to_text(to), node: node.to_string(), members: *members }
        }
        LedgerStep::AttemptFailed { to, node, reason, asked, retry_at } => Step::AttemptFailed {
            to: to_text(to),
            node: node.map(|node| node.to_string()),
            reason: reason.clone(),
            asked: millis(asked),
            retry_at: millis(retry_at),
        },
        LedgerStep::Received { node, path, namespace } => Step::Received {
            node: node.to_string(),
            path: hex_keys(path),
            namespace: namespace.0.into(),
        },
        LedgerStep::Dropped { node, reason, remembered_until } => Step::Dropped {
            node: node.to_string(),
            reason: reason.clone(),
            remembered_until: millis(remembered_until),
        },
        LedgerStep::CursorMoved { node, namespace } => {
            Step::CursorMoved { node: node.to_string(), namespace: namespace.0.into() }
        }
        LedgerStep::Missed { node, had, noticed, times } => Step::Missed {
            node: node.to_string(),
            had: had.to_string(),
            noticed: noticed.millis(),
            times: *times,
        },
        LedgerStep::Replayed { node, namespace, messages } => Step::Replayed {
            node: node.to_string(),
            namespace: namespace.0.into(),
            messages: *messages,
        },
        _ => Step::Other {},
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&harmless(&self.words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_named_by_its_name_its_hash_or_the_beginning_of_it() {
        let prepare = |text: &str| {
            let trace = Trace::prepare(&TraceArgs { message: text.to_owned() });
            trace.ok().map(|trace| trace.about)
        };
        assert!(matches!(prepare("m1-42"), Some(LedgerSubject::Message(_))));
        let hash = MessageHash([0xa7; 32]);
        let text = hash.to_string();
        assert_eq!(prepare(&text), Some(LedgerSubject::Hash(hash)));
        let start = |length: usize| text.chars().take(length).collect::<String>();
        for length in SHORTEST_PREFIX..MessageHash::TEXT_LEN {
            let Some(LedgerSubject::HashesFrom(first, last)) = prepare(&start(length)) else {
                panic!("{length} characters");
            };
            assert!((first..=last).contains(&hash));
            assert!(first.to_string().starts_with(&start(length)));
            assert!(last.to_string().starts_with(&start(length)));
        }
        let (short, long) = (start(7), format!("{text}A"));
        for bad in ["", "x1-2", &short, "this is no hash", &long, "ääääääää"] {
            assert_eq!(prepare(bad), None, "{bad}");
        }
    }
}
