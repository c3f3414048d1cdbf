//! The Content of each kind of message (01 section 3 and appendix A).

use ramson_codec::proto::{
    Content, DataExtractionKind, DataExtractionNotification, DataMessage, LokiProfile,
    MessageRequestResponse, OpenGroupInvitation, Preview, Quote, Reaction, ReactionAction,
    TypingAction, TypingMessage, UnsendRequest,
};
use ramson_types::conversation::Disappearing;
use ramson_types::message::{Message, MessageKind};
use ramson_types::{ConversationId, Timestamp};

use super::super::disappearing::{started, write_setting};
use super::super::{Account, History};
use super::MAX_TEXT;
use crate::command::{CommandError, Invitation, LinkPreview, Post};
use crate::config::user_groups::Community;

/// The flag of an expiration timer update.
const EXPIRATION_TIMER_UPDATE: u32 = 2;

impl Account {
    /// The profile that goes with messages, and the key of its picture
    /// (01 section 5.6): there is always a name.
    pub(in super::super) fn own_profile(&self) -> (LokiProfile, Option<Vec<u8>>) {
        let profile = &self.settings.profile;
        let name = match profile.name() {
            name if name.is_empty() => self.name.clone().unwrap_or_default(),
            name => name.to_string(),
        };
        let picture = profile.picture();
        let told = LokiProfile {
            display_name: Some(name),
            profile_picture: picture.as_ref().map(|picture| picture.url().to_string()),
            last_update_seconds: u64::try_from(profile.updated()).ok().filter(|time| *time > 0),
        };
        (told, picture.map(|picture| picture.key().to_vec()))
    }

    /// Says that a message request was accepted.
    pub(in super::super) fn request_response(&self, sent: Timestamp) -> Content {
        let (profile, profile_key) = self.own_profile();
        let response =
            MessageRequestResponse { is_approved: true, profile_key, profile: Some(profile) };
        Content { message_request_response: Some(response), ..dated(sent) }
    }
}

/// What is written, checked.
pub(in super::super) fn visible(
    post: &Post,
    conversation: &ConversationId,
    history: &History,
) -> Result<DataMessage, CommandError> {
    let length = post.text.chars().count();
    if length > MAX_TEXT {
        return Err(CommandError::TooLong { length, limit: MAX_TEXT });
    }
    let blank = post.text.trim().is_empty();
    if blank && post.invitation.is_none() {
        return Err(CommandError::Empty);
    }
    if !blank && post.invitation.is_some() {
        return Err(CommandError::TextWithInvitation);
    }
    let answered = post.reply_to.map(|id| {
        let message = history.get(id).filter(|message| !message.deleted);
        let message = message.filter(|message| message.kind == MessageKind::Visible);
        let message = message.ok_or(CommandError::NoSuchMessage { message: id })?;
        if message.conversation == *conversation {
            Ok(message)
        } else {
            Err(CommandError::OtherConversation { message: id, conversation: conversation.clone() })
        }
    });
    let preview = post.preview.as_ref().map(|preview| link(preview, &post.text)).transpose()?;
    Ok(DataMessage {
        body: (!blank).then(|| post.text.clone()),
        quote: answered.transpose()?.map(quote),
        preview: preview.into_iter().collect(),
        open_group_invitation: post.invitation.as_ref().map(invite).transpose()?,
        ..DataMessage::default()
    })
}

/// Readers look the quoted text up themselves.
fn quote(message: &Message) -> Quote {
    Quote {
        id: message.sent.millis(),
        author: message.author.to_string(),
        text: None,
        attachments: Vec::new(),
    }
}

fn link(LinkPreview { url, title }: &LinkPreview, text: &str) -> Result<Preview, CommandError> {
    if url.trim().is_empty() || !text.contains(url) || title.trim().is_empty() {
        return Err(CommandError::BadPreview { url: url.clone() });
    }
    Ok(Preview { url: url.clone(), title: Some(title.clone()), image: None })
}

fn invite(Invitation { url, name }: &Invitation) -> Result<OpenGroupInvitation, CommandError> {
    if Community::from_url(url).is_err() || name.trim().is_empty() {
        return Err(CommandError::BadInvitation { url: url.clone() });
    }
    Ok(OpenGroupInvitation { url: url.clone(), name: name.clone() })
}

/// Puts an emoji on a message or takes it away.
pub(in super::super) fn reaction(target: &Message, emoji: &str, remove: bool) -> DataMessage {
    let action = if remove { ReactionAction::Remove } else { ReactionAction::React };
    let reaction = Reaction {
        id: target.sent.millis(),
        author: target.author.to_string(),
        emoji: Some(emoji.to_owned()),
        action,
    };
    DataMessage { reaction: Some(reaction), ..DataMessage::default() }
}

/// Tells of a change of the disappearing-message setting.
pub(in super::super) fn timer_update() -> DataMessage {
    DataMessage { flags: Some(EXPIRATION_TIMER_UPDATE), ..DataMessage::default() }
}

/// Asks to remove a message.
pub(in super::super) fn unsend(target: &Message, sent: Timestamp) -> Content {
    let (timestamp, author) = (target.sent.millis(), target.author.to_string());
    Content { unsend_request: Some(UnsendRequest { timestamp, author }), ..dated(sent) }
}

/// Tells whether somebody types.
pub(in super::super) fn typing(typing: bool, sent: Timestamp) -> Content {
    let action = if typing { TypingAction::Started } else { TypingAction::Stopped };
    let typing = TypingMessage { timestamp: sent.millis(), action };
    Content { typing_message: Some(typing), ..dated(sent) }
}

/// Tells that media of a message was saved. Whatever timer the conversation
/// has, this counts from when it is read.
pub(in super::super) fn media_saved(
    target: &Message,
    setting: Disappearing,
    sent: Timestamp,
) -> Content {
    let kind = DataExtractionKind::MediaSaved;
    let notice = DataExtractionNotification { kind, timestamp: Some(target.sent.millis()) };
    let mut content = Content { data_extraction_notification: Some(notice), ..dated(sent) };
    let after_read =
        started(setting).map_or(Disappearing::Off, |(_, seconds)| Disappearing::AfterRead(seconds));
    write_setting(after_read, &mut content);
    content
}

fn dated(sent: Timestamp) -> Content {
    Content { sig_timestamp: Some(sent.millis()), ..Content::default() }
}
