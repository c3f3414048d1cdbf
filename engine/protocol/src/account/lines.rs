//! The account's conversations, and which of their lines changed in a decision.

use std::collections::BTreeMap;

use ramson_types::ConversationId;
use ramson_types::conversation::Conversation;

use super::Decision;
use crate::event::AccountEvent;
use crate::store::Change;

#[derive(Debug, Default)]
pub(super) struct Lines {
    all: BTreeMap<ConversationId, Conversation>,
    /// As they were before the decision that is being taken; `None` for new
    /// ones.
    before: BTreeMap<ConversationId, Option<Conversation>>,
}

impl Lines {
    pub(super) fn load(lines: Vec<Conversation>) -> Self {
        let all = lines.into_iter().map(|line| (line.id.clone(), line)).collect();
        Self { all, before: BTreeMap::new() }
    }

    pub(super) fn get(&self, id: &ConversationId) -> Option<&Conversation> {
        self.all.get(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Conversation> {
        self.all.values()
    }

    /// A line to change; a new one where there is none.
    pub(super) fn edit(&mut self, id: &ConversationId) -> &mut Conversation {
        let before = self.all.get(id);
        self.before.entry(id.clone()).or_insert_with(|| before.cloned());
        self.all.entry(id.clone()).or_insert_with(|| Conversation::new(id.clone()))
    }

    pub(super) fn remove(&mut self, id: &ConversationId, decision: &mut Decision) {
        // So that it is put whole, should it come again in this decision.
        self.before.insert(id.clone(), None);
        if self.all.remove(id).is_some() {
            decision.changes.push(Change::RemoveConversation(id.clone()));
            decision.events.push(AccountEvent::ConversationRemoved(id.clone()));
        }
    }

    /// Puts the lines that changed into the decision, each once.
    pub(super) fn keep(&mut self, decision: &mut Decision) {
        for (id, before) in std::mem::take(&mut self.before) {
            let Some(line) = self.all.get(&id) else { continue };
            if before.as_ref() != Some(line) {
                decision.changes.push(Change::PutConversation(line.clone()));
                decision.events.push(AccountEvent::ConversationChanged(line.clone()));
            }
        }
    }

    /// Those that this decision touched so far, also those that it removed.
    pub(super) fn changing(&self) -> Vec<ConversationId> {
        self.before.keys().cloned().collect()
    }
}
