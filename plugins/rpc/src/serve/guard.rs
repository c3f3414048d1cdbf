//! Who may ask over HTTP: this machine only, by this server's own address, not
//! from a page of somebody else, and with the token.

use std::net::SocketAddr;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};

use crate::token::Token;

/// Why there is no HTTP.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Others could reach it.
    #[error(
        "{address} is not of this machine alone; give an address such as 127.0.0.1:0, and put a \
         tunnel in front of it for others"
    )]
    NotLoopback {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The system does not let it be.
    #[error("HTTP at {address} cannot be served: {error}; give another port, or 0 for any")]
    System {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
}

const fn refused(status: StatusCode, kind: &'static str, text: &'static str) -> Refused {
    Refused { status, kind, text }
}

/// What holds for every request: a name that leads here is somebody's trick,
/// and so is a page of another origin.
pub(super) fn own(headers: &HeaderMap, port: u16) -> Result<(), Refused> {
    let host = match only(headers, &HOST) {
        Ok(Some(host)) => host,
        _ => {
            let text = "a request says once whom it is for; send one Host header";
            return Err(refused(StatusCode::BAD_REQUEST, "InvalidRequest", text));
        }
    };
    if !is_ours(host, port) {
        let text = "this is asked by its own address; use 127.0.0.1 or localhost, and its port";
        return Err(refused(StatusCode::FORBIDDEN, "ForeignHost", text));
    }
    let foreign = "pages of other origins may not ask here; send no Origin header";
    match only(headers, &ORIGIN) {
        Ok(None) => Ok(()),
        Ok(Some(origin)) if origin.strip_prefix("http://").is_some_and(|it| is_ours(it, port)) => {
            Ok(())
        }
        _ => Err(refused(StatusCode::FORBIDDEN, "ForeignOrigin", foreign)),
    }
}

/// Whether a request has the token.
pub(super) fn known(headers: &HeaderMap, token: &Token) -> Result<(), Refused> {
    let text = "the token is missing or wrong; send 'Authorization: Bearer' with what stands in \
                the file rpc-token of the home";
    let given = only(headers, &AUTHORIZATION).ok().flatten();
    let given = given.and_then(|given| given.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match given {
        Some((_, given)) if token.is(given.trim().as_bytes()) => Ok(()),
        _ => Err(refused(StatusCode::UNAUTHORIZED, "NoToken", text)),
    }
}

/// The one value of a header; several, or one that is no text, are an error.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ()),
        (Some(_), Some(_)) => Err(()),
    }
}

fn is_ours(host: &str, port: u16) -> bool {
    let Some((name, told)) = host.rsplit_once(':') else { return false };
    told.parse() == Ok(port)
        && ["127.0.0.1", "[::1]", "localhost"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn only_its_own_address_is_asked_and_no_page_of_others_asks() {
        let status = |pairs: &[(&'static str, &str)]| {
            own(&headers(pairs), 80).err().map(|refused| refused.status.as_u16())
        };
        for host in ["127.0.0.1:80", "localhost:80", "LOCALHOST:80", "[::1]:80"] {
            assert_eq!(status(&[("host", host)]), None, "{host}");
        }
        for host in ["127.0.0.1", "evil.example:80", "127.0.0.1:81", "127.0.0.1.evil:80", ""] {
            assert_eq!(status(&[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(status(&[]), Some(400));
        assert_eq!(status(&[("host", "localhost:80"), ("host", "localhost:80")]), Some(400));
        let from = |origin| status(&[("host", "localhost:80"), ("origin", origin)]);
        assert_eq!(from("http://localhost:80"), None);
        for origin in ["null", "https://localhost:80", "http://evil.example", "http://localhost:8"]
        {
            assert_eq!(from(origin), Some(403), "{origin}");
        }
    }

    #[test]
    fn only_the_token_opens() {
        let token = Token::of_text("abcd");
        let opens = |value| known(&headers(&[("authorization", value)]), &token).is_ok();
        assert!(opens("Bearer abcd") && opens("bearer abcd"));
        for value in ["", "Bearer", "Bearer ", "Bearer abc", "Basic abcd", "abcd", "Bearer abcd e"]
        {
            assert!(!opens(value), "{value}");
        }
        assert!(known(&headers(&[]), &token).is_err());
        let twice = headers(&[("authorization", "Bearer abcd"), ("authorization", "Bearer abcd")]);
        assert!(known(&twice, &token).is_err());
    }
}
