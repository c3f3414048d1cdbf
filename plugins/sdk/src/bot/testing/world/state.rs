//! What happened, what is kept, and what becomes of what a bot asks for.

use std::collections::{BTreeMap, VecDeque};

use ramson_abi::Status;
use ramson_wire::{
    AccountCommand, AccountId, Answer, Change, Command, Conversation, ConversationId, Done, Event,
    Message, MessageId, MessageState, Millis, Outcome, Query, Refusal, Reply, Request,
};

use crate::bot::reactions;
use crate::bot::testing::Said;
use crate::{Delivery, Level, RequestId};

/// So long a command with a key is known again: 14 days.
const MARKED: Millis = 14 * 24 * 60 * 60 * 1_000;

/// Which commands are refused for themselves.
pub(super) type Refuses = Box<dyn Fn(&Command) -> bool + Send>;

#[derive(Default)]
pub(super) struct State {
    pub(super) now: Millis,
    /// All that happened, with its number.
    pub(super) events: Vec<(u64, Event)>,
    pub(super) seq: u64,
    /// The bot is done with the events up to this one.
    pub(super) cursor: u64,
    /// The newest that it was told.
    pub(super) told: u64,
    /// Of events up to here only the log tells: what they were about is looked
    /// up.
    pub(super) live_from: u64,
    /// A `done` that was refused: nothing above it is kept.
    pub(super) held: Option<u64>,
    /// What waits to be told, in front of events.
    pub(super) replies: VecDeque<Delivery>,
    pub(super) requests: VecDeque<(RequestId, Request)>,
    pub(super) alarm: Option<(RequestId, Millis)>,
    pub(super) records: BTreeMap<String, String>,
    /// What came of commands with keys, and when.
    pub(super) marks: BTreeMap<(AccountId, String), (Millis, Outcome)>,
    pub(super) lines: BTreeMap<ConversationId, Conversation>,
    pub(super) history: BTreeMap<MessageId, Message>,
    pub(super) messages: u64,
    pub(super) said: Vec<Said>,
    pub(super) commands: Vec<AccountCommand>,
    pub(super) log: Vec<(Level, String)>,
    pub(super) refusal: Option<Refusal>,
    pub(super) no_requests: Option<Status>,
    pub(super) refuses: Option<Refuses>,
}

impl State {
    pub(super) fn message_id(&mut self) -> MessageId {
        self.messages = self.messages.saturating_add(1);
        MessageId { account: 1, number: self.messages }
    }

    pub(super) fn happens(&mut self, event: Event) {
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
    pub(super) fn look_up(&self, event: Event) -> Event {
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

    pub(super) fn reply(&mut self, to: RequestId, reply: Reply) {
        let (seq, event) = (self.told, Event::Reply(reply));
        self.replies.push_back(Delivery { seq, reply_to: Some(to), event });
    }

    pub(super) fn query(&self, query: Query) -> Reply {
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

    pub(super) fn done(&mut self, done: Done, durable: bool) -> Reply {
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

    pub(super) fn command(&mut self, asked: &AccountCommand) -> Outcome {
        let Some(key) = asked.key.clone() else { return self.carry(asked) };
        let mark = (asked.account, key);
        match self.marks.get(&mark) {
            Some((at, before)) if self.now.saturating_sub(*at) < MARKED => before.clone(),
            _ => {
                let outcome = self.carry(asked);
                if !matches!(outcome, Outcome::Refused(_)) {
                    self.marks.insert(mark, (self.now, outcome.clone()));
                }
                outcome
            }
        }
    }

    fn carry(&mut self, asked: &AccountCommand) -> Outcome {
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

pub(super) fn refused(kind: &str, text: &str) -> Reply {
    Reply::Refused(Refusal { kind: kind.to_owned(), text: text.to_owned() })
}
