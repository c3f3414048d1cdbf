//! What one batch of arrivals leads to, while it is taken in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_types::message::{Message, MessageName};
use ramson_types::{AccountId, MessageHash, MessageId, Timestamp};

use super::super::{Decision, History};
use crate::event::{AccountEvent, MessageChange};
use crate::store::{Change, Early, ErrandCopy, MessageEdit, TOMBSTONE_LIFE};

/// How long early news of a message is kept: as long as a copy of it may lie
/// in the swarm.
const NEWS_LIFE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// A message that was sent longer ago than this will not come any more: its
/// copies are gone from the swarm, with a fortnight for wrong clocks.
const MAY_STILL_COME: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// A batch that is being taken in.
pub(super) struct Batch {
    /// The decision so far.
    pub(super) decision: Decision,
    /// The history, with the decision so far.
    pub(super) history: History,
    /// Copies that are to be deleted from the own swarm.
    pub(super) delete: Vec<MessageHash>,
    /// Copies whose lives are to be shortened, by their new ends.
    pub(super) shorten: BTreeMap<Timestamp, Vec<ErrandCopy>>,
    /// Whose receipts and reactions are heeded.
    pub(super) heeded: BTreeSet<AccountId>,
    /// The names of which something else is known early than is kept.
    changed: BTreeSet<MessageName>,
    /// The time here.
    pub(super) now: Timestamp,
    /// The network's time.
    pub(super) network_now: Timestamp,
}

impl Batch {
    pub(super) fn new(
        history: History,
        heeded: BTreeSet<AccountId>,
        now: Timestamp,
        network_now: Timestamp,
    ) -> Self {
        Self {
            decision: Decision::default(),
            history,
            delete: Vec::new(),
            shorten: BTreeMap::new(),
            heeded,
            changed: BTreeSet::new(),
            now,
            network_now,
        }
    }

    /// Puts a message into the history, and tells it.
    pub(super) fn put(&mut self, message: Message) {
        self.decision.changes.push(Change::PutMessage(message.clone()));
        self.history.put(message.clone());
        self.decision.events.push(AccountEvent::MessageReceived(message));
    }

    /// Changes a message.
    pub(super) fn edit(&mut self, id: MessageId, edit: MessageEdit) {
        self.decision.changes.push(Change::EditMessage { id, edit: edit.clone() });
        self.history.edit(id, edit);
    }

    /// Tells that something of a message changed.
    pub(super) fn tell(&mut self, message: &Message, change: MessageChange) {
        let (id, conversation) = (message.id, message.conversation.clone());
        self.decision.events.push(AccountEvent::MessageChanged { id, conversation, change });
    }

    /// What was said of a message that is not there.
    pub(super) fn early(&self, name: &MessageName) -> Early {
        self.history.early(name).cloned().unwrap_or_default()
    }

    /// Keeps news of a message that is not there yet.
    pub(super) fn put_news(&mut self, name: MessageName, mut early: Early) {
        early.until = early.until.max(self.now.plus(NEWS_LIFE));
        self.put_early(name, early);
    }

    /// Keeps that there is a notice.
    pub(super) fn put_mark(&mut self, name: MessageName) {
        let until = self.now.plus(TOMBSTONE_LIFE);
        self.put_early(name, Early { until, ..Early::default() });
    }

    /// Keeps the tombstone of a message.
    pub(super) fn bury(&mut self, name: MessageName) {
        self.put_early(name, Early::tombstone(self.now));
    }

    /// Forgets news that was taken into its message.
    pub(super) fn remove_news(&mut self, name: &MessageName) {
        if self.history.early(name).is_some_and(|early| !early.deleted) {
            self.history.remove_early(name);
            self.changed.remove(name);
            self.decision.changes.push(Change::RemoveEarly(name.clone()));
        }
    }

    /// Whether a message that is not there may still come.
    pub(super) fn may_still_come(&self, sent: Timestamp) -> bool {
        sent.distance(self.network_now) <= MAY_STILL_COME
    }

    /// Puts what is known early into the decision, each name once, however
    /// often it changed.
    pub(super) fn keep_early(&mut self) {
        for name in std::mem::take(&mut self.changed) {
            if let Some(early) = self.history.early(&name).cloned() {
                self.decision.changes.push(Change::PutEarly { name, early });
            }
        }
    }

    fn put_early(&mut self, name: MessageName, early: Early) {
        self.history.put_early(name.clone(), early);
        self.changed.insert(name);
    }
}
