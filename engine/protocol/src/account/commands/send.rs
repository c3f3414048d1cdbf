//! Writing to an account.

use ramson_types::message::{Message, MessageKind, MessageState};
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

use super::super::compose::{self, BEFORE_ANSWER, Draft};
use super::super::disappearing::own_expiry;
use super::super::{Account, History, Outgoing, Plan, Question};
use super::is_reachable;
use crate::command::{CommandError, Outcome, Post};
use crate::event::AccountEvent;
use crate::store::{Change, Copy};

impl Account {
    /// What is answered, and what of the conversation was not read yet: who
    /// writes has read it.
    pub(super) fn send_questions(&self, to: &AccountId, post: &Post) -> Vec<Question> {
        post.reply_to.map(Question::Id).into_iter().chain(self.unread_question(to)).collect()
    }

    fn unread_question(&self, to: &AccountId) -> Option<Question> {
        let conversation = ConversationId::Account(*to);
        let line = self.lines.get(&conversation)?;
        let (after, up_to) = (line.last_read, line.latest);
        (up_to > after).then_some(Question::Between { conversation, after, up_to })
    }

    /// Composes a message (01 sections 2.8, 2.9 and 3.2 to 3.6). It approves
    /// its recipient, and says so if that had asked (01 section 6.1).
    pub(super) fn send(
        &mut self,
        to: AccountId,
        post: &Post,
        history: &History,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        if !is_reachable(&to) {
            return Err(CommandError::NotAnAccount { to });
        }
        let to_self = to == self.id();
        let contact = (!to_self).then(|| self.contact_or_new(to, now));
        if contact.as_ref().is_some_and(|contact| contact.blocked) {
            return Err(CommandError::Blocked { account: to });
        }
        let conversation = ConversationId::Account(to);
        let data = compose::visible(post, &conversation, history)?;
        let setting = self.setting_with(&to);
        let asked = contact.as_ref().is_some_and(|known| known.approved_me && !known.approved);
        let response = asked.then(|| self.response_to(to, now.minus(BEFORE_ANSWER)));
        let (message, sent) = (self.next_message_id(), self.next_sent(now));
        let unsynced = post.unsynced;
        let draft = Draft { message, to, sent, setting, outside_history: false, unsynced };
        let text = data.body.clone();
        let copies = self.data_copies(&draft, data, true)?;

        let read = self.read_by_writing(&to, sent, history);
        if let Some(mut contact) = contact {
            contact.approved = true;
            contact.priority = contact.priority.max(0);
            self.settings.contacts.set_contact(&contact);
        } else if self.settings.profile.note_to_self_priority() < 0 {
            self.settings.profile.set_note_to_self_priority(0);
        }
        self.typed.forget(&to);
        let mut plan = Plan { outgoing: response.into_iter().collect(), ..Plan::default() };
        self.put_own(&draft, MessageKind::Visible, text, copies, now, &mut plan);
        if let Some(read) = read {
            self.read_here(&conversation, read, now);
        }
        self.set_read_state(&conversation, now, |_, unread| *unread = false);
        Ok(plan)
    }

    /// Puts a message of this account into the history, and its copies on
    /// their way.
    pub(super) fn put_own(
        &mut self,
        draft: &Draft,
        kind: MessageKind,
        text: Option<String>,
        copies: Vec<Outgoing>,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let message = Message {
            id: draft.message,
            conversation: ConversationId::Account(draft.to),
            author: self.id(),
            sent: draft.sent,
            received: now,
            kind,
            state: MessageState::Queued,
            text,
            content: copies.first().map(|copy| copy.content.clone()).unwrap_or_default(),
            hash: None,
            own_hash: None,
            expiry: own_expiry(draft.setting, draft.sent),
            reactions: Vec::new(),
            mentions_me: false,
            deleted: false,
        };
        self.expiring.set(message.id, message.expiry.and_then(|expiry| expiry.ends));
        let line = self.lines.edit(&message.conversation);
        line.latest = line.latest.max(message.sent);
        plan.outgoing.extend(copies);
        plan.decision.changes.push(Change::PutMessage(message.clone()));
        plan.decision.events.push(AccountEvent::MessageQueued(message.clone()));
        plan.outcome = Outcome::Queued(Box::new(message));
    }

    /// Says that somebody's request was accepted; sent once.
    pub(super) fn response_to(&mut self, to: AccountId, now: Timestamp) -> Outgoing {
        let (message, sent): (MessageId, Timestamp) = (self.next_message_id(), self.next_sent(now));
        let content = self.request_response(sent).encode();
        let response = compose::control(message, Copy::Recipient, to, content, sent);
        Outgoing { quiet: true, ..response }
    }

    /// Up to where the conversation is read by writing something: the newest
    /// message that somebody else sent before.
    fn read_by_writing(
        &self,
        to: &AccountId,
        sent: Timestamp,
        history: &History,
    ) -> Option<Timestamp> {
        let question = self.unread_question(to)?;
        let before = Timestamp(sent.millis().saturating_sub(1));
        let (messages, more) = history.page(&question)?;
        if more {
            let latest = self.lines.get(&ConversationId::Account(*to))?.latest;
            return Some(latest.min(before));
        }
        messages.iter().map(|message| message.sent).filter(|time| *time <= before).max()
    }
}
