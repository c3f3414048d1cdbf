//! Listening: sockets of the operating system here, simulated ones behind the
//! same trait.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

/// A byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that came, and from where.
pub type Accepted = (Box<dyn Stream>, IpAddr);

/// A connection that is waited for.
pub type Accepting<'a> = Pin<Box<dyn Future<Output = io::Result<Accepted>> + Send + 'a>>;

/// Where connections come in.
pub trait Listen: Send {
    /// The next connection. Dropping the future loses none.
    fn accept(&mut self) -> Accepting<'_>;
}

impl Listen for TcpListener {
    fn accept(&mut self) -> Accepting<'_> {
        Box::pin(async move {
            let (stream, peer) = Self::accept(self).await?;
            // Answers are written in one piece; waiting for more only delays them.
            let _ = stream.set_nodelay(true);
            Ok((Box::new(stream) as Box<dyn Stream>, peer.ip()))
        })
    }
}
