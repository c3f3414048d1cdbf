//! What must not be lost: a push that was stored and not confirmed, what is
//! kept in parts, keys of later versions.

use proptest::prelude::*;

use super::*;
use crate::config::{Draft, Message};

fn reload(device: &mut Config, keys: &AccountKeys) -> Config {
    let dump = device.dump();
    Config::load(device.kind(), &Owner::Account(keys), &dump).unwrap()
}

#[test]
fn a_crash_between_store_and_confirm_loses_nothing() {
    let keys = keys();
    let owner = Owner::Account(&keys);
    let mut device = profile();
    device.set(&[b"n"], "Kallie");
    let first = device.push(&owner, NOW).unwrap();
    let stored: Vec<_> =
        first.messages.iter().map(|data| (storage_hash(data), data.clone())).collect();
    // The program stops here and begins again; the poll brings what it stored.
    let mut device = reload(&mut device, &keys);
    merge(&mut device, &keys, &stored);
    assert!(device.needs_push() && !device.is_dirty());
    let again = device.push(&owner, NOW).unwrap();
    assert_eq!((again.seqno, &again.messages), (first.seqno, &first.messages));
    assert!(again.obsolete.is_empty(), "the message would delete itself");
    device.confirm(again.seqno, names(&stored));
    assert!(device.is_clean());
    assert_eq!(device.current_hashes(), &names(&stored));
    // The same poll once more changes nothing.
    merge(&mut device, &keys, &stored);
    assert_eq!(device.current_hashes(), &names(&stored));
    assert!(device.push(&owner, NOW).unwrap().obsolete.is_empty());
}

#[test]
fn two_devices_that_merge_the_same_do_not_delete_each_others_message() {
    let keys = keys();
    let (mut a, mut b) = (profile(), profile());
    a.set(&[b"n"], "A");
    let of_a = publish(&mut a, &keys);
    b.set(&[b"+"], 3);
    let of_b = publish(&mut b, &keys);
    merge(&mut a, &keys, &of_b);
    merge(&mut b, &keys, &of_a);
    let merged = publish(&mut a, &keys);
    // It reaches B, which is about to push the same.
    merge(&mut b, &keys, &merged);
    let push = b.push(&Owner::Account(&keys), NOW).unwrap();
    assert_eq!(storage_hash(&push.messages[0]), merged[0].0);
    assert!(!push.obsolete.contains(&merged[0].0));
}

#[test]
fn a_second_copy_of_what_is_held_is_obsolete() {
    let keys = keys();
    let owner = Owner::Account(&keys);
    let mut device = profile();
    device.set(&[b"n"], "A");
    let stored = publish(&mut device, &keys);
    let copy = ("copy".to_owned(), stored[0].1.clone());
    merge(&mut device, &keys, &[copy]);
    assert_eq!(device.current_hashes(), &names(&stored));
    let obsolete = device.push(&owner, NOW).unwrap().obsolete;
    assert_eq!(obsolete, BTreeSet::from(["copy".to_owned()]));
}

#[test]
fn a_message_that_is_wrapped_twice_is_read() {
    let keys = keys();
    let mut device = profile();
    device.set(&[b"n"], "A");
    let stored = publish(&mut device, &keys);
    let twice = crate::config::wrap(ConfigKind::UserProfile, &keys, 1, &stored[0].1).unwrap();
    let mut other = profile();
    merge(&mut other, &keys, &[("h".to_owned(), twice)]);
    assert_eq!(other.data(), device.data());
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let keys = keys();
    let owner = Owner::Account(&keys);
    let mut device = profile();
    device.set(&[b"n"], "A");
    let stored = publish(&mut device, &keys);
    // Of another kind, and of another account.
    let mut contacts = Config::new(ConfigKind::Contacts);
    contacts.set(&[b"c"], 1);
    let other = AccountKeys::new(&Seed::from_bytes32([8; 32]));
    let foreign = device.clone().push(&Owner::Account(&other), NOW).unwrap().messages;
    let bad = [publish(&mut contacts, &keys)[0].1.clone(), foreign[0].clone(), Vec::new()];
    for data in &bad {
        let received = device.merge(&owner, &[Stored { hash: "bad", data }], NOW);
        assert!(received.accepted.is_empty() && !received.changed);
    }
    assert_eq!(device.current_hashes(), &names(&stored));
    assert!(device.push(&owner, NOW).unwrap().obsolete.is_empty());
}

#[test]
fn keys_of_later_versions_stay_through_edits_restarts_and_merges() {
    let keys = keys();
    let later = "d1:#i4e1:%i7e1:&d1:?d1:xi1ee1:n1:Ae1:'3:abc1:<le1:=d1:n0:ee";
    let message = Message::read(later.as_bytes(), None).unwrap();
    let padded = ramson_crypto::config_cipher::pad(&message.encode());
    let domain = ramson_crypto::config_cipher::Domain::USER_PROFILE;
    let data = ramson_crypto::config_cipher::encrypt(keys.seed().as_bytes(), domain, &padded);
    let (mut a, mut b) = (profile(), profile());
    for device in [&mut a, &mut b] {
        merge(device, &keys, &[("later".to_owned(), data.clone())]);
        *device = reload(device, &keys);
    }
    a.set(&[b"n"], "B");
    b.set(&[b"+"], 1);
    let (of_a, of_b) = (publish(&mut a, &keys), publish(&mut b, &keys));
    let edited = a.stage.message(None).encode();
    assert!(edited.starts_with(b"d1:#i5e1:%i7e1:&"), "top-level keys stay through edits");
    merge(&mut a, &keys, &of_b);
    merge(&mut b, &keys, &of_a);
    for device in [&a, &b] {
        let merged = device.stage.message(None).encode();
        assert!(merged.starts_with(b"d1:#i6e1:&"), "and not through merges");
        assert_eq!(device.data().dict(b"?").and_then(|dict| dict.integer(b"x")), Some(1));
    }
}

#[test]
fn old_dumps_are_read() {
    let keys = keys();
    let owner = Owner::Account(&keys);
    let message = "d1:#i1e1:&d1:n1:Ae1:<le1:=d1:n0:ee";
    let dump = format!("d1:!i0e1:${}:{message}1:(2:h11:)l2:h0ee", message.len());
    let mut device = Config::load(ConfigKind::UserProfile, &owner, dump.as_bytes()).unwrap();
    assert!(device.is_clean() && !device.needs_dump());
    assert_eq!(device.current_hashes(), &BTreeSet::from(["h1".to_owned()]));
    let written = String::from_utf8(device.dump()).unwrap();
    assert!(written.ends_with("1:(l2:h1e1:)l2:h0e1:*de1:+dee"));
    let none = dump.replace("2:h1", "0:");
    let device = Config::load(ConfigKind::UserProfile, &owner, none.as_bytes()).unwrap();
    assert!(device.current_hashes().is_empty());
    for (from, to) in [("1:!i0e", "1:!i3e"), ("1:!i0e", ""), (":d1:#", ":d1:?")] {
        let bad = dump.replace(from, to);
        assert!(Config::load(ConfigKind::UserProfile, &owner, bad.as_bytes()).is_err());
    }
}

#[test]
fn a_local_config_is_never_pushed() {
    let keys = keys();
    let mut local = Config::new(ConfigKind::Local);
    local.set(&[b"theme"], 1);
    assert!(!local.needs_push() && local.needs_dump());
    assert!(local.push(&Owner::Account(&keys), NOW).is_err());
    assert_eq!(reload(&mut local, &keys).data(), local.data());
}

#[test]
fn a_config_beyond_the_limit_is_refused_and_can_be_mended() {
    let keys = keys();
    let owner = Owner::Account(&keys);
    let mut device = Config::new(ConfigKind::Contacts);
    let noise: Vec<u8> =
        (0..160_000_u32).flat_map(|at| blake2b::hash32(&[&at.to_be_bytes()])).collect();
    device.set(&[b"noise"], noise.as_slice());
    assert!(device.push(&owner, NOW).is_err());
    assert!(device.is_dirty());
    device.erase(&[b"noise"]);
    assert!(device.push(&owner, NOW).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_of_several_pushes_may_be_mixed(order in any::<u64>()) {
        let keys = keys();
        let mut a = Config::new(ConfigKind::Contacts);
        let noise = |seed: u8| -> Vec<u8> {
            (0..4_000_u16).flat_map(|at| blake2b::hash32(&[&[seed], &at.to_be_bytes()])).collect()
        };
        a.set(&[b"noise"], noise(1).as_slice());
        let mut parts = publish(&mut a, &keys);
        a.set(&[b"noise"], noise(2).as_slice());
        let last = publish(&mut a, &keys);
        parts.extend(last.iter().cloned());
        prop_assert_eq!(parts.len(), 4);
        let mut b = Config::new(ConfigKind::Contacts);
        let mut order = order;
        while !parts.is_empty() {
            let at = (order % parts.len() as u64) as usize;
            order /= 5;
            let part = parts.remove(at);
            merge(&mut b, &keys, &[part]);
            b = reload(&mut b, &keys);
        }
        prop_assert_eq!(b.data(), a.data());
        prop_assert_eq!(b.current_hashes(), &names(&last));
        prop_assert_eq!(b.active_hashes(), names(&last));
        prop_assert_eq!(seqno(&b), seqno(&a));
        // What is pushed by oneself comes back without effect.
        let mut own = a.clone();
        merge(&mut own, &keys, &last);
        prop_assert!(own.is_clean());
        prop_assert_eq!(own.current_hashes(), &names(&last));
    }

    #[test]
    fn the_change_of_a_dirty_device_reaches_the_others(ahead in 1..4_usize, key in 0..3_usize) {
        let keys = keys();
        let (mut a, mut b) = (profile(), profile());
        a.set(&[b"n"], "Base");
        let base = publish(&mut a, &keys);
        merge(&mut b, &keys, &base);
        b.set(&[[b"x", b"y", b"z"][key]], 1);
        let mut top = Vec::new();
        for at in 0..ahead {
            a.set(&[b"n"], at as i64);
            top = publish(&mut a, &keys);
        }
        merge(&mut b, &keys, &top);
        let merged = publish(&mut b, &keys);
        merge(&mut a, &keys, &merged);
        prop_assert_eq!(a.data(), b.data());
        prop_assert_eq!(a.data().integer([b"x", b"y", b"z"][key]), Some(1));
        prop_assert_eq!(a.data().integer(b"n"), Some(ahead as i64 - 1));
        let draft = Draft::after(&a.stage.message(None));
        prop_assert_eq!(draft.finish(None).seqno(), seqno(&b) + 1);
    }
}
