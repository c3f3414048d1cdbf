//! How a message names a file (02 section 6.4):
//!
//! ```text
//! <base>/file/<id>[#p=<64 hex>&d&sr=<address>]
//! ```

use std::fmt;
use std::str::FromStr;

use ramson_crypto::ed25519_to_x25519;
use ramson_types::{Ed25519PublicKey, X25519PublicKey};

use crate::network_file::{FileServer, ServerUrl, UrlError};

/// Where a file is, and whose server that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadUrl {
    /// The server, its path without `/file/…`.
    pub base: ServerUrl,
    /// The file's id, as it comes.
    pub id: String,
    /// The server's Ed25519 key (`p`); left out for the network's own server.
    pub server: Option<Ed25519PublicKey>,
    /// The content is encrypted as a stream whose key depends on nothing but
    /// the content (`d`). The key stands elsewhere in the message.
    pub deterministic: bool,
    /// Address of the server in the session router's network (`sr`), which
    /// Ramson does not speak to.
    pub router: Option<String>,
}

/// Why a text does not name a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadUrlError {
    /// Not even a URL.
    #[error("'{url}' is not the URL of a file: {why}")]
    Url {
        /// The text.
        url: String,
        /// What is wrong with it.
        why: UrlError,
    },
    /// A URL of something else.
    #[error("'{url}' is not the URL of a file: its path has to end with /file/ and an id")]
    Path {
        /// The text.
        url: String,
    },
    /// A key that is none.
    #[error("'{url}' names the server's key as '{key}', which is not 64 hex digits of a key")]
    Key {
        /// The text.
        url: String,
        /// The key.
        key: String,
    },
    /// A server that nobody told the key of.
    #[error("the file server {host} is not the network's own, and the URL does not say its key")]
    UnknownServer {
        /// Its host.
        host: String,
    },
}

impl DownloadUrl {
    /// A file on the network's own server.
    pub fn on(server: &FileServer, id: impl Into<String>) -> Self {
        let mut base = server.url.clone();
        base.path.truncate(base.path.trim_end_matches('/').len());
        Self { base, id: id.into(), server: None, deterministic: false, router: None }
    }

    /// To which key a request for the file is sealed: the one the URL names,
    /// or that of the network's own server if it is there.
    pub fn onion_key(&self, own: &FileServer) -> Result<X25519PublicKey, DownloadUrlError> {
        if let Some(key) = &self.server {
            return ed25519_to_x25519(key).ok_or_else(|| DownloadUrlError::Key {
                url: self.to_string(),
                key: key.to_string(),
            });
        }
        let is_own = self.base.host == own.url.host && self.base.port == own.url.port;
        is_own
            .then_some(own.public_key)
            .ok_or_else(|| DownloadUrlError::UnknownServer { host: self.base.host.clone() })
    }
}

impl FromStr for DownloadUrl {
    type Err = DownloadUrlError;

    /// Parameters that are not known are passed over.
    fn from_str(url: &str) -> Result<Self, DownloadUrlError> {
        let (place, fragment) = url.split_once('#').unwrap_or((url, ""));
        let mut base: ServerUrl =
            place.parse().map_err(|why| DownloadUrlError::Url { url: url.to_owned(), why })?;
        let (path, id) = base
            .path
            .rsplit_once("/file/")
            .filter(|(_, id)| !id.is_empty() && !id.contains('/'))
            .map(|(path, id)| (path.to_owned(), id.to_owned()))
            .ok_or_else(|| DownloadUrlError::Path { url: url.to_owned() })?;
        base.path = path;
        let mut file = Self { base, id, server: None, deterministic: false, router: None };
        for parameter in fragment.split('&') {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("p", key) => {
                    let parsed = key.parse().map_err(|_| DownloadUrlError::Key {
                        url: url.to_owned(),
                        key: key.to_owned(),
                    });
                    file.server = Some(parsed?);
                }
                ("d", _) => file.deterministic = true,
                ("sr", address) => file.router = Some(address.to_owned()),
                _ => {}
            }
        }
        Ok(file)
    }
}

impl fmt::Display for DownloadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/file/{}", self.base, self.id)?;
        let key = self.server.map(|key| format!("p={key}"));
        let flag = self.deterministic.then(|| "d".to_owned());
        let router = self.router.as_ref().map(|address| format!("sr={address}"));
        let parameters: Vec<_> = [key, flag, router].into_iter().flatten().collect();
        if !parameters.is_empty() {
            write!(f, "#{}", parameters.join("&"))?;
        }
        Ok(())
    }
}
