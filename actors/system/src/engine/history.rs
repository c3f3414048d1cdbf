//! What a home has: conversations, messages, the ledger and the event log.

use std::collections::BTreeSet;
use std::sync::Arc;

use ramson_messages::identity::GetSending;
use ramson_messages::storage::{
    GetMessage, LastEvent, LedgerIsOn, LedgerSubject, ListConversations, ListMessages, LogPage,
    ReadEvents, ReadLedger, SetLedger,
};
use ramson_protocol::snapshot::{Query, Snapshot};
use ramson_types::conversation::Conversation;
use ramson_types::ledger::LedgerLine;
use ramson_types::message::{Message, MessageState};
use ramson_types::{AccountId, ConversationId, MessageId};

use super::{Engine, EngineError};

impl Engine {
    /// Answers a question about an account, with the number of the newest event
    /// that the answer surely knows of. Whoever follows the events after it
    /// misses nothing; of some of them the answer may know already.
    pub async fn snapshot(
        &self,
        id: &AccountId,
        query: Query,
    ) -> Result<(u64, Snapshot), EngineError> {
        let seq = self.last_event().await?;
        let snapshot = match query {
            Query::Profile => Snapshot::Profile(Box::new(self.profile(id).await?)),
            Query::Conversations => Snapshot::Conversations(self.conversations(id).await?),
            Query::Requests => {
                let mut lines = self.conversations(id).await?;
                lines.retain(Conversation::is_request);
                Snapshot::Conversations(lines)
            }
            Query::Conversation(which) => {
                let lines = self.conversations(id).await?;
                let line = lines.into_iter().find(|line| line.id == which);
                Snapshot::Conversation(line.map(Box::new))
            }
            Query::Messages { conversation, limit } => {
                Snapshot::Messages(self.messages(id, conversation, limit).await?)
            }
            Query::Message(message) => {
                let account = self.number_of(id).await?;
                let found = match message.account == account {
                    true => self.message(message).await?,
                    // Another account's is none of this one.
                    false => None,
                };
                Snapshot::Message(found.map(Box::new))
            }
            other => return Err(EngineError::UnknownQuery { query: format!("{other:?}") }),
        };
        Ok((seq, snapshot))
    }

    /// An account's conversations, the one with the newest message first.
    pub async fn conversations(&self, id: &AccountId) -> Result<Vec<Conversation>, EngineError> {
        let account = self.number_of(id).await?;
        Ok(self.wires.list_conversations.ask(ListConversations { account }).await??)
    }

    /// The newest messages of a conversation, oldest first. All of them are in
    /// memory at once.
    pub async fn messages(
        &self,
        id: &AccountId,
        conversation: ConversationId,
        limit: usize,
    ) -> Result<Vec<Message>, EngineError> {
        self.messages_before(id, conversation, None, limit).await
    }

    /// The same, of those that came before one.
    pub async fn messages_before(
        &self,
        id: &AccountId,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Message>, EngineError> {
        let account = self.number_of(id).await?;
        let ask = ListMessages { account, conversation, before, limit };
        let mut messages = self.wires.list_messages.ask(ask).await??;
        self.hide_ended(account, &mut messages);
        self.show_sending(account, &mut messages).await;
        Ok(messages)
    }

    /// One message, as the history has it now.
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, EngineError> {
        let found = self.wires.get_message.ask(GetMessage { id }).await??;
        let mut message: Vec<Message> = found.into_iter().collect();
        self.hide_ended(id.account, &mut message);
        self.show_sending(id.account, &mut message).await;
        Ok(message.pop())
    }

    /// Leaves out messages whose time is over. An account that runs removes
    /// them itself; one that does not, when it next runs.
    fn hide_ended(&self, account: u32, messages: &mut Vec<Message>) {
        let ends = |message: &Message| message.expiry.and_then(|expiry| expiry.ends);
        if self.wires.account_number(account).is_some()
            || !messages.iter().any(|it| ends(it).is_some())
        {
            return;
        }
        // Off the network nobody knows better than the clock of this machine.
        let now = self.clock.now();
        messages.retain(|message| ends(message).is_none_or(|ends| ends > now));
    }

    /// What is on its way right now is known to the account alone; where that
    /// does not run, nothing is.
    async fn show_sending(&self, account: u32, messages: &mut [Message]) {
        let queued = |message: &&mut Message| message.state == MessageState::Queued;
        if !messages.iter_mut().any(|message| queued(&message)) {
            return;
        }
        let Some(wires) = self.wires.account_number(account) else { return };
        let sending = wires.sending.ask(GetSending).await.unwrap_or_default();
        for message in messages.iter_mut().filter(queued) {
            if sending.contains(&message.id) {
                message.state = MessageState::Sending;
            }
        }
    }

    /// What the delivery ledger knows of a message, a hash or an account.
    pub async fn ledger(&self, about: LedgerSubject) -> Result<Vec<LedgerLine>, EngineError> {
        Ok(self.wires.read_ledger.ask(ReadLedger { about }).await??)
    }

    /// Switches the home's delivery ledger on or off; off, all that it has is
    /// removed.
    pub async fn set_ledger(&self, on: bool) -> Result<(), EngineError> {
        Ok(self.wires.set_ledger.ask(SetLedger { on }).await??)
    }

    /// Whether this home keeps a delivery ledger.
    pub async fn ledger_is_on(&self) -> Result<bool, EngineError> {
        Ok(self.wires.ledger_is_on.ask(LedgerIsOn).await??)
    }

    /// The sequence number of the newest event; 0 when there was none.
    pub async fn last_event(&self) -> Result<u64, EngineError> {
        Ok(self.wires.last_event.ask(LastEvent).await??)
    }

    /// Events after a sequence number, oldest first: what a subscriber that
    /// fell behind missed. The log reaches back 14 days.
    pub async fn events_after(&self, after: u64, limit: usize) -> Result<LogPage, EngineError> {
        self.events_of(None, after, limit).await
    }

    /// The same, of some accounts alone; `None` for all.
    pub(crate) async fn events_of(
        &self,
        only: Option<Arc<BTreeSet<AccountId>>>,
        after: u64,
        limit: usize,
    ) -> Result<LogPage, EngineError> {
        Ok(self.wires.read_events.ask(ReadEvents { after, limit, only }).await??)
    }
}
