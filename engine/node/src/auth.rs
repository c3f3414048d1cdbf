//! Whether a request may do what it asks (02 section 4.3).

use ramson_codec::storage::Auth;
use ramson_crypto::{ed25519, ed25519_to_x25519};
use ramson_types::{AccountId, Ed25519PublicKey, Timestamp};
use std::time::Duration;

/// Rights of a sub-account, as bits in its token.
pub(crate) const READ: u8 = 1;
pub(crate) const WRITE: u8 = 2;
pub(crate) const DELETE: u8 = 4;
/// The token counts whatever its prefix.
const ANY_PREFIX: u8 = 8;

/// How far a signed time may be from the node's.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(60);
/// The same for requests that another member passed on, which took a while.
pub(crate) const FORWARDED_TOLERANCE: Duration = Duration::from_secs(70);

pub(crate) fn is_recent(time: Timestamp, now: Timestamp, tolerance: Duration) -> bool {
    time.distance(now) <= tolerance
}

/// Whether `auth` is of the account, or of a sub-account that has all of
/// `rights` and is not revoked.
pub(crate) fn verifies(
    account: &AccountId,
    auth: &Auth,
    text: &[u8],
    rights: u8,
    is_revoked: impl FnOnce(&[u8; 36]) -> bool,
) -> bool {
    let Some(owner) = owner_key(account, auth) else { return false };
    let Some(subaccount) = &auth.subaccount else {
        return ed25519::verify(&owner, text, &auth.signature);
    };
    let [prefix, flags, _, _, key @ ..] = subaccount.token;
    let right_prefix = prefix == account.prefix().byte() || flags & ANY_PREFIX != 0;
    right_prefix
        && flags & rights == rights
        && !is_revoked(&subaccount.token)
        && ed25519::verify(&owner, &subaccount.token, &subaccount.signature)
        && ed25519::verify(&Ed25519PublicKey(key), text, &auth.signature)
}

/// Whether the sub-account that signed, if it was one, has a right.
pub(crate) fn has_right(auth: &Auth, right: u8) -> bool {
    auth.subaccount.as_ref().is_none_or(|subaccount| {
        let [_, flags, ..] = subaccount.token;
        flags & right == right
    })
}

/// The key that the account signs with.
fn owner_key(account: &AccountId, auth: &Auth) -> Option<Ed25519PublicKey> {
    match auth.pubkey_ed25519 {
        Some(key) => (ed25519_to_x25519(&key)?.as_bytes() == account.key()).then_some(key),
        None => Some(Ed25519PublicKey(*account.key())),
    }
}
