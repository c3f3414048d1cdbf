//! What is due by itself: messages whose time is over, conversations that were
//! read on any of the account's devices or removed, one page after the other.
//! All of it is seen from what is kept, so a crash loses nothing.

mod expire;
mod forget;
mod pending;
mod read;

use ramson_types::conversation::Conversation;
use ramson_types::message::{Message, MessageKind, MessageName, MessageState};
use ramson_types::{AccountId, MessageId, Timestamp};

use super::{Account, Decision, History, PAGE, Plan, Question, Work};
use crate::store::{Change, Early};

pub(super) use pending::Pending;
pub(super) use read::unhandled;

/// Whether a message counts as unread until it was read: what others wrote, and
/// their calls that were missed. Notices do not, nor what was dated too far
/// ahead when it came and stands as read for that. A line's `unread` is the
/// number of those sent after its `read_handled`; `mentions` of those among
/// them that mention this account.
pub(super) fn counts_as_unread(message: &Message, me: AccountId) -> bool {
    let counts = matches!(message.kind, MessageKind::Visible | MessageKind::Call);
    counts && message.author != me && !message.deleted && message.state != MessageState::Read
}

/// A message came in: counts it, if it counts.
pub(super) fn count_unread(line: &mut Conversation, message: &Message, me: AccountId) {
    if counts_as_unread(message, me) && message.sent > line.read_handled {
        line.unread = line.unread.saturating_add(1);
        line.mentions = line.mentions.saturating_add(message.mentions_me.into());
    }
}

/// A message goes, is deleted or was read: it does not count any more, if it
/// did. `message` is as it was before.
pub(super) fn uncount_unread(line: &mut Conversation, message: &Message, me: AccountId) {
    if counts_as_unread(message, me) && message.sent > line.read_handled {
        line.unread = line.unread.saturating_sub(1);
        line.mentions = line.mentions.saturating_sub(message.mentions_me.into());
    }
}

impl Account {
    /// What is due now, one thing after the other. Cheap where nothing is.
    pub fn due_work(&self, now: Timestamp) -> Option<Work> {
        let network_now = self.clock.at(now);
        let over: Vec<MessageId> = self.expiring.over(network_now).take(PAGE).collect();
        if !over.is_empty() {
            return Some(Work::Expire(over));
        }
        if let Some(conversation) = self.pending.read() {
            return Some(Work::Read(conversation.clone()));
        }
        let forget = self.pending.forget().filter(|_| self.settings.sync.done)?;
        Some(Work::Forget(forget.clone()))
    }

    /// When [`Account::due_work`] has something, by the local clock; the past,
    /// if it has now.
    pub fn next_work(&self) -> Option<Timestamp> {
        let forget = self.settings.sync.done && self.pending.forget().is_some();
        if forget || self.pending.read().is_some() {
            return Some(Timestamp(0));
        }
        self.expiring.next().map(|ends| ends.offset(self.clock.offset().saturating_neg()))
    }

    pub(super) fn work_questions(&self, work: &Work) -> Vec<Question> {
        match work {
            Work::Expire(ids) => ids.iter().copied().map(Question::Id).collect(),
            Work::Read(id) => self.read_question(id).into_iter().collect(),
            Work::Forget(id) => vec![Question::All(id.clone())],
        }
    }

    pub(super) fn work(&mut self, work: Work, history: &History, now: Timestamp) -> Plan {
        match work {
            Work::Expire(ids) => self.expire(&ids, history, now),
            Work::Read(id) => self.read_on(&id, history, now),
            Work::Forget(id) => self.forget(&id, history, now),
        }
    }

    /// Takes a message out of the history for good, and what of it waits in the
    /// outbox.
    pub(super) fn remove_message(
        &mut self,
        message: &Message,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        self.hide_message(message, now, decision);
        if message.author == self.id() {
            self.outbox.remove(message.id, decision);
        }
    }

    /// Takes a message out of the history for good: its tombstone stays, and it
    /// does not count as unread any more. What of it is on its way goes on.
    pub(super) fn hide_message(
        &mut self,
        message: &Message,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let me = self.id();
        decision.changes.push(Change::RemoveMessage(message.id));
        decision.changes.push(bury(message.name(), now));
        self.expiring.set(message.id, None);
        if self.lines.get(&message.conversation).is_some() {
            uncount_unread(self.lines.edit(&message.conversation), message, me);
        }
    }
}

/// The tombstone of a message that was deleted or whose time was over: when a
/// copy of it comes, it is passed over.
pub(super) fn bury(name: MessageName, now: Timestamp) -> Change {
    Change::PutEarly { name, early: Early::tombstone(now) }
}
