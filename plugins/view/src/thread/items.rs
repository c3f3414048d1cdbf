//! What is shown of the open conversation. The outline is made for all that
//! is in memory and costs little; the items themselves for what is on the
//! screen.

use ramson_wire::{
    AccountId, Attachment, Disappearing, Invitation, LinkPreview, Message, MessageId, MessageState,
    Millis, Notice,
};

use super::gist::{self, Gist};
use super::{Kept, Thread};
use crate::Model;
use crate::text::{Span, one_line, spans};
use crate::time::{Clock, duration_brief};

/// Messages of one author belong together if no more time is between them.
const RUN: Millis = 5 * 60_000;

/// A line of the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A day begins: a time of it.
    Day(Millis),
    /// What follows was not read when the conversation was opened.
    Unread,
    /// A message.
    Message {
        /// Which.
        id: MessageId,
        /// The first of its author's run.
        first: bool,
        /// The last of it.
        last: bool,
    },
}

/// Something that is shown in a conversation.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum Item {
    /// A day begins: `Today`.
    Day(String),
    /// What follows was not read when the conversation was opened.
    Unread,
    /// Something that nobody wrote.
    Notice {
        /// Which message it is.
        id: MessageId,
        /// A sentence.
        text: String,
        /// When, as the user's clock shows it.
        time: String,
        /// The user marked it.
        selected: bool,
    },
    /// Something that somebody wrote.
    Message(Bubble),
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Bubble {
    /// Which.
    pub id: MessageId,
    /// This account wrote it.
    pub outgoing: bool,
    /// Who wrote it.
    pub author: AccountId,
    /// What to call them.
    pub name: String,
    /// The first of its author's run: the name stands above it.
    pub first: bool,
    /// The last of its author's run.
    pub last: bool,
    /// When, as the user's clock shows it.
    pub time: String,
    /// How far it has come; of outgoing ones.
    pub mark: Option<Mark>,
    /// What it answers.
    pub quote: Option<QuoteLine>,
    /// Its text.
    pub body: Vec<Span>,
    /// What a link in it leads to.
    pub preview: Option<LinkPreview>,
    /// An invitation to a community.
    pub invitation: Option<Invitation>,
    /// What is attached: in a few words, and its caption.
    pub attachments: Vec<(String, Option<String>)>,
    /// The emoji on it, those that came first in front.
    pub reactions: Vec<ReactionLine>,
    /// How long it is still there, or will be once it was read: `5m`.
    pub expiry: Option<String>,
    /// It was taken back, and has no body.
    pub deleted: bool,
    /// It mentions the user.
    pub mentions_me: bool,
    /// The user marked it.
    pub selected: bool,
}

/// How far an outgoing message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// It is safe, and waits.
    Queued,
    /// It is on its way.
    Sending,
    /// An attempt failed; another follows.
    Delayed {
        /// Why.
        reason: String,
        /// When the next one is due.
        retry_at: Millis,
    },
    /// The recipient's swarm has it.
    Stored,
    /// The recipient says that it was read.
    Read,
    /// It was given up.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What a message answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteLine {
    /// Whose message.
    pub name: String,
    /// Its beginning; `None` if it is not in memory.
    pub text: Option<String>,
    /// Which message, if it is in memory.
    pub id: Option<MessageId>,
}

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionLine {
    /// The emoji.
    pub emoji: String,
    /// How many put it there.
    pub count: usize,
    /// The user is one of them.
    pub mine: bool,
    /// Who they are.
    pub names: Vec<String>,
}

/// What stands in the conversation, in order.
pub fn outline(thread: &Thread, clock: &Clock<'_>) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(thread.held.len().saturating_add(16));
    let mut before: Option<(&Message, i64)> = None;
    let mut unread = thread.unread_from;
    for message in thread.held.iter().map(|kept| &kept.message) {
        let day = clock.at(message.sent).day_number();
        let new_day = before.is_none_or(|it| it.1 != day);
        if new_day {
            slots.push(Slot::Day(message.sent));
        }
        let new_unread = !message.outgoing && unread.is_some_and(|from| message.sent > from);
        if new_unread {
            unread = None;
            slots.push(Slot::Unread);
        }
        let follows = before.is_some_and(|(earlier, _)| together(earlier, message));
        let first = new_day || new_unread || !follows;
        if first {
            end_run(&mut slots);
        }
        slots.push(Slot::Message { id: message.id, first, last: false });
        before = Some((message, day));
    }
    end_run(&mut slots);
    slots
}

/// The message that was added last ends its author's run.
fn end_run(slots: &mut [Slot]) {
    let mut messages = slots.iter_mut().rev();
    if let Some(last) = messages.find_map(|slot| match slot {
        Slot::Message { last, .. } => Some(last),
        _ => None,
    }) {
        *last = true;
    }
}

fn together(earlier: &Message, later: &Message) -> bool {
    earlier.author == later.author
        && earlier.notice.is_none()
        && later.notice.is_none()
        && later.sent.saturating_sub(earlier.sent) <= RUN
}

/// A line of the outline as it is shown; `None` if its message went meanwhile.
pub fn item(slot: Slot, thread: &Thread, model: &Model, clock: &Clock<'_>) -> Option<Item> {
    Some(match slot {
        Slot::Day(at) => Item::Day(clock.day(at)),
        Slot::Unread => Item::Unread,
        Slot::Message { id, first, last } => {
            let kept = thread.held.get(id)?;
            match &kept.message.notice {
                Some(notice) if !kept.message.deleted => Item::Notice {
                    id,
                    text: notice_line(notice, &kept.message, model),
                    time: clock.time_of_day(kept.message.sent),
                    selected: thread.selected == Some(id),
                },
                _ => Item::Message(bubble(kept, first, last, thread, model, clock)),
            }
        }
    })
}

/// All that stands in the conversation, in order. A UI with a long one makes
/// the [`outline`] and only those items that are on the screen.
pub fn items(thread: &Thread, model: &Model, clock: &Clock<'_>) -> Vec<Item> {
    let slots = outline(thread, clock);
    slots.into_iter().filter_map(|slot| item(slot, thread, model, clock)).collect()
}

fn bubble(
    kept: &Kept,
    first: bool,
    last: bool,
    thread: &Thread,
    model: &Model,
    clock: &Clock<'_>,
) -> Bubble {
    let message = &kept.message;
    let name_of = |account: &AccountId| model.name_of(account);
    Bubble {
        id: message.id,
        outgoing: message.outgoing,
        author: message.author,
        name: model.name_of(&message.author),
        first,
        last,
        time: clock.time_of_day(message.sent),
        mark: mark(kept),
        quote: message.quote.as_ref().map(|quote| {
            let quoted = thread.held.find(&quote.author, quote.sent);
            QuoteLine {
                name: model.name_of(&quote.author),
                text: quoted.map(|it| model.gist_text(&Gist::of(&it.message))),
                id: quoted.map(|it| it.message.id),
            }
        }),
        body: message.text.as_deref().map(|it| spans(it, &name_of)).unwrap_or_default(),
        preview: message
            .preview
            .as_ref()
            .map(|it| LinkPreview { url: one_line(&it.url), title: one_line(&it.title) }),
        invitation: message
            .invitation
            .as_ref()
            .map(|it| Invitation { url: one_line(&it.url), name: one_line(&it.name) }),
        attachments: message.attachments.iter().map(attachment).collect(),
        reactions: reactions(message, model),
        expiry: message.expiry.as_ref().map(|expiry| {
            let left = expiry.ends.map(|ends| ends.saturating_sub(clock.now).div_ceil(1_000));
            duration_brief(left.unwrap_or_else(|| expiry.seconds.into()))
        }),
        deleted: message.deleted,
        mentions_me: message.mentions_me,
        selected: thread.selected == Some(message.id),
    }
}

fn attachment(attachment: &Attachment) -> (String, Option<String>) {
    let caption = attachment.caption.as_deref().map(one_line).filter(|it| !it.is_empty());
    (one_line(&gist::attachment_text(attachment)), caption)
}

fn mark(kept: &Kept) -> Option<Mark> {
    if !kept.message.outgoing {
        return None;
    }
    Some(match &kept.message.state {
        MessageState::Failed { reason } => Mark::Failed { reason: reason.clone() },
        MessageState::Stored => Mark::Stored,
        MessageState::Read => Mark::Read,
        state => match &kept.delayed {
            Some((reason, retry_at)) => {
                Mark::Delayed { reason: reason.clone(), retry_at: *retry_at }
            }
            None if *state == MessageState::Queued => Mark::Queued,
            None => Mark::Sending,
        },
    })
}

fn reactions(message: &Message, model: &Model) -> Vec<ReactionLine> {
    let mut sorted: Vec<_> = message.reactions.iter().collect();
    sorted.sort_by_key(|reaction| (reaction.at, reaction.author));
    let mut lines: Vec<ReactionLine> = Vec::new();
    for reaction in sorted {
        let mine = Some(reaction.author) == model.account;
        let name = model.name_of(&reaction.author);
        let emoji = one_line(&reaction.emoji);
        match lines.iter_mut().find(|line| line.emoji == emoji) {
            Some(line) => {
                line.count = line.count.saturating_add(1);
                line.mine |= mine;
                line.names.push(name);
            }
            None => lines.push(ReactionLine { emoji, count: 1, mine, names: vec![name] }),
        }
    }
    lines
}

/// A notice as a sentence that says who.
fn notice_line(notice: &Notice, message: &Message, model: &Model) -> String {
    let name = model.name_of(&message.author);
    match notice {
        Notice::Timer { setting } => {
            let what = match setting {
                Disappearing::Off => "turned disappearing messages off".to_owned(),
                Disappearing::AfterSend(seconds) => format!(
                    "set messages to disappear {} after they are sent",
                    crate::time::duration((*seconds).into())
                ),
                Disappearing::AfterRead(seconds) => format!(
                    "set messages to disappear {} after they are read",
                    crate::time::duration((*seconds).into())
                ),
            };
            format!("{name} {what}")
        }
        Notice::MediaSaved => format!("{name} saved media"),
        Notice::Screenshot => format!("{name} took a screenshot"),
        Notice::RequestAccepted => format!("{name} accepted the message request"),
        Notice::MissedCall => format!("Missed call from {name}"),
        Notice::Group { .. } | Notice::Other => one_line(&gist::notice_text(notice)),
    }
}
