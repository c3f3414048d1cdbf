//! Marking conversations as read or unread.

use std::time::Duration;

use ramson_types::conversation::Conversation;
use ramson_types::{ConversationId, Timestamp};

use super::super::{Account, History, Plan, Question};
use crate::command::CommandError;

/// Nothing is marked as read farther ahead than this, so that one message with
/// a date in the future does not mark what comes after it.
const FAR_AHEAD: Duration = Duration::from_secs(60 * 60 * 2);

impl Account {
    /// What [`Account::mark_read`] needs to know.
    pub(super) fn mark_read_questions(
        &self,
        conversation: &ConversationId,
        up_to: Option<Timestamp>,
    ) -> Vec<Question> {
        let line = self.lines.get(conversation);
        line.map(|line| page(line, up_to)).into_iter().collect()
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
        let question = page(line, up_to);
        let farthest = self.clock.at(now).plus(FAR_AHEAD);
        let target = target(line, up_to).min(farthest);
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

/// Up to where a conversation is to be read: nothing is before it is there.
fn target(line: &Conversation, up_to: Option<Timestamp>) -> Timestamp {
    let wanted = up_to.map_or(line.latest, |up_to| up_to.min(line.latest));
    wanted.max(line.last_read)
}

fn page(line: &Conversation, up_to: Option<Timestamp>) -> Question {
    let up_to = target(line, up_to);
    Question::Between { conversation: line.id.clone(), after: line.read_handled, up_to }
}
