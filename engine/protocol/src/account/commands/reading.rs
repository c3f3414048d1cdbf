//! Marking conversations as read or unread.

use ramson_types::conversation::Conversation;
use ramson_types::{ConversationId, Timestamp};

use super::super::work::unhandled;
use super::super::{Account, History, Plan, Question};
use crate::command::CommandError;

impl Account {
    /// What [`Account::mark_read`] needs to know.
    pub(super) fn mark_read_questions(&self, conversation: &ConversationId) -> Vec<Question> {
        self.lines.get(conversation).map(unhandled).into_iter().collect()
    }

    /// Marks a conversation as read: carries out a page, the rest is due as
    /// work. What was read before stays so.
    pub(super) fn mark_read(
        &mut self,
        conversation: &ConversationId,
        up_to: Option<Timestamp>,
        history: &History,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let line = self.line_with_read_state(conversation)?;
        let question = unhandled(line);
        let Some((messages, more)) = history.page(&question) else { return Ok(Plan::default()) };
        // Up to a message that is there: nothing that comes later is read
        // before it came, and one with a date in the future marks nothing.
        let farthest = self.farthest(now).min(up_to.unwrap_or(Timestamp(u64::MAX)));
        let there = messages.iter().map(|message| message.sent).filter(|sent| *sent <= farthest);
        let mut target = there.max().unwrap_or_default().max(line.last_read);
        if more && messages.iter().all(|message| message.sent <= farthest) {
            let network_now = self.clock.at(now);
            let newest = Some(line.latest).filter(|latest| *latest <= self.farthest(now));
            target = target.max(newest.unwrap_or(network_now).min(farthest));
        }
        self.read_here(conversation, target, now);
        self.set_unread_mark(conversation, false, now);
        let mut plan = Plan::default();
        self.carry_out_read(&question, history, now, &mut plan);
        Ok(plan)
    }

    /// Marks a conversation as unread, or takes that back.
    pub(super) fn mark_unread(
        &mut self,
        conversation: &ConversationId,
        unread: bool,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        self.line_with_read_state(conversation)?;
        self.set_unread_mark(conversation, unread, now);
        Ok(Plan::default())
    }

    fn set_unread_mark(&mut self, conversation: &ConversationId, unread: bool, now: Timestamp) {
        self.lines.edit(conversation).marked_unread = unread;
        self.set_read_state(conversation, now, |_, marked| *marked = unread);
    }

    fn line_with_read_state(&self, id: &ConversationId) -> Result<&Conversation, CommandError> {
        if matches!(id, ConversationId::Community(_)) {
            return Err(CommandError::NotOneToOne { conversation: id.clone() });
        }
        let missing = || CommandError::NoSuchConversation { conversation: id.clone() };
        self.lines.get(id).ok_or_else(missing)
    }
}
