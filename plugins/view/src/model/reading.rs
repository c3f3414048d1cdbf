//! Opening a conversation, fetching its messages, reading them.

use ramson_wire::{
    AccountId, Command, ConversationId, Message, MessageId, Millis, Place, Query, Window,
};

use super::Model;
use super::replies::Asked;
use crate::thread::held::{self, Key, PAGE};
use crate::thread::{Seeking, Target};
use crate::{Anchor, Composer, Port, Thread};

/// How many pages a message is looked for in, and how long those are.
const SEEK: u32 = 5;
const SEEK_PAGE: usize = 1_000;

/// So close to the edge of what is in memory, more is fetched.
const NEAR: usize = 50;

/// At most so many newest messages are asked for at once.
const FETCHING: usize = 8;

/// The newest messages of so many rows are fetched where the UI did not say
/// which rows it shows.
const ROWS: usize = 40;

impl Model {
    /// Opens a conversation where it was left.
    pub(super) fn open(&mut self, id: ConversationId, now: Millis, port: &mut dyn Port) {
        let Some(account) = self.account else { return };
        self.notes.forget(&id);
        if self.thread_of(account, &id).is_some() {
            return;
        }
        self.leave(now, port);
        let known = self.conversation(&id);
        let unsent = self.unsent.get(&(account, id.clone())).map(String::as_str);
        let draft = known.map_or(unsent, |it| it.draft.as_deref()).unwrap_or_default();
        let history = self.histories.get(&id).cloned().unwrap_or_default();
        let mut thread = Thread::new(account, id.clone(), Composer::new(draft, history));
        thread.unread_from = known.filter(|it| it.unread > 0).map(|it| it.last_read);
        let place = self.window.places.get(&account).and_then(|places| places.get(&id));
        if let Some(place) = place {
            let target = Target::Id(place.message);
            thread.below = place.below;
            thread.seeking = Some(Seeking { target, pages: SEEK, asked: false });
        }
        self.open = Some(thread);
        self.window.account = Some(account);
        self.window.conversation = Some(id);
        self.keep_window_soon(now);
        self.fetch(None, PAGE, now, port);
    }

    /// Leaves the open conversation.
    pub(super) fn leave(&mut self, now: Millis, port: &mut dyn Port) {
        self.stop_typing(now, port);
        self.keep_draft(now, port);
        if let Some(thread) = self.open.take() {
            self.histories.insert(thread.id, thread.composer.into_history());
            self.window.conversation = None;
            self.keep_window_soon(now);
        }
    }

    /// What is in memory of the open conversation is asked for anew.
    pub(super) fn refresh(&mut self, now: Millis, port: &mut dyn Port) {
        let draft = self.open_conversation().map(|it| it.draft.clone().unwrap_or_default());
        let Some(thread) = &mut self.open else { return };
        if let Some(draft) = draft {
            thread.hear_draft(draft);
        }
        thread.read_to = None;
        let count = thread.held.len();
        if thread.held.at_newest() && count <= SEEK_PAGE {
            thread.held.doubt();
            self.fetch(None, count.max(PAGE), now, port);
            return;
        }
        thread.held.restart();
        if let Anchor::At(id) = std::mem::take(&mut thread.anchor) {
            thread.seeking = Some(Seeking { target: Target::Id(id), pages: SEEK, asked: false });
        }
        self.fetch(None, PAGE, now, port);
    }

    pub(super) fn fetch(
        &mut self,
        before: Option<Key>,
        limit: usize,
        now: Millis,
        port: &mut dyn Port,
    ) {
        let Some(thread) = &mut self.open else { return };
        let (account, conversation) = (thread.account, thread.id.clone());
        thread.loading = true;
        let page = held::Asked { before, turn: self.turn };
        let query = Query::Messages {
            account,
            conversation: conversation.clone(),
            before: before.map(|key| key.1),
            limit: u32::try_from(limit.min(SEEK_PAGE)).unwrap_or(u32::MAX),
        };
        self.query(query, Asked::Page { account, conversation, page }, now, port);
    }

    /// Whether a page of the open conversation is on its way.
    fn is_loading(&self) -> bool {
        let Some(thread) = &self.open else { return false };
        self.asked.values().any(|asked| match asked {
            Asked::Page { account, conversation, .. } => {
                (thread.account, &thread.id) == (*account, conversation)
            }
            _ => false,
        })
    }

    #[allow(clippy::too_many_arguments, reason = "an answer and what it answers to")]
    pub(super) fn page_came(
        &mut self,
        account: AccountId,
        conversation: &ConversationId,
        messages: Vec<Message>,
        complete: bool,
        page: held::Asked,
        now: Millis,
        port: &mut dyn Port,
    ) {
        let loading = self.is_loading();
        let Some(thread) = self.thread_of(account, conversation) else { return };
        thread.held.page(messages, complete, page);
        thread.loading = loading;
        if !loading {
            thread.held.settle();
        }
        let newest = thread.held.iter().next_back().map(|kept| kept.message.clone());
        if let Some(newest) = newest.filter(|_| page.before.is_none()) {
            self.book_mut(account).take_in(&newest);
        }
        self.go_on_seeking(now, port);
        if let Some(thread) = &mut self.open
            && thread.seeking.is_none()
        {
            thread.held.trim(thread.anchor);
        }
    }

    /// A page was refused. Returns whether nothing is to be told of it.
    pub(super) fn page_refused(
        &mut self,
        account: AccountId,
        conversation: &ConversationId,
        page: held::Asked,
        now: Millis,
        port: &mut dyn Port,
    ) -> bool {
        let loading = self.is_loading();
        let Some(thread) = self.thread_of(account, conversation) else { return true };
        thread.loading = loading;
        thread.seeking = None;
        let Some(before) = page.before else { return false };
        if thread.held.skip_far(before) {
            // The message that named the page is gone; the next one does.
            self.load_newer(now, port);
            return true;
        }
        // It was named by a message that is gone.
        !thread.held.is_first(before)
    }

    pub(super) fn load_older(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &self.open else { return };
        if thread.loading || (thread.at_end() && thread.held.len() >= held::MOST) {
            return;
        }
        if let Some(first) = thread.held.older() {
            self.fetch(Some(first), PAGE, now, port);
        }
    }

    pub(super) fn load_newer(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = self.open.as_ref().filter(|thread| !thread.loading) else { return };
        if let Some((before, count)) = thread.held.newer() {
            self.fetch(before, count, now, port);
        }
    }

    pub(super) fn scroll_to(&mut self, anchor: Anchor, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &mut self.open else { return };
        let anchor = match anchor {
            Anchor::At(id) if thread.held.last() == Some(id) && thread.held.at_newest() => {
                Anchor::End
            }
            Anchor::At(id) if thread.held.get(id).is_none() => return,
            anchor => anchor,
        };
        thread.seeking = None;
        thread.anchor = anchor;
        thread.below = 0;
        match anchor {
            Anchor::End if !thread.held.at_newest() => {
                thread.held.restart();
                self.fetch(None, PAGE, now, port);
            }
            Anchor::End => {}
            Anchor::At(id) if thread.held.near_first(id, NEAR) => self.load_older(now, port),
            Anchor::At(id) if thread.held.near_last(id, NEAR) => self.load_newer(now, port),
            Anchor::At(_) => {}
        }
        self.remember_place(now);
    }

    pub(super) fn scroll_below(&mut self, lines: u32, now: Millis) {
        let Some(thread) = &mut self.open else { return };
        if !matches!(thread.anchor, Anchor::At(_)) {
            return;
        }
        thread.below = lines;
        self.remember_place(now);
    }

    /// Where the user is in the open conversation, for when it is opened again.
    fn remember_place(&mut self, now: Millis) {
        let Some(thread) = &self.open else { return };
        let (account, id) = (thread.account, &thread.id);
        let places = self.window.places.entry(account).or_default();
        let before = places.get(id).cloned();
        let after = match thread.anchor {
            Anchor::End => None,
            Anchor::At(message) => Some(Place { message, below: thread.below }),
        };
        if before == after {
            return;
        }
        match after {
            None => {
                places.remove(id);
            }
            Some(place) => {
                places.insert(id.clone(), place);
            }
        }
        if places.is_empty() {
            self.window.places.remove(&account);
        }
        forget_place(&mut self.window, account, id);
        self.keep_window_soon(now);
    }

    pub(super) fn open_quoted(&mut self, message: MessageId, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &mut self.open else { return };
        let quote = thread.held.get(message).and_then(|kept| kept.message.quote.as_ref());
        let Some(quote) = quote else { return };
        let target = Target::Public(quote.author, quote.sent);
        thread.seeking = Some(Seeking { target, pages: SEEK, asked: true });
        self.go_on_seeking(now, port);
    }

    /// Goes to the message that is looked for, or fetches more.
    fn go_on_seeking(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(thread) = &mut self.open else { return };
        let Some(mut seeking) = thread.seeking.filter(|_| !thread.loading) else { return };
        let found = match seeking.target {
            Target::Id(id) => thread.held.get(id),
            Target::Public(author, sent) => thread.held.find(&author, sent),
        };
        if let Some(id) = found.map(|kept| kept.message.id) {
            thread.seeking = None;
            let below = if seeking.asked { 0 } else { thread.below };
            if seeking.asked {
                thread.selected = Some(id);
            }
            self.scroll_to(Anchor::At(id), now, port);
            self.scroll_below(below, now);
            return;
        }
        seeking.pages = seeking.pages.saturating_sub(1);
        match thread.held.older().filter(|_| seeking.pages > 0) {
            Some(first) => {
                thread.seeking = Some(seeking);
                self.fetch(Some(first), SEEK_PAGE, now, port);
            }
            None => {
                thread.seeking = None;
                if seeking.asked {
                    self.notes.bad("That message is not here any more", now);
                } else {
                    // The place where the user was is gone.
                    self.remember_place(now);
                }
            }
        }
    }

    /// The end of the open conversation is on the screen.
    pub(super) fn seen(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(known) = self.open_conversation() else { return };
        let (unread, latest) = (known.unread > 0 || known.marked_unread, known.latest);
        let Some(thread) = &mut self.open else { return };
        let there = thread.held.begun() && thread.held.at_newest() && thread.seeking.is_none();
        if !unread || !there || thread.left_unread {
            return;
        }
        let newest = thread.held.iter().next_back().map_or(0, |kept| kept.message.sent);
        let up_to = newest.max(latest);
        if thread.read_to == Some(up_to) {
            return;
        }
        thread.read_to = Some(up_to);
        let conversation = thread.id.clone();
        let command = Command::MarkRead { conversation, up_to: Some(up_to) };
        self.command(command, Asked::Quiet, now, port);
    }

    /// Asks for the newest messages of the rows that are on the screen.
    pub(super) fn fetch_newest(&mut self, now: Millis, port: &mut dyn Port) {
        let Some(account) = self.account else { return };
        let Some(book) = self.books.get_mut(&account) else { return };
        let mut room = FETCHING.saturating_sub(book.fetching());
        if room == 0 {
            return;
        }
        let rows: Vec<ConversationId> = if self.shown.is_empty() {
            let first = book.in_order(crate::list::Shelf::Chats).take(ROWS);
            first.filter(|it| book.newest(&it.id).is_none()).map(|it| it.id.clone()).collect()
        } else {
            self.shown.iter().filter(|id| book.newest(id).is_none()).cloned().collect()
        };
        for conversation in rows {
            let wanted = room > 0
                && self.books.get_mut(&account).is_some_and(|it| it.begin_fetch(&conversation));
            if !wanted {
                continue;
            }
            room = room.saturating_sub(1);
            let query = Query::Messages {
                account,
                conversation: conversation.clone(),
                before: None,
                limit: 1,
            };
            self.query(query, Asked::Newest { account, conversation }, now, port);
        }
    }
}

/// Where there are too many places, one goes that is not this one.
fn forget_place(window: &mut Window, account: AccountId, id: &ConversationId) {
    if window.count_places() <= Window::MOST_PLACES {
        return;
    }
    let other = window.places.iter().find_map(|(of, places)| {
        let other = places.keys().find(|it| *of != account || *it != id)?;
        Some((*of, other.clone()))
    });
    let Some((of, other)) = other else { return };
    if let Some(places) = window.places.get_mut(&of) {
        places.remove(&other);
        if places.is_empty() {
            window.places.remove(&of);
        }
    }
}
