//! What is said to Identity, the actor of one account.

use actix::Message;
use ramson_crypto::session_protocol::EncryptError;
use ramson_protocol::account::ComposeError;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::{AccountId, Ed25519PublicKey, Timestamp};

use crate::link::LinkError;
use crate::storage::StoreError;

/// Sends a text. Answered when it is safe in the outbox; what becomes of it
/// comes as events.
#[derive(Debug, Message)]
#[rtype(result = "Result<ramson_types::message::Message, SendError>")]
pub struct SendText {
    /// To whom.
    pub to: AccountId,
    /// The text.
    pub text: String,
}

/// The account's poll is due. Told, never waited for; the answer is a
/// [`PollDone`](crate::swarm::PollDone).
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct PollDue;

/// Polls now, whatever the schedule says, and answers when everything the poll
/// brought is committed and told; `None` while another poll is under way.
#[derive(Debug, Message)]
#[rtype(result = "Option<PollOutcome>")]
pub struct PollNow;

/// How an account is.
#[derive(Debug, Message)]
#[rtype(result = "AccountStatus")]
pub struct GetAccountStatus;

/// The answer to [`GetAccountStatus`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountStatus {
    /// What is added to the local clock to get the network's, in ms.
    pub clock_offset: i64,
    /// Sealed copies that wait for the network.
    pub outbox: usize,
    /// A poll is under way.
    pub polling: bool,
    /// The swarm member that answered a poll last.
    pub poll_member: Option<Ed25519PublicKey>,
    /// When it did, by the local clock.
    pub polled: Option<Timestamp>,
}

/// Why a message was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It cannot be sent at all.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// The recipient's ID is no key.
    #[error(transparent)]
    Seal(#[from] EncryptError),
    /// It could not be stored, so nothing was sent.
    #[error("the message was not kept and not sent: {0}")]
    Store(#[from] StoreError),
    /// An actor on the way is not running.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Too many messages wait for the network.
    #[error(
        "{waiting} messages of this account wait for the network already; at most {limit} may wait"
    )]
    OutboxFull {
        /// How many wait.
        waiting: usize,
        /// How many may.
        limit: usize,
    },
}
