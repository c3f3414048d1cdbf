//! Messages as they stand in a home's history.

use std::fmt;
use std::str::FromStr;

use crate::{AccountId, ConversationId, MessageHash, Timestamp};

/// Names a message in a home, for the user and for plugins; written `m<account>-<number>`.
/// It never leaves the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The account's number in its home.
    pub account: u32,
    /// The message's number in that account; later ones are larger.
    pub number: u64,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}-{}", self.account, self.number)
    }
}

impl FromStr for MessageId {
    type Err = MessageIdError;

    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let parse = || {
            let (account, number) = text.strip_prefix('m')?.split_once('-')?;
            Some(Self { account: account.parse().ok()?, number: number.parse().ok()? })
        };
        parse().ok_or_else(|| MessageIdError { text: text.to_owned() })
    }
}

/// A text that is not `m<account>-<number>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a message's name; names look like m1-42 and are shown by 'ramson messages'"
)]
pub struct MessageIdError {
    /// The text as it was given.
    pub text: String,
}

/// A message's public name, the same in every client: quotes, reactions,
/// receipts and unsend requests name it so (01 section 2.8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageName {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: AccountId,
    /// When it was sent.
    pub sent: Timestamp,
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageState {
    /// Outgoing, safe in the outbox, not sent yet.
    Queued,
    /// Outgoing, on its way to the recipient's swarm. Never kept: the store
    /// has it as [`MessageState::Queued`].
    Sending,
    /// Outgoing, stored by the recipient's swarm.
    Stored,
    /// Outgoing, given up.
    Failed {
        /// What stood in the way.
        reason: String,
    },
    /// Incoming, not read.
    Received,
    /// Incoming: read, here or on another device. Outgoing: the peer says
    /// that it read it.
    Read,
}

/// When a message disappears, as its sender set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// From when its time counts.
    pub from: ExpiresFrom,
    /// How long it is there, in seconds.
    pub seconds: u32,
    /// When it is over; `None` while the time does not count yet.
    pub ends: Option<Timestamp>,
}

/// From when the time of a disappearing message counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpiresFrom {
    /// From when it was sent.
    Sent,
    /// From when it is read; on its sender's devices from when it was sent.
    Read,
}

/// What somebody did last with an emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Who.
    pub author: AccountId,
    /// The emoji.
    pub emoji: String,
    /// When; what was done later counts, in whatever order it arrives.
    pub at: Timestamp,
    /// Whether it was taken away again.
    pub removed: bool,
}

impl Reaction {
    /// Whether it is by the same author with the same emoji: the later of the
    /// two counts.
    pub fn replaces(&self, other: &Self) -> bool {
        self.author == other.author && self.emoji == other.emoji
    }

    /// Puts it among others, unless something later was done with its emoji.
    /// Tells whether that changed anything.
    pub fn put_into(self, reactions: &mut Vec<Self>) -> bool {
        match reactions.iter_mut().find(|other| other.replaces(&self)) {
            Some(before) if before.at >= self.at => false,
            Some(before) => {
                *before = self;
                true
            }
            None => {
                reactions.push(self);
                true
            }
        }
    }
}

/// What kind of message a Content is (01 section 3.1). Kinds that make no
/// line in a history have no place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MessageKind {
    /// Text, attachments, quote, link preview or community invitation.
    Visible,
    /// A change of the disappearing-message setting.
    ExpirationTimerUpdate,
    /// The peer saved media or took a screenshot.
    DataExtraction,
    /// The peer accepted a message request.
    MessageRequestResponse,
    /// Call signalling.
    Call,
    /// An invitation, promotion or change of a group.
    GroupUpdate,
}

/// A message of the history. Its `content` is the whole Content protobuf as
/// it was signed, so nothing that a peer sent is lost to a reader that learns
/// to show it later; `text` is the one part that every reader wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its name in this home.
    pub id: MessageId,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who wrote it, as proven by its signature.
    pub author: AccountId,
    /// When its author says it was sent; with the author, its public name.
    pub sent: Timestamp,
    /// When this home took it in or made it.
    pub received: Timestamp,
    /// What it is.
    pub kind: MessageKind,
    /// How far it has come.
    pub state: MessageState,
    /// The body, where it has one.
    pub text: Option<String>,
    /// The Content protobuf.
    pub content: Vec<u8>,
    /// Its hash: for incoming messages in the own swarm, for outgoing ones in
    /// the recipient's.
    pub hash: Option<MessageHash>,
    /// The hash of the copy in the own swarm, which can be deleted and its
    /// life changed.
    pub own_hash: Option<MessageHash>,
    /// When it disappears, if it does.
    pub expiry: Option<Expiry>,
    /// Emoji on it, also those taken away.
    pub reactions: Vec<Reaction>,
    /// It mentions this account.
    pub mentions_me: bool,
    /// Its author took it back, or it was deleted on one of the account's
    /// devices: text and content are gone.
    pub deleted: bool,
}

impl Message {
    /// Its public name.
    pub fn name(&self) -> MessageName {
        MessageName {
            conversation: self.conversation.clone(),
            author: self.author,
            sent: self.sent,
        }
    }

    /// Puts an emoji on it or takes it away, unless something later was done
    /// with that emoji. Tells whether that changed anything.
    pub fn react(&mut self, reaction: Reaction) -> bool {
        reaction.put_into(&mut self.reactions)
    }

    /// Takes everything out of it that its author wrote.
    pub fn delete(&mut self) {
        self.deleted = true;
        self.text = None;
        self.content = Vec::new();
        self.reactions = Vec::new();
        self.mentions_me = false;
    }
}
