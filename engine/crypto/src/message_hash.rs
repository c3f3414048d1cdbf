//! The name under which a swarm keeps a message (02 section 4.5).

use ramson_types::{AccountId, MessageHash, Namespace};

use crate::blake2b;

/// BLAKE2b-256 of the account's 33 bytes, the namespace in decimal (nothing
/// for 0) and the stored bytes. Sender and times are not part of it: the same
/// bytes are the same message.
pub fn message_hash(account: &AccountId, namespace: Namespace, data: &[u8]) -> MessageHash {
    let namespace = namespace.signed_text();
    MessageHash(blake2b::hash32(&[&account.to_bytes(), namespace.as_bytes(), data]))
}
