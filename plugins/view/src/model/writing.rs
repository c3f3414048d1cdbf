//! What is written: sending, drafts, typing.

use ramson_wire::{AccountId, Command, ConversationId, Grant, MessageId, Millis};

use super::replies::Asked;
use super::{Model, Wish};
use crate::composer::{self, Edit, Entry};
use crate::{Action, Anchor, Composer, Port, Thread};

/// A draft is kept so long after the last change of it.
const DRAFT: Millis = 1_000;

/// So long after the last change, the user types no more.
const IDLE: Millis = 5_000;

/// The peer is told again that the user types when so much time is over: it
/// takes them for stopped after 15 s.
const AGAIN: Millis = 10_000;

/// How many drafts that were sent to the engine are remembered.
const SENT: usize = 8;

/// So many texts to strangers are kept.
const UNSENT: usize = 64;

impl Model {
    pub(super) fn edit(&mut self, edit: Edit, now: Millis, port: &mut dyn Port) {
        let Some(mut thread) = self.open.take() else { return };
        let changed = thread.composer.edit(edit, &*self);
        if changed {
            thread.left_unread = false;
            thread.draft.due = Some(now.saturating_add(DRAFT));
        }
        self.open = Some(thread);
        if changed {
            self.types(now, port);
        }
    }

    pub(super) fn send(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = self.open.as_ref().filter(|it| !it.composer.is_blank()) else { return };
        match composer::parse(thread.composer.text()) {
            Entry::Message(text) => self.send_text(text, now, port),
            Entry::Command { name, argument } => self.run(name, argument, now, port),
            Entry::Unknown(name) => {
                let text = format!("There is no command /{name}; /help lists them, // sends a /");
                self.notes.bad(text, now);
            }
        }
    }

    fn send_text(&mut self, text: String, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &mut self.open else { return };
        let count = text.chars().count();
        if count > composer::LIMIT {
            let over = count.saturating_sub(composer::LIMIT);
            let text = format!("The text is too long by {over} letters; send it in parts");
            self.notes.bad(text, now);
            return;
        }
        let Some(to) = thread.id.account() else {
            self.notes.bad("Groups and communities can only be read so far", now);
            return;
        };
        let reply_to = thread.reply_to.take();
        thread.composer.take();
        thread.unread_from = None;
        thread.left_unread = false;
        // The message ends it at the peer's too.
        thread.typing = crate::thread::TypingState::default();
        let (account, conversation) = (thread.account, thread.id.clone());
        let asked = Asked::Send { account, conversation, text: text.clone(), reply_to };
        let command =
            Command::Send { to, text, reply_to, preview: None, invitation: None, unsynced: false };
        if self.command_as(account, command, asked, now, port) {
            self.scroll_to(Anchor::End, now, port);
        }
        self.keep_draft(now, port);
    }

    /// A text was not sent: it is there again to be written on.
    pub(super) fn give_back(
        &mut self,
        account: AccountId,
        conversation: &ConversationId,
        text: &str,
        reply_to: Option<MessageId>,
        now: Millis,
        port: &mut dyn Port,
    ) {
        match self.thread_of(account, conversation) {
            Some(thread) if thread.composer.is_blank() => {
                thread.write(text);
                thread.reply_to = reply_to;
                thread.draft.due = Some(now.saturating_add(DRAFT));
            }
            // Something else is being written there: the text is among what
            // was sent before.
            Some(_) => {}
            None => {
                let known = self.book_of(&account).and_then(|book| book.get(conversation));
                if known.is_some_and(|it| it.draft.is_none()) {
                    let (conversation, text) = (conversation.clone(), Some(text.to_owned()));
                    let command = Command::SetDraft { conversation, text };
                    self.command_as(account, command, Asked::Quiet, now, port);
                }
            }
        }
    }

    /// Does what a line that begins with a slash says.
    fn run(&mut self, name: &str, argument: String, now: Millis, port: &mut dyn Port) {
        if name == "ui" && argument.is_empty() {
            self.notes.bad("Say which one: /ui NAME", now);
            return;
        }
        if let Some(thread) = &mut self.open {
            thread.composer.take();
        }
        self.stop_typing(now, port);
        self.keep_draft(now, port);
        match name {
            "quit" => self.act(Action::Quit, now, port),
            "ui" => self.act(Action::UseUi(argument), now, port),
            "new" if !argument.is_empty() => self.act(Action::StartWith(argument), now, port),
            "new" => self.wish = Some(Wish::New(argument)),
            "help" => self.wish = Some(Wish::Help),
            "contacts" => self.wish = Some(Wish::Contacts),
            "me" => self.wish = Some(Wish::OwnId),
            "network" => self.wish = Some(Wish::Network),
            "plugins" => self.wish = Some(Wish::Plugins),
            "settings" => self.wish = Some(Wish::Settings),
            _ => {}
        }
    }

    /// Sends the text of a message that failed once more.
    pub(super) fn retry(&mut self, message: MessageId, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &self.open else { return };
        let Some(kept) = thread.held.get(message) else { return };
        let failed = matches!(kept.message.state, ramson_wire::MessageState::Failed { .. });
        let (Some(text), Some(to)) = (kept.message.text.clone(), thread.id.account()) else {
            return;
        };
        if !failed || !kept.message.outgoing {
            return;
        }
        let quote = kept.message.quote.as_ref();
        let quoted = quote.and_then(|quote| thread.held.find(&quote.author, quote.sent));
        let reply_to = quoted.map(|kept| kept.message.id);
        let preview = kept.message.preview.clone();
        let account = thread.account;
        let command =
            Command::Send { to, text, reply_to, preview, invitation: None, unsynced: false };
        self.command_as(account, command, Asked::Retry { account, failed: message }, now, port);
    }

    /// Tells the engine what is being written, if it does not know.
    pub(super) fn keep_draft(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &mut self.open else { return };
        thread.draft.due = None;
        let text = if thread.composer.is_blank() { "" } else { thread.composer.text() };
        let (account, conversation) = (thread.account, thread.id.clone());
        let to_oneself = conversation.account() == Some(account);
        if !to_oneself && self.books.get(&account).is_none_or(|it| it.get(&conversation).is_none())
        {
            let text = text.to_owned();
            self.keep_unsent(account, conversation, text);
            return;
        }
        if thread.draft.kept == text {
            return;
        }
        text.clone_into(&mut thread.draft.kept);
        thread.draft.sent.push(text.to_owned());
        if thread.draft.sent.len() > SENT {
            thread.draft.sent.remove(0);
        }
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        let command = Command::SetDraft { conversation, text };
        self.command_as(account, command, Asked::Quiet, now, port);
    }

    /// Keeps what is written to a stranger here, until there is a conversation.
    fn keep_unsent(&mut self, account: AccountId, to: ConversationId, text: String) {
        let key = (account, to);
        if text.is_empty() {
            self.unsent.remove(&key);
            return;
        }
        if self.unsent.len() >= UNSENT && !self.unsent.contains_key(&key) {
            self.unsent.pop_first();
        }
        self.unsent.insert(key, text);
    }

    /// The user typed something.
    fn types(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &self.open else { return };
        let text = thread.composer.text();
        let command = text.starts_with('/') && !text.starts_with("//");
        if thread.composer.is_blank() || command {
            self.stop_typing(now, port);
            return;
        }
        if !self.tells_typing() {
            return;
        }
        let Some(thread) = &mut self.open else { return };
        thread.typing.idle = Some(now.saturating_add(IDLE));
        let again = thread.typing.told.is_none_or(|told| now >= told.saturating_add(AGAIN));
        if let Some(to) = thread.id.account().filter(|_| again) {
            thread.typing.told = Some(now);
            self.command(Command::SetTyping { to, typing: true }, Asked::Quiet, now, port);
        }
    }

    /// The user types no more.
    pub(super) fn stop_typing(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &mut self.open else { return };
        let told = std::mem::take(&mut thread.typing).told;
        if let (Some(_), Some(to)) = (told, thread.id.account()) {
            let account = thread.account;
            let command = Command::SetTyping { to, typing: false };
            self.command_as(account, command, Asked::Quiet, now, port);
        }
    }

    /// Whether the peer is told that the user types: both agreed to write to
    /// each other, and the user to tell it.
    fn tells_typing(&self) -> bool {
        let wanted = self.own().is_some_and(|own| own.typing) && self.may(Grant::Send);
        let to_oneself = self.open.as_ref().is_some_and(|it| it.id.account() == self.account);
        let known = self.open_conversation();
        wanted
            && !to_oneself
            && known.is_some_and(|it| it.approved && it.approved_me && !it.blocked)
    }
}

impl Thread {
    /// The engine has this text. It is shown if it was written in another
    /// place and nothing was written here meanwhile.
    pub(crate) fn hear_draft(&mut self, draft: String) {
        let before = std::mem::replace(&mut self.draft.there, draft.clone());
        if let Some(index) = self.draft.sent.iter().position(|sent| *sent == draft) {
            // It comes from here; what was sent before it was overtaken.
            self.draft.sent.drain(..=index);
            return;
        }
        if draft == self.draft.kept || draft == before {
            // The engine says what it said before: something else changed.
            return;
        }
        let written = self.composer.text() != self.draft.kept
            && !(self.composer.is_blank() && self.draft.kept.is_empty());
        if !written {
            self.write(&draft);
        }
        self.draft.kept = draft;
    }

    fn write(&mut self, text: &str) {
        let history = self.composer.history().clone();
        self.composer = Composer::new(text, history);
    }
}
