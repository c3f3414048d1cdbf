//! Conversations whose contact was removed, here or on another device.

use ramson_types::{ConversationId, Timestamp};

use super::super::{Account, History, Plan, Question};
use crate::event::AccountEvent;
use crate::store::Errand;

impl Account {
    /// Removes a page of a conversation's messages, here and in the own swarm;
    /// with the last one its line.
    pub(super) fn forget(
        &mut self,
        id: &ConversationId,
        history: &History,
        now: Timestamp,
    ) -> Plan {
        let mut plan = Plan::default();
        let Some((messages, more)) = history.page(&Question::All(id.clone())) else {
            return plan;
        };
        let copies: Vec<_> = messages.iter().filter_map(|message| message.own_hash).collect();
        for message in messages {
            self.remove_message(message, now, &mut plan.decision);
            plan.decision.events.push(AccountEvent::MessageRemoved {
                id: message.id,
                conversation: id.clone(),
                expired: false,
            });
        }
        if !copies.is_empty() {
            self.add_errand(Errand::Delete(copies), &mut plan.decision);
        }
        if !more {
            self.lines.remove(id, &mut plan.decision);
        }
        plan
    }
}
