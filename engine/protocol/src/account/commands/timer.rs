//! When the messages of a conversation disappear from now on (01 sections 3.7
//! and 4.1).

use std::time::Duration;

use ramson_types::conversation::Disappearing;
use ramson_types::message::MessageKind;
use ramson_types::{AccountId, ConversationId, Timestamp};

use super::super::compose::{self, Draft};
use super::super::disappearing::{started, to_config};
use super::super::{Account, Plan};
use super::peer_of;
use crate::command::CommandError;

/// The longest timer that is offered.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Account {
    pub(super) fn set_disappearing(
        &mut self,
        id: &ConversationId,
        setting: Disappearing,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let peer = peer_of(id)?;
        if let Disappearing::AfterSend(seconds) | Disappearing::AfterRead(seconds) = setting {
            let (seconds, limit) = (u64::from(seconds), LONGEST.as_secs());
            if !(1..=limit).contains(&seconds) {
                return Err(CommandError::BadTimer { seconds, limit });
            }
        }
        if peer == self.id() {
            return self.set_note_to_self_timer(setting);
        }
        self.set_timer(peer, setting, now)
    }

    /// Goes to the other devices by the profile.
    fn set_note_to_self_timer(&mut self, setting: Disappearing) -> Result<Plan, CommandError> {
        if matches!(setting, Disappearing::AfterRead(_)) {
            return Err(CommandError::NoAfterRead);
        }
        let seconds = started(setting).map_or(0, |(_, seconds)| seconds);
        self.settings.profile.set_note_to_self_timer(seconds.into());
        Ok(Plan::default())
    }

    /// Tells the peer, too; what it is told disappears by the new setting.
    fn set_timer(
        &mut self,
        to: AccountId,
        setting: Disappearing,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let conversation = ConversationId::Account(to);
        let contact = self.settings.contacts.contact(&to);
        let mut contact = contact.ok_or(CommandError::NoSuchConversation { conversation })?;
        if contact.blocked {
            return Err(CommandError::Blocked { account: to });
        }
        if !contact.approved {
            return Err(CommandError::NotApproved { account: to });
        }
        let mut plan = Plan::default();
        if contact.disappearing == to_config(setting) {
            return Ok(plan);
        }
        let (message, sent) = (self.next_message_id(), self.next_sent(now));
        let (outside_history, unsynced) = (false, false);
        let draft = Draft { message, to, sent, setting, outside_history, unsynced };
        let copies = self.data_copies(&draft, compose::timer_update(), false)?;
        contact.disappearing = to_config(setting);
        self.settings.contacts.set_contact(&contact);
        let kind = MessageKind::ExpirationTimerUpdate;
        self.put_own(&draft, kind, None, copies, now, &mut plan);
        Ok(plan)
    }
}
