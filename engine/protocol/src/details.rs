//! What of a message is shown beside its text, read from its Content.

use ramson_codec::proto::{AttachmentPointer, Content, DataExtractionKind, ExpirationType};
use ramson_types::conversation::Disappearing;
use ramson_types::message::Message;
use ramson_types::{AccountId, Timestamp};

use crate::account::receive::visible::{is_usable_invitation, is_usable_preview};
use crate::command::{Invitation, LinkPreview};

/// The flag of a voice message.
const VOICE_MESSAGE: u32 = 1;

/// The parts of a message that not every one has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// The message that it answers: its author and sent time.
    pub quote: Option<(AccountId, Timestamp)>,
    /// What a link in its text leads to.
    pub preview: Option<LinkPreview>,
    /// An invitation to a community.
    pub invitation: Option<Invitation>,
    /// Its attachments, in their order.
    pub attachments: Vec<Attachment>,
    /// Of an expiration timer update: the new setting.
    pub timer: Option<Disappearing>,
    /// Of a data extraction notice: whether media was saved (else it was a
    /// screenshot).
    pub media_saved: Option<bool>,
    /// Of a call: its name.
    pub call: Option<String>,
    /// Of a group's invitation or promotion: the group's name.
    pub group: Option<String>,
}

/// What is known of an attachment before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its file name.
    pub name: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its size in bytes; 0 where its sender did not say.
    pub size: u32,
    /// It is a voice message.
    pub voice: bool,
    /// Width and height in pixels.
    pub pixels: Option<(u32, u32)>,
    /// Words to it.
    pub caption: Option<String>,
    /// It has an address, so that it can be loaded.
    pub loadable: bool,
}

impl Details {
    /// Those of a message. One whose Content was deleted has none.
    pub fn of(message: &Message) -> Self {
        let mut details = Self::default();
        if message.content.is_empty() {
            return details;
        }
        let Ok(content) = Content::decode(&message.content) else { return details };
        details.read(&content, message.text.as_deref().unwrap_or_default());
        details
    }

    fn read(&mut self, content: &Content, text: &str) {
        if let Some(notice) = &content.data_extraction_notification {
            self.media_saved = Some(notice.kind == DataExtractionKind::MediaSaved);
        }
        if let Some(call) = &content.call_message {
            self.call = Some(call.uuid.clone());
        }
        let Some(data) = &content.data_message else { return };
        if data.flags == Some(2) {
            self.timer = Some(timer_of(content));
        }
        self.quote = data.quote.as_ref().and_then(|quote| {
            let author = AccountId::parse_account(&quote.author).ok()?;
            Some((author, Timestamp(quote.id)))
        });
        // Only the first counts.
        let preview = data.preview.first().filter(|preview| is_usable_preview(preview, text));
        self.preview = preview.map(|preview| LinkPreview {
            url: preview.url.clone(),
            title: preview.title.clone().unwrap_or_default(),
        });
        let invitation = data.open_group_invitation.as_ref();
        self.invitation = invitation.filter(|one| is_usable_invitation(one)).map(|invitation| {
            Invitation { url: invitation.url.clone(), name: invitation.name.clone() }
        });
        self.attachments = data.attachments.iter().map(Attachment::of).collect();
        self.group = data.group_update_message.as_ref().and_then(|update| {
            let invited = update.invite_message.as_ref().map(|invite| invite.name.clone());
            invited.or_else(|| update.promote_message.as_ref().map(|promote| promote.name.clone()))
        });
    }
}

/// The setting as it was sent; that of a note to self is no message.
fn timer_of(content: &Content) -> Disappearing {
    match (content.expiration_type, content.expiration_timer.unwrap_or(0)) {
        (_, 0) | (None | Some(ExpirationType::Unknown), _) => Disappearing::Off,
        (Some(ExpirationType::DeleteAfterSend), seconds) => Disappearing::AfterSend(seconds),
        (Some(ExpirationType::DeleteAfterRead), seconds) => Disappearing::AfterRead(seconds),
    }
}

impl Attachment {
    fn of(pointer: &AttachmentPointer) -> Self {
        Self {
            name: pointer.file_name.clone(),
            content_type: pointer.content_type.clone(),
            size: pointer.size.unwrap_or(0),
            voice: pointer.flags.unwrap_or(0) & VOICE_MESSAGE != 0,
            pixels: pointer.width.zip(pointer.height),
            caption: pointer.caption.clone(),
            loadable: pointer.url.as_ref().is_some_and(|url| !url.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests;
