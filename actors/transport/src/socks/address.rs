//! `socks5://[user:password@]host:port`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::dial::{Address, Host};

/// Where a SOCKS5 proxy listens, and how to log in there.
///
/// A login in the address is used for everybody, so the proxy cannot isolate
/// classes by it; for Tor none is wanted. User and password are taken as they
/// stand, without percent escapes.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    address: Address,
    login: Option<Login>,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: String,
    /// Shared, so that copies of the setting are not copies of the password.
    password: Arc<Zeroizing<String>>,
}

/// Why a text is no proxy address. Nothing of the text is quoted: a login that
/// lost its '@' cannot be told from a host and port.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// Another protocol, or none.
    #[error("a proxy is given as socks5://host:port, such as socks5://127.0.0.1:9050")]
    NotSocks5,
    /// User or password are missing or too long.
    #[error("the proxy's user and password have 1 to 255 bytes each: socks5://user:password@host")]
    BadLogin,
    /// No host, or an IPv6 address without brackets.
    #[error(
        "the proxy's address names no host; a proxy is given as socks5://host:port or socks5://[::1]:port"
    )]
    BadHost,
    /// No port, or none that exists.
    #[error(
        "the proxy's address ends in no port from 1 to 65535, as in socks5://host:port; Tor's is 9050, that of Tor Browser 9150"
    )]
    BadPort,
}

impl ProxyAddress {
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// User and password.
    pub(super) fn login(&self) -> Option<(&str, &str)> {
        self.login.as_ref().map(|login| (login.user.as_str(), login.password.as_str()))
    }
}

impl FromStr for ProxyAddress {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        // "h" is how some programs write that names go to the proxy; here
        // they always do.
        let rest = text.strip_prefix("socks5://").or_else(|| text.strip_prefix("socks5h://"));
        let rest = rest.ok_or(ProxyError::NotSocks5)?;
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(parse_login(login)?), place),
            None => (None, rest),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        // Without a port, the last colon of an IPv6 address is inside brackets.
        let (host, port) = place
            .rsplit_once(':')
            .filter(|(_, port)| !port.contains(']'))
            .ok_or(ProxyError::BadPort)?;
        let port = match port.parse() {
            Ok(0) | Err(_) => return Err(ProxyError::BadPort),
            Ok(port) => port,
        };
        let bare = host.contains(':') && !host.starts_with('[');
        match Host::parse(host) {
            Host::Name(name) if !is_name(&name) => Err(ProxyError::BadHost),
            Host::Ip(_) if bare => Err(ProxyError::BadHost),
            host => Ok(Self { address: Address { host, port }, login }),
        }
    }
}

fn parse_login(text: &str) -> Result<Login, ProxyError> {
    let (user, password) = text.split_once(':').ok_or(ProxyError::BadLogin)?;
    let fits = |text: &str| (1..=255).contains(&text.len());
    if !fits(user) || !fits(password) {
        return Err(ProxyError::BadLogin);
    }
    let password = Arc::new(Zeroizing::new(password.to_owned()));
    Ok(Login { user: user.to_owned(), password })
}

fn is_name(name: &str) -> bool {
    let fits = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '.' | '_');
    !name.is_empty() && name.chars().all(fits)
}

/// Without the login.
impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.login.is_some() { "…@" } else { "" };
        write!(f, "socks5://{login}{}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ProxyAddress, ProxyError> {
        text.parse()
    }

    #[test]
    fn addresses_are_read_with_and_without_a_login() {
        let tor = parse("socks5://127.0.0.1:9050").unwrap();
        assert_eq!((tor.to_string().as_str(), tor.login()), ("127.0.0.1:9050", None));
        assert_eq!(parse("socks5h://127.0.0.1:9050/"), Ok(tor));
        let named = parse(" socks5://proxy.example:1080\n").unwrap();
        assert_eq!(named.address().host, Host::Name("proxy.example".into()));
        let six = parse("socks5://[::1]:9050").unwrap();
        assert_eq!(six.address().host, Host::Ip("::1".parse().unwrap()));
        let login = parse("socks5://me:p@ss:word@host:1080").unwrap();
        assert_eq!(login.login(), Some(("me", "p@ss:word")));
        assert_eq!(login.to_string(), "host:1080");
        assert_eq!(format!("{login:?}"), "socks5://…@host:1080");
    }

    #[test]
    fn other_texts_are_refused_with_what_to_write() {
        for text in ["", "127.0.0.1:9050", "http://host:1", "socks4://host:1", "SOCKS5://host:1"] {
            assert_eq!(parse(text), Err(ProxyError::NotSocks5), "{text}");
        }
        for place in ["host", "host:", "host:0", "host:65536", "host:-1", "[::1]", "host:port"] {
            assert_eq!(parse(&format!("socks5://{place}")), Err(ProxyError::BadPort), "{place}");
        }
        for place in [":9050", "a b:9050", "::1:9050", "host/x:9050", "[::g]:9050"] {
            assert_eq!(parse(&format!("socks5://{place}")), Err(ProxyError::BadHost), "{place}");
        }
        let long = "x".repeat(256);
        for login in ["me", ":secret", "me:", &format!("{long}:p"), &format!("me:{long}")] {
            assert_eq!(parse(&format!("socks5://{login}@host:1")), Err(ProxyError::BadLogin));
        }
    }

    #[test]
    fn an_error_quotes_no_password_even_where_the_login_is_not_marked_as_one() {
        for text in [
            "me:secret@h:1",
            "http://me:secret@h:1",
            "socks5://me:secret",
            "socks5://me:secret/",
            "socks5://me:secret@host",
            "socks5://me:secret@:1",
            "socks5://me:secret:1",
            "socks5://me:secret/host:1",
            "socks5://:secret@host:1",
            "socks5://secret",
            "socks5://secret@host:1",
        ] {
            let error = parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{text}: {error}");
        }
    }
}
