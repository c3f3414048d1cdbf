//! Payloads as bytes. The only file that knows bincode, so that another one
//! can take its place here.

use ramson_abi::{BINCODE, JSON, MAX_EVENT, MAX_REQUEST};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use bincode::{Decode, Encode};

use crate::{AccountCommand, Control, Done, Event, Query, Request, RequestKind};

/// How the payloads of a plugin are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// For every language.
    Json,
    /// For plugins in Rust that were built with this schema.
    Bincode,
}

impl Encoding {
    /// Its number in the descriptor.
    pub const fn number(self) -> u32 {
        match self {
            Self::Json => JSON,
            Self::Bincode => BINCODE,
        }
    }

    /// The encoding of a number.
    pub const fn of_number(number: u32) -> Option<Self> {
        match number {
            JSON => Some(Self::Json),
            BINCODE => Some(Self::Bincode),
            _ => None,
        }
    }
}

/// Why bytes are no payload, or a payload has none.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// More bytes than are allowed.
    #[error("the payload has {bytes} bytes; at most {limit} are taken")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// Bytes that mean nothing.
    #[error("the payload makes no sense: {reason}; docs/plugin-schema.json has the right shape")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
}

impl CodecError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self::Malformed { reason: error.to_string() }
    }
}

fn encode<T: Encode + Serialize>(
    value: &T,
    encoding: Encoding,
    limit: usize,
) -> Result<Vec<u8>, CodecError> {
    let bytes = match encoding {
        Encoding::Json => serde_json::to_vec(value).map_err(CodecError::of)?,
        Encoding::Bincode => {
            bincode::encode_to_vec(value, bincode::config::standard()).map_err(CodecError::of)?
        }
    };
    match bytes.len() {
        bytes if bytes > limit => Err(CodecError::TooLarge { bytes, limit }),
        _ => Ok(bytes),
    }
}

/// Things are larger in memory than in a payload; so many times at most. The
/// rest are lengths that somebody made up.
const IN_MEMORY: usize = 8;
const EVENT_IN_MEMORY: usize = IN_MEMORY * MAX_EVENT;
const REQUEST_IN_MEMORY: usize = IN_MEMORY * MAX_REQUEST;

fn decode<T: Decode<()> + DeserializeOwned, const MEMORY: usize>(
    bytes: &[u8],
    encoding: Encoding,
) -> Result<T, CodecError> {
    let limit = MEMORY / IN_MEMORY;
    if bytes.len() > limit {
        return Err(CodecError::TooLarge { bytes: bytes.len(), limit });
    }
    match encoding {
        Encoding::Json => serde_json::from_slice(bytes).map_err(CodecError::of),
        Encoding::Bincode => {
            // Without a limit nine bytes can ask for more memory than there is.
            let config = bincode::config::standard().with_limit::<MEMORY>();
            let (value, used) =
                bincode::decode_from_slice(bytes, config).map_err(CodecError::of)?;
            match used == bytes.len() {
                true => Ok(value),
                false => Err(CodecError::Malformed {
                    reason: format!("{} bytes follow its end", bytes.len().saturating_sub(used)),
                }),
            }
        }
    }
}

/// An event's payload.
pub fn encode_event(event: &Event, encoding: Encoding) -> Result<Vec<u8>, CodecError> {
    encode(event, encoding, MAX_EVENT)
}

/// The event of a payload.
pub fn decode_event(bytes: &[u8], encoding: Encoding) -> Result<Event, CodecError> {
    decode::<_, EVENT_IN_MEMORY>(bytes, encoding)
}

/// A request's payload; its kind goes beside it.
pub fn encode_request(request: &Request, encoding: Encoding) -> Result<Vec<u8>, CodecError> {
    match request {
        Request::Command(command) => encode(command, encoding, MAX_REQUEST),
        Request::Query(query) => encode(query, encoding, MAX_REQUEST),
        Request::Control(control) => encode(control, encoding, MAX_REQUEST),
        Request::Done(done) => encode(done, encoding, MAX_REQUEST),
    }
}

/// The request of a kind and a payload.
pub fn decode_request(
    kind: RequestKind,
    bytes: &[u8],
    encoding: Encoding,
) -> Result<Request, CodecError> {
    Ok(match kind {
        RequestKind::Command => {
            Request::Command(decode::<AccountCommand, REQUEST_IN_MEMORY>(bytes, encoding)?)
        }
        RequestKind::Query => Request::Query(decode::<Query, REQUEST_IN_MEMORY>(bytes, encoding)?),
        RequestKind::Control => {
            Request::Control(decode::<Control, REQUEST_IN_MEMORY>(bytes, encoding)?)
        }
        RequestKind::Done => Request::Done(decode::<Done, REQUEST_IN_MEMORY>(bytes, encoding)?),
    })
}
