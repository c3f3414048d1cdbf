//! Version 3, for old servers only: one JSON object whose body is a text. The
//! answer is the endpoint's body alone, without status and headers; a failure
//! is `{"status_code":N}`.

use serde::{Deserialize, Serialize};

use super::{Headers, V4Error};

/// The path of servers that take version 3.
pub const TARGET_V3: &str = "/loki/v3/lsrpc";

/// A request of version 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct V3Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Path and query, without a slash before them.
    pub endpoint: String,
    /// A text, mostly JSON; `None` without one.
    #[serde(default)]
    pub body: Option<String>,
    /// In the order in which they were written.
    #[serde(default)]
    pub headers: Headers,
}

impl V3Request {
    /// What is sealed for the server.
    pub fn encode(&self) -> Vec<u8> {
        // Texts under text keys always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a request, as a server.
    pub fn decode(bytes: &[u8]) -> Result<Self, V4Error> {
        serde_json::from_slice(bytes).map_err(|why| V4Error::Head { reason: why.to_string() })
    }
}
