//! Opening byte streams: real sockets here, a proxy or simulated sockets
//! behind the same trait.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ramson_messages::transport::IsolationClass;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A byte stream in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A byte stream of whichever kind.
pub type BoxedStream = Box<dyn Stream>;

/// A stream that is being opened.
pub type Dialing = Pin<Box<dyn Future<Output = io::Result<BoxedStream>> + Send>>;

/// Opens byte streams.
pub trait Dial: Send + Sync {
    /// Opens a stream to `to`. A proxy that can isolate streams keeps those of
    /// different classes apart. Dropping the future gives up; the caller sets
    /// the time limit.
    fn dial(&self, to: &Address, class: IsolationClass) -> Dialing;
}

/// Where a stream leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Host.
    pub host: Host,
    /// TCP port.
    pub port: u16,
}

/// An address or a name that is still to be resolved (by a proxy, where there
/// is one).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// A DNS name.
    Name(String),
}

impl Host {
    /// The host of a URL; IPv6 addresses may stand in brackets.
    pub fn parse(text: &str) -> Self {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        bare.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Ip)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Sockets of the operating system, with its resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDial;

impl Dial for RealDial {
    fn dial(&self, to: &Address, _: IsolationClass) -> Dialing {
        let to = to.clone();
        Box::pin(async move {
            let addresses = resolve(&to).await?;
            let stream = first_to_connect(addresses).await?;
            // Requests are written in one piece; waiting for more only delays them.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxedStream)
        })
    }
}

/// How many addresses of one name are tried.
const MAX_ADDRESSES: usize = 8;

async fn resolve(to: &Address) -> io::Result<Vec<SocketAddr>> {
    match &to.host {
        Host::Ip(ip) => Ok(vec![SocketAddr::new(*ip, to.port)]),
        Host::Name(name) => match tokio::net::lookup_host((name.as_str(), to.port)).await {
            Ok(addresses) => Ok(addresses.take(MAX_ADDRESSES).collect()),
            Err(error) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("the name {name} could not be resolved ({error})"),
            )),
        },
    }
}

/// How long an address has before the next one is tried beside it, so that a
/// dead IPv6 route does not use up the time of the request.
const HEAD_START: Duration = Duration::from_millis(250);

async fn first_to_connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut rest = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        match rest.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => return Err(last),
            None => {}
        }
        tokio::select! {
            biased;
            done = attempts.next() => match done {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => last = error,
                None => {}
            },
            () = tokio::time::sleep(HEAD_START), if rest.len() > 0 => {}
        }
    }
}
