//! What a file server is asked (02 section 6.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{JSON, OCTETS};
use crate::onion_v4::{Headers, Request};

/// The header that asks for a lifetime, in seconds.
pub const TTL_HEADER: &str = "X-FS-TTL";

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// Keep a file.
    Upload {
        /// Its bytes, encrypted by the client.
        content: Vec<u8>,
        /// For how many seconds, if the server lets clients choose.
        ttl: Option<u64>,
    },
    /// Give a file.
    Download {
        /// Its id.
        id: String,
    },
    /// Say how large a file is and until when it is kept.
    Info {
        /// Its id.
        id: String,
    },
    /// Keep a file longer.
    Extend {
        /// Its id.
        id: String,
        /// For how many seconds from now.
        ttl: Option<u64>,
    },
    /// [`Call::Upload`] as old clients write it, in JSON and base64.
    LegacyUpload {
        /// Its bytes.
        content: Vec<u8>,
    },
    /// [`Call::Download`] as old clients write it.
    LegacyDownload {
        /// Its id.
        id: String,
    },
    /// Which version of a client is the newest.
    Version {
        /// `desktop`, `android` or `ios`.
        platform: String,
        /// `stable` or another.
        release_channel: Option<String>,
    },
}

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No such path.
    #[error("the file server has nothing at '{endpoint}'")]
    Unknown {
        /// What was asked.
        endpoint: String,
    },
    /// A path that does not take this method.
    #[error("the file server does not take {method} at '{endpoint}'")]
    Method {
        /// The method.
        method: String,
        /// The path.
        endpoint: String,
    },
    /// A header, a query or a body that is not what it should be.
    #[error("the file server cannot use the {what} of the call")]
    Bad {
        /// Which part.
        what: &'static str,
    },
    /// An upload of nothing.
    #[error("the uploaded file is empty")]
    Empty,
}

impl CallError {
    /// The status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unknown { .. } => 404,
            Self::Method { .. } => 405,
            Self::Bad { .. } => 400,
            Self::Empty => 413,
        }
    }
}

impl Call {
    /// The request to seal for the server. Ids and platforms are written as
    /// they are; ids come from servers and URLs, which know safe ones only.
    pub fn to_request(&self) -> Request {
        match self {
            Self::Upload { content, ttl } => {
                let fixed = [("Content-Type", OCTETS), ("Content-Disposition", "attachment")];
                let mut headers: Headers = fixed.into_iter().collect();
                set_ttl(&mut headers, *ttl);
                Request::post("/file", headers, content.clone())
            }
            Self::Download { id } => Request::get(format!("/file/{id}")),
            Self::Info { id } => Request::get(format!("/file/{id}/info")),
            Self::Extend { id, ttl } => {
                let mut headers = Headers::default();
                set_ttl(&mut headers, *ttl);
                Request::post(format!("/file/{id}/extend"), headers, Vec::new())
            }
            Self::LegacyUpload { content } => {
                let headers = [("Content-Type", JSON)].into_iter().collect();
                let body = json!({ "file": STANDARD.encode(content) }).to_string();
                Request::post("/files", headers, body.into_bytes())
            }
            Self::LegacyDownload { id } => Request::get(format!("/files/{id}")),
            Self::Version { platform, release_channel } => {
                let mut endpoint = format!("/session_version?platform={platform}");
                if let Some(channel) = release_channel {
                    endpoint.push_str("&release_channel=");
                    endpoint.push_str(channel);
                }
                Request::get(endpoint)
            }
        }
    }

    /// Reads a request, as the server. Sizes are not looked at.
    pub fn parse(request: &Request) -> Result<Self, CallError> {
        let (path, query) = request.path_and_query();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let id = |id: &str| {
            let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            if !id.is_empty() && id.bytes().all(safe) {
                return Ok(id.to_owned());
            }
            Err(CallError::Unknown { endpoint: request.endpoint.clone() })
        };
        let body = || request.body.clone().filter(|body| !body.is_empty()).ok_or(CallError::Empty);
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["file"]) => {
                Ok(Self::Upload { ttl: ttl(&request.headers)?, content: body()? })
            }
            ("GET", ["file", file]) => Ok(Self::Download { id: id(file)? }),
            ("GET", ["file", file, "info"]) => Ok(Self::Info { id: id(file)? }),
            ("POST", ["file", file, "extend"]) => {
                Ok(Self::Extend { id: id(file)?, ttl: ttl(&request.headers)? })
            }
            ("POST", ["files"]) => Ok(Self::LegacyUpload { content: legacy_content(&body()?)? }),
            ("GET", ["files", file]) => Ok(Self::LegacyDownload { id: id(file)? }),
            ("GET", ["session_version"]) => version(query.unwrap_or_default()),
            (
                method,
                ["file" | "files" | "session_version"]
                | ["file" | "files", _]
                | ["file", _, "info" | "extend"],
            ) => Err(CallError::Method {
                method: method.to_owned(),
                endpoint: request.endpoint.clone(),
            }),
            _ => Err(CallError::Unknown { endpoint: request.endpoint.clone() }),
        }
    }
}

fn set_ttl(headers: &mut Headers, ttl: Option<u64>) {
    if let Some(ttl) = ttl {
        headers.set(TTL_HEADER, ttl.to_string());
    }
}

fn ttl(headers: &Headers) -> Result<Option<u64>, CallError> {
    let digits = |text: &str| {
        let bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        bare.then(|| text.parse().ok()).flatten()
    };
    let ttl = headers.get(TTL_HEADER).map(|text| digits(text.trim()));
    ttl.map(|ttl| ttl.ok_or(CallError::Bad { what: TTL_HEADER })).transpose()
}

fn legacy_content(body: &[u8]) -> Result<Vec<u8>, CallError> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let text = json.as_ref().and_then(|json| json.get("file")).and_then(Value::as_str);
    let content = text.and_then(|text| STANDARD.decode(text).ok());
    content.ok_or(CallError::Bad { what: "body" })
}

fn version(query: &str) -> Result<Call, CallError> {
    let of = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
    };
    let platform = of("platform").ok_or(CallError::Bad { what: "platform" })?;
    Ok(Call::Version { platform, release_channel: of("release_channel") })
}
