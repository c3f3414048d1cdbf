//! A message's way as people read it: first what came of it and who delayed
//! it, then every step with the time since the first, last the full keys of
//! the nodes, which are called by their first digits.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{Message, MessageState};
use ramson_types::{AccountId, Ed25519PublicKey, Timestamp};

use crate::record::{harmless, one_line};
use crate::time::readable;

/// The fewest digits by which a node is called.
const DIGITS: usize = 4;

/// An attempt that took less delayed nothing that is worth a word.
const WORTH_A_WORD: Duration = Duration::from_millis(100);

/// An answer that took less was no wait for dead members of the swarm.
const WORTH_A_WAIT: Duration = Duration::from_secs(1);

/// So many nodes are blamed in the first line.
const MAX_BLAMED: usize = 3;

/// Tells the story of a message: its own lines, what the history has of it,
/// and polls that failed while it was on its way.
pub(super) fn tell(
    name: &str,
    lines: &[LedgerLine],
    message: Option<&Message>,
    polls: &[LedgerLine],
) -> String {
    let names = Names::of(lines.iter().chain(polls));
    let mut text = format!("{name}: {}\n", verdict(lines, message, polls, &names));
    let start = begin(lines, message, polls);
    text.push_str(&format!("\n{}\n", readable(start)));
    let own = own_copy(lines, message);
    let is_own = |line: &&LedgerLine| own.is_some() && to_of(line) == own;
    let main = lines.iter().filter(|line| !is_own(line)).chain(polls);
    tell_steps(main.collect(), start, &names, &mut text);
    let own: Vec<_> = lines.iter().filter(is_own).collect();
    if !own.is_empty() {
        text.push_str("\nthe copy for this account's other devices\n");
        tell_steps(own, start, &names, &mut text);
    }
    if !names.nodes.is_empty() {
        text.push_str("\nnodes\n");
    }
    for node in &names.nodes {
        text.push_str(&format!("  {}  {node}\n", names.short(node)));
    }
    text.truncate(text.trim_end().len());
    text
}

/// One line by itself.
pub(super) fn line(line: &LedgerLine) -> String {
    format!("{}  {}", readable(line.at), words(line, &Names::of([line])))
}

/// The first thing that is known: that it was sent, or the first line.
fn begin(lines: &[LedgerLine], message: Option<&Message>, polls: &[LedgerLine]) -> Timestamp {
    let times = lines.iter().chain(polls).map(|line| match line.step {
        LedgerStep::Attempted { asked: Some(asked), .. }
        | LedgerStep::AttemptFailed { asked: Some(asked), .. } => asked.min(line.at),
        _ => line.at,
    });
    let sent = message.filter(|_| lines.iter().any(is_received)).map(|message| message.sent);
    times.chain(sent).min().unwrap_or_default()
}

fn tell_steps(mut lines: Vec<&LedgerLine>, start: Timestamp, names: &Names, text: &mut String) {
    lines.sort_by_key(|line| begin_of(line));
    for line in lines {
        let after = format!("+{}", seconds(begin_of(line).since(start)));
        text.push_str(&format!("  {after:>12}  {}\n", words(line, names)));
    }
}

/// An attempt stands where it began.
fn begin_of(line: &LedgerLine) -> Timestamp {
    match line.step {
        LedgerStep::Attempted { asked: Some(asked), .. } => asked,
        _ => line.at,
    }
}

/// For whose swarm a line is.
fn to_of(line: &LedgerLine) -> Option<AccountId> {
    match line.step {
        LedgerStep::Queued { to, .. } | LedgerStep::Stored { to, .. } => Some(to),
        LedgerStep::Attempted { to, .. }
        | LedgerStep::WrongSwarm { to, .. }
        | LedgerStep::AttemptFailed { to, .. } => to,
        _ => None,
    }
}

/// Whose copy is the one for the own devices, if there are two.
fn own_copy(lines: &[LedgerLine], message: Option<&Message>) -> Option<AccountId> {
    let author = message?.author;
    let others = lines.iter().filter_map(to_of).any(|to| to != author);
    others.then_some(author)
}

fn verdict(
    lines: &[LedgerLine],
    message: Option<&Message>,
    polls: &[LedgerLine],
    names: &Names,
) -> String {
    if let Some(received) = lines.iter().find(|line| is_received(line)) {
        return arrived(received, lines, message, polls, names);
    }
    let own = own_copy(lines, message);
    let copy: Vec<&LedgerLine> =
        lines.iter().filter(|line| own.is_none() || to_of(line) != own).collect();
    let Some(first) = copy.first() else { return "nothing more is known".to_owned() };
    let tries = copy.iter().filter_map(|line| match line.step {
        LedgerStep::Attempted { attempt, .. } => Some(attempt),
        _ => None,
    });
    let tries = match tries.max().unwrap_or(0) {
        0 => "no attempt".to_owned(),
        1 => "1 attempt".to_owned(),
        more => format!("{more} attempts"),
    };
    let mut text = match copy.iter().find(|line| matches!(line.step, LedgerStep::Stored { .. })) {
        Some(stored) => format!("stored after {}, {tries}", seconds(stored.at.since(first.at))),
        None => match message.map(|message| &message.state) {
            Some(MessageState::Failed { reason }) => {
                format!("given up after {tries}: {}", names.told(reason))
            }
            _ if copy.iter().all(|line| matches!(line.step, LedgerStep::Dropped { .. })) => {
                "it came, and was not kept".to_owned()
            }
            _ => format!("not stored yet, {tries}"),
        },
    };
    let delays = delays(&copy, names);
    for blame in &delays {
        text.push_str("; ");
        text.push_str(blame);
    }
    if delays.is_empty()
        && let Some(waited) = waited(&copy, names)
    {
        text.push_str("; ");
        text.push_str(&waited);
    }
    let taken = copy.windows(2).find_map(|pair| match pair {
        [LedgerLine { step: LedgerStep::Attempted { node, .. }, .. }, stored] => {
            matches!(stored.step, LedgerStep::Stored { .. }).then_some(node)
        }
        _ => None,
    });
    if let Some(node) = taken.filter(|_| !delays.is_empty()) {
        text.push_str(&format!("; then node {} took it", names.short(node)));
    }
    text
}

fn is_received(line: &LedgerLine) -> bool {
    matches!(line.step, LedgerStep::Received { .. })
}

/// A node that took it, but waited for members of the swarm that did not sign.
fn waited(copy: &[&LedgerLine], names: &Names) -> Option<String> {
    copy.windows(2).find_map(|pair| {
        let [attempted, stored] = pair else { return None };
        let LedgerStep::Attempted { node, asked: Some(asked), .. } = attempted.step else {
            return None;
        };
        let LedgerStep::Stored { failed, .. } = &stored.step else { return None };
        let took = attempted.at.since(asked);
        if took < WORTH_A_WAIT || failed.is_empty() {
            return None;
        }
        let silent: Vec<_> = failed.iter().map(|node| names.short(node)).collect();
        Some(format!(
            "node {} took {} to answer, and {} did not sign",
            names.short(&node),
            seconds(took),
            silent.join(", ")
        ))
    })
}

/// Who delayed a message on its way out, and how long.
fn delays(copy: &[&LedgerLine], names: &Names) -> Vec<String> {
    let failed = copy.iter().filter_map(|line| match &line.step {
        LedgerStep::AttemptFailed { node, reason, asked, .. } => {
            let took = asked.map(|asked| line.at.since(asked));
            Some((node, reason, took))
        }
        _ => None,
    });
    let mut blamed: Vec<String> = failed
        .filter(|(_, _, took)| took.is_none_or(|took| took >= WORTH_A_WORD))
        .map(|(node, reason, took)| {
            let took = took.map_or_else(String::new, |took| format!(" after {}", seconds(took)));
            match node {
                Some(node) => {
                    format!(
                        "asking node {} failed{took} ({})",
                        names.short(node),
                        names.told(reason)
                    )
                }
                None => format!("no node could be asked{took} ({})", names.told(reason)),
            }
        })
        .collect();
    let more = blamed.len().saturating_sub(MAX_BLAMED);
    blamed.truncate(MAX_BLAMED);
    if more > 0 {
        blamed.push(format!("and {more} more"));
    }
    blamed
}

fn arrived(
    received: &LedgerLine,
    lines: &[LedgerLine],
    message: Option<&Message>,
    polls: &[LedgerLine],
    names: &Names,
) -> String {
    let LedgerStep::Received { node, .. } = &received.step else { return String::new() };
    let mut text = format!("received from node {}", names.short(node));
    if let Some(message) = message {
        let took = received.at.since(message.sent);
        text.push_str(&format!(", {} after it was sent", seconds(took)));
    }
    for line in lines {
        if let LedgerStep::Missed { node, .. } = &line.step {
            text.push_str(&format!("; node {} did not have it", names.short(node)));
        }
    }
    let polls: Vec<&LedgerLine> = polls.iter().collect();
    for blame in delays(&polls, names) {
        text.push_str(&format!("; meanwhile {blame}"));
    }
    text
}

fn words(line: &LedgerLine, names: &Names) -> String {
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
fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        whole @ 60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        whole @ 3_600..86_400 => format!("{} h {} min", whole / 3_600, whole / 60 % 60),
        whole => format!("{} d {} h", whole / 86_400, whole / 3_600 % 24),
    }
}

/// What the nodes of a story are called.
struct Names {
    nodes: Vec<Ed25519PublicKey>,
    digits: usize,
}

impl Names {
    fn of<'a>(lines: impl IntoIterator<Item = &'a LedgerLine>) -> Self {
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

    fn short(&self, node: &Ed25519PublicKey) -> String {
        let digits: String = node.to_string().chars().take(self.digits).collect();
        format!("{digits}…")
    }

    /// A reason, with the nodes that it names called as everywhere else.
    fn told(&self, reason: &str) -> String {
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
