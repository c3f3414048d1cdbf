//! Whether a message is one of a Session Pro account, and what it may then do
//! (01 section 7). The author's word counts only with a proof by the Pro
//! backend, whose key has to be known. Asking the backend is not here.

mod community;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ramson_codec::envelope::EnvelopeParts;
use ramson_codec::proto::{Content, ProProof};
use ramson_crypto::ed25519;
use ramson_crypto::pro::{Proof, ProofFormat};
use ramson_types::{Ed25519PublicKey, Timestamp};

pub use community::{CommunityError, open_community, seal_community};

/// Longest text without Session Pro, in Unicode code points.
pub const STANDARD_TEXT: usize = 2_000;

/// Longest text with Session Pro, in Unicode code points.
pub const PRO_TEXT: usize = 10_000;

/// What messages are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Backends whose proofs are believed. Without any, Session Pro is off: no
    /// message is Pro, and texts are only cut where Pro ends.
    pub backends: Vec<Ed25519PublicKey>,
    /// The formats that are understood, in the order in which they are tried.
    pub formats: Vec<ProofFormat>,
    /// Tags of proofs that the backend took back, and from when on.
    pub revoked: BTreeMap<[u8; 32], Timestamp>,
    /// Whether a message with broken Pro fields is dropped, as the apps do;
    /// otherwise it is one without Pro.
    pub drops_malformed: bool,
}

impl Default for Rules {
    /// Session Pro off; both formats, nothing revoked, malformed dropped.
    fn default() -> Self {
        Self {
            backends: Vec::new(),
            formats: vec![ProofFormat::Seconds, ProofFormat::Millis],
            revoked: BTreeMap::new(),
            drops_malformed: true,
        }
    }
}

impl Rules {
    /// Whether there is a backend whose proofs are believed.
    pub const fn is_on(&self) -> bool {
        !self.backends.is_empty()
    }

    /// How many code points of a received text are kept. While Session Pro is
    /// off that is [`PRO_TEXT`] for everyone.
    pub const fn longest_kept(&self, status: Status) -> usize {
        if self.is_on() && !status.is_pro() { STANDARD_TEXT } else { PRO_TEXT }
    }
}

/// How many code points an account may send: by whether it holds a proof.
pub const fn longest_sent(is_pro: bool) -> usize {
    if is_pro { PRO_TEXT } else { STANDARD_TEXT }
}

/// What a message's Pro fields are worth. Only [`Status::Valid`] gives
/// anything; all others are messages without Pro.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// It does not claim to be Pro, or has no signature that could show it.
    #[default]
    None,
    /// Proven.
    Valid(Features),
    /// The message was sent after the proof ended.
    Expired,
    /// The message was sent after the backend took the proof back.
    Revoked,
    /// It claims features and gives no proof.
    NoProof,
    /// No backend that is believed signed the proof.
    InvalidBackend,
    /// Somebody's proof, but the message is not signed with its key.
    InvalidUser,
    /// Broken Pro fields, where [`Rules::drops_malformed`] is off.
    Malformed,
}

impl Status {
    /// Whether it is a message of a Pro account.
    pub const fn is_pro(self) -> bool {
        matches!(self, Self::Valid(_))
    }

    /// The features that it shows; none if it is not Pro.
    pub const fn features(self) -> Features {
        match self {
            Self::Valid(features) => features,
            _ => Features { message: 0, profile: 0 },
        }
    }
}

/// Features of a Pro message. Bits without a name here mean nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// Of the message: bit 0 for a text longer than [`STANDARD_TEXT`].
    pub message: u64,
    /// Of the author: bit 0 for the badge, bit 1 for an animated picture.
    pub profile: u64,
}

impl Features {
    /// Whether the text may be longer than [`STANDARD_TEXT`].
    pub const fn has_long_text(self) -> bool {
        self.message & 1 != 0
    }

    /// Whether the author shows the Pro badge.
    pub const fn has_badge(self) -> bool {
        self.profile & 1 != 0
    }

    /// Whether the author's picture may move.
    pub const fn has_animated_picture(self) -> bool {
        self.profile & 2 != 0
    }
}

/// Pro fields that no app writes. The message is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No signed time that the proof could be held against.
    #[error("it claims Session Pro and has no signed time")]
    NoSignedTime,
    /// A field of the proof is not there.
    #[error("its Session Pro proof has no {field}")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A field of the proof has the wrong size.
    #[error("the {field} of its Session Pro proof has {length} bytes instead of {expected}")]
    Size {
        /// Which.
        field: &'static str,
        /// Its size.
        length: usize,
        /// The size it should have.
        expected: usize,
    },
    /// The signature of a message in a community has the wrong size.
    #[error("its Session Pro signature has {length} bytes instead of 64")]
    Signature {
        /// Its size.
        length: usize,
    },
}

/// Judges a message to an account or a group (01 section 7.3). The envelope is
/// taken as it came: its Pro signature is over `envelope.content`, for an
/// account the sealed box.
///
/// Costs at most one signature check for each backend and format and one for
/// the message; nothing if there is no proof or no backend. Fails if the
/// message has to be dropped.
pub fn evaluate(
    envelope: &EnvelopeParts,
    content: &Content,
    rules: &Rules,
) -> Result<Status, Malformed> {
    let Some(signature) = &envelope.pro_sig else {
        return Ok(Status::None);
    };
    let time = content.sig_timestamp.filter(|time| *time != 0).map(Timestamp);
    judge(content, rules, || {
        Ok((&envelope.content, *signature, time.ok_or(Malformed::NoSignedTime)?))
    })
}

/// Judges a Content by the bytes that are signed, their signature and the time
/// at which it was sent.
fn judge<B: AsRef<[u8]>>(
    content: &Content,
    rules: &Rules,
    signed: impl FnOnce() -> Result<(B, [u8; 64], Timestamp), Malformed>,
) -> Result<Status, Malformed> {
    let Some(pro) = &content.pro_message else {
        return Ok(Status::None);
    };
    let features =
        Features { message: pro.msg_bitset.unwrap_or(0), profile: pro.profile_bitset.unwrap_or(0) };
    let judged = || -> Result<Status, Malformed> {
        let (bytes, signature, sent) = signed()?;
        let Some(proof) = &pro.proof else {
            return Ok(Status::NoProof);
        };
        let proof = read(proof)?;
        let Some(format) = format_of(&proof, rules) else {
            return Ok(Status::InvalidBackend);
        };
        if !ed25519::verify(&proof.rotating, bytes.as_ref(), &signature) {
            return Ok(Status::InvalidUser);
        }
        if proof.is_expired_at(format, sent.millis()) {
            return Ok(Status::Expired);
        }
        let is_revoked = rules.revoked.get(&proof.tag).is_some_and(|from| sent >= *from);
        Ok(if is_revoked { Status::Revoked } else { Status::Valid(features) })
    };
    match judged() {
        Err(_) if !rules.drops_malformed => Ok(Status::Malformed),
        judged => judged,
    }
}

/// The format in which a believed backend signed this proof.
fn format_of(proof: &Proof, rules: &Rules) -> Option<ProofFormat> {
    let is_signed =
        |format: &ProofFormat| rules.backends.iter().any(|backend| proof.is_by(backend, *format));
    rules.formats.iter().copied().find(is_signed)
}

/// The proof of a message, with every field that both formats need.
fn read(proof: &ProProof) -> Result<Proof, Malformed> {
    Ok(Proof {
        version: proof.version.unwrap_or(0),
        tag: sized("tag", proof.gen_index_hash.as_deref())?,
        rotating: Ed25519PublicKey(sized("rotating key", proof.rotating_public_key.as_deref())?),
        expiry: proof.expiry.ok_or(Malformed::Missing { field: "expiry" })?,
        signature: sized("signature", proof.sig.as_deref())?,
    })
}

fn sized<const N: usize>(field: &'static str, bytes: Option<&[u8]>) -> Result<[u8; N], Malformed> {
    let bytes = bytes.ok_or(Malformed::Missing { field })?;
    bytes.try_into().map_err(|_| Malformed::Size { field, length: bytes.len(), expected: N })
}
