//! What becomes of messages that were sent: one guest watches for all clients,
//! so that no client has to take events for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ramson_host::GuestPlan;
use ramson_wire::{
    AccountId, Answer, Change, Event, Grant, GrantSet, Message, MessageId, MessageState, Query,
    Request, Topic, TopicSet,
};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::desk::{Desk, Notice, Sink, What, WhenFull};
use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::seat::Seats;

/// So many outcomes are known for whoever asks a moment late.
const RECENT: usize = 4_096;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Became {
    /// The recipient's swarm has it.
    Stored { hash: String, nodes: Vec<String> },
    /// It was given up.
    Failed { reason: String },
    /// It is gone from this home.
    Gone,
    /// Nothing yet; it is still tried.
    Late { reason: String },
    /// Nobody watches any more.
    Ended,
}

/// What is known of a message that somebody waits for.
#[derive(Debug, Clone, Default)]
struct Known {
    end: Option<Became>,
    delay: Option<String>,
    /// Raised when something may have been missed.
    missed: u64,
}

#[derive(Default)]
struct Board {
    waiting: BTreeMap<MessageId, watch::Sender<Known>>,
    recent: VecDeque<(MessageId, Became)>,
    begun: bool,
}

/// Watches what becomes of messages.
pub(crate) struct Watcher {
    desk: Arc<Desk>,
    board: Arc<Mutex<Board>>,
    begun: watch::Receiver<bool>,
    task: AbortHandle,
}

impl Watcher {
    /// Takes its place. Has to be called on a tokio runtime.
    pub(crate) fn begin(seats: &dyn Seats) -> Outcome<Arc<Self>> {
        let plan = GuestPlan {
            name: "rpc".to_owned(),
            topics: TopicSet::NONE.with(Topic::Messages),
            grants: GrantSet::NONE.with(Grant::Read).with(Grant::History),
            accounts: None,
            conversations: None,
            rate: None,
            durable: false,
        };
        let seat = seats.guest(plan)?;
        let (notices, told) = mpsc::channel(limits::STREAM_EVENTS);
        let sink = Sink { notices, when_full: WhenFull::Wait, subscription: 0 };
        let desk = Desk::open(seat, Some(sink));
        let board = Arc::new(Mutex::new(Board::default()));
        let (begin, begun) = watch::channel(false);
        let task = tokio::spawn(look_on(board.clone(), told, begin)).abort_handle();
        Ok(Arc::new(Self { desk, board, begun, task }))
    }

    /// Returns once nothing is missed from then on.
    pub(crate) async fn sees(&self) -> Outcome<()> {
        let mut begun = self.begun.clone();
        begun.wait_for(|begun| *begun).await.map(drop).map_err(|_| Failure::ended())
    }

    /// Whether nobody watches any more.
    pub(crate) fn is_over(&self) -> bool {
        self.desk.is_closed()
    }

    /// Waits for what becomes of a message, at most so long. `look` for one
    /// that may have been sent before.
    pub(crate) async fn wait(
        &self,
        account: AccountId,
        message: MessageId,
        look: bool,
        time: Duration,
    ) -> Became {
        let place = Place { board: &self.board, message };
        let mut known = place.take();
        let mut late = std::pin::pin!(sleep(time));
        if look && let Some(end) = self.look(account, message).await {
            return end;
        }
        let mut missed = 0;
        loop {
            let now = known.borrow_and_update().clone();
            if let Some(end) = now.end {
                return end;
            }
            if now.missed != missed {
                missed = now.missed;
                if let Some(end) = self.look(account, message).await {
                    return end;
                }
            }
            tokio::select! {
                biased;
                changed = known.changed() => if changed.is_err() {
                    return Became::Ended;
                },
                () = &mut late => {
                    let reason = now.delay.unwrap_or_else(|| "the swarm has not answered yet".to_owned());
                    return self.look(account, message).await.unwrap_or(Became::Late { reason });
                }
            }
        }
    }

    /// How a message is now, as far as that is an end.
    async fn look(&self, account: AccountId, message: MessageId) -> Option<Became> {
        let query = Query::Message { account, message };
        match self.desk.ask(Request::Query(query)).await {
            Ok(Answer::Message { message: Some(message) }) => end_of(&message),
            Ok(Answer::Message { message: None }) => Some(Became::Gone),
            // It is looked again when there is news, or the time is over.
            _ => None,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
        self.desk.close();
    }
}

/// A place on the board; it is given back when it is dropped.
struct Place<'a> {
    board: &'a Mutex<Board>,
    message: MessageId,
}

impl Place<'_> {
    fn take(&self) -> watch::Receiver<Known> {
        let mut board = lock(self.board);
        let early = board.recent.iter().rev().find(|(message, _)| *message == self.message);
        let end = early.map(|(_, end)| end.clone());
        let known = board.waiting.entry(self.message).or_default();
        if end.is_some() {
            known.send_modify(|known| known.end = end);
        }
        known.subscribe()
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut board = lock(self.board);
        let nobody = board.waiting.get(&self.message).is_some_and(|it| it.receiver_count() <= 1);
        if nobody {
            board.waiting.remove(&self.message);
        }
    }
}

fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn look_on(
    board: Arc<Mutex<Board>>,
    mut told: mpsc::Receiver<Notice>,
    begin: watch::Sender<bool>,
) {
    while let Some(Notice { what, .. }) = told.recv().await {
        let What::Event(told) = what else { break };
        lock(&board).take(told.event());
        if !*begin.borrow() && lock(&board).begun {
            begin.send_replace(true);
        }
    }
    // Whoever waits is told by the end of these.
    lock(&board).waiting.clear();
}

impl Board {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Snapshot(_) | Event::Lagged(_) => {
                self.begun = true;
                for known in self.waiting.values() {
                    known.send_modify(|known| known.missed = known.missed.saturating_add(1));
                }
            }
            Event::MessageRemoved { message, .. } => self.end(*message, Became::Gone),
            Event::MessageChanged { message, change, .. } => match change {
                Change::Stored { hash, nodes } => {
                    let (hash, nodes) = (hash.clone(), nodes.clone());
                    self.end(*message, Became::Stored { hash, nodes });
                }
                Change::State { state: MessageState::Failed { reason } } => {
                    self.end(*message, Became::Failed { reason: reason.clone() });
                }
                Change::Delayed { reason, .. } => {
                    if let Some(known) = self.waiting.get(message) {
                        known.send_modify(|known| known.delay = Some(reason.clone()));
                    }
                }
                Change::Now { message } => {
                    if let Some(end) = end_of(message) {
                        self.end(message.id, end);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn end(&mut self, message: MessageId, end: Became) {
        if let Some(known) = self.waiting.get(&message) {
            known.send_modify(|known| known.end = Some(end.clone()));
        }
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((message, end));
    }
}

fn end_of(message: &Message) -> Option<Became> {
    match &message.state {
        MessageState::Stored | MessageState::Read => {
            let hash = message.hash.clone().unwrap_or_default();
            Some(Became::Stored { hash, nodes: Vec::new() })
        }
        MessageState::Failed { reason } => Some(Became::Failed { reason: reason.clone() }),
        _ => None,
    }
}
