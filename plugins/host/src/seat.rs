//! One running plugin as the rest of the host sees it: what it may do, what
//! waits for it, and what it asks for.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ramson_abi::{AGAIN, BAD_PAYLOAD, CLOSED, MAX_IN_FLIGHT, MAX_REQUEST, OK, Status, TOO_LARGE};
use ramson_wire::codec::Encoding;
use ramson_wire::{Event, Millis, Refusal, Reply, Request};
use tokio::sync::{Notify, mpsc};

use crate::chatter::Chatter;
use crate::clock;
use crate::gate::Gate;
use crate::link::Voice;
use crate::prepared::Prepared;
use crate::progress::Progress;
use crate::queue::{Queue, QueueCounts, Queued};

/// While so many bytes of replies wait for a plugin its questions wait, too.
const MOST_REPLY_BYTES: usize = 32 << 20;

/// A request that a plugin may make.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// The plugin's own number of it; it goes to [`Seat::reply`].
    pub(crate) id: u64,
    /// What it asks for.
    pub(crate) request: Request,
}

/// One running instance of a plugin.
pub(crate) struct Seat {
    /// What the plugin is called here.
    pub(crate) name: String,
    /// Distinguishes this instance from those before it.
    pub(crate) generation: u64,
    /// It is a user interface.
    pub(crate) ui: bool,
    /// What it may do.
    pub(crate) gate: Arc<Gate>,
    /// How far it is, if it is durable.
    progress: Option<Progress>,
    encoding: Encoding,
    queue: Queue,
    /// Requests without a reply that was taken.
    in_flight: Mutex<BTreeSet<u64>>,
    inbox: Mutex<Option<mpsc::Sender<Admitted>>>,
    gone: AtomicBool,
    /// Something that waited was taken, or it is gone.
    emptied: Notify,
    chatter: Chatter,
    /// Called when a snapshot is wanted.
    wake: Box<dyn Fn() + Send + Sync>,
    now: Box<dyn Fn() -> Millis + Send + Sync>,
}

/// What a seat is made of.
pub(crate) struct SeatPlan {
    pub(crate) name: String,
    pub(crate) generation: u64,
    pub(crate) ui: bool,
    pub(crate) durable: bool,
    pub(crate) encoding: Encoding,
    pub(crate) gate: Arc<Gate>,
    pub(crate) queue_limit: usize,
    pub(crate) wake: Box<dyn Fn() + Send + Sync>,
    pub(crate) now: Box<dyn Fn() -> Millis + Send + Sync>,
}

impl Seat {
    /// A seat, and where the plugin's requests come out.
    pub(crate) fn new(plan: SeatPlan) -> (Self, mpsc::Receiver<Admitted>) {
        let (inbox, requests) = mpsc::channel(MAX_IN_FLIGHT);
        let seat = Self {
            chatter: Chatter::new(&plan.name),
            name: plan.name,
            generation: plan.generation,
            ui: plan.ui,
            gate: plan.gate,
            progress: plan.durable.then(Progress::default),
            encoding: plan.encoding,
            queue: Queue::new(plan.queue_limit),
            in_flight: Mutex::new(BTreeSet::new()),
            inbox: Mutex::new(Some(inbox)),
            gone: AtomicBool::new(false),
            emptied: Notify::new(),
            wake: plan.wake,
            now: plan.now,
        };
        (seat, requests)
    }

    /// Tells something that happened, or all there is. Whether the plugin may
    /// hear it was asked before.
    pub(crate) fn tell(&self, seq: u64, what: &Arc<Prepared>) {
        let Some(progress) = &self.progress else { return self.queue.tell(seq, what) };
        // It is in a place of its own.
        self.queue.tell(progress.queued(), what);
        if matches!(what.event(), Event::Snapshot(_)) {
            progress.introduce();
        }
    }

    /// Tells a durable plugin something that is never dropped.
    pub(crate) fn tell_kept(&self, seq: u64, what: &Arc<Prepared>) {
        self.queue.tell_kept(seq, what);
    }

    /// How far it is, if it is durable.
    pub(crate) fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// Where a durable one is in the sequence of this engine.
    pub(crate) fn place(&self, engine: Option<u64>) -> Option<u64> {
        self.progress.as_ref()?.queued_in(engine?)
    }

    /// A durable one begins in another place: behind this event of an engine.
    pub(crate) fn begin(&self, engine: u64, cursor: u64) {
        if let Some(progress) = &self.progress {
            self.queue.forget_kept();
            progress.begin(engine, cursor);
        }
    }

    /// A snapshot is wanted again.
    pub(crate) fn want_snapshot(&self) {
        self.queue.want_snapshot();
    }

    /// Something that it hears of is not known.
    pub(crate) fn skip(&self) {
        self.queue.skip();
    }

    /// Answers a request.
    pub(crate) fn reply(&self, id: u64, reply: Reply) {
        let mut what = Prepared::new(Event::Reply(reply));
        if let Err(error) = what.bytes(self.encoding) {
            // Each request has a reply.
            let (kind, text) = ("TooLarge".to_owned(), format!("{error}; ask for less at once"));
            what = Prepared::new(Event::Reply(Reply::Refused(Refusal { kind, text })));
        }
        self.queue.reply(id, &Arc::new(what));
    }

    /// Until fewer bytes of replies wait than may, or it is gone.
    pub(crate) async fn room(&self) {
        self.until(|| self.is_gone() || self.queue.reply_bytes() < MOST_REPLY_BYTES).await;
    }

    /// Until nothing reaches it any more.
    pub(crate) async fn until_gone(&self) {
        self.until(|| self.is_gone()).await;
    }

    async fn until(&self, holds: impl Fn() -> bool) {
        loop {
            let mut emptied = pin!(self.emptied.notified());
            // From here on a notice is not missed.
            emptied.as_mut().enable();
            if holds() {
                return;
            }
            emptied.await;
        }
    }

    /// Whether it needs a snapshot now: true once after the start, and once
    /// after events were dropped.
    pub(crate) fn wants_snapshot(&self) -> bool {
        self.queue.wants_snapshot()
    }

    /// What happened, with the error that the plugin wrote last.
    pub(crate) fn explain(&self, what: &str) -> String {
        self.chatter.explain(what)
    }

    /// Nothing reaches it any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// How the payloads of its events are written.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub(crate) fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }

    /// How many requests have no reply.
    pub(crate) fn in_flight(&self) -> usize {
        self.flying().len()
    }

    /// Waits for the next events, for the plugin's own thread. `None` at the
    /// end.
    pub(crate) fn take(&self, most: usize) -> Option<Vec<Queued>> {
        Some(self.taken(self.queue.take(most)?))
    }

    /// The same for who does not block: nothing where nothing waits.
    pub(crate) fn try_take(&self, most: usize) -> Option<Vec<Queued>> {
        Some(self.taken(self.queue.try_take(most)?))
    }

    /// Until something was added for it since the last time.
    pub(crate) async fn added(&self) {
        self.queue.added().await;
    }

    fn taken(&self, batch: Vec<Queued>) -> Vec<Queued> {
        // Replies make room for new requests before they are told, so that the
        // plugin can ask right away.
        let mut flying = self.flying();
        for reply in batch.iter().filter(|queued| queued.reply_to != 0) {
            flying.remove(&reply.reply_to);
        }
        drop(flying);
        self.emptied.notify_waiters();
        if batch.iter().any(|queued| matches!(queued.what.event(), Event::Lagged(_))) {
            (self.wake)();
        }
        batch
    }

    /// Lets it hear what waits, and nothing after that.
    pub(crate) fn finish(&self) {
        self.queue.finish();
    }

    /// Ends it: nothing is told, nothing is taken.
    pub(crate) fn close(&self) {
        self.gone.store(true, Ordering::Release);
        *self.inbox.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.queue.close();
        self.emptied.notify_waiters();
    }

    fn flying(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Voice for Seat {
    fn submit(&self, kind: u32, id: u64, payload: &[u8]) -> Status {
        if self.is_gone() {
            return CLOSED;
        }
        if payload.len() > MAX_REQUEST {
            return TOO_LARGE;
        }
        self.admit(id, || self.gate.admit(kind, payload, clock::now()))
    }

    fn log(&self, level: i32, text: &[u8]) {
        self.chatter.write(level, text, clock::now());
    }

    fn now(&self) -> u64 {
        (self.now)()
    }
}

impl Seat {
    /// The same as [`Voice::submit`] for who has the request itself.
    pub(crate) fn request(&self, id: u64, request: Request) -> Status {
        if self.is_gone() {
            return CLOSED;
        }
        self.admit(id, || self.gate.check(request, clock::now()))
    }

    fn admit(&self, id: u64, look: impl FnOnce() -> Result<Request, Status>) -> Status {
        {
            // The place is taken before the request is looked at: two threads
            // of one plugin cannot share an id.
            let mut flying = self.flying();
            if flying.len() >= MAX_IN_FLIGHT {
                return AGAIN;
            }
            if id == 0 || !flying.insert(id) {
                return BAD_PAYLOAD;
            }
        }
        let status = match look() {
            Ok(request) => self.pass(id, request),
            Err(status) => status,
        };
        if status != OK {
            self.flying().remove(&id);
        }
        status
    }

    fn pass(&self, id: u64, request: Request) -> Status {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(inbox) = inbox.as_ref() else { return CLOSED };
        match inbox.try_send(Admitted { id, request }) {
            Ok(()) => OK,
            Err(mpsc::error::TrySendError::Full(_)) => AGAIN,
            Err(mpsc::error::TrySendError::Closed(_)) => CLOSED,
        }
    }
}

#[cfg(test)]
mod tests {
    use ramson_wire::codec::encode_request;
    use ramson_wire::{Answer, Query};

    use super::*;
    use crate::trial;

    #[test]
    fn a_place_in_flight_is_free_again_once_its_reply_is_taken() {
        // Nobody serves the requests, so that each stays in flight.
        let (seat, mut inbox) = trial::seat("bot", 16);
        seat.tell(0, &trial::snapshot(0));
        let request = Request::Query(Query::Plugins);
        let payload = encode_request(&request, Encoding::Json).unwrap();
        let ask = |id: u64| seat.submit(request.kind().number(), id, &payload);
        for id in 1..=64 {
            assert_eq!(ask(id), OK, "{id}");
        }
        assert_eq!((ask(65), seat.in_flight()), (AGAIN, 64));
        // That one is under way and that a reply waits does not free a place.
        assert_eq!(inbox.try_recv().unwrap().id, 1);
        assert_eq!(ask(65), AGAIN);
        seat.reply(1, Reply::Ok(Answer::Done));
        assert_eq!(ask(65), AGAIN);
        let taken = seat.take(64).unwrap();
        assert!(taken.iter().any(|queued| queued.reply_to == 1));
        assert_eq!((ask(65), ask(66)), (OK, AGAIN));
    }
}
