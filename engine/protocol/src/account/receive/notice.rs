//! Notices: changes of the timer, saved media, accepted requests (01 sections
//! 3.7, 3.10 and 3.12).

use ramson_types::message::{ExpiresFrom, MessageKind, MessageName};
use ramson_types::{AccountId, MessageId, Timestamp};

use super::super::Account;
use super::super::disappearing::{setting_of, started};
use super::DropReason;
use super::batch::Batch;
use super::entry::Entry;
use super::judge::{Incoming, Judged};

/// The name under which is kept that an account's acceptance has its notice.
/// It is that of no message: no time is so late.
pub(super) const fn mark_of_response(judged: &Judged) -> MessageName {
    judged.conversation_name(judged.peer, Timestamp(u64::MAX))
}

impl Account {
    /// A peer's change of the timer is its own matter, and what an own device
    /// set stands in the contacts. It disappears as it says.
    pub(super) fn take_timer(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let setting = setting_of(incoming.content(), incoming.judged.peer == self.id());
        let entry = Entry::notice(MessageKind::ExpirationTimerUpdate, setting);
        self.enter(incoming, entry, batch).map(Some)
    }

    pub(super) fn take_extraction(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let setting = self.after_read(incoming);
        let entry = Entry::notice(MessageKind::DataExtraction, setting);
        self.enter(incoming, entry, batch).map(Some)
    }

    pub(super) fn take_response(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let response = incoming.content().message_request_response.as_ref();
        if !response.is_some_and(|response| response.is_approved) {
            return Err(DropReason::NotAccepted);
        }
        let entry = Entry::notice(MessageKind::MessageRequestResponse, None);
        // Who accepts what was not asked, or again, only lets this account
        // write.
        if !self.is_approved(&incoming.opened.sender) {
            self.note_writer(incoming, &entry, false, batch);
            return Err(DropReason::NotAsked);
        }
        let mark = mark_of_response(&incoming.judged);
        if batch.history.early(&mark).is_some() {
            self.note_writer(incoming, &entry, false, batch);
            return Err(DropReason::Duplicate);
        }
        let id = self.enter(incoming, entry, batch)?;
        batch.put_mark(mark);
        Ok(Some(id))
    }

    /// The timer of a notice that disappears after it was read, whatever the
    /// setting: its own, else that of the conversation.
    pub(super) fn after_read(&self, incoming: &Incoming) -> Option<(ExpiresFrom, u32)> {
        let own = setting_of(incoming.content(), false);
        let line = self.lines.get(&incoming.judged.conversation());
        let setting = own.or_else(|| started(line?.disappearing));
        setting.map(|(_, seconds)| (ExpiresFrom::Read, seconds))
    }

    /// Whether an account may write to this one.
    pub(super) fn is_approved(&self, id: &AccountId) -> bool {
        self.settings.contacts.contact(id).is_some_and(|contact| contact.approved)
    }
}
