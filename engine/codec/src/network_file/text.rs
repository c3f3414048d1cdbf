//! The file's text: reading with errors that say where, and writing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ramson_types::X25519PublicKey;
use serde::Deserialize;
use toml::{Table, Value};

use super::{CertificatePin, FileServer, NetworkFile, SMALLEST_POOL, ServerUrl, UrlError};

/// The file as it stands.
#[derive(Deserialize)]
struct Raw {
    name: Option<String>,
    #[serde(default)]
    seeds: Vec<String>,
    #[serde(default)]
    pins: Vec<RawPin>,
    min_pool: Option<u32>,
    #[serde(default)]
    subnet_diversity: bool,
    file_server: Option<RawFileServer>,
    #[serde(default)]
    max_requests_per_second: u32,
    #[serde(default)]
    allow_stress: bool,
    #[serde(default)]
    allow_http: bool,
}

#[derive(Deserialize)]
struct RawPin {
    host: String,
    spki_sha256: String,
    certificate_sha256: Option<String>,
}

#[derive(Deserialize)]
struct RawFileServer {
    url: String,
    public_key: String,
}

/// What is wrong with a network file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFileError {
    /// Not TOML, or a value of another kind than expected.
    #[error("line {line} of the network file: {reason}")]
    Toml {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Nobody to ask for service nodes.
    #[error(
        "the network file names no seed; add one, such as \
         seeds = [\"https://seed.example.org/json_rpc\"]"
    )]
    NoSeeds,
    /// An unusable URL.
    #[error("'{url}' in the network file is not a URL of a server: {reason}")]
    BadUrl {
        /// As it stands in the file.
        url: String,
        /// What is wrong with it.
        reason: UrlError,
    },
    /// A seed that anybody on the way could forge.
    #[error(
        "the seed {url} is asked over plain http, which anybody on the way can forge; \
         use https, or say allow_http = true in the network file if you accept that"
    )]
    PlainHttp {
        /// The seed.
        url: String,
    },
    /// A pin that is not a SHA-256 hash.
    #[error(
        "'{value}' pinned for {host} is not a SHA-256 hash: 64 hex digits or base64 of 32 bytes"
    )]
    BadPin {
        /// For which host.
        host: String,
        /// As it stands in the file.
        value: String,
    },
    /// A pin that protects nothing.
    #[error("a certificate is pinned for {host}, but no https seed has that host")]
    PinWithoutSeed {
        /// For which host.
        host: String,
    },
    /// Too few nodes for a path and its destination.
    #[error(
        "min_pool = {min_pool} is too small: three hops and a destination need {SMALLEST_POOL}"
    )]
    SmallPool {
        /// As it stands in the file.
        min_pool: usize,
    },
    /// The file server's key is not one.
    #[error(
        "the file server's public_key '{key}' is not an X25519 key: 64 hex digits are expected"
    )]
    BadKey {
        /// As it stands in the file.
        key: String,
    },
}

impl NetworkFile {
    /// Reads a network file. Keys that are not known here are passed over: the
    /// file may be of a newer version ([`NetworkFile::unknown_keys`]).
    pub fn parse(text: &str) -> Result<Self, NetworkFileError> {
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.as_bytes().get(..start).unwrap_or_default();
            NetworkFileError::Toml {
                line: before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1),
                reason: error.message().to_owned(),
            }
        })?;
        let seeds = raw.seeds.iter().map(|url| seed(url)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = seeds.first() else {
            return Err(NetworkFileError::NoSeeds);
        };
        let in_the_open = |seed: &&ServerUrl| !seed.https && !seed.is_loopback();
        if !raw.allow_http
            && let Some(seed) = seeds.iter().find(in_the_open)
        {
            return Err(NetworkFileError::PlainHttp { url: seed.to_string() });
        }
        let pins = raw.pins.into_iter().map(pin).collect::<Result<Vec<_>, _>>()?;
        let of_a_seed =
            |pin: &CertificatePin| seeds.iter().any(|seed| seed.https && seed.host == pin.host);
        if let Some(pin) = pins.iter().find(|pin| !of_a_seed(pin)) {
            return Err(NetworkFileError::PinWithoutSeed { host: pin.host.clone() });
        }
        let min_pool = raw.min_pool.map(|least| usize::try_from(least).unwrap_or(usize::MAX));
        let min_pool = min_pool.unwrap_or(SMALLEST_POOL);
        if min_pool < SMALLEST_POOL {
            return Err(NetworkFileError::SmallPool { min_pool });
        }
        Ok(Self {
            name: raw.name.unwrap_or_else(|| format!("{}:{}", first.host, first.port)),
            pins,
            min_pool,
            subnet_diversity: raw.subnet_diversity,
            file_server: raw.file_server.map(file_server).transpose()?,
            max_requests_per_second: raw.max_requests_per_second,
            allow_stress: raw.allow_stress,
            allow_http: raw.allow_http,
            seeds,
        })
    }

    /// Keys of a network file that mean nothing here: worth a warning, a
    /// misspelt `allow_http` is one of them. Empty for text that is not TOML.
    pub fn unknown_keys(text: &str) -> Vec<String> {
        let known = Self::with_seeds("", Vec::new()).table();
        let table: Table = toml::from_str(text).unwrap_or_default();
        let sometimes = ["file_server"];
        table
            .keys()
            .filter(|key| !known.contains_key(*key) && !sometimes.contains(&key.as_str()))
            .cloned()
            .collect()
    }

    /// The text of the network file.
    pub fn to_toml(&self) -> String {
        self.table().to_string()
    }

    fn table(&self) -> Table {
        let pins = self.pins.iter().map(|pin| {
            let mut table = Table::new();
            table.insert("host".to_owned(), pin.host.clone().into());
            table.insert("spki_sha256".to_owned(), hex::encode(pin.spki_sha256).into());
            if let Some(whole) = pin.certificate_sha256 {
                table.insert("certificate_sha256".to_owned(), hex::encode(whole).into());
            }
            Value::Table(table)
        });
        let number = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let seeds = self.seeds.iter().map(|seed| Value::String(seed.to_string()));
        let mut table = Table::new();
        let mut set = |key: &str, value: Value| table.insert(key.to_owned(), value);
        set("name", self.name.clone().into());
        set("seeds", Value::Array(seeds.collect()));
        set("pins", Value::Array(pins.collect()));
        set("min_pool", number(self.min_pool as u64));
        set("subnet_diversity", self.subnet_diversity.into());
        set("max_requests_per_second", number(self.max_requests_per_second.into()));
        set("allow_stress", self.allow_stress.into());
        set("allow_http", self.allow_http.into());
        if let Some(server) = &self.file_server {
            let mut table = Table::new();
            table.insert("url".to_owned(), server.url.to_string().into());
            table.insert("public_key".to_owned(), server.public_key.to_string().into());
            set("file_server", Value::Table(table));
        }
        table
    }
}

fn url(text: &str) -> Result<ServerUrl, NetworkFileError> {
    text.parse().map_err(|reason| NetworkFileError::BadUrl { url: text.to_owned(), reason })
}

/// A seed's URL; oxend answers at `/json_rpc` only, so that may be left out.
fn seed(text: &str) -> Result<ServerUrl, NetworkFileError> {
    let mut url = url(text)?;
    if url.path == "/" {
        url.path = "/json_rpc".to_owned();
    }
    Ok(url)
}

fn file_server(raw: RawFileServer) -> Result<FileServer, NetworkFileError> {
    let public_key: X25519PublicKey =
        raw.public_key.parse().map_err(|_| NetworkFileError::BadKey { key: raw.public_key })?;
    Ok(FileServer { url: url(&raw.url)?, public_key })
}

fn pin(raw: RawPin) -> Result<CertificatePin, NetworkFileError> {
    let host = raw.host.to_ascii_lowercase();
    let read = |value: &str| {
        sha256(value)
            .ok_or_else(|| NetworkFileError::BadPin { host: host.clone(), value: value.to_owned() })
    };
    let spki_sha256 = read(&raw.spki_sha256)?;
    let certificate_sha256 = raw.certificate_sha256.as_deref().map(read).transpose()?;
    Ok(CertificatePin { host, spki_sha256, certificate_sha256 })
}

/// A hash as tools print it: hex, with or without colons, or base64.
fn sha256(text: &str) -> Option<[u8; 32]> {
    let bytes = hex::decode(text.replace(':', "")).or_else(|_| STANDARD.decode(text)).ok()?;
    bytes.try_into().ok()
}
