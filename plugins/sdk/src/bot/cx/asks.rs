//! What a handler asks the account for: messages, and everything else.

use ramson_wire::{AccountCommand, AccountId, Command, MessageId, Record};

use super::{Cx, CxError, MAX_KEY, MOST_COMMANDS};
use crate::Error;
use crate::bot::text::{LONGEST, pieces};
use crate::bot::{commands, said};

impl Cx {
    /// Says something in the conversation. What is longer than 2,000 code
    /// points becomes several messages.
    pub fn say(&mut self, text: impl AsRef<str>) -> Result<(), Error> {
        let to = self.peer()?;
        self.send(to, text)
    }

    /// Says something, and quotes the message.
    pub fn reply(&mut self, text: impl AsRef<str>) -> Result<(), Error> {
        let to = self.peer()?;
        let quoted = self.scene.message.as_ref().map(|message| message.id).or(self.scene.reacted);
        let quoted = quoted.ok_or(CxError::NoMessage)?;
        self.write(self.account(), to, text.as_ref(), Some(quoted), None)
    }

    /// [`Cx::send_named`] in the conversation.
    pub fn say_named(&mut self, name: &str, text: impl AsRef<str>) -> Result<(), Error> {
        self.send_named(name, self.peer()?, text)
    }

    /// [`Cx::send_keyed`] in the conversation.
    pub fn say_keyed(&mut self, key: &str, text: impl AsRef<str>) -> Result<(), Error> {
        self.send_keyed(key, self.peer()?, text)
    }

    /// Writes to an account. What is longer than 2,000 code points becomes
    /// several messages.
    pub fn send(&mut self, to: AccountId, text: impl AsRef<str>) -> Result<(), Error> {
        self.write(self.account(), to, text.as_ref(), None, None)
    }

    /// The same, as another one of the bot's accounts.
    pub fn send_as(
        &mut self,
        account: AccountId,
        to: AccountId,
        text: impl AsRef<str>,
    ) -> Result<(), Error> {
        self.write(account, to, text.as_ref(), None, None)
    }

    /// Writes to an account, and gives the message a name: once it stands in
    /// the history, [`crate::bot::Bot::on_sent`] hears it, and [`Cx::name`] is that
    /// name there. The text has to fit into one message.
    pub fn send_named(
        &mut self,
        name: &str,
        to: AccountId,
        text: impl AsRef<str>,
    ) -> Result<(), Error> {
        let text = text.as_ref().trim();
        if text.chars().nth(LONGEST).is_some() {
            return Err(CxError::TooMuch.into());
        }
        let (key, value) = said::record(self, &to.into(), name, text)?;
        let place = self.commands.len();
        self.write(self.account(), to, text, None, None)?;
        self.named.push((place, key.clone()));
        self.keep(key, Some(value))
    }

    /// Writes to an account, unless that was done within 14 days under the same
    /// key, from the same account and to the same one: for what may be asked of
    /// the bot twice, such as a webhook that is called again. The first text
    /// counts.
    pub fn send_keyed(
        &mut self,
        key: &str,
        to: AccountId,
        text: impl AsRef<str>,
    ) -> Result<(), Error> {
        if key.len() > MAX_KEY || !Record::is_key(key) {
            return Err(CxError::BadSendKey { key: commands::cut(key) }.into());
        }
        self.write(self.account(), to, text.as_ref(), None, Some(key))
    }

    /// Puts an emoji on the message.
    pub fn react(&mut self, emoji: impl Into<String>) -> Result<(), Error> {
        let message = self.scene.message.as_ref().map(|message| message.id).or(self.scene.reacted);
        let message = message.ok_or(CxError::NoMessage)?;
        let unsynced = !self.setting.syncs;
        self.command(Command::React { message, emoji: emoji.into(), remove: false, unsynced })
    }

    /// Tells the account to do something else.
    pub fn command(&mut self, command: Command) -> Result<(), Error> {
        self.command_as(self.account(), command)
    }

    /// Tells another one of the bot's accounts to do something.
    pub fn command_as(&mut self, account: AccountId, command: Command) -> Result<(), Error> {
        self.ask(AccountCommand::new(account, command))
    }

    fn ask(&mut self, asked: AccountCommand) -> Result<(), Error> {
        let needs = asked.command.needs();
        if !self.may(needs) {
            return Err(CxError::NotGranted { grant: needs.name() }.into());
        }
        // What is not a text is small.
        let bytes = match &asked.command {
            Command::Send { text, .. } => text.len().saturating_add(512),
            _ => 1_024,
        };
        if self.commands.len() >= MOST_COMMANDS {
            return Err(CxError::TooMuch.into());
        }
        self.weigh(bytes)?;
        self.commands.push(asked);
        Ok(())
    }

    fn write(
        &mut self,
        account: AccountId,
        to: AccountId,
        text: &str,
        mut reply_to: Option<MessageId>,
        key: Option<&str>,
    ) -> Result<(), Error> {
        let pieces = pieces(text);
        if pieces.is_empty() {
            return Err(CxError::Empty.into());
        }
        let unsynced = !self.setting.syncs;
        for (piece, text) in pieces.into_iter().map(str::to_owned).enumerate() {
            let (preview, invitation) = (None, None);
            let reply_to = reply_to.take();
            let command = Command::Send { to, text, reply_to, preview, invitation, unsynced };
            let key = key.map(|key| format!("{key}/{to}/{piece}"));
            self.ask(AccountCommand { key, ..AccountCommand::new(account, command) })?;
        }
        Ok(())
    }
}
