//! An engine in memory, for tests of this crate and of UIs: it keeps accounts,
//! conversations and messages, carries requests out, and tells what happened.
//! Nothing of it goes over a network.
//!
//! ```
//! use ramson_view::Action;
//! use ramson_view::testing::{Seat, World};
//!
//! let mut world = World::new();
//! let ann = world.add_account("Ann");
//! let bob = world.add_contact(ann, "Bob");
//! world.receive(ann, bob, "hello");
//!
//! let mut seat = Seat::at(&world);
//! seat.act(Action::Open(bob.into()), world.now);
//! world.settle(&mut [&mut seat]);
//! assert_eq!(seat.model.open.as_ref().map(|thread| thread.held.len()), Some(1));
//! ```

mod carry;
mod seat;

pub use seat::{Asks, Seat};

use std::collections::BTreeMap;

use ramson_wire::{
    Account, AccountId, Change, Control, Conversation, ConversationId, Event, GrantSet, Message,
    MessageId, MessageState, Millis, Plugin, Refusal, Snapshot, Stage, Window,
};

/// The time at which a [`World`] begins: a Sunday in March 2024, 12:00 in UTC.
pub const NOON: Millis = 1_709_467_200_000;

/// An engine in memory.
#[derive(Debug, Clone)]
pub struct World {
    /// What time it is. Each message takes a second.
    pub now: Millis,
    /// How far the program is.
    pub stage: Stage,
    /// What UIs were given.
    pub granted: GrantSet,
    /// The plugins.
    pub plugins: Vec<Plugin>,
    /// Where the UI that was there last stopped.
    pub window: Option<Window>,
    /// What the program itself was told to do, but for what the world does
    /// (accounts, window).
    pub controls: Vec<Control>,
    /// Whose registered names are.
    pub names: BTreeMap<String, AccountId>,
    /// While it stands here, every request is refused so.
    pub refusing: Option<Refusal>,
    /// How the network is, for who asks.
    pub network: ramson_wire::Network,
    accounts: Vec<(Account, u32)>,
    books: BTreeMap<AccountId, Shelf>,
    log: Vec<(u64, Event)>,
    seq: u64,
    numbers: u32,
}

/// What belongs to one account.
#[derive(Debug, Clone, Default)]
struct Shelf {
    conversations: BTreeMap<ConversationId, Conversation>,
    messages: BTreeMap<(Millis, MessageId), Message>,
    sent: BTreeMap<MessageId, Millis>,
    number: u64,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// One that runs, without accounts.
    pub fn new() -> Self {
        Self {
            now: NOON,
            stage: Stage::Running,
            granted: GrantSet::ALL,
            plugins: Vec::new(),
            window: None,
            controls: Vec::new(),
            names: BTreeMap::new(),
            refusing: None,
            network: ramson_wire::Network {
                name: "local".to_owned(),
                nodes: 12,
                paths: Vec::new(),
                paths_wanted: 2,
                swarm: Vec::new(),
                clock_ahead: 0,
                trouble: None,
            },
            accounts: Vec::new(),
            books: BTreeMap::new(),
            log: Vec::new(),
            seq: 0,
            numbers: 0,
        }
    }

    /// Adds an account of this home.
    pub fn add_account(&mut self, name: &str) -> AccountId {
        let id = self.new_id();
        let account =
            Account { id, name: Some(name.to_owned()), read_receipts: true, typing: true };
        self.accounts.push((account.clone(), self.numbers));
        self.books.insert(id, Shelf::default());
        self.tell(Event::Account { account });
        id
    }

    /// Adds somebody who writes with an account, each approved by the other.
    pub fn add_contact(&mut self, account: AccountId, name: &str) -> AccountId {
        let id = self.new_id();
        self.change(account, &id.into(), |it| {
            it.name = Some(name.to_owned());
            it.approved = true;
            it.approved_me = true;
        });
        id
    }

    /// Adds a stranger who waits for an answer.
    pub fn add_request(&mut self, account: AccountId, name: &str, text: &str) -> AccountId {
        let id = self.new_id();
        self.change(account, &id.into(), |it| {
            it.name = Some(name.to_owned());
            it.approved_me = true;
            it.request = true;
        });
        self.receive(account, id, text);
        id
    }

    /// Changes a conversation; it is made if there is none.
    pub fn change(
        &mut self,
        account: AccountId,
        id: &ConversationId,
        how: impl FnOnce(&mut Conversation),
    ) {
        let shelf = self.books.entry(account).or_default();
        let entry = shelf.conversations.entry(id.clone());
        let conversation = entry.or_insert_with(|| Conversation::new(id.clone()));
        how(conversation);
        shelf.count(id);
        if let Some(conversation) = self.conversation(account, id).cloned() {
            self.tell(Event::Conversation { account, conversation });
        }
    }

    /// Somebody writes to an account.
    pub fn receive(&mut self, account: AccountId, from: AccountId, text: &str) -> MessageId {
        let mut message = self.blank(account, &from.into());
        message.author = from;
        message.text = Some(text.to_owned());
        self.put(account, message)
    }

    /// A message of an account to somebody, as [`ramson_wire::Command::Send`]
    /// makes it.
    pub fn send(&mut self, account: AccountId, to: AccountId, text: &str) -> MessageId {
        let mut message = self.blank(account, &to.into());
        message.outgoing = true;
        message.state = MessageState::Queued;
        message.text = Some(text.to_owned());
        self.put(account, message)
    }

    /// A message without anything in it, of the peer, at the next second: to
    /// be filled in and then [`World::put`].
    pub fn blank(&mut self, account: AccountId, conversation: &ConversationId) -> Message {
        self.now = self.now.saturating_add(1_000);
        let home = self.accounts.iter().find(|it| it.0.id == account).map_or(0, |it| it.1);
        let shelf = self.books.entry(account).or_default();
        shelf.number = shelf.number.saturating_add(1);
        Message {
            sent: self.now,
            received: self.now,
            ..Message::new(
                MessageId { account: home, number: shelf.number },
                conversation.clone(),
                account,
            )
        }
    }

    /// Puts a message into a history, and tells of it.
    pub fn put(&mut self, account: AccountId, message: Message) -> MessageId {
        let (id, conversation) = (message.id, message.conversation.clone());
        let shelf = self.books.entry(account).or_default();
        shelf.sent.insert(id, message.sent);
        shelf.messages.insert((message.sent, id), message.clone());
        self.tell(Event::Message { account, message });
        self.change(account, &conversation, |_| {});
        id
    }

    /// Puts a message into a history, and tells nobody: it was always there.
    /// Its conversation counts it when it is changed next.
    pub fn put_silently(&mut self, account: AccountId, message: Message) -> MessageId {
        let id = message.id;
        let shelf = self.books.entry(account).or_default();
        shelf.sent.insert(id, message.sent);
        shelf.messages.insert((message.sent, id), message);
        id
    }

    /// Removes a message, and tells nobody.
    pub fn remove_silently(&mut self, account: AccountId, id: MessageId) {
        let shelf = self.books.entry(account).or_default();
        if let Some(sent) = shelf.sent.remove(&id) {
            shelf.messages.remove(&(sent, id));
        }
    }

    /// Changes a message, and tells what is different.
    pub fn alter(&mut self, account: AccountId, id: MessageId, change: Change) {
        let shelf = self.books.entry(account).or_default();
        let Some(sent) = shelf.sent.get(&id) else { return };
        let Some(message) = shelf.messages.get_mut(&(*sent, id)) else { return };
        crate::thread::merge::change_message(message, &change);
        let conversation = message.conversation.clone();
        self.tell(Event::MessageChanged {
            account,
            conversation: conversation.clone(),
            message: id,
            change,
        });
        self.change(account, &conversation, |_| {});
    }

    /// Removes a message, and tells of it.
    pub fn remove(&mut self, account: AccountId, id: MessageId, expired: bool) {
        let shelf = self.books.entry(account).or_default();
        let Some(sent) = shelf.sent.remove(&id) else { return };
        let Some(message) = shelf.messages.remove(&(sent, id)) else { return };
        let conversation = message.conversation;
        let removed = conversation.clone();
        self.tell(Event::MessageRemoved { account, conversation: removed, message: id, expired });
        self.change(account, &conversation, |_| {});
    }

    /// Removes a conversation, and tells of it.
    pub fn remove_conversation(&mut self, account: AccountId, id: &ConversationId) {
        let shelf = self.books.entry(account).or_default();
        shelf.conversations.remove(id);
        shelf.messages.retain(|_, message| message.conversation != *id);
        let messages = &shelf.messages;
        shelf.sent.retain(|id, sent| messages.contains_key(&(*sent, *id)));
        self.tell(Event::ConversationRemoved { account, conversation: id.clone() });
    }

    /// Tells of something else.
    pub fn tell(&mut self, event: Event) {
        self.seq = self.seq.saturating_add(1);
        self.log.push((self.seq, event));
    }

    /// Everything that happened, with its number.
    pub fn log(&self) -> &[(u64, Event)] {
        &self.log
    }

    /// The number of what happened last.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// A conversation.
    pub fn conversation(&self, account: AccountId, id: &ConversationId) -> Option<&Conversation> {
        self.books.get(&account)?.conversations.get(id)
    }

    /// A message.
    pub fn message(&self, account: AccountId, id: MessageId) -> Option<&Message> {
        let shelf = self.books.get(&account)?;
        shelf.messages.get(&(*shelf.sent.get(&id)?, id))
    }

    /// All there is.
    pub fn snapshot(&self) -> Snapshot {
        let accounts = self.accounts.iter().map(|it| it.0.clone()).collect();
        let books = self.books.iter();
        Snapshot {
            seq: self.seq,
            version: "0.1.0".to_owned(),
            stage: self.stage.clone(),
            network: self.network.name.clone(),
            home: "~/.local/share/ramson".to_owned(),
            granted: self.granted,
            accounts,
            conversations: books
                .map(|(id, shelf)| (*id, shelf.conversations.values().cloned().collect()))
                .collect(),
            plugins: self.plugins.clone(),
            window: self.window.clone(),
        }
    }

    /// Carries out what the UIs ask for, and tells each what happened, until
    /// nobody asks for anything.
    pub fn settle(&mut self, seats: &mut [&mut Seat]) {
        loop {
            let mut quiet = true;
            for index in 0..seats.len() {
                let asked = seats.get_mut(index).map(|seat| seat.port.take()).unwrap_or_default();
                for (id, request) in asked {
                    quiet = false;
                    let reply = self.carry_out(request);
                    for seat in seats.iter_mut() {
                        seat.catch_up(self);
                    }
                    if let Some(seat) = seats.get_mut(index) {
                        seat.model.hear(
                            self.seq,
                            id,
                            Event::Reply(reply),
                            self.now,
                            &mut seat.port,
                        );
                    }
                }
            }
            for seat in seats.iter_mut() {
                quiet &= !seat.catch_up(self);
            }
            if quiet {
                return;
            }
        }
    }

    fn new_id(&mut self) -> AccountId {
        self.numbers = self.numbers.saturating_add(1);
        let mut id = [0x05; 33];
        // Ids that are told apart by their first digits, as real ones are.
        let mixed = self.numbers.wrapping_mul(0x9E37_79B1);
        let bytes = mixed.to_be_bytes().into_iter().chain(self.numbers.to_be_bytes()).cycle();
        for (place, byte) in id.iter_mut().skip(1).zip(bytes) {
            *place = byte;
        }
        AccountId(id)
    }
}

impl Shelf {
    /// What a conversation says of its messages.
    fn count(&mut self, id: &ConversationId) {
        let Some(conversation) = self.conversations.get_mut(id) else { return };
        let (mut latest, mut unread, mut mentions) = (0, 0_u64, 0_u64);
        for message in self.messages.values().filter(|it| it.conversation == *id) {
            latest = message.sent;
            if message.state == MessageState::Received && message.notice.is_none() {
                unread = unread.saturating_add(1);
                mentions = mentions.saturating_add(message.mentions_me.into());
            }
        }
        conversation.latest = latest;
        conversation.unread = unread;
        conversation.mentions = mentions;
    }
}
