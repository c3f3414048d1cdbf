//! What a plugin asks for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{
    AccountId, ConversationId, Disappearing, Done, Grant, Invitation, LinkPreview, MessageId,
    Millis, Notify, Window,
};

/// A request; each gets one reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To an account.
    Command(AccountCommand),
    /// A question.
    Query(Query),
    /// To the program.
    Control(Control),
    /// Events are done with.
    Done(Done),
}

/// The kinds of requests, as `submit` takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
#[allow(missing_docs, reason = "each is that of the request of its name")]
pub enum RequestKind {
    Command = ramson_abi::REQUEST_COMMAND,
    Query = ramson_abi::REQUEST_QUERY,
    Control = ramson_abi::REQUEST_CONTROL,
    Done = ramson_abi::REQUEST_DONE,
}

impl RequestKind {
    /// Its number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The kind of a number; `None` for one of a later version.
    pub const fn of_number(number: u32) -> Option<Self> {
        Some(match number {
            ramson_abi::REQUEST_COMMAND => Self::Command,
            ramson_abi::REQUEST_QUERY => Self::Query,
            ramson_abi::REQUEST_CONTROL => Self::Control,
            ramson_abi::REQUEST_DONE => Self::Done,
            _ => return None,
        })
    }
}

/// A command to one account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct AccountCommand {
    /// Which.
    pub account: AccountId,
    /// A name of the plugin's own, 1 to 256 bytes without control characters.
    /// A command that was carried out under it within the last 14 days, for
    /// this plugin and account, is not carried out again: the answer is that
    /// of then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What.
    #[serde(flatten)]
    pub command: Command,
}

impl AccountCommand {
    /// A command without a key.
    pub const fn new(account: AccountId, command: Command) -> Self {
        Self { account, key: None, command }
    }

    /// The same with a key.
    #[must_use]
    pub fn keyed(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// What an account can be told to do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Writes to an account, or to oneself. Approves the account.
    Send {
        /// To whom, a `05` id.
        to: AccountId,
        /// The text, at most 2,000 code points. `@` and a `05` id mention
        /// somebody.
        #[serde(default)]
        text: String,
        /// The message that it answers, of the same conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<MessageId>,
        /// What a link in the text leads to; its address stands in the text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preview: Option<LinkPreview>,
        /// An invitation to a community; then there is no text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invitation: Option<Invitation>,
        /// The account's other devices are not told of it: half the traffic,
        /// for an account that has none.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsynced: bool,
    },
    /// Puts an emoji on a message, or takes it away. At most 20 a minute.
    React {
        /// On which message.
        message: MessageId,
        /// One emoji.
        emoji: String,
        /// It is taken away.
        #[serde(default)]
        remove: bool,
        /// The account's other devices are not told of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsynced: bool,
    },
    /// Deletes a message.
    Delete {
        /// Which.
        message: MessageId,
        /// Where.
        scope: DeleteScope,
    },
    /// Marks a conversation as read, on all devices.
    MarkRead {
        /// Which.
        conversation: ConversationId,
        /// Messages sent up to here; all there are if it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        up_to: Option<Millis>,
    },
    /// Marks a conversation as unread, or takes that back.
    MarkUnread {
        /// Which.
        conversation: ConversationId,
        /// Whether it is.
        unread: bool,
    },
    /// Says that the user types, or stopped. Nothing is kept.
    SetTyping {
        /// To whom.
        to: AccountId,
        /// Whether.
        typing: bool,
    },
    /// Sets the name that others see: 1 to 100 bytes.
    SetName {
        /// The name.
        name: String,
    },
    /// Sets what others are told; stays in this home.
    SetPrivacy {
        /// Whether reading is told, and heard of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read_receipts: Option<bool>,
        /// Whether typing is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        typing: Option<bool>,
    },
    /// Makes a contact of an account, and approves it.
    AddContact {
        /// Whom.
        contact: AccountId,
    },
    /// Accepts a message request.
    Approve {
        /// Whose.
        contact: AccountId,
    },
    /// Turns a message request down: its messages go, and nothing is said.
    Decline {
        /// Whose.
        contact: AccountId,
    },
    /// Turns all message requests down.
    DeclineAll,
    /// Does not hear an account any more, or hears it again.
    Block {
        /// Whom.
        contact: AccountId,
        /// Whether it is blocked.
        blocked: bool,
    },
    /// Gives a contact a name, at most 100 bytes.
    SetNickname {
        /// Whom.
        contact: AccountId,
        /// The name; left out, it is taken away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nickname: Option<String>,
    },
    /// Removes a contact and its conversation, on all devices.
    RemoveContact {
        /// Whom.
        contact: AccountId,
    },
    /// Pins a conversation (above 0), hides it (below 0), or neither (0).
    SetPriority {
        /// Which.
        conversation: ConversationId,
        /// How high.
        priority: i64,
    },
    /// Tells nothing of a conversation for a while.
    Mute {
        /// Which.
        conversation: ConversationId,
        /// Until when; 0 ends it.
        until: Millis,
    },
    /// Sets what of a conversation is told.
    SetNotify {
        /// Which.
        conversation: ConversationId,
        /// What.
        notify: Notify,
    },
    /// Sets when messages of a conversation disappear from now on.
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
        /// The text; left out, there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

/// Where a message is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeleteScope {
    /// In this home only.
    Here,
    /// On all devices of this account, and in its swarm.
    MyDevices,
    /// There and at the peer's; own messages only.
    Everyone,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum Query {
    /// The accounts of this home.
    Accounts,
    /// All conversations of an account, pinned ones first, then the one with
    /// the newest message; hidden ones, blocked ones and requests among them.
    Conversations {
        /// Which.
        account: AccountId,
    },
    /// One conversation.
    Conversation {
        /// Of which account.
        account: AccountId,
        /// Which.
        conversation: ConversationId,
    },
    /// Messages of a conversation, oldest first.
    Messages {
        /// Of which account.
        account: AccountId,
        /// Of which conversation.
        conversation: ConversationId,
        /// Those right before this one; else the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<MessageId>,
        /// How many at most; 1,000 is the limit.
        limit: u32,
    },
    /// One message.
    Message {
        /// Of which account.
        account: AccountId,
        /// Which.
        message: MessageId,
    },
    /// Every step of a message's way.
    Trace {
        /// Of which account.
        account: AccountId,
        /// Which.
        message: MessageId,
    },
    /// How the network is for an account.
    Network {
        /// Which.
        account: AccountId,
    },
    /// Whose a registered name is.
    Resolve {
        /// Who asks.
        account: AccountId,
        /// The name.
        name: String,
    },
    /// The plugins.
    Plugins,
    /// One record of this plugin.
    Record {
        /// Its name.
        key: String,
    },
    /// Records of this plugin, in order of their names.
    Records {
        /// Those whose names begin so; all if it is empty.
        #[serde(default)]
        prefix: String,
        /// Those behind this name only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// How many at most; 1,000 is the limit.
        limit: u32,
    },
    /// Is answered when this time has come, by the host's clock. A plugin has
    /// one alarm: the next one answers it at once.
    Alarm {
        /// When.
        at: Millis,
    },
}

/// What the program itself can be told to do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// Keeps where the user is, for the next UI. Only of a UI.
    SetWindow {
        /// Where.
        window: Window,
    },
    /// Lets another UI take its turn. The one that shows now goes once the
    /// other is ready.
    UseUi {
        /// Its name or path.
        name: String,
    },
    /// Loads a plugin. It gets what the user decided in `plugins.toml`.
    LoadPlugin {
        /// Its name or path.
        name: String,
    },
    /// Gives a plugin what it asks for (or part of it) and for which accounts,
    /// and loads it; one that runs goes on as a fresh copy with that. The user
    /// was asked. The conversations that it was limited to before stay.
    AllowPlugin {
        /// Its name or path.
        name: String,
        /// What it gets.
        grants: Vec<Grant>,
        /// For which accounts; left out, for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accounts: Option<Vec<AccountId>>,
    },
    /// Stops a plugin.
    StopPlugin {
        /// Its name.
        name: String,
    },
    /// Loads a plugin's library anew; the old one goes once the new one is
    /// ready.
    SwapPlugin {
        /// Its name.
        name: String,
    },
    /// Makes an account.
    CreateAccount {
        /// The name that others see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Removes an account and everything of it from this home.
    RemoveAccount {
        /// Which.
        account: AccountId,
    },
    /// On the welcome screen: begins with the local network.
    BeginDemo,
    /// On the welcome screen: makes an account on the real network.
    BeginNew {
        /// The name that others see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// On the welcome screen: restores an account. The program asks for the
    /// phrase itself: it never passes a plugin. The UI is stopped meanwhile,
    /// and started again.
    BeginRestore,
    /// Something that only the program itself may do with the terminal. The UI
    /// is stopped meanwhile, and started again.
    HandOver {
        /// What.
        task: Task,
    },
    /// Ends the program.
    Quit,
}

/// What the program does itself, because a secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Asks for a recovery phrase, and adds its account.
    RestoreAccount,
    /// Shows an account's recovery phrase.
    ShowPhrase {
        /// Whose.
        account: AccountId,
    },
}

impl Request {
    /// Its kind.
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Command(_) => RequestKind::Command,
            Self::Query(_) => RequestKind::Query,
            Self::Control(_) => RequestKind::Control,
            Self::Done(_) => RequestKind::Done,
        }
    }

    /// The commands in it.
    pub fn commands(&self) -> &[AccountCommand] {
        match self {
            Self::Command(command) => std::slice::from_ref(command),
            Self::Done(done) => &done.commands,
            Self::Query(_) | Self::Control(_) => &[],
        }
    }
}

impl Command {
    /// Writes a text.
    pub fn text(to: AccountId, text: impl Into<String>) -> Self {
        let (text, reply_to, preview, invitation) = (text.into(), None, None, None);
        Self::Send { to, text, reply_to, preview, invitation, unsynced: false }
    }

    /// What is needed for it.
    pub const fn needs(&self) -> Grant {
        match self {
            Self::Send { .. } | Self::React { .. } | Self::SetTyping { .. } => Grant::Send,
            Self::Delete { .. }
            | Self::MarkRead { .. }
            | Self::MarkUnread { .. }
            | Self::SetPriority { .. }
            | Self::Mute { .. }
            | Self::SetNotify { .. }
            | Self::SetDisappearing { .. }
            | Self::SetDraft { .. } => Grant::Manage,
            Self::AddContact { .. }
            | Self::Approve { .. }
            | Self::Decline { .. }
            | Self::DeclineAll
            | Self::Block { .. }
            | Self::SetNickname { .. }
            | Self::RemoveContact { .. } => Grant::Contacts,
            Self::SetName { .. } | Self::SetPrivacy { .. } => Grant::Profile,
        }
    }
}
