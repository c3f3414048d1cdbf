//! What a client has on its disk: the store as far as the engine needs it, in
//! memory, with the same meaning as the real one. It outlives every crash.
//! What a commit must never do is checked as it is written.

use std::collections::BTreeMap;

use ramson_crypto::Seed;
use ramson_protocol::event::{AccountEvent, EventRef};
use ramson_protocol::store::{Change, Counters, Cursor, MessageKey, OutboxEntry, StoredAccount};
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Message, MessageState};
use ramson_types::{
    ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, NodePool, Timestamp,
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
    keys: BTreeMap<MessageKey, MessageId>,
    pub(crate) commits: u64,
}

impl Home {
    /// What an account's machine starts from.
    pub(crate) fn load(&self, seed: Seed, name: &str) -> StoredAccount {
        StoredAccount {
            number: ACCOUNT,
            seed,
            name: Some(name.to_owned()),
            counters: self.counters,
            cursors: self
                .cursors
                .iter()
                .map(|((node, ns), cursor)| (*node, *ns, *cursor))
                .collect(),
            outbox: self.outbox.values().cloned().collect(),
            conversations: self.conversations.values().cloned().collect(),
        }
    }

    pub(crate) fn has_seen(&self, namespace: Namespace, hash: MessageHash) -> bool {
        self.seen.contains_key(&(namespace, hash))
    }

    pub(crate) fn has_message(&self, key: &MessageKey) -> bool {
        self.keys.contains_key(key)
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
            Change::RemoveMessage(id) => {
                self.messages.remove(&id);
                self.keys.retain(|_, of| *of != id);
                Ok(())
            }
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
        }
    }

    fn put_message(&mut self, message: Message) -> Result<(), String> {
        let id = message.id;
        if id.account != ACCOUNT {
            return Err(format!("message {id} is of another account"));
        }
        if let Some(before) = self.keys.insert(MessageKey::of(&message), id)
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
        let Some(message) = self.messages.get_mut(&id) else {
            return Err(format!("message {id} is to be {state:?}, but it is not there"));
        };
        if message.state != MessageState::Queued {
            return Err(format!("message {id} was {:?} and is to be {state:?}", message.state));
        }
        message.state = state;
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
        if new.next_message < old.next_message || new.next_outbox < old.next_outbox {
            return Err(format!("the counters go back from {old:?} to {new:?}"));
        }
        self.counters = new;
        Ok(())
    }

    /// Whether what an event tells is in the store.
    fn is_true(&self, event: &AccountEvent) -> Result<(), String> {
        let state = |id: &MessageId| self.messages.get(id).map(|message| &message.state);
        let holds = match event {
            AccountEvent::MessageReceived(message) => state(&message.id) == Some(&message.state),
            AccountEvent::MessageQueued(message) => state(&message.id).is_some(),
            AccountEvent::MessageStored { id, .. } => state(id) == Some(&MessageState::Stored),
            AccountEvent::MessageFailed { id, .. } => {
                matches!(state(id), Some(MessageState::Failed { .. }))
            }
            AccountEvent::SendDelayed { id, .. } => {
                self.outbox.values().any(|entry| entry.message == *id)
            }
            _ => true,
        };
        holds
            .then_some(())
            .ok_or_else(|| format!("the store does not hold what is told: {event:?}"))
    }
}
