//! What an account tells the world, after the commit that makes it true.

use ramson_types::message::Message;
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Timestamp,
};

/// Something that happened to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountEvent {
    /// A message came in.
    MessageReceived(Message),
    /// An outgoing message is safe in the outbox.
    MessageQueued(Message),
    /// The recipient's swarm has stored a message.
    MessageStored {
        /// Which message.
        id: MessageId,
        /// Where it belongs.
        conversation: ConversationId,
        /// For whose swarm.
        to: AccountId,
        /// The swarm's name for it.
        hash: MessageHash,
        /// Members that signed for it.
        nodes: Vec<Ed25519PublicKey>,
        /// Its sent time.
        sent: Timestamp,
    },
    /// An attempt to send failed; another follows.
    SendDelayed {
        /// Which message.
        id: MessageId,
        /// Why.
        reason: String,
        /// When the next attempt is due.
        retry_at: Timestamp,
    },
    /// A message was given up.
    MessageFailed {
        /// Which message.
        id: MessageId,
        /// Why.
        reason: String,
    },
}
