//! Reading config messages (03 section 2.6). What a message says in another
//! order or form than the one that is written is refused, since devices would
//! come to different data.

use std::collections::{BTreeMap, BTreeSet};

use ramson_codec::bt::{BtError, MAX_DEPTH, Reader};
use ramson_crypto::{blake2b, ed25519};
use ramson_types::Ed25519PublicKey;

use super::data::{Dict, Scalar, Value};
use super::diff::{Change, Diff};
use super::message::{Ancestors, Message, Signature, Signed};

/// Why bytes are no config message. The message is passed over; it may be of a
/// later version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No bencode.
    #[error("the config message cannot be read: {0}")]
    Bencode(#[from] BtError),
    /// A part is missing.
    #[error("the config message has no '{part}'")]
    Missing {
        /// Its key.
        part: &'static str,
    },
    /// A key, a value or an ancestor that does not come after the one before.
    #[error("the config message has something at byte {at} that belongs before what it follows")]
    Order {
        /// Where.
        at: usize,
    },
    /// An empty set or dict in the data.
    #[error("the config message has an empty set or dict at byte {at}")]
    Empty {
        /// Where.
        at: usize,
    },
    /// A value that means nothing where it is.
    #[error("the config message has a value at byte {at} that means nothing there")]
    Value {
        /// Where.
        at: usize,
    },
    /// An ancestor that is not before the message.
    #[error("the config message {seqno} lists {ancestor}, which is not before it")]
    Ancestor {
        /// The message's sequence number.
        seqno: i64,
        /// The ancestor's.
        ancestor: i64,
    },
    /// A group's config that nobody signed who may.
    #[error("the config message is not signed with the group's key")]
    Signature,
}

impl Message {
    /// Reads a message; anything behind its end is passed over, as the
    /// reference does, but counts for its hash. With a `signer` it must be
    /// signed with that key; without, a signature is taken unchecked and not
    /// kept.
    pub fn read(bytes: &[u8], signer: Option<&Ed25519PublicKey>) -> Result<Self, ReadError> {
        Self::read_within(bytes, signer, super::message::LAG)
    }

    /// [`Message::read`] with another lag than all configs have.
    pub fn read_within(
        bytes: &[u8],
        signer: Option<&Ed25519PublicKey>,
        lag: i64,
    ) -> Result<Self, ReadError> {
        let mut reader = Reader::tolerant(bytes);
        reader.expect(b'd')?;
        if reader.string()? != b"#" {
            return Err(ReadError::Missing { part: "#" });
        }
        let seqno = integer(&mut reader)?;
        let mut parts = Parts::default();
        let mut last: &[u8] = b"#";
        while !reader.take(b'e') {
            let at = reader.at();
            let key = reader.string()?;
            // No key may come after the signature's.
            if key <= last || last == b"~" {
                return Err(ReadError::Order { at });
            }
            last = key;
            match key {
                b"&" => parts.data = Some(dict(&mut reader, 1)?),
                b"<" => parts.ancestors = ancestors(&mut reader, seqno, lag)?,
                b"=" => parts.diff = diff(&mut reader, 1)?,
                b"~" => parts.signature = Some((at, signature(&mut reader)?)),
                _ if key > b"~".as_slice() => return Err(ReadError::Order { at }),
                _ => {
                    parts.unknown.insert(key.to_vec(), reader.value(1)?);
                }
            }
        }
        if last < b"=".as_slice() {
            return Err(ReadError::Missing { part: "=" });
        }
        let signed = parts.verified(bytes, signer)?;
        Ok(Self {
            seqno,
            data: parts.data.ok_or(ReadError::Missing { part: "&" })?,
            ancestors: parts.ancestors,
            diff: parts.diff,
            unknown: parts.unknown,
            signed,
            hash: blake2b::hash32(&[bytes]),
        })
    }
}

#[derive(Default)]
struct Parts {
    data: Option<Dict>,
    ancestors: Ancestors,
    diff: Diff,
    unknown: BTreeMap<Vec<u8>, ramson_codec::bt::Value>,
    /// And where its key begins.
    signature: Option<(usize, Signature)>,
}

impl Parts {
    fn verified(
        &self,
        bytes: &[u8],
        signer: Option<&Ed25519PublicKey>,
    ) -> Result<Signed, ReadError> {
        let Some(signer) = signer else {
            return Ok(Signed::No);
        };
        let (at, signature) = self.signature.ok_or(ReadError::Signature)?;
        let text = bytes.get(..at).unwrap_or_default();
        ed25519::verify(signer, text, &signature)
            .then_some(Signed::Elsewhere(signature))
            .ok_or(ReadError::Signature)
    }
}

fn integer(reader: &mut Reader<'_>) -> Result<i64, ReadError> {
    let at = reader.at();
    reader.integer()?.as_i64().ok_or(ReadError::Value { at })
}

fn signature(reader: &mut Reader<'_>) -> Result<Signature, ReadError> {
    let at = reader.at();
    reader.string()?.try_into().map_err(|_| ReadError::Value { at })
}

/// Steps over `d` or `l`, unless that would be too deep.
fn enter(reader: &mut Reader<'_>, opening: u8, depth: usize) -> Result<(), ReadError> {
    if depth > MAX_DEPTH {
        return Err(BtError::TooDeep { at: reader.at() }.into());
    }
    reader.count()?;
    Ok(reader.expect(opening)?)
}

/// Keys and values of a dict up to its end; the keys must ascend.
fn entries<'a, T>(
    reader: &mut Reader<'a>,
    depth: usize,
    mut value: impl FnMut(&mut Reader<'a>) -> Result<T, ReadError>,
) -> Result<BTreeMap<Vec<u8>, T>, ReadError> {
    enter(reader, b'd', depth)?;
    // Gathered first: a map of entries in order is made in one go.
    let mut entries: Vec<(Vec<u8>, T)> = Vec::new();
    while !reader.take(b'e') {
        let at = reader.at();
        let key = reader.string()?;
        if entries.last().is_some_and(|(last, _)| last.as_slice() >= key) {
            return Err(ReadError::Order { at });
        }
        entries.push((key.to_vec(), value(reader)?));
    }
    Ok(entries.into_iter().collect())
}

/// Calls itself for what is inside, to a bounded depth.
fn dict(reader: &mut Reader<'_>, depth: usize) -> Result<Dict, ReadError> {
    let inside = depth.saturating_add(1);
    let entries = entries(reader, depth, |reader| {
        let at = reader.at();
        match reader.peek()? {
            b'd' => match dict(reader, inside)? {
                inner if inner.is_empty() => Err(ReadError::Empty { at }),
                inner => Ok(Value::Dict(inner)),
            },
            b'l' => match set(reader, inside)? {
                set if set.is_empty() => Err(ReadError::Empty { at }),
                set => Ok(Value::Set(set)),
            },
            _ => Ok(Value::Scalar(scalar(reader)?)),
        }
    })?;
    Ok(Dict::from(entries))
}

fn scalar(reader: &mut Reader<'_>) -> Result<Scalar, ReadError> {
    reader.count()?;
    match reader.peek()? {
        b'i' => integer(reader).map(Scalar::Integer),
        b'0'..=b'9' => Ok(Scalar::Bytes(reader.string()?.to_vec())),
        _ => Err(ReadError::Value { at: reader.at() }),
    }
}

fn set(reader: &mut Reader<'_>, depth: usize) -> Result<BTreeSet<Scalar>, ReadError> {
    enter(reader, b'l', depth)?;
    let mut set = BTreeSet::new();
    while !reader.take(b'e') {
        let at = reader.at();
        let scalar = scalar(reader)?;
        if set.last().is_some_and(|last| *last >= scalar) {
            return Err(ReadError::Order { at });
        }
        set.insert(scalar);
    }
    Ok(set)
}

/// Calls itself for what is inside, to a bounded depth.
fn diff(reader: &mut Reader<'_>, depth: usize) -> Result<Diff, ReadError> {
    let inside = depth.saturating_add(1);
    let changes = entries(reader, depth, |reader| {
        let at = reader.at();
        match reader.peek()? {
            b'd' => Ok(Change::Dict(diff(reader, inside)?)),
            b'l' => {
                enter(reader, b'l', inside)?;
                let (added, removed) = (set(reader, inside)?, set(reader, inside)?);
                reader.expect(b'e')?;
                Ok(Change::Set { added, removed })
            }
            // On a number the reference library does not return.
            b'i' => Err(ReadError::Value { at }),
            _ => {
                reader.count()?;
                match reader.string()? {
                    b"" => Ok(Change::Assigned),
                    b"-" => Ok(Change::Erased),
                    _ => Err(ReadError::Value { at }),
                }
            }
        }
    })?;
    Ok(Diff(changes))
}

fn ancestors(reader: &mut Reader<'_>, seqno: i64, lag: i64) -> Result<Ancestors, ReadError> {
    enter(reader, b'l', 1)?;
    let mut ancestors = Ancestors::new();
    while !reader.take(b'e') {
        let at = reader.at();
        enter(reader, b'l', 2)?;
        let ancestor = integer(reader)?;
        if ancestor >= seqno {
            return Err(ReadError::Ancestor { seqno, ancestor });
        }
        if ancestor <= seqno.saturating_sub(lag) {
            // Too old to matter, whatever else the entry says.
            while !reader.take(b'e') {
                reader.value(2)?;
            }
            continue;
        }
        let hash = reader.string()?.try_into().map_err(|_| ReadError::Value { at })?;
        let key = (ancestor, hash);
        if ancestors.last_key_value().is_some_and(|(last, _)| *last >= key) {
            return Err(ReadError::Order { at });
        }
        ancestors.insert(key, diff(reader, 3)?);
        reader.expect(b'e')?;
    }
    Ok(ancestors)
}
