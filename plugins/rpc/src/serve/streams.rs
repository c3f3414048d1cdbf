//! Clients that are subscribed over HTTP: their events come by one request,
//! what they say of them by others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::desk::{Desk, Notice, Sink, WhenFull};
use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::scope::Wish;
use crate::server::{Count, Server};

/// So long whoever lost its place has to be told so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The clients of one listener.
#[derive(Clone)]
pub(super) struct Streams {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    clients: BTreeMap<String, Subscribed>,
    subscription: u64,
    nameless: Option<Arc<Desk>>,
}

struct Subscribed {
    desk: Arc<Desk>,
    subscription: u64,
    _counts: Count,
}

/// The events of a client. When it is dropped the client stays for a while,
/// for what it has to say of them.
pub(super) struct Stream {
    pub(super) notices: mpsc::Receiver<Notice>,
    streams: Streams,
    client: String,
    subscription: u64,
}

impl Streams {
    pub(super) fn new(server: Server) -> Self {
        Self { server, state: Arc::default() }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets events come to a client. What it had before ends.
    pub(super) fn open(&self, wish: &Wish) -> Outcome<Stream> {
        let plan = wish.plan(self.server.scope())?;
        let mut state = self.state();
        let before = state.clients.remove(&wish.client);
        if state.clients.len() >= limits::HTTP_CLIENTS {
            let text = format!(
                "{} clients are subscribed already; close one, or try again in a minute",
                limits::HTTP_CLIENTS
            );
            return Err(Failure::refused("Busy", text));
        }
        let seat = self.server.seats().guest(plan)?;
        if let Some(before) = before {
            // A durable one has just lost its seat, and its client is told so.
            tokio::spawn(async move {
                sleep(LAST_WORDS).await;
                drop(before);
            });
        }
        state.subscription = state.subscription.saturating_add(1);
        let subscription = state.subscription;
        let (sender, notices) = mpsc::channel(limits::STREAM_EVENTS);
        let sink = Sink { notices: sender, when_full: WhenFull::End, subscription };
        let desk = Desk::open(seat, Some(sink));
        let _counts = self.server.count_subscribed();
        state.clients.insert(wish.client.clone(), Subscribed { desk, subscription, _counts });
        let client = wish.client.clone();
        Ok(Stream { notices, streams: self.clone(), client, subscription })
    }

    /// The desk of a client that is subscribed.
    pub(super) fn of(&self, client: &str) -> Outcome<Arc<Desk>> {
        let state = self.state();
        let found = state.clients.get(client).map(|subscribed| subscribed.desk.clone());
        found.filter(|desk| !desk.is_closed()).ok_or_else(|| {
            let text = "no client of that name is subscribed; open \
                        /api/v1/events?client=NAME first, or leave X-Ramson-Client out";
            Failure::refused("NotSubscribed", text)
        })
    }

    /// The desk of all that have no name.
    pub(super) fn nameless(&self) -> Outcome<Arc<Desk>> {
        let mut state = self.state();
        if let Some(desk) = state.nameless.as_ref().filter(|desk| !desk.is_closed()) {
            return Ok(desk.clone());
        }
        let desk = self.server.nameless()?;
        state.nameless = Some(desk.clone());
        Ok(desk)
    }

    fn forget(&self, client: &str, subscription: u64) {
        let mut state = self.state();
        if state.clients.get(client).is_some_and(|it| it.subscription == subscription)
            && let Some(gone) = state.clients.remove(client)
        {
            gone.desk.close();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let (streams, client) = (self.streams.clone(), std::mem::take(&mut self.client));
        let subscription = self.subscription;
        tokio::spawn(async move {
            sleep(limits::LINGER).await;
            streams.forget(&client, subscription);
        });
    }
}
