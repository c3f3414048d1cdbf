//! Read receipts and typing (01 section 3.8).

use std::time::Duration;

use ramson_codec::proto::{ReceiptKind, ReceiptMessage, TypingAction};
use ramson_types::message::{MessageKind, MessageState};
use ramson_types::{MessageId, Timestamp};

use super::super::Account;
use super::super::settings::{READ_RECEIPTS, TYPING};
use super::DropReason;
use super::batch::Batch;
use super::judge::Incoming;
use crate::event::{AccountSignal, MessageChange};
use crate::store::MessageEdit;

/// The most messages that one receipt is taken for.
const MAX_READ: usize = 1_000;

/// The most of them that are kept for messages that are not there.
const MAX_EARLY: usize = 100;

/// Typing is over that long after it began.
const TYPING_LIFE: Duration = Duration::from_secs(20);

/// The sent times that a receipt is about.
pub(super) fn read_times(receipt: &ReceiptMessage) -> impl Iterator<Item = Timestamp> {
    receipt.timestamp.iter().take(MAX_READ).copied().map(Timestamp)
}

impl Account {
    pub(super) fn take_receipt(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        if !self.is_on(READ_RECEIPTS) {
            return Err(DropReason::SwitchedOff);
        }
        let receipt = incoming.content().receipt_message.as_ref();
        let Some(receipt) = receipt.filter(|receipt| receipt.kind == ReceiptKind::Read) else {
            return Err(DropReason::UnknownReceipt);
        };
        if !batch.heeded.contains(&incoming.opened.sender) {
            return Err(DropReason::NotApproved);
        }
        let (me, mut kept) = (self.id(), 0_usize);
        for sent in read_times(receipt) {
            let name = incoming.judged.conversation_name(me, sent);
            if !batch.history.is_known(&name) {
                continue;
            }
            let visible = batch.history.named(&name).find(|read| read.kind == MessageKind::Visible);
            match visible.cloned() {
                Some(read) if read.deleted || read.state == MessageState::Read => {}
                Some(read) => {
                    batch.edit(read.id, MessageEdit::State(MessageState::Read));
                    batch.tell(&read, MessageChange::ReadByPeer);
                }
                None if kept >= MAX_EARLY => {}
                None => {
                    let mut early = batch.early(&name);
                    if !early.deleted && !early.read && batch.may_still_come(sent) {
                        early.read = true;
                        kept = kept.saturating_add(1);
                        batch.put_news(name, early);
                    }
                }
            }
        }
        Ok(None)
    }

    pub(super) fn take_typing(
        &self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let Some(typing) = &incoming.content().typing_message else {
            return Err(DropReason::WrongTime);
        };
        let sent = incoming.opened.sent;
        if Timestamp(typing.timestamp) != sent {
            return Err(DropReason::WrongTime);
        }
        if !self.is_on(TYPING) {
            return Err(DropReason::SwitchedOff);
        }
        if !self.is_approved(&incoming.opened.sender) {
            return Err(DropReason::NotApproved);
        }
        if batch.network_now.since(sent) > TYPING_LIFE {
            return Err(DropReason::Late);
        }
        let conversation = incoming.judged.conversation();
        let typing = typing.action == TypingAction::Started;
        batch.decision.signals.push(AccountSignal::Typing { conversation, typing });
        Ok(None)
    }

    fn is_on(&self, setting: &str) -> bool {
        self.settings.local.setting(setting).unwrap_or(false)
    }
}
