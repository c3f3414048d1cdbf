//! A seat without a library: a client of the RPC server, or a plugin in a test.
//! It hears and asks as a plugin does, and whoever has it calls nobody.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ramson_abi::Status;
use ramson_wire::codec::{CodecError, Encoding};
use ramson_wire::{AccountId, ConversationId, Event, GrantSet, Millis, Request, TopicSet};

use super::{Host, HostError};
use crate::gate::{Gate, Rules};
use crate::link::Voice as _;
use crate::prepared::Prepared;
use crate::queue::Queued;
use crate::seat::{Seat, SeatPlan};
use crate::shared::Shared;

/// Events that are taken out of the queue at once.
const BATCH: usize = 64;

/// Who a guest is, and what it may do.
#[derive(Debug, Clone)]
pub struct GuestPlan {
    /// Its name, under which a durable one keeps its place and its records. No
    /// plugin has a name with a `:`.
    pub name: String,
    /// What it wants to hear of.
    pub topics: TopicSet,
    /// What it may do.
    pub grants: GrantSet,
    /// The accounts that it sees; `None` for all.
    pub accounts: Option<Vec<AccountId>>,
    /// The conversations that it sees; `None` for all.
    pub conversations: Option<Vec<ConversationId>>,
    /// Requests a minute; `None` for no limit.
    pub rate: Option<u32>,
    /// Its events are told until it says that it is done with them.
    pub durable: bool,
}

/// A guest. It leaves when it is dropped.
pub struct Guest {
    line: GuestLine,
    taken: VecDeque<Queued>,
}

/// Asks for a guest, from any thread. Once the guest is gone nothing is taken.
#[derive(Clone)]
pub struct GuestLine {
    seat: Arc<Seat>,
    shared: Arc<Shared>,
}

/// Something that a guest is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its number in the home's sequence, or that of the newest before it.
    pub seq: u64,
    /// Of a reply: the request's id.
    pub reply_to: Option<u64>,
    what: Arc<Prepared>,
}

impl Told {
    /// Something that is told, for tests of whoever has guests.
    pub fn new(seq: u64, reply_to: Option<u64>, event: Event) -> Self {
        Self { seq, reply_to, what: Arc::new(Prepared::new(event)) }
    }

    /// What it is.
    pub fn event(&self) -> &Event {
        self.what.event()
    }

    /// The same as JSON.
    pub fn json(&self) -> Result<Arc<[u8]>, CodecError> {
        self.what.bytes(Encoding::Json)
    }
}

impl Host {
    /// Seats a guest. A durable one of its name that is seated already leaves:
    /// what it was told and is not done with is told to this one.
    pub fn guest(&self, plan: GuestPlan) -> Result<Guest, HostError> {
        if self.is_ended() {
            return Err(HostError::Ended);
        }
        let shared = self.inner.shared.clone();
        let (waker, clock) = (shared.clone(), shared.clone());
        let gate = Gate::new(Rules {
            name: plan.name.clone(),
            ui: false,
            encoding: Encoding::Json,
            topics: plan.topics,
            grants: plan.grants,
            accounts: plan.accounts,
            conversations: plan.conversations,
            rate: plan.rate,
        });
        let (seat, inbox) = Seat::new(SeatPlan {
            name: plan.name,
            generation: self.inner.generations.fetch_add(1, Ordering::Relaxed),
            ui: false,
            durable: plan.durable,
            encoding: Encoding::Json,
            gate: Arc::new(gate),
            queue_limit: self.limits().queue,
            wake: Box::new(move || waker.wake()),
            now: Box::new(move || clock.now()),
        });
        let seat = Arc::new(seat);
        tokio::spawn(crate::requests::serve(self.clone(), shared.clone(), seat.clone(), inbox));
        shared.add(seat.clone());
        if plan.durable {
            let before = |other: &&Arc<Seat>| {
                let same = other.name == seat.name && other.progress().is_some();
                same && other.generation < seat.generation
            };
            for other in shared.seats().iter().filter(before) {
                shared.remove(other);
                other.close();
            }
            tokio::spawn(crate::feeder::feed(shared.clone(), seat.clone()));
        }
        Ok(Guest { line: GuestLine { seat, shared }, taken: VecDeque::new() })
    }
}

impl GuestLine {
    /// Asks for something; never blocks. The id is its own choice, not 0, and
    /// not that of a request without a reply. `OK`: the reply is told later;
    /// else none comes.
    pub fn submit(&self, id: u64, request: &Request) -> Status {
        self.seat.request(id, request.clone())
    }

    /// Milliseconds since 1970, by the engine's clock.
    pub fn now(&self) -> Millis {
        self.shared.now()
    }

    /// A line for the program's log.
    pub fn log(&self, level: i32, text: &str) {
        self.seat.log(level, text.as_bytes());
    }

    /// What the guest may do.
    pub fn granted(&self) -> GrantSet {
        self.seat.gate.grants()
    }
}

impl Guest {
    /// Who asks for it.
    pub fn line(&self) -> GuestLine {
        self.line.clone()
    }

    /// The same as [`GuestLine::submit`].
    pub fn submit(&self, id: u64, request: &Request) -> Status {
        self.line.submit(id, request)
    }

    /// The next thing that it is told. `None` once it has no seat any more.
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            match self.try_next() {
                Ok(Some(told)) => return Some(told),
                Ok(None) => self.line.seat.added().await,
                Err(Gone) => return None,
            }
        }
    }

    /// The next thing that it is told, if something waits.
    pub fn try_next(&mut self) -> Result<Option<Told>, Gone> {
        if self.taken.is_empty() {
            self.taken.extend(self.line.seat.try_take(BATCH).ok_or(Gone)?);
        }
        Ok(self.taken.pop_front().map(|queued| Told {
            seq: queued.seq,
            reply_to: (queued.reply_to != 0).then_some(queued.reply_to),
            what: queued.what,
        }))
    }

    /// Milliseconds since 1970, by the engine's clock.
    pub fn now(&self) -> Millis {
        self.line.now()
    }

    /// A line for the program's log.
    pub fn log(&self, level: i32, text: &str) {
        self.line.log(level, text);
    }

    /// What it may do.
    pub fn granted(&self) -> GrantSet {
        self.line.granted()
    }
}

/// A guest has no seat any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another client has taken this one's place, or the program ends")]
pub struct Gone;

impl Drop for Guest {
    fn drop(&mut self) {
        let GuestLine { seat, shared } = &self.line;
        shared.remove(seat);
        seat.close();
    }
}
