//! A conversation's line, and an account's profile.

use std::fmt;

use ramson_system::Profile;
use ramson_types::conversation::{Conversation, Notify};
use ramson_types::{AccountId, Timestamp};
use serde::Serialize;

use super::harmless;
use crate::time::readable;

/// A conversation as a list shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ConversationRecord {
    pub(crate) account: String,
    pub(crate) conversation: String,
    /// The nickname, else the name that the peer gave itself.
    pub(crate) name: Option<String>,
    pub(crate) profile_name: Option<String>,
    pub(crate) nickname: Option<String>,
    /// Sent time of the newest message; 0 if there was none.
    pub(crate) timestamp: u64,
    pub(crate) unread: u64,
    pub(crate) mentions: u64,
    pub(crate) marked_unread: bool,
    pub(crate) last_read: u64,
    pub(crate) approved: bool,
    pub(crate) approved_me: bool,
    pub(crate) blocked: bool,
    /// A stranger wrote, and waits for an answer.
    pub(crate) request: bool,
    pub(crate) priority: i64,
    pub(crate) pinned: bool,
    pub(crate) hidden: bool,
    pub(crate) muted_until: u64,
    pub(crate) notify: &'static str,
    pub(crate) disappearing: TimerRecord,
    pub(crate) draft: Option<String>,
}

/// When messages disappear.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TimerRecord {
    /// `sent` or `read`; `None` for never.
    pub(crate) after: Option<&'static str>,
    pub(crate) seconds: u32,
}

impl ConversationRecord {
    pub(crate) fn new(account: &AccountId, line: &Conversation) -> Self {
        Self {
            account: account.to_string(),
            conversation: line.id.to_string(),
            name: line.shown_name().map(str::to_owned),
            profile_name: line.name.clone(),
            nickname: line.nickname.clone(),
            timestamp: line.latest.millis(),
            unread: line.unread,
            mentions: line.mentions,
            marked_unread: line.marked_unread,
            last_read: line.last_read.millis(),
            approved: line.approved,
            approved_me: line.approved_me,
            blocked: line.blocked,
            request: line.is_request(),
            priority: line.priority,
            pinned: line.is_pinned(),
            hidden: line.is_hidden(),
            muted_until: line.muted_until.millis(),
            notify: match line.notify {
                Notify::Default => "default",
                Notify::All => "all",
                Notify::Mentions => "mentions",
                Notify::Off => "off",
            },
            disappearing: TimerRecord::new(line.disappearing),
            draft: line.draft.clone(),
        }
    }
}

impl fmt::Display for ConversationRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = match self.timestamp {
            // As long as a time is.
            0 => " ".repeat(20),
            at => readable(Timestamp(at)),
        };
        write!(f, "{when}  {}", harmless(&self.conversation))?;
        if let Some(name) = &self.name {
            write!(f, "  {}", harmless(name))?;
        }
        if let (Some(name), true) = (&self.profile_name, self.nickname.is_some()) {
            write!(f, " ({})", harmless(name))?;
        }
        let mut marks = Vec::new();
        if self.unread > 0 {
            marks.push(format!("{} unread", self.unread));
        }
        if self.mentions > 0 {
            marks.push(format!("{} mentions", self.mentions));
        }
        let flags = [
            (self.marked_unread, "marked unread"),
            (self.request, "wants to write to you"),
            (self.blocked, "blocked"),
            (self.pinned, "pinned"),
            (self.hidden, "hidden"),
            (self.draft.is_some(), "draft"),
        ];
        marks.extend(flags.iter().filter(|(is, _)| *is).map(|(_, mark)| (*mark).to_owned()));
        if self.muted_until > 0 {
            marks.push(format!("muted until {}", readable(Timestamp(self.muted_until))));
        }
        if self.disappearing.after.is_some() {
            marks.push(self.disappearing.to_string());
        }
        match marks.is_empty() {
            true => Ok(()),
            false => write!(f, "  [{}]", marks.join(", ")),
        }
    }
}

/// What others see of an account, and what this home tells them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ProfileRecord {
    pub(crate) account: String,
    pub(crate) name: Option<String>,
    pub(crate) picture: Option<String>,
    pub(crate) read_receipts: bool,
    pub(crate) typing: bool,
}

impl ProfileRecord {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            account: profile.id.to_string(),
            name: profile.name.clone(),
            picture: profile.picture.as_ref().map(|picture| picture.url.clone()),
            read_receipts: profile.read_receipts,
            typing: profile.typing,
        }
    }
}

impl fmt::Display for ProfileRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().map_or_else(|| "(no name)".to_owned(), harmless);
        let on = |on: bool| if on { "on" } else { "off" };
        write!(f, "{}  {name}", self.account)?;
        if let Some(picture) = &self.picture {
            write!(f, "\n  picture {}", harmless(picture))?;
        }
        write!(f, "\n  read receipts {}, typing {}", on(self.read_receipts), on(self.typing))
    }
}
