//! Signed calls (02 section 6.5). The key is the account's
//! [`VersionCheckKey`], which the account cannot be told from. A call without
//! any of the three headers is anonymous.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_crypto::{VersionCheckKey, ed25519};
use ramson_types::{AccountId, Ed25519PublicKey, Prefix, Timestamp};

use crate::onion_v4::{Headers, Request};

const PUBKEY: &str = "X-FS-Pubkey";
const TIMESTAMP: &str = "X-FS-Timestamp";
const SIGNATURE: &str = "X-FS-Signature";

/// How far off the time of a call may be: a day, in seconds.
pub const TOLERANCE: u64 = 24 * 60 * 60;

/// Why a signed call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// Some of the three headers, but not all.
    #[error("the call has no header '{name}', but others of a signed call")]
    Incomplete {
        /// Which is missing.
        name: &'static str,
    },
    /// A header that is not what it should be.
    #[error("the call's header '{name}' is unusable: '{value}'")]
    Malformed {
        /// Which.
        name: &'static str,
        /// What stands there.
        value: String,
    },
    /// A time of another day.
    #[error("the call was signed at {signed} and came at {now}; they may differ by a day")]
    Clock {
        /// When it was signed, in seconds.
        signed: u64,
        /// When it came, in seconds.
        now: u64,
    },
    /// The signature is not of this call under this key.
    #[error("the call's signature does not verify")]
    Signature,
}

impl AuthError {
    /// The status to answer with.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Incomplete { .. } | Self::Malformed { .. } => 400,
            Self::Clock { .. } => 425,
            Self::Signature => 401,
        }
    }
}

/// What is signed. Only calls without a body are known to work with the real
/// server, so a body is not part of it.
pub fn signed_text(seconds: impl Display, method: &str, endpoint: &str) -> Vec<u8> {
    format!("{seconds}{method}{endpoint}").into_bytes()
}

/// Signs a request: sets its three headers.
pub fn sign(request: &mut Request, key: &VersionCheckKey, now: Timestamp) {
    let seconds = now.millis() / 1000;
    let signature = key.sign(&signed_text(seconds, &request.method, &request.endpoint));
    request.headers.set(PUBKEY, key.id().to_string());
    request.headers.set(TIMESTAMP, seconds.to_string());
    request.headers.set(SIGNATURE, STANDARD.encode(signature));
}

/// Checks a request, as the server: who signed it, or `None` if nobody did.
pub fn check(request: &Request, now: Timestamp) -> Result<Option<AccountId>, AuthError> {
    let headers = &request.headers;
    let names = [PUBKEY, TIMESTAMP, SIGNATURE];
    if names.iter().all(|name| headers.get(name).is_none()) {
        return Ok(None);
    }
    let id: AccountId = read(headers, PUBKEY, |text| {
        text.parse().ok().filter(|id: &AccountId| id.prefix() == Prefix::VersionCheck)
    })?;
    let signed: u64 = read(headers, TIMESTAMP, |text| text.parse().ok())?;
    let signature: [u8; 64] =
        read(headers, SIGNATURE, |text| STANDARD.decode(text).ok()?.try_into().ok())?;
    let now = now.millis() / 1000;
    if now.abs_diff(signed) > TOLERANCE {
        return Err(AuthError::Clock { signed, now });
    }
    // The time as it was written, with whatever zeros before it.
    let written = headers.get(TIMESTAMP).unwrap_or_default();
    let text = signed_text(written, &request.method, &request.endpoint);
    match ed25519::verify(&Ed25519PublicKey(*id.key()), &text, &signature) {
        true => Ok(Some(id)),
        false => Err(AuthError::Signature),
    }
}

fn read<T>(
    headers: &Headers,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, AuthError> {
    let text = headers.get(name).ok_or(AuthError::Incomplete { name })?;
    parse(text).ok_or_else(|| AuthError::Malformed { name, value: text.to_owned() })
}
