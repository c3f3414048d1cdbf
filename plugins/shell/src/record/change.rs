//! What happens to an account beside messages that come in.

use std::fmt;

use ramson_system::{AccountEvent, EventKind, EventRef, MessageChange};
use ramson_types::AccountId;
use serde::Serialize;

use super::harmless;
use super::message::{ExpiryRecord, ReactionRecord};

/// One event.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChangeRecord {
    /// Its number in the home's one sequence.
    pub(crate) seq: u64,
    pub(crate) account: String,
    pub(crate) conversation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// What happened.
    pub(crate) what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reaction: Option<ReactionRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<ExpiryRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unread: Option<u64>,
}

impl ChangeRecord {
    pub(crate) fn new(
        seq: u64,
        account: &AccountId,
        what: &EventRef,
        event: Option<&AccountEvent>,
    ) -> Self {
        let mut record = Self {
            seq,
            account: account.to_string(),
            conversation: what.conversation.to_string(),
            message: what.message.map(|id| id.to_string()),
            what: kind_name(what.kind),
            reaction: None,
            expires: None,
            reason: None,
            name: None,
            unread: None,
        };
        match event {
            Some(
                AccountEvent::SendDelayed { reason, .. }
                | AccountEvent::MessageFailed { reason, .. },
            ) => record.reason = Some(reason.clone()),
            Some(AccountEvent::MessageChanged { change, .. }) => match change {
                MessageChange::Reaction(reaction) => {
                    record.what = if reaction.removed { "reaction-removed" } else { "reaction" };
                    record.reaction = Some(ReactionRecord::new(reaction));
                }
                MessageChange::ReadByPeer => record.what = "read-by-peer",
                MessageChange::Expiry(expiry) => {
                    record.what = "expiry";
                    record.expires = expiry.map(ExpiryRecord::new);
                }
                MessageChange::Deleted => record.what = "deleted",
                _ => {}
            },
            Some(AccountEvent::MessageRemoved { expired: true, .. }) => record.what = "expired",
            Some(AccountEvent::ConversationChanged(line)) => {
                record.name = line.shown_name().map(str::to_owned);
                record.unread = Some(line.unread);
            }
            Some(AccountEvent::ProfileChanged { name, .. }) => record.name = name.clone(),
            _ => {}
        }
        record
    }
}

/// A kind as it is printed, where nothing more is known.
fn kind_name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::MessageReceived => "received",
        EventKind::MessageQueued => "queued",
        EventKind::MessageStored => "stored",
        EventKind::SendDelayed => "delayed",
        EventKind::MessageFailed => "failed",
        EventKind::MessageChanged => "changed",
        EventKind::MessageRemoved => "removed",
        EventKind::ConversationChanged => "conversation",
        EventKind::ConversationRemoved => "conversation-removed",
        EventKind::ProfileChanged => "profile",
        _ => "other",
    }
}

impl fmt::Display for ChangeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.what, harmless(&self.conversation))?;
        if let Some(message) = &self.message {
            write!(f, "  {message}")?;
        }
        if let Some(reaction) = &self.reaction {
            write!(f, "  {} by {}", harmless(&reaction.emoji), reaction.author)?;
        }
        if let Some(name) = &self.name {
            write!(f, "  {}", harmless(name))?;
        }
        if let Some(unread) = self.unread {
            write!(f, "  {unread} unread")?;
        }
        match &self.reason {
            Some(reason) => write!(f, "  {}", harmless(reason)),
            None => Ok(()),
        }
    }
}
