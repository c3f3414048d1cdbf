//! Why a message is not kept (01 section 8).

use super::call::MAX_UUID;
use super::questions::MOST_NAMES;
use super::reaction::MAX_EMOJI;
use super::visible::MAX_ATTACHMENTS;
use crate::inbox::OpenError;

/// Why a message was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DropReason {
    /// The node returned bytes that do not belong to the hash.
    #[error("its bytes are not those of its hash; the node that returned it changed them")]
    WrongHash,
    /// It does not open.
    #[error("{0}")]
    NotOpened(#[from] OpenError),
    /// Another copy is in the history, or did already what this one asks for.
    #[error("it is in the history already")]
    Duplicate,
    /// It was deleted, or its time was over, before this copy came.
    #[error("it was deleted before")]
    Deleted,
    /// Its time was over when it came.
    #[error("its time was over when it came")]
    Expired,
    /// This account does not hear its author.
    #[error("its author is blocked")]
    Blocked,
    /// Its conversation was removed or hidden since it was sent. It is not
    /// remembered as seen: a node that lies about times makes nobody lose it.
    #[error("its conversation was removed after it was sent")]
    Forgotten,
    /// A kind that only accepted accounts may send.
    #[error("its author was not accepted, and this kind takes that")]
    NotApproved,
    /// A kind that the own account's devices do not send each other.
    #[error("it claims to be from this account, but this kind never is")]
    NotFromSelf,
    /// `syncTarget` in a message from somebody else.
    #[error("its author may not choose its conversation")]
    ForeignSyncTarget,
    /// `syncTarget` that is no account.
    #[error("its conversation is not an account")]
    BadSyncTarget,
    /// Flags that no known client sends.
    #[error("its flags are unknown")]
    UnknownFlags,
    /// More than 32 attachments.
    #[error("it has more than {MAX_ATTACHMENTS} attachments")]
    TooManyAttachments,
    /// No text, attachment, preview or invitation.
    #[error("it is empty")]
    Empty,
    /// An invitation to a community that is none.
    #[error("it invites to something that is no community")]
    BadInvitation,
    /// A message it is about is named by no account of the conversation.
    #[error("it is about a message of somebody who is not in the conversation")]
    BadTarget,
    /// What it is about was deleted.
    #[error("it is about a message that was deleted")]
    TargetDeleted,
    /// What it is about was sent too long ago to come still.
    #[error("it is about a message that is not here")]
    TargetUnknown,
    /// Not an emoji.
    #[error("its emoji is missing or longer than {MAX_EMOJI} bytes")]
    BadEmoji,
    /// More reactions than a message takes.
    #[error("its message has as many reactions as it takes")]
    TooManyReactions,
    /// It came with too many that are about other messages.
    #[error("it came with others that are about more than {MOST_NAMES} messages")]
    TooManyNames,
    /// Something later was done with the same emoji.
    #[error("something later was done with that emoji")]
    Outdated,
    /// Only the author may take a message back.
    #[error("it takes back a message of somebody else")]
    NotAuthor,
    /// Receipts or typing, which this home's user does not want.
    #[error("this home's settings do not take it")]
    SwitchedOff,
    /// A receipt that is none of reading.
    #[error("it confirms something else than reading")]
    UnknownReceipt,
    /// A typing message of another time than its own.
    #[error("it was made at another time than it was sent")]
    WrongTime,
    /// Typing that is over.
    #[error("it came too late to be worth anything")]
    Late,
    /// A message request response that does not approve.
    #[error("it is an answer that accepts nothing")]
    NotAccepted,
    /// A call without a usable name.
    #[error("its call's name is missing or longer than {MAX_UUID} bytes")]
    BadCall,
    /// An own device took or declined the call.
    #[error("another device took or declined the call")]
    TakenElsewhere,
    /// Candidates whose arrays differ in length.
    #[error("its candidates are not complete")]
    BadCandidates,
    /// An account that was never written to says that this one may write.
    #[error("nobody asked its author")]
    NotAsked,
    /// An invitation or promotion whose proof is wrong.
    #[error("its proof of the group is wrong")]
    BadGroupProof,
    /// A kind that leaves no trace in the history.
    #[error("its kind is not part of the history")]
    NotHistory,
    /// A config message that does not open, or of a later form.
    #[error("it is no config message that this version can read; it is left where it is")]
    UnknownConfig,
    /// No kind that this version knows.
    #[error("its kind is unknown; it is from a newer client")]
    UnknownKind,
}
