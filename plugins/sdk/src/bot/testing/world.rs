//! What stands behind a bot in a test: a log of events with a place in it,
//! records, an alarm, and a clock that stands still.

mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use ramson_abi::{self as abi, Status};
use ramson_wire::codec::{Encoding, decode_event, decode_request, encode_event, encode_request};
use ramson_wire::{
    Account, AccountCommand, AccountId, Answer, Conversation, Event, GrantSet, Message, MessageId,
    Millis, Outcome, Query, Refusal, Reply, Request, Snapshot, Stage,
};

use super::{BOT, Said};
use crate::testing::HostLine;
use crate::{Delivery, Level, RequestId, SubmitError};

use state::{Refuses, State, refused};

/// When its time begins.
const BEGIN: Millis = 1_700_000_000_000;
/// So many events are handed over and not done with.
const WINDOW: usize = 256;
/// So many requests are without a reply.
const MOST_IN_FLIGHT: usize = 64;

pub(super) struct World {
    durable: bool,
    granted: GrantSet,
    state: Mutex<State>,
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
        self.state().log.clone()
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

impl HostLine for World {
    fn submit(&self, id: RequestId, request: &Request) -> Status {
        let mut state = self.state();
        if let Some(status) = state.no_requests {
            return status;
        }
        if request.commands().iter().any(|it| !self.granted.has(it.command.needs())) {
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
