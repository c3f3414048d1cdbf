//! What happens to accounts, for a reader that must not miss anything, however
//! slow it is.
//!
//! Live events come over the bus, in nearly the order of their numbers:
//! accounts whose commits shared a write publish independently. They are told
//! in the order of their numbers. What the bus dropped, or nobody published
//! because an actor failed in between, comes from the event log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ramson_messages::events::{EngineEvent, Event};
use ramson_messages::storage::LoggedEvent;
use ramson_protocol::event::{AccountEvent, AccountSignal, EventKind, EventRef};
use ramson_types::AccountId;
use ramson_types::message::Message;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::engine::{Engine, EngineError};

/// Events read from the log at a time.
const PAGE: usize = 256;

/// So many events above a gap, or so long, and the log is asked what became of
/// the gap.
const PATIENCE: usize = 1_024;
const GAP_TIME: Duration = Duration::from_millis(50);

/// What a [`Follower`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// A message came in.
    Received {
        /// Its event's number in the home's sequence.
        seq: u64,
        /// To which account.
        account: AccountId,
        /// The message.
        message: Box<Message>,
    },
    /// Something else happened to an account.
    Changed {
        /// Its event's number in the home's sequence.
        seq: u64,
        /// To which account.
        account: AccountId,
        /// What.
        what: EventRef,
        /// The event itself; `None` where the reader was so slow, or the
        /// engine failed meanwhile, that only the log has it.
        event: Option<Box<AccountEvent>>,
    },
    /// Something is so for a moment; it has no number and is not kept.
    Signal {
        /// To which account.
        account: AccountId,
        /// What.
        signal: AccountSignal,
    },
    /// Something happened beside the accounts.
    Engine(EngineEvent),
    /// The reader was so slow that things were dropped that have no number:
    /// signals, and what happened beside the accounts.
    Missed,
}

/// Tells everything that happens to accounts after it was made, each once and
/// in the order of the numbers.
pub struct Follower {
    engine: Engine,
    events: Receiver<Event>,
    order: Order,
    waiting: VecDeque<Followed>,
    /// The bus dropped something: the log is read to its end first.
    behind: bool,
    /// Until when a gap may close by itself.
    gap: Option<Instant>,
}

impl Follower {
    pub(crate) async fn from_now(engine: Engine) -> Result<Self, EngineError> {
        let through = engine.last_event().await?;
        Ok(Self::after(engine, through))
    }

    /// Tells what the log has after a number, and goes on with what comes.
    pub(crate) fn after(engine: Engine, through: u64) -> Self {
        let events = engine.subscribe();
        let order = Order { through, held: BTreeMap::new() };
        // What happened before the bus was heard is in the log.
        Self { engine, events, order, waiting: VecDeque::new(), behind: true, gap: None }
    }

    /// The number that it has taken in everything through; before the first
    /// [`Follower::next`] the one that it begins behind.
    pub const fn through(&self) -> u64 {
        self.order.through
    }

    /// The next thing to tell. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Followed, EngineError> {
        loop {
            if let Some(next) = self.waiting.pop_front() {
                return Ok(next);
            }
            // Page by page, so that a slow reader's memory stays small.
            if self.behind || self.order.held.len() >= PATIENCE {
                self.behind = self.read_log().await?;
                continue;
            }
            match self.hear().await {
                Some(Ok(event)) => self.take_in(event),
                Some(Err(RecvError::Lagged(_))) => {
                    self.behind = true;
                    self.waiting.push_back(Followed::Missed);
                }
                None => self.behind = true,
                Some(Err(RecvError::Closed)) => return Err(EngineError::Stopped),
            }
        }
    }

    /// What the bus has next; `None` when a gap stayed open for too long.
    async fn hear(&mut self) -> Option<Result<Event, RecvError>> {
        if self.order.held.is_empty() {
            self.gap = None;
            return Some(self.events.recv().await);
        }
        let until = *self.gap.get_or_insert_with(|| Instant::now() + GAP_TIME);
        tokio::select! {
            biased;
            event = self.events.recv() => Some(event),
            () = tokio::time::sleep_until(until) => {
                self.gap = None;
                None
            }
        }
    }

    fn take_in(&mut self, event: Event) {
        match event {
            Event::Account { seq, account, event } => {
                let before = self.order.through;
                self.waiting.extend(self.order.take(seq, told(seq, account, event)));
                if self.order.through != before {
                    self.gap = None;
                }
            }
            Event::Signal { account, signal, .. } => {
                self.waiting.push_back(Followed::Signal { account, signal });
            }
            Event::Engine(event) => {
                // It may have ended between a commit and its events.
                self.behind |= matches!(
                    event,
                    EngineEvent::ActorRestarted { .. } | EngineEvent::ActorGivenUp { .. }
                );
                self.waiting.push_back(Followed::Engine(event));
            }
            _ => {}
        }
    }

    /// Takes from the log what was not told yet, a page at most; whether there
    /// may be more.
    async fn read_log(&mut self) -> Result<bool, EngineError> {
        let before = self.order.through;
        let page = self.engine.events_after(before, PAGE).await?;
        if page.through == before {
            // What is missing was removed with its account and never comes.
            self.waiting.extend(self.order.close_all());
            return Ok(false);
        }
        for event in page.events {
            let (earlier, live) = self.order.pass(event.seq);
            self.waiting.extend(earlier);
            self.waiting.extend(live.or_else(|| logged(event)));
        }
        // Behind the last one there may be some that nobody is told of.
        let (earlier, live) = self.order.pass(page.through);
        self.waiting.extend(earlier.into_iter().chain(live));
        Ok(true)
    }
}

/// A part of the log, as a [`Follower`] tells it: without the content of what
/// happened, but for messages that came in.
#[derive(Debug)]
pub struct LoggedPart {
    /// What is told, oldest first.
    pub told: Vec<Followed>,
    /// It is all up to this number; there may be more behind it, unless it is
    /// the number that was asked after.
    pub through: u64,
}

impl Engine {
    /// Some of what happened after an event to some accounts, or to all, as far
    /// back as the log goes: for who hears of the rest in another way.
    pub async fn told_after(
        &self,
        only: Option<Arc<BTreeSet<AccountId>>>,
        after: u64,
    ) -> Result<LoggedPart, EngineError> {
        let page = self.events_of(only, after, PAGE).await?;
        let told = page.events.into_iter().filter_map(logged).collect();
        Ok(LoggedPart { told, through: page.through })
    }
}

/// An event with what the log knows of it. A message that came and is gone is
/// told with its removal.
fn logged(event: LoggedEvent) -> Option<Followed> {
    let LoggedEvent { seq, account, kind, conversation, id, message } = event;
    match (kind, message) {
        (EventKind::MessageReceived, message) => {
            message.map(|it| Followed::Received { seq, account, message: Box::new(it) })
        }
        (kind, _) => {
            let what = EventRef { kind, message: id, conversation };
            Some(Followed::Changed { seq, account, what, event: None })
        }
    }
}

/// An event with all that is known of it.
fn told(seq: u64, account: AccountId, event: AccountEvent) -> Followed {
    match event {
        AccountEvent::MessageReceived(message) => {
            Followed::Received { seq, account, message: Box::new(message) }
        }
        event => {
            let (what, event) = (event.reference(), Some(Box::new(event)));
            Followed::Changed { seq, account, what, event }
        }
    }
}

/// Puts events into the order of their numbers.
#[derive(Debug)]
struct Order<T = Followed> {
    /// Everything up to here was told.
    through: u64,
    /// What came before an earlier one.
    held: BTreeMap<u64, T>,
}

impl<T> Order<T> {
    /// Takes one in, and gives those whose turn it is now.
    fn take(&mut self, seq: u64, event: T) -> Vec<T> {
        if seq > self.through {
            self.held.insert(seq, event);
        }
        let mut ready = Vec::new();
        while let Some(event) = self.held.remove(&self.through.saturating_add(1)) {
            self.through = self.through.saturating_add(1);
            ready.push(event);
        }
        ready
    }

    /// The log has this number, and nothing between it and what was told: those
    /// held before it, and itself if it is held.
    fn pass(&mut self, seq: u64) -> (Vec<T>, Option<T>) {
        let later = self.held.split_off(&seq.saturating_add(1));
        let mut until = std::mem::replace(&mut self.held, later);
        let itself = until.remove(&seq);
        self.through = self.through.max(seq);
        (until.into_values().collect(), itself)
    }

    /// Gives all that is held: what is missing never comes.
    fn close_all(&mut self) -> Vec<T> {
        if let Some(last) = self.held.keys().next_back() {
            self.through = self.through.max(*last);
        }
        std::mem::take(&mut self.held).into_values().collect()
    }
}

#[cfg(test)]
mod tests;
