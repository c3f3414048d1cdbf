//! Moving bytes: one listener, its connections, HTTP/1.1 on them, with or
//! without TLS. What is asked and answered is not known here.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use ramson_node::{HttpRequest, HttpResponse, MAX_BODY, Node};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::listen::Listen;
use crate::mischief::{Body, Pace, Sent, half_a_body};

/// Connections of one listener; above it new ones wait to be accepted.
const MAX_CONNECTIONS: usize = 512;

/// For the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// For the head of a request, and for how long a connection may be idle:
/// somewhat longer than clients keep theirs.
const HEAD: Duration = Duration::from_secs(65);

/// For the body of a request.
const BODY: Duration = Duration::from_secs(60);

/// After the system refused a connection, out of file handles for instance.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// Answers one request.
pub(crate) type Answer =
    Arc<dyn Fn(HttpRequest) -> Pin<Box<dyn Future<Output = Sent> + Send>> + Send + Sync>;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed without an answer, as a fault wants it")]
struct NoAnswer;

/// Serves a listener until the future is dropped, its connections with it.
pub(crate) async fn serve(mut listener: impl Listen, tls: Option<TlsAcceptor>, answer: Answer) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(AFTER_REFUSAL).await;
                continue;
            }
        };
        let (tls, answer) = (tls.clone(), answer.clone());
        connections.spawn(async move {
            let _place = place;
            match tls {
                None => http(stream, peer, answer).await,
                Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => http(stream, peer, answer).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                    Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
                },
            }
        });
    }
}

async fn http<S>(stream: S, peer: IpAddr, answer: Answer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| exchange(request, peer, &answer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

async fn exchange(
    request: Request<Incoming>,
    peer: IpAddr,
    answer: &Answer,
) -> Result<Response<Body>, NoAnswer> {
    let request = match read(request, peer).await {
        Ok(request) => request,
        Err(response) => return Ok(*response),
    };
    match answer(request).await {
        Sent::Answer(answer, pace) => Ok(respond(answer, |body| pace.body(body))),
        Sent::Half(mut answer) => {
            // The head promises all of it.
            let length = answer.body.len().to_string();
            answer.headers.push((CONTENT_LENGTH.as_str().to_owned(), length));
            Ok(respond(answer, half_a_body))
        }
        Sent::Nothing => Err(NoAnswer),
    }
}

/// Reads a request whole, or answers why not (the words of the real server).
async fn read(
    request: Request<Incoming>,
    peer: IpAddr,
) -> Result<HttpRequest, Box<Response<Body>>> {
    let (head, body) = request.into_parts();
    if head.version != Version::HTTP_11 {
        return Err(refuse(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is wanted"));
    }
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers: Vec<_> = headers.collect();
    if let Some(refused) = Node::admit(&headers) {
        return Err(Box::new(respond(refused, |body| Pace::Whole.body(body))));
    }
    let body = match timeout(BODY, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes().into(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(_)) => return Err(refuse(StatusCode::BAD_REQUEST, "The body is not complete")),
        Err(_) => {
            return Err(refuse(StatusCode::REQUEST_TIMEOUT, "The body took too long"));
        }
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    Ok(HttpRequest { method: head.method.as_str().to_owned(), path, headers, body, peer })
}

fn too_large() -> Box<Response<Body>> {
    refuse(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large")
}

fn refuse(status: StatusCode, text: &'static str) -> Box<Response<Body>> {
    let mut response = Response::new(Pace::Whole.body(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Box::new(response)
}

fn respond(answer: HttpResponse, body: impl FnOnce(Vec<u8>) -> Body) -> Response<Body> {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        builder = builder.header(name, value);
    }
    builder.body(body(answer.body)).unwrap_or_else(|error| {
        tracing::warn!(%error, "an answer could not be written");
        *refuse(StatusCode::INTERNAL_SERVER_ERROR, "The answer could not be written")
    })
}
