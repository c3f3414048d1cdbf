//! What a command leads to: one room for each kind. A command that is refused
//! has changed nothing: every check stands before the first change, and sent
//! times and ids that were taken are given back.

mod contacts;
mod conversation;
mod delete;
mod emoji;
mod profile;
mod reaction;
mod reading;
mod send;
mod signals;
mod timer;

use ramson_types::conversation::Disappearing;
use ramson_types::message::Message;
use ramson_types::{AccountId, ConversationId, MessageId, Timestamp};
use rand_core::CryptoRng;

use super::{Account, History, Plan, Question, disappearing};
use crate::command::{Command, CommandError};
use crate::config::contacts::Contact;

pub(super) use signals::Typed;

impl Account {
    pub(super) fn command_questions(&self, command: &Command) -> Vec<Question> {
        match command {
            Command::Send { to, post } => self.send_questions(to, post),
            Command::React { message, .. }
            | Command::Delete { message, .. }
            | Command::TellMediaSaved { message } => vec![Question::Id(*message)],
            Command::MarkRead { conversation, .. } => self.mark_read_questions(conversation),
            _ => Vec::new(),
        }
    }

    pub(super) fn command(
        &mut self,
        command: Command,
        history: &History,
        now: Timestamp,
        _rng: &mut impl CryptoRng,
    ) -> Result<Plan, CommandError> {
        let counters = self.counters;
        let plan = self.obey(command, history, now);
        if plan.is_err() {
            self.counters = counters;
        }
        plan
    }

    fn obey(
        &mut self,
        command: Command,
        history: &History,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        match command {
            Command::Send { to, post } => self.send(to, &post, history, now),
            Command::React { message, emoji, remove, unsynced } => {
                self.react(message, &emoji, remove, unsynced, history, now)
            }
            Command::Delete { message, scope } => self.delete(message, scope, history, now),
            Command::MarkRead { conversation, up_to } => {
                self.mark_read(&conversation, up_to, history, now)
            }
            Command::MarkUnread { conversation, unread } => {
                self.mark_unread(&conversation, unread, now)
            }
            Command::SetTyping { to, typing } => self.set_typing(to, typing, now),
            Command::TellMediaSaved { message } => self.tell_media_saved(message, history, now),
            Command::SetName(name) => self.set_name(&name, now),
            Command::SetPrivacy { read_receipts, typing } => {
                Ok(self.set_privacy(read_receipts, typing))
            }
            Command::AddContact(account) => self.add_contact(account, now),
            Command::Approve(account) => self.approve(account, now),
            Command::Decline(account) => self.decline(account),
            Command::DeclineAll => Ok(self.decline_all()),
            Command::Block { account, blocked } => self.block(account, blocked, now),
            Command::SetNickname { account, nickname } => {
                self.set_nickname(account, nickname.as_deref())
            }
            Command::RemoveContact(account) => self.remove_contact(account),
            Command::SetPriority { conversation, priority } => {
                self.set_priority(&conversation, priority)
            }
            Command::Mute { conversation, until } => self.mute(&conversation, until),
            Command::SetNotify { conversation, notify } => self.set_notify(&conversation, notify),
            Command::SetDisappearing { conversation, setting } => {
                self.set_disappearing(&conversation, setting, now)
            }
            Command::SetDraft { conversation, text } => self.set_draft(&conversation, text),
        }
    }

    /// Somebody else's account, if it is one.
    fn other(&self, account: AccountId) -> Result<AccountId, CommandError> {
        if !is_reachable(&account) {
            return Err(CommandError::NotAnAccount { to: account });
        }
        if account == self.id() {
            return Err(CommandError::OwnAccount { account });
        }
        Ok(account)
    }

    /// A contact that may be written to. Both let each other write.
    fn friend(&self, account: AccountId) -> Result<Contact, CommandError> {
        let contact = self.settings.contacts.contact(&account);
        let contact = contact.ok_or(CommandError::NotApproved { account })?;
        match () {
            () if contact.blocked => Err(CommandError::Blocked { account }),
            () if !(contact.approved && contact.approved_me) => {
                Err(CommandError::NotApproved { account })
            }
            () => Ok(contact),
        }
    }

    /// A contact, or a new one.
    fn contact_or_new(&self, account: AccountId, now: Timestamp) -> Contact {
        let seconds = self.clock.at(now).millis() / 1_000;
        let created = i64::try_from(seconds).unwrap_or(i64::MAX);
        let known = self.settings.contacts.contact(&account);
        known.unwrap_or(Contact { created, ..Contact::new(account) })
    }

    /// When messages to an account disappear, to oneself included.
    fn setting_with(&self, account: &AccountId) -> Disappearing {
        use crate::config::contacts::Disappearing as Configured;
        let configured = if *account == self.id() {
            Configured::AfterSend(self.settings.profile.note_to_self_timer())
        } else {
            let contact = self.settings.contacts.contact(account);
            contact.map_or(Configured::Off, |contact| contact.disappearing)
        };
        disappearing::from_config(configured)
    }
}

/// A message that something can be done with.
fn target(id: MessageId, history: &History) -> Result<&Message, CommandError> {
    let message = history.get(id).filter(|message| !message.deleted);
    message.ok_or(CommandError::NoSuchMessage { message: id })
}

/// With whom a one-to-one conversation is.
fn peer_of(conversation: &ConversationId) -> Result<AccountId, CommandError> {
    match conversation {
        ConversationId::Account(peer) => Ok(*peer),
        _ => Err(CommandError::NotOneToOne { conversation: conversation.clone() }),
    }
}

/// Whether something can be sealed for an account: nobody has a key of small
/// order, and whoever writes to one by mistake is told so at once.
fn is_reachable(account: &AccountId) -> bool {
    account.x25519().is_some_and(|key| !ramson_crypto::x25519::is_weak(&key))
}
