//! What one plugin may do and hear. Everything that it asks for and everything
//! that it is told passes here. The gate knows no engine: what can only be said
//! once a message was looked up is left to `requests`, which asks
//! [`Gate::sees`].

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ramson_abi::{AGAIN, BAD_PAYLOAD, DENIED, Status, TOO_LARGE};
use ramson_wire::codec::{CodecError, Encoding, decode_request};
use ramson_wire::{
    AccountCommand, AccountId, Command, Control, ConversationId, Event, EventKind, Grant, GrantSet,
    Plugin, Query, Request, RequestKind, Task, Topic, TopicSet,
};

use crate::library::name_of;

/// What a gate goes by.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// What the plugin is called here.
    pub(crate) name: String,
    /// It is a user interface.
    pub(crate) ui: bool,
    /// How it writes its requests.
    pub(crate) encoding: Encoding,
    /// What it wants to hear of.
    pub(crate) topics: TopicSet,
    /// What it was given.
    pub(crate) grants: GrantSet,
    /// The accounts that it sees; `None` for all.
    pub(crate) accounts: Option<Vec<AccountId>>,
    /// The conversations that it sees; `None` for all.
    pub(crate) conversations: Option<Vec<ConversationId>>,
    /// Requests a minute; `None` for no limit.
    pub(crate) rate: Option<u32>,
}

/// The gate of one plugin.
#[derive(Debug)]
pub(crate) struct Gate {
    name: String,
    ui: bool,
    encoding: Encoding,
    topics: TopicSet,
    grants: GrantSet,
    accounts: Option<BTreeSet<AccountId>>,
    conversations: Option<BTreeSet<ConversationId>>,
    rate: Option<Rate>,
}

impl Gate {
    /// A gate that goes by these rules.
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            name: rules.name,
            ui: rules.ui,
            encoding: rules.encoding,
            topics: rules.topics,
            grants: rules.grants,
            accounts: rules.accounts.map(|accounts| accounts.into_iter().collect()),
            conversations: rules.conversations.map(|ids| ids.into_iter().collect()),
            rate: rules.rate.map(Rate::new),
        }
    }

    /// What the plugin was given.
    pub(crate) const fn grants(&self) -> GrantSet {
        self.grants
    }

    /// Looks at a request on its way in.
    pub(crate) fn admit(&self, kind: u32, payload: &[u8], now: Instant) -> Result<Request, Status> {
        let kind = RequestKind::of_number(kind).ok_or(BAD_PAYLOAD)?;
        let request =
            decode_request(kind, payload, self.encoding).map_err(|error| match error {
                CodecError::TooLarge { .. } => TOO_LARGE,
                CodecError::Malformed { .. } => BAD_PAYLOAD,
            })?;
        self.check(request, now)
    }

    /// The same for one that is read already.
    pub(crate) fn check(&self, request: Request, now: Instant) -> Result<Request, Status> {
        let allowed = match &request {
            Request::Command(_) | Request::Done(_) => {
                request.commands().iter().all(|command| self.may_command(command))
            }
            Request::Query(query) => self.may_query(query),
            Request::Control(control) => self.may_control(control),
        };
        // How else would it wait, or say that it is done with something?
        let counts = match &request {
            Request::Query(Query::Alarm { .. }) => false,
            Request::Done(done) => !done.commands.is_empty(),
            _ => true,
        };
        match (allowed, self.rate.as_ref().filter(|_| counts)) {
            (false, _) => Err(DENIED),
            (true, Some(rate)) if !rate.take(now) => Err(AGAIN),
            (true, _) => Ok(request),
        }
    }

    /// Whether the plugin hears of an event.
    pub(crate) fn hears(&self, event: &Event) -> bool {
        self.hears_of(event.kind(), event.account().as_ref(), event.conversation())
    }

    /// The same, before the event is made.
    pub(crate) fn hears_of(
        &self,
        kind: EventKind,
        account: Option<&AccountId>,
        conversation: Option<&ConversationId>,
    ) -> bool {
        let (topic, grant) = match kind {
            EventKind::Message | EventKind::MessageChanged | EventKind::MessageRemoved => {
                (Some(Topic::Messages), Grant::Read)
            }
            EventKind::Conversation | EventKind::ConversationRemoved | EventKind::Profile => {
                (Some(Topic::Conversations), Grant::Read)
            }
            // Which accounts there are is in every snapshot, too.
            EventKind::Account | EventKind::AccountRemoved => (None, Grant::Read),
            EventKind::Typing => (Some(Topic::Typing), Grant::Read),
            EventKind::Network => (Some(Topic::Network), Grant::Network),
            EventKind::Plugins => (Some(Topic::Plugins), Grant::Plugins),
            // For this plugin alone.
            EventKind::Snapshot | EventKind::Reply | EventKind::Lagged => return true,
        };
        topic.is_none_or(|topic| self.topics.has(topic))
            && self.grants.has(grant)
            && account.is_none_or(|account| self.sees_account(account))
            && conversation.is_none_or(|conversation| self.sees(conversation))
    }

    /// Whether it is told of something at all in its snapshots.
    pub(crate) const fn is_told(&self, topic: Topic, grant: Grant) -> bool {
        self.topics.has(topic) && self.grants.has(grant)
    }

    /// The accounts that it sees; `None` for all.
    pub(crate) const fn scope(&self) -> Option<&BTreeSet<AccountId>> {
        self.accounts.as_ref()
    }

    /// Whether an account is in its scope.
    pub(crate) fn sees_account(&self, account: &AccountId) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
    }

    /// Whether a conversation is in its scope.
    pub(crate) fn sees(&self, conversation: &ConversationId) -> bool {
        self.conversations.as_ref().is_none_or(|them| them.contains(conversation))
    }

    /// Whether it sees all conversations: then nobody has to know which one it is.
    pub(crate) const fn sees_all_conversations(&self) -> bool {
        self.conversations.is_none()
    }

    /// Plugins as it may see them: without accounts and conversations of others
    /// that it does not see.
    pub(crate) fn plugins(&self, plugins: &[Plugin]) -> Vec<Plugin> {
        let mut plugins = plugins.to_vec();
        for plugin in &mut plugins {
            if let Some(accounts) = &mut plugin.accounts {
                accounts.retain(|account| self.sees_account(account));
            }
            if let Some(conversations) = &mut plugin.conversations {
                conversations.retain(|conversation| self.sees(conversation));
            }
        }
        plugins
    }

    /// Whether it sees everything that there is of accounts.
    pub(crate) const fn is_wide(&self) -> bool {
        self.accounts.is_none() && self.conversations.is_none()
    }

    fn may_command(&self, AccountCommand { account, command, .. }: &AccountCommand) -> bool {
        self.grants.has(command.needs())
            && self.sees_account(account)
            && match target(command) {
                Target::Conversation(conversation) => self.sees(&conversation),
                Target::All => self.sees_all_conversations(),
                Target::Message | Target::Account => true,
            }
    }

    fn may_query(&self, query: &Query) -> bool {
        let (grant, account, conversation) = match query {
            Query::Accounts => (Grant::Read, None, None),
            Query::Conversations { account } => (Grant::Read, Some(account), None),
            // Numbers of messages can be guessed, and old ones asked for so.
            Query::Message { account, .. } => (Grant::History, Some(account), None),
            Query::Conversation { account, conversation } => {
                (Grant::Read, Some(account), Some(conversation))
            }
            Query::Messages { account, conversation, .. } => {
                (Grant::History, Some(account), Some(conversation))
            }
            Query::Trace { account, .. }
            | Query::Network { account }
            | Query::Resolve { account, .. } => (Grant::Network, Some(account), None),
            Query::Plugins => (Grant::Plugins, None, None),
            // Its own.
            Query::Record { .. } | Query::Records { .. } | Query::Alarm { .. } => return true,
        };
        self.grants.has(grant)
            && account.is_none_or(|account| self.sees_account(account))
            && conversation.is_none_or(|conversation| self.sees(conversation))
    }

    fn may_control(&self, control: &Control) -> bool {
        match control {
            Control::SetWindow { .. } => self.ui,
            Control::UseUi { .. }
            | Control::LoadPlugin { .. }
            | Control::StopPlugin { .. }
            | Control::SwapPlugin { .. } => self.grants.has(Grant::Plugins),
            Control::AllowPlugin { name, grants, accounts } => {
                self.grants.has(Grant::Plugins) && self.may_give(name, grants, accounts.as_deref())
            }
            Control::CreateAccount { .. } => self.grants.has(Grant::Accounts),
            Control::RemoveAccount { account } => {
                self.grants.has(Grant::Accounts) && self.sees_account(account)
            }
            Control::BeginDemo | Control::BeginNew { .. } | Control::BeginRestore => {
                self.ui && self.grants.has(Grant::Accounts)
            }
            Control::HandOver { task } => {
                let account = match task {
                    Task::RestoreAccount => None,
                    Task::ShowPhrase { account } => Some(account),
                };
                self.ui
                    && self.grants.has(Grant::Accounts)
                    && account.is_none_or(|account| self.sees_account(account))
            }
            Control::Quit => self.ui && self.grants.has(Grant::Plugins),
        }
    }

    /// No plugin gives what it has not, and none gives itself anything.
    fn may_give(&self, name: &str, grants: &[Grant], accounts: Option<&[AccountId]>) -> bool {
        let grants: GrantSet = grants.iter().copied().collect();
        let seen = match (&self.accounts, accounts) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(given)) => given.iter().all(|account| own.contains(account)),
        };
        let own = name == self.name || name_of(Path::new(name)).as_ref() == Some(&self.name);
        !own && seen && grants.without(self.grants).is_empty() && self.sees_all_conversations()
    }
}

/// Where a command has its effect.
enum Target {
    /// In one conversation.
    Conversation(ConversationId),
    /// In that of a message, which has to be looked up.
    Message,
    /// In several.
    All,
    /// In the account itself.
    Account,
}

fn target(command: &Command) -> Target {
    match command {
        Command::Send { to, .. } | Command::SetTyping { to, .. } => {
            Target::Conversation((*to).into())
        }
        Command::React { .. } | Command::Delete { .. } => Target::Message,
        Command::MarkRead { conversation, .. }
        | Command::MarkUnread { conversation, .. }
        | Command::SetPriority { conversation, .. }
        | Command::Mute { conversation, .. }
        | Command::SetNotify { conversation, .. }
        | Command::SetDisappearing { conversation, .. }
        | Command::SetDraft { conversation, .. } => Target::Conversation(conversation.clone()),
        Command::AddContact { contact }
        | Command::Approve { contact }
        | Command::Decline { contact }
        | Command::Block { contact, .. }
        | Command::SetNickname { contact, .. }
        | Command::RemoveContact { contact } => Target::Conversation((*contact).into()),
        Command::DeclineAll => Target::All,
        Command::SetName { .. } | Command::SetPrivacy { .. } => Target::Account,
    }
}

/// So many requests a minute, as a bucket of tokens: all of them may come at
/// once, and then one for each part of the minute.
#[derive(Debug)]
struct Rate {
    /// The time that one takes.
    each: Duration,
    /// The time that the full bucket takes.
    whole: Duration,
    /// When the bucket is full again, if nothing is taken.
    full_at: Mutex<Option<Instant>>,
}

impl Rate {
    const MINUTE: Duration = Duration::from_secs(60);

    fn new(a_minute: u32) -> Self {
        let each = Self::MINUTE.checked_div(a_minute);
        Self {
            // None at all: one never fits.
            each: each.unwrap_or(Duration::MAX),
            whole: Self::MINUTE,
            full_at: Mutex::new(None),
        }
    }

    fn take(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = full_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let after = empty.saturating_add(self.each);
        if after > self.whole {
            return false;
        }
        *full_at = now.checked_add(after);
        true
    }
}
