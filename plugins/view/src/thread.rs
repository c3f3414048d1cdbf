//! The open conversation.
//!
//! | file | what |
//! |---|---|
//! | `held` | the messages that are in memory: some around where the user is |
//! | `items` | what is shown of them |
//! | `gist` | a message in a few words |
//! | `merge` | what is heard twice, or in another order, comes to the same |

pub(crate) mod gist;
pub(crate) mod held;
mod items;
pub(crate) mod merge;
#[cfg(test)]
mod tests;

pub use gist::Gist;
pub use held::{Held, Kept};
pub use items::{Bubble, Item, Mark, QuoteLine, ReactionLine, Slot, item, items, outline};

use ramson_wire::{AccountId, ConversationId, MessageId, Millis};

use crate::Composer;

/// What the lower edge of an open conversation shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// The newest message, also when another one comes.
    #[default]
    End,
    /// This message.
    At(MessageId),
}

/// The open conversation.
#[derive(Debug, Clone)]
pub struct Thread {
    /// Of which account.
    pub account: AccountId,
    /// Which.
    pub id: ConversationId,
    /// Its messages, as far as they are in memory.
    pub held: Held,
    /// Messages are being fetched.
    pub loading: bool,
    /// What its lower edge shows.
    pub anchor: Anchor,
    /// So many lines of the message at the lower edge are below it.
    pub below: u32,
    /// The message that the user marked.
    pub selected: Option<MessageId>,
    /// The message that what is written next answers.
    pub reply_to: Option<MessageId>,
    /// What is being written.
    pub composer: Composer,
    /// What was read when it was opened: a line stands above what came later.
    pub(crate) unread_from: Option<Millis>,
    /// The message that is gone to once it was fetched.
    pub(crate) seeking: Option<Seeking>,
    /// Up to where it was asked to be marked as read.
    pub(crate) read_to: Option<Millis>,
    /// The user marked it as unread while it is open: looking at it does not
    /// take that back.
    pub(crate) left_unread: bool,
    pub(crate) draft: DraftState,
    pub(crate) typing: TypingState,
}

/// A message that is gone to once it was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seeking {
    pub(crate) target: Target,
    /// Pages that may still be asked for.
    pub(crate) pages: u32,
    /// The user waits for it, and is told if it is not found.
    pub(crate) asked: bool,
}

/// How that message is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Id(MessageId),
    /// As a quote does.
    Public(AccountId, Millis),
}

/// What is kept of the text that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DraftState {
    /// The text that the engine has, or will have.
    pub(crate) kept: String,
    /// The text that it told of last.
    pub(crate) there: String,
    /// Texts that were sent there, whose events are still to come.
    pub(crate) sent: Vec<String>,
    /// When it is kept next.
    pub(crate) due: Option<Millis>,
}

/// What the peer was told of the user's typing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TypingState {
    /// When it was told last that the user types; `None`: that they stopped.
    pub(crate) told: Option<Millis>,
    /// When it is told that they stopped.
    pub(crate) idle: Option<Millis>,
}

impl Thread {
    pub(crate) fn new(account: AccountId, id: ConversationId, composer: Composer) -> Self {
        let kept = composer.text().to_owned();
        Self {
            account,
            id,
            held: Held::default(),
            loading: false,
            anchor: Anchor::End,
            below: 0,
            selected: None,
            reply_to: None,
            composer,
            unread_from: None,
            seeking: None,
            read_to: None,
            left_unread: false,
            draft: DraftState { there: kept.clone(), kept, ..DraftState::default() },
            typing: TypingState::default(),
        }
    }

    /// A message, if it is in memory.
    pub fn message(&self, id: MessageId) -> Option<&ramson_wire::Message> {
        self.held.get(id).map(|kept| &kept.message)
    }

    /// Whether the newest message is at the lower edge.
    pub fn at_end(&self) -> bool {
        self.anchor == Anchor::End
    }

    /// All earlier messages are in memory: above the first one is nothing.
    pub fn complete(&self) -> bool {
        self.held.complete()
    }

    /// The message that is above the marked one (or above the last one, where
    /// none is marked); it can be marked next.
    pub fn above(&self) -> Option<MessageId> {
        match self.selected {
            Some(selected) => self.held.before(selected),
            None => self.held.last(),
        }
    }

    /// The message that is below the marked one.
    pub fn below(&self) -> Option<MessageId> {
        self.held.after(self.selected?)
    }
}
