//! What went wrong, in plain words: the innermost reason, not the chain of
//! libraries above it.

use std::error::Error;
use std::io;

use ramson_messages::transport::{MAX_ANSWER, TransportError};
use rustls::CertificateError;

use crate::dial::Address;

pub(crate) fn unreachable(to: &Address, error: &io::Error) -> TransportError {
    TransportError::Unreachable { to: to.to_string(), reason: io_reason(error) }
}

pub(crate) fn not_trusted(to: &Address, error: &rustls::Error) -> TransportError {
    TransportError::NotTrusted { to: to.to_string(), reason: tls_reason(error) }
}

pub(crate) fn broken(to: &Address, reason: impl Into<String>) -> TransportError {
    TransportError::Broken { to: to.to_string(), reason: reason.into() }
}

pub(crate) fn too_large(to: &Address) -> TransportError {
    TransportError::TooLarge { to: to.to_string(), limit: MAX_ANSWER }
}

/// A handshake that failed: the peer's fault when rustls says so, otherwise a
/// connection that broke.
pub(crate) fn handshake(to: &Address, error: &io::Error) -> TransportError {
    match find::<rustls::Error>(error) {
        Some(error) => not_trusted(to, error),
        None => broken(to, format!("in the TLS handshake {}", io_reason(error))),
    }
}

/// Why an exchange over HTTP broke off.
pub(crate) fn http_reason(error: &hyper::Error) -> String {
    if let Some(error) = find::<rustls::Error>(error) {
        return tls_reason(error);
    }
    if let Some(error) = find::<io::Error>(error) {
        return io_reason(error);
    }
    let text = if error.is_incomplete_message() {
        "it closed the connection before the answer was complete"
    } else if error.is_parse_too_large() {
        "the headers of its answer are too large"
    } else if error.is_parse() {
        "its answer is not HTTP"
    } else if error.is_canceled() || error.is_closed() {
        "the connection was closed"
    } else {
        return innermost(error);
    };
    text.to_owned()
}

fn io_reason(error: &io::Error) -> String {
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::ConnectionReset => "the connection was reset",
        io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => "the connection was closed",
        io::ErrorKind::UnexpectedEof => "the connection was closed",
        io::ErrorKind::TimedOut => "the connection timed out",
        io::ErrorKind::HostUnreachable => "there is no route to the host",
        io::ErrorKind::NetworkUnreachable => "there is no route to its network",
        _ => return innermost(error),
    };
    text.to_owned()
}

fn tls_reason(error: &rustls::Error) -> String {
    let text = match error {
        rustls::Error::InvalidCertificate(error) => return certificate_reason(error),
        rustls::Error::InvalidMessage(_) => "it does not speak TLS",
        rustls::Error::AlertReceived(alert) => {
            return format!("it refused the TLS handshake ({alert:?})");
        }
        rustls::Error::PeerIncompatible(_) => "it speaks no version or cipher of TLS that is safe",
        rustls::Error::PeerMisbehaved(what) => {
            return format!("it broke the rules of TLS ({what:?})");
        }
        rustls::Error::NoCertificatesPresented => "it showed no certificate",
        _ => return innermost(error),
    };
    text.to_owned()
}

fn certificate_reason(error: &CertificateError) -> String {
    let text = match error {
        CertificateError::Other(other) => return innermost(other.0.as_ref()),
        CertificateError::BadEncoding => "its certificate cannot be read",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::UnknownIssuer => {
            "its certificate is signed by nobody who is trusted here"
        }
        CertificateError::BadSignature => "it does not hold the key of its certificate",
        CertificateError::Revoked => "its certificate was revoked",
        _ => return format!("its certificate is not acceptable ({error})"),
    };
    text.to_owned()
}

/// The error of that type in the chain.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref::<E>())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // An io::Error hides the error it was made from behind `get_ref`.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
