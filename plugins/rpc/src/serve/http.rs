//! HTTP/1.1 on loopback.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use ramson_wire::{AccountId, ConversationId, Topic, TopicSet};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::guard::{HttpError, Refused, known, only, own};
use super::sse::Events;
use super::streams::Streams;
use crate::client::Client;
use crate::failure::{Code, Failure, Outcome};
use crate::limits;
use crate::message::{Id, Response as Answer, write};
use crate::scope::Wish;
use crate::server::Server;
use crate::token::Token;

/// After the system refused a connection, out of file handles for instance.
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// As which subscribed client a request is made.
const CLIENT: HeaderName = HeaderName::from_static("x-ramson-client");

type Bodied = BoxBody<Bytes, Infallible>;

/// Serves a listener until the future is dropped, its clients with it.
pub async fn serve_http(
    server: Server,
    listener: TcpListener,
    token: Token,
) -> Result<Infallible, HttpError> {
    let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
    let address =
        listener.local_addr().map_err(|error| HttpError::System { address: unknown, error })?;
    if !address.ip().is_loopback() {
        return Err(HttpError::NotLoopback { address });
    }
    let door = Arc::new(Door { port: address.port(), token, streams: Streams::new(server) });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                // The next ones are closed at once.
                Ok((stream, _)) if connections.len() < limits::HTTP_CONNECTIONS => {
                    connections.spawn(serve(stream, door.clone()));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(AFTER_REFUSAL).await;
                }
            },
        }
    }
}

/// Where requests come in.
pub(super) struct Door {
    pub(super) port: u16,
    pub(super) token: Token,
    pub(super) streams: Streams,
}

/// Serves one connection.
pub(super) async fn serve<S>(stream: S, door: Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let door = door.clone();
        async move { Ok::<_, Infallible>(door.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "an HTTP connection broke off");
    }
}

impl Door {
    async fn answer(&self, request: Request<Incoming>) -> Response<Bodied> {
        if let Err(refused) = own(request.headers(), self.port) {
            return refuse(refused);
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        if (&method, path.as_str()) == (&Method::GET, "/api/v1/check") {
            return json(StatusCode::OK, b"{\"ok\":true}".to_vec());
        }
        if let Err(refused) = known(request.headers(), &self.token) {
            return refuse(refused);
        }
        match (&method, path.as_str()) {
            (&Method::POST, "/api/v1/rpc") => self.rpc(request).await,
            (&Method::GET, "/api/v1/events") => self.events(&request),
            (&Method::GET, "/api/v1/schema") => {
                json(StatusCode::OK, crate::schema::json().into_bytes())
            }
            (_, "/api/v1/rpc" | "/api/v1/events" | "/api/v1/schema" | "/api/v1/check") => {
                let text = "this is asked otherwise; POST /api/v1/rpc, and GET the rest";
                error(StatusCode::METHOD_NOT_ALLOWED, request_failure("InvalidRequest", text))
            }
            _ => {
                let text = "there is nothing here; there are /api/v1/rpc, events, schema and check";
                error(StatusCode::NOT_FOUND, request_failure("InvalidRequest", text))
            }
        }
    }

    async fn rpc(&self, request: Request<Incoming>) -> Response<Bodied> {
        let (head, body) = request.into_parts();
        let desk = match only(&head.headers, &CLIENT) {
            Ok(None) => self.streams.nameless().map(|desk| (desk, false)),
            Ok(Some(client)) => self.streams.of(client).map(|desk| (desk, true)),
            Err(()) => Err(Failure::params("X-Ramson-Client names one client; send it once")),
        };
        let (desk, subscribed) = match desk {
            Ok(desk) => desk,
            Err(failure) => return error(StatusCode::CONFLICT, failure),
        };
        let body = match timeout(limits::BODY, Limited::new(body, limits::LINE).collect()).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(why)) if why.is::<LengthLimitError>() => {
                return error(StatusCode::PAYLOAD_TOO_LARGE, Failure::too_large(limits::LINE));
            }
            Ok(Err(_)) => {
                let text = "the body is not complete; send as much as Content-Length says";
                return error(StatusCode::BAD_REQUEST, request_failure("InvalidRequest", text));
            }
            Err(_) => {
                let text = "the body took too long; send it at once";
                return error(StatusCode::REQUEST_TIMEOUT, request_failure("Timeout", text));
            }
        };
        let client = Client::over_http(self.streams.server(), desk, subscribed);
        match client.take(&body).await {
            Some(response) => json(StatusCode::OK, response),
            None => {
                let mut response = Response::new(empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                response
            }
        }
    }

    fn events(&self, request: &Request<Incoming>) -> Response<Bodied> {
        let wish = wish(request.uri().query().unwrap_or_default());
        match wish.and_then(|wish| self.streams.open(&wish)) {
            Ok(stream) => {
                let mut response = Response::new(Events::new(stream).boxed());
                furnish(&mut response, "text/event-stream");
                response
            }
            Err(failure) if failure.kind() == "InvalidParams" => {
                error(StatusCode::BAD_REQUEST, failure)
            }
            Err(failure) => error(StatusCode::CONFLICT, failure),
        }
    }
}

/// What a query asks to hear of.
fn wish(query: &str) -> Outcome<Wish> {
    let mut wish = Wish {
        client: String::new(),
        durable: false,
        topics: TopicSet::NONE.with(Topic::Messages).with(Topic::Conversations),
        accounts: None,
        conversations: None,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = plain(value)?;
        let several = || value.split(',').filter(|one| !one.is_empty());
        let unknown = |what: &str| {
            Failure::params(format!(
                "'{what}' means nothing in `{name}`; docs/rpc.md shows what does"
            ))
        };
        match name {
            "client" => wish.client = value.clone(),
            "durable" => {
                wish.durable = match value.as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    other => return Err(unknown(other)),
                }
            }
            "topics" => {
                let topic = |one: &str| Topic::of_name(one).ok_or_else(|| unknown(one));
                wish.topics = several().map(topic).collect::<Outcome<TopicSet>>()?;
            }
            "accounts" => {
                let account = |one: &str| one.parse().map_err(|_| unknown(one));
                wish.accounts = Some(several().map(account).collect::<Outcome<Vec<AccountId>>>()?);
            }
            "conversations" => {
                let ids = several().map(|one| ConversationId(one.to_owned()));
                wish.conversations = Some(ids.collect());
            }
            other => {
                return Err(Failure::params(format!(
                    "unknown parameter `{}`; there are client, durable, topics, accounts and \
                     conversations",
                    other.chars().filter(|it| !it.is_control()).take(80).collect::<String>()
                )));
            }
        }
    }
    Ok(wish)
}

/// A value without its percent signs.
fn plain(value: &str) -> Outcome<String> {
    let bad = || Failure::params("a value of the query makes no sense; write it as URLs do");
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let (high, low) = high.zip(low).ok_or_else(bad)?;
                u8::try_from(high << 4 | low).map_err(|_| bad())?
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

fn request_failure(kind: &str, text: &str) -> Failure {
    Failure::new(Code::Request, kind, text)
}

fn refuse(Refused { status, kind, text }: Refused) -> Response<Bodied> {
    error(status, request_failure(kind, text))
}

/// Refuses a request before it is looked into; what comes behind it is not
/// read.
fn error(status: StatusCode, failure: Failure) -> Response<Bodied> {
    let mut response = json(status, write(&Answer::new(Id::Null, Err(failure))));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response<Bodied> {
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed());
    *response.status_mut() = status;
    furnish(&mut response, "application/json");
    response
}

fn empty() -> Bodied {
    Full::new(Bytes::new()).boxed()
}

fn furnish(response: &mut Response<Bodied>, content_type: &'static str) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderName::from_static("x-content-type-options");
    headers.insert(nosniff, HeaderValue::from_static("nosniff"));
}
