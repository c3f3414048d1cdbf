//! Messages that are taken back (01 section 3.9).

use ramson_types::message::{Message, MessageName};
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

use super::super::Account;
use super::super::work::uncount_unread;
use super::DropReason;
use super::batch::Batch;
use super::judge::{Incoming, Judged};
use crate::event::{AccountEvent, MessageChange};
use crate::inbox::Opened;
use crate::store::MessageEdit;

impl Account {
    /// The names that the message may have which is taken back. An own request
    /// does not say in which conversation an own message stands; if it is in
    /// none, the first name is where that is kept.
    pub(super) fn unsend_targets(
        &self,
        opened: &Opened,
        judged: &Judged,
    ) -> Result<Vec<MessageName>, DropReason> {
        let request = opened.content.unsend_request.as_ref().ok_or(DropReason::BadTarget)?;
        let author =
            AccountId::parse_account(&request.author).map_err(|_| DropReason::BadTarget)?;
        let sent = Timestamp(request.timestamp);
        // The own devices also take away what others wrote.
        if !judged.from_self && author != opened.sender {
            return Err(DropReason::NotAuthor);
        }
        if author == self.id() {
            return Ok(self.own_names(sent));
        }
        Ok(vec![MessageName { conversation: ConversationId::Account(author), author, sent }])
    }

    pub(super) fn take_unsend(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let names = self.unsend_targets(&incoming.opened, &incoming.judged)?;
        let named = |name| batch.history.named(name).cloned();
        let targets: Vec<Message> = names.iter().flat_map(named).collect();
        let found = targets.first().map(|target| target.id);
        for target in targets {
            self.take_back(&target, batch);
        }
        if let (None, Some(name)) = (found, names.into_iter().next())
            && !batch.early(&name).deleted
        {
            batch.bury(name);
        }
        Ok(found)
    }

    /// Takes what its author wrote out of a message. In the note to self
    /// nothing is left of it, elsewhere its place.
    fn take_back(&mut self, target: &Message, batch: &mut Batch) {
        let me = self.id();
        if !target.deleted {
            batch.delete.extend(target.own_hash);
        }
        if target.conversation == ConversationId::Account(me) {
            self.remove_message(target, batch.now, &mut batch.decision);
            batch.history.remove(target.id);
            batch.bury(target.name());
            let (id, conversation) = (target.id, target.conversation.clone());
            let event = AccountEvent::MessageRemoved { id, conversation, expired: false };
            batch.decision.events.push(event);
            return;
        }
        batch.bury(target.name());
        if target.deleted {
            return;
        }
        self.outbox.remove(target.id, &mut batch.decision);
        uncount_unread(self.lines.edit(&target.conversation), target, me);
        batch.edit(target.id, MessageEdit::Delete);
        batch.tell(target, MessageChange::Deleted);
    }
}
