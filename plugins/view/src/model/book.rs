//! The conversations of one account, in their order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use ramson_wire::{Change, Conversation, ConversationId, Message, MessageId, Millis};

use crate::list::Shelf;
use crate::thread::Gist;

/// How many messages that are gone are remembered.
const GONE: usize = 1_024;

/// Where a conversation stands in the list: pinned ones first, then by the
/// newest message.
type Order = (Reverse<i64>, Reverse<Millis>, ConversationId);

/// The conversations of one account.
#[derive(Debug, Clone, Default)]
pub struct Book {
    entries: BTreeMap<ConversationId, Entry>,
    chats: BTreeSet<Order>,
    requests: BTreeSet<Order>,
    blocked: BTreeSet<Order>,
    hidden: BTreeSet<Order>,
    unread: usize,
    newest: BTreeMap<ConversationId, Newest>,
    /// Those whose newest message is being asked for; true if something was
    /// told meanwhile that makes the answer doubtful.
    fetching: BTreeMap<ConversationId, bool>,
    /// Those whose newest message could not be told.
    barren: BTreeSet<ConversationId>,
    /// Those that are gone, and the number of the event that said so.
    removed: BTreeMap<ConversationId, u64>,
    gone: BTreeSet<MessageId>,
    /// The largest number of a message that was told of: a smaller one is no
    /// news.
    told: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    conversation: Conversation,
    /// The number of the event that told of it last.
    seq: u64,
}

/// The newest message of a conversation, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// When it was sent, and which it is.
    pub key: (Millis, MessageId),
    /// This account wrote it.
    pub outgoing: bool,
    /// What it says.
    pub gist: Gist,
}

impl Newest {
    fn of(message: &Message) -> Self {
        Self {
            key: (message.sent, message.id),
            outgoing: message.outgoing && message.notice.is_none() && !message.deleted,
            gist: Gist::of(message),
        }
    }
}

impl Book {
    /// A conversation.
    pub fn get(&self, id: &ConversationId) -> Option<&Conversation> {
        self.entries.get(id).map(|entry| &entry.conversation)
    }

    /// All there are, by their ids.
    pub fn all(&self) -> impl Iterator<Item = &Conversation> {
        self.entries.values().map(|entry| &entry.conversation)
    }

    /// Those of a kind, pinned ones first, then the one with the newest
    /// message.
    pub fn in_order(&self, shelf: Shelf) -> impl Iterator<Item = &Conversation> {
        self.shelf(shelf).iter().filter_map(|it| self.get(&it.2))
    }

    /// How many there are of a kind.
    pub fn count(&self, shelf: Shelf) -> usize {
        self.shelf(shelf).len()
    }

    /// How many of those that are shown from day to day have something unread.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// The newest message of a conversation, where it is known.
    pub fn newest(&self, id: &ConversationId) -> Option<&Newest> {
        self.newest.get(id)
    }

    /// How highly the topmost pinned one is pinned.
    pub(crate) fn top(&self) -> i64 {
        self.chats.first().map_or(0, |first| first.0.0.max(0))
    }

    /// A conversation is new or different.
    pub(crate) fn put(&mut self, conversation: Conversation, seq: u64) -> bool {
        let id = conversation.id.clone();
        if self.is_over(&id, seq) || self.entries.get(&id).is_some_and(|entry| seq < entry.seq) {
            return false;
        }
        self.unlist(&id);
        let entry = Entry { conversation, seq };
        self.list(&entry.conversation);
        self.entries.insert(id, entry);
        true
    }

    /// A conversation is gone.
    pub(crate) fn remove(&mut self, id: &ConversationId, seq: u64) -> bool {
        if self.entries.get(id).is_some_and(|entry| seq < entry.seq) {
            return false;
        }
        self.unlist(id);
        self.entries.remove(id);
        self.newest.remove(id);
        self.disturb(id);
        self.removed.insert(id.clone(), seq);
        true
    }

    /// Whether an event tells of a conversation as it was before it went.
    pub(crate) fn is_over(&self, id: &ConversationId, seq: u64) -> bool {
        self.removed.get(id).is_some_and(|removed| seq < *removed)
    }

    /// A message was told of. Returns whether it is news.
    pub(crate) fn hear(&mut self, message: &Message) -> bool {
        let news = message.id.number > self.told;
        self.told = self.told.max(message.id.number);
        self.take_in(message);
        news
    }

    /// Something of a message is different.
    pub(crate) fn change(&mut self, id: &ConversationId, message: MessageId, change: &Change) {
        let newest = self.newest.get_mut(id).filter(|newest| newest.key.1 == message);
        match (newest, change) {
            (Some(newest), Change::Deleted) => {
                newest.gist = Gist::Deleted;
                newest.outgoing = false;
            }
            (Some(newest), Change::Now { message }) if newest.gist != Gist::Deleted => {
                *newest = Newest::of(message);
            }
            (None, Change::Deleted | Change::Now { .. }) => self.disturb(id),
            _ => {}
        }
    }

    /// A message is gone: if it was the newest, the one before it is to be
    /// asked for.
    pub(crate) fn lose(&mut self, id: &ConversationId, message: MessageId) {
        self.gone.insert(message);
        if self.gone.len() > GONE {
            self.gone.pop_first();
        }
        if self.newest.get(id).is_some_and(|newest| newest.key.1 == message) {
            self.newest.remove(id);
        }
        self.disturb(id);
    }

    /// Whether the newest message of a conversation is to be asked for; from
    /// now on it is being asked for.
    pub(crate) fn begin_fetch(&mut self, id: &ConversationId) -> bool {
        let wanted = self.get(id).is_some_and(|it| it.latest > 0)
            && !self.newest.contains_key(id)
            && !self.barren.contains(id)
            && !self.fetching.contains_key(id);
        if wanted {
            self.fetching.insert(id.clone(), false);
        }
        wanted
    }

    /// How many newest messages are being asked for.
    pub(crate) fn fetching(&self) -> usize {
        self.fetching.len()
    }

    /// The newest message of a conversation was asked for: this is it.
    pub(crate) fn end_fetch(&mut self, id: &ConversationId, newest: Option<&Message>) {
        let doubtful = self.fetching.remove(id).unwrap_or(true);
        match newest.filter(|it| !self.gone.contains(&it.id)) {
            Some(message) if !doubtful => self.take_in(message),
            None if !doubtful => {
                self.barren.insert(id.clone());
            }
            _ => {}
        }
    }

    /// A message that may be the newest of its conversation is known.
    pub(crate) fn take_in(&mut self, message: &Message) {
        if self.gone.contains(&message.id) {
            return;
        }
        let newest = Newest::of(message);
        let known = self.newest.get(&message.conversation);
        let keep = known.is_some_and(|known| {
            known.key > newest.key || (known.key == newest.key && known.gist == Gist::Deleted)
        });
        if !keep {
            self.barren.remove(&message.conversation);
            self.newest.insert(message.conversation.clone(), newest);
        }
    }

    /// A snapshot says anew which conversations there are. What was known of
    /// newest messages is kept where it is still right.
    pub(crate) fn renew(&mut self, conversations: Vec<Conversation>, seq: u64) {
        let old = std::mem::take(self);
        self.gone = old.gone;
        self.told = old.told;
        self.fetching = old.fetching.into_keys().map(|id| (id, true)).collect();
        for conversation in conversations {
            self.put(conversation, seq);
        }
        self.newest = old.newest;
        let entries = &self.entries;
        self.newest.retain(|id, newest| {
            entries.get(id).is_some_and(|entry| entry.conversation.latest == newest.key.0)
        });
    }

    fn disturb(&mut self, id: &ConversationId) {
        if let Some(doubtful) = self.fetching.get_mut(id) {
            *doubtful = true;
        }
    }

    fn shelf(&self, shelf: Shelf) -> &BTreeSet<Order> {
        match shelf {
            Shelf::Chats => &self.chats,
            Shelf::Requests => &self.requests,
            Shelf::Blocked => &self.blocked,
            Shelf::Hidden => &self.hidden,
        }
    }

    fn shelf_mut(&mut self, shelf: Shelf) -> &mut BTreeSet<Order> {
        match shelf {
            Shelf::Chats => &mut self.chats,
            Shelf::Requests => &mut self.requests,
            Shelf::Blocked => &mut self.blocked,
            Shelf::Hidden => &mut self.hidden,
        }
    }

    fn list(&mut self, conversation: &Conversation) {
        let shelf = Shelf::of(conversation);
        if shelf == Shelf::Chats && is_unread(conversation) {
            self.unread = self.unread.saturating_add(1);
        }
        self.shelf_mut(shelf).insert(order(conversation));
    }

    fn unlist(&mut self, id: &ConversationId) {
        let Some(entry) = self.entries.get(id) else { return };
        let shelf = Shelf::of(&entry.conversation);
        let order = order(&entry.conversation);
        if shelf == Shelf::Chats && is_unread(&entry.conversation) {
            self.unread = self.unread.saturating_sub(1);
        }
        self.shelf_mut(shelf).remove(&order);
    }
}

fn is_unread(conversation: &Conversation) -> bool {
    conversation.unread > 0 || conversation.marked_unread
}

fn order(conversation: &Conversation) -> Order {
    (Reverse(conversation.priority), Reverse(conversation.latest), conversation.id.clone())
}
