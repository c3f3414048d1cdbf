//! What happens to accounts, for a reader that must not miss anything, however
//! slow it is.
//!
//! Live events come over the bus, in nearly the order of their numbers:
//! accounts whose commits shared a write publish independently. What the bus
//! dropped, or nobody published because an actor failed in between, comes
//! from the event log.

use std::collections::{BTreeSet, VecDeque};

use ramson_messages::events::{EngineEvent, Event};
use ramson_protocol::event::{AccountEvent, EventKind, EventRef};
use ramson_types::AccountId;
use ramson_types::message::Message;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::{Engine, EngineError};

/// Events read from the log at a time.
const PAGE: usize = 256;

/// So many numbers above a gap, and the log is asked what became of the gap.
const PATIENCE: usize = 1_024;

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
    /// Something happened beside the accounts.
    Engine(EngineEvent),
}

/// Tells everything that happens to accounts after it was made, each once.
pub struct Follower {
    engine: Engine,
    events: Receiver<Event>,
    told: Told,
    waiting: VecDeque<Followed>,
    /// The bus dropped something: the log is read to its end first.
    behind: bool,
}

impl Follower {
    pub(crate) async fn from_now(engine: Engine) -> Result<Self, EngineError> {
        let through = engine.last_event().await?;
        Ok(Self::after(engine, through))
    }

    /// Tells what the log has after a number, and goes on with what comes.
    pub(crate) fn after(engine: Engine, through: u64) -> Self {
        let events = engine.subscribe();
        let told = Told { through, beyond: BTreeSet::new() };
        // What happened before the bus was heard is in the log.
        Self { engine, events, told, waiting: VecDeque::new(), behind: true }
    }

    /// The next thing to tell. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Result<Followed, EngineError> {
        loop {
            if let Some(next) = self.waiting.pop_front() {
                return Ok(next);
            }
            // Page by page, so that a slow reader's memory stays small.
            if self.behind || self.told.beyond.len() >= PATIENCE {
                self.behind = self.read_log().await?;
                continue;
            }
            match self.events.recv().await {
                Ok(Event::Account { seq, account, event }) => {
                    if !self.told.first_time(seq) {
                        continue;
                    }
                    return Ok(match event {
                        AccountEvent::MessageReceived(message) => {
                            Followed::Received { seq, account, message: Box::new(message) }
                        }
                        event => {
                            let (what, event) = (event.reference(), Some(Box::new(event)));
                            Followed::Changed { seq, account, what, event }
                        }
                    });
                }
                Ok(Event::Engine(event)) => {
                    // It may have ended between a commit and its events.
                    self.behind |= matches!(
                        event,
                        EngineEvent::ActorRestarted { .. } | EngineEvent::ActorGivenUp { .. }
                    );
                    return Ok(Followed::Engine(event));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return Err(EngineError::Stopped),
            }
        }
    }

    /// Takes from the log what was not told yet, a page at most; whether there
    /// may be more.
    async fn read_log(&mut self) -> Result<bool, EngineError> {
        let accounts = self.engine.accounts().await?;
        let events = self.engine.events_after(self.told.through, PAGE).await?;
        let more = !events.is_empty();
        if !more {
            self.told.all_gone();
        }
        for event in events {
            // The log has every number up to this one, or forgot it for good.
            let first = !self.told.beyond.contains(&event.seq);
            self.told.all_through(event.seq);
            let account = accounts.iter().find(|account| account.number == event.account);
            let (true, Some(account)) = (first, account) else { continue };
            let (seq, account) = (event.seq, account.id);
            self.waiting.push_back(match (event.kind, event.message) {
                (EventKind::MessageReceived, Some(message)) => {
                    Followed::Received { seq, account, message: Box::new(message) }
                }
                // A message that came and is gone is told with its removal.
                (EventKind::MessageReceived, None) => continue,
                (kind, _) => {
                    let (message, conversation) = (event.id, event.conversation);
                    let what = EventRef { kind, message, conversation };
                    Followed::Changed { seq, account, what, event: None }
                }
            });
        }
        Ok(more)
    }
}

/// Which events were told: all through one number, and some beyond it.
#[derive(Debug)]
struct Told {
    through: u64,
    beyond: BTreeSet<u64>,
}

impl Told {
    /// Notes an event; whether it is new.
    fn first_time(&mut self, seq: u64) -> bool {
        if seq <= self.through || !self.beyond.insert(seq) {
            return false;
        }
        self.close_gap();
        true
    }

    fn all_through(&mut self, seq: u64) {
        self.through = self.through.max(seq);
        self.beyond.retain(|beyond| *beyond > self.through);
        self.close_gap();
    }

    /// The log has nothing more: what is missing was removed with its account
    /// and never comes.
    fn all_gone(&mut self) {
        if let Some(last) = self.beyond.last() {
            self.all_through(*last);
        }
    }

    fn close_gap(&mut self) {
        while self.beyond.remove(&self.through.saturating_add(1)) {
            self.through = self.through.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_counts_once_in_whatever_order_it_comes() {
        let mut told = Told { through: 10, beyond: BTreeSet::new() };
        assert!(!told.first_time(10));
        assert!(told.first_time(12) && told.first_time(11) && told.first_time(14));
        assert!(!told.first_time(11) && !told.first_time(12) && !told.first_time(14));
        assert_eq!((told.through, told.beyond.len()), (12, 1));
        told.all_through(13);
        assert_eq!((told.through, told.beyond.len()), (14, 0));
        assert!(!told.first_time(13) && told.first_time(15));
    }

    #[test]
    fn a_gap_that_the_log_has_no_more_is_waited_for_no_longer() {
        let mut told = Told { through: 10, beyond: BTreeSet::new() };
        told.all_gone();
        assert_eq!(told.through, 10);
        assert!(told.first_time(12) && told.first_time(14));
        told.all_gone();
        assert_eq!((told.through, told.beyond.len()), (14, 0));
        assert!(!told.first_time(13) && told.first_time(15));
    }
}
