//! What a decision needs to know of the history. The machine keeps no messages
//! in memory: it says what it needs, the store answers, and the decision is
//! taken with the answers. Nothing else may decide about the account's history
//! between the question and the commit of the decision.

use std::collections::BTreeMap;

use ramson_types::message::{Message, MessageName};
use ramson_types::{ConversationId, MessageId, Timestamp};

use crate::store::{Change, Early, MessageEdit};

/// The most messages that one question gives.
pub const PAGE: usize = 500;

/// What a decision needs to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The messages of a public name (one for each kind), and what was said of
    /// them early.
    Named(MessageName),
    /// One message.
    Id(MessageId),
    /// Messages of a conversation that others wrote, sent after the first time
    /// and not after the second, in that order; [`PAGE`] at most, and those that
    /// were sent in the same millisecond as the last of them: what follows was
    /// sent later.
    Between {
        /// Which conversation.
        conversation: ConversationId,
        /// After when.
        after: Timestamp,
        /// Until when, included.
        up_to: Timestamp,
    },
    /// The first [`PAGE`] messages of a conversation.
    All(ConversationId),
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The messages, in the question's order.
    pub messages: Vec<Message>,
    /// To [`Question::Named`]: what was said of it early.
    pub early: Option<Early>,
}

/// What is known of the history for one decision. It follows the decision: what
/// is put and edited is seen by what comes later in it.
#[derive(Debug, Clone, Default)]
pub struct History {
    messages: BTreeMap<MessageId, Message>,
    names: BTreeMap<MessageName, Vec<MessageId>>,
    early: BTreeMap<MessageName, Early>,
    pages: BTreeMap<Question, Vec<MessageId>>,
}

impl History {
    /// What the store answered.
    pub fn new(answers: impl IntoIterator<Item = (Question, Answer)>) -> Self {
        let mut history = Self::default();
        for (question, answer) in answers {
            let ids = answer.messages.iter().map(|message| message.id).collect();
            answer.messages.into_iter().for_each(|message| history.put(message));
            match question {
                Question::Named(name) => {
                    history.names.entry(name.clone()).or_default();
                    history.early.extend(answer.early.map(|early| (name, early)));
                }
                Question::Id(_) => {}
                page => {
                    history.pages.insert(page, ids);
                }
            }
        }
        history
    }

    /// Learns what the store answered to further questions. What was decided
    /// in between has to be followed again.
    pub fn learn(&mut self, answers: Self) {
        answers.messages.into_values().for_each(|message| self.put(message));
        for name in answers.names.into_keys() {
            self.names.entry(name).or_default();
        }
        self.early.extend(answers.early);
        self.pages.extend(answers.pages);
    }

    /// Follows what was decided, so that the next decision knows of it though
    /// it is in no store yet.
    pub fn follow(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::PutMessage(message) => self.put(message.clone()),
                Change::EditMessage { id, edit } => self.edit(*id, edit.clone()),
                Change::RemoveMessage(id) => drop(self.remove(*id)),
                Change::RemoveConversation(id) => {
                    let of = self.messages.values().filter(|message| message.conversation == *id);
                    let ids: Vec<MessageId> = of.map(|message| message.id).collect();
                    ids.into_iter().for_each(|id| drop(self.remove(id)));
                }
                Change::PutEarly { name, early } => self.put_early(name.clone(), early.clone()),
                Change::RemoveEarly(name) => drop(self.remove_early(name)),
                _ => {}
            }
        }
    }

    /// A message by its id.
    pub fn get(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// The messages of a public name, one for each kind.
    pub fn named(&self, name: &MessageName) -> impl Iterator<Item = &Message> {
        let ids = self.names.get(name).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.messages.get(id))
    }

    /// Whether it was asked for a name, or a message of it was put.
    pub(super) fn is_known(&self, name: &MessageName) -> bool {
        self.names.contains_key(name)
    }

    /// The messages of a page, in its order, without those that are gone
    /// since; and whether there are more behind it. `None`: that was not asked,
    /// so that nobody knows.
    pub fn page(&self, question: &Question) -> Option<(Vec<&Message>, bool)> {
        let ids = self.pages.get(question)?;
        Some((ids.iter().filter_map(|id| self.messages.get(id)).collect(), ids.len() >= PAGE))
    }

    /// What was said of a message before it came, or after it went.
    pub fn early(&self, name: &MessageName) -> Option<&Early> {
        self.early.get(name)
    }

    pub(super) fn put(&mut self, message: Message) {
        let (id, name) = (message.id, message.name());
        if self.messages.insert(id, message).is_none() {
            self.names.entry(name).or_default().push(id);
        }
    }

    pub(super) fn edit(&mut self, id: MessageId, edit: MessageEdit) {
        if let Some(message) = self.messages.get_mut(&id) {
            edit.apply(message);
        }
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Option<Message> {
        let message = self.messages.remove(&id)?;
        if let Some(ids) = self.names.get_mut(&message.name()) {
            ids.retain(|other| *other != id);
        }
        Some(message)
    }

    pub(super) fn put_early(&mut self, name: MessageName, early: Early) {
        self.early.insert(name, early);
    }

    pub(super) fn remove_early(&mut self, name: &MessageName) -> Option<Early> {
        self.early.remove(name)
    }
}
