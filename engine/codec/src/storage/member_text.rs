//! What each member of a swarm signs in its answer (02 sections 4.7 to 4.12).
//! The account stands as 66 hex digits, lists are joined without separators.

use ramson_types::{AccountId, Timestamp};

/// `store`: the hash alone.
pub fn store(hash: &str) -> Vec<u8> {
    hash.as_bytes().to_vec()
}

/// `delete`: the hashes asked for in their order, then those deleted, sorted.
pub fn delete<A: AsRef<str>, B: AsRef<str>>(
    account: &AccountId,
    requested: &[A],
    deleted: &[B],
) -> Vec<u8> {
    let mut text = account.to_string();
    push(&mut text, requested);
    push(&mut text, deleted);
    text.into_bytes()
}

/// `delete_all`, `delete_before`, `expire_all`: the time of the request, then
/// the hashes touched, sorted over all namespaces.
pub fn at_time<T: AsRef<str>>(account: &AccountId, time: Timestamp, affected: &[T]) -> Vec<u8> {
    let mut text = format!("{account}{time}");
    push(&mut text, affected);
    text.into_bytes()
}

/// `expire`: the times applied, the hashes asked for, those updated (sorted),
/// then hash and expiry of each that stayed, sorted by hash.
pub fn expire<A: AsRef<str>, B: AsRef<str>>(
    account: &AccountId,
    applied: &[Timestamp],
    requested: &[A],
    updated: &[B],
    unchanged: &std::collections::BTreeMap<String, Timestamp>,
) -> Vec<u8> {
    let mut text = account.to_string();
    for expiry in applied {
        text.push_str(&expiry.to_string());
    }
    push(&mut text, requested);
    push(&mut text, updated);
    for (hash, expiry) in unchanged {
        text.push_str(hash);
        text.push_str(&expiry.to_string());
    }
    text.into_bytes()
}

/// `revoke_subaccount` and `unrevoke_subaccount`: the tokens as raw bytes.
pub fn revocation(account: &AccountId, timestamp: Timestamp, tokens: &[[u8; 36]]) -> Vec<u8> {
    let mut bytes = format!("{account}{timestamp}").into_bytes();
    bytes.extend(tokens.iter().flatten());
    bytes
}

fn push<T: AsRef<str>>(text: &mut String, parts: &[T]) {
    for part in parts {
        text.push_str(part.as_ref());
    }
}
