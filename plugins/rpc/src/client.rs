//! One connected client: its guest's place, its subscription, and what it asks
//! for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};

use crate::call::{Call, method};
use crate::desk::{Desk, Notice, Sink, WhenFull};
use crate::failure::{Code, Failure, Outcome};
use crate::limits;
use crate::message::{Entry, Incoming, Request, Response, parse, write};
use crate::methods::Order as Wanted;
use crate::order::Order;
use crate::scope::{Scope, Wish};
use crate::server::{Count, Server};

/// What a client without a subscription is called in the host.
pub(crate) const NAMELESS: &str = "rpc";

/// One client.
pub(crate) struct Client {
    server: Server,
    /// Where its events go; `None` over HTTP, where another request has them.
    notices: Option<mpsc::Sender<Notice>>,
    state: Mutex<State>,
    order: Order,
    large: Semaphore,
    leaving: watch::Sender<bool>,
    _counts: Count,
}

struct State {
    scope: Scope,
    desk: Option<Arc<Desk>>,
    /// Of the desk, if it is that of a subscription.
    subscribed: Option<Count>,
    /// Its number, or that of the last one.
    subscription: u64,
}

impl Client {
    /// A client on a line of its own.
    pub(crate) fn on_line(server: &Server, notices: mpsc::Sender<Notice>) -> Arc<Self> {
        Self::new(server, Some(notices), None, None)
    }

    /// A client over HTTP: nameless, or the one that is subscribed.
    pub(crate) fn over_http(server: &Server, desk: Arc<Desk>, subscribed: bool) -> Arc<Self> {
        let subscribed = subscribed.then(Count::uncounted);
        Self::new(server, None, Some(desk), subscribed)
    }

    fn new(
        server: &Server,
        notices: Option<mpsc::Sender<Notice>>,
        desk: Option<Arc<Desk>>,
        subscribed: Option<Count>,
    ) -> Arc<Self> {
        let scope = server.scope().clone();
        Arc::new(Self {
            server: server.clone(),
            notices,
            state: Mutex::new(State { scope, desk, subscribed, subscription: 0 }),
            order: Order::new(),
            large: Semaphore::new(limits::LARGE),
            leaving: watch::Sender::new(false),
            _counts: server.count_client(),
        })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The place of its guest, which is taken when it is needed first.
    pub(crate) fn desk(&self) -> Outcome<Arc<Desk>> {
        let mut state = self.state();
        if let Some(desk) = state.desk.as_ref().filter(|desk| !desk.is_closed()) {
            return Ok(desk.clone());
        }
        if self.notices.is_none() {
            return Err(Failure::ended());
        }
        let seat = self.server.seats().guest(state.scope.asks(NAMELESS))?;
        let desk = Desk::open(seat, None);
        state.subscribed = None;
        state.desk = Some(desk.clone());
        Ok(desk)
    }

    /// Lets events come; those of an earlier subscription come no more.
    pub(crate) fn subscribe(&self, wish: &Wish) -> Outcome<()> {
        let Some(notices) = self.notices.clone() else { return Err(over_http("subscribe")) };
        let mut state = self.state();
        let plan = wish.plan(&state.scope)?;
        if let Some(before) = state.desk.take() {
            before.close();
        }
        let seat = self.server.seats().guest(plan)?;
        state.subscription = state.subscription.saturating_add(1);
        let subscription = state.subscription;
        let sink = Sink { notices, when_full: WhenFull::Wait, subscription };
        state.desk = Some(Desk::open(seat, Some(sink)));
        state.subscribed = Some(self.server.count_subscribed());
        Ok(())
    }

    /// Lets no more events come.
    pub(crate) fn unsubscribe(&self) -> Outcome<()> {
        if self.notices.is_none() {
            return Err(over_http("unsubscribe"));
        }
        let mut state = self.state();
        match state.subscribed.take() {
            Some(_) => {
                state.subscription = state.subscription.saturating_add(1);
                if let Some(desk) = state.desk.take() {
                    desk.close();
                }
                Ok(())
            }
            None => Err(Failure::not_subscribed()),
        }
    }

    /// Lets it do less from now on.
    pub(crate) fn narrow(&self, to: &Scope) -> Outcome<()> {
        if self.notices.is_none() {
            return Err(over_http("narrow"));
        }
        let mut state = self.state();
        state.scope = state.scope.and(to);
        state.subscribed = None;
        state.subscription = state.subscription.saturating_add(1);
        if let Some(desk) = state.desk.take() {
            desk.close();
        }
        Ok(())
    }

    /// Whether events come.
    pub(crate) fn is_subscribed(&self) -> bool {
        let state = self.state();
        let open = state.desk.as_ref().is_some_and(|desk| !desk.is_closed());
        state.subscribed.is_some() && open
    }

    /// Whether a notice is one of the subscription that there is now.
    pub(crate) fn wants(&self, notice: &Notice) -> bool {
        self.state().subscription == notice.subscription
    }

    /// The account that it sees, where it can see one only.
    pub(crate) fn only_account(&self) -> Option<ramson_wire::AccountId> {
        match self.state().scope.accounts.as_deref() {
            Some([only]) => Some(*only),
            _ => None,
        }
    }

    /// Waits for a place among questions with a long answer.
    pub(crate) async fn large(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.large.acquire().await.ok()
    }

    /// It asks for nothing more; events come no more, and nobody waits for an
    /// alarm. What it asked for is carried out.
    pub(crate) fn leave(&self) {
        self.leaving.send_replace(true);
        let mut state = self.state();
        state.subscription = state.subscription.saturating_add(1);
    }

    /// Until it asks for nothing more.
    pub(crate) async fn leaves(&self) {
        let mut leaving = self.leaving.subscribe();
        let _left = leaving.wait_for(|leaving| *leaving).await;
    }

    /// Takes a line or a body, and gives what is answered, if anything is. The
    /// order in which this is called is that in which things are done.
    pub(crate) fn take(
        self: &Arc<Self>,
        bytes: &[u8],
    ) -> impl Future<Output = Option<Vec<u8>>> + Send + use<> {
        let asked = match parse(bytes) {
            Incoming::One(entry) => Asked::One(Box::new(self.begin(entry))),
            Incoming::Batch(entries) => {
                Asked::Batch(entries.into_iter().map(|entry| self.begin(entry)).collect())
            }
            Incoming::Bad(bad) => Asked::Bad(Response::bad(bad)),
        };
        async move {
            match asked {
                Asked::Bad(response) => Some(write(&response)),
                Asked::One(begun) => begun.response().await.map(|response| write(&response)),
                Asked::Batch(begun) => {
                    let all = join_all(begun.into_iter().map(Begun::response)).await;
                    let responses: Vec<Response> = all.into_iter().flatten().collect();
                    (!responses.is_empty()).then(|| write(&responses))
                }
            }
        }
    }

    fn begin(self: &Arc<Self>, entry: Entry) -> Begun {
        match entry {
            Entry::Bad(bad) => Begun::Over(Some(Response::bad(bad))),
            Entry::Request(Request { id, method: name, params }) => {
                let begun = method(&name).and_then(|method| {
                    let turn = (method.order == Wanted::Turn).then(|| self.order.turn());
                    method.begin(Call::new(self.clone(), turn), params)
                });
                match (begun, id) {
                    (Ok(running), id) => Begun::Running(id, running),
                    (Err(failure), Some(id)) => Begun::Over(Some(Response::new(id, Err(failure)))),
                    (Err(_), None) => Begun::Over(None),
                }
            }
        }
    }
}

enum Asked {
    One(Box<Begun>),
    Batch(Vec<Begun>),
    Bad(Response),
}

enum Begun {
    Over(Option<Response>),
    Running(Option<crate::message::Id>, crate::seat::Boxed<'static, Outcome<Value>>),
}

impl Begun {
    async fn response(self) -> Option<Response> {
        match self {
            Self::Over(response) => response,
            Self::Running(id, running) => {
                let outcome = running.await;
                id.map(|id| Response::new(id, outcome))
            }
        }
    }
}

fn over_http(method: &str) -> Failure {
    let text = format!(
        "'{method}' is for clients on stdio or a Unix socket; over HTTP GET /api/v1/events \
         subscribes, and its end unsubscribes"
    );
    Failure::new(Code::Refused, "NotSupported", text)
}
