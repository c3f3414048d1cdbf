//! The network file: everything central of a network, so that anybody can run
//! their own. Text in, value out; reading the file is the caller's.
//!
//! ```toml
//! name = "my network"                          # the first seed's host and port when left out
//! seeds = ["https://seed.example.org/json_rpc"] # oxend JSON-RPC; at least one
//! min_pool = 4                                 # service nodes wanted before paths are built
//! subnet_diversity = false                     # no two hops of a path in one /24
//! max_requests_per_second = 0                  # 0 = the safe default
//! allow_stress = false
//! allow_http = false                           # plain http to seeds that are not on this machine
//!
//! [[pins]]                                     # an https seed's certificate, if it is its own authority
//! host = "seed.example.org"
//! spki_sha256 = "…"                            # hex or base64
//! certificate_sha256 = "…"                     # may be left out
//!
//! [file_server]
//! url = "http://files.example.org"
//! public_key = "…"                             # X25519, 64 hex digits
//! ```

#[cfg(test)]
mod tests;
mod text;
mod url;

use ramson_types::X25519PublicKey;

pub use text::NetworkFileError;
pub use url::{ServerUrl, UrlError};

use crate::seeds::MAINNET_SEEDS;

/// A network, as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkFile {
    /// What users call it.
    pub name: String,
    /// Where the list of service nodes comes from; never empty.
    pub seeds: Vec<ServerUrl>,
    /// Certificates of seeds that are their own authority.
    pub pins: Vec<CertificatePin>,
    /// How many service nodes must be known before paths are built.
    pub min_pool: usize,
    /// Whether no two hops of a path may be in one /24.
    pub subnet_diversity: bool,
    /// The server for attachments, where there is one.
    pub file_server: Option<FileServer>,
    /// What the network may be asked for in all, per second; 0 is the safe
    /// default.
    pub max_requests_per_second: u32,
    /// Whether stress tests may run on it.
    pub allow_stress: bool,
    /// Whether seeds elsewhere may be asked over plain HTTP.
    pub allow_http: bool,
}

/// The certificate of one seed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificatePin {
    /// The seed's host name, lower case.
    pub host: String,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub spki_sha256: [u8; 32],
    /// SHA-256 of the whole certificate in DER, where the file gives it.
    pub certificate_sha256: Option<[u8; 32]>,
}

/// A file server (02 section 6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileServer {
    /// Where it is, as the last hop of an onion path sees it.
    pub url: ServerUrl,
    /// To which requests are sealed.
    pub public_key: X25519PublicKey,
}

/// How a seed is proven to be the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeedProof {
    /// Not at all: plain HTTP.
    Plain,
    /// TLS with any certificate: the seed is on this machine. Worth a warning.
    AnyCertificate,
    /// TLS, verified ordinarily.
    Ordinary,
    /// TLS with one of these certificates, and no other authority.
    Pinned(Vec<CertificatePin>),
}

/// Nodes of a path, and one more to be the destination: less cannot work.
const SMALLEST_POOL: usize = 4;

/// What clients of mainnet want before they trust a list (02 section 1.4).
const MAINNET_POOL: usize = 12;

impl NetworkFile {
    /// A network of which only the seeds are known.
    pub fn with_seeds(name: impl Into<String>, seeds: Vec<ServerUrl>) -> Self {
        Self {
            name: name.into(),
            seeds,
            pins: Vec::new(),
            min_pool: SMALLEST_POOL,
            subnet_diversity: false,
            file_server: None,
            max_requests_per_second: 0,
            allow_stress: false,
            allow_http: false,
        }
    }

    /// Mainnet: three pinned seeds (02 sections 1.1 and 6.1).
    pub fn mainnet() -> Self {
        let seeds: Vec<_> = MAINNET_SEEDS
            .iter()
            .filter_map(|seed| Some((seed.url.parse::<ServerUrl>().ok()?, seed)))
            .collect();
        let pins = seeds
            .iter()
            .map(|(url, seed)| CertificatePin {
                host: url.host.clone(),
                spki_sha256: seed.spki_sha256,
                certificate_sha256: Some(seed.certificate_sha256),
            })
            .collect();
        Self {
            pins,
            min_pool: MAINNET_POOL,
            subnet_diversity: true,
            file_server: Some(FileServer {
                url: ServerUrl::http("filev2.getsession.org", 80, "/"),
                public_key: X25519PublicKey([
                    0x09, 0x32, 0x47, 0x94, 0xaa, 0x9c, 0x11, 0x94, 0x81, 0x89, 0x76, 0x2d, 0x19,
                    0x8c, 0x61, 0x81, 0x48, 0xe9, 0x13, 0x6a, 0xc9, 0x58, 0x20, 0x68, 0x18, 0x06,
                    0x61, 0x20, 0x89, 0x27, 0xef, 0x34,
                ]),
            }),
            ..Self::with_seeds("mainnet", seeds.into_iter().map(|(url, _)| url).collect())
        }
    }

    /// Testnet: plain HTTP seeds (02 sections 1.1 and 6.1). Its nodes share
    /// addresses, so the /24 rule is off.
    pub fn testnet() -> Self {
        let seeds = ["seed2.getsession.org", "public.loki.foundation"]
            .map(|host| ServerUrl::http(host, 38157, "/json_rpc"));
        Self {
            allow_http: true,
            file_server: Some(FileServer {
                url: ServerUrl::http("superduperfiles.oxen.io", 80, "/"),
                public_key: X25519PublicKey([
                    0x16, 0xd6, 0xc6, 0x0a, 0xeb, 0xb0, 0x85, 0x1d, 0xe7, 0xe6, 0xf4, 0xdc, 0x0a,
                    0x47, 0x34, 0x67, 0x1d, 0xbf, 0x80, 0xf7, 0x36, 0x64, 0xc0, 0x08, 0x59, 0x65,
                    0x11, 0x45, 0x4c, 0xb6, 0x57, 0x6d,
                ]),
            }),
            ..Self::with_seeds("testnet", seeds.to_vec())
        }
    }

    /// How a seed of this network has to prove itself.
    pub fn proof_of(&self, seed: &ServerUrl) -> SeedProof {
        if !seed.https {
            return SeedProof::Plain;
        }
        let pins: Vec<_> = self.pins.iter().filter(|pin| pin.host == seed.host).cloned().collect();
        if !pins.is_empty() {
            SeedProof::Pinned(pins)
        } else if seed.is_loopback() {
            SeedProof::AnyCertificate
        } else {
            SeedProof::Ordinary
        }
    }
}
