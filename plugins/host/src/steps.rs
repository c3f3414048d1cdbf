//! The steps of a message's way as people read them. Nodes are called by their
//! first digits.

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_types::Ed25519PublicKey;
use ramson_types::ledger::{LedgerLine, LedgerStep};

use crate::text::{harmless, one_line, readable};

/// The fewest digits by which a node is called.
const DIGITS: usize = 4;

/// One step in words.
pub fn words(line: &LedgerLine, names: &Names) -> String {
    match &line.step {
        LedgerStep::Queued { to, bytes } => {
            format!("sealed for {to}, {bytes} bytes, and safe in the outbox")
        }
        LedgerStep::Attempted { attempt, node, path, .. } => {
            format!("attempt {attempt}: asked node {}{}", names.short(node), names.through(path))
        }
        LedgerStep::Stored { confirmed, failed, .. } => {
            let of = confirmed.len().saturating_add(failed.len());
            let mut text = format!(
                "stored: {} of {of} members signed{}",
                confirmed.len(),
                names.list(confirmed)
            );
            if !failed.is_empty() {
                text.push_str(&format!("; not signed{}", names.list(failed)));
            }
            match &line.hash {
                Some(hash) => format!("{text}; hash {hash}"),
                None => text,
            }
        }
        LedgerStep::WrongSwarm { node, members, .. } => format!(
            "node {} is not in the swarm (421) and named {members} others; they are asked now",
            names.short(node)
        ),
        LedgerStep::AttemptFailed { to, node, reason, asked, retry_at } => {
            let took = asked.map_or_else(String::new, |asked| {
                format!(" after {}", seconds(line.at.since(asked)))
            });
            let who = match node {
                Some(node) => format!("asking node {} failed{took}", names.short(node)),
                None => format!("no node could be asked{took}"),
            };
            let what = match (to, retry_at) {
                (_, Some(at)) if *at <= line.at => "tried again at once".to_owned(),
                (_, Some(at)) => {
                    let wait = seconds(at.since(line.at));
                    match node {
                        Some(_) => format!("another member is tried after {wait}"),
                        None => format!("tried again after {wait}"),
                    }
                }
                (None, None) if line.message.is_none() => "another member is polled".to_owned(),
                (_, None) => "given up".to_owned(),
            };
            format!("{who}: {}; {what}", names.told(reason))
        }
        LedgerStep::Received { node, path, namespace } => {
            let hash = line.hash.map_or_else(String::new, |hash| format!("; hash {hash}"));
            format!(
                "received from node {}, namespace {namespace}{}{hash}",
                names.short(node),
                names.through(path)
            )
        }
        LedgerStep::Dropped { node, reason, remembered_until } => {
            let until = remembered_until
                .map_or_else(String::new, |at| format!("; remembered until {}", readable(at)));
            format!("not kept what node {} had: {}{until}", names.short(node), harmless(reason))
        }
        LedgerStep::CursorMoved { node, namespace } => {
            format!("the cursor at node {} moved past it, namespace {namespace}", names.short(node))
        }
        LedgerStep::Missed { node, had, noticed, times } => {
            let doubted = if *times > 1 { ", so others are asked first" } else { "" };
            format!(
                "node {} did not have it, node {} did; noticed {} before, miss number {times}{doubted}",
                names.short(node),
                names.short(had),
                seconds(line.at.since(*noticed)),
            )
        }
        LedgerStep::Replayed { node, namespace, messages } => format!(
            "node {} forgot the cursor and returned {messages} known copies again, namespace {namespace}",
            names.short(node)
        ),
        _ => "a step that this version has no words for".to_owned(),
    }
}

/// A duration as people read it.
pub fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        whole @ 60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        whole @ 3_600..86_400 => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
        whole => format!("{} d {} h", whole / 86_400, whole / 3_600 % 24),
    }
}

/// What the nodes of a story are called: by as many of their digits as tell
/// them apart.
pub struct Names {
    /// The nodes, in the order in which they are named first.
    pub nodes: Vec<Ed25519PublicKey>,
    digits: usize,
}

impl Names {
    /// What the nodes of some lines are called.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a LedgerLine>) -> Self {
        let mut nodes = Vec::new();
        let mut known = BTreeSet::new();
        for line in lines {
            for node in nodes_of(&line.step) {
                if known.insert(node) {
                    nodes.push(node);
                }
            }
        }
        // As many digits as tell them apart.
        let differ = |digits: &usize| {
            let short: BTreeSet<String> =
                nodes.iter().map(|node| node.to_string().chars().take(*digits).collect()).collect();
            short.len() == nodes.len()
        };
        let digits = (DIGITS..64).find(differ).unwrap_or(64);
        Self { nodes, digits }
    }

    /// What a node is called.
    pub fn short(&self, node: &Ed25519PublicKey) -> String {
        let digits: String = node.to_string().chars().take(self.digits).collect();
        format!("{digits}…")
    }

    /// A reason, with the nodes that it names called as everywhere else.
    pub fn told(&self, reason: &str) -> String {
        let text = self.nodes.iter().fold(reason.to_owned(), |text, node| {
            text.replace(&node.to_string(), &self.short(node))
        });
        one_line(&text)
    }

    fn joined(&self, nodes: &[Ed25519PublicKey]) -> String {
        nodes.iter().map(|node| self.short(node)).collect::<Vec<_>>().join(", ")
    }

    fn list(&self, nodes: &[Ed25519PublicKey]) -> String {
        if nodes.is_empty() { String::new() } else { format!(" ({})", self.joined(nodes)) }
    }

    fn through(&self, path: &[Ed25519PublicKey]) -> String {
        if path.is_empty() { String::new() } else { format!(" through {}", self.joined(path)) }
    }
}

fn nodes_of(step: &LedgerStep) -> Vec<Ed25519PublicKey> {
    match step {
        LedgerStep::Attempted { node, path, .. } | LedgerStep::Received { node, path, .. } => {
            std::iter::once(node).chain(path).copied().collect()
        }
        LedgerStep::Stored { confirmed, failed, .. } => {
            confirmed.iter().chain(failed).copied().collect()
        }
        LedgerStep::AttemptFailed { node, reason, .. } => {
            let words = reason.split(|letter: char| !letter.is_ascii_hexdigit());
            let named = words.filter_map(|word| word.parse().ok());
            node.iter().copied().chain(named).collect()
        }
        LedgerStep::WrongSwarm { node, .. }
        | LedgerStep::Dropped { node, .. }
        | LedgerStep::CursorMoved { node, .. }
        | LedgerStep::Replayed { node, .. } => vec![*node],
        LedgerStep::Missed { node, had, .. } => vec![*node, *had],
        _ => Vec::new(),
    }
}
