//! Somebody who talks to bots.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use ramson_abi::OK;
use ramson_host::{GuestPlan, Told};
use ramson_wire::{
    AccountCommand, AccountId, Answer, Change, Command, ConversationId, DeleteScope, Event,
    GrantSet, Message, MessageId, Query, Refusal, Reply, Request, TopicSet,
};

use crate::record;
use crate::seat::Seat;
use crate::town::{Core, Resident};

/// So many events are remembered.
const EVENTS: usize = 10_000;

/// So many messages are looked at; a conversation of a test has fewer.
const MESSAGES: u32 = 1_000;

/// Somebody with an account, who writes and reads as a user interface lets
/// people do. Calls that wait let time pass, and fail the test when five
/// minutes of it did not bring what they wait for.
#[derive(Clone)]
pub struct Person {
    core: Rc<Core>,
    number: usize,
    name: String,
    id: AccountId,
}

/// What the town keeps of a person.
pub(crate) struct PersonState {
    name: String,
    id: AccountId,
    seat: Seat,
    next: u64,
    replies: BTreeMap<u64, Reply>,
    /// Everything that happened.
    events: VecDeque<Event>,
    /// Texts of others that no call gave yet.
    heard: VecDeque<Message>,
}

impl Resident for Person {
    fn id(&self) -> AccountId {
        self.id
    }
}

impl Person {
    pub(crate) fn new(core: &Rc<Core>, name: &str) -> Self {
        let square = core.square();
        let program = core.program(square);
        let (engine, host) = (program.engine, program.host);
        let called = name.to_owned();
        let id = core.in_home(square, "the account was not made", async move {
            engine.create_account(Some(called)).await.map(|account| account.id.to_string())
        });
        let id: AccountId = match id.map(|id| id.parse()) {
            Ok(Ok(id)) => id,
            Ok(Err(error)) => core.fail(&error.to_string()),
            Err(error) => core.fail(&format!("there is no account for {name}: {error}")),
        };
        let plan = GuestPlan {
            name: name.to_owned(),
            topics: TopicSet::ALL,
            grants: GrantSet::ALL,
            accounts: Some(vec![id]),
            conversations: None,
            rate: None,
            durable: false,
        };
        let guest =
            core.in_home(square, "nobody let the person in", async move { host.guest(plan) });
        let seat = match guest {
            Ok(guest) => Seat::new(guest),
            Err(error) => core.fail(&format!("{name} has no place: {error}")),
        };
        let mut people = core.people.borrow_mut();
        people.push(PersonState {
            name: name.to_owned(),
            id,
            seat,
            next: 0,
            replies: BTreeMap::new(),
            events: VecDeque::new(),
            heard: VecDeque::new(),
        });
        let number = people.len().saturating_sub(1);
        Self { core: core.clone(), number, name: name.to_owned(), id }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Writes a text. It returns once the text is safe in the outbox; time has
    /// to pass until it arrives.
    pub fn says(&self, to: &impl Resident, text: &str) -> Message {
        self.writes(to.id(), text, None)
    }

    /// Answers a message, and quotes it.
    pub fn replies(&self, to: &Message, text: &str) -> Message {
        match to.conversation.account() {
            Some(peer) => self.writes(peer, text, Some(to.id)),
            None => self.core.fail(&format!("nobody can be written to in {}", to.conversation)),
        }
    }

    /// Puts an emoji on a message.
    pub fn reacts(&self, to: &Message, emoji: &str) {
        self.does(Command::React {
            message: to.id,
            emoji: emoji.to_owned(),
            remove: false,
            unsynced: false,
        });
    }

    /// Takes an emoji away again.
    pub fn takes_back(&self, from: &Message, emoji: &str) {
        self.does(Command::React {
            message: from.id,
            emoji: emoji.to_owned(),
            remove: true,
            unsynced: false,
        });
    }

    /// Deletes one of the person's own messages, for everybody.
    pub fn deletes(&self, message: &Message) {
        self.does(Command::Delete { message: message.id, scope: DeleteScope::Everyone });
    }

    /// Carries out a command, whatever it is; a refusal fails the test.
    pub fn does(&self, command: Command) -> Answer {
        let words = format!("{command:?}");
        match self.tries(command) {
            Ok(answer) => answer,
            Err(refusal) => {
                self.core.fail(&format!("{} was refused '{words}': {refusal}", self.name))
            }
        }
    }

    /// The same, for a test that wants to be refused.
    pub fn tries(&self, command: Command) -> Result<Answer, Refusal> {
        self.asks(&Request::Command(AccountCommand::new(self.id, command)))
    }

    /// The next text that somebody wrote to this person: each is given once, in
    /// the order in which they came.
    pub fn hears(&self) -> String {
        self.gets().text.unwrap_or_default()
    }

    /// The same, as the whole message.
    pub fn gets(&self) -> Message {
        let otherwise = || format!("{} heard nothing", self.name);
        self.core.wait(otherwise, || self.state(|state| state.heard.pop_front()))
    }

    /// The texts that came and that no call gave yet. Does not wait.
    pub fn heard(&self) -> Vec<String> {
        let heard = self.state(|state| std::mem::take(&mut state.heard));
        heard.into_iter().filter_map(|message| message.text).collect()
    }

    /// Lets time pass, in which nobody may write to this person.
    pub fn hears_nothing(&self, time: Duration) {
        self.core.pass(time);
        let heard = self.heard();
        if !heard.is_empty() {
            self.core.fail(&format!("{} heard {heard:?} and should not have", self.name));
        }
    }

    /// The emoji that somebody else put on a message last.
    pub fn reaction(&self, on: &Message) -> String {
        let is_it = |event: &Event| match event {
            Event::MessageChanged {
                message,
                change: Change::Reaction { reaction, removed },
                ..
            } => {
                let theirs = *message == on.id && !*removed && reaction.author != self.id;
                theirs.then(|| reaction.emoji.clone())
            }
            _ => None,
        };
        self.sees("no reaction came", is_it)
    }

    /// Until the recipient's swarm has a message.
    pub fn is_stored(&self, message: &Message) {
        let id = message.id;
        self.sees(&format!("{id} was not stored"), |event| match event {
            Event::MessageChanged { message, change: Change::Stored { .. }, .. }
                if *message == id =>
            {
                Some(())
            }
            _ => None,
        });
    }

    /// The newest event of which something is wanted, of all that happened to
    /// this person; waits for it. `otherwise` is said when it never comes.
    pub fn sees<T>(&self, otherwise: &str, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let otherwise = || format!("{}: {otherwise}", self.name);
        self.core.wait(otherwise, || self.state(|it| it.events.iter().rev().find_map(&wanted)))
    }

    /// All messages with somebody, oldest first.
    pub fn messages(&self, with: &impl Resident) -> Vec<Message> {
        let conversation = ConversationId::from(with.id());
        let (account, before, limit) = (self.id, None, MESSAGES);
        let query = Query::Messages { account, conversation, before, limit };
        match self.asks(&Request::Query(query)) {
            Ok(Answer::Messages { messages, .. }) => messages,
            other => self.core.fail(&format!("{} has no messages: {other:?}", self.name)),
        }
    }

    /// The texts with somebody, oldest first: what a screen would show.
    pub fn texts(&self, with: &impl Resident) -> Vec<String> {
        self.messages(with).into_iter().filter_map(|message| message.text).collect()
    }

    fn writes(&self, to: AccountId, text: &str, reply_to: Option<MessageId>) -> Message {
        let mut send = Command::text(to, text);
        if let Command::Send { reply_to: quoted, .. } = &mut send {
            *quoted = reply_to;
        }
        match self.does(send) {
            Answer::Queued { message } => message,
            other => self.core.fail(&format!("no message came of a text, but {other:?}")),
        }
    }

    /// Asks, and waits for the answer.
    fn asks(&self, request: &Request) -> Result<Answer, Refusal> {
        let (id, status) = self.state(|state| {
            state.next = state.next.saturating_add(1);
            (state.next, state.seat.submit(state.next, request))
        });
        if status != OK {
            self.core.fail(&format!("{} cannot ask for that (status {status})", self.name));
        }
        let otherwise = || format!("{} got no answer", self.name);
        self.core.wait(otherwise, || self.state(|it| it.replies.remove(&id))).into_result()
    }

    fn state<T>(&self, work: impl FnOnce(&mut PersonState) -> T) -> T {
        match self.core.people.borrow_mut().get_mut(self.number) {
            Some(state) => work(state),
            None => self.core.fail("this person lives in no town"),
        }
    }
}

impl PersonState {
    pub(crate) fn seat(&self) -> Seat {
        self.seat.clone()
    }

    /// A person is told something.
    pub(crate) fn hear(core: &Core, number: usize, told: &Told) {
        let mut people = core.people.borrow_mut();
        let Some(state) = people.get_mut(number) else { return };
        if let Some(words) = record::event(told.event()) {
            core.note(&state.name, words);
        }
        match (told.reply_to, told.event()) {
            (Some(request), Event::Reply(reply)) => {
                state.replies.insert(request, reply.clone());
            }
            (_, event) => state.take_in(event.clone()),
        }
    }

    fn take_in(&mut self, event: Event) {
        if let Event::Message { account, message } = &event
            && *account == self.id
            && !message.outgoing
            && message.text.is_some()
        {
            self.heard.push_back(message.clone());
        }
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}
