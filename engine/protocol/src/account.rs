//! One account: what it sends, what a received message means, what is kept.
//!
//! The machine answers every input with a [`Decision`]: changes for the store
//! and events that are true once those are committed. Decisions of one
//! account must be committed in the order in which they were taken.
//!
//! | file | decides |
//! |---|---|
//! | `compose` | the Content and sent time of a new message, and its copies |
//! | `outbox` | what to send now, what an answer means, when to try again |
//! | `poll` | what to ask a swarm member for, and what it answered |
//! | `watch` | which member to ask, and what it means when two differ |
//! | `receive` | what a received message means |
//! | `clock` | network time |

mod clock;
mod compose;
mod outbox;
mod poll;
mod receive;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use ramson_crypto::AccountKeys;
use ramson_types::conversation::Conversation;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{Message, MessageState};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Namespace, Timestamp,
};

use crate::event::AccountEvent;
use crate::store::{Change, Counters, Cursor, StoredAccount};

pub use clock::{NetworkClock, Sample};
pub use compose::{ComposeError, Draft, DraftCopy, MAX_TEXT};
pub use outbox::{Delivery, DeliveryAnswer, SendResult};
pub use poll::{Poll, PollAnswer, PollError};
pub use receive::{Arrival, ArrivalBody, DropReason};
pub use watch::Verdict;

/// What an input led to.
#[derive(Debug, Default, PartialEq)]
pub struct Decision {
    /// To be committed together.
    pub changes: Vec<Change>,
    /// To be told once the changes are committed.
    pub events: Vec<AccountEvent>,
}

impl Decision {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.events.is_empty()
    }

    fn ledger(
        &mut self,
        at: Timestamp,
        message: Option<MessageId>,
        hash: Option<MessageHash>,
        step: LedgerStep,
    ) {
        self.changes.push(Change::Ledger(LedgerLine { at, message, hash, step }));
    }
}

/// The machine of one account.
pub struct Account {
    number: u32,
    keys: Arc<AccountKeys>,
    name: Option<String>,
    counters: Counters,
    clock: NetworkClock,
    cursors: BTreeMap<(Ed25519PublicKey, Namespace), Cursor>,
    outbox: outbox::Outbox,
    conversations: BTreeMap<ConversationId, Conversation>,
    watch: watch::Watch,
    poll_failures: BTreeMap<Ed25519PublicKey, String>,
}

impl Account {
    /// The machine of an account as the store has it.
    pub fn load(stored: StoredAccount) -> Self {
        Self {
            number: stored.number,
            keys: Arc::new(AccountKeys::new(&stored.seed)),
            name: stored.name,
            counters: stored.counters,
            clock: NetworkClock::default(),
            cursors: stored
                .cursors
                .into_iter()
                .map(|(node, namespace, cursor)| ((node, namespace), cursor))
                .collect(),
            outbox: outbox::Outbox::load(stored.outbox),
            conversations: stored
                .conversations
                .into_iter()
                .map(|conversation| (conversation.id.clone(), conversation))
                .collect(),
            watch: watch::Watch::default(),
            poll_failures: BTreeMap::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> AccountId {
        self.keys.account_id()
    }

    /// Its keys.
    pub fn keys(&self) -> &Arc<AccountKeys> {
        &self.keys
    }

    /// Its network clock.
    pub fn clock(&self) -> &NetworkClock {
        &self.clock
    }

    /// Its network clock, to learn from.
    pub fn clock_mut(&mut self) -> &mut NetworkClock {
        &mut self.clock
    }

    /// Puts a message into its conversation's line, which is to be kept.
    fn note_in_conversation(
        &mut self,
        message: &Message,
        peer_name: Option<String>,
    ) -> &Conversation {
        let line = self.conversations.entry(message.conversation.clone()).or_insert_with(|| {
            Conversation {
                id: message.conversation.clone(),
                name: None,
                latest: Timestamp(0),
                unread: 0,
            }
        });
        line.latest = line.latest.max(message.sent);
        if message.state == MessageState::Received {
            line.unread = line.unread.saturating_add(1);
        }
        if peer_name.is_some() {
            line.name = peer_name;
        }
        line
    }

    fn next_message_id(&mut self) -> MessageId {
        let number = self.counters.next_message;
        self.counters.next_message = number.saturating_add(1);
        MessageId { account: self.number, number }
    }
}
