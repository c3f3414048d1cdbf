//! A store in memory: it keeps what decisions say and answers what the machine
//! asks, as the real one does.

use std::collections::BTreeMap;

use ramson_crypto::Seed;
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Message, MessageName, MessageState};
use ramson_types::{
    ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp,
};

use crate::account::*;
use crate::config::ConfigKind;
use crate::store::{
    Change, ConfigDump, Counters, Cursor, Early, MessageEdit, OutboxEntry, StoredAccount,
    StoredErrand, Sync,
};

/// What is kept of one account. Clone it for a copy of the home.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::account) struct TestStore {
    pub(in crate::account) messages: BTreeMap<MessageId, Message>,
    pub(in crate::account) lines: BTreeMap<ConversationId, Conversation>,
    pub(in crate::account) early: BTreeMap<MessageName, Early>,
    pub(in crate::account) configs: BTreeMap<ConfigKind, ConfigDump>,
    pub(in crate::account) sync: Sync,
    pub(in crate::account) name: Option<String>,
    pub(in crate::account) errands: BTreeMap<u64, StoredErrand>,
    pub(in crate::account) cursors: BTreeMap<(Ed25519PublicKey, Namespace), Cursor>,
    pub(in crate::account) seen: BTreeMap<(Namespace, MessageHash), Timestamp>,
    pub(in crate::account) outbox: BTreeMap<u64, OutboxEntry>,
    pub(in crate::account) counters: Counters,
    pub(in crate::account) ledger: Vec<LedgerLine>,
}

impl TestStore {
    /// The store of an account whose configs were fetched.
    pub(in crate::account) fn new() -> Self {
        Self { sync: Sync { done: true, ..Sync::default() }, ..Self::default() }
    }

    /// Commits a decision's changes. A message that goes is told in the same
    /// decision: readers of the event log rely on it.
    pub(in crate::account) fn commit(&mut self, decision: &Decision) {
        for change in decision.changes.iter().cloned() {
            if let Change::RemoveMessage(gone) = &change
                && self.messages.contains_key(gone)
            {
                let told = |event: &AccountEvent| matches!(event, AccountEvent::MessageRemoved { id, .. } if id == gone);
                assert!(decision.events.iter().any(told), "{gone} goes without a word");
            }
            self.apply(change);
        }
    }

    /// Answers an intent's questions.
    pub(in crate::account) fn history(&self, questions: Vec<Question>) -> History {
        History::new(questions.into_iter().map(|question| {
            let answer = self.answer(&question);
            (question, answer)
        }))
    }

    /// What of the history an account needs to know for an intent.
    pub(in crate::account) fn recall(&self, account: &Account, intent: &Intent) -> History {
        self.history(account.questions(intent))
    }

    /// The answer to a question.
    pub(in crate::account) fn answer(&self, question: &Question) -> Answer {
        let messages = |keep: &dyn Fn(&Message) -> bool| -> Vec<Message> {
            let mut found: Vec<_> =
                self.messages.values().filter(|message| keep(message)).cloned().collect();
            found.sort_by_key(|message| (message.sent, message.id));
            found
        };
        match question {
            Question::Named(name) => Answer {
                messages: messages(&|message| message.name() == *name),
                early: self.early.get(name).cloned(),
            },
            Question::Id(id) => Answer {
                messages: self.messages.get(id).cloned().into_iter().collect(),
                early: None,
            },
            Question::Between { conversation, after, up_to } => {
                let mut found = messages(&|message| {
                    message.conversation == *conversation
                        && is_incoming(message)
                        && message.sent > *after
                        && message.sent <= *up_to
                });
                found.truncate(PAGE);
                Answer { messages: found, early: None }
            }
            Question::All(conversation) => {
                let mut found = messages(&|message| message.conversation == *conversation);
                found.truncate(PAGE);
                Answer { messages: found, early: None }
            }
        }
    }

    /// The account as it is loaded when its machine starts.
    pub(in crate::account) fn stored(&self, number: u32, seed: Seed) -> StoredAccount {
        let ends = |message: &Message| Some((message.expiry?.ends?, message.id));
        StoredAccount {
            number,
            seed,
            name: self.name.clone(),
            counters: self.counters,
            cursors: self.cursors.iter().map(|(at, cursor)| (at.0, at.1, *cursor)).collect(),
            outbox: self.outbox.values().cloned().collect(),
            conversations: self.lines.values().cloned().collect(),
            configs: self.configs.iter().map(|(kind, dump)| (*kind, dump.clone())).collect(),
            sync: self.sync,
            errands: self.errands.values().cloned().collect(),
            expiring: self.messages.values().filter_map(ends).collect(),
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::PutMessage(message) => {
                self.messages.insert(message.id, message);
            }
            Change::SetMessageState { id, state, hash } => {
                if let Some(message) = self.messages.get_mut(&id) {
                    MessageEdit::State(state).apply(message);
                    message.hash = hash.or(message.hash);
                }
            }
            Change::EditMessage { id, edit } => {
                if let Some(message) = self.messages.get_mut(&id) {
                    edit.apply(message);
                }
            }
            Change::RemoveMessage(id) => {
                self.messages.remove(&id);
                self.ledger.retain(|line| line.message != Some(id));
            }
            Change::PutConversation(line) => {
                self.lines.insert(line.id.clone(), line);
            }
            Change::RemoveConversation(id) => {
                self.lines.remove(&id);
            }
            Change::PutEarly { name, early } => {
                self.early.insert(name, early);
            }
            Change::RemoveEarly(name) => {
                self.early.remove(&name);
            }
            Change::PutConfig { kind, dump } => {
                self.configs.insert(kind, dump);
            }
            Change::PutSync(sync) => self.sync = sync,
            Change::SetName(name) => self.name = name,
            Change::PutErrand(errand) => {
                self.errands.insert(errand.number, errand);
            }
            Change::RemoveErrand(number) => {
                self.errands.remove(&number);
            }
            Change::MoveCursor { node, namespace, cursor } => {
                match cursor {
                    Some(cursor) => self.cursors.insert((node, namespace), cursor),
                    None => self.cursors.remove(&(node, namespace)),
                };
            }
            Change::MarkSeen { namespace, hash, until } => {
                self.seen.insert((namespace, hash), until);
            }
            Change::PutOutbox(entry) => {
                self.outbox.insert(entry.number, entry);
            }
            Change::RemoveOutbox(number) => {
                self.outbox.remove(&number);
            }
            Change::SetCounters(counters) => self.counters = counters,
            Change::Ledger(line) => self.ledger.push(line),
            Change::Plugin(change) => panic!("no plugin is here, but {change:?} is kept"),
        }
    }
}

/// Whether somebody else wrote it.
fn is_incoming(message: &Message) -> bool {
    match message.conversation {
        ConversationId::Account(peer) => {
            let own = matches!(message.state, MessageState::Queued | MessageState::Stored);
            message.author == peer && !own
        }
        _ => message.state == MessageState::Received,
    }
}
