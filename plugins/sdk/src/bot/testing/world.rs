//! What stands behind a bot in a test: a log of events with a place in it,
//! records, an alarm, and a clock that stands still.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ramson_abi::{self as abi, Status};
use ramson_wire::codec::{Encoding, decode_event, decode_request, encode_event, encode_request};
use ramson_wire::{
    Account, AccountCommand, AccountId, Answer, Change, Command, Conversation, ConversationId,
    Done, Event, GrantSet, Message, MessageId, MessageState, Millis, Outcome, Query, Refusal,
    Reply, Request, Snapshot, Stage,
};

use super::{BOT, Said};
use crate::bot::reactions;
use crate::testing::HostLine;
use crate::{Delivery, Level, RequestId, SubmitError};

/// When its time begins.
const BEGIN: Millis = 1_700_000_000_000;
/// So many events are handed over and not done with.
const WINDOW: usize = 256;
/// So many requests are without a reply.
const MOST_IN_FLIGHT: usize = 64;

/// Which commands are refused for themselves.
type Refuses = Box<dyn Fn(&Command) -> bool + Send>;

pub(super) struct World {
    durable: bool,
    granted: GrantSet,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: Millis,
    /// All that happened, with its number.
    events: Vec<(u64, Event)>,
    seq: u64,
    /// The bot is done with the events up to this one.
    cursor: u64,
    /// The newest that it was told.
    told: u64,
    /// Of events up to here only the log tells: what they were about is looked
    /// up.
    live_from: u64,
    /// A `done` that was refused: nothing above it is kept.
    held: Option<u64>,
    /// What waits to be told, in front of events.
    replies: VecDeque<Delivery>,
    requests: VecDeque<(RequestId, Request)>,
    alarm: Option<(RequestId, Millis)>,
    records: BTreeMap<String, String>,
    lines: BTreeMap<ConversationId, Conversation>,
    history: BTreeMap<MessageId, Message>,
    messages: u64,
    said: Vec<Said>,
    commands: Vec<AccountCommand>,
    log: Vec<(Level, String)>,
    refusal: Option<Refusal>,
    no_requests: Option<Status>,
    refuses: Option<Refuses>,
}

impl World {
    pub(super) fn new(durable: bool, granted: GrantSet) -> Self {
        let state = State { now: BEGIN, seq: 100, cursor: 100, told: 100, ..State::default() };
        Self { durable, granted, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A bot begins, or an engine: a snapshot, then what follows its place.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        state.live_from = state.seq;
        if !self.durable {
            state.cursor = state.seq;
        }
        state.told = state.cursor;
        let conversations = vec![(BOT, state.lines.values().cloned().collect())];
        let name = Some("Bot".to_owned());
        let snapshot = Snapshot {
            seq: state.cursor,
            version: "0.1.0".to_owned(),
            stage: Stage::Running,
            network: "local".to_owned(),
            home: "bot".to_owned(),
            granted: self.granted,
            accounts: vec![Account { id: BOT, name, read_receipts: false, typing: false }],
            conversations,
            plugins: Vec::new(),
            window: None,
        };
        let seq = state.cursor;
        let snapshot = Delivery { seq, reply_to: None, event: Event::Snapshot(snapshot) };
        state.replies.push_back(snapshot);
    }

    /// The bot is gone, and what was on its way to and from it.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.replies.clear();
        state.requests.clear();
        (state.alarm, state.held) = (None, None);
    }

    pub(super) fn now_millis(&self) -> Millis {
        self.state().now
    }

    /// Goes to the alarm, or to this time if it is before; `false`: there is
    /// no alarm until then.
    pub(super) fn go_to(&self, until: Millis) -> bool {
        let mut state = self.state();
        match state.alarm {
            Some((request, at)) if at <= until => {
                state.now = state.now.max(at);
                state.alarm = None;
                state.reply(request, Reply::Ok(Answer::Done));
                true
            }
            _ => {
                state.now = state.now.max(until);
                false
            }
        }
    }

    /// The next thing to tell; it went through the wire's bytes.
    pub(super) fn next(&self) -> Option<Delivery> {
        let mut state = self.state();
        let delivery = match state.replies.pop_front() {
            Some(delivery) => delivery,
            None => {
                let told = state.told;
                let (seq, event) = state.events.iter().find(|(seq, _)| *seq > told)?.clone();
                let cursor = state.cursor;
                let open = state.events.iter().filter(|(seq, _)| (cursor + 1..=told).contains(seq));
                if self.durable && open.count() >= WINDOW {
                    return None;
                }
                state.told = seq;
                let event = if seq > state.live_from { event } else { state.look_up(event) };
                Delivery { seq, reply_to: None, event }
            }
        };
        let bytes = encode_event(&delivery.event, Encoding::Bincode).ok()?;
        let event = decode_event(&bytes, Encoding::Bincode).ok()?;
        Some(Delivery { event, ..delivery })
    }

    /// Carries out the next request; `false`: there is none.
    pub(super) fn carry_out(&self) -> bool {
        let mut state = self.state();
        let Some((id, request)) = state.requests.pop_front() else { return false };
        let reply = match request {
            Request::Command(command) => match state.command(&command) {
                Outcome::Refused(refusal) => Reply::Refused(refusal),
                _ => Reply::Ok(Answer::Done),
            },
            Request::Query(Query::Alarm { at }) => {
                if let Some((before, _)) = state.alarm.take() {
                    state.reply(before, Reply::Ok(Answer::Done));
                }
                if at > state.now {
                    state.alarm = Some((id, at));
                    return true;
                }
                Reply::Ok(Answer::Done)
            }
            Request::Query(query) => state.query(query),
            Request::Control(_) => refused("Unknown", "a test has no program"),
            Request::Done(done) => state.done(done, self.durable),
        };
        state.reply(id, reply);
        true
    }

    pub(super) fn happens(&self, event: Event) {
        self.state().happens(event);
    }

    pub(super) fn write(
        &self,
        from: AccountId,
        text: &str,
        change: impl FnOnce(&mut Message),
    ) -> MessageId {
        let mut state = self.state();
        let id = state.message_id();
        let now = state.now;
        let mut message = Message {
            sent: now,
            received: now,
            text: Some(text.to_owned()),
            ..Message::new(id, from.into(), from)
        };
        change(&mut message);
        let stranger = !state.lines.contains_key(&message.conversation);
        let conversation = message.conversation.clone();
        state.happens(Event::Message { account: BOT, message });
        if stranger {
            // As the engine tells it: behind the message.
            let (request, approved_me) = (true, true);
            let conversation =
                Conversation { request, approved_me, ..Conversation::new(conversation) };
            state.happens(Event::Conversation { account: BOT, conversation });
        }
        id
    }

    pub(super) fn sent(&self, message: MessageId) -> Millis {
        self.state().history.get(&message).map_or(0, |message| message.sent)
    }

    pub(super) fn said(&self, to: Option<AccountId>) -> Vec<Said> {
        let mut state = self.state();
        let all = std::mem::take(&mut state.said);
        let (taken, left) = all.into_iter().partition(|said| to.is_none_or(|to| said.to == to));
        state.said = left;
        taken
    }

    pub(super) fn commands(&self) -> Vec<AccountCommand> {
        std::mem::take(&mut self.state().commands)
    }

    pub(super) fn record(&self, key: &str) -> Option<String> {
        self.state().records.get(key).cloned()
    }

    pub(super) fn records(&self) -> Vec<String> {
        self.state().records.keys().cloned().collect()
    }

    pub(super) fn log_lines(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.state().log)
    }

    pub(super) fn undone(&self) -> usize {
        let state = self.state();
        state.events.iter().filter(|(seq, _)| *seq > state.cursor).count()
    }

    pub(super) fn refuse(&self, refusal: Option<Refusal>) {
        self.state().refusal = refusal;
    }

    pub(super) fn refuse_requests(&self, refusal: Option<SubmitError>) {
        self.state().no_requests = refusal.map(|refusal| match refusal {
            SubmitError::Busy => abi::AGAIN,
            SubmitError::Denied => abi::DENIED,
            SubmitError::TooLarge => abi::TOO_LARGE,
            SubmitError::Unknown => abi::BAD_PAYLOAD,
            SubmitError::Closed => abi::CLOSED,
            SubmitError::NoRecipient { .. } => abi::FAILED,
            SubmitError::Failed { status } => status,
        });
    }

    pub(super) fn refuse_commands(&self, refuses: Refuses) {
        self.state().refuses = Some(refuses);
    }
}

impl State {
    fn message_id(&mut self) -> MessageId {
        self.messages = self.messages.saturating_add(1);
        MessageId { account: 1, number: self.messages }
    }

    fn happens(&mut self, event: Event) {
        match &event {
            Event::Conversation { conversation, .. } => {
                self.lines.insert(conversation.id.clone(), conversation.clone());
            }
            Event::ConversationRemoved { conversation, .. } => {
                self.lines.remove(conversation);
            }
            Event::Message { message, .. } => {
                self.history.insert(message.id, message.clone());
            }
            Event::MessageChanged {
                message,
                change: Change::Reaction { reaction, removed },
                ..
            } => {
                if let Some(message) = self.history.get_mut(message) {
                    reactions::put(message, reaction, *removed);
                }
            }
            _ => {}
        }
        self.seq = self.seq.saturating_add(1);
        self.events.push((self.seq, event));
    }

    /// An event of which only the log tells: how its message is now.
    fn look_up(&self, event: Event) -> Event {
        let (account, conversation, id) = match &event {
            Event::Message { account, message } => {
                (*account, message.conversation.clone(), message.id)
            }
            Event::MessageChanged { account, conversation, message, .. } => {
                (*account, conversation.clone(), *message)
            }
            _ => return event,
        };
        match (self.history.get(&id).cloned(), event) {
            (Some(message), Event::Message { .. }) => Event::Message { account, message },
            (Some(message), _) => {
                let change = Change::Now { message };
                Event::MessageChanged { account, conversation, message: id, change }
            }
            (None, _) => {
                Event::MessageRemoved { account, conversation, message: id, expired: false }
            }
        }
    }

    fn reply(&mut self, to: RequestId, reply: Reply) {
        let (seq, event) = (self.told, Event::Reply(reply));
        self.replies.push_back(Delivery { seq, reply_to: Some(to), event });
    }

    fn query(&self, query: Query) -> Reply {
        match query {
            Query::Record { key } => {
                Reply::Ok(Answer::Record { value: self.records.get(&key).cloned() })
            }
            Query::Records { prefix, after, limit } => {
                let behind = |key: &String| after.as_ref().is_none_or(|after| key > after);
                let all = self.records.iter();
                let mut all = all.filter(|(key, _)| key.starts_with(&prefix) && behind(key));
                let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                let records = all.by_ref().take(limit);
                let records = records
                    .map(|(key, value)| {
                        let (key, value) = (key.clone(), Some(value.clone()));
                        ramson_wire::Record { key, value }
                    })
                    .collect();
                Reply::Ok(Answer::Records { records, complete: all.next().is_none() })
            }
            _ => refused("Unknown", "a test has no answer to that"),
        }
    }

    fn done(&mut self, done: Done, durable: bool) -> Reply {
        if let Some(through) = done.through
            && let Some((kind, text)) = self.not_now(&done, through, durable)
        {
            if !matches!(kind.as_str(), "OutOfOrder" | "AlreadyDone") {
                self.held = Some(self.held.map_or(through, |held| held.min(through)));
            }
            return refused(&kind, &text);
        }
        if let (None, Some(Refusal { kind, text })) = (done.through, &self.refusal) {
            return refused(kind, text);
        }
        if let Some(through) = done.through {
            self.cursor = self.cursor.max(through);
            self.held = self.held.filter(|held| *held > through);
        }
        for record in done.records {
            match record.value {
                Some(value) => self.records.insert(record.key, value),
                None => self.records.remove(&record.key),
            };
        }
        let outcomes = done.commands.iter().map(|command| self.command(command)).collect();
        Reply::Ok(Answer::Kept { outcomes })
    }

    /// Why something is not kept: a kind and a text. After a refusal nothing
    /// is that stands behind it, also with another engine.
    fn not_now(&self, done: &Done, through: u64, durable: bool) -> Option<(String, String)> {
        let bare = done.records.is_empty() && done.commands.is_empty();
        let no = |kind: &str, text: &str| Some((kind.to_owned(), text.to_owned()));
        match &self.refusal {
            _ if !durable => no("NotDurable", "the bot is not durable"),
            _ if through <= self.cursor && bare => None,
            _ if through <= self.cursor => no("AlreadyDone", "it is done with already"),
            _ if self.held.is_some_and(|held| through > held) => {
                no("OutOfOrder", "one before it was refused")
            }
            _ if through > self.told => no("NotTold", "it was not told that"),
            Some(Refusal { kind, text }) => no(kind, text),
            None if !done.records.iter().all(ramson_wire::Record::is_allowed) => {
                no("BadRecord", "a record cannot be called so")
            }
            None => None,
        }
    }

    fn command(&mut self, asked: &AccountCommand) -> Outcome {
        if self.refuses.as_ref().is_some_and(|refuses| refuses(&asked.command)) {
            let (kind, text) = ("Refused".to_owned(), "the test refuses it".to_owned());
            return Outcome::Refused(Refusal { kind, text });
        }
        let accepted = match &asked.command {
            Command::Send { to, .. } | Command::Approve { contact: to } => Some(*to),
            _ => None,
        };
        if let Some(peer) = accepted {
            let id: ConversationId = peer.into();
            let line = self.lines.get(&id).cloned().unwrap_or(Conversation::new(id));
            if !line.approved {
                let (approved, request) = (true, false);
                let conversation = Conversation { approved, request, ..line };
                self.happens(Event::Conversation { account: asked.account, conversation });
            }
        }
        let Command::Send { to, text, reply_to, .. } = &asked.command else {
            self.commands.push(asked.clone());
            return Outcome::Done;
        };
        let id = self.message_id();
        let (to, text, reply_to) = (*to, text.clone(), *reply_to);
        let message = Message {
            outgoing: true,
            sent: self.now,
            received: self.now,
            state: MessageState::Queued,
            text: Some(text.clone()),
            ..Message::new(id, to.into(), asked.account)
        };
        self.said.push(Said { id, to, text, reply_to });
        self.happens(Event::Message { account: asked.account, message });
        Outcome::Queued { message: id }
    }
}

fn refused(kind: &str, text: &str) -> Reply {
    Reply::Refused(Refusal { kind: kind.to_owned(), text: text.to_owned() })
}

impl HostLine for World {
    fn submit(&self, id: RequestId, request: &Request) -> Status {
        let mut state = self.state();
        if let Some(status) = state.no_requests {
            return status;
        }
        let commands = match request {
            Request::Command(command) => std::slice::from_ref(command),
            Request::Done(done) => &done.commands,
            Request::Query(_) | Request::Control(_) => &[],
        };
        if commands.iter().any(|it| !self.granted.has(it.command.needs())) {
            return abi::DENIED;
        }
        if state.requests.len() >= MOST_IN_FLIGHT {
            return abi::AGAIN;
        }
        let sent = encode_request(request, Encoding::Bincode)
            .and_then(|bytes| decode_request(request.kind(), &bytes, Encoding::Bincode));
        match sent {
            Ok(request) => {
                state.requests.push_back((id, request));
                abi::OK
            }
            Err(_) => abi::TOO_LARGE,
        }
    }

    fn log(&self, level: Level, text: &str) {
        self.state().log.push((level, text.to_owned()));
    }

    fn now(&self) -> Millis {
        self.now_millis()
    }
}
