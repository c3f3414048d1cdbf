//! What happened in a town, one line each.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::time::Duration;

use ramson_wire::{Change, Event, Message, Reply, Request};

/// Older lines go.
const LINES: usize = 100_000;

/// So many of them are shown when a test fails.
const SHOWN: usize = 40;

/// What happened, oldest first.
#[derive(Default)]
pub(crate) struct Record(VecDeque<String>);

impl Record {
    pub(crate) fn note(&mut self, at: Duration, who: &str, what: impl fmt::Display) {
        if self.0.len() >= LINES {
            self.0.pop_front();
        }
        self.0.push_back(format!("{} {who}: {what}", Clock(at)));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }

    /// The newest of it, for people.
    pub(crate) fn explain(&self) -> String {
        let first = self.0.len().saturating_sub(SHOWN);
        let mut text = format!("\nWhat happened last ({} lines before):\n", first);
        for line in self.0.iter().skip(first) {
            // Writing into a text does not fail.
            let _written = writeln!(text, "  {line}");
        }
        text
    }
}

/// A time as it is shown.
struct Clock(Duration);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(f, "{hours}:{minutes:02}:{:02}.{:03}", seconds % 60, self.0.subsec_millis())
    }
}

/// An event in a few words; `None` for what says little.
pub(crate) fn event(event: &Event) -> Option<String> {
    Some(match event {
        Event::Message { message, .. } => told(message),
        Event::MessageChanged { message, change, .. } => format!("{message} {}", changed(change)),
        Event::MessageRemoved { message, .. } => format!("{message} is gone"),
        Event::Typing { typing: true, .. } => "somebody types".to_owned(),
        Event::Typing { typing: false, .. } => "somebody stopped typing".to_owned(),
        Event::Snapshot(_) => "is told all there is".to_owned(),
        Event::Lagged(lagged) => format!("missed {} events", lagged.skipped),
        Event::Reply(Reply::Refused(refusal)) => {
            format!("is refused: {} ({})", refusal.text, refusal.kind)
        }
        _ => return None,
    })
}

fn told(message: &Message) -> String {
    let way = if message.outgoing { "writes" } else { "hears" };
    match (&message.text, &message.notice) {
        (Some(text), _) => format!("{way} {}: {text:?}", message.id),
        (None, Some(notice)) => format!("{way} {}: {notice:?}", message.id),
        (None, None) => format!("{way} {}, which has no text", message.id),
    }
}

fn changed(change: &Change) -> String {
    match change {
        Change::Stored { .. } => "is stored".to_owned(),
        Change::Delayed { reason, .. } => format!("is delayed: {reason}"),
        Change::State { state } => format!("is {state:?}"),
        Change::Reaction { reaction, removed: false } => format!("gets {}", reaction.emoji),
        Change::Reaction { reaction, removed: true } => format!("loses {}", reaction.emoji),
        Change::Expiry { .. } => "disappears at another time".to_owned(),
        Change::Deleted => "was taken back".to_owned(),
        Change::Now { .. } => "is different".to_owned(),
    }
}

/// A request in a few words; `None` for a question.
pub(crate) fn request(request: &Request) -> Option<String> {
    let name = |command: &ramson_wire::Command| {
        let text = format!("{command:?}");
        text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
    };
    match request {
        Request::Command(it) => Some(format!("asks for {}", name(&it.command))),
        Request::Done(done) => {
            let commands: Vec<_> = done.commands.iter().map(|it| name(&it.command)).collect();
            let through = done.through.map_or("nothing new".to_owned(), |seq| seq.to_string());
            let (commands, records) = (commands.join(", "), done.records.len());
            Some(format!("is done through {through} [{commands}], {records} records"))
        }
        Request::Control(_) => Some("asks the program for something".to_owned()),
        Request::Query(_) => None,
    }
}
