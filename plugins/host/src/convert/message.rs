//! Messages. What was signed and sent (`content`) stays in the engine; what of
//! it can be shown is read out here.

use ramson_system::details::{self, Details};
use ramson_types::message as types;
use ramson_types::message::MessageKind;
use ramson_wire as wire;

use super::conversation::disappearing;
use super::ids::{account_id, conversation_id, message_id};

/// A message of an account.
pub(crate) fn message(own: &ramson_types::AccountId, message: &types::Message) -> wire::Message {
    let details = Details::of(message);
    let notice = notice(message.kind, &details);
    let on_it = message.reactions.iter().filter(|reaction| !reaction.removed);
    wire::Message {
        id: message_id(message.id),
        conversation: conversation_id(&message.conversation),
        author: account_id(&message.author),
        outgoing: message.author == *own,
        sent: message.sent.millis(),
        received: message.received.millis(),
        state: state(&message.state),
        text: message.text.clone(),
        notice,
        quote: details
            .quote
            .map(|(author, sent)| wire::Quote { author: account_id(&author), sent: sent.millis() }),
        preview: details
            .preview
            .map(|preview| wire::LinkPreview { url: preview.url, title: preview.title }),
        invitation: details
            .invitation
            .map(|invitation| wire::Invitation { url: invitation.url, name: invitation.name }),
        attachments: details.attachments.into_iter().map(attachment).collect(),
        reactions: on_it.map(reaction).collect(),
        expiry: message.expiry.map(expiry),
        mentions_me: message.mentions_me,
        deleted: message.deleted,
        hash: message.hash.map(|hash| hash.to_string()),
    }
}

/// How far a message has come.
pub(crate) fn state(state: &types::MessageState) -> wire::MessageState {
    match state {
        types::MessageState::Queued => wire::MessageState::Queued,
        types::MessageState::Sending => wire::MessageState::Sending,
        types::MessageState::Stored => wire::MessageState::Stored,
        types::MessageState::Failed { reason } => {
            wire::MessageState::Failed { reason: reason.clone() }
        }
        types::MessageState::Read => wire::MessageState::Read,
        // Later states are those of messages that came.
        _ => wire::MessageState::Received,
    }
}

/// An emoji on a message.
pub(crate) fn reaction(reaction: &types::Reaction) -> wire::Reaction {
    wire::Reaction {
        author: account_id(&reaction.author),
        emoji: reaction.emoji.clone(),
        at: reaction.at.millis(),
    }
}

/// When a message disappears.
pub(crate) fn expiry(expiry: types::Expiry) -> wire::Expiry {
    wire::Expiry {
        seconds: expiry.seconds,
        after_read: expiry.from == types::ExpiresFrom::Read,
        ends: expiry.ends.map(ramson_types::Timestamp::millis),
    }
}

fn attachment(attachment: details::Attachment) -> wire::Attachment {
    let details::Attachment { name, content_type, size, voice, caption, .. } = attachment;
    wire::Attachment { name, content_type, size, voice, caption }
}

fn notice(kind: MessageKind, details: &Details) -> Option<wire::Notice> {
    Some(match kind {
        MessageKind::Visible => return None,
        MessageKind::ExpirationTimerUpdate => {
            wire::Notice::Timer { setting: disappearing(details.timer.unwrap_or_default()) }
        }
        MessageKind::DataExtraction => match details.media_saved {
            Some(false) => wire::Notice::Screenshot,
            _ => wire::Notice::MediaSaved,
        },
        MessageKind::MessageRequestResponse => wire::Notice::RequestAccepted,
        MessageKind::Call => wire::Notice::MissedCall,
        MessageKind::GroupUpdate => wire::Notice::Group { name: details.group.clone() },
        _ => wire::Notice::Other,
    })
}
