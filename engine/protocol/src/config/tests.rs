//! Properties of the whole: what devices come to, whatever happens to them.

mod groups;
mod histories;
mod reading;
mod restarts;
mod values;

use std::collections::BTreeSet;

use ramson_crypto::{AccountKeys, Seed, blake2b};
use ramson_types::Timestamp;

use super::{Config, ConfigKind, Owner, StorageHash, Stored};

const NOW: Timestamp = Timestamp(1_765_432_100_000);

fn keys() -> AccountKeys {
    AccountKeys::new(&Seed::from_bytes32([7; 32]))
}

/// A stand-in for the name that a swarm gives to what it stores.
fn storage_hash(data: &[u8]) -> StorageHash {
    hex::encode(blake2b::hash32(&[data]))
}

fn merge(device: &mut Config, keys: &AccountKeys, all: &[(StorageHash, Vec<u8>)]) {
    let stored: Vec<Stored<'_>> = all.iter().map(|(hash, data)| Stored { hash, data }).collect();
    device.merge(&Owner::Account(keys), &stored, NOW);
}

/// Pushes what there is to push, and confirms it.
fn publish(device: &mut Config, keys: &AccountKeys) -> Vec<(StorageHash, Vec<u8>)> {
    let push = device.push(&Owner::Account(keys), NOW).unwrap();
    let stored: Vec<_> =
        push.messages.into_iter().map(|data| (storage_hash(&data), data)).collect();
    device.confirm(push.seqno, stored.iter().map(|(hash, _)| hash.clone()).collect());
    stored
}

fn seqno(device: &Config) -> i64 {
    device.stage.message(None).seqno()
}

fn profile() -> Config {
    Config::new(ConfigKind::UserProfile)
}

fn names(stored: &[(StorageHash, Vec<u8>)]) -> BTreeSet<StorageHash> {
    stored.iter().map(|(hash, _)| hash.clone()).collect()
}
