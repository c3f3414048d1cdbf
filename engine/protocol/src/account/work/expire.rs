//! Messages whose time is over.

use ramson_types::{MessageId, Timestamp};

use super::super::{Account, History, Plan};
use crate::event::AccountEvent;

impl Account {
    /// Removes messages. The swarm lets go of its copies by itself: after
    /// sending at the same time, after reading at the time that it was told.
    pub(super) fn expire(&mut self, ids: &[MessageId], history: History, now: Timestamp) -> Plan {
        let mut plan = Plan::default();
        let network_now = self.clock.at(now);
        for id in ids {
            let ends = history.get(*id).and_then(|message| message.expiry?.ends);
            let message = history.get(*id).filter(|_| ends.is_some_and(|ends| ends <= network_now));
            let Some(message) = message else {
                // It is gone, or its end is another one now.
                self.expiring.set(*id, ends);
                continue;
            };
            self.remove_message(message, now, &mut plan.decision);
            plan.decision.events.push(AccountEvent::MessageRemoved {
                id: *id,
                conversation: message.conversation.clone(),
                expired: true,
            });
        }
        plan
    }
}
