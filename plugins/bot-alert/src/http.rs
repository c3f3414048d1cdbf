//! The webhook: a small HTTP server on a thread of its own.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Body as _;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use ramson_sdk::bot::{Inlet, InletError};
use ramson_sdk::{Host, Level};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::{Alert, LONGEST, Settings};

/// So many are served at once; others wait to be accepted.
const MOST_CONNECTIONS: usize = 32;
/// The largest body.
const MOST_BYTES: usize = 64 * 1024;
/// How long a client may take to say what it wants.
const SLOWEST: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });
/// How long everything takes at most.
const WHOLE: Duration = Duration::from_secs(40);
/// How long passes between two attempts to listen, or to accept.
const PAUSE: Duration = Duration::from_millis(500);
/// How long those who are served have when the bot stops.
const GRACE: Duration = Duration::from_millis(500);
/// How long a client waits until its alert is kept.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest name of a call.
const LONGEST_KEY: usize = 128;
/// What an alert looks like.
const SHAPE: &str = r#"send a text, or {"text": "…", "to": "…"} as application/json"#;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What is answered: a status and a sentence.
type Said = (StatusCode, String);

/// The server's thread.
pub(crate) struct Server {
    /// Ends it when it is dropped.
    stop: oneshot::Sender<Infallible>,
    thread: JoinHandle<()>,
}

/// What is behind the webhook.
pub(crate) struct Door {
    pub(crate) host: Host,
    pub(crate) settings: Settings,
    pub(crate) alerts: Inlet<Alert>,
}

/// A body that is JSON.
#[derive(Deserialize)]
struct Body {
    text: String,
    to: Option<String>,
}

/// Serves until it is stopped.
pub(crate) fn start(door: Door) -> io::Result<Server> {
    let (stop, stopped) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let work = move || runtime.block_on(serve(Arc::new(door), stopped));
    let thread = thread::Builder::new().name("alert-http".to_owned()).spawn(work)?;
    Ok(Server { stop, thread })
}

impl Server {
    /// Ends it, and waits until it ended.
    pub(crate) fn stop(self) {
        drop(self.stop);
        // It said so in the log if it panicked.
        let _ended = self.thread.join();
    }
}

async fn serve(door: Arc<Door>, mut stopped: oneshot::Receiver<Infallible>) {
    let listener = tokio::select! { biased;
        _ = &mut stopped => return,
        listener = door.listen() => listener,
    };
    let mut clients = JoinSet::new();
    loop {
        let has_room = clients.len() < MOST_CONNECTIONS;
        tokio::select! { biased;
            _ = &mut stopped => break,
            Some(_) = clients.join_next() => {}
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, _)) => drop(clients.spawn(timeout(WHOLE, client(stream, door.clone())))),
                // No file is left for it, most of all.
                Err(_) => sleep(PAUSE).await,
            },
        }
    }
    let rest = async { while clients.join_next().await.is_some() {} };
    // Who is not done by then is cut off.
    let _in_time = timeout(GRACE, rest).await;
}

/// Serves one connection, which is good for one request.
async fn client(stream: TcpStream, door: Arc<Door>) {
    let answer = service_fn(move |request| {
        let door = door.clone();
        async move {
            let (status, text) = match door.take_in(request).await {
                Ok(()) => (StatusCode::ACCEPTED, "it is safe in the outbox".to_owned()),
                Err(said) => said,
            };
            Response::builder().status(status).body(Full::new(Bytes::from(format!("{text}\n"))))
        }
    });
    let mut server = http1::Builder::new();
    server.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(SLOWEST);
    // A client that breaks off is nobody's fault here.
    let _served = server.serve_connection(TokioIo::new(stream), answer).await;
}

impl Door {
    /// Listens as soon as the address is free: where the bot is swapped, the
    /// one before it still has it.
    async fn listen(&self) -> TcpListener {
        let mut failed = false;
        loop {
            let error = match TcpListener::bind(self.settings.listen).await {
                Ok(listener) => match listener.local_addr() {
                    Ok(address) => {
                        let text = format!("alerts come in at http://{address}/");
                        self.host.log(Level::Info, &text);
                        return listener;
                    }
                    Err(error) => error,
                },
                Err(error) => error,
            };
            if !std::mem::replace(&mut failed, true) {
                let address = self.settings.listen;
                let text =
                    format!("nobody can listen on {address}: {error}; tried again and again");
                self.host.log(Level::Error, &text);
            }
            sleep(PAUSE).await;
        }
    }

    /// Takes an alert in; returns once it is safe.
    async fn take_in(&self, request: Request<Incoming>) -> Result<(), Said> {
        let (head, body) = request.into_parts();
        if !matches!(head.uri.path(), "/" | "/alert") {
            return said(404, format!("there is no {}; alerts go to /", head.uri.path()));
        }
        if head.method != Method::POST {
            return said(405, format!("{} does nothing here; alerts come by POST", head.method));
        }
        if !self.is_allowed(&head) {
            let how = "write 'Authorization: Bearer …' or '?token=…'";
            return said(401, format!("the token of the config is missing; {how}"));
        }
        let key = key(&head.headers)?;
        let bytes = read(body).await?;
        let content_type = head.headers.get(CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        let (text, to) = match content_type.starts_with(b"application/json") {
            true => match serde_json::from_slice(&bytes) {
                Ok(Body { text, to }) => (text, to),
                Err(error) => return said(400, format!("the body is no alert: {error}; {SHAPE}")),
            },
            false => match String::from_utf8(bytes.into()) {
                Ok(text) => (text, None),
                Err(_) => return said(400, "the text is not UTF-8; write it in that".to_owned()),
            },
        };
        let to = match to {
            None => self.settings.to.clone(),
            Some(name) => match self.settings.names.get(&name) {
                Some(account) => vec![*account],
                None => {
                    return said(
                        422,
                        format!("nobody is called '{name}'; 'names' of the config says who is"),
                    );
                }
            },
        };
        let text = cut(text.trim());
        if text.is_empty() {
            return said(422, format!("the text is empty; {SHAPE}"));
        }
        let kept = match self.alerts.push(Alert { to, text, key }) {
            Ok(receipt) => timeout(PATIENCE, receipt).await.unwrap_or(Err(InletError::Late)),
            Err(error) => Err(error),
        };
        kept.map_err(|error| {
            let status = match error {
                InletError::Failed { .. } => StatusCode::INTERNAL_SERVER_ERROR,
                InletError::Late => StatusCode::GATEWAY_TIMEOUT,
                InletError::Full | InletError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            };
            (status, error.to_string())
        })
    }

    /// Whether a client knows the token. How long it takes says nothing of it.
    fn is_allowed(&self, head: &Parts) -> bool {
        let header = head.headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let query = head.uri.query().unwrap_or_default().split('&');
        let mut tokens = header
            .and_then(|it| it.strip_prefix("Bearer "))
            .into_iter()
            .chain(query.filter_map(|it| it.strip_prefix("token=")));
        tokens.any(|it| bool::from(it.as_bytes().ct_eq(self.settings.token.as_bytes())))
    }
}

/// The name of a call, if its client gave it one.
fn key(headers: &HeaderMap) -> Result<Option<String>, Said> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let fits = |key: &&str| (1..=LONGEST_KEY).contains(&key.len()) && !key.contains('\t');
    match key.to_str().ok().filter(fits) {
        Some(key) => Ok(Some(key.to_owned())),
        None => {
            let text = "the Idempotency-Key is none";
            said(400, format!("{text}; take 1 to {LONGEST_KEY} ASCII signs"))
        }
    }
}

/// All of a body.
async fn read(body: Incoming) -> Result<Bytes, Said> {
    let too_large = || said(413, format!("the body is too large; at most {MOST_BYTES} bytes"));
    if body.size_hint().lower() > MOST_BYTES as u64 {
        return too_large();
    }
    match timeout(SLOWEST, Limited::new(body, MOST_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(error)) => said(400, format!("the body broke off: {error}; send it again")),
        Err(_) => said(408, "the body did not come in time; send it again".to_owned()),
    }
}

/// As much of a text as is passed on.
fn cut(text: &str) -> String {
    match text.chars().nth(LONGEST) {
        Some(_) => text.chars().take(LONGEST - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

fn said<T>(status: u16, text: String) -> Result<T, Said> {
    Err((StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), text))
}
