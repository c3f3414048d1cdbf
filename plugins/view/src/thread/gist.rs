//! A message in a few words: for the list, for quotes, for notes.

use ramson_wire::{Disappearing, Message, Notice};

use crate::time::duration;

/// The most letters of a text that are kept.
const LONGEST: usize = 160;

/// A message in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gist {
    /// The beginning of its text, on one line. Mentions stand in it as ids.
    Text(String),
    /// It says something itself: `Photo`, `Messages disappear after 1 day`.
    Said(String),
    /// It was taken back.
    Deleted,
}

impl Gist {
    /// Of a message.
    pub fn of(message: &Message) -> Self {
        if message.deleted {
            return Self::Deleted;
        }
        if let Some(notice) = &message.notice {
            return Self::Said(notice_text(notice));
        }
        if let Some(text) = message.text.as_deref().map(str::trim).filter(|it| !it.is_empty()) {
            return Self::Text(beginning(text));
        }
        if let Some(invitation) = &message.invitation {
            return Self::Said(format!("Invitation to {}", beginning(&invitation.name)));
        }
        match message.attachments.as_slice() {
            [] => Self::Said(String::new()),
            [one] => Self::Said(attachment_text(one)),
            many => Self::Said(format!("{} attachments", many.len())),
        }
    }
}

fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}

/// A notice as a sentence, without who it is about.
pub(crate) fn notice_text(notice: &Notice) -> String {
    match notice {
        Notice::Timer { setting: Disappearing::Off } => "Messages stay from now on".to_owned(),
        Notice::Timer { setting: Disappearing::AfterSend(seconds) } => {
            format!("Messages disappear {} after they are sent", duration((*seconds).into()))
        }
        Notice::Timer { setting: Disappearing::AfterRead(seconds) } => {
            format!("Messages disappear {} after they are read", duration((*seconds).into()))
        }
        Notice::MediaSaved => "Media was saved".to_owned(),
        Notice::Screenshot => "A screenshot was taken".to_owned(),
        Notice::RequestAccepted => "The message request was accepted".to_owned(),
        Notice::MissedCall => "A call was missed".to_owned(),
        Notice::Group { name: Some(name) } => format!("News of the group {}", beginning(name)),
        Notice::Group { name: None } => "News of a group".to_owned(),
        Notice::Other => "A message that this version cannot show".to_owned(),
    }
}

/// An attachment in a few words: `Voice message`, `Photo`, its name.
pub(crate) fn attachment_text(attachment: &ramson_wire::Attachment) -> String {
    let kind = attachment.content_type.as_deref().unwrap_or_default();
    match attachment.name.as_deref() {
        _ if attachment.voice => "Voice message".to_owned(),
        Some(name) if !name.trim().is_empty() => beginning(name),
        _ if kind.starts_with("image/") => "Photo".to_owned(),
        _ if kind.starts_with("video/") => "Video".to_owned(),
        _ if kind.starts_with("audio/") => "Audio".to_owned(),
        _ => "File".to_owned(),
    }
}
