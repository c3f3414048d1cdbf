//! What a client has on its disk: the store as far as the engine needs it, in
//! memory, with the same meaning as the real one. It outlives every crash.
//! What a commit must never do is checked as it is written.

use std::collections::BTreeMap;

use ramson_crypto::Seed;
use ramson_protocol::account::{Answer, PAGE, Question};
use ramson_protocol::config::ConfigKind;
use ramson_protocol::event::{AccountEvent, EventRef};
use ramson_protocol::store::{
    Change, ConfigDump, Counters, Cursor, Early, MessageEdit, OutboxEntry, StoredAccount,
    StoredErrand, Sync,
};
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Message, MessageKind, MessageName, MessageState};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, NodePool,
    Timestamp,
};

/// The number of the one account of a home.
pub(crate) const ACCOUNT: u32 = 1;

/// A home with one account.
#[derive(Default)]
pub(crate) struct Home {
    pub(crate) messages: BTreeMap<MessageId, Message>,
    pub(crate) outbox: BTreeMap<u64, OutboxEntry>,
    pub(crate) cursors: BTreeMap<(Ed25519PublicKey, Namespace), Cursor>,
    pub(crate) seen: BTreeMap<(Namespace, MessageHash), Timestamp>,
    pub(crate) counters: Counters,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    pub(crate) ledger: Vec<LedgerLine>,
    pub(crate) events: Vec<EventRef>,
    pub(crate) guards: Vec<Ed25519PublicKey>,
    pub(crate) network_guards: Vec<Ed25519PublicKey>,
    pub(crate) pool: Option<(NodePool, Timestamp)>,
    pub(crate) configs: BTreeMap<ConfigKind, ConfigDump>,
    pub(crate) sync: Sync,
    pub(crate) errands: BTreeMap<u64, StoredErrand>,
    pub(crate) early: BTreeMap<MessageName, Early>,
    /// The name that the list of accounts shows; `None` until it was set.
    name: Option<Option<String>>,
    keys: BTreeMap<(MessageName, MessageKind), MessageId>,
    pub(crate) commits: u64,
}

impl Home {
    /// What an account's machine starts from.
    pub(crate) fn load(&self, seed: Seed, name: &str) -> StoredAccount {
        StoredAccount {
            number: ACCOUNT,
            seed,
            name: self.name.clone().unwrap_or_else(|| Some(name.to_owned())),
            counters: self.counters,
            cursors: self
                .cursors
                .iter()
                .map(|((node, ns), cursor)| (*node, *ns, *cursor))
                .collect(),
            outbox: self.outbox.values().cloned().collect(),
            conversations: self.conversations.values().cloned().collect(),
            configs: self.configs.iter().map(|(kind, dump)| (*kind, dump.clone())).collect(),
            sync: self.sync,
            errands: self.errands.values().cloned().collect(),
            expiring: self
                .messages
                .values()
                .filter_map(|message| Some((message.expiry?.ends?, message.id)))
                .collect(),
        }
    }

    /// What a decision needs to know.
    pub(crate) fn recall(&self, me: AccountId, question: &Question) -> Answer {
        let of = |conversation: &ConversationId| {
            let conversation = conversation.clone();
            self.messages.values().filter(move |message| message.conversation == conversation)
        };
        match question {
            Question::Named(name) => {
                let from = (name.clone(), MessageKind::Visible);
                let named = self.keys.range(from..).take_while(|((of, _), _)| of == name);
                let ids = named.map(|(_, id)| id);
                let messages = ids.filter_map(|id| self.messages.get(id)).cloned().collect();
                Answer { messages, early: self.early.get(name).cloned() }
            }
            Question::Id(id) => {
                let messages = self.messages.get(id).cloned().into_iter().collect();
                Answer { messages, early: None }
            }
            Question::Between { conversation, after, up_to } => {
                let within = |message: &&Message| {
                    message.author != me && message.sent > *after && message.sent <= *up_to
                };
                let mut messages: Vec<Message> = of(conversation).filter(within).cloned().collect();
                messages.sort_by_key(|message| (message.sent, message.id));
                // A page is not cut within a millisecond.
                let last = messages.get(PAGE - 1).map(|last| last.sent);
                messages.retain(|message| last.is_none_or(|last| message.sent <= last));
                Answer { messages, early: None }
            }
            Question::All(conversation) => {
                let messages = of(conversation).take(PAGE).cloned().collect();
                Answer { messages, early: None }
            }
        }
    }

    pub(crate) fn has_seen(&self, namespace: Namespace, hash: MessageHash) -> bool {
        self.seen.contains_key(&(namespace, hash))
    }

    /// Writes one commit; what it must not do is an error.
    pub(crate) fn commit(
        &mut self,
        changes: Vec<Change>,
        events: &[AccountEvent],
    ) -> Result<(), String> {
        self.commits += 1;
        for change in changes {
            self.write(change)?;
        }
        self.events.extend(events.iter().map(AccountEvent::reference));
        events.iter().try_for_each(|event| self.is_true(event))
    }

    fn write(&mut self, change: Change) -> Result<(), String> {
        match change {
            Change::PutMessage(message) => self.put_message(message),
            Change::SetMessageState { id, state, hash } => self.set_state(id, state, hash),
            Change::EditMessage { id, edit } => {
                if let Some(message) = self.messages.get_mut(&id) {
                    edit.apply(message);
                }
                Ok(())
            }
            Change::RemoveMessage(id) => {
                if let Some(message) = self.messages.remove(&id) {
                    self.keys.remove(&(message.name(), message.kind));
                }
                Ok(())
            }
            Change::RemoveConversation(id) => {
                self.conversations.remove(&id);
                self.messages.retain(|_, message| message.conversation != id);
                self.keys.retain(|(name, _), _| name.conversation != id);
                Ok(())
            }
            Change::PutEarly { name, early } => {
                self.early.insert(name, early);
                Ok(())
            }
            Change::RemoveEarly(name) => {
                self.early.remove(&name);
                Ok(())
            }
            Change::PutConfig { kind, dump } => {
                self.configs.insert(kind, dump);
                Ok(())
            }
            Change::PutSync(sync) => {
                self.sync = sync;
                Ok(())
            }
            Change::SetName(name) => {
                self.name = Some(name);
                Ok(())
            }
            Change::PutErrand(errand) => {
                self.errands.insert(errand.number, errand);
                Ok(())
            }
            Change::RemoveErrand(number) => match self.errands.remove(&number) {
                Some(_) => Ok(()),
                None => Err(format!("errand {number} is done, but it is not there")),
            },
            Change::PutConversation(line) => {
                self.conversations.insert(line.id.clone(), line);
                Ok(())
            }
            Change::MoveCursor { node, namespace, cursor } => {
                match cursor {
                    Some(cursor) => self.cursors.insert((node, namespace), cursor),
                    None => self.cursors.remove(&(node, namespace)),
                };
                Ok(())
            }
            Change::MarkSeen { namespace, hash, until } => {
                self.seen.insert((namespace, hash), until);
                Ok(())
            }
            Change::PutOutbox(entry) => self.put_outbox(entry),
            Change::RemoveOutbox(number) => match self.outbox.remove(&number) {
                Some(_) => Ok(()),
                None => Err(format!("outbox entry {number} is taken out, but it is not there")),
            },
            Change::SetCounters(counters) => self.set_counters(counters),
            Change::Ledger(line) => {
                self.ledger.push(line);
                Ok(())
            }
            Change::Plugin(change) => Err(format!("no plugin is here, but {change:?} is kept")),
        }
    }

    fn put_message(&mut self, message: Message) -> Result<(), String> {
        let id = message.id;
        if id.account != ACCOUNT {
            return Err(format!("message {id} is of another account"));
        }
        if let Some(before) = self.keys.insert((message.name(), message.kind), id)
            && before != id
        {
            return Err(format!("message {id} stands in the history already, as {before}"));
        }
        self.messages.insert(id, message);
        Ok(())
    }

    fn set_state(
        &mut self,
        id: MessageId,
        state: MessageState,
        hash: Option<MessageHash>,
    ) -> Result<(), String> {
        // One that is gone stays gone: it may have been deleted on its way.
        let Some(message) = self.messages.get_mut(&id) else { return Ok(()) };
        if !matches!(message.state, MessageState::Queued | MessageState::Read) {
            return Err(format!("message {id} was {:?} and is to be {state:?}", message.state));
        }
        MessageEdit::State(state).apply(message);
        message.hash = hash.or(message.hash);
        Ok(())
    }

    fn put_outbox(&mut self, entry: OutboxEntry) -> Result<(), String> {
        let number = entry.number;
        if let Some(before) = self.outbox.get(&number)
            && before.data != entry.data
        {
            return Err(format!("outbox entry {number} has other bytes than before"));
        }
        self.outbox.insert(number, entry);
        Ok(())
    }

    fn set_counters(&mut self, new: Counters) -> Result<(), String> {
        let old = self.counters;
        let back = new.next_message < old.next_message
            || new.next_outbox < old.next_outbox
            || new.next_errand < old.next_errand;
        if back {
            return Err(format!("the counters go back from {old:?} to {new:?}"));
        }
        self.counters = new;
        Ok(())
    }

    /// Whether what an event tells is in the store.
    fn is_true(&self, event: &AccountEvent) -> Result<(), String> {
        let state = |id: &MessageId| self.messages.get(id).map(|message| &message.state);
        let holds = match event {
            AccountEvent::MessageReceived(message) => state(&message.id).is_some(),
            AccountEvent::MessageQueued(message) => state(&message.id).is_some(),
            // Nothing of the history, a reaction say, has no state.
            AccountEvent::MessageStored { id, .. } => {
                matches!(state(id), None | Some(MessageState::Stored | MessageState::Read))
            }
            AccountEvent::MessageFailed { id, .. } => {
                matches!(state(id), None | Some(MessageState::Failed { .. }))
            }
            AccountEvent::SendDelayed { id, .. } => {
                self.outbox.values().any(|entry| entry.message == *id)
            }
            AccountEvent::MessageRemoved { id, .. } => state(id).is_none(),
            AccountEvent::ConversationChanged(line) => {
                self.conversations.get(&line.id) == Some(line)
            }
            AccountEvent::ConversationRemoved(id) => !self.conversations.contains_key(id),
            _ => true,
        };
        holds
            .then_some(())
            .ok_or_else(|| format!("the store does not hold what is told: {event:?}"))
    }
}
