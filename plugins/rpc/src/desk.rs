//! Whoever sits on a guest's place: passes on what is asked, brings each reply
//! to whoever waits for it, and lets events out no faster than they are taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use ramson_abi as abi;
use ramson_host::Told;
use ramson_wire::{Answer, Event, EventKind, Reply, Request};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::seat::Seat;

/// Where a guest's events go.
pub(crate) struct Sink {
    pub(crate) notices: mpsc::Sender<Notice>,
    pub(crate) when_full: WhenFull,
    /// Tells notices of one subscription from those of another.
    pub(crate) subscription: u64,
}

/// What is done when nobody takes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// The guest is told nothing more meanwhile.
    Wait,
    /// The subscription ends: responses go another way, and must not wait.
    End,
}

/// Something for whoever subscribed.
pub(crate) struct Notice {
    pub(crate) subscription: u64,
    pub(crate) what: What,
}

/// What.
pub(crate) enum What {
    Event(Told),
    /// No more events come, and why.
    Ended(Why),
}

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Another client of that name came, or the program ends.
    Closed,
    /// Events were not taken fast enough.
    Slow,
}

impl Why {
    /// Its name for programs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Slow => "slow",
        }
    }
}

/// A guest's place, and who sits there.
pub(crate) struct Desk {
    asks: mpsc::Sender<Ask>,
    task: AbortHandle,
}

enum Ask {
    Request(Box<Request>, oneshot::Sender<Outcome<Answer>>),
    Now(oneshot::Sender<u64>),
}

/// A reply that comes; who sits at the desk stays until then.
pub(crate) struct Coming {
    told: oneshot::Receiver<Outcome<Answer>>,
    _desk: Arc<Desk>,
}

impl Coming {
    pub(crate) async fn answer(self) -> Outcome<Answer> {
        self.told.await.unwrap_or_else(|_| Err(Failure::ended()))
    }
}

impl Desk {
    /// Sits down. Has to be called on a tokio runtime.
    pub(crate) fn open(seat: Box<dyn Seat>, sink: Option<Sink>) -> Arc<Self> {
        let (asks, asked) = mpsc::channel(limits::IN_FLIGHT);
        let clerk = Clerk { seat, sink, waiting: None, pending: BTreeMap::new(), last: 0 };
        let task = tokio::spawn(clerk.work(asked)).abort_handle();
        Arc::new(Self { asks, task })
    }

    /// Whether nobody sits there any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.asks.is_closed()
    }

    /// Asks for something. What is asked first is passed on first.
    pub(crate) async fn submit(self: &Arc<Self>, request: Request) -> Outcome<Coming> {
        let (tell, told) = oneshot::channel();
        let ask = Ask::Request(Box::new(request), tell);
        self.asks.send(ask).await.map_err(|_| Failure::ended())?;
        Ok(Coming { told, _desk: self.clone() })
    }

    /// Asks for something, and waits for what comes of it.
    pub(crate) async fn ask(self: &Arc<Self>, request: Request) -> Outcome<Answer> {
        self.submit(request).await?.answer().await
    }

    /// Milliseconds since 1970, by the host's clock.
    pub(crate) async fn now(&self) -> Outcome<u64> {
        let (tell, told) = oneshot::channel();
        self.asks.send(Ask::Now(tell)).await.map_err(|_| Failure::ended())?;
        told.await.map_err(|_| Failure::ended())
    }

    /// Leaves at once.
    pub(crate) fn close(&self) {
        self.task.abort();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.close();
    }
}

struct Clerk {
    seat: Box<dyn Seat>,
    sink: Option<Sink>,
    /// An event for which there is no room.
    waiting: Option<Told>,
    pending: BTreeMap<u64, oneshot::Sender<Outcome<Answer>>>,
    last: u64,
}

impl Clerk {
    async fn work(mut self, mut asked: mpsc::Receiver<Ask>) {
        loop {
            let room = self.pending.len() < limits::IN_FLIGHT;
            let waits = self.waiting.is_some();
            let step = tokio::select! {
                biased;
                ask = asked.recv(), if room => Step::Ask(ask),
                heard = room_for_one(&self.sink), if waits => Step::Room(heard),
                told = self.seat.next(), if !waits => Step::Told(told),
            };
            let over = match step {
                Step::Ask(Some(ask)) => {
                    self.pass_on(ask);
                    Ok(())
                }
                // Nobody asks any more.
                Step::Ask(None) => return,
                Step::Room(true) => {
                    self.let_out();
                    Ok(())
                }
                Step::Room(false) => {
                    // Nobody hears of events any more.
                    (self.sink, self.waiting) = (None, None);
                    Ok(())
                }
                Step::Told(Some(told)) => self.take(told),
                Step::Told(None) => Err(Why::Closed),
            };
            if let Err(why) = over {
                return self.end(why, asked).await;
            }
        }
    }

    /// Lets the event out that waits.
    fn let_out(&mut self) {
        let (Some(sink), Some(told)) = (&self.sink, self.waiting.take()) else { return };
        let (subscription, what) = (sink.subscription, What::Event(told));
        let sent = sink.notices.try_send(Notice { subscription, what });
        if let Err(mpsc::error::TrySendError::Full(Notice { what: What::Event(told), .. })) = sent {
            // Another desk of the same client was quicker.
            self.waiting = Some(told);
        }
    }

    fn pass_on(&mut self, ask: Ask) {
        // Whoever asked may be gone.
        match ask {
            Ask::Now(tell) => drop(tell.send(self.seat.now())),
            Ask::Request(_, tell) if tell.is_closed() => {}
            Ask::Request(request, tell) => {
                self.last = self.last.saturating_add(1);
                match self.seat.submit(self.last, &request) {
                    abi::OK => drop(self.pending.insert(self.last, tell)),
                    status => drop(tell.send(Err(Failure::of_status(status)))),
                }
            }
        }
    }

    /// Takes something that the guest is told; why there is an end, if there is.
    fn take(&mut self, told: Told) -> Result<(), Why> {
        if let Some(id) = told.reply_to {
            if let Some(tell) = self.pending.remove(&id) {
                let _gone = tell.send(reply(&told));
            }
            return Ok(());
        }
        let Some(sink) = &self.sink else { return Ok(()) };
        match sink.when_full {
            WhenFull::Wait => self.waiting = Some(told),
            WhenFull::End => {
                let kind = told.event().kind();
                let passing =
                    matches!(kind, EventKind::Typing | EventKind::Network | EventKind::Plugins);
                if passing && sink.notices.capacity() < limits::NUMBERED_EVENTS {
                    // What is so soon out of date is not worth the end.
                    return Ok(());
                }
                let (subscription, what) = (sink.subscription, What::Event(told));
                let sent = sink.notices.try_send(Notice { subscription, what });
                if matches!(sent, Err(mpsc::error::TrySendError::Full(_))) {
                    return Err(Why::Slow);
                }
            }
        }
        Ok(())
    }

    async fn end(self, why: Why, asked: mpsc::Receiver<Ask>) {
        // Whoever asks from now on is told that nobody is here.
        drop(asked);
        for (_, tell) in self.pending {
            let _gone = tell.send(Err(Failure::ended()));
        }
        // The guest leaves before the end is told.
        drop(self.seat);
        if let Some(Sink { notices, subscription, .. }) = self.sink {
            let _gone = notices.send(Notice { subscription, what: What::Ended(why) }).await;
        }
    }
}

/// What happens next at a desk.
enum Step {
    Ask(Option<Ask>),
    /// There is room for an event, or nobody who takes any.
    Room(bool),
    Told(Option<Told>),
}

async fn room_for_one(sink: &Option<Sink>) -> bool {
    match sink {
        Some(sink) => sink.notices.reserve().await.is_ok(),
        None => false,
    }
}

fn reply(told: &Told) -> Outcome<Answer> {
    match told.event() {
        Event::Reply(Reply::Ok(answer)) => Ok(answer.clone()),
        Event::Reply(Reply::Refused(refusal)) => Err(refusal.clone().into()),
        _ => Err(Failure::internal("the host's reply is none")),
    }
}
