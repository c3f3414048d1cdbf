//! What events change. What is told twice, or again after a snapshot, changes
//! nothing.

use ramson_wire::{
    Account, AccountId, Conversation, Event, Message, MessageState, Millis, NetworkEvent, Query,
    Snapshot, Stage,
};

use super::Model;
use super::replies::Asked;
use crate::list::is_muted;
use crate::thread::Gist;
use crate::{Anchor, Port};

/// After so long without news, a peer who typed types no more.
const TYPING: Millis = 15_000;

impl Model {
    /// Takes an event in. `seq` and `reply_to` stand beside it.
    pub fn hear(
        &mut self,
        seq: u64,
        reply_to: u64,
        event: Event,
        now: Millis,
        port: &mut dyn Port,
    ) {
        self.turn = self.turn.saturating_add(1);
        match event {
            Event::Snapshot(snapshot) => self.hear_snapshot(snapshot, now, port),
            Event::Reply(reply) => self.hear_reply(reply_to, reply, now, port),
            // A snapshot follows.
            Event::Lagged(_) => return,
            Event::Plugins { plugins } => self.plugins = plugins,
            Event::Network { what } => self.hear_network(what, now, port),
            // The snapshot has it already, and what came of it later too.
            _ if seq < self.since => return,
            Event::Message { account, message } => {
                self.hear_message(account, message, seq, now);
            }
            Event::MessageChanged { account, conversation, message, change } => {
                self.book_mut(account).change(&conversation, message, &change);
                let turn = self.turn;
                if let Some(thread) = self.thread_of(account, &conversation) {
                    thread.held.change(message, change, seq, turn, thread.loading);
                }
            }
            Event::MessageRemoved { account, conversation, message, .. } => {
                self.book_mut(account).lose(&conversation, message);
                if let Some(thread) = self.thread_of(account, &conversation) {
                    thread.lose(message);
                }
            }
            Event::Conversation { account, conversation } => {
                self.hear_conversation(account, conversation, seq);
            }
            Event::ConversationRemoved { account, conversation } => {
                let gone = self.book_mut(account).remove(&conversation, seq);
                if gone && self.thread_of(account, &conversation).is_some() {
                    self.open = None;
                    self.window.conversation = None;
                }
                self.typing.remove(&(account, conversation));
            }
            Event::Profile { account } | Event::Account { account } => self.put_account(account),
            Event::AccountRemoved { account } => self.lose_account(account),
            Event::Typing { account, conversation, typing } => {
                let key = (account, conversation);
                if typing {
                    self.typing.insert(key, now.saturating_add(TYPING));
                } else {
                    self.typing.remove(&key);
                }
            }
        }
        self.fetch_newest(now, port);
    }

    fn hear_snapshot(&mut self, snapshot: Snapshot, now: Millis, port: &mut dyn Port) {
        let running = snapshot.stage == Stage::Running;
        if running && self.begun.as_ref().is_some_and(|home| *home != snapshot.home) {
            self.forget_home();
        }
        self.since = snapshot.seq;
        self.version = snapshot.version;
        self.stage = snapshot.stage;
        self.network_name = snapshot.network;
        self.home = snapshot.home;
        self.granted = snapshot.granted;
        self.accounts = snapshot.accounts;
        self.plugins = snapshot.plugins;
        self.typing.clear();
        if self.begun.is_none()
            && let Some(window) = &snapshot.window
        {
            self.window.settings.clone_from(&window.settings);
        }
        if !running {
            // An engine may come back, and its user goes on.
            return;
        }
        let known: Vec<AccountId> = self.accounts.iter().map(|account| account.id).collect();
        self.books.retain(|account, _| known.contains(account));
        let told: Vec<AccountId> = snapshot.conversations.iter().map(|it| it.0).collect();
        for (account, conversations) in snapshot.conversations {
            self.book_mut(account).renew(conversations, snapshot.seq);
        }
        self.ask_conversations(&known, &told, now, port);
        let first = self.begun.is_none();
        if first {
            self.begun = Some(self.home.clone());
            self.window = snapshot.window.unwrap_or_default();
        }
        let wanted = self.account.or(self.window.account);
        self.account = wanted.filter(|id| known.contains(id)).or(known.first().copied());
        if self.open.as_ref().is_some_and(|thread| Some(thread.account) != self.account) {
            self.open = None;
        }
        let conversation = self.window.conversation.clone();
        if self.open.is_some() {
            self.refresh(now, port);
        } else if let Some(conversation) = conversation.filter(|_| first && wanted == self.account)
        {
            self.open(conversation, now, port);
            // It was not the user who went there.
            self.window_due = None;
        }
        if self.network.is_some() {
            self.ask_network(now, port);
        }
    }

    /// Where there are too many conversations for a snapshot, it has none.
    fn ask_conversations(
        &mut self,
        known: &[AccountId],
        told: &[AccountId],
        now: Millis,
        port: &mut dyn Port,
    ) {
        for account in known.iter().filter(|id| !told.contains(id)).copied() {
            let since = self.since;
            self.book_mut(account).renew(Vec::new(), since);
            let asked = Asked::Conversations { account, since };
            self.query(Query::Conversations { account }, asked, now, port);
        }
    }

    pub(super) fn conversations_came(
        &mut self,
        account: AccountId,
        conversations: Vec<Conversation>,
        since: u64,
    ) {
        // After another snapshot another answer comes.
        if since == self.since && self.accounts.iter().any(|it| it.id == account) {
            for conversation in conversations {
                self.hear_conversation(account, conversation, since);
            }
        }
    }

    /// Another home: nothing of the one before counts.
    fn forget_home(&mut self) {
        *self = Self {
            asked: std::mem::take(&mut self.asked),
            turn: self.turn,
            notes: std::mem::take(&mut self.notes),
            frequent: std::mem::take(&mut self.frequent),
            ..Self::new()
        };
    }

    fn hear_message(&mut self, account: AccountId, message: Message, seq: u64, now: Millis) {
        let book = self.book_mut(account);
        if book.is_over(&message.conversation, seq) {
            return;
        }
        let news = book.hear(&message) && seq > self.since;
        if !message.outgoing {
            self.typing.remove(&(account, message.conversation.clone()));
        }
        let turn = self.turn;
        match self.thread_of(account, &message.conversation) {
            Some(thread) => {
                thread.held.hear(message, seq, turn);
                if thread.seeking.is_none() {
                    thread.held.trim(thread.anchor);
                }
            }
            None if news && !message.outgoing && message.state == MessageState::Received => {
                self.tell_of(account, &message, now);
            }
            None => {}
        }
    }

    /// A message came where the user is not.
    fn tell_of(&mut self, account: AccountId, message: &Message, now: Millis) {
        let id = &message.conversation;
        let known = self.book_of(&account).and_then(|book| book.get(id));
        let quiet = known.is_some_and(|it| it.blocked || is_muted(it, now));
        if quiet && !message.mentions_me {
            return;
        }
        if known.is_some_and(|it| it.blocked) {
            return;
        }
        if Some(account) != self.account {
            let text = format!("New message for {}", self.own_name(&account));
            self.notes.good(text, now);
            return;
        }
        let name = self.title_of(id);
        // Of a stranger nothing may be known yet.
        let text = if known.map_or(id.account().is_some(), |it| it.request) {
            format!("{name} would like to write to you")
        } else {
            format!("{name}: {}", self.gist_text(&Gist::of(message)))
        };
        self.notes.about(id.clone(), text, now);
    }

    fn hear_conversation(&mut self, account: AccountId, conversation: Conversation, seq: u64) {
        let id = conversation.id.clone();
        let draft = conversation.draft.clone().unwrap_or_default();
        let read = conversation.unread == 0 && !conversation.marked_unread;
        let unread_from = (conversation.unread > 0).then_some(conversation.last_read);
        let book = self.book_mut(account);
        let new = book.get(&id).is_none();
        if !book.put(conversation, seq) {
            return;
        }
        if read && Some(account) == self.account {
            self.notes.forget(&id);
        }
        if let Some(thread) = self.thread_of(account, &id) {
            thread.hear_draft(draft);
            if new {
                // It was open before anything was known of it.
                thread.unread_from = thread.unread_from.or(unread_from);
            }
        }
    }

    pub(super) fn put_account(&mut self, account: Account) {
        match self.accounts.iter_mut().find(|it| it.id == account.id) {
            Some(known) => *known = account,
            None => self.accounts.push(account),
        }
        if self.account.is_none() {
            self.account = self.accounts.first().map(|it| it.id);
        }
    }

    fn lose_account(&mut self, account: AccountId) {
        self.accounts.retain(|it| it.id != account);
        self.books.remove(&account);
        self.typing.retain(|(of, _), _| *of != account);
        if self.account == Some(account) {
            self.open = None;
            self.account = self.accounts.first().map(|it| it.id);
            self.window.account = self.account;
            self.window.conversation = None;
            self.shown.clear();
        }
    }

    fn hear_network(&mut self, what: NetworkEvent, now: Millis, port: &mut dyn Port) {
        match what {
            NetworkEvent::StoreTrouble { reason } => {
                self.notes.bad(format!("The store cannot be written: {reason}"), now);
            }
            NetworkEvent::PartFailed { part, restarted: false } => {
                self.notes.bad(format!("A part of the engine is down: {part}"), now);
            }
            _ => {}
        }
        if self.network.is_some() {
            self.ask_network(now, port);
        }
    }

    pub(super) fn ask_network(&mut self, now: Millis, port: &mut dyn Port) {
        let pending = self.asked.values().any(|asked| matches!(asked, Asked::Network));
        if let Some(account) = self.account
            && !pending
        {
            self.query(Query::Network { account }, Asked::Network, now, port);
        }
    }

    pub(super) fn thread_of(
        &mut self,
        account: AccountId,
        id: &ramson_wire::ConversationId,
    ) -> Option<&mut crate::Thread> {
        self.open.as_mut().filter(|thread| thread.account == account && thread.id == *id)
    }
}

impl crate::Thread {
    /// A message is gone.
    fn lose(&mut self, id: ramson_wire::MessageId) {
        if self.anchor == Anchor::At(id) {
            let next = self.held.after(id).or_else(|| self.held.before(id));
            self.anchor = next.map_or(Anchor::End, Anchor::At);
        }
        self.selected = self.selected.filter(|it| *it != id);
        self.reply_to = self.reply_to.filter(|it| *it != id);
        self.held.remove(id);
    }
}
