//! A message's way as people read it: first what came of it and who delayed
//! it, then every step with the time since the first, last the full keys of
//! the nodes, which are called by their first digits.

#[cfg(test)]
mod tests;

use std::time::Duration;

use ramson_host::steps::{Names, seconds, words};
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{Message, MessageState};
use ramson_types::{AccountId, Timestamp};

use crate::time::readable;

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
