//! Messages that are taken back (01 section 3.9).

use ramson_types::message::Message;
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

use super::super::Account;
use super::super::work::uncount_unread;
use super::DropReason;
use super::batch::Batch;
use super::judge::{Incoming, Judged};
use super::questions::name_with_author;
use crate::event::{AccountEvent, MessageChange};
use crate::inbox::Opened;
use crate::store::MessageEdit;

impl Account {
    /// Who wrote the message that is taken back, and when.
    pub(super) fn unsend_target(
        &self,
        opened: &Opened,
        judged: &Judged,
    ) -> Result<(AccountId, Timestamp), DropReason> {
        let request = opened.content.unsend_request.as_ref().ok_or(DropReason::BadTarget)?;
        let author =
            AccountId::parse_account(&request.author).map_err(|_| DropReason::BadTarget)?;
        // The own devices also take away what others wrote.
        if !judged.from_self && author != opened.sender {
            return Err(DropReason::NotAuthor);
        }
        Ok((author, Timestamp(request.timestamp)))
    }

    /// An own request does not say in which conversation an own message
    /// stands; if it is in none that was asked for, that is kept under a name
    /// of its own.
    pub(super) fn take_unsend(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let (author, sent) = self.unsend_target(&incoming.opened, &incoming.judged)?;
        let named = |name| batch.history.named(&name).cloned().collect::<Vec<_>>();
        let (name, targets): (_, Vec<Message>) = if author == self.id() {
            (self.own_name(sent), self.own_names(sent).flat_map(named).collect())
        } else {
            let name = name_with_author(author, sent);
            (name.clone(), named(name))
        };
        let found = targets.first().map(|target| target.id);
        for target in targets {
            self.take_back(&target, batch);
        }
        if found.is_none() && !batch.early(&name).deleted {
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
