//! What is checked of every message, whatever its kind: flags, blocking,
//! self-send and sync target (01 section 2.7, steps 8 to 10, and 2.9).

use std::collections::BTreeSet;

use ramson_codec::proto::{CallKind, Content, ContentKind};
use ramson_types::message::MessageName;
use ramson_types::{AccountId, ConversationId, MessageHash, Timestamp};

use super::super::Account;
use super::DropReason;
use super::visible::MAX_ATTACHMENTS;
use crate::config::contacts::Contact;
use crate::inbox::Opened;

/// A message whose kind and author are allowed.
pub(super) struct Incoming {
    /// What was opened.
    pub(super) opened: Opened,
    /// Where it belongs, and how it is taken.
    pub(super) judged: Judged,
    /// Its copy in the own swarm.
    pub(super) hash: MessageHash,
    /// When the swarm lets go of that.
    pub(super) expires: Timestamp,
}

/// How a message is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// As what.
    pub(super) kind: ContentKind,
    /// The account whose conversation it belongs to; the own one for notes to
    /// self, and where an own message does not say.
    pub(super) peer: AccountId,
    /// Another device of this account sent it.
    pub(super) from_self: bool,
    /// Its conversation was removed or hidden after it was sent.
    pub(super) forgotten: bool,
}

impl Judged {
    pub(super) const fn conversation(&self) -> ConversationId {
        ConversationId::Account(self.peer)
    }
}

impl Incoming {
    pub(super) const fn content(&self) -> &Content {
        &self.opened.content
    }

    pub(super) fn name(&self) -> MessageName {
        self.judged.conversation_name(self.opened.sender, self.opened.sent)
    }
}

impl Judged {
    /// The name of a message of its conversation.
    pub(super) const fn conversation_name(
        &self,
        author: AccountId,
        sent: Timestamp,
    ) -> MessageName {
        MessageName { conversation: self.conversation(), author, sent }
    }
}

impl Account {
    /// To be judged before any of its batch is taken in: what comes before it
    /// there changes nothing of that.
    pub(super) fn judge(&self, opened: &Opened) -> Result<Judged, DropReason> {
        let me = self.id();
        let from_self = opened.sender == me;
        let data = opened.content.data_message.as_ref();
        if data.is_some_and(|data| !matches!(data.flags, None | Some(0 | 2))) {
            return Err(DropReason::UnknownFlags);
        }
        let kind = opened.content.kind();
        let contact = |id| self.settings.contacts.contact(id);
        if !from_self && contact(&opened.sender).is_some_and(|contact| contact.blocked) {
            return Err(DropReason::Blocked);
        }
        if from_self && !is_own_kind(kind, &opened.content) {
            return Err(DropReason::NotFromSelf);
        }
        let target = data.and_then(|data| data.sync_target.as_deref());
        let peer = match (from_self, target) {
            (true, None) => me,
            (true, Some(target)) => {
                AccountId::parse_account(target).map_err(|_| DropReason::BadSyncTarget)?
            }
            (false, None) => opened.sender,
            (false, Some(_)) => return Err(DropReason::ForeignSyncTarget),
        };
        if data.is_some_and(|data| data.attachments.len() > MAX_ATTACHMENTS) {
            return Err(DropReason::TooManyAttachments);
        }
        let forgotten = self.is_forgotten(&peer, opened.sent);
        Ok(Judged { kind, peer, from_self, forgotten })
    }

    /// Whether the conversation of a message was removed after it was sent: on
    /// another device before the first sync was done, or on any since.
    fn is_forgotten(&self, peer: &AccountId, sent: Timestamp) -> bool {
        if *peer == self.id() {
            return false;
        }
        let contact = self.settings.contacts.contact(peer);
        let unsynced = !self.settings.sync.done && self.is_before_contacts(sent);
        match contact {
            Some(contact) => unsynced && contact.priority < 0,
            None => unsynced || self.vanished.covers(peer, sent),
        }
    }

    /// Whose receipts and reactions are heeded: accounts that may write to this
    /// one and to which it may write, also by what comes along.
    pub(super) fn heeded<'a>(
        &self,
        judged: impl Iterator<Item = &'a Judged>,
    ) -> BTreeSet<AccountId> {
        let (mut written_to, mut writers) = (BTreeSet::new(), BTreeSet::new());
        let mut asking = BTreeSet::new();
        for judged in judged {
            match (judged.kind, judged.from_self) {
                (ContentKind::Visible, true) => written_to.insert(judged.peer),
                (ContentKind::Visible | ContentKind::MessageRequestResponse, false) => {
                    writers.insert(judged.peer)
                }
                (ContentKind::Receipt | ContentKind::Reaction, false) => asking.insert(judged.peer),
                _ => continue,
            };
        }
        asking.retain(|id| {
            let contact = self.settings.contacts.contact(id);
            let flag = |has: fn(&Contact) -> bool| contact.as_ref().is_some_and(has);
            (flag(|contact| contact.approved) || written_to.contains(id))
                && (flag(|contact| contact.approved_me) || writers.contains(id))
        });
        asking
    }
}

/// Whether the account's devices send each other this kind.
fn is_own_kind(kind: ContentKind, content: &Content) -> bool {
    let call = content.call_message.as_ref().map(|call| call.kind);
    match kind {
        ContentKind::Visible
        | ContentKind::Reaction
        | ContentKind::ExpirationTimerUpdate
        | ContentKind::GroupUpdate
        | ContentKind::Unsend => true,
        ContentKind::Call => matches!(call, Some(CallKind::Answer | CallKind::EndCall)),
        // What is not known is said to be so, and nothing else.
        ContentKind::Unknown => true,
        _ => false,
    }
}
