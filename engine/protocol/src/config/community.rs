//! How communities stand in configs: by the canonical form of their server's
//! URL, and there by their rooms in lower case.
//!
//! ```text
//! <base url> → { #: server's key (32), R: { <room> → entry } }
//! ```

use super::community_url::{CommunityUrlError, canonical_base_url};
use super::data::{Dict, Value};
use super::machine::Config;

/// A community server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Server {
    base_url: String,
    key: [u8; 32],
}

impl Server {
    /// Of a URL without a room, which is brought to its canonical form, and
    /// the server's X25519 key.
    pub fn new(base_url: &str, key: [u8; 32]) -> Result<Self, CommunityUrlError> {
        Ok(Self { base_url: canonical_base_url(base_url)?, key })
    }

    /// Scheme, host and port, in canonical form.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The server's X25519 key.
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// What is kept under a base URL; `None` without the server's key.
    fn read(base_url: &[u8], server: &Dict) -> Option<Self> {
        let base_url = str::from_utf8(base_url).ok()?.to_owned();
        Some(Self { base_url, key: server.bytes(b"#")?.try_into().ok()? })
    }

    /// Every entry with its server and the key that it stands under. Servers
    /// without a key are passed over.
    pub(super) fn rooms(servers: Option<&Dict>) -> impl Iterator<Item = (Self, &[u8], &Dict)> {
        let servers = servers.into_iter().flat_map(Dict::iter);
        let servers = servers.filter_map(|(base_url, value)| match value {
            Value::Dict(dict) => Some((Self::read(base_url, dict)?, dict.dict(b"R")?)),
            _ => None,
        });
        servers.flat_map(|(server, rooms)| {
            rooms.iter().filter_map(move |(key, value)| match value {
                Value::Dict(room) => Some((server.clone(), key, room)),
                _ => None,
            })
        })
    }

    /// Writes the server's key.
    pub(super) fn write(&self, config: &mut Config, top: &[u8]) {
        config.set(&[top, self.base_url.as_bytes(), b"#"], &self.key);
    }

    /// Erases an entry, and the server with its last one.
    pub(super) fn erase_room(&self, config: &mut Config, top: &[u8], room: &[u8]) {
        let server: &[u8] = self.base_url.as_bytes();
        config.erase(&[top, server, b"R", room]);
        let rooms = config.data().dict_at(&[top, server, b"R"]);
        if rooms.is_none_or(Dict::is_empty) {
            config.erase(&[top, server]);
        }
    }
}
