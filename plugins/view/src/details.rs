//! One message, all that is known of it.

use ramson_wire::{Message, MessageId, MessageState, TraceLine};

use crate::Model;
use crate::time::{Clock, duration};

/// All that is known of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Which.
    pub id: MessageId,
    /// Its facts: what each is called, and what it is.
    pub facts: Vec<(&'static str, String)>,
    /// Every step of its way; `None` while they are not known.
    pub steps: Option<Vec<Step>>,
}

/// A step of a message's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When, to the second.
    pub time: String,
    /// A sentence.
    pub text: String,
    /// Something went wrong.
    pub bad: bool,
}

/// A message of the open conversation; `None` if it is not in memory. Its way
/// is known after `Action::AskTrace`.
pub fn details(model: &Model, id: MessageId, clock: &Clock<'_>) -> Option<Details> {
    let kept = model.open.as_ref()?.held.get(id)?;
    let message = &kept.message;
    let mut facts = vec![
        ("Author", model.name_of(&message.author)),
        ("Account ID", message.author.to_string()),
        ("Sent", clock.day_and_time(message.sent)),
        (
            if message.outgoing { "Written" } else { "Received" },
            clock.day_and_time(message.received),
        ),
        ("State", state(read_as(message, model)).to_owned()),
    ];
    if let MessageState::Failed { reason } = &message.state {
        facts.push(("Reason", crate::text::one_line(reason)));
    }
    if let Some((reason, retry_at)) = &kept.delayed {
        facts.push(("Delayed", crate::text::one_line(reason)));
        facts.push(("Next attempt", clock.day_and_time(*retry_at)));
    }
    if let Some(expiry) = &message.expiry {
        let from = if expiry.after_read { "reading" } else { "sending" };
        facts.push(("Disappears", format!("{} after {from}", duration(expiry.seconds.into()))));
        if let Some(ends) = expiry.ends {
            facts.push(("Gone", clock.day_and_time(ends)));
        }
    }
    if let Some(hash) = &message.hash {
        facts.push(("Hash", crate::text::one_line(hash)));
    }
    if !kept.nodes.is_empty() {
        facts.push(("Confirmed by", format!("{} service nodes", kept.nodes.len())));
    }
    let trace = model.trace.as_ref().filter(|trace| trace.message == id);
    facts.push(("Message", id.to_string()));
    Some(Details {
        id,
        facts,
        steps: trace.map(|trace| trace.lines.iter().map(|line| step(line, clock)).collect()),
    })
}

/// A message's state. One that came is read once the conversation is, up to it.
fn read_as<'a>(message: &'a Message, model: &Model) -> &'a MessageState {
    let read = model.conversation(&message.conversation).map_or(0, |it| it.last_read);
    match message.state {
        MessageState::Received if message.sent <= read => &MessageState::Read,
        _ => &message.state,
    }
}

/// A state in words.
pub const fn state(state: &MessageState) -> &'static str {
    match state {
        MessageState::Queued => "Waits for the network",
        MessageState::Sending => "On its way",
        MessageState::Stored => "Stored by the recipient's swarm",
        MessageState::Failed { .. } => "Not sent",
        MessageState::Received => "Not read yet",
        MessageState::Read => "Read",
    }
}

fn step(line: &TraceLine, clock: &Clock<'_>) -> Step {
    let seconds = line.at / 1_000 % 60;
    Step {
        time: format!("{}:{seconds:02}", clock.time_of_day(line.at)),
        text: crate::text::one_line(&line.text),
        bad: line.bad,
    }
}
