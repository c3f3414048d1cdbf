//! Messages whose time is over.

use ramson_types::message::ExpiresFrom;
use ramson_types::{MessageId, Timestamp};

use super::super::{Account, History, Plan};
use crate::event::AccountEvent;
use crate::store::Copy;

/// What a message says of itself that disappeared before it was sent.
const TOO_LATE: &str = "its time was over before a swarm member had stored it";

impl Account {
    /// Removes messages. The swarm lets go of its copies by itself: after
    /// sending at the same time, after reading at the time that it was told. An
    /// own one that disappears after reading stays until its recipient's swarm
    /// has it or never will: otherwise it would be lost without a word.
    pub(super) fn expire(&mut self, ids: &[MessageId], history: &History, now: Timestamp) -> Plan {
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
            let waits = message.author == self.id()
                && self.outbox.copies(*id).iter().any(|(copy, _)| *copy == Copy::Recipient);
            match message.expiry.map(|expiry| expiry.from) {
                // Its recipient may still read it.
                Some(ExpiresFrom::Read) if waits => {
                    self.expiring.hold(*id);
                    continue;
                }
                _ if waits => plan.decision.events.push(AccountEvent::MessageFailed {
                    id: *id,
                    conversation: message.conversation.clone(),
                    reason: TOO_LATE.to_owned(),
                }),
                _ => {}
            }
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
