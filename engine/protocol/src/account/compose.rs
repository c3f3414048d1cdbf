//! New messages of the own account.

use std::time::Duration;

use ramson_codec::proto::{Content, DataMessage, LokiProfile};
use ramson_codec::storage::MAX_DATA;
use ramson_types::ledger::LedgerStep;
use ramson_types::message::{Message, MessageKind, MessageState};
use ramson_types::{AccountId, ConversationId, Namespace, Timestamp};

use super::{Account, Decision};
use crate::event::AccountEvent;
use crate::store::{Change, Copy, OutboxEntry};

/// The longest text, in Unicode code points (01 section 3.2).
pub const MAX_TEXT: usize = 2_000;

/// The last sent time may be this far ahead: many messages in one moment.
const FAR_AHEAD: Duration = Duration::from_secs(60 * 60 * 2);

/// How long a swarm keeps a message without a timer.
const MESSAGE_TTL: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// A message with its sent time and Content, not sealed yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The message as the history will show it.
    pub message: Message,
    /// What to seal, and to whom.
    pub copies: Vec<DraftCopy>,
}

/// One copy of a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftCopy {
    /// Whose it is.
    pub copy: Copy,
    /// To whom it is sealed, and whose swarm stores it.
    pub to: AccountId,
    /// The Content to seal.
    pub content: Vec<u8>,
}

/// Why a message is refused before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// Nothing but white space.
    #[error("the message is empty; give some text")]
    Empty,
    /// Longer than [`MAX_TEXT`].
    #[error("the message has {length} characters; at most {MAX_TEXT} can be sent, so split it")]
    TooLong {
        /// Its length in code points.
        length: usize,
    },
    /// Not a `05` id.
    #[error("{to} is not an account; messages go to an Account ID that starts with 05")]
    NotAnAccount {
        /// The recipient.
        to: AccountId,
    },
    /// More bytes than a swarm stores.
    #[error("the message takes {bytes} bytes sealed; a swarm stores at most {MAX_DATA}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl Account {
    /// Composes a text message: fixes its sent time, its Content, and its
    /// copies (01 sections 2.8, 2.9 and 3.2).
    pub fn compose_text(
        &mut self,
        to: AccountId,
        text: &str,
        now: Timestamp,
    ) -> Result<Draft, ComposeError> {
        let length = text.chars().count();
        if text.trim().is_empty() {
            return Err(ComposeError::Empty);
        }
        if length > MAX_TEXT {
            return Err(ComposeError::TooLong { length });
        }
        if to.x25519().is_none() {
            return Err(ComposeError::NotAnAccount { to });
        }
        let sent = self.next_sent(now);
        let content = |sync_target: Option<String>, profile: Option<LokiProfile>| {
            let body = Some(text.to_owned());
            let data = DataMessage { body, sync_target, profile, ..DataMessage::default() };
            let sig_timestamp = Some(sent.millis());
            Content { data_message: Some(data), sig_timestamp, ..Content::default() }.encode()
        };
        let sync = content(Some(to.to_string()), None);
        let own = |copy, content| DraftCopy { copy, to: self.id(), content };
        let (content, copies) = if to == self.id() {
            // Note to self: the one copy is the message.
            (sync.clone(), vec![own(Copy::Recipient, sync)])
        } else {
            let profile = self
                .name
                .clone()
                .map(|name| LokiProfile { display_name: Some(name), ..LokiProfile::default() });
            let content = content(None, profile);
            let theirs = DraftCopy { copy: Copy::Recipient, to, content: content.clone() };
            (content, vec![theirs, own(Copy::Sync, sync)])
        };
        let message = Message {
            id: self.next_message_id(),
            conversation: ConversationId::Account(to),
            author: self.id(),
            sent,
            received: now,
            kind: MessageKind::Visible,
            state: MessageState::Queued,
            text: Some(text.to_owned()),
            content,
            hash: None,
        };
        Ok(Draft { message, copies })
    }

    /// Takes a draft and its sealed copies, in the same order, into history
    /// and outbox. Nothing is sent before [`Account::kept`] says that the
    /// decision is on disk.
    pub fn queue(
        &mut self,
        draft: Draft,
        sealed: Vec<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Decision, ComposeError> {
        if let Some(bytes) = sealed.iter().map(Vec::len).find(|size| *size > MAX_DATA) {
            return Err(ComposeError::TooLarge { bytes });
        }
        let Draft { message, copies } = draft;
        self.keep_back(message.id);
        let mut decision = Decision::default();
        for (copy, data) in copies.into_iter().zip(sealed) {
            let number = self.counters.next_outbox;
            self.counters.next_outbox = number.saturating_add(1);
            let bytes = data.len() as u64;
            let entry = OutboxEntry {
                number,
                message: message.id,
                copy: copy.copy,
                to: copy.to,
                namespace: Namespace::INBOX,
                timestamp: message.sent,
                ttl: MESSAGE_TTL,
                data,
                attempts: 0,
                next_attempt: now,
            };
            decision.changes.push(Change::PutOutbox(entry.clone()));
            let step = LedgerStep::Queued { to: copy.to, bytes };
            decision.ledger(now, Some(message.id), None, step);
            self.outbox.add(entry);
            // Who writes now is not to wait for an earlier failure's sake.
            self.outbox.wake(&copy.to, now);
            self.outbox.tell_who_waits(&copy.to, now, &mut decision);
        }
        decision.changes.push(Change::SetCounters(self.counters));
        decision.changes.push(Change::PutMessage(message.clone()));
        let line = self.note_in_conversation(&message, None).clone();
        decision.changes.push(Change::PutConversation(line));
        decision.events.push(AccountEvent::MessageQueued(message));
        Ok(decision)
    }

    /// A sent time that no other message of this account has: Android drops
    /// any message that shares its millisecond with another (01 section 2.8).
    fn next_sent(&mut self, now: Timestamp) -> Timestamp {
        let network_now = self.clock.at(now);
        let earliest = self.counters.last_sent.plus(Duration::from_millis(1));
        // A clock that was once far ahead must not date all later messages.
        let stuck = earliest.since(network_now) > FAR_AHEAD;
        let sent = if stuck { network_now } else { network_now.max(earliest) };
        self.counters.last_sent = sent;
        sent
    }
}
