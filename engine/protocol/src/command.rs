//! What an account can be told to do. Together with [`AccountEvent`] and
//! [`Snapshot`] this is what user interfaces and bots see of the engine.
//!
//! [`AccountEvent`]: crate::event::AccountEvent
//! [`Snapshot`]: crate::snapshot::Snapshot

use ramson_types::conversation::{Disappearing, Notify, ProfilePicture};
use ramson_types::message::Message;
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};

/// A command to one account. Its names are stable; readers pass over those
/// that they do not know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Writes to an account, or to oneself. Approves the account.
    Send {
        /// To whom, a `05` id.
        to: AccountId,
        /// What.
        post: Post,
    },
    /// Puts an emoji on a message, or takes it away. At most 20 a minute; not
    /// in message requests.
    React {
        /// On which message.
        message: MessageId,
        /// One emoji.
        emoji: String,
        /// Whether it is taken away.
        remove: bool,
        /// Whether the account's other devices are not told; see
        /// [`Post::unsynced`].
        unsynced: bool,
    },
    /// Deletes a message.
    Delete {
        /// Which.
        message: MessageId,
        /// Where.
        scope: DeleteScope,
    },
    /// Marks a conversation as read, on all devices. Starts the timers of its
    /// messages, and tells the peer if receipts are on.
    MarkRead {
        /// Which.
        conversation: ConversationId,
        /// Messages sent up to here; `None` for all there are.
        up_to: Option<Timestamp>,
    },
    /// Marks a conversation as unread, or takes that back; on all devices.
    MarkUnread {
        /// Which.
        conversation: ConversationId,
        /// Whether it is.
        unread: bool,
    },
    /// Says that the user types, or stopped. Nothing is kept; nothing is sent
    /// unless typing is told ([`Command::SetPrivacy`]) and the peer approved.
    SetTyping {
        /// To whom.
        to: AccountId,
        /// Whether.
        typing: bool,
    },
    /// Tells the author that media of a message was saved.
    TellMediaSaved {
        /// Which message.
        message: MessageId,
    },
    /// Sets the name that others see: 1 to 100 bytes.
    SetName(String),
    /// Sets what others are told; stays in this home.
    SetPrivacy {
        /// Whether reading is told, and heard of; `None` leaves it.
        read_receipts: Option<bool>,
        /// Whether typing is; `None` leaves it.
        typing: Option<bool>,
    },
    /// Makes a contact of an account, and approves it.
    AddContact(AccountId),
    /// Accepts a message request, and says so.
    Approve(AccountId),
    /// Turns a message request down: its messages go, and nothing is said.
    Decline(AccountId),
    /// Turns all message requests down.
    DeclineAll,
    /// Does not hear an account any more, or hears it again.
    Block {
        /// Whom.
        account: AccountId,
        /// Whether it is blocked.
        blocked: bool,
    },
    /// Gives a contact a name, at most 100 bytes; `None` takes it away.
    SetNickname {
        /// Whom.
        account: AccountId,
        /// The name.
        nickname: Option<String>,
    },
    /// Removes a contact, its conversation and all messages of it, on all
    /// devices.
    RemoveContact(AccountId),
    /// Pins a conversation (above 0, higher ones first), hides it (below 0),
    /// or neither (0).
    SetPriority {
        /// Which.
        conversation: ConversationId,
        /// How high.
        priority: i64,
    },
    /// Tells nothing of a conversation for a while; 0 ends that.
    Mute {
        /// Which.
        conversation: ConversationId,
        /// Until when.
        until: Timestamp,
    },
    /// Sets what of a conversation is told.
    SetNotify {
        /// Which.
        conversation: ConversationId,
        /// What.
        notify: Notify,
    },
    /// Sets when messages of a conversation disappear from now on, and tells
    /// the peer.
    SetDisappearing {
        /// Which.
        conversation: ConversationId,
        /// When.
        setting: Disappearing,
    },
    /// Keeps what its user began to write; stays in this home.
    SetDraft {
        /// Where.
        conversation: ConversationId,
        /// The text; `None` for nothing.
        text: Option<String>,
    },
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Post {
    /// The text, at most 2,000 code points. `@` and a `05` id mention
    /// somebody.
    pub text: String,
    /// The message that it answers, of the same conversation.
    pub reply_to: Option<MessageId>,
    /// What a link in the text leads to; its address stands in the text.
    pub preview: Option<LinkPreview>,
    /// An invitation to a community; then there is no text.
    pub invitation: Option<Invitation>,
    /// The account's other devices are not told: there is no copy for them. For
    /// bots, which have none. A note to self goes out all the same.
    pub unsynced: bool,
}

impl Post {
    /// A text and nothing else.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// The page that a link leads to, as its sender saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPreview {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
}

/// An invitation to a room of a community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// `https://host/room?public_key=<64 hex>`.
    pub url: String,
    /// The room's name.
    pub name: String,
}

/// Where a message is deleted. Everywhere it leaves no trace that others can
/// read; in this home its tombstone stays for 45 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeleteScope {
    /// In this home only.
    Here,
    /// On all devices of this account, and in its swarm.
    MyDevices,
    /// There and at the peer's; own messages only.
    Everyone,
}

/// What a command led to, once it is on disk.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is done, or nothing had to be done.
    Done,
    /// A message stands in the history and waits for the network.
    Queued(Box<Message>),
    /// Something that is no message of the history waits for the network:
    /// events and ledger name it so.
    Told(MessageId),
}

/// An account's own profile and settings, as a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The account.
    pub id: AccountId,
    /// The name that others see.
    pub name: Option<String>,
    /// Its picture.
    pub picture: Option<ProfilePicture>,
    /// When name or picture were last changed, in whole seconds.
    pub updated: Timestamp,
    /// Whether reading is told to others, and heard of; of this home.
    pub read_receipts: bool,
    /// Whether typing is; of this home.
    pub typing: bool,
    /// Whether strangers may write through communities; `None` where it was
    /// never said.
    pub takes_community_requests: Option<bool>,
}

/// Why a command was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Nothing but white space.
    #[error("the message is empty; give some text")]
    Empty,
    /// Longer than is allowed.
    #[error("the message has {length} characters; at most {limit} can be sent, so split it")]
    TooLong {
        /// Its length in code points.
        length: usize,
        /// The most that may be sent.
        limit: usize,
    },
    /// Not a `05` id.
    #[error("{to} is not an account; messages go to an Account ID that starts with 05")]
    NotAnAccount {
        /// The id.
        to: AccountId,
    },
    /// More bytes than a swarm stores.
    #[error("the message takes {bytes} bytes sealed; a swarm stores at most {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that a swarm stores.
        limit: usize,
    },
    /// No such message, or it was deleted.
    #[error("there is no message {message}; 'ramson messages' shows those that are there")]
    NoSuchMessage {
        /// Which.
        message: MessageId,
    },
    /// It stands in another conversation.
    #[error("message {message} is not in the conversation with {conversation}")]
    OtherConversation {
        /// The message.
        message: MessageId,
        /// The conversation.
        conversation: ConversationId,
    },
    /// No such contact.
    #[error("{account} is not a contact; 'ramson contact add' makes it one")]
    NoSuchContact {
        /// Who.
        account: AccountId,
    },
    /// No such conversation.
    #[error(
        "there is no conversation with {conversation}; 'ramson conversations --all' lists those that are there"
    )]
    NoSuchConversation {
        /// Which.
        conversation: ConversationId,
    },
    /// The own account is no contact of itself.
    #[error("{account} is this account itself; give the ID of another one")]
    OwnAccount {
        /// Which.
        account: AccountId,
    },
    /// Somebody else wrote it.
    #[error("message {message} is not yours; only its author can delete it for everyone")]
    NotAuthor {
        /// Which.
        message: MessageId,
    },
    /// A blocked account is not written to.
    #[error("{account} is blocked; 'ramson contact unblock' lets it write again")]
    Blocked {
        /// Who.
        account: AccountId,
    },
    /// Strangers get no reactions and the like.
    #[error(
        "you and {account} have not both accepted each other yet; accept its request, or wait until it accepts yours"
    )]
    NotApproved {
        /// Who.
        account: AccountId,
    },
    /// Not one emoji.
    #[error("'{emoji}' is not one emoji; give one, such as 👍")]
    BadEmoji {
        /// What was given.
        emoji: String,
    },
    /// More reactions in a minute than official clients make.
    #[error("at most {limit} reactions a minute; try again in {seconds} s")]
    TooManyReactions {
        /// How many.
        limit: usize,
        /// How long to wait.
        seconds: u64,
    },
    /// A name that no client would show.
    #[error("the name '{name}' has {bytes} bytes; a name has 1 to 100")]
    BadName {
        /// The name.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// The link's address is not in the text, or there is no title.
    #[error("the link '{url}' cannot be shown; give it a title, and write it in the text")]
    BadPreview {
        /// Its address.
        url: String,
    },
    /// Not the address of a community's room.
    #[error("'{url}' is no community; give https://host/room?public_key=<64 hex digits>")]
    BadInvitation {
        /// What was given.
        url: String,
    },
    /// Text beside an invitation to a community.
    #[error("an invitation to a community has no text; send the text by itself")]
    TextWithInvitation,
    /// Whoever is answered already, blocked, or never wrote.
    #[error("{account} is no message request; 'ramson contact remove' removes a contact")]
    NotARequest {
        /// Who.
        account: AccountId,
    },
    /// A timer that this conversation cannot have.
    #[error("messages to yourself can only disappear after they were sent, not after reading")]
    NoAfterRead,
    /// A timer of no length.
    #[error("a timer has 1 to {limit} seconds, not {seconds}")]
    BadTimer {
        /// What was given.
        seconds: u64,
        /// The longest.
        limit: u64,
    },
    /// Conversations of this kind are not supported yet.
    #[error("{conversation} is a group or community; this version does not write to it")]
    NotOneToOne {
        /// Which.
        conversation: ConversationId,
    },
    /// Too much of this account waits already.
    #[error("too much of this account waits already ({waiting}); try again in a moment")]
    Busy {
        /// How much.
        waiting: usize,
    },
}
