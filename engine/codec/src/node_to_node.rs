//! What service nodes say to each other, bencoded (02 sections 3.4, 4.6 and
//! 4.17): an onion layer on its way ([`RelayedOnion`]), a command that every
//! member of a swarm carries out ([`forward`], [`parse_forwarded`]), and the
//! messages of an account that has a new home ([`push`]).
//!
//! How these bytes travel between real nodes, OMQ and QUIC, is not here.

mod forward;
pub mod push;

#[cfg(test)]
mod tests;

use ramson_crypto::EncType;
use ramson_types::X25519PublicKey;

use crate::bt::{self, BtError, Dict, Value};

pub use forward::{ForwardError, forward, parse_forwarded};

/// Why bytes of a node are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// Not bencode at all.
    #[error("the other node's bytes are not bencode: {0}")]
    Bencode(#[from] BtError),
    /// Bencode of another shape.
    #[error("the other node's message should be {expected}")]
    Shape {
        /// What it should be.
        expected: &'static str,
    },
    /// A field that is missing or of the wrong kind or length.
    #[error("the other node's message has no usable '{field}'")]
    Field {
        /// Which.
        field: &'static str,
    },
    /// Bytes that begin with another version.
    #[error("the other node's messages begin with {version:?}, not with version 1")]
    Version {
        /// The first byte, if there is one.
        version: Option<u8>,
    },
}

/// An onion layer as one node hands it to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedOnion {
    /// The ciphertext for the next node.
    pub data: Vec<u8>,
    /// Its cipher.
    pub enc_type: EncType,
    /// The client's ephemeral key for the next node.
    pub ephemeral_key: X25519PublicKey,
    /// The number of the next hop.
    pub hop_no: u32,
}

impl RelayedOnion {
    /// The one part of the request.
    pub fn encode(&self) -> Vec<u8> {
        let mut dict = Dict::new();
        dict.insert(b"data".to_vec(), self.data.as_slice().into());
        dict.insert(b"enc_type".to_vec(), self.enc_type.name().into());
        dict.insert(b"ephemeral_key".to_vec(), self.ephemeral_key.0.as_slice().into());
        dict.insert(b"hop_no".to_vec(), u64::from(self.hop_no).into());
        Value::Dict(dict).encode()
    }

    /// Reads it. Negative hop numbers count as 0.
    pub fn decode(bytes: &[u8]) -> Result<Self, PeerError> {
        let Value::Dict(mut dict) = bt::decode(bytes)? else {
            return Err(PeerError::Shape { expected: "a dict" });
        };
        let Some(Value::Bytes(data)) = dict.remove(b"data".as_slice()) else {
            return Err(PeerError::Field { field: "data" });
        };
        let field =
            |name: &'static str| dict.get(name.as_bytes()).ok_or(PeerError::Field { field: name });
        let enc_type = field("enc_type")?.as_text().and_then(EncType::parse);
        let key = field("ephemeral_key")?.as_bytes().and_then(|key| key.try_into().ok());
        let Value::Integer(hop_no) = field("hop_no")? else {
            return Err(PeerError::Field { field: "hop_no" });
        };
        Ok(Self {
            data,
            enc_type: enc_type.ok_or(PeerError::Field { field: "enc_type" })?,
            ephemeral_key: key
                .map(X25519PublicKey)
                .ok_or(PeerError::Field { field: "ephemeral_key" })?,
            hop_no: hop_no.as_u64().map_or(0, |hop_no| hop_no.try_into().unwrap_or(u32::MAX)),
        })
    }
}
