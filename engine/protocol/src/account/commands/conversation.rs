//! Settings of conversations that all devices share, as far as the configs
//! have a place for them; and the draft, which stays here.

use ramson_types::conversation::Notify;
use ramson_types::{AccountId, ConversationId, Timestamp};

use super::super::{Account, Plan};
use crate::command::CommandError;
use crate::config::{room_key, user_groups::Membership};

/// The longest draft, in code points. It may be longer than a message: who
/// writes may still shorten it.
const MAX_DRAFT: usize = 10_000;

impl Account {
    pub(super) fn set_priority(
        &mut self,
        id: &ConversationId,
        priority: i64,
    ) -> Result<Plan, CommandError> {
        if *id == ConversationId::Account(self.id()) {
            self.settings.profile.set_note_to_self_priority(priority);
            return Ok(Plan::default());
        }
        self.change(id, |setting| setting.priority = priority)
    }

    /// Of the note to self this is known in this home only.
    pub(super) fn mute(
        &mut self,
        id: &ConversationId,
        until: Timestamp,
    ) -> Result<Plan, CommandError> {
        let seconds = until.millis().div_ceil(1_000);
        if *id == ConversationId::Account(self.id()) {
            self.lines.edit(id).muted_until = Timestamp(seconds.saturating_mul(1_000));
            return Ok(Plan::default());
        }
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.change(id, |setting| setting.mute_until = seconds)
    }

    /// Of the note to self this is known in this home only.
    pub(super) fn set_notify(
        &mut self,
        id: &ConversationId,
        notify: Notify,
    ) -> Result<Plan, CommandError> {
        if *id == ConversationId::Account(self.id()) {
            self.lines.edit(id).notify = notify;
            return Ok(Plan::default());
        }
        self.change(id, |setting| setting.notify = notify)
    }

    pub(super) fn set_draft(
        &mut self,
        id: &ConversationId,
        text: Option<String>,
    ) -> Result<Plan, CommandError> {
        let length = text.as_ref().map_or(0, |text| text.chars().count());
        if length > MAX_DRAFT {
            return Err(CommandError::TooLong { length, limit: MAX_DRAFT });
        }
        if self.lines.get(id).is_none() && *id != ConversationId::Account(self.id()) {
            return Err(CommandError::NoSuchConversation { conversation: id.clone() });
        }
        self.lines.edit(id).draft = text.filter(|text| !text.is_empty());
        Ok(Plan::default())
    }

    /// Changes what is kept of a conversation with others.
    fn change(
        &mut self,
        id: &ConversationId,
        change: impl FnOnce(&mut Membership),
    ) -> Result<Plan, CommandError> {
        let changed = match id {
            ConversationId::Account(id) => self.change_contact(id, change),
            ConversationId::Group(id) => self.settings.groups.group(id).map(|mut group| {
                change(&mut group.membership);
                self.settings.groups.set_group(&group);
            }),
            ConversationId::Community(room) => {
                let named = room_key(&room.room).ok();
                let mut all = self.settings.groups.communities();
                let found = all.find(|community| {
                    let same_room = room_key(community.room()).ok() == named;
                    same_room && community.server().base_url() == room.server
                });
                drop(all);
                found.map(|mut community| {
                    change(&mut community.membership);
                    self.settings.groups.set_community(&community);
                })
            }
            _ => None,
        };
        let missing = || CommandError::NoSuchConversation { conversation: id.clone() };
        changed.map(|()| Plan::default()).ok_or_else(missing)
    }

    fn change_contact(
        &mut self,
        id: &AccountId,
        change: impl FnOnce(&mut Membership),
    ) -> Option<()> {
        let mut contact = self.settings.contacts.contact(id)?;
        let mut setting = Membership {
            priority: contact.priority,
            notify: contact.notify,
            mute_until: contact.mute_until,
            ..Membership::default()
        };
        change(&mut setting);
        contact.priority = setting.priority;
        contact.notify = setting.notify;
        contact.mute_until = setting.mute_until;
        self.settings.contacts.set_contact(&contact);
        Some(())
    }
}
