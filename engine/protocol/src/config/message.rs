//! One config message: the whole data, the change that made it, and the
//! changes before that (03 sections 2.2 to 2.4), and how it is written.

use std::collections::{BTreeMap, BTreeSet};

use ramson_codec::bt::{self, put_bytes, put_integer};
use ramson_crypto::{Ed25519Secret, blake2b};

use super::data::{Dict, Scalar, Value};
use super::diff::{Change, Diff};

/// How many sequence numbers may lie between two messages that are merged.
/// All configs have this one.
pub const LAG: i64 = 5;

/// Sequence number and hash: what names a message, and the order in which
/// changes are done again.
pub type MessageKey = (i64, [u8; 32]);

/// Earlier messages that went into one, with what each changed.
pub type Ancestors = BTreeMap<MessageKey, Diff>;

/// Signature of a group's config.
pub type Signature = [u8; 64];

/// Who signed a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signed {
    /// Nobody, or it was not checked.
    No,
    /// This device.
    Here(Signature),
    /// Another device; the signature was verified.
    Elsewhere(Signature),
}

/// A config message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub(super) seqno: i64,
    pub(super) data: Dict,
    pub(super) ancestors: Ancestors,
    pub(super) diff: Diff,
    /// Keys that are not known here, between `#` and `~`.
    pub(super) unknown: BTreeMap<Vec<u8>, bt::Value>,
    pub(super) signed: Signed,
    /// Of the bytes as they were received, or as they are written.
    pub(super) hash: [u8; 32],
}

impl Message {
    /// Sequence number 0 without data, from which every config begins.
    pub fn empty() -> Self {
        let message = Self {
            seqno: 0,
            data: Dict::default(),
            ancestors: Ancestors::new(),
            diff: Diff::default(),
            unknown: BTreeMap::new(),
            signed: Signed::No,
            hash: [0; 32],
        };
        message.made_here(None)
    }

    /// The sequence number.
    pub const fn seqno(&self) -> i64 {
        self.seqno
    }

    /// The data.
    pub const fn data(&self) -> &Dict {
        &self.data
    }

    /// The change that made it.
    pub const fn diff(&self) -> &Diff {
        &self.diff
    }

    /// BLAKE2b-32 of the bytes: as received, where it was received. Not the
    /// hash by which a swarm names what it stores.
    pub const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The signature, if it was verified or made here.
    pub const fn signature(&self) -> Option<&Signature> {
        match &self.signed {
            Signed::No => None,
            Signed::Here(signature) | Signed::Elsewhere(signature) => Some(signature),
        }
    }

    pub(super) const fn key(&self) -> MessageKey {
        (self.seqno, self.hash)
    }

    /// The bytes, in canonical form.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_with(self.signature())
    }

    /// The bytes without a signature that was made here, which can be made
    /// again.
    pub(super) fn encode_for_dump(&self) -> Vec<u8> {
        match &self.signed {
            Signed::Elsewhere(signature) => self.encode_with(Some(signature)),
            Signed::Here(_) | Signed::No => self.encode_with(None),
        }
    }

    fn encode_with(&self, signature: Option<&Signature>) -> Vec<u8> {
        let mut out = self.signed_text();
        if let Some(signature) = signature {
            put_bytes(&mut out, b"~");
            put_bytes(&mut out, signature);
        }
        out.push(b'e');
        out
    }

    /// What the signature is of: everything before it, so without the `e` that
    /// ends the dict.
    fn signed_text(&self) -> Vec<u8> {
        let mut parts: BTreeMap<&[u8], Part<'_>> = self
            .unknown
            .iter()
            .map(|(key, value)| (key.as_slice(), Part::Unknown(value)))
            .collect();
        parts.insert(b"&", Part::Data(&self.data));
        parts.insert(b"<", Part::Ancestors(&self.ancestors));
        parts.insert(b"=", Part::Diff(&self.diff));
        let mut out = vec![b'd'];
        put_bytes(&mut out, b"#");
        put_integer(&mut out, self.seqno);
        for (key, part) in parts {
            put_bytes(&mut out, key);
            match part {
                Part::Data(data) => put_dict(&mut out, data),
                Part::Ancestors(ancestors) => put_ancestors(&mut out, ancestors),
                Part::Diff(diff) => put_diff(&mut out, diff),
                Part::Unknown(value) => out.extend_from_slice(&value.encode()),
            }
        }
        out
    }

    /// The message as this device has it: signed if there is a key to sign
    /// with, and with the hash of its bytes.
    pub(super) fn made_here(mut self, signer: Option<&Ed25519Secret>) -> Self {
        if let Some(signer) = signer {
            self.signed = Signed::Here(signer.sign(&self.signed_text()));
        }
        self.hash = blake2b::hash32(&[&self.encode()]);
        self
    }
}

enum Part<'a> {
    Data(&'a Dict),
    Ancestors(&'a Ancestors),
    Diff(&'a Diff),
    Unknown(&'a bt::Value),
}

fn put_ancestors(out: &mut Vec<u8>, ancestors: &Ancestors) {
    out.push(b'l');
    for ((seqno, hash), diff) in ancestors {
        out.push(b'l');
        put_integer(out, *seqno);
        put_bytes(out, hash);
        put_diff(out, diff);
        out.push(b'e');
    }
    out.push(b'e');
}

fn put_dict(out: &mut Vec<u8>, dict: &Dict) {
    out.push(b'd');
    for (key, value) in dict.iter() {
        put_bytes(out, key);
        match value {
            Value::Scalar(scalar) => put_scalar(out, scalar),
            Value::Set(set) => put_set(out, set),
            Value::Dict(inner) => put_dict(out, inner),
        }
    }
    out.push(b'e');
}

fn put_diff(out: &mut Vec<u8>, diff: &Diff) {
    out.push(b'd');
    for (key, change) in &diff.0 {
        put_bytes(out, key);
        match change {
            Change::Assigned => put_bytes(out, b""),
            Change::Erased => put_bytes(out, b"-"),
            Change::Set { added, removed } => {
                out.push(b'l');
                put_set(out, added);
                put_set(out, removed);
                out.push(b'e');
            }
            Change::Dict(inner) => put_diff(out, inner),
        }
    }
    out.push(b'e');
}

fn put_set(out: &mut Vec<u8>, set: &BTreeSet<Scalar>) {
    out.push(b'l');
    set.iter().for_each(|scalar| put_scalar(out, scalar));
    out.push(b'e');
}

fn put_scalar(out: &mut Vec<u8>, scalar: &Scalar) {
    match scalar {
        Scalar::Integer(number) => put_integer(out, *number),
        Scalar::Bytes(bytes) => put_bytes(out, bytes),
    }
}
