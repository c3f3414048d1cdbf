//! A file server as a pure machine (02 section 6): it keeps what clients
//! upload until it expires. Like a node it has no socket, no clock and no
//! randomness of its own.
//!
//! Clients reach it through an onion path: the last node posts its whole
//! decrypted layer to `/oxen/v4/lsrpc`, and what is sealed in there is a
//! request to one of the endpoints. The same endpoints answer over HTTP
//! directly.
//!
//! | request | answer |
//! |---|---|
//! | `POST /file`, with or without `X-FS-TTL` | id and expiry |
//! | `GET /file/ID` | the bytes |
//! | `GET /file/ID/info` | size, times |
//! | `POST /file/ID/extend`, with or without `X-FS-TTL` | size, times |
//! | `POST /files`, `GET /files/ID` | the same in base64, for old clients |
//! | `GET /session_version?platform=…` | the newest release of an app |
//!
//! Here are the key, the configuration and the sealed way in; `endpoints`
//! answers, `files` keeps the files. Not here: what is said on the wire
//! (`ramson_codec::file_server`), QUIC (02 section 6.6).

mod endpoints;
mod files;
mod http_date;
mod snapshot;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_codec::file_server::{OCTETS, SERVER_LIFETIME_MS, SERVER_LIMIT, failure};
use ramson_codec::onion_frame;
use ramson_codec::onion_v4::{Request, Response, TARGET, TARGET_V3, V3Request};
use ramson_crypto::{Ed25519Secret, EncType, LayerKey, X25519Secret};
use ramson_types::{Timestamp, X25519PublicKey};
use rand_core::CryptoRng;

use crate::{HttpRequest, HttpResponse, MAX_BODY};

use files::Files;

/// The secret key to which requests are sealed.
pub struct FileServerKey(X25519Secret);

impl FileServerKey {
    /// From the X25519 key itself.
    pub const fn new(key: X25519Secret) -> Self {
        Self(key)
    }

    /// The X25519 key of an Ed25519 key: download links name the latter.
    pub fn from_ed25519(key: &Ed25519Secret) -> Self {
        Self(key.to_x25519())
    }

    /// What clients seal to.
    pub const fn public(&self) -> X25519PublicKey {
        self.0.public()
    }
}

/// What files are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileIds {
    /// By a hash of their content: equal content is one file.
    #[default]
    Content,
    /// By a random number below 2^53, as older servers do.
    Random,
}

/// How a file server behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileServerConfig {
    /// What files are called.
    pub ids: FileIds,
    /// Largest file, in bytes. Clients upload 10,000,000 at most.
    pub max_file: usize,
    /// How long files are kept whose uploader names no time.
    pub lifetime: Duration,
    /// The longest that an uploader may ask for with `X-FS-TTL`; without it the
    /// header is ignored.
    pub max_lifetime: Option<Duration>,
    /// Bytes of all files together. When they are used up, uploads are refused
    /// with 507 until files expire; nothing is thrown out before its time.
    pub capacity: u64,
    /// The same for the number of files.
    pub max_files: usize,
    /// The newest release by platform: `desktop`, `android` or `ios`.
    pub versions: BTreeMap<String, String>,
}

impl Default for FileServerConfig {
    /// What real servers are known to be set to: 6,000,000 bytes, three weeks;
    /// beside it half a gigabyte and 100,000 files.
    fn default() -> Self {
        Self {
            ids: FileIds::Content,
            max_file: SERVER_LIMIT,
            lifetime: Duration::from_millis(SERVER_LIFETIME_MS),
            max_lifetime: Some(Duration::from_secs(30 * 24 * 60 * 60)),
            capacity: 512 * 1024 * 1024,
            max_files: 100_000,
            versions: BTreeMap::new(),
        }
    }
}

/// A file server.
pub struct FileServer {
    key: FileServerKey,
    config: FileServerConfig,
    files: Files,
}

impl FileServer {
    /// A server without files.
    pub const fn new(key: FileServerKey, config: FileServerConfig) -> Self {
        Self { key, config, files: Files::new() }
    }

    /// What clients seal to.
    pub const fn public_key(&self) -> X25519PublicKey {
        self.key.public()
    }

    /// How it behaves.
    pub const fn config(&self) -> &FileServerConfig {
        &self.config
    }

    /// How many files it holds.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Bytes of all files.
    pub const fn bytes(&self) -> u64 {
        self.files.bytes()
    }

    /// A number that grows whenever its files change, and not when they are
    /// only read; what was exported at the same number is still right.
    pub const fn changes(&self) -> u64 {
        self.files.changes()
    }

    /// Deletes what has expired. To be called now and then; expired files are
    /// not given out in any case.
    pub fn tick(&mut self, now: Timestamp) {
        self.files.sweep(now);
    }

    /// Carries out a request. The driver adds `Content-Length` and `Date`.
    pub fn serve(
        &mut self,
        request: &HttpRequest,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> HttpResponse {
        if request.body.len() > MAX_BODY {
            return plain(failure(413));
        }
        let path = request.path.split('?').next().unwrap_or_default();
        match (request.method.as_str(), path) {
            ("POST", TARGET) => self.sealed(&request.body, Form::V4, now, rng),
            ("POST", TARGET_V3) => self.sealed(&request.body, Form::V3, now, rng),
            _ => {
                let headers = request.headers.iter();
                let request = Request {
                    method: request.method.clone(),
                    endpoint: request.path.clone(),
                    headers: headers.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
                    body: Some(request.body.clone()),
                };
                plain(self.answer(&request, now, rng))
            }
        }
    }

    /// A sealed request. Who cannot seal it right gets a bare 400.
    fn sealed(
        &mut self,
        body: &[u8],
        form: Form,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> HttpResponse {
        let Some((key, request)) = self.open(body) else {
            return HttpResponse { status: 400, headers: Vec::new(), body: Vec::new() };
        };
        let (kind, body) = match form {
            Form::V4 => {
                let answer = match Request::decode(&request) {
                    Ok(request) => self.answer(&request, now, rng),
                    Err(_) => Response::invalid_request(),
                };
                (OCTETS, key.seal(&answer.encode(), rng))
            }
            Form::V3 => {
                let answer = self.v3(&request, now, rng);
                ("text/plain", crate::base64(&key.seal(&answer.body, rng)).into_bytes())
            }
        };
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        HttpResponse { status: 200, headers, body }
    }

    fn open(&self, body: &[u8]) -> Option<(LayerKey, Vec<u8>)> {
        let frame = onion_frame::decode(body).ok()?;
        let (ephemeral, enc_type) = onion_frame::parse_sealed_control(frame.json).ok()?;
        // Not authenticated, and taken by storage servers only.
        if enc_type == EncType::AesCbc {
            return None;
        }
        let key = LayerKey::for_node(enc_type, &self.key.0, &ephemeral).ok()?;
        let request = key.open(frame.blob).ok()?;
        Some((key, request))
    }

    /// An answer of which only the body is sent; a failure is told in there.
    fn v3(
        &mut self,
        request: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Response {
        let Ok(request) = V3Request::decode(request) else { return failure(400) };
        let request = Request {
            method: request.method,
            endpoint: format!("/{}", request.endpoint),
            headers: request.headers,
            body: request.body.map(String::into_bytes),
        };
        let answer = self.answer(&request, now, rng);
        if answer.is_success() { answer } else { failure(answer.code) }
    }
}

/// An answer over HTTP.
fn plain(response: Response) -> HttpResponse {
    let headers = response.headers.iter();
    HttpResponse {
        status: response.code,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: response.body,
    }
}

/// The two forms of sealed requests (02 sections 3.7 and 3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    V4,
    V3,
}
