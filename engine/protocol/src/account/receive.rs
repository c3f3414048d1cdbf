//! What a received message means (01 sections 2.7 to 2.9, 3 and 8).

use std::time::Duration;

use ramson_codec::proto::{Content, ContentKind, DataMessage};
use ramson_types::ledger::{Hops, LedgerStep};
use ramson_types::message::{Message, MessageKind, MessageState};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp,
};

use super::{Account, Decision};
use crate::event::AccountEvent;
use crate::inbox::{OpenError, Opened};
use crate::store::{Change, Cursor, MessageKey};

/// The longest text that is kept, in code points; longer ones are cut.
const MAX_RECEIVED_TEXT: usize = 10_000;

/// The longest name of a peer that is kept, in bytes (01 section 1.4).
const MAX_NAME: usize = 100;

/// A message with more attachments is dropped whole.
const MAX_ATTACHMENTS: usize = 32;

/// Tombstones outlive the message by this: storage servers forget an expired
/// `last_hash` and then replay everything they have.
const TOMBSTONE_LIFE: Duration = Duration::from_secs(45 * 24 * 60 * 60);

/// One stored copy as it came from a swarm member.
#[derive(Debug, PartialEq)]
pub struct Arrival {
    /// Its hash.
    pub hash: MessageHash,
    /// When the swarm lets go of it.
    pub expires: Timestamp,
    /// What was in it.
    pub body: ArrivalBody,
}

/// What was in a stored copy.
#[derive(Debug, PartialEq)]
pub enum ArrivalBody {
    /// It was seen before, and not opened again.
    Seen,
    /// Its hash is not that of its bytes in this account: the node changed
    /// one of them, so the copy that other members have is still to come.
    WrongHash,
    /// It was opened, or does not open.
    Opened(Box<Result<Opened, OpenError>>),
}

/// Why a message was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DropReason {
    /// The node returned bytes that do not belong to the hash.
    #[error("its bytes are not those of its hash; the node that returned it changed them")]
    WrongHash,
    /// It does not open.
    #[error("{0}")]
    NotOpened(#[from] OpenError),
    /// Another copy is in the history.
    #[error("it is in the history already")]
    Duplicate,
    /// A kind that the own account's devices do not send each other.
    #[error("it claims to be from this account, but this kind never is")]
    NotFromSelf,
    /// `syncTarget` in a message from somebody else.
    #[error("its author may not choose its conversation")]
    ForeignSyncTarget,
    /// `syncTarget` that is no account.
    #[error("its conversation is not an account")]
    BadSyncTarget,
    /// Flags that no known client sends.
    #[error("its flags are unknown")]
    UnknownFlags,
    /// More than 32 attachments.
    #[error("it has more than {MAX_ATTACHMENTS} attachments")]
    TooManyAttachments,
    /// No text, attachment, preview or invitation.
    #[error("it is empty")]
    Empty,
    /// A kind that leaves no trace in the history, such as typing.
    #[error("its kind is not part of the history")]
    NotHistory,
    /// No kind that this version knows.
    #[error("its kind is unknown; it is from a newer client")]
    UnknownKind,
}

impl Account {
    /// Which message of the history an opened message would be, if it is one
    /// at all: the caller asks the store which of these are there already.
    pub fn message_key(&self, opened: &Opened) -> Option<MessageKey> {
        let Judged { conversation, kind, .. } = self.judge(opened).ok()?;
        Some(MessageKey { conversation, author: opened.sender, sent: opened.sent, kind })
    }

    /// Takes in what one swarm member returned, in its order. `in_history`
    /// tells which keys of [`Account::message_key`] the store has already.
    /// The cursor moves past everything, kept or not, in the same decision.
    pub fn receive(
        &mut self,
        node: Ed25519PublicKey,
        path: &Hops,
        namespace: Namespace,
        arrivals: Vec<Arrival>,
        in_history: impl Fn(&MessageKey) -> bool,
        now: Timestamp,
    ) -> Decision {
        let mut decision = Decision::default();
        let mut taken = std::collections::BTreeSet::new();
        let mut changed = Vec::new();
        let last = arrivals.last().map(|last| (last.hash, last.expires));
        let known = arrivals.iter().filter(|arrival| arrival.body == ArrivalBody::Seen).count();
        let cursor_before = self.cursors.get(&(node, namespace)).map(|cursor| cursor.hash);
        let hashes: Vec<MessageHash> = arrivals.iter().map(|arrival| arrival.hash).collect();
        for Arrival { hash, expires, body } in &arrivals {
            let new = matches!(body, ArrivalBody::Opened(_));
            if *body != ArrivalBody::WrongHash {
                self.watch.given(node, (namespace, *hash), *expires, new);
            }
        }
        // Nothing that stands before a cursor comes again, unless the node
        // does not know the cursor any more.
        let replays = self.watch.replays(node, &hashes, cursor_before);
        for Arrival { hash, expires, body } in arrivals {
            let opened = match body {
                ArrivalBody::Seen => continue,
                ArrivalBody::WrongHash => {
                    changed.push(hash);
                    continue;
                }
                ArrivalBody::Opened(opened) => *opened,
            };
            let until = expires.max(now).plus(TOMBSTONE_LIFE);
            decision.changes.push(Change::MarkSeen { namespace, hash, until });
            let judged = opened.map_err(DropReason::NotOpened).and_then(|opened| {
                let judged = self.judge(&opened)?;
                let key = MessageKey {
                    conversation: judged.conversation.clone(),
                    author: opened.sender,
                    sent: opened.sent,
                    kind: judged.kind,
                };
                if in_history(&key) || !taken.insert(key) {
                    return Err(DropReason::Duplicate);
                }
                Ok((opened, judged))
            });
            match judged {
                Ok((opened, judged)) => {
                    let id = self.keep(opened, judged, hash, now, &mut decision);
                    let path = path.clone();
                    let step = LedgerStep::Received { node, path, namespace };
                    decision.ledger(now, Some(id), Some(hash), step);
                }
                Err(reason) => {
                    let (reason, remembered_until) = (reason.to_string(), Some(until));
                    let step = LedgerStep::Dropped { node, reason, remembered_until };
                    decision.ledger(now, None, Some(hash), step);
                }
            }
        }
        // One line, however many: a node may do it on purpose.
        if let Some(first) = changed.first() {
            let reason = format!("{} ({} copies)", DropReason::WrongHash, changed.len());
            let step = LedgerStep::Dropped { node, reason, remembered_until: None };
            decision.ledger(now, None, Some(*first), step);
        }
        if replays {
            let messages = u32::try_from(known).unwrap_or(u32::MAX);
            let step = LedgerStep::Replayed { node, namespace, messages };
            decision.ledger(now, None, None, step);
        }
        if let Some((hash, expires)) = last {
            let cursor = Cursor { hash, expires };
            if self.cursors.insert((node, namespace), cursor) != Some(cursor) {
                decision.changes.push(Change::MoveCursor { node, namespace, cursor: Some(cursor) });
                let step = LedgerStep::CursorMoved { node, namespace };
                decision.ledger(now, None, Some(hash), step);
            }
        }
        if decision.events.is_empty() {
            return decision;
        }
        // A conversation's line as it is after all of them, once.
        let touched: std::collections::BTreeSet<ConversationId> =
            decision.events.iter().filter_map(conversation_of).collect();
        let lines = touched.iter().filter_map(|id| self.conversations.get(id)).cloned();
        decision.changes.extend(lines.map(Change::PutConversation));
        decision.changes.push(Change::SetCounters(self.counters));
        decision
    }

    fn keep(
        &mut self,
        opened: Opened,
        judged: Judged,
        hash: MessageHash,
        now: Timestamp,
        decision: &mut Decision,
    ) -> MessageId {
        let Judged { conversation, kind, from_self, text } = judged;
        let peer_name = (!from_self).then(|| display_name(&opened.content)).flatten();
        let message = Message {
            id: self.next_message_id(),
            conversation,
            author: opened.sender,
            sent: opened.sent,
            received: now,
            kind,
            // An own message comes from another device, which has sent it.
            state: if from_self { MessageState::Stored } else { MessageState::Received },
            text,
            content: opened.content_bytes,
            hash: Some(hash),
        };
        let id = message.id;
        decision.changes.push(Change::PutMessage(message.clone()));
        self.note_in_conversation(&message, peer_name);
        decision.events.push(AccountEvent::MessageReceived(message));
        id
    }

    fn judge(&self, opened: &Opened) -> Result<Judged, DropReason> {
        let me = self.id();
        let from_self = opened.sender == me;
        let data = opened.content.data_message.as_ref();
        let kind = history_kind(&opened.content)?;
        if let Some(data) = data {
            check_data_message(data, kind)?;
        }
        let own_kind = matches!(
            kind,
            MessageKind::Visible
                | MessageKind::Reaction
                | MessageKind::ExpirationTimerUpdate
                | MessageKind::GroupUpdate
                | MessageKind::Unsend
                | MessageKind::Call
        );
        if from_self && !own_kind {
            return Err(DropReason::NotFromSelf);
        }
        let sync_target = data.and_then(|data| data.sync_target.as_deref());
        let conversation = match (from_self, sync_target) {
            (true, None) => me,
            (true, Some(target)) => {
                AccountId::parse_account(target).map_err(|_| DropReason::BadSyncTarget)?
            }
            (false, None) => opened.sender,
            (false, Some(_)) => return Err(DropReason::ForeignSyncTarget),
        };
        let text = data.and_then(|data| data.body.as_deref()).map(cut);
        Ok(Judged { conversation: ConversationId::Account(conversation), kind, from_self, text })
    }
}

fn conversation_of(event: &AccountEvent) -> Option<ConversationId> {
    match event {
        AccountEvent::MessageReceived(message) => Some(message.conversation.clone()),
        _ => None,
    }
}

struct Judged {
    conversation: ConversationId,
    kind: MessageKind,
    from_self: bool,
    text: Option<String>,
}

fn history_kind(content: &Content) -> Result<MessageKind, DropReason> {
    match content.kind() {
        ContentKind::Visible => Ok(MessageKind::Visible),
        ContentKind::Reaction => Ok(MessageKind::Reaction),
        ContentKind::ExpirationTimerUpdate => Ok(MessageKind::ExpirationTimerUpdate),
        ContentKind::GroupUpdate => Ok(MessageKind::GroupUpdate),
        ContentKind::DataExtraction => Ok(MessageKind::DataExtraction),
        ContentKind::Unsend => Ok(MessageKind::Unsend),
        ContentKind::Call => Ok(MessageKind::Call),
        ContentKind::MessageRequestResponse => Ok(MessageKind::MessageRequestResponse),
        ContentKind::Receipt
        | ContentKind::Typing
        | ContentKind::SharedConfig
        | ContentKind::ProfileOnly => Err(DropReason::NotHistory),
        _ => Err(DropReason::UnknownKind),
    }
}

fn check_data_message(data: &DataMessage, kind: MessageKind) -> Result<(), DropReason> {
    if !matches!(data.flags, None | Some(0 | 2)) {
        return Err(DropReason::UnknownFlags);
    }
    if data.attachments.len() > MAX_ATTACHMENTS {
        return Err(DropReason::TooManyAttachments);
    }
    let blank = data.body.as_deref().is_none_or(|body| body.trim().is_empty())
        && data.attachments.is_empty()
        && data.quote.is_none()
        && data.preview.is_empty()
        && data.open_group_invitation.is_none();
    if kind == MessageKind::Visible && blank {
        return Err(DropReason::Empty);
    }
    Ok(())
}

fn display_name(content: &Content) -> Option<String> {
    let name = content.data_message.as_ref()?.profile.as_ref()?.display_name.as_deref()?.trim();
    let mut end = name.len().min(MAX_NAME);
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    name.get(..end).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_RECEIVED_TEXT).collect()
}
