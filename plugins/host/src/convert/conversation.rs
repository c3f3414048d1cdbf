//! Conversations and accounts.

use ramson_system::Profile;
use ramson_types::conversation as types;
use ramson_wire as wire;

use super::ids::{account_id, conversation_id};

/// A conversation. Where its picture lies stays here: the picture's key
/// belongs to it.
pub(crate) fn conversation(line: &types::Conversation) -> wire::Conversation {
    wire::Conversation {
        id: conversation_id(&line.id),
        name: line.name.clone(),
        nickname: line.nickname.clone(),
        approved: line.approved,
        approved_me: line.approved_me,
        blocked: line.blocked,
        request: line.is_request(),
        priority: line.priority,
        muted_until: line.muted_until.millis(),
        notify: notify(line.notify),
        disappearing: disappearing(line.disappearing),
        latest: line.latest.millis(),
        unread: line.unread,
        mentions: line.mentions,
        marked_unread: line.marked_unread,
        last_read: line.last_read.millis(),
        draft: line.draft.clone(),
    }
}

/// An account of this home.
pub(crate) fn account(profile: &Profile) -> wire::Account {
    wire::Account {
        id: account_id(&profile.id),
        name: profile.name.clone(),
        read_receipts: profile.read_receipts,
        typing: profile.typing,
    }
}

/// When messages disappear.
pub(crate) const fn disappearing(setting: types::Disappearing) -> wire::Disappearing {
    match setting {
        types::Disappearing::Off => wire::Disappearing::Off,
        types::Disappearing::AfterSend(seconds) => wire::Disappearing::AfterSend(seconds),
        types::Disappearing::AfterRead(seconds) => wire::Disappearing::AfterRead(seconds),
    }
}

/// The same, back.
pub(crate) const fn disappearing_of(setting: wire::Disappearing) -> types::Disappearing {
    match setting {
        wire::Disappearing::Off => types::Disappearing::Off,
        wire::Disappearing::AfterSend(seconds) => types::Disappearing::AfterSend(seconds),
        wire::Disappearing::AfterRead(seconds) => types::Disappearing::AfterRead(seconds),
    }
}

const fn notify(notify: types::Notify) -> wire::Notify {
    match notify {
        types::Notify::Default => wire::Notify::Default,
        types::Notify::All => wire::Notify::All,
        types::Notify::Off => wire::Notify::Off,
        types::Notify::Mentions => wire::Notify::Mentions,
    }
}

/// What is told of a conversation, back.
pub(crate) const fn notify_of(notify: wire::Notify) -> types::Notify {
    match notify {
        wire::Notify::Default => types::Notify::Default,
        wire::Notify::All => types::Notify::All,
        wire::Notify::Off => types::Notify::Off,
        wire::Notify::Mentions => types::Notify::Mentions,
    }
}
