//! What a user can do.

use ramson_wire::{
    AccountId, ConversationId, DeleteScope, Disappearing, Grant, MessageId, Millis, Notify, Task,
};

use crate::composer::Edit;
use crate::thread::Anchor;

/// Something that the user wants. What needs an account is done as the one
/// that is used; what needs a conversation names it.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    // Where the user is.
    /// Opens a conversation where it was left.
    Open(ConversationId),
    /// Closes the open conversation.
    CloseThread,
    /// Goes on as another account.
    SwitchAccount(AccountId),
    /// These rows of the list are on the screen: their newest messages are
    /// fetched, so that the rows can show them. A UI that does not say gets
    /// those of the first rows.
    ShowRows(Vec<ConversationId>),
    /// What the user looks at in the open conversation has moved.
    ScrollTo(Anchor),
    /// So many lines of the message at the lower edge are below it.
    ScrollBelow(u32),
    /// Marks a message of the open conversation, for what is done with it.
    Select(Option<MessageId>),
    /// Goes to the message that this one answers.
    OpenQuoted(MessageId),
    /// Fetches earlier messages of the open conversation. Later ones that were
    /// dropped are fetched by [`Action::LoadNewer`].
    LoadOlder,
    /// Fetches later messages again that were dropped while the user was far
    /// up; nothing happens where the end is there.
    LoadNewer,
    /// The end of the open conversation is on the screen, and somebody looks
    /// at it: what is unread is read.
    Seen,

    // Writing.
    /// Changes what is being written.
    Edit(Edit),
    /// Sends what is being written.
    Send,
    /// What is written next answers this message.
    ReplyTo(MessageId),
    /// It answers nothing.
    CancelReply,
    /// Puts an emoji on a message of the open conversation; takes it away
    /// where it is there already.
    React {
        /// Which message.
        message: MessageId,
        /// Which emoji.
        emoji: String,
    },
    /// Deletes a message of the open conversation.
    Delete {
        /// Which.
        message: MessageId,
        /// Where.
        scope: DeleteScope,
    },
    /// Sends the text of a message once more, as a new message, and removes
    /// the one that failed.
    Retry(MessageId),

    // Conversations.
    /// Marks a conversation as read, wherever it is.
    MarkRead(ConversationId),
    /// Marks a conversation as unread, or takes that back.
    MarkUnread {
        /// Which.
        conversation: ConversationId,
        /// Whether it is.
        unread: bool,
    },
    /// Pins a conversation above those that are pinned, or no more.
    Pin {
        /// Which.
        conversation: ConversationId,
        /// Whether it is.
        pinned: bool,
    },
    /// Hides a conversation from the list, or shows it again.
    Hide {
        /// Which.
        conversation: ConversationId,
        /// Whether it is.
        hidden: bool,
    },
    /// Tells nothing of a conversation until then; 0 ends it.
    Mute {
        /// Which.
        conversation: ConversationId,
        /// Until when.
        until: Millis,
    },
    /// Sets what of a conversation is told.
    SetNotify {
        /// Which.
        conversation: ConversationId,
        /// What.
        notify: Notify,
    },
    /// Sets when messages disappear from now on.
    SetTimer {
        /// Where.
        conversation: ConversationId,
        /// When.
        setting: Disappearing,
    },

    // People.
    /// Writes to whom an Account ID or a registered name means: a name is
    /// looked up first, then the conversation is open.
    StartWith(String),
    /// Accepts a message request.
    Approve(AccountId),
    /// Turns a message request down.
    Decline(AccountId),
    /// Turns all message requests down.
    DeclineAll,
    /// Does not hear somebody any more, or hears them again.
    Block {
        /// Whom.
        contact: AccountId,
        /// Whether they are blocked.
        blocked: bool,
    },
    /// Gives somebody a name; `None` or blanks take it away.
    SetNickname {
        /// Whom.
        contact: AccountId,
        /// The name.
        nickname: Option<String>,
    },
    /// Makes somebody a contact.
    AddContact(AccountId),
    /// Removes a contact and its conversation, on all devices.
    RemoveContact(AccountId),

    // The account.
    /// Sets the name that others see.
    SetName(String),
    /// Sets what others are told; `None` leaves it as it is.
    SetPrivacy {
        /// Whether reading is told.
        read_receipts: Option<bool>,
        /// Whether typing is.
        typing: Option<bool>,
    },

    // Questions. The answers stand in the model.
    /// Every step of a message's way: `Model::trace`.
    AskTrace(MessageId),
    /// How the network is: `Model::network`.
    AskNetwork,
    /// The plugins: `Model::plugins`.
    AskPlugins,

    // The program.
    /// Loads a plugin.
    LoadPlugin(String),
    /// Gives a plugin what it asks for, and loads it.
    AllowPlugin {
        /// Which.
        name: String,
        /// What it gets.
        grants: Vec<Grant>,
        /// For which accounts; `None` for all.
        accounts: Option<Vec<AccountId>>,
        /// It is a UI that takes its turn then.
        show: bool,
    },
    /// Stops a plugin.
    StopPlugin(String),
    /// Loads a plugin's library anew.
    SwapPlugin(String),
    /// Lets another UI take its turn.
    UseUi(String),
    /// Makes an account, and goes on as that one.
    CreateAccount {
        /// The name that others see.
        name: Option<String>,
    },
    /// Removes an account from this home.
    RemoveAccount(AccountId),
    /// Begins with the local network.
    BeginDemo,
    /// Makes an account on the real network.
    BeginNew {
        /// The name that others see.
        name: Option<String>,
    },
    /// Restores an account; the program asks for its phrase.
    BeginRestore,
    /// Something that only the program itself may do.
    HandOver(Task),
    /// Keeps what has not been kept yet, then ends the program.
    Quit,

    // How it looks.
    /// Sets how something looks, for this UI and the ones after it.
    Set {
        /// What, such as `terminal.theme`.
        name: String,
        /// How.
        value: String,
    },

    // Notes.
    /// Tells the user something that the UI did, such as copying.
    Tell {
        /// The sentence.
        text: String,
        /// Whether it went well.
        good: bool,
    },
    /// The user has seen the notes.
    DismissNotes,
}
