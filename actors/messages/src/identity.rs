//! What is said to Identity, the actor of one account.

use actix::Message;
use ramson_crypto::session_protocol::EncryptError;
use ramson_protocol::command::{Command, CommandError, Outcome, Profile};
use ramson_protocol::mark::Mark;
use ramson_protocol::store::PluginChange;
use ramson_protocol::swarm::PollOutcome;
use ramson_types::{Ed25519PublicKey, MessageId, Timestamp};

use crate::link::LinkError;
use crate::storage::StoreError;

/// Carries out a command. Answered when what it leads to is on disk; what
/// becomes of what it sends comes as events.
#[derive(Debug, Message)]
#[rtype(result = "Result<Outcome, CarryError>")]
pub struct Carry(pub Command);

/// Carries out several commands in one turn, and keeps in the same commit what
/// else is to be true with them: all of it is on disk, or nothing. A command
/// that is refused does not stand in the way of the others. What one of them
/// wrote, a later one cannot name yet.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<Result<Outcome, CommandError>>, CarryError>")]
pub struct CarryAll {
    /// The commands; each has an outcome.
    pub commands: Vec<Command>,
    /// Where it is written down that they were carried out, in their order;
    /// what is missing is not written down, what is refused neither.
    pub marks: Vec<Option<Mark>>,
    /// What is kept with them.
    pub keep: Vec<PluginChange>,
}

/// What of an account's settings is in no conversation.
#[derive(Debug, Message)]
#[rtype(result = "Profile")]
pub struct GetProfile;

/// Messages whose delivery is under way: to be shown as being sent.
#[derive(Debug, Message)]
#[rtype(result = "Vec<MessageId>")]
pub struct GetSending;

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
    /// Configs that the swarm does not have as they are here.
    pub unstored_configs: usize,
    /// Errands that wait for the own swarm, and work that is due and leads to
    /// some.
    pub errands: usize,
    /// The swarm's configs were fetched once, since the account was added.
    pub synced: bool,
    /// A poll is under way.
    pub polling: bool,
    /// The swarm member that answered a poll last.
    pub poll_member: Option<Ed25519PublicKey>,
    /// When it did, by the local clock.
    pub polled: Option<Timestamp>,
}

impl AccountStatus {
    /// Whether nothing of the account waits for the network. What the swarm
    /// has of a restored account is waited for, too.
    pub const fn is_settled(&self) -> bool {
        self.synced && self.outbox == 0 && self.unstored_configs == 0 && self.errands == 0
    }
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarryError {
    /// It was refused.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The recipient's ID is no key.
    #[error(transparent)]
    Seal(#[from] EncryptError),
    /// It could not be stored, so nothing was changed and nothing sent.
    #[error("it was not kept, and nothing was sent: {0}")]
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
