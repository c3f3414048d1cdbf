//! A message, as it comes or as the history has it.

use std::fmt;

use ramson_system::details::{Attachment, Details};
use ramson_types::conversation::Disappearing;
use ramson_types::message::{ExpiresFrom, Expiry, Message, MessageKind, MessageState, Reaction};
use ramson_types::{AccountId, Timestamp};
use serde::Serialize;

use super::conversation::TimerRecord;
use super::harmless;
use crate::time::{readable, short};

/// A message.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MessageRecord {
    /// Its number among the home's events, when it just came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    pub(crate) account: String,
    pub(crate) conversation: String,
    pub(crate) author: String,
    /// Whether the account wrote it itself, here or on another device.
    pub(crate) own: bool,
    pub(crate) message: String,
    pub(crate) hash: Option<String>,
    pub(crate) timestamp: u64,
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) deleted: bool,
    /// Whether it mentions the account.
    pub(crate) mentioned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quote: Option<QuoteRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reactions: Vec<ReactionRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<ExpiryRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<AttachmentRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<LinkRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invitation: Option<LinkRecord>,
    /// Of an expiration timer update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timer: Option<TimerRecord>,
}

/// The message that is answered.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct QuoteRecord {
    pub(crate) author: String,
    pub(crate) timestamp: u64,
}

/// An emoji on a message.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReactionRecord {
    pub(crate) author: String,
    pub(crate) emoji: String,
}

/// When a message disappears.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ExpiryRecord {
    /// `sent` or `read`.
    pub(crate) after: &'static str,
    pub(crate) seconds: u32,
    /// `None` while its time does not count yet.
    pub(crate) at: Option<u64>,
}

/// What is known of an attachment.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AttachmentRecord {
    pub(crate) name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) size: u32,
    pub(crate) voice: bool,
}

/// A link's page, or a community's room.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LinkRecord {
    pub(crate) url: String,
    pub(crate) title: String,
}

impl MessageRecord {
    pub(crate) fn new(seq: Option<u64>, account: &AccountId, message: &Message) -> Self {
        let details = Details::of(message);
        let timer = details.timer.map(TimerRecord::new);
        Self {
            seq,
            account: account.to_string(),
            conversation: message.conversation.to_string(),
            author: message.author.to_string(),
            own: message.author == *account,
            message: message.id.to_string(),
            hash: message.hash.or(message.own_hash).map(|hash| hash.to_string()),
            timestamp: message.sent.millis(),
            kind: kind_name(message.kind),
            state: state_name(&message.state),
            reason: match &message.state {
                MessageState::Failed { reason } => Some(reason.clone()),
                _ => None,
            },
            text: message.text.clone(),
            deleted: message.deleted,
            mentioned: message.mentions_me,
            quote: details.quote.map(|(author, sent)| QuoteRecord {
                author: author.to_string(),
                timestamp: sent.millis(),
            }),
            reactions: message
                .reactions
                .iter()
                .filter(|reaction| !reaction.removed)
                .map(ReactionRecord::new)
                .collect(),
            expires: message.expiry.map(ExpiryRecord::new),
            attachments: details.attachments.into_iter().map(AttachmentRecord::new).collect(),
            link: details
                .preview
                .map(|preview| LinkRecord { url: preview.url, title: preview.title }),
            invitation: details
                .invitation
                .map(|invitation| LinkRecord { url: invitation.url, title: invitation.name }),
            timer,
        }
    }
}

impl ReactionRecord {
    pub(crate) fn new(reaction: &Reaction) -> Self {
        Self { author: reaction.author.to_string(), emoji: reaction.emoji.clone() }
    }
}

impl ExpiryRecord {
    pub(crate) fn new(expiry: Expiry) -> Self {
        let after = match expiry.from {
            ExpiresFrom::Sent => "sent",
            ExpiresFrom::Read => "read",
        };
        Self { after, seconds: expiry.seconds, at: expiry.ends.map(Timestamp::millis) }
    }
}

impl AttachmentRecord {
    fn new(attachment: Attachment) -> Self {
        let Attachment { name, content_type, size, voice, .. } = attachment;
        Self { name, content_type, size, voice }
    }
}

fn kind_name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Visible => "visible",
        MessageKind::ExpirationTimerUpdate => "expiration-timer-update",
        MessageKind::DataExtraction => "data-extraction",
        MessageKind::MessageRequestResponse => "message-request-response",
        MessageKind::Call => "call",
        MessageKind::GroupUpdate => "group-update",
        _ => "other",
    }
}

fn state_name(state: &MessageState) -> &'static str {
    match state {
        MessageState::Queued => "queued",
        MessageState::Sending => "sending",
        MessageState::Stored => "stored",
        MessageState::Failed { .. } => "failed",
        MessageState::Received => "received",
        MessageState::Read => "read",
        _ => "other",
    }
}

impl fmt::Display for MessageRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = readable(Timestamp(self.timestamp));
        write!(f, "{when}  {}  {}", self.message, self.author)?;
        if self.own {
            write!(f, " (you, {}, to {})", self.state, harmless(&self.conversation))?;
        }
        f.write_str(": ")?;
        match (&self.text, self.deleted) {
            (_, true) => f.write_str("(deleted)")?,
            (Some(text), _) => f.write_str(&harmless(text))?,
            (None, _) => self.notice(f)?,
        }
        let set_in = "\n    ";
        if let Some(quote) = &self.quote {
            let when = readable(Timestamp(quote.timestamp));
            write!(f, "{set_in}in answer to {} of {when}", quote.author)?;
        }
        for attachment in &self.attachments {
            let name = attachment.name.as_deref().unwrap_or("without a name");
            write!(f, "{set_in}attachment {}, {} bytes", harmless(name), attachment.size)?;
        }
        for link in self.link.iter().chain(&self.invitation) {
            write!(f, "{set_in}{} ({})", harmless(&link.title), harmless(&link.url))?;
        }
        for reaction in &self.reactions {
            write!(f, "{set_in}{} by {}", harmless(&reaction.emoji), reaction.author)?;
        }
        if let Some(expires) = &self.expires {
            match expires.at {
                Some(at) => write!(f, "{set_in}disappears {}", readable(Timestamp(at)))?,
                None => {
                    let time = short(expires.seconds.into());
                    write!(f, "{set_in}disappears {time} after it is read")?;
                }
            }
        }
        match &self.reason {
            Some(reason) => write!(f, "{set_in}failed: {}", harmless(reason)),
            None => Ok(()),
        }
    }
}

impl MessageRecord {
    /// What stands for a text where there is none.
    fn notice(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.timer, self.kind) {
            (Some(timer), _) => write!(f, "({timer})"),
            (None, "visible") => f.write_str("(no text)"),
            (None, "call") => f.write_str("(missed call)"),
            (None, "message-request-response") => f.write_str("(accepted your message request)"),
            (None, "data-extraction") => f.write_str("(saved media)"),
            (None, kind) => write!(f, "({kind})"),
        }
    }
}

/// For the text of a timer.
impl fmt::Display for TimerRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.after, self.seconds) {
            (Some(after), seconds) => {
                let time = short(seconds.into());
                write!(f, "messages disappear {time} after they are {after}")
            }
            (None, _) => f.write_str("messages do not disappear"),
        }
    }
}

impl TimerRecord {
    pub(crate) fn new(setting: Disappearing) -> Self {
        match setting {
            Disappearing::Off => Self { after: None, seconds: 0 },
            Disappearing::AfterSend(seconds) => Self { after: Some("sent"), seconds },
            Disappearing::AfterRead(seconds) => Self { after: Some("read"), seconds },
        }
    }
}
