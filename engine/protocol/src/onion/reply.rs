//! Reading what came back for an onion request (02 sections 2.3 and 3.9).
//!
//! Only what decrypts is believed. What a guard answers in the clear can be
//! forged by any node of the path; it is read to find out whom to try without,
//! and names only nodes of this request.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ramson_types::Ed25519PublicKey;
use serde_json::Value;

use super::OnionKeys;

/// Padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How much of an unexpected text an error shows, in characters.
const EXCERPT: usize = 200;

/// The destination's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnionReply {
    /// Its status, as in HTTP.
    pub status: u16,
    /// JSON or plain text, which only parsing tells. An answer that came as
    /// embedded JSON is written as text again.
    pub body: String,
}

/// Why there is no answer of the destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OnionReplyError {
    /// A relay does not know the next node.
    #[error("service node {node} is not known to the node before it")]
    NextNodeNotFound {
        /// The next node.
        node: Ed25519PublicKey,
    },
    /// A relay knows the next node but cannot reach it.
    #[error("service node {node} cannot be reached by the node before it")]
    NextNodeUnreachable {
        /// The next node.
        node: Ed25519PublicKey,
    },
    /// A node of the way is syncing or decommissioned.
    #[error("service node {node} is not ready")]
    NodeNotReady {
        /// The node.
        node: Ed25519PublicKey,
    },
    /// The guard itself is not ready.
    #[error("the guard is not ready: {reason}")]
    GuardNotReady {
        /// What it says.
        reason: String,
    },
    /// The guard has too much to do.
    #[error("the guard is busy")]
    GuardBusy,
    /// A relay waited for its next node in vain.
    #[error("a node of the path did not answer in time")]
    Timeout,
    /// A relay got an answer from its next node that it could not read.
    #[error("a node of the path answered its neighbour with garbage")]
    BadRelayResponse,
    /// A node could not open its layer: its X25519 key is not the one known.
    #[error("a node of the path could not open its layer; its keys may have changed")]
    InvalidCiphertext,
    /// The guard does not take the request as it is.
    #[error("the guard refused the request ({status}): {reason}")]
    RequestRefused {
        /// HTTP status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// A relay opened its layer and could not go on; sealed with its key, so
    /// it is true.
    #[error("service node {node} could not pass the request on ({status}): {reason}")]
    RelayRefused {
        /// The relay.
        node: Ed25519PublicKey,
        /// Its status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// The exit node could not reach the server, or says so.
    #[error("the server cannot be reached ({status}): {reason}")]
    ServerUnreachable {
        /// HTTP status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// Something in the clear that is in no list, or names a node that has
    /// nothing to do with this request.
    #[error("the guard answered with an unexpected {status}: {reason}")]
    Unexpected {
        /// HTTP status.
        status: u16,
        /// The beginning of its body.
        reason: String,
    },
    /// A 200 that no key of this request opens.
    #[error("the reply of {length} bytes does not open with any key of its request")]
    Undecryptable {
        /// Its length.
        length: usize,
    },
    /// It opens, but holds no status and body.
    #[error("service node {node} sent a reply without status and body")]
    Malformed {
        /// Who sealed it.
        node: Ed25519PublicKey,
    },
}

impl OnionKeys {
    /// Reads what the guard answered to a request to a node: its HTTP status
    /// and its body.
    pub fn open_reply(&self, http_status: u16, body: &[u8]) -> Result<OnionReply, OnionReplyError> {
        if http_status != 200 {
            return Err(self.outer_error(http_status, body));
        }
        self.open_nodes_reply(body)
    }

    /// Reads what the guard answered to a request to a server: the text that
    /// the server sealed, raw (version 4) or in base64 (version 3).
    pub fn open_server_reply(
        &self,
        http_status: u16,
        body: &[u8],
    ) -> Result<Vec<u8>, OnionReplyError> {
        if http_status != 200 {
            return Err(match self.outer_error(http_status, body) {
                // The exit node's words are those of its HTTP library.
                OnionReplyError::Unexpected { status: 502, reason } => {
                    OnionReplyError::ServerUnreachable { status: 502, reason }
                }
                other => other,
            });
        }
        let unwrapped = || BASE64.decode(body.trim_ascii()).ok();
        let opened = self.server.as_ref().and_then(|key| {
            key.open(body).ok().or_else(|| unwrapped().and_then(|sealed| key.open(&sealed).ok()))
        });
        match opened {
            Some(text) => Ok(text),
            // All that nodes say of a server's request is why it did not get there.
            None => Err(match self.open_nodes_reply(body) {
                Err(why) => why,
                Ok(_) => OnionReplyError::Undecryptable { length: body.len() },
            }),
        }
    }

    fn open_nodes_reply(&self, body: &[u8]) -> Result<OnionReply, OnionReplyError> {
        let mut malformed = None;
        for sealed in ciphertexts(body) {
            for (depth, layer) in self.layers.iter().enumerate() {
                let Ok(text) = layer.key.open(&sealed) else {
                    continue;
                };
                let is_relay = depth > 0 || self.server.is_some();
                match parse(&text) {
                    Some(reply) if reply.status == 503 && reply.body == "Snode not ready" => {
                        return Err(OnionReplyError::NodeNotReady { node: layer.node });
                    }
                    Some(OnionReply { status, body }) if is_relay => {
                        let (node, reason) = (layer.node, excerpt(&body));
                        return Err(OnionReplyError::RelayRefused { node, status, reason });
                    }
                    Some(reply) => return Ok(reply),
                    // A cipher without authentication "opens" with any key.
                    None => malformed = malformed.or(Some(layer.node)),
                }
            }
        }
        Err(match malformed {
            Some(node) => OnionReplyError::Malformed { node },
            None => OnionReplyError::Undecryptable { length: body.len() },
        })
    }

    fn outer_error(&self, status: u16, body: &[u8]) -> OnionReplyError {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let node = |prefix: &str| {
            let node = text.strip_prefix(prefix)?.trim().parse().ok()?;
            self.layers.iter().any(|layer| layer.node == node).then_some(node)
        };
        let found = match status {
            502 => None
                .or_else(|| {
                    let node = node("Next node not found:")?;
                    Some(OnionReplyError::NextNodeNotFound { node })
                })
                .or_else(|| {
                    let node = node("Next node is currently unreachable:")?;
                    Some(OnionReplyError::NextNodeUnreachable { node })
                }),
            503 if text.starts_with("Server busy") => Some(OnionReplyError::GuardBusy),
            503 => match text.strip_prefix("Service node is not ready:") {
                Some(reason) => Some(OnionReplyError::GuardNotReady { reason: excerpt(reason) }),
                None => node("Snode not ready:").map(|node| OnionReplyError::NodeNotReady { node }),
            },
            504 if text == "Request time out" => Some(OnionReplyError::Timeout),
            500 if text == "Invalid response from snode" => Some(OnionReplyError::BadRelayResponse),
            400 if text == "Invalid ciphertext" => Some(OnionReplyError::InvalidCiphertext),
            400 | 404 | 410 | 413 => {
                Some(OnionReplyError::RequestRefused { status, reason: excerpt(text) })
            }
            429 => Some(OnionReplyError::GuardBusy),
            _ => None,
        };
        found.unwrap_or_else(|| OnionReplyError::Unexpected { status, reason: excerpt(text) })
    }
}

/// What the sealed bytes may be: of the `result` of a JSON object, of base64,
/// or the body as it is.
fn ciphertexts(body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let trimmed = body.trim_ascii();
    let wrapped = || {
        let Value::Object(object) = serde_json::from_slice(trimmed).ok()? else {
            return None;
        };
        BASE64.decode(object.get("result")?.as_str()?.trim()).ok()
    };
    let wrapped = if trimmed.first() == Some(&b'{') { wrapped() } else { None };
    let text = BASE64.decode(trimmed).ok();
    [wrapped, text].into_iter().flatten().chain(std::iter::once_with(|| body.to_vec()))
}

fn parse(text: &[u8]) -> Option<OnionReply> {
    let Value::Object(mut object) = serde_json::from_slice(text).ok()? else {
        return None;
    };
    let status = object.get("status")?.as_u64()?.try_into().ok()?;
    let body = match object.get_mut("body")?.take() {
        Value::String(text) => text,
        embedded => embedded.to_string(),
    };
    Some(OnionReply { status, body })
}

fn excerpt(text: &str) -> String {
    text.trim().chars().take(EXCERPT).collect()
}
