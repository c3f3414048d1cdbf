//! What an account is told to do, and what came of it.

use ramson_system as engine;
use ramson_types::{AccountId, Timestamp};
use ramson_wire as wire;

use super::conversation::{disappearing_of, notify_of};
use super::ids::{account_of, conversation_of, message_id, message_of};
use super::message::message;
use super::refusal::Refused;

/// A command of a plugin.
pub(crate) fn command(command: wire::Command) -> Refused<engine::Command> {
    use engine::Command as To;
    use wire::Command as From;
    Ok(match command {
        From::Send { to, text, reply_to, preview, invitation, unsynced } => To::Send {
            to: account_of(&to)?,
            post: engine::Post {
                text,
                reply_to: reply_to.map(message_of),
                preview: preview
                    .map(|wire::LinkPreview { url, title }| engine::LinkPreview { url, title }),
                invitation: invitation
                    .map(|wire::Invitation { url, name }| engine::Invitation { url, name }),
                unsynced,
            },
        },
        From::React { message, emoji, remove, unsynced } => {
            To::React { message: message_of(message), emoji, remove, unsynced }
        }
        From::Delete { message, scope } => {
            To::Delete { message: message_of(message), scope: scope_of(scope) }
        }
        From::MarkRead { conversation, up_to } => To::MarkRead {
            conversation: conversation_of(&conversation)?,
            up_to: up_to.map(Timestamp),
        },
        From::MarkUnread { conversation, unread } => {
            To::MarkUnread { conversation: conversation_of(&conversation)?, unread }
        }
        From::SetTyping { to, typing } => To::SetTyping { to: account_of(&to)?, typing },
        From::SetName { name } => To::SetName(name),
        From::SetPrivacy { read_receipts, typing } => To::SetPrivacy { read_receipts, typing },
        From::AddContact { contact } => To::AddContact(account_of(&contact)?),
        From::Approve { contact } => To::Approve(account_of(&contact)?),
        From::Decline { contact } => To::Decline(account_of(&contact)?),
        From::DeclineAll => To::DeclineAll,
        From::Block { contact, blocked } => To::Block { account: account_of(&contact)?, blocked },
        From::SetNickname { contact, nickname } => {
            To::SetNickname { account: account_of(&contact)?, nickname }
        }
        From::RemoveContact { contact } => To::RemoveContact(account_of(&contact)?),
        From::SetPriority { conversation, priority } => {
            To::SetPriority { conversation: conversation_of(&conversation)?, priority }
        }
        From::Mute { conversation, until } => {
            To::Mute { conversation: conversation_of(&conversation)?, until: Timestamp(until) }
        }
        From::SetNotify { conversation, notify } => To::SetNotify {
            conversation: conversation_of(&conversation)?,
            notify: notify_of(notify),
        },
        From::SetDisappearing { conversation, setting } => To::SetDisappearing {
            conversation: conversation_of(&conversation)?,
            setting: disappearing_of(setting),
        },
        From::SetDraft { conversation, text } => {
            To::SetDraft { conversation: conversation_of(&conversation)?, text }
        }
    })
}

/// What a command led to.
pub(crate) fn answer(own: &AccountId, outcome: engine::Outcome) -> wire::Answer {
    match outcome {
        engine::Outcome::Queued(queued) => wire::Answer::Queued { message: message(own, &queued) },
        engine::Outcome::Told(id) => wire::Answer::Told { message: message_id(id) },
        // Whatever else a later engine knows: it is done.
        _ => wire::Answer::Done,
    }
}

/// The same as one of several.
pub(crate) fn outcome(outcome: engine::Outcome) -> wire::Outcome {
    match outcome {
        engine::Outcome::Queued(queued) => wire::Outcome::Queued { message: message_id(queued.id) },
        engine::Outcome::Told(id) => wire::Outcome::Told { message: message_id(id) },
        // Whatever else a later engine knows: it is done.
        _ => wire::Outcome::Done,
    }
}

const fn scope_of(scope: wire::DeleteScope) -> engine::DeleteScope {
    match scope {
        wire::DeleteScope::Here => engine::DeleteScope::Here,
        wire::DeleteScope::MyDevices => engine::DeleteScope::MyDevices,
        wire::DeleteScope::Everyone => engine::DeleteScope::Everyone,
    }
}
