//! What was read, here or on another device: what is unread is counted again,
//! timers start, and the peer is told.

use std::collections::BTreeMap;

use ramson_codec::proto::{Content, ReceiptKind, ReceiptMessage};
use ramson_types::conversation::Conversation;
use ramson_types::message::{ExpiresFrom, Expiry, Message, MessageKind};
use ramson_types::{AccountId, ConversationId, Timestamp};

use super::super::compose::{FAR_AHEAD, MESSAGE_TTL};
use super::super::disappearing::length;
use super::super::settings::READ_RECEIPTS;
use super::super::{Account, Decision, History, Outgoing, Plan, Question};
use super::uncount_unread;
use crate::config::convo_volatile::Convo;
use crate::event::{AccountEvent, MessageChange};
use crate::store::{Change, Copy, Errand, ErrandCopy, MessageEdit};

/// What of a conversation was not carried out as read. It reaches farther than
/// the line is read, to see whether something stands behind that.
pub(in super::super) fn unhandled(line: &Conversation) -> Question {
    let (after, up_to) = (line.read_handled, Timestamp(u64::MAX));
    Question::Between { conversation: line.id.clone(), after, up_to }
}

impl Account {
    /// Notes in line and configs that a conversation was read on this device:
    /// what follows is due as [`Work::Read`]. Its line must be there.
    ///
    /// [`Work::Read`]: super::Work::Read
    pub(in super::super) fn read_here(
        &mut self,
        id: &ConversationId,
        up_to: Timestamp,
        now: Timestamp,
    ) {
        let Some(before) = self.lines.get(id).map(|line| line.last_read) else { return };
        if up_to > before {
            self.lines.edit(id).last_read = up_to;
            self.pending.read_here(id, before, up_to);
        }
        let in_config = |time: Timestamp| i64::try_from(time.millis()).unwrap_or(i64::MAX);
        let farthest = in_config(self.farthest(now));
        self.set_read_state(id, now, |last_read, _| {
            // What is too far ahead no device takes for true.
            let before = Some(*last_read).filter(|before| *before <= farthest).unwrap_or_default();
            *last_read = before.max(in_config(up_to));
        });
    }

    /// Changes last read time and unread mark of a conversation in the configs.
    pub(in super::super) fn set_read_state(
        &mut self,
        id: &ConversationId,
        now: Timestamp,
        change: impl FnOnce(&mut i64, &mut bool),
    ) {
        let convo = match id {
            ConversationId::Account(id) => Convo::Account(*id),
            ConversationId::Group(id) => Convo::Group(*id),
            ConversationId::Blinded(id) => Convo::Blinded(*id),
            _ => return,
        };
        let network_now = self.clock.at(now);
        let volatile = &mut self.settings.volatile;
        // The only errors are about rooms of communities.
        let Ok(before) = volatile.read_state(&convo) else { return };
        let before = before.unwrap_or_default();
        let mut state = before.clone();
        change(&mut state.last_read, &mut state.unread);
        if state != before {
            let _ = volatile.set_read_state(&convo, &state, network_now);
        }
    }

    pub(super) fn read_question(&self, id: &ConversationId) -> Option<Question> {
        self.lines.get(id).map(unhandled)
    }

    /// Up to when messages may be dated and count as what they say; what is
    /// dated farther ahead was by a wrong clock, or to mislead.
    pub(in super::super) fn farthest(&self, now: Timestamp) -> Timestamp {
        self.clock.at(now).plus(FAR_AHEAD)
    }

    /// Carries out a page of what was read. Without one nothing is done: it
    /// stays due.
    pub(in super::super) fn carry_out_read(
        &mut self,
        question: &Question,
        history: &History,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let Question::Between { conversation: id, .. } = question else { return };
        let Some(target) = self.lines.get(id).map(|line| line.last_read) else { return };
        let Some((messages, more)) = history.page(question) else { return };
        let all_read = !more && messages.iter().all(|message| message.sent <= target);
        let (mut page, mut handled) = (messages.as_slice(), target);
        if let Some(last) = page.last().filter(|last| more && last.sent <= target) {
            // Others of its millisecond may stand on the next page.
            let before = page.iter().take_while(|message| message.sent < last.sent).count();
            let whole = if before == 0 { page.len() } else { before };
            page = page.get(..whole).unwrap_or_default();
            handled = page.last().map_or(target, |last| last.sent);
        }
        let me = self.id();
        let read: Vec<&Message> =
            page.iter().copied().filter(|message| message.sent <= target).collect();
        let line = self.lines.edit(id);
        read.iter().for_each(|message| uncount_unread(line, message, me));
        line.read_handled = line.read_handled.max(handled);
        let nothing_after = handled >= target && all_read;
        if nothing_after {
            (line.unread, line.mentions) = (0, 0);
        }
        self.start_timers(id, &read, now, &mut plan.decision);
        self.tell_read(id, &read, now, plan);
        if handled >= target {
            self.pending.handled(id, nothing_after);
        }
    }

    pub(super) fn read_on(
        &mut self,
        id: &ConversationId,
        history: &History,
        now: Timestamp,
    ) -> Plan {
        let mut plan = Plan::default();
        if let Some(question) = self.read_question(id) {
            self.carry_out_read(&question, history, now, &mut plan);
        }
        plan
    }

    /// Starts the timers of messages that disappear after reading. The own
    /// swarm is told to let go of their copies at the same time; where another
    /// device read them, it is asked what that one told it, and the shorter
    /// time holds. Where nobody knows which device read them, both.
    fn start_timers(
        &mut self,
        id: &ConversationId,
        read: &[&Message],
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let network_now = self.clock.at(now);
        let mut shorten: BTreeMap<u32, Vec<ErrandCopy>> = BTreeMap::new();
        let mut ask = Vec::new();
        for message in read {
            let Some(Expiry { from: ExpiresFrom::Read, seconds, ends: None }) = message.expiry
            else {
                continue;
            };
            let ends = network_now.plus(length(seconds));
            let expiry = Some(Expiry { from: ExpiresFrom::Read, seconds, ends: Some(ends) });
            let edit = MessageEdit::Expiry(expiry);
            decision.changes.push(Change::EditMessage { id: message.id, edit });
            let change = MessageChange::Expiry(expiry);
            let conversation = id.clone();
            decision.events.push(AccountEvent::MessageChanged {
                id: message.id,
                conversation,
                change,
            });
            self.expiring.set(message.id, Some(ends));
            // A swarm that let go of its copy by itself knows nothing to ask.
            let lapses = message.sent.plus(MESSAGE_TTL);
            let Some(hash) = message.own_hash.filter(|_| lapses > network_now) else { continue };
            self.expiring.set_lapse(message.id, lapses);
            let copy = ErrandCopy { hash, message: message.id, conversation: id.clone(), seconds };
            let here = self.pending.was_read_here(id, message.sent);
            if !here {
                ask.push(copy.clone());
            }
            if here || self.pending.is_unsure(id) {
                shorten.entry(seconds).or_default().push(copy);
            }
        }
        if !ask.is_empty() {
            self.add_errand(Errand::AskExpiries(ask), decision);
        }
        for (seconds, copies) in shorten {
            let expiry = network_now.plus(length(seconds));
            self.add_errand(Errand::Shorten { copies, expiry }, decision);
        }
    }

    /// Tells the peer which of its messages were read on this device: what was
    /// read elsewhere was told from there (01 section 3.8).
    fn tell_read(
        &mut self,
        id: &ConversationId,
        read: &[&Message],
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let Some(peer) = self.hears_receipts(id) else { return };
        let told = |message: &&&Message| {
            message.author == peer
                && message.kind == MessageKind::Visible
                && !message.deleted
                && self.pending.was_read_here(id, message.sent)
        };
        let timestamp: Vec<u64> =
            read.iter().filter(told).map(|message| message.sent.millis()).collect();
        if timestamp.is_empty() {
            return;
        }
        let sent = self.next_sent(now);
        let content = Content {
            receipt_message: Some(ReceiptMessage { kind: ReceiptKind::Read, timestamp }),
            sig_timestamp: Some(sent.millis()),
            ..Content::default()
        };
        plan.outgoing.push(Outgoing {
            message: self.next_message_id(),
            copy: Copy::Recipient,
            to: peer,
            content: content.encode(),
            sent,
            ttl: MESSAGE_TTL,
            quiet: true,
            outside_history: true,
            fleeting: false,
        });
    }

    /// Who is told what was read of a conversation, if somebody is.
    fn hears_receipts(&self, id: &ConversationId) -> Option<AccountId> {
        let ConversationId::Account(peer) = id else { return None };
        if *peer == self.id() || self.settings.local.setting(READ_RECEIPTS) != Some(true) {
            return None;
        }
        let contact = self.settings.contacts.contact(peer)?;
        (contact.approved && !contact.blocked).then_some(*peer)
    }
}
