//! Call signalling (01 section 3.13). Calls cannot be taken here, so each is
//! one that was missed; everything else of it is checked and let go.

use ramson_codec::proto::{CallKind, CallMessage};
use ramson_types::message::{MessageKind, MessageName};
use ramson_types::{MessageId, Timestamp};

use super::super::Account;
use super::DropReason;
use super::batch::Batch;
use super::entry::Entry;
use super::judge::{Incoming, Judged};
use crate::store::Early;

/// The longest name of a call, in bytes; a UUID has 36.
pub(super) const MAX_UUID: usize = 64;

/// The name under which is kept that a call has its notice. It is that of no
/// message: no time is so late.
pub(super) fn mark(judged: &Judged, call: &CallMessage) -> MessageName {
    const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0100_0000_01b3;
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
    let hash = call.uuid.bytes().map(|byte| byte.to_ascii_lowercase()).fold(FNV_START, hash);
    judged.conversation_name(judged.peer, Timestamp(hash | 1 << 63))
}

impl Account {
    pub(super) fn take_call(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let Some(call) = &incoming.content().call_message else { return Err(DropReason::BadCall) };
        if call.uuid.is_empty() || call.uuid.len() > MAX_UUID {
            return Err(DropReason::BadCall);
        }
        // Another device took or declined it; nothing rings here.
        if incoming.judged.from_self {
            return Ok(None);
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

    /// The first message of a call makes its notice.
    fn miss(
        &mut self,
        incoming: &Incoming,
        call: &CallMessage,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let mark = mark(&incoming.judged, call);
        if batch.history.early(&mark).is_some() {
            return Err(DropReason::Duplicate);
        }
        let entry = Entry::notice(MessageKind::Call, self.after_read(incoming));
        let id = self.enter(incoming, entry, batch)?;
        batch.put_news(mark, Early::default());
        Ok(Some(id))
    }
}

/// Candidates stand in three arrays side by side.
fn is_complete(call: &CallMessage) -> bool {
    let candidates = call.sdps.len();
    call.sdp_m_line_indexes.len() == candidates && call.sdp_mids.len() == candidates
}
