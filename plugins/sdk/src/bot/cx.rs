//! What a handler has: what happened, what the bot wrote down, and what is to
//! follow. Nothing of it happens before the handler returns `Ok`.

mod asks;

use std::sync::Arc;
use std::time::Duration;

use ramson_wire::{
    Account, AccountCommand, AccountId, Conversation, ConversationId, Grant, Message, MessageId,
    Millis, Record,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::records::{Changes, KIT, Records};
use super::{About, commands, dialogue, timers};
use crate::{Config, Error, Host, Level};

/// The most commands of one handler.
const MOST_COMMANDS: usize = 64;
/// The most bytes that one handler asks for; a request has at most 256 KiB.
const MOST_BYTES: usize = 192 * 1024;
/// The longest key, in bytes. To whom and which piece stands behind it.
const MAX_KEY: usize = 128;

/// What a handler has: what happened, what the bot wrote down, and what is to
/// follow. It is a transaction. What a handler says, writes down and asks for
/// is kept together with "this event is done with", once it returned `Ok`:
/// after a crash all of that was done, or nothing, and then the event comes
/// again. After an error, or a panic, nothing is done.
#[derive(Debug)]
pub struct Cx {
    pub(crate) setting: Arc<Setting>,
    pub(crate) now: Millis,
    pub(crate) scene: Scene,
    pub(crate) records: Records,
    pub(crate) changes: Changes,
    pub(crate) commands: Vec<AccountCommand>,
    /// The records by which messages with a name are known again, with the
    /// place of their command.
    pub(crate) named: Vec<(usize, String)>,
    pub(crate) bytes: usize,
}

/// What stays the same for all handlers.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) host: Host,
    pub(crate) config: Config,
    /// A dialogue ends after so long without a word.
    pub(crate) dialogue_expiry: Duration,
    /// The account's other devices are told what it writes.
    pub(crate) syncs: bool,
    /// All commands of the bot, of each enum.
    pub(crate) commands: Vec<&'static [About]>,
}

/// Where something happens.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) account: AccountId,
    pub(crate) accounts: Arc<[Account]>,
    pub(crate) conversation: Option<ConversationId>,
    /// As it is known.
    pub(crate) line: Option<Conversation>,
    pub(crate) message: Option<Arc<Message>>,
    /// Of a reaction: the message.
    pub(crate) reacted: Option<MessageId>,
    /// Of a timer, or of a message that has one.
    pub(crate) name: Option<String>,
    /// Of a timer: the time for which it was set.
    pub(crate) due: Option<Millis>,
}

/// Why something cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CxError {
    /// It does not happen in a conversation.
    #[error("this happens in no conversation; cx.send says whom to write to")]
    NoConversation,
    /// The conversation is with no account.
    #[error("'{conversation}' is not with one account; texts go to 05 ids")]
    NoPeer {
        /// The conversation.
        conversation: ConversationId,
    },
    /// There is no message to answer or react to.
    #[error("there is no message here; a reply or a reaction is only possible to one")]
    NoMessage,
    /// There is nothing to say.
    #[error("a text without a letter cannot be sent; say something")]
    Empty,
    /// The user did not give the bot that.
    #[error(
        "the bot may not do that: it lacks the grant '{grant}'; ask for it in the manifest, its user decides"
    )]
    NotGranted {
        /// What is needed.
        grant: &'static str,
    },
    /// No record can be called so.
    #[error(
        "'{key}' cannot be the name of a record or timer; take 1 to {} bytes without control characters",
        Record::MAX_KEY
    )]
    BadKey {
        /// The name.
        key: String,
    },
    /// Nothing is known again by this.
    #[error("'{key}' cannot be a key; take 1 to {MAX_KEY} bytes without control characters")]
    BadSendKey {
        /// The key.
        key: String,
    },
    /// The name is the kit's.
    #[error("'{key}' cannot be the name of a record; what begins with '{KIT}' is the kit's own")]
    KitKey {
        /// The name.
        key: String,
    },
    /// The record is too large.
    #[error(
        "the record '{key}' has {bytes} bytes; at most {} are kept, so make several of it",
        Record::MAX_VALUE
    )]
    TooLarge {
        /// Its name.
        key: String,
        /// Its size.
        bytes: usize,
    },
    /// The record is not what the bot takes it for.
    #[error("the record '{key}' does not have the expected form: {reason}; remove or rewrite it")]
    Form {
        /// Its name.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// It is too much for one handler.
    #[error(
        "one handler asks for too much; at most {MOST_COMMANDS} commands and {MOST_BYTES} bytes go together, so spread it with timers"
    )]
    TooMuch,
}

impl Cx {
    /// The bot's account that this happens to. Where something happens to none
    /// of them, the first one.
    pub fn account(&self) -> AccountId {
        self.scene.account
    }

    /// The bot's accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.scene.accounts
    }

    /// The message that this is about, as it came.
    pub fn message(&self) -> Option<&Message> {
        self.scene.message.as_deref()
    }

    /// Its text; empty if there is none.
    pub fn text(&self) -> &str {
        self.message().and_then(|message| message.text.as_deref()).unwrap_or_default()
    }

    /// Where this happens.
    pub fn conversation(&self) -> Option<&ConversationId> {
        self.scene.conversation.as_ref()
    }

    /// What is known of the conversation: its name, whether it is pinned …
    pub fn contact(&self) -> Option<&Conversation> {
        self.scene.line.as_ref()
    }

    /// Whom the conversation is with.
    pub fn peer(&self) -> Result<AccountId, Error> {
        let conversation = self.conversation().ok_or(CxError::NoConversation)?;
        let none = || CxError::NoPeer { conversation: conversation.clone() };
        Ok(conversation.account().ok_or_else(none)?)
    }

    /// What to call the peer: its nickname, else the name that it gave itself.
    pub fn peer_name(&self) -> Option<&str> {
        self.contact().and_then(Conversation::shown_name)
    }

    /// The name of the timer that went off, or of the bot's own message.
    pub fn name(&self) -> Option<&str> {
        self.scene.name.as_deref()
    }

    /// The time for which the timer was set that went off; it is earlier than
    /// [`Cx::now`] by as much as the bot was away, or busy.
    pub fn due(&self) -> Option<Millis> {
        self.scene.due
    }

    /// A line for each command of the bot that is not hidden, of all its enums.
    pub fn help(&self) -> String {
        commands::help(self.setting.commands.iter().copied().flatten())
    }

    /// The time by the host's clock. It stands still while a handler runs.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// What the user wrote for the bot in `plugins.toml`.
    pub fn config(&self) -> &Config {
        &self.setting.config
    }

    /// The host, for a thread of the bot's own. What is asked of it directly
    /// is no part of the transaction.
    pub fn host(&self) -> &Host {
        &self.setting.host
    }

    /// A line for the program's log, at once.
    pub fn log(&self, level: Level, text: impl AsRef<str>) {
        self.setting.host.log(level, text.as_ref());
    }

    /// Whether its user gave the bot this.
    pub fn may(&self, grant: Grant) -> bool {
        self.setting.host.granted().has(grant)
    }

    /// What is written down under a name.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        check(key)?;
        self.read(key)
    }

    /// Writes something down, in place of what was there. It stays until it is
    /// removed.
    pub fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Error> {
        check(key)?;
        self.keep(key.to_owned(), Some(serde_json::to_string(value)?))
    }

    /// Takes away what is written down under a name, if anything is.
    pub fn remove(&mut self, key: &str) -> Result<(), Error> {
        check(key)?;
        if self.raw(key).is_some() {
            self.keep(key.to_owned(), None)?;
        }
        Ok(())
    }

    /// What is written down under names that begin so, in order. The kit's own
    /// records are not among it.
    pub fn scan<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<(String, T)>, Error> {
        let all = self.beginning(prefix).into_iter();
        let own = all.filter(|(key, _)| !key.starts_with(KIT));
        own.map(|(key, value)| form(&key, &value).map(|value| (key, value))).collect()
    }

    /// Sets a timer: at that time, or right after it, [`super::Bot::on_timer`]
    /// gets what is handed over, in this account and conversation. It outlives
    /// restarts. One of the same name is replaced. The handler is the one for
    /// the name up to the first '/'.
    pub fn timer<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        at: Millis,
        data: &T,
    ) -> Result<(), Error> {
        let (key, value) = timers::record(&self.scene, name, at, serde_json::to_value(data)?)?;
        self.keep(key, Some(value))
    }

    /// Sets a timer that goes off after a while.
    pub fn timer_after<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        after: impl Into<Duration>,
        data: &T,
    ) -> Result<(), Error> {
        let millis = Millis::try_from(after.into().as_millis()).unwrap_or(Millis::MAX);
        self.timer(name, self.now.saturating_add(millis), data)
    }

    /// Cancels a timer; whether there was one.
    pub fn cancel(&mut self, name: &str) -> Result<bool, Error> {
        let key = timers::key(name)?;
        let is = self.raw(&key).is_some();
        if is {
            self.keep(key, None)?;
        }
        Ok(is)
    }

    /// The timers whose names begin so, with what they hand over; the next one
    /// first.
    pub fn timers<T: DeserializeOwned>(
        &self,
        prefix: &str,
    ) -> Result<Vec<(String, Millis, T)>, Error> {
        timers::pending(self, prefix)
    }

    /// Begins a dialogue in this conversation, in place of one that goes on:
    /// what is written here next goes to [`super::Bot::dialogue`] of this name.
    pub fn begin<S: Serialize + ?Sized>(&mut self, name: &str, state: &S) -> Result<(), Error> {
        let state = serde_json::to_value(state)?;
        let (key, value) = dialogue::record(self, name, state)?;
        self.keep(key, Some(value))
    }

    /// Ends the dialogue of this conversation; whether there was one.
    pub fn end_dialogue(&mut self) -> Result<bool, Error> {
        let Some(key) = dialogue::key(&self.scene) else { return Ok(false) };
        let is = self.raw(&key).is_some();
        if is {
            self.keep(key, None)?;
        }
        Ok(is)
    }

    /// A record as it is once this handler is done.
    pub(crate) fn raw(&self, key: &str) -> Option<&str> {
        match self.changes.get(key) {
            Some(changed) => changed.as_deref(),
            None => self.records.get(key),
        }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        self.raw(key).map(|value| form(key, value)).transpose()
    }

    /// Records as they are once this handler is done.
    pub(crate) fn beginning(&self, prefix: &str) -> Vec<(String, String)> {
        let unchanged = self.records.beginning(prefix);
        let unchanged = unchanged.filter(|(key, _)| !self.changes.contains_key(*key));
        let unchanged = unchanged.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let changed = self.changes.iter().filter(|(key, _)| key.starts_with(prefix));
        let changed = changed.filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
        let mut all: Vec<_> = unchanged.chain(changed).collect();
        all.sort();
        all
    }

    /// Writes a record down, also one of the kit's.
    pub(crate) fn keep(&mut self, key: String, value: Option<String>) -> Result<(), Error> {
        let bytes = value.as_ref().map_or(0, String::len);
        if bytes > Record::MAX_VALUE {
            return Err(CxError::TooLarge { key, bytes }.into());
        }
        self.weigh(bytes.saturating_add(key.len()).saturating_add(16))?;
        self.changes.insert(key, value);
        Ok(())
    }

    pub(crate) fn weigh(&mut self, bytes: usize) -> Result<(), Error> {
        let all = self.bytes.saturating_add(bytes);
        if all > MOST_BYTES {
            return Err(CxError::TooMuch.into());
        }
        self.bytes = all;
        Ok(())
    }
}

/// Whether a bot may call a record so.
fn check(key: &str) -> Result<(), CxError> {
    if !Record::is_key(key) {
        return Err(CxError::BadKey { key: commands::cut(key) });
    }
    if key.starts_with(KIT) {
        return Err(CxError::KitKey { key: key.to_owned() });
    }
    Ok(())
}

/// A record's value as a type.
pub(crate) fn form<T: DeserializeOwned>(key: &str, value: &str) -> Result<T, Error> {
    serde_json::from_str(value).map_err(|error| {
        let (key, reason) = (key.to_owned(), error.to_string());
        CxError::Form { key, reason }.into()
    })
}
