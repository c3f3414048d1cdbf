//! One connection: opening it, and one request after another over it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use ramson_messages::transport::{HttpAnswer, MAX_ANSWER, TransportError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::counted::{Counted, Received};
use crate::dial::{Address, BoxedStream, Host};
use crate::failure;

/// Head of an answer, and the pieces in which its body is read, in bytes.
const READ_BUFFER: usize = 64 * 1024;

/// How long a connection may take to become free after its answer is
/// complete. It is free at once unless the server answered without reading
/// the request.
const SETTLE: Duration = Duration::from_millis(20);

/// An HTTP/1.1 connection. Dropping it closes it, whatever its peer does.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    received: Received,
    driver: JoinHandle<()>,
    _place: OwnedSemaphorePermit,
}

/// Why there is no answer from a connection.
pub(crate) enum Failure {
    /// Not a byte of the answer came: the connection may have been dead
    /// before the request.
    Silent(String),
    /// The answer began and broke off, or is not HTTP.
    Broken(String),
    /// The answer is larger than [`MAX_ANSWER`].
    TooLarge,
}

impl Connection {
    /// Speaks HTTP over an open stream, through TLS when there are settings
    /// for it. `place` is the connection's share of the limit.
    pub(crate) async fn open(
        stream: BoxedStream,
        to: &Address,
        tls: Option<Arc<ClientConfig>>,
        place: OwnedSemaphorePermit,
    ) -> Result<Self, TransportError> {
        let stream = match tls {
            None => stream,
            Some(config) => {
                let name = server_name(to)?;
                let connecting = TlsConnector::from(config).connect(name, stream);
                Box::new(connecting.await.map_err(|error| failure::handshake(to, &error))?)
            }
        };
        let (stream, received) = Counted::new(stream);
        let (sender, connection) = Builder::new()
            .max_buf_size(READ_BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failure::broken(to, failure::http_reason(&error)))?;
        let driver = tokio::spawn(async move {
            // The request sees the same error.
            let _ = connection.await;
        });
        Ok(Self { sender, received, driver, _place: place })
    }

    /// Sends a request and reads its answer whole.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<HttpAnswer, Failure> {
        let before = self.received.bytes();
        match self.sender.send_request(request).await {
            Ok(response) => read(response).await,
            Err(error) => {
                let reason = failure::http_reason(&error);
                Err(if self.received.bytes() == before {
                    Failure::Silent(reason)
                } else {
                    Failure::Broken(reason)
                })
            }
        }
    }

    /// Whether the connection can carry another request, as far as is known.
    pub(crate) async fn settled(&mut self) -> bool {
        matches!(tokio::time::timeout(SETTLE, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Whether it is still open and free, without waiting.
    pub(crate) fn is_usable(&self) -> bool {
        self.sender.is_ready()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A peer that reads nothing would otherwise keep the task for ever.
        self.driver.abort();
    }
}

fn server_name(to: &Address) -> Result<ServerName<'static>, TransportError> {
    match &to.host {
        Host::Ip(ip) => Ok(ServerName::from(*ip)),
        Host::Name(name) => {
            ServerName::try_from(name.clone()).map_err(|_| TransportError::Unreachable {
                to: to.to_string(),
                reason: format!("'{name}' is not a host name"),
            })
        }
    }
}

async fn read(response: Response<Incoming>) -> Result<HttpAnswer, Failure> {
    let (head, mut incoming) = response.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let announced = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_ANSWER) {
        return Err(Failure::TooLarge);
    }
    let content_type = text(CONTENT_TYPE).unwrap_or_default().to_owned();
    // What is announced is not allocated before it comes.
    let mut body = Vec::with_capacity(announced.unwrap_or_default().min(READ_BUFFER));
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Failure::Broken(failure::http_reason(&error)))?;
        if let Ok(data) = frame.into_data() {
            if data.len() > MAX_ANSWER.saturating_sub(body.len()) {
                return Err(Failure::TooLarge);
            }
            body.extend_from_slice(&data);
        }
    }
    Ok(HttpAnswer { status: head.status.as_u16(), content_type, body })
}
