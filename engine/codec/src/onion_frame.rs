//! The frame of onion requests and what the JSON in it says (02 sections 3.2
//! to 3.6). Every layer's plaintext and the body posted to the guard is
//!
//! ```text
//! u32 little-endian n ‖ n bytes (blob) ‖ a JSON object
//! ```

use ramson_crypto::EncType;
use ramson_types::{Ed25519PublicKey, X25519PublicKey};
use serde::Serialize;
use serde_json::{Map, Value};

/// A frame, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Ciphertext for the next hop, or the request itself.
    pub blob: &'a [u8],
    /// The rest, a JSON object if the frame is good.
    pub json: &'a [u8],
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Not even the length.
    #[error("an onion frame starts with 4 bytes of length, only {length} bytes are there")]
    TooShort {
        /// How many bytes there are.
        length: usize,
    },
    /// The length leads beyond the end.
    #[error("the onion frame says its blob has {stated} bytes, only {available} follow")]
    LengthBeyondEnd {
        /// What the frame says.
        stated: u32,
        /// How many bytes follow the length.
        available: usize,
    },
}

/// Puts a frame together. `None` for a blob of over 4 GiB.
pub fn encode(blob: &[u8], json: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(blob.len()).ok()?;
    Some([length.to_le_bytes().as_slice(), blob, json].concat())
}

/// Takes a frame apart. The JSON is not looked at.
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    let (length, rest) =
        bytes.split_first_chunk::<4>().ok_or(FrameError::TooShort { length: bytes.len() })?;
    let stated = u32::from_le_bytes(*length);
    let beyond = FrameError::LengthBeyondEnd { stated, available: rest.len() };
    let at = usize::try_from(stated).map_err(|_| beyond)?;
    let (blob, json) = rest.split_at_checked(at).ok_or(beyond)?;
    Ok(Frame { blob, json })
}

/// What a node is to do with a layer it has decrypted (02 section 3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerControl {
    /// The blob is a storage RPC request for this node.
    Final {
        /// Embed a JSON answer as JSON instead of as a string.
        json: bool,
        /// Answer in base64 instead of raw bytes.
        base64: bool,
    },
    /// Post the whole frame to a server.
    Server(ServerRelay),
    /// Send the blob to another node.
    Node(NodeRelay),
}

/// Where a frame is posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRelay {
    /// Host name or address.
    pub host: String,
    /// Path; see [`is_allowed_target`].
    pub target: String,
    /// Whether over TLS.
    pub protocol: Protocol,
    /// TCP port; 443 if none was named, whatever the protocol.
    pub port: u16,
}

impl ServerRelay {
    /// The URL; the port is left out where it is the protocol's own.
    pub fn url(&self) -> String {
        let Self { host, target, protocol, port } = self;
        let name = protocol.name();
        if *port == protocol.default_port() {
            format!("{name}://{host}{target}")
        } else {
            format!("{name}://{host}:{port}{target}")
        }
    }
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Protocol {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// To which node a blob goes, and how that node opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRelay {
    /// The next node.
    pub destination: Ed25519PublicKey,
    /// The client's ephemeral key for it.
    pub ephemeral_key: X25519PublicKey,
    /// The cipher of its layer.
    pub enc_type: EncType,
}

/// What the body posted to a guard says of itself (02 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardControl {
    /// The client's ephemeral key for the guard.
    pub ephemeral_key: X25519PublicKey,
    /// The cipher of the guard's layer.
    pub enc_type: EncType,
    /// How many hops the client pretends to have behind it.
    pub hop_no: u32,
}

/// Why a control part was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// No JSON, or something behind it.
    #[error("the control part is not JSON: {reason}")]
    NotJson {
        /// What the parser says.
        reason: String,
    },
    /// JSON, but not an object.
    #[error("the control part is JSON but not an object")]
    NotAnObject,
    /// A key that must be there is not.
    #[error("the control part has no '{key}'")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong kind, or out of range.
    #[error("the control part has an unusable '{key}': {value}")]
    Invalid {
        /// The key.
        key: &'static str,
        /// Its value, as JSON.
        value: String,
    },
    /// A cipher that does not exist.
    #[error("Invalid encryption type {name}")]
    UnknownEncType {
        /// The name as it was given.
        name: String,
    },
}

/// Parses the control part of a decrypted layer. `headers` makes it the final
/// one, else `host` a relay to a server, else it is a relay to a node.
pub fn parse_control(json: &[u8]) -> Result<LayerControl, ControlError> {
    let object = parse_object(json)?;
    if object.contains_key("headers") {
        let json = boolean(&object, "json")?.unwrap_or(false);
        let base64 = boolean(&object, "base64")?.unwrap_or(true);
        return Ok(LayerControl::Final { json, base64 });
    }
    if object.contains_key("host") {
        return Ok(LayerControl::Server(ServerRelay {
            host: text(&object, "host")?.to_owned(),
            target: text(&object, "target")?.to_owned(),
            protocol: protocol(&object)?,
            port: port(&object)?,
        }));
    }
    Ok(LayerControl::Node(NodeRelay {
        destination: Ed25519PublicKey(key(&object, "destination")?),
        ephemeral_key: X25519PublicKey(key(&object, "ephemeral_key")?),
        enc_type: enc_type(&object)?,
    }))
}

/// Parses the control part of the body posted to a guard.
pub fn parse_guard_control(json: &[u8]) -> Result<GuardControl, ControlError> {
    let object = parse_object(json)?;
    Ok(GuardControl {
        ephemeral_key: X25519PublicKey(key(&object, "ephemeral_key")?),
        enc_type: enc_type(&object)?,
        hop_no: hop_no(&object)?,
    })
}

/// Parses the control part of a frame that was relayed to a server: with which
/// key and cipher to open its blob. The rest of it was for the exit node.
pub fn parse_sealed_control(json: &[u8]) -> Result<(X25519PublicKey, EncType), ControlError> {
    let object = parse_object(json)?;
    Ok((X25519PublicKey(key(&object, "ephemeral_key")?), enc_type(&object)?))
}

/// Whether an exit node posts to that path: `/loki/…/lsrpc` or
/// `/oxen/…/lsrpc`, without a query (02 section 3.6).
pub fn is_allowed_target(target: &str) -> bool {
    (target.starts_with("/loki/") || target.starts_with("/oxen/"))
        && target.ends_with("/lsrpc")
        && !target.contains('?')
}

/// Writes the control part for a relay to a node. Official clients leave the
/// cipher out where it is aes-gcm; `enc_type` is written if it is given.
pub fn node_control(
    destination: &Ed25519PublicKey,
    ephemeral_key: &X25519PublicKey,
    enc_type: Option<EncType>,
) -> Vec<u8> {
    to_json(&Written {
        destination: Some(hex_text(&destination.0)),
        ephemeral_key: hex_text(&ephemeral_key.0),
        enc_type: enc_type.map(EncType::name),
        hop_no: None,
    })
}

/// Writes the control part for a relay to a server, which finds in it how to
/// open the blob; as [`node_control`].
pub fn server_control(
    relay: &ServerRelay,
    ephemeral_key: &X25519PublicKey,
    enc_type: Option<EncType>,
) -> Vec<u8> {
    let written = WrittenForServer {
        host: &relay.host,
        target: &relay.target,
        method: "POST",
        protocol: relay.protocol.name(),
        port: relay.port,
        ephemeral_key: hex_text(&ephemeral_key.0),
        enc_type: enc_type.map(EncType::name),
    };
    serde_json::to_vec(&written).unwrap_or_default()
}

/// Writes the control part of the body for a guard; as [`node_control`].
pub fn guard_control(
    ephemeral_key: &X25519PublicKey,
    enc_type: Option<EncType>,
    hop_no: Option<u32>,
) -> Vec<u8> {
    to_json(&Written {
        destination: None,
        ephemeral_key: hex_text(&ephemeral_key.0),
        enc_type: enc_type.map(EncType::name),
        hop_no,
    })
}

/// The keys in the order in which official clients write them.
#[derive(Serialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    ephemeral_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    enc_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hop_no: Option<u32>,
}

/// The same for a server.
#[derive(Serialize)]
struct WrittenForServer<'a> {
    host: &'a str,
    target: &'a str,
    method: &'static str,
    protocol: &'static str,
    port: u16,
    ephemeral_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    enc_type: Option<&'static str>,
}

/// Several times as fast as `hex::encode`, which goes by characters; every
/// request writes seven of these.
fn hex_text(key: &[u8; 32]) -> String {
    let mut text = vec![0; 64];
    // The length fits, and hex is ASCII.
    let _written = hex::encode_to_slice(key, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

fn to_json(written: &Written) -> Vec<u8> {
    // Texts and numbers under text keys always serialize.
    serde_json::to_vec(written).unwrap_or_default()
}

fn parse_object(json: &[u8]) -> Result<Map<String, Value>, ControlError> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ControlError::NotAnObject),
        Err(why) => Err(ControlError::NotJson { reason: why.to_string() }),
    }
}

fn invalid(key: &'static str, value: &Value) -> ControlError {
    ControlError::Invalid { key, value: value.to_string() }
}

fn text<'a>(object: &'a Map<String, Value>, key: &'static str) -> Result<&'a str, ControlError> {
    let value = object.get(key).ok_or(ControlError::Missing { key })?;
    value.as_str().ok_or_else(|| invalid(key, value))
}

fn key(object: &Map<String, Value>, name: &'static str) -> Result<[u8; 32], ControlError> {
    let text = text(object, name)?;
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| invalid(name, &text.into()))?;
    Ok(key)
}

fn boolean(object: &Map<String, Value>, key: &'static str) -> Result<Option<bool>, ControlError> {
    let Some(value) = object.get(key) else {
        return Ok(None);
    };
    value.as_bool().map(Some).ok_or_else(|| invalid(key, value))
}

fn enc_type(object: &Map<String, Value>) -> Result<EncType, ControlError> {
    if !object.contains_key("enc_type") {
        return Ok(EncType::default());
    }
    let name = text(object, "enc_type")?;
    EncType::parse(name).ok_or_else(|| ControlError::UnknownEncType { name: name.to_owned() })
}

fn protocol(object: &Map<String, Value>) -> Result<Protocol, ControlError> {
    if !object.contains_key("protocol") {
        return Ok(Protocol::Https);
    }
    match text(object, "protocol")? {
        "http" => Ok(Protocol::Http),
        "https" => Ok(Protocol::Https),
        other => Err(invalid("protocol", &other.into())),
    }
}

fn port(object: &Map<String, Value>) -> Result<u16, ControlError> {
    let Some(value) = object.get("port") else {
        return Ok(443);
    };
    value.as_u64().and_then(|port| port.try_into().ok()).ok_or_else(|| invalid("port", value))
}

fn hop_no(object: &Map<String, Value>) -> Result<u32, ControlError> {
    let Some(value) = object.get("hop_no") else {
        return Ok(0);
    };
    if let Some(number) = value.as_u64() {
        return Ok(u32::try_from(number).unwrap_or(u32::MAX));
    }
    value.as_i64().map(|_| 0).ok_or_else(|| invalid("hop_no", value))
}

#[cfg(test)]
mod tests;
