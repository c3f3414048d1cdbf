//! One request from beginning to end: limits, a connection, one retry.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use ramson_messages::transport::{Endpoint, HttpAnswer, Post, Security, TransportError};

use crate::TransportConfig;
use crate::connection::{Connection, Failure};
use crate::dial::{Address, Dial, Host};
use crate::failure;
use crate::pool::Pool;
use crate::tls::Tls;

/// What the actor and its running requests share; lives on one thread.
pub(crate) struct Requests {
    dial: Arc<dyn Dial>,
    tls: RefCell<Tls>,
    pool: Rc<Pool>,
    in_flight: Cell<usize>,
    max_in_flight: usize,
}

impl Requests {
    pub(crate) fn new(dial: Arc<dyn Dial>, config: TransportConfig) -> Self {
        Self {
            dial,
            pool: Rc::new(Pool::new(&config)),
            tls: RefCell::new(Tls::new(config.clock)),
            in_flight: Cell::new(0),
            max_in_flight: config.max_in_flight,
        }
    }

    /// Carries out one request within its timeout.
    pub(crate) async fn post(&self, post: Post) -> Result<HttpAnswer, TransportError> {
        let _counted = self.count()?;
        let to = address(&post.to);
        let timeout = post.timeout;
        match tokio::time::timeout(timeout, self.carry_out(post, &to)).await {
            Ok(result) => result,
            Err(_) => Err(TransportError::TimedOut {
                to: to.to_string(),
                seconds: u64::try_from(timeout.as_millis().div_ceil(1000)).unwrap_or(u64::MAX),
            }),
        }
    }

    async fn carry_out(&self, mut post: Post, to: &Address) -> Result<HttpAnswer, TransportError> {
        let request = Prepared::new(&mut post, to)?;
        let security = security(&post.to);
        let class = post.class;
        let turn = self.pool.turn((class, post.to)).await.map_err(|_| self.busy())?;
        if let Some(mut connection) = turn.reuse() {
            match connection.exchange(request.build()).await {
                Ok(answer) => {
                    if connection.settled().await {
                        turn.keep(connection);
                    }
                    return Ok(answer);
                }
                // Servers close idle connections as they like, and the request
                // may have crossed with that: once more, on a new one.
                Err(Failure::Silent(reason)) => {
                    tracing::debug!(%to, reason, "a kept connection was dead");
                }
                Err(failure) => return Err(explain(to, failure)),
            }
        }
        let place = self.pool.place().await.map_err(|_| self.busy())?;
        let tls = match &security {
            Security::Plain => None,
            security => {
                let config = self.tls.borrow_mut().config(class, security);
                Some(config.map_err(|error| failure::not_trusted(to, &error))?)
            }
        };
        let dialing = self.dial.dial(to, class);
        let stream = dialing.await.map_err(|error| failure::unreachable(to, &error))?;
        let mut connection = Connection::open(stream, to, tls, place).await?;
        let answer =
            connection.exchange(request.build()).await.map_err(|failure| explain(to, failure))?;
        if connection.settled().await {
            turn.keep(connection);
        }
        Ok(answer)
    }

    fn count(&self) -> Result<Counted<'_>, TransportError> {
        if self.in_flight.get() >= self.max_in_flight {
            return Err(self.busy());
        }
        self.in_flight.set(self.in_flight.get().saturating_add(1));
        Ok(Counted(&self.in_flight))
    }

    fn busy(&self) -> TransportError {
        TransportError::Busy { in_flight: self.in_flight.get() }
    }
}

/// One of the requests in flight, while it lives.
struct Counted<'a>(&'a Cell<usize>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

fn address(to: &Endpoint) -> Address {
    match to {
        Endpoint::Node { ip, port } => Address { host: Host::Ip(IpAddr::V4(*ip)), port: *port },
        Endpoint::Server { host, port, .. } => Address { host: Host::parse(host), port: *port },
    }
}

fn security(to: &Endpoint) -> Security {
    match to {
        Endpoint::Node { .. } => Security::AnyCertificate,
        Endpoint::Server { security, .. } => security.clone(),
    }
}

fn explain(to: &Address, failure: Failure) -> TransportError {
    match failure {
        Failure::Silent(reason) | Failure::Broken(reason) => failure::broken(to, reason),
        Failure::TooLarge => failure::too_large(to),
    }
}

/// A request that can be built twice.
struct Prepared {
    head: Request<()>,
    body: Bytes,
}

impl Prepared {
    fn new(post: &mut Post, to: &Address) -> Result<Self, TransportError> {
        let default_port = if security(&post.to) == Security::Plain { 80 } else { 443 };
        let host = if to.port == default_port { to.host.to_string() } else { to.to_string() };
        let mut builder = Request::post(post.path.as_str())
            .header(HOST, host)
            // As the desktop app says on every direct request (02 section
            // 1.2): a client that can be told apart by its headers is easier
            // to follow.
            .header(USER_AGENT, HeaderValue::from_static("WhatsApp"))
            .header(ACCEPT_LANGUAGE, HeaderValue::from_static("en-us"));
        if let Some(content_type) = post.content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        let head = builder.body(()).map_err(|error| {
            failure::broken(to, format!("the path '{}' cannot be asked for ({error})", post.path))
        })?;
        Ok(Self { head, body: Bytes::from(std::mem::take(&mut post.body)) })
    }

    fn build(&self) -> Request<Full<Bytes>> {
        let (head, ()) = self.head.clone().into_parts();
        Request::from_parts(head, Full::new(self.body.clone()))
    }
}
