//! Which conversations something is to be done for, so that nobody looks
//! through all lines to find out.

use std::collections::{BTreeMap, BTreeSet};

use ramson_types::conversation::Conversation;
use ramson_types::{AccountId, ConversationId, Timestamp};

use super::super::lines::Lines;
use super::super::{Account, Decision};
use crate::config::Contacts;
use crate::store::{Change, MessageEdit};

/// What follows from lines and contacts, and what this device remembers until
/// it ends.
#[derive(Debug, Default)]
pub(in super::super) struct Pending {
    /// Read farther than was carried out.
    read: BTreeSet<ConversationId>,
    /// Lines without a contact.
    forget: BTreeSet<ConversationId>,
    /// What was read on this device since it started: after when, and until
    /// when. The rest was read elsewhere, as far as is known.
    here: BTreeMap<ConversationId, (Timestamp, Timestamp)>,
    /// Read before this device started and not carried out since: on which
    /// device nobody knows any more.
    unsure: BTreeSet<ConversationId>,
    /// Conversations with nothing that others sent after `read_handled`: when
    /// they are read on, as by writing, nothing is to be done.
    all_read: BTreeSet<ConversationId>,
}

impl Pending {
    pub(in super::super) fn load(lines: &Lines, contacts: &Contacts, me: AccountId) -> Self {
        let of = |is: &dyn Fn(&Conversation) -> bool| {
            lines.iter().filter(|line| is(line)).map(|line| line.id.clone()).collect()
        };
        let read: BTreeSet<_> = of(&|line| line.last_read > line.read_handled);
        Self {
            unsure: read.clone(),
            read,
            forget: of(&|line| is_left(&line.id, contacts, me)),
            ..Self::default()
        }
    }

    pub(super) fn read(&self) -> Option<&ConversationId> {
        self.read.first()
    }

    pub(super) fn forget(&self) -> Option<&ConversationId> {
        self.forget.first()
    }

    /// Notes that a conversation was read on this device.
    pub(super) fn read_here(&mut self, id: &ConversationId, after: Timestamp, up_to: Timestamp) {
        let (from, to) = self.here.entry(id.clone()).or_insert((after, up_to));
        (*from, *to) = ((*from).min(after), (*to).max(up_to));
    }

    /// Whether a message sent then was read on this device.
    pub(super) fn was_read_here(&self, id: &ConversationId, sent: Timestamp) -> bool {
        self.here.get(id).is_some_and(|(after, up_to)| sent > *after && sent <= *up_to)
    }

    /// Whether a message may have been read on this device before it started.
    pub(super) fn is_unsure(&self, id: &ConversationId) -> bool {
        self.unsure.contains(id)
    }

    /// A conversation was read and that is carried out; `all`: there is nothing
    /// in it after that.
    pub(super) fn handled(&mut self, id: &ConversationId, all: bool) {
        self.here.remove(id);
        self.unsure.remove(id);
        if all {
            self.all_read.insert(id.clone());
        }
    }

    fn drop(&mut self, id: &ConversationId) {
        self.read.remove(id);
        self.forget.remove(id);
        self.here.remove(id);
        self.unsure.remove(id);
        self.all_read.remove(id);
    }
}

impl Account {
    /// Notes what is to be done after a decision. `contacts_changed`: contacts
    /// may be gone whose lines did not change.
    pub(in super::super) fn note_work(&mut self, decision: &Decision, contacts_changed: bool) {
        let me = self.id();
        let Self { pending, lines, settings, expiring, .. } = self;
        for change in &decision.changes {
            // What was deleted is not sent any more.
            if let Change::EditMessage { id, edit: MessageEdit::Delete } = change {
                expiring.release(*id);
            }
            if let Change::PutMessage(message) = change
                && message.author != me
            {
                pending.all_read.remove(&message.conversation);
            }
        }
        for id in lines.changing() {
            let Some(line) = lines.get(&id) else {
                pending.drop(&id);
                continue;
            };
            let behind = line.last_read > line.read_handled;
            if behind && pending.all_read.contains(&id) {
                let line = lines.edit(&id);
                line.read_handled = line.last_read;
                pending.read.remove(&id);
                pending.here.remove(&id);
            } else if behind {
                pending.read.insert(id.clone());
            } else {
                pending.read.remove(&id);
                pending.here.remove(&id);
            }
            if is_left(&id, &settings.contacts, me) {
                pending.forget.insert(id);
            } else {
                pending.forget.remove(&id);
            }
        }
        if contacts_changed {
            let left = |id: &&ConversationId| is_left(id, &settings.contacts, me);
            pending.forget = lines.iter().map(|line| &line.id).filter(left).cloned().collect();
        }
    }
}

/// Whether a line is of a contact that is there no more.
fn is_left(id: &ConversationId, contacts: &Contacts, me: AccountId) -> bool {
    match id {
        ConversationId::Account(account) if *account != me => {
            contacts.data().dict_at(&[b"c", &account.to_bytes()]).is_none()
        }
        _ => false,
    }
}
