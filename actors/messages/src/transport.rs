//! What is said to Transport: one HTTP request at a time, over kept
//! connections.

use std::net::Ipv4Addr;
use std::time::Duration;

use actix::Message;

/// Requests of different isolation classes never share a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsolationClass(pub u64);

impl IsolationClass {
    /// The network's own requests: seeds and node lists, which name no account.
    pub const NETWORK: Self = Self(0);
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// A service node, whose certificate says nothing: its onion key proves it.
    Node {
        /// Its address.
        ip: Ipv4Addr,
        /// Its HTTPS port.
        port: u16,
    },
    /// A server with a name, such as a seed.
    Server {
        /// Host name or address, as in the URL.
        host: String,
        /// Port.
        port: u16,
        /// How it is proven to be the right one.
        security: Security,
    },
}

/// How a server is proven to be the right one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Security {
    /// Not at all: plain HTTP.
    Plain,
    /// TLS, any certificate: loopback only.
    AnyCertificate,
    /// TLS, ordinary certificate chain and host name.
    WebPki,
    /// TLS, one of these certificates, host name and validity checked too.
    Pinned(Vec<Pin>),
}

/// One accepted certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub spki_sha256: [u8; 32],
    /// SHA-256 of the whole certificate, where the pin gives it.
    pub certificate_sha256: Option<[u8; 32]>,
}

/// One POST.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<HttpAnswer, TransportError>")]
pub struct Post {
    /// Who must not be linked to others by a shared connection.
    pub class: IsolationClass,
    /// To whom.
    pub to: Endpoint,
    /// Path, such as `/onion_req/v2`.
    pub path: String,
    /// Content type, where one is wanted.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the whole request may take.
    pub timeout: Duration,
}

/// The answer to a [`Post`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// Content type, empty when there is none.
    pub content_type: String,
    /// The body, at most [`MAX_ANSWER`] bytes.
    pub body: Vec<u8>,
}

/// The largest answer that is read: a service node's own limit for requests,
/// and above the 7.8 MB that a retrieve can hold.
pub const MAX_ANSWER: usize = 12 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection.
    #[error("{to} could not be reached: {reason}")]
    Unreachable {
        /// Address and port.
        to: String,
        /// What the system said.
        reason: String,
    },
    /// The TLS handshake failed or the certificate is not the expected one.
    #[error("{to} did not prove to be the right server: {reason}")]
    NotTrusted {
        /// Address and port.
        to: String,
        /// What was wrong.
        reason: String,
    },
    /// The connection broke, or the answer is not HTTP.
    #[error("{to} broke off: {reason}")]
    Broken {
        /// Address and port.
        to: String,
        /// What the connection said.
        reason: String,
    },
    /// No answer in time.
    #[error("{to} did not answer within {seconds} s")]
    TimedOut {
        /// Address and port.
        to: String,
        /// The limit.
        seconds: u64,
    },
    /// More than [`MAX_ANSWER`] bytes.
    #[error("{to} sent more than {limit} bytes")]
    TooLarge {
        /// Address and port.
        to: String,
        /// The limit.
        limit: usize,
    },
    /// Too many requests wait already.
    #[error("too many requests wait for an answer ({in_flight}); try again in a moment")]
    Busy {
        /// How many.
        in_flight: usize,
    },
}
