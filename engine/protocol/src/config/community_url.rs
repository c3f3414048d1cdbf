//! The URL of a community (05 section 1.2): how different spellings are told
//! to be one.
//!
//! ```text
//! https://host:port/r/room?public_key=<hex, base64 or z-base-32>
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// How long a base URL may be.
const MAX_BASE_URL: usize = 267;

/// How long a room's name may be.
const MAX_ROOM: usize = 64;

const KEY_PART: &str = "?public_key=";

/// z-base-32, in which some write keys.
const ALPHABET: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

/// A community as a URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityUrl {
    /// Scheme, host and port, in canonical form.
    pub base_url: String,
    /// The room as it is spelled; not checked, see [`room_key`].
    pub room: String,
    /// The server's key. Joining needs one.
    pub key: Option<[u8; 32]>,
}

/// Why a text is no community's URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommunityUrlError {
    /// No scheme, or one that communities do not use.
    #[error("'{url}' does not start with http:// or https://; copy the community's link again")]
    Scheme {
        /// The text.
        url: String,
    },
    /// The host is none.
    #[error("'{host}' is not the name of a host; copy the community's link again")]
    Host {
        /// What stands in its place.
        host: String,
    },
    /// The port is none.
    #[error("'{port}' is not a port; copy the community's link again")]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// More path than a room.
    #[error("'{path}' is too much of a path for a community; copy its link again")]
    Path {
        /// What stands between host and room.
        path: String,
    },
    /// The base URL is too long.
    #[error("the community's address has {length} bytes; it may have {MAX_BASE_URL}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// The key is none.
    #[error("'{key}' is not the key of a community server; copy the community's link again")]
    Key {
        /// What stands in its place.
        key: String,
    },
    /// The room is none.
    #[error("'{room}' is not the name of a room: 1 to 64 of letters, digits, '-' and '_'")]
    Room {
        /// The name.
        room: String,
    },
}

impl CommunityUrl {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, CommunityUrlError> {
        let (rest, key) = match url.rsplit_once(KEY_PART) {
            Some((rest, key)) => (rest, Some(server_key(key)?)),
            None => (url, None),
        };
        let cut = rest.rsplit_once("/r/").or_else(|| rest.rsplit_once('/'));
        let (base, room) = cut.unwrap_or((rest, ""));
        Ok(Self { base_url: canonical_base_url(base)?, room: room.to_owned(), key })
    }
}

/// The form of a room's name by which it is known: lower case.
pub fn room_key(room: &str) -> Result<String, CommunityUrlError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !(1..=MAX_ROOM).contains(&room.len()) || !room.bytes().all(is_name) {
        return Err(CommunityUrlError::Room { room: room.to_owned() });
    }
    Ok(room.to_ascii_lowercase())
}

/// The form of a base URL by which it is known: in lower case, without the
/// port that its scheme implies.
pub fn canonical_base_url(url: &str) -> Result<String, CommunityUrlError> {
    let lower = url.to_ascii_lowercase();
    let (scheme, usual_port, rest) = match lower.split_once("://") {
        Some(("http", rest)) => ("http", 80, rest),
        Some(("https", rest)) => ("https", 443, rest),
        _ => return Err(CommunityUrlError::Scheme { url: url.to_owned() }),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !path.is_empty() {
        return Err(CommunityUrlError::Path { path: path.to_owned() });
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port_number(port)?)),
        None => (authority, None),
    };
    if !is_host(host) {
        return Err(CommunityUrlError::Host { host: host.to_owned() });
    }
    let base_url = match port.filter(|port| *port != usual_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    match base_url.len() {
        length if length > MAX_BASE_URL => Err(CommunityUrlError::TooLong { length }),
        _ => Ok(base_url),
    }
}

fn port_number(port: &str) -> Result<u16, CommunityUrlError> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { port.parse().ok() } else { None };
    number.ok_or_else(|| CommunityUrlError::Port { port: port.to_owned() })
}

fn is_host(host: &str) -> bool {
    let of_host = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
    };
    let dots = host.contains('.') && !host.contains("..");
    let inside = !host.starts_with('.') && !host.ends_with('.');
    host.len() >= 4 && dots && inside && host.bytes().all(of_host)
}

fn server_key(text: &str) -> Result<[u8; 32], CommunityUrlError> {
    let bytes = match text.len() {
        64 => hex::decode(text).ok(),
        52 => z_base_32(text),
        44 => STANDARD.decode(text).ok(),
        43 => STANDARD_NO_PAD.decode(text).ok(),
        _ => None,
    };
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| CommunityUrlError::Key { key: text.to_owned() })
}

/// Five bits a character, the highest first; bits beyond the last whole byte
/// are not used.
fn z_base_32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(32);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for character in text.bytes().map(|byte| byte.to_ascii_lowercase()) {
        let five = ALPHABET.iter().position(|letter| *letter == character)?;
        held = (held << 5 | u32::try_from(five).ok()?) & 0xfff;
        bits = bits.saturating_add(5);
        if let Some(left) = bits.checked_sub(8) {
            bits = left;
            bytes.push(u8::try_from(held >> left & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_may_be_read(text: String) {
            let _ = CommunityUrl::parse(&text);
            let _ = room_key(&text);
        }

        #[test]
        fn a_canonical_url_stays_as_it_is(host in "[a-z0-9-]{2,9}\\.[a-z]{2,5}", port: u16) {
            let url = canonical_base_url(&format!("HTTPS://{host}:{port}/")).unwrap();
            prop_assert_eq!(canonical_base_url(&url), Ok(url.clone()));
            let read = CommunityUrl::parse(&format!("{url}/r/Room"));
            let expected = CommunityUrl { base_url: url, room: "Room".into(), key: None };
            prop_assert_eq!(read, Ok(expected));
        }
    }

    #[test]
    fn a_port_is_digits() {
        for port in ["", "+5", "65536", "5x"] {
            let refused = CommunityUrlError::Port { port: port.to_owned() };
            assert_eq!(canonical_base_url(&format!("http://a.bc:{port}")), Err(refused));
        }
        assert_eq!(canonical_base_url("http://a.bc:007").unwrap(), "http://a.bc:7");
    }
}
