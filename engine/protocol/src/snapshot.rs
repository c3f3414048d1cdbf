//! What can be asked of an account: the third part, beside [`Command`] and
//! [`AccountEvent`], of what user interfaces and bots see of the engine.
//!
//! [`Command`]: crate::command::Command
//! [`AccountEvent`]: crate::event::AccountEvent

use ramson_types::conversation::Conversation;
use ramson_types::message::Message;
use ramson_types::{ConversationId, MessageId};

use crate::command::Profile;

/// A question about one account. Names are stable; who answers refuses those
/// that it does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Query {
    /// Its profile and settings.
    Profile,
    /// All its conversations, pinned ones first, then the one with the newest
    /// message; hidden ones, blocked ones and requests among them.
    Conversations,
    /// Message requests: strangers who wrote and wait for an answer.
    Requests,
    /// One conversation.
    Conversation(ConversationId),
    /// The newest messages of a conversation, oldest first.
    Messages {
        /// Which.
        conversation: ConversationId,
        /// How many at most.
        limit: usize,
    },
    /// One message.
    Message(MessageId),
}

/// The answer to a [`Query`], of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Snapshot {
    /// To [`Query::Profile`].
    Profile(Box<Profile>),
    /// To [`Query::Conversations`] and [`Query::Requests`].
    Conversations(Vec<Conversation>),
    /// To [`Query::Conversation`]; `None` if there is none.
    Conversation(Option<Box<Conversation>>),
    /// To [`Query::Messages`].
    Messages(Vec<Message>),
    /// To [`Query::Message`]; `None` if there is none.
    Message(Option<Box<Message>>),
}
