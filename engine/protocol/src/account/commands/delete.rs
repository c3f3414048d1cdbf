//! Deleting messages (01 section 3.9).

use ramson_types::message::{Message, MessageState};
use ramson_types::{MessageId, Timestamp};

use super::super::work::uncount_unread;
use super::super::{Account, Decision, History, Plan, compose};
use super::{peer_of, target};
use crate::command::{CommandError, DeleteScope, Outcome};
use crate::event::{AccountEvent, MessageChange};
use crate::store::{Change, Copy, Errand, MessageEdit};

/// What a message that was deleted before it was sent says of itself.
const NEVER_SENT: &str = "it was deleted before it was sent";

impl Account {
    pub(super) fn delete(
        &mut self,
        id: MessageId,
        scope: DeleteScope,
        history: &History,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        if scope == DeleteScope::Here {
            let message = history.get(id).ok_or(CommandError::NoSuchMessage { message: id })?;
            let mut plan = Plan::default();
            // Where the peer may have it, the other devices are to have it, too.
            if self.outbox.copies(id).contains(&(Copy::Recipient, false)) {
                self.remove_message(message, now, &mut plan.decision);
            } else {
                self.hide_message(message, now, &mut plan.decision);
            }
            plan.decision.events.push(removed(message));
            return Ok(plan);
        }
        let message = target(id, history)?;
        let (me, peer) = (self.id(), peer_of(&message.conversation)?);
        if scope == DeleteScope::Everyone && message.author != me {
            return Err(CommandError::NotAuthor { message: id });
        }
        Ok(self.delete_on_devices(message, scope, peer == me, now))
    }

    /// Deletes a message on all devices, and asks the peer to if `scope` says
    /// so. What of it was never sent needs no asking. A note to self goes
    /// altogether; elsewhere a mark stays that there was something, unless no
    /// other device ever heard of it.
    fn delete_on_devices(
        &mut self,
        message: &Message,
        scope: DeleteScope,
        to_self: bool,
        now: Timestamp,
    ) -> Plan {
        let (me, mut plan) = (self.id(), Plan::default());
        let waiting = self.outbox.copies(message.id);
        let waits = |copy| waiting.iter().any(|(waiting, _)| *waiting == copy);
        let unsent = |copy| waiting.contains(&(copy, false));
        let own = if to_self { Copy::Recipient } else { Copy::Sync };
        if to_self || unsent(own) {
            self.remove_message(message, now, &mut plan.decision);
            plan.decision.events.push(removed(message));
        } else {
            let state = waits(Copy::Recipient)
                .then(|| MessageState::Failed { reason: NEVER_SENT.to_owned() });
            self.leave_a_mark(message, state, &mut plan.decision);
        }
        if let Some(hash) = message.own_hash {
            self.add_errand(Errand::Delete(vec![hash]), &mut plan.decision);
        }
        let ask_peer = scope == DeleteScope::Everyone && !to_self && !unsent(Copy::Recipient);
        let ask_devices = !unsent(own);
        if !ask_peer && !ask_devices {
            return plan;
        }
        let (request, sent) = (self.next_message_id(), self.next_sent(now));
        let content = compose::unsend(message, sent).encode();
        let copy = |copy, to| compose::control(request, copy, to, content.clone(), sent);
        if ask_peer && let Ok(peer) = peer_of(&message.conversation) {
            plan.outgoing.push(copy(Copy::Recipient, peer));
        }
        if ask_devices {
            plan.outgoing.push(copy(own, me));
        }
        if plan.outgoing.iter().any(|outgoing| outgoing.copy == Copy::Recipient) {
            plan.outcome = Outcome::Told(request);
        }
        plan
    }

    fn leave_a_mark(
        &mut self,
        message: &Message,
        state: Option<MessageState>,
        decision: &mut Decision,
    ) {
        let (me, id) = (self.id(), message.id);
        let edits = state.map(MessageEdit::State).into_iter().chain([MessageEdit::Delete]);
        decision.changes.extend(edits.map(|edit| Change::EditMessage { id, edit }));
        if message.author == me {
            self.outbox.remove(id, decision);
        }
        if self.lines.get(&message.conversation).is_some() {
            uncount_unread(self.lines.edit(&message.conversation), message, me);
        }
        let (conversation, change) = (message.conversation.clone(), MessageChange::Deleted);
        decision.events.push(AccountEvent::MessageChanged { id, conversation, change });
    }
}

fn removed(message: &Message) -> AccountEvent {
    let (id, conversation) = (message.id, message.conversation.clone());
    AccountEvent::MessageRemoved { id, conversation, expired: false }
}
