//! What is known, and what the user does right now.
//!
//! | file | what |
//! |---|---|
//! | `book` | the conversations of one account, in their order |
//! | `hear` | what events change |
//! | `replies` | what comes of requests |
//! | `act` | what actions change, and which requests follow |
//! | `reading` | opening a conversation, fetching its messages, reading them |
//! | `writing` | what is written: sending, drafts, typing |
//! | `keep` | what is done later: drafts and the window are kept, typing ends, notes fade |

mod act;
pub(crate) mod book;
mod hear;
mod keep;
mod reading;
mod replies;
#[cfg(test)]
mod tests;
mod writing;

pub use book::{Book, Newest};

use std::collections::BTreeMap;

use ramson_wire::{
    Account, AccountCommand, AccountId, Command, Control, Conversation, ConversationId, Grant,
    GrantSet, MessageId, Millis, Network, Plugin, Query, Request, Stage, Trace, Window,
};

use crate::emoji::Frequent;
use crate::list::{Filter, Shelf};
use crate::thread::{Gist, Kept};
use crate::{Notes, Port, Thread};

use replies::Asked;

/// Everything that a UI shows. The fields are to be read: they change through
/// [`Model::hear`], [`Model::act`] and [`Model::tick`].
#[derive(Debug, Clone)]
pub struct Model {
    /// How far the program is.
    pub stage: Stage,
    /// The program's version.
    pub version: String,
    /// The name of the network.
    pub network_name: String,
    /// The home's folder, for people.
    pub home: String,
    /// What this UI was given.
    pub granted: GrantSet,
    /// The accounts of this home, in the order in which they were added.
    pub accounts: Vec<Account>,
    /// The one that is used.
    pub account: Option<AccountId>,
    /// The conversation that is open.
    pub open: Option<Thread>,
    /// The plugins.
    pub plugins: Vec<Plugin>,
    /// How the network is, once it was asked.
    pub network: Option<Network>,
    /// The way of the message that was asked for last.
    pub trace: Option<Trace>,
    /// Why the last question after the network, or after a message's way, has
    /// no answer.
    pub unanswered: Unanswered,
    /// Sentences to the user.
    pub notes: Notes,
    /// The text of [`crate::Action::StartWith`] whose owner is looked up.
    pub looking_up: Option<String>,
    /// A plugin that was not loaded because its user has not decided yet what
    /// it gets: a UI shows what it asks for, and goes on with
    /// [`crate::Action::AllowPlugin`] or [`crate::Action::DismissNotes`].
    pub undecided: Option<Undecided>,
    /// Which emoji are used how much.
    pub frequent: Frequent,
    /// What the user asked for that only the UI can show.
    pub(crate) wish: Option<Wish>,
    books: BTreeMap<AccountId, Book>,
    /// The rows on the screen.
    shown: Vec<ConversationId>,
    asked: BTreeMap<u64, Asked>,
    typing: BTreeMap<(AccountId, ConversationId), Millis>,
    window: Window,
    /// When the window is kept next.
    window_due: Option<Millis>,
    /// Where the last snapshot stands: what is older says nothing new.
    since: u64,
    /// The home of the first snapshot of an engine.
    begun: Option<String>,
    /// Events and answers so far: what was asked earlier than something was
    /// told is older than it.
    turn: u64,
    /// What was sent from each conversation, for going back to it.
    histories: BTreeMap<ConversationId, crate::composer::History>,
    /// What is being written to those with whom there is no conversation yet:
    /// the engine keeps no drafts of these.
    unsent: BTreeMap<(AccountId, ConversationId), String>,
}

/// Questions that were refused, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// How the network is.
    pub network: Option<String>,
    /// The way of a message.
    pub trace: Option<(MessageId, String)>,
}

/// A plugin of which its user has not decided yet what it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The name or path by which it was to be loaded.
    pub name: String,
    /// What it asks for, in a sentence.
    pub text: String,
    /// It was to take its turn as the UI.
    pub show: bool,
}

/// Something that the user asked for in the composer and only the UI can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The keys and commands.
    Help,
    /// Whom one can write to.
    Contacts,
    /// A new conversation; with what was said already.
    New(String),
    /// The own Account ID.
    OwnId,
    /// The network.
    Network,
    /// The plugins.
    Plugins,
    /// The settings.
    Settings,
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self {
            stage: Stage::Starting { what: String::new() },
            version: String::new(),
            network_name: String::new(),
            home: String::new(),
            granted: GrantSet::NONE,
            accounts: Vec::new(),
            account: None,
            open: None,
            plugins: Vec::new(),
            network: None,
            trace: None,
            unanswered: Unanswered::default(),
            notes: Notes::default(),
            looking_up: None,
            undecided: None,
            frequent: Frequent::default(),
            wish: None,
            books: BTreeMap::new(),
            shown: Vec::new(),
            asked: BTreeMap::new(),
            typing: BTreeMap::new(),
            window: Window::default(),
            window_due: None,
            since: 0,
            begun: None,
            turn: 0,
            histories: BTreeMap::new(),
            unsent: BTreeMap::new(),
        }
    }

    /// The conversations of the account that is used.
    pub fn book(&self) -> Option<&Book> {
        self.books.get(self.account.as_ref()?)
    }

    /// The conversations of any account of this home.
    pub fn book_of(&self, account: &AccountId) -> Option<&Book> {
        self.books.get(account)
    }

    /// A conversation of the account that is used.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Conversation> {
        self.book()?.get(id)
    }

    /// The conversation that is open, if anything is known of it.
    pub fn open_conversation(&self) -> Option<&Conversation> {
        self.conversation(&self.open.as_ref()?.id)
    }

    /// The account that is used.
    pub fn own(&self) -> Option<&Account> {
        let id = self.account?;
        self.accounts.iter().find(|account| account.id == id)
    }

    /// How many strangers wait for an answer.
    pub fn requests(&self) -> usize {
        self.book().map_or(0, |book| book.count(Shelf::Requests))
    }

    /// How many conversations have something unread, of those that are shown
    /// from day to day.
    pub fn unread(&self) -> usize {
        self.book().map_or(0, Book::unread)
    }

    /// Whether the peer of a conversation types.
    pub fn is_typing(&self, id: &ConversationId) -> bool {
        self.account.is_some_and(|account| self.typing.contains_key(&(account, id.clone())))
    }

    /// How the user wants something to look, kept by [`crate::Action::Set`].
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.window.settings.get(name).map(String::as_str)
    }

    /// Whether this UI was given something.
    pub fn may(&self, grant: Grant) -> bool {
        self.granted.has(grant)
    }

    /// The first conversation of the list, the last one, or the one next to
    /// the open one: for going through it.
    pub fn neighbour(&self, filter: &Filter, down: bool) -> Option<ConversationId> {
        let mut before = None;
        let open = self.open.as_ref().map(|thread| &thread.id);
        let mut rows = crate::list::listed(self, filter).map(|it| &it.id).peekable();
        let first = rows.peek().map(|id| (*id).clone());
        while let Some(id) = rows.next() {
            if Some(id) == open {
                return if down { rows.next().cloned() } else { before };
            }
            before = Some(id.clone());
        }
        if down { first } else { before }
    }

    /// A message in a few words, with the names of whom it mentions.
    pub fn gist_text(&self, gist: &Gist) -> String {
        match gist {
            Gist::Text(text) => {
                let spans = crate::text::spans(text, &|account| self.name_of(account));
                spans.into_iter().map(|span| span.text).collect()
            }
            Gist::Said(text) => crate::text::one_line(text),
            Gist::Deleted => "Message deleted".to_owned(),
        }
    }

    /// What the user asked for that only the UI can show; once.
    pub fn take_wish(&mut self) -> Option<Wish> {
        self.wish.take()
    }

    /// A message of the open conversation, if it is in memory.
    pub fn message(&self, id: MessageId) -> Option<&Kept> {
        self.open.as_ref()?.held.get(id)
    }

    fn book_mut(&mut self, account: AccountId) -> &mut Book {
        self.books.entry(account).or_default()
    }

    /// Asks for something; a refusal is told, unless it is of no use to the
    /// user. Returns whether it is on its way.
    fn ask(&mut self, request: Request, asked: Asked, now: Millis, port: &mut dyn Port) -> bool {
        match port.ask(request) {
            Ok(id) => {
                self.asked.insert(id, asked);
                true
            }
            Err(refusal) => {
                self.refused(asked, &refusal, now, port);
                false
            }
        }
    }

    fn command(
        &mut self,
        command: Command,
        asked: Asked,
        now: Millis,
        port: &mut dyn Port,
    ) -> bool {
        let Some(account) = self.account else { return false };
        self.command_as(account, command, asked, now, port)
    }

    fn command_as(
        &mut self,
        account: AccountId,
        command: Command,
        asked: Asked,
        now: Millis,
        port: &mut dyn Port,
    ) -> bool {
        self.ask(Request::Command(AccountCommand::new(account, command)), asked, now, port)
    }

    fn query(&mut self, query: Query, asked: Asked, now: Millis, port: &mut dyn Port) -> bool {
        self.ask(Request::Query(query), asked, now, port)
    }

    fn control(&mut self, control: Control, asked: Asked, now: Millis, port: &mut dyn Port) {
        self.ask(Request::Control(control), asked, now, port);
    }
}
