//! What actions change, and which requests follow.

use ramson_wire::{AccountId, Command, Control, ConversationId, MessageId, Millis, Query, Window};

use super::Model;
use super::replies::Asked;
use crate::{Action, Port};

/// So many rows are on a screen at most.
const SHOWN: usize = 256;

impl Model {
    /// Does what the user wants.
    pub fn act(&mut self, action: Action, now: Millis, port: &mut dyn Port) {
        match action {
            Action::Open(conversation) => self.open(conversation, now, port),
            Action::CloseThread => self.leave(now, port),
            Action::SwitchAccount(account) => self.switch_account(account, now, port),
            Action::ShowRows(rows) => {
                self.shown = rows;
                self.shown.truncate(SHOWN);
                self.fetch_newest(now, port);
            }
            Action::ScrollTo(anchor) => self.scroll_to(anchor, now, port),
            Action::ScrollBelow(lines) => self.scroll_below(lines, now),
            Action::Select(message) => {
                if let Some(thread) = &mut self.open {
                    thread.selected = message.filter(|id| thread.held.get(*id).is_some());
                }
            }
            Action::OpenQuoted(message) => self.open_quoted(message, now, port),
            Action::LoadOlder => self.load_older(now, port),
            Action::LoadNewer => self.load_newer(now, port),
            Action::Seen => self.seen(now, port),

            Action::Edit(edit) => self.edit(edit, now, port),
            Action::Send => self.send(now, port),
            Action::ReplyTo(message) => {
                if let Some(thread) = &mut self.open {
                    let there = thread.held.get(message);
                    let can =
                        there.is_some_and(|it| !it.message.deleted && it.message.notice.is_none());
                    if can {
                        thread.reply_to = Some(message);
                    }
                }
            }
            Action::CancelReply => {
                if let Some(thread) = &mut self.open {
                    thread.reply_to = None;
                }
            }
            Action::React { message, emoji } => self.react(message, emoji, now, port),
            Action::Delete { message, scope } => {
                self.plain(Command::Delete { message, scope }, now, port);
            }
            Action::Retry(message) => self.retry(message, now, port),

            Action::MarkRead(conversation) => {
                self.plain(Command::MarkRead { conversation, up_to: None }, now, port);
            }
            Action::MarkUnread { conversation, unread } => {
                if let Some(thread) = self.open.as_mut().filter(|it| it.id == conversation) {
                    thread.left_unread = unread;
                }
                self.plain(Command::MarkUnread { conversation, unread }, now, port);
            }
            Action::Pin { conversation, pinned } => {
                let top = self.book().map_or(0, super::Book::top);
                let priority = if pinned { top.saturating_add(1) } else { 0 };
                self.plain(Command::SetPriority { conversation, priority }, now, port);
            }
            Action::Hide { conversation, hidden } => {
                let priority = if hidden { -1 } else { 0 };
                self.plain(Command::SetPriority { conversation, priority }, now, port);
            }
            Action::Mute { conversation, until } => {
                self.plain(Command::Mute { conversation, until }, now, port);
            }
            Action::SetNotify { conversation, notify } => {
                self.plain(Command::SetNotify { conversation, notify }, now, port);
            }
            Action::SetTimer { conversation, setting } => {
                self.plain(Command::SetDisappearing { conversation, setting }, now, port);
            }

            Action::StartWith(text) => self.start_with(&text, now, port),
            Action::Approve(contact) => self.plain(Command::Approve { contact }, now, port),
            Action::Decline(contact) => self.plain(Command::Decline { contact }, now, port),
            Action::DeclineAll => self.plain(Command::DeclineAll, now, port),
            Action::Block { contact, blocked } => {
                self.plain(Command::Block { contact, blocked }, now, port);
            }
            Action::SetNickname { contact, nickname } => {
                let nickname = nickname.as_deref().map(str::trim).filter(|it| !it.is_empty());
                let nickname = nickname.map(str::to_owned);
                self.plain(Command::SetNickname { contact, nickname }, now, port);
            }
            Action::AddContact(contact) => {
                let told = Asked::Told("The contact was added");
                self.command(Command::AddContact { contact }, told, now, port);
            }
            Action::RemoveContact(contact) => {
                let told = Asked::Told("The contact was removed");
                self.command(Command::RemoveContact { contact }, told, now, port);
            }

            Action::SetName(name) => {
                let name = name.trim().to_owned();
                let told = Asked::Told("Your name was changed");
                self.command(Command::SetName { name }, told, now, port);
            }
            Action::SetPrivacy { read_receipts, typing } => {
                self.plain(Command::SetPrivacy { read_receipts, typing }, now, port);
            }

            Action::AskTrace(message) => {
                if self.trace.as_ref().is_some_and(|trace| trace.message != message) {
                    self.trace = None;
                }
                self.unanswered.trace = None;
                if let Some(account) = self.account {
                    let asked = Asked::Trace { message };
                    self.query(Query::Trace { account, message }, asked, now, port);
                }
            }
            Action::AskNetwork => self.ask_network(now, port),
            Action::AskPlugins => {
                self.query(Query::Plugins, Asked::Plain, now, port);
            }

            Action::LoadPlugin(name) => {
                let asked = Asked::Load { name: name.clone() };
                self.control(Control::LoadPlugin { name }, asked, now, port);
            }
            Action::AllowPlugin { name, grants, accounts, show } => {
                self.undecided = None;
                let asked = match show {
                    true => Asked::AllowUi { name: name.clone() },
                    false => Asked::Told("The plugin was loaded"),
                };
                self.control(Control::AllowPlugin { name, grants, accounts }, asked, now, port);
            }
            Action::StopPlugin(name) => {
                let told = Asked::Told("The plugin was stopped");
                self.control(Control::StopPlugin { name }, told, now, port);
            }
            Action::SwapPlugin(name) => {
                let told = Asked::Told("The plugin was loaded anew");
                self.control(Control::SwapPlugin { name }, told, now, port);
            }
            Action::UseUi(name) => {
                self.keep_all(now, port);
                let asked = Asked::UseUi { name: name.clone() };
                self.control(Control::UseUi { name }, asked, now, port);
            }
            Action::CreateAccount { name } => {
                let name = name.map(|name| name.trim().to_owned()).filter(|it| !it.is_empty());
                self.control(Control::CreateAccount { name }, Asked::CreateAccount, now, port);
            }
            Action::RemoveAccount(account) => {
                let told = Asked::Told("The account was removed from this home");
                self.control(Control::RemoveAccount { account }, told, now, port);
            }
            Action::BeginDemo => self.leave_for(Control::BeginDemo, now, port),
            Action::BeginNew { name } => {
                let name = name.map(|name| name.trim().to_owned()).filter(|it| !it.is_empty());
                self.leave_for(Control::BeginNew { name }, now, port);
            }
            Action::BeginRestore => self.leave_for(Control::BeginRestore, now, port),
            Action::HandOver(task) => self.leave_for(Control::HandOver { task }, now, port),
            Action::Quit => self.leave_for(Control::Quit, now, port),

            Action::Set { name, value } => self.set(name, value, now),
            Action::Tell { text, good: true } => self.notes.good(text, now),
            Action::Tell { text, good: false } => self.notes.bad(text, now),
            Action::DismissNotes => {
                self.notes.clear();
                self.undecided = None;
            }
        }
    }

    fn plain(&mut self, command: Command, now: Millis, port: &mut dyn Port) {
        self.command(command, Asked::Plain, now, port);
    }

    /// Keeps how something is to look. What the host would not take is not kept.
    fn set(&mut self, name: String, value: String, now: Millis) {
        let settings = &mut self.window.settings;
        let room = settings.len() < Window::MOST_SETTINGS || settings.contains_key(&name);
        let short = name.len().max(value.len()) <= Window::LONGEST_SETTING;
        if room && short && settings.get(&name) != Some(&value) {
            settings.insert(name, value);
            self.keep_window_soon(now);
        }
    }

    /// The UI may end with this: everything is kept first.
    fn leave_for(&mut self, control: Control, now: Millis, port: &mut dyn Port) {
        self.keep_all(now, port);
        self.control(control, Asked::Plain, now, port);
    }

    fn switch_account(&mut self, account: AccountId, now: Millis, port: &mut dyn Port) {
        let known = self.accounts.iter().any(|it| it.id == account);
        if !known || self.account == Some(account) {
            return;
        }
        self.leave(now, port);
        self.account = Some(account);
        self.window.account = Some(account);
        self.shown.clear();
        self.network = None;
        self.trace = None;
        self.unanswered = super::Unanswered::default();
        self.looking_up = None;
        self.keep_window_soon(now);
        self.fetch_newest(now, port);
    }

    fn react(&mut self, message: MessageId, emoji: String, now: Millis, port: &mut dyn Port) {
        let Some(kept) = self.message(message).filter(|kept| !kept.message.deleted) else {
            return;
        };
        let own = self.account;
        let mut reactions = kept.message.reactions.iter();
        let remove = reactions.any(|it| Some(it.author) == own && it.emoji == emoji);
        if !remove {
            self.frequent.used(&emoji);
        }
        self.plain(Command::React { message, emoji, remove, unsynced: false }, now, port);
    }

    /// Opens the conversation with whom a text means.
    fn start_with(&mut self, text: &str, now: Millis, port: &mut dyn Port) {
        let text = text.trim();
        let Some(account) = self.account.filter(|_| !text.is_empty()) else { return };
        // What was wrong with the attempt before is of no use any more.
        self.notes.clear();
        if let Ok(id) = text.to_ascii_lowercase().parse::<AccountId>() {
            let conversation = ConversationId::from(id);
            if conversation.account().is_none() {
                let text = "This is the ID of a group or room; an Account ID begins with 05";
                self.notes.bad(text, now);
                return;
            }
            self.looking_up = None;
            self.open(conversation, now, port);
            return;
        }
        let digits = text.chars().all(|letter| letter.is_ascii_hexdigit());
        if digits && text.len() > 40 {
            let text = format!("An Account ID has 66 characters; this one has {}", text.len());
            self.notes.bad(text, now);
            return;
        }
        self.looking_up = Some(text.to_owned());
        let name = text.to_owned();
        let asked = Asked::Resolve { name: name.clone() };
        self.query(Query::Resolve { account, name }, asked, now, port);
    }
}
