//! Call signalling (01 section 3.13). Calls cannot be taken here, so each is
//! one that was missed; everything else of it is checked and let go.

use std::collections::VecDeque;

use ramson_codec::proto::{CallKind, CallMessage};
use ramson_crypto::blake2b;
use ramson_types::message::{Message, MessageKind, MessageName, MessageState};
use ramson_types::{AccountId, MessageId, Timestamp};

use super::super::Account;
use super::super::work::uncount_unread;
use super::DropReason;
use super::batch::Batch;
use super::entry::Entry;
use super::judge::{Incoming, Judged};
use super::questions::name_with_author;
use crate::store::{Early, MessageEdit};

/// The longest name of a call, in bytes; a UUID has 36.
pub(super) const MAX_UUID: usize = 64;

/// The most calls whose notices are remembered.
const MOST_CALLS: usize = 100;

/// The notices of the last calls since the start, by the own mark of each: an
/// own device that takes or declines a call does not say whose it is.
#[derive(Debug, Default)]
pub(in super::super) struct Calls(VecDeque<(MessageName, MessageName)>);

impl Calls {
    fn note(&mut self, mark: MessageName, notice: MessageName) {
        self.0.push_back((mark, notice));
        if self.0.len() > MOST_CALLS {
            self.0.pop_front();
        }
    }

    fn notice(&self, mark: &MessageName) -> Option<&MessageName> {
        self.0.iter().find(|(of, _)| of == mark).map(|(_, notice)| notice)
    }
}

/// The name under which is kept that a call has its notice. It is that of no
/// message: no time is so late.
fn mark(with: AccountId, call: &CallMessage) -> MessageName {
    let uuid = call.uuid.to_ascii_lowercase();
    let hash = blake2b::hash24(&[uuid.as_bytes()]);
    let hash = hash.first_chunk().map_or(0, |hash| u64::from_be_bytes(*hash));
    name_with_author(with, Timestamp(hash | 1 << 63))
}

impl Account {
    /// What is to be known of a call.
    pub(super) fn names_of_call(&self, judged: &Judged, call: &CallMessage) -> Vec<MessageName> {
        let own = mark(self.id(), call);
        let notice = self.calls.notice(&own).filter(|_| judged.from_self).cloned();
        let mut names = vec![mark(judged.peer, call), own];
        names.extend(notice);
        names
    }

    pub(super) fn take_call(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let Some(call) = &incoming.content().call_message else { return Err(DropReason::BadCall) };
        if call.uuid.is_empty() || call.uuid.len() > MAX_UUID {
            return Err(DropReason::BadCall);
        }
        if incoming.judged.from_self {
            return Ok(self.taken_elsewhere(call, batch));
        }
        if !self.is_approved(&incoming.opened.sender) {
            return Err(DropReason::NotApproved);
        }
        match call.kind {
            CallKind::PreOffer | CallKind::Offer => self.miss(incoming, call, batch),
            CallKind::IceCandidates if !is_complete(call) => Err(DropReason::BadCandidates),
            CallKind::IceCandidates
            | CallKind::Answer
            | CallKind::ProvisionalAnswer
            | CallKind::EndCall => Err(DropReason::NotHistory),
        }
    }

    /// Another device took or declined a call: it was not missed.
    fn taken_elsewhere(&mut self, call: &CallMessage, batch: &mut Batch) -> Option<MessageId> {
        let mark = mark(self.id(), call);
        if batch.history.early(&mark).is_none() {
            batch.put_news(mark.clone(), Early::default());
        }
        let name = self.calls.notice(&mark)?;
        let is_unread = |notice: &&Message| {
            notice.kind == MessageKind::Call && notice.state != MessageState::Read
        };
        let notice = batch.history.named(name).find(is_unread).cloned()?;
        let me = self.id();
        uncount_unread(self.lines.edit(&notice.conversation), &notice, me);
        batch.edit(notice.id, MessageEdit::State(MessageState::Read));
        Some(notice.id)
    }

    /// The first message of a call makes its notice.
    fn miss(
        &mut self,
        incoming: &Incoming,
        call: &CallMessage,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let (mark, own) = (mark(incoming.judged.peer, call), mark(self.id(), call));
        if batch.history.early(&own).is_some() {
            return Err(DropReason::TakenElsewhere);
        }
        if batch.history.early(&mark).is_some() {
            return Err(DropReason::Duplicate);
        }
        let entry = Entry::notice(MessageKind::Call, self.after_read(incoming));
        let id = self.enter(incoming, entry, batch)?;
        batch.put_news(mark, Early::default());
        self.calls.note(own, incoming.name());
        Ok(Some(id))
    }
}

/// Candidates stand in three arrays side by side.
fn is_complete(call: &CallMessage) -> bool {
    let candidates = call.sdps.len();
    call.sdp_m_line_indexes.len() == candidates && call.sdp_mids.len() == candidates
}
