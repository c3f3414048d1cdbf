//! What clients sign, method by method (02 section 4.3): ASCII parts joined
//! without separators, numbers in decimal.

use std::fmt::Write as _;

use ramson_types::{Namespace, Timestamp};

use super::{ExpireMode, Namespaces};

fn namespaces_text(namespaces: Namespaces) -> String {
    match namespaces {
        Namespaces::One(namespace) => namespace.signed_text().into_owned(),
        Namespaces::All => "all".to_owned(),
    }
}

fn joined<T: AsRef<str>>(mut text: String, parts: &[T]) -> Vec<u8> {
    for part in parts {
        text.push_str(part.as_ref());
    }
    text.into_bytes()
}

/// `store`; `timestamp` is `sig_timestamp` where it differs.
pub fn store(namespace: Namespace, timestamp: Timestamp) -> Vec<u8> {
    format!("store{}{timestamp}", namespace.signed_text()).into_bytes()
}

/// `retrieve`.
pub fn retrieve(namespace: Namespace, timestamp: Timestamp) -> Vec<u8> {
    format!("retrieve{}{timestamp}", namespace.signed_text()).into_bytes()
}

/// `delete`: the hashes in the order of the request.
pub fn delete<T: AsRef<str>>(messages: &[T]) -> Vec<u8> {
    joined("delete".to_owned(), messages)
}

/// `delete_all`.
pub fn delete_all(namespaces: Namespaces, timestamp: Timestamp) -> Vec<u8> {
    format!("delete_all{}{timestamp}", namespaces_text(namespaces)).into_bytes()
}

/// `delete_before`.
pub fn delete_before(namespaces: Namespaces, before: Timestamp) -> Vec<u8> {
    format!("delete_before{}{before}", namespaces_text(namespaces)).into_bytes()
}

/// `expire`: all expiries, then all hashes.
pub fn expire<T: AsRef<str>>(mode: ExpireMode, expiries: &[Timestamp], messages: &[T]) -> Vec<u8> {
    let mut text = String::from(match mode {
        ExpireMode::Set => "expire",
        ExpireMode::Extend => "expireextend",
        ExpireMode::Shorten => "expireshorten",
    });
    for expiry in expiries {
        // Writing to a String cannot fail.
        let _ = write!(text, "{expiry}");
    }
    joined(text, messages)
}

/// `expire_all`.
pub fn expire_all(namespaces: Namespaces, expiry: Timestamp) -> Vec<u8> {
    format!("expire_all{}{expiry}", namespaces_text(namespaces)).into_bytes()
}

/// `get_expiries`.
pub fn get_expiries<T: AsRef<str>>(timestamp: Timestamp, messages: &[T]) -> Vec<u8> {
    joined(format!("get_expiries{timestamp}"), messages)
}

/// `revoke_subaccount`: the tokens follow as raw bytes.
pub fn revoke_subaccount(timestamp: Timestamp, tokens: &[[u8; 36]]) -> Vec<u8> {
    with_tokens(format!("revoke_subaccount{timestamp}"), tokens)
}

/// `unrevoke_subaccount`.
pub fn unrevoke_subaccount(timestamp: Timestamp, tokens: &[[u8; 36]]) -> Vec<u8> {
    with_tokens(format!("unrevoke_subaccount{timestamp}"), tokens)
}

/// `revoked_subaccounts`.
pub fn revoked_subaccounts(timestamp: Timestamp) -> Vec<u8> {
    format!("revoked_subaccounts{timestamp}").into_bytes()
}

fn with_tokens(text: String, tokens: &[[u8; 36]]) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    bytes.extend(tokens.iter().flatten());
    bytes
}
