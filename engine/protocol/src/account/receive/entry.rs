//! What becomes a message of the history.

use ramson_types::message::{ExpiresFrom, Message, MessageKind, MessageState};
use ramson_types::{AccountId, MessageId, Timestamp};

use super::super::Account;
use super::super::compose::{FAR_AHEAD, MESSAGE_TTL};
use super::super::disappearing::received_expiry;
use super::super::work::count_unread;
use super::DropReason;
use super::batch::Batch;
use super::judge::Incoming;
use crate::store::{ErrandCopy, MessageEdit};

/// What stands in the history of a message.
pub(super) struct Entry {
    /// As what.
    pub(super) kind: MessageKind,
    /// Its text.
    pub(super) text: Option<String>,
    /// When it disappears.
    pub(super) setting: Option<(ExpiresFrom, u32)>,
    /// It mentions this account.
    pub(super) mentions_me: bool,
}

impl Entry {
    /// One without a text.
    pub(super) const fn notice(kind: MessageKind, setting: Option<(ExpiresFrom, u32)>) -> Self {
        Self { kind, text: None, setting, mentions_me: false }
    }
}

impl Account {
    /// Puts a message into the history, unless it is there, was there, or its
    /// time is over; and takes into it what was said of it before it came.
    pub(super) fn enter(
        &mut self,
        incoming: &Incoming,
        entry: Entry,
        batch: &mut Batch,
    ) -> Result<MessageId, DropReason> {
        let name = incoming.name();
        let (sent, from_self) = (incoming.opened.sent, incoming.judged.from_self);
        let known = batch.history.named(&name).find(|known| known.kind == entry.kind);
        let known = known.map(|known| (known.id, known.deleted, known.own_hash));
        if let Some((id, deleted, own_hash)) = known {
            if deleted {
                batch.delete.push(incoming.hash);
            } else if own_hash.is_none() {
                batch.edit(id, MessageEdit::OwnHash(incoming.hash));
            }
            return Err(DropReason::Duplicate);
        }
        let early = batch.early(&name);
        if early.deleted || (from_self && batch.early(&self.own_name(sent)).deleted) {
            batch.delete.push(incoming.hash);
            self.note_writer(incoming, &entry, false, batch);
            return Err(DropReason::Deleted);
        }
        let line = self.lines.get(&name.conversation);
        let already_read = !from_self && line.is_some_and(|line| sent <= line.last_read);
        let (setting, expires, now) = (entry.setting, incoming.expires, batch.network_now);
        let expiry = received_expiry(setting, sent, expires, from_self, already_read, now);
        let ends = expiry.and_then(|expiry| expiry.ends);
        if ends.is_some_and(|ends| ends <= now) {
            self.note_writer(incoming, &entry, false, batch);
            return Err(DropReason::Expired);
        }
        let id = self.next_message_id();
        let to_self = incoming.judged.peer == self.id();
        let visible = entry.kind == MessageKind::Visible;
        let message = Message {
            id,
            conversation: name.conversation.clone(),
            author: incoming.opened.sender,
            sent,
            received: batch.now,
            kind: entry.kind,
            // An own message comes from another device, which has sent it.
            state: match from_self {
                true if visible && early.read => MessageState::Read,
                true => MessageState::Stored,
                // Nobody could mark it as read before its time.
                false if sent > farthest(incoming, batch) => MessageState::Read,
                false => MessageState::Received,
            },
            text: entry.text.clone(),
            content: incoming.opened.content_bytes.clone(),
            // Of an own message to somebody else this is the sync copy.
            hash: (!from_self || to_self).then_some(incoming.hash),
            own_hash: Some(incoming.hash),
            expiry,
            reactions: if visible { early.reactions } else { Vec::new() },
            mentions_me: entry.mentions_me,
            deleted: false,
        };
        if visible {
            batch.remove_news(&name);
        }
        self.note_writer(incoming, &entry, true, batch);
        self.expiring.set(id, ends);
        if let (Some((ExpiresFrom::Read, seconds)), true, Some(ends)) =
            (setting, already_read, ends.filter(|ends| *ends < expires))
        {
            let (hash, conversation) = (incoming.hash, name.conversation);
            let copy = ErrandCopy { hash, message: id, conversation, seconds };
            batch.shorten.entry(ends).or_default().push(copy);
            self.expiring.set_lapse(id, sent.plus(MESSAGE_TTL));
        }
        let me: AccountId = self.id();
        count_unread(self.lines.edit(&message.conversation), &message, me);
        batch.put(message);
        Ok(id)
    }

    /// Somebody wrote: their contact and the conversation's line follow. What
    /// is not `shown` brings neither into being, nor a hidden one back; the own
    /// conversation is always there.
    pub(super) fn note_writer(
        &mut self,
        incoming: &Incoming,
        entry: &Entry,
        shown: bool,
        batch: &Batch,
    ) {
        self.note_contact(incoming, entry, shown, batch);
        let conversation = incoming.judged.conversation();
        let to_self = incoming.judged.peer == self.id();
        if !shown && !to_self && self.lines.get(&conversation).is_none() {
            return;
        }
        let (sent, from_self) = (incoming.opened.sent, incoming.judged.from_self);
        let far = sent > farthest(incoming, batch);
        let line = self.lines.edit(&conversation);
        // No own message is newer than this: they are looked for by it.
        let at = if far && !from_self { batch.network_now } else { sent };
        line.latest = line.latest.max(at);
        // Who writes has read what stands before.
        if from_self && entry.kind == MessageKind::Visible && !far {
            line.last_read = line.last_read.max(sent);
        }
    }
}

/// What is dated later than this was by a wrong clock, or to mislead. Where the
/// own clock is behind and no node has told the time yet, the copy shows when
/// it was stored at the earliest.
fn farthest(incoming: &Incoming, batch: &Batch) -> Timestamp {
    let stored = incoming.expires.minus(MESSAGE_TTL);
    batch.network_now.max(stored).plus(FAR_AHEAD)
}
