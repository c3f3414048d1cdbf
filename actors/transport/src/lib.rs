//! Transport: one HTTP POST at a time, over kept connections.
//!
//! Hears [`Post`] from Paths (guards) and Swarm (seeds) and says nothing by
//! itself. Owns every connection to the outside and the TLS rules: which
//! certificate is good enough for which [`Endpoint`](ramson_messages::transport::Endpoint).
//! What is asked and what an answer means is not known here.
//!
//! Connections are kept per isolation class and endpoint: two classes never
//! share a connection nor a TLS resumption ticket. A connection carries one
//! request at a time; storage servers break on pipelining.

mod connection;
mod counted;
mod dial;
mod failure;
mod pool;
mod requests;
mod socks;
#[cfg(test)]
mod tests;
mod tls;
mod verify;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture};
use ramson_messages::transport::{HttpAnswer, Post, TransportError};
use ramson_messages::{Clock, Lifeline};

pub use dial::{Address, BoxedStream, Dial, Dialing, Host, RealDial, Stream};
pub use socks::{ProxyAddress, ProxyError, SocksDial};

use requests::Requests;

/// Limits of a [`Transport`].
#[derive(Clone)]
pub struct TransportConfig {
    /// Requests that may run or wait at once; more are answered
    /// [`TransportError::Busy`].
    pub max_in_flight: usize,
    /// Connections to one endpoint in one isolation class. Requests above it
    /// wait for their turn, within their own timeout.
    pub max_per_endpoint: usize,
    /// Connections in all, idle ones included. Above it the connection that
    /// was idle longest is closed, and when none is idle requests wait.
    pub max_connections: usize,
    /// How long an idle connection is kept.
    pub idle: Duration,
    /// By which certificates' validity is judged; the system's clock when
    /// there is none.
    pub clock: Option<Arc<dyn Clock>>,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            max_in_flight: 512,
            max_per_endpoint: 8,
            max_connections: 256,
            idle: Duration::from_secs(50),
            clock: None,
        }
    }
}

/// The actor. It has no state worth reloading: after a restart the
/// connections are opened again.
pub struct Transport {
    requests: Rc<Requests>,
    _lifeline: Option<Lifeline>,
}

impl Transport {
    /// A transport that opens its connections through `dial`.
    pub fn new(dial: Arc<dyn Dial>, config: TransportConfig) -> Self {
        Self { requests: Rc::new(Requests::new(dial, config)), _lifeline: None }
    }
}

impl Transport {
    /// The same, with a guardian that learns of its end.
    pub fn with_lifeline(self, lifeline: Lifeline) -> Self {
        Self { _lifeline: Some(lifeline), ..self }
    }
}

impl Actor for Transport {
    type Context = Context<Self>;
}

impl Handler<Post> for Transport {
    type Result = ResponseFuture<Result<HttpAnswer, TransportError>>;

    fn handle(&mut self, post: Post, _: &mut Self::Context) -> Self::Result {
        let requests = self.requests.clone();
        Box::pin(async move { requests.post(post).await })
    }
}
