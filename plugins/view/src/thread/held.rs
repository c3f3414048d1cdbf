//! The messages that are in memory: an unbroken stretch of the conversation.
//!
//! They are fetched in pages, each named by the message after it. When there
//! are too many, those that are farthest from the user go. Of later ones that
//! went, the first of each page is remembered, so that the page can be fetched
//! again. Of earlier ones nothing needs to be.

use std::collections::{BTreeMap, BTreeSet};

use ramson_wire::{AccountId, Change, Message, MessageId, Millis};

use super::Anchor;
use super::merge::{self, merge};

/// How many messages are fetched at once.
pub(crate) const PAGE: usize = 100;

/// How many are kept about; a page more before some go.
pub(crate) const MOST: usize = 2_000;

/// How many messages that are gone are remembered, so that an answer from
/// before does not bring them back.
const GONE: usize = 4_096;

/// How many changes are remembered while a page is on its way.
const LATE: usize = 1_024;

/// A message in memory, and what was heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The message.
    pub message: Message,
    /// The swarm members that signed for it, where this was heard.
    pub nodes: Vec<String>,
    /// Why the last attempt failed, and when the next one is due.
    pub delayed: Option<(String, Millis)>,
    /// The number of the event that told of it last.
    pub(crate) seq: u64,
    /// When it was told of last, in turns of the model.
    pub(crate) turn: u64,
    /// When the whole of it was told last: what changed of it is told apart.
    pub(crate) whole: u64,
}

/// Where a message stands.
pub(crate) type Key = (Millis, MessageId);

/// Later messages that are not in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Far {
    first: Key,
    count: usize,
}

/// A change that a page does not know of.
#[derive(Debug, Clone)]
struct Late {
    id: MessageId,
    change: Change,
    seq: u64,
    turn: u64,
}

/// The messages of a conversation that are in memory, in the order in which
/// they were sent.
#[derive(Debug, Clone, Default)]
pub struct Held {
    messages: BTreeMap<Key, Kept>,
    sent: BTreeMap<MessageId, Millis>,
    gone: BTreeSet<MessageId>,
    /// Later ones, the nearest first.
    far: Vec<Far>,
    complete: bool,
    /// A first page was there.
    begun: bool,
    /// What changed while a page was on its way: the page may be older.
    late: Vec<Late>,
}

/// What a page answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) before: Option<Key>,
    /// When it was asked for, in turns of the model.
    pub(crate) turn: u64,
}

impl Held {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Nothing was sent before the first one.
    pub fn complete(&self) -> bool {
        self.complete
    }

    /// A first page was fetched: what is not here is not there.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// The last one is the newest of the conversation.
    pub fn at_newest(&self) -> bool {
        self.far.is_empty()
    }

    /// In the order in which they were sent.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Kept> {
        self.messages.values()
    }

    /// One of them.
    pub fn get(&self, id: MessageId) -> Option<&Kept> {
        self.messages.get(&(*self.sent.get(&id)?, id))
    }

    fn get_mut(&mut self, id: MessageId) -> Option<&mut Kept> {
        self.messages.get_mut(&(*self.sent.get(&id)?, id))
    }

    /// The one that a quote means.
    pub fn find(&self, author: &AccountId, sent: Millis) -> Option<&Kept> {
        let (first, last) = (MessageId { account: 0, number: 0 }, LAST);
        let mut same = self.messages.range((sent, first)..=(sent, last)).map(|it| it.1);
        same.find(|kept| kept.message.author == *author)
    }

    /// The first one.
    pub fn first(&self) -> Option<MessageId> {
        self.messages.first_key_value().map(|it| it.0.1)
    }

    /// The last one.
    pub fn last(&self) -> Option<MessageId> {
        self.messages.last_key_value().map(|it| it.0.1)
    }

    /// The one before one.
    pub fn before(&self, id: MessageId) -> Option<MessageId> {
        let key = (*self.sent.get(&id)?, id);
        self.messages.range(..key).next_back().map(|it| it.0.1)
    }

    /// The one after one.
    pub fn after(&self, id: MessageId) -> Option<MessageId> {
        let key = (*self.sent.get(&id)?, id);
        self.messages.range((key.0, key.1)..).nth(1).map(|it| it.0.1)
    }

    /// Whether fewer than so many stand before one.
    pub(crate) fn near_first(&self, id: MessageId, count: usize) -> bool {
        let Some(sent) = self.sent.get(&id) else { return false };
        self.messages.range(..(*sent, id)).take(count).count() < count
    }

    /// Whether fewer than so many stand after one.
    pub(crate) fn near_last(&self, id: MessageId, count: usize) -> bool {
        let Some(sent) = self.sent.get(&id) else { return false };
        self.messages.range((*sent, id)..).take(count.saturating_add(1)).count() <= count
    }

    /// A message was told of. Returns whether it was not known.
    pub(crate) fn hear(&mut self, message: Message, seq: u64, turn: u64) -> bool {
        if self.gone.contains(&message.id) {
            return false;
        }
        if let Some(kept) = self.get_mut(message.id) {
            if seq >= kept.seq {
                merge(&mut kept.message, message);
                (kept.seq, kept.turn, kept.whole) = (seq, turn, turn);
            }
            return false;
        }
        let key = (message.sent, message.id);
        let before_first = self.messages.first_key_value().is_some_and(|first| key < *first.0);
        if before_first && !self.complete {
            // Its page will bring it.
            return false;
        }
        if let Some(nearest) = self.far.first()
            && key > nearest.first
        {
            self.add_far(key);
            return true;
        }
        self.put(Kept { message, nodes: Vec::new(), delayed: None, seq, turn, whole: turn });
        true
    }

    /// Something of a message is different. While a page is on its way, it is
    /// remembered too: the page may bring the message as it was before.
    pub(crate) fn change(
        &mut self,
        id: MessageId,
        change: Change,
        seq: u64,
        turn: u64,
        loading: bool,
    ) {
        if let Some(kept) = self.get_mut(id) {
            if seq < kept.seq {
                return;
            }
            (kept.seq, kept.turn) = (seq, turn);
            merge::change(kept, &change);
        }
        if loading && self.late.len() < LATE {
            self.late.push(Late { id, change, seq, turn });
        }
    }

    /// Nothing is on its way: what changed meanwhile is of no more use.
    pub(crate) fn settle(&mut self) {
        self.late.clear();
    }

    /// A message is gone.
    pub(crate) fn remove(&mut self, id: MessageId) {
        self.gone.insert(id);
        if self.gone.len() > GONE {
            self.gone.pop_first();
        }
        self.take(id);
    }

    /// A page came. It is right about its stretch, but for what was told after
    /// it was asked for.
    pub(crate) fn page(&mut self, page: Vec<Message>, complete: bool, asked: Asked) {
        let upper = asked.before;
        let lower = page.first().filter(|_| !complete).map(|it| (it.sent, it.id));
        let below = |key: &Key| upper.is_none_or(|upper| *key < upper);
        // What is here may end before the page begins: then something lies
        // between, and the page is what the user came for.
        let last = self.messages.keys().rev().find(|key| below(key));
        let apart = lower.zip(last).is_some_and(|(lower, last)| *last < lower) || !self.begun;
        let ids: BTreeSet<MessageId> = page.iter().map(|it| it.id).collect();
        let mut stale: Vec<MessageId> = Vec::new();
        for (key, kept) in &self.messages {
            let above = lower.is_none_or(|lower| *key >= lower);
            let unknown = above && below(key) && kept.turn <= asked.turn && !ids.contains(&key.1);
            if unknown || (apart && !above) {
                stale.push(key.1);
            }
        }
        for id in stale {
            self.take(id);
        }
        match (lower, self.messages.first_key_value()) {
            (None, _) => self.complete = true,
            (Some(lower), Some((first, _))) if *first < lower => {}
            (Some(_), _) => self.complete = false,
        }
        for message in page {
            self.answer(message, asked.turn);
        }
        self.far.retain(|far| upper.is_some_and(|upper| far.first >= upper));
        self.begun = true;
        // Another page that is as old may still be on its way.
        let late = std::mem::take(&mut self.late);
        for it in late.iter().filter(|it| it.turn > asked.turn && ids.contains(&it.id)) {
            if let Some(kept) = self.get_mut(it.id).filter(|kept| it.turn > kept.whole) {
                merge::change(kept, &it.change);
                kept.seq = kept.seq.max(it.seq);
                kept.turn = kept.turn.max(it.turn);
            }
        }
        self.late = late;
    }

    /// A page of later ones was refused: the message that names it is gone.
    /// The next one names a larger page. Returns whether there is one.
    pub(crate) fn skip_far(&mut self, first: Key) -> bool {
        let Some(index) = self.far.iter().position(|it| it.first == first) else { return false };
        let count = self.far.remove(index).count;
        let Some(before) = index.checked_sub(1).and_then(|it| self.far.get_mut(it)) else {
            return false;
        };
        before.count = before.count.saturating_add(count);
        true
    }

    /// Whether the first one stands there.
    pub(crate) fn is_first(&self, key: Key) -> bool {
        self.messages.first_key_value().is_some_and(|first| *first.0 == key)
    }

    /// What to ask for next above: the message that the page ends before.
    pub(crate) fn older(&self) -> Option<Key> {
        if self.complete { None } else { self.messages.first_key_value().map(|it| *it.0) }
    }

    /// What to ask for next below, if anything is there: the message that the
    /// page ends before (`None` for the end), and how many.
    pub(crate) fn newer(&self) -> Option<(Option<Key>, usize)> {
        let nearest = self.far.first()?;
        let end = self.far.get(1).map(|next| next.first);
        Some((end, nearest.count.clamp(PAGE, 1_000)))
    }

    /// What is here may not be right any more: the next page of the end says
    /// how it is, and what is before that page goes.
    pub(crate) fn doubt(&mut self) {
        self.begun = false;
        for kept in self.messages.values_mut() {
            kept.seq = 0;
        }
    }

    /// Begins anew, with nothing; what is gone stays gone.
    pub(crate) fn restart(&mut self) {
        *self = Self { gone: std::mem::take(&mut self.gone), ..Self::default() };
    }

    /// Lets go of what is far from the user when there is too much.
    pub(crate) fn trim(&mut self, anchor: Anchor) {
        while self.messages.len() > MOST.saturating_add(PAGE) {
            let drop_later = match anchor {
                Anchor::End => false,
                Anchor::At(id) => {
                    let half = self.messages.len() / 2;
                    self.near_first(id, half)
                }
            };
            if drop_later { self.drop_later() } else { self.drop_earlier() }
        }
    }

    fn drop_earlier(&mut self) {
        for _ in 0..PAGE {
            let Some((key, _)) = self.messages.pop_first() else { break };
            self.sent.remove(&key.1);
        }
        self.complete = false;
    }

    fn drop_later(&mut self) {
        let mut first = None;
        let mut count: usize = 0;
        while count < PAGE {
            let Some((key, _)) = self.messages.pop_last() else { break };
            self.sent.remove(&key.1);
            first = Some(key);
            count = count.saturating_add(1);
        }
        if let Some(first) = first {
            self.far.insert(0, Far { first, count });
        }
    }

    fn add_far(&mut self, key: Key) {
        let index = self.far.iter().rposition(|far| far.first < key);
        let last = self.far.len().saturating_sub(1);
        let Some((index, far)) = index.and_then(|it| Some((it, self.far.get_mut(it)?))) else {
            return;
        };
        if index == last && far.count >= PAGE {
            self.far.push(Far { first: key, count: 1 });
        } else {
            far.count = far.count.saturating_add(1);
        }
    }

    fn answer(&mut self, message: Message, turn: u64) {
        if self.gone.contains(&message.id) {
            return;
        }
        match self.get_mut(message.id) {
            // What was told later is newer than the answer.
            Some(kept) if kept.whole > turn => {}
            Some(kept) => {
                merge(&mut kept.message, message);
                kept.whole = turn;
                kept.turn = kept.turn.max(turn);
            }
            None => {
                let (nodes, delayed) = (Vec::new(), None);
                self.put(Kept { message, nodes, delayed, seq: 0, turn, whole: turn });
            }
        }
    }

    fn put(&mut self, kept: Kept) {
        let key = (kept.message.sent, kept.message.id);
        self.sent.insert(key.1, key.0);
        self.messages.insert(key, kept);
    }

    fn take(&mut self, id: MessageId) -> Option<Kept> {
        let sent = self.sent.remove(&id)?;
        self.messages.remove(&(sent, id))
    }
}

const LAST: MessageId = MessageId { account: u32::MAX, number: u64::MAX };
