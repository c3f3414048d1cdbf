//! URLs of servers: scheme, host, port and path, nothing more.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Where a server is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerUrl {
    /// Over TLS.
    pub https: bool,
    /// Name or IPv4 address in lower case, or IPv6 address in brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Path; begins with a slash.
    pub path: String,
}

impl ServerUrl {
    /// A URL over plain HTTP.
    pub fn http(host: &str, port: u16, path: &str) -> Self {
        Self { https: false, host: host.to_owned(), port, path: path.to_owned() }
    }

    /// Whether the server is on this machine.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || bare.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
            || bare.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
    }

    const fn default_port(https: bool) -> u16 {
        if https { 443 } else { 80 }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != Self::default_port(self.https) {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

/// What is wrong with a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither `http://` nor `https://`.
    #[error("it has to begin with http:// or https://")]
    Scheme,
    /// No host, or one with strange characters.
    #[error("its host is not a name or an address")]
    Host,
    /// Not a TCP port.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// A path with blanks, a query or a fragment.
    #[error("its path may hold letters, digits and -._~/ only")]
    Path,
}

impl FromStr for ServerUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(UrlError::Scheme),
        };
        let (authority, path) = match rest.find('/').and_then(|slash| rest.split_at_checked(slash))
        {
            Some((authority, path)) => (authority, path),
            None => (rest, "/"),
        };
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(UrlError::Port)?,
            None => Self::default_port(https),
        };
        if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)) {
            return Err(UrlError::Path);
        }
        Ok(Self { https, host, port, path: path.to_owned() })
    }
}

fn split_port(authority: &str) -> Result<(String, Option<&str>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (ip, port) = rest.split_once(']').ok_or(UrlError::Host)?;
        let ip: Ipv6Addr = ip.parse().map_err(|_| UrlError::Host)?;
        let port = match port {
            "" => None,
            port => Some(port.strip_prefix(':').ok_or(UrlError::Port)?),
        };
        return Ok((format!("[{ip}]"), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if host.is_empty() || !host.bytes().all(of_a_name) {
        return Err(UrlError::Host);
    }
    Ok((host.to_ascii_lowercase(), port))
}
