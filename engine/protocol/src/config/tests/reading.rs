//! Outside bytes: whatever they are, reading them ends, and what is read is
//! written again as it was.

use proptest::prelude::*;
use ramson_codec::bt::{BtError, MAX_DEPTH};

use super::*;
use crate::config::data::{Dict, Scalar, Value};
use crate::config::{Draft, Message, ReadError};

fn scalar() -> impl Strategy<Value = Scalar> {
    let bytes = prop::collection::vec(any::<u8>(), 0..4).prop_map(Scalar::Bytes);
    prop_oneof![any::<i64>().prop_map(Scalar::Integer), bytes]
}

fn dict() -> impl Strategy<Value = Dict> {
    let leaf = prop_oneof![
        2 => scalar().prop_map(Value::Scalar),
        1 => prop::collection::btree_set(scalar(), 0..4).prop_map(Value::Set),
    ];
    let key = || prop::collection::vec(any::<u8>(), 0..3);
    let value = leaf.prop_recursive(4, 24, 5, move |inner| {
        prop::collection::btree_map(key(), inner, 0..5)
            .prop_map(|entries| Value::Dict(Dict::from(entries)))
    });
    prop::collection::btree_map(key(), value, 0..6).prop_map(Dict::from)
}

/// A message after two edits.
fn message() -> impl Strategy<Value = Message> {
    (dict(), dict()).prop_map(|(one, two)| {
        let mut message = Message::empty();
        for data in [one, two] {
            let mut draft = Draft::after(&message);
            *draft.data_mut() = data;
            message = draft.finish(None);
        }
        message
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read(message in message()) {
        let bytes = message.encode();
        let read = Message::read(&bytes, None).unwrap();
        prop_assert_eq!(&read, &message);
        prop_assert_eq!(read.encode(), bytes);
    }

    #[test]
    fn changed_bytes_are_refused_or_read_to_something_stable(
        message in message(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = message.encode();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(read) = Message::read(&bytes, None) {
            let again = Message::read(&read.encode(), None).unwrap();
            prop_assert_eq!(again.data(), read.data());
            prop_assert_eq!(again.encode(), read.encode());
        }
    }

    #[test]
    fn garbage_is_no_message_and_no_dump(garbage: Vec<u8>) {
        prop_assert!(Message::read(&garbage, None).is_err());
        let keys = keys();
        let owner = Owner::Account(&keys);
        prop_assert!(Config::load(ConfigKind::Contacts, &owner, &garbage).is_err());
        let mut device = profile();
        let stored = [Stored { hash: "h", data: &garbage }];
        prop_assert!(device.merge(&owner, &stored, NOW).accepted.is_empty());
        prop_assert!(!device.needs_dump());
    }

    #[test]
    fn a_diff_leads_from_the_old_data_to_the_new(old in dict(), new in dict()) {
        let (mut data, mut new) = (old, new);
        data.prune();
        new.prune();
        let diff = crate::config::Diff::between(&data, &new);
        diff.apply(&mut data, &new);
        data.prune();
        prop_assert_eq!(data, new);
    }
}

#[test]
fn deep_data_is_refused_and_does_not_overflow() {
    let nested = |depth: usize, part: &str| {
        let inner = [part.repeat(depth).as_str(), "i1e", &"e".repeat(depth)].concat();
        format!("d1:#i1e1:&{inner}1:<le1:=dee")
    };
    let at_bound = Message::read(nested(MAX_DEPTH, "d1:a").as_bytes(), None).unwrap();
    assert_eq!(at_bound.encode(), nested(MAX_DEPTH, "d1:a").into_bytes());
    for deep in [nested(MAX_DEPTH + 1, "d1:a"), nested(1_000_000, "d1:a")] {
        let refused = Message::read(deep.as_bytes(), None);
        assert!(matches!(refused, Err(ReadError::Bencode(BtError::TooDeep { .. }))));
    }
    let diff = format!("d1:#i1e1:&de1:<le1:={}", "d1:a".repeat(1_000_000));
    let unknown = format!("d1:#i1e1:%{}", "l".repeat(1_000_000));
    let lag = format!("d1:#i9e1:&de1:<lli1e{}", "l".repeat(1_000_000));
    for deep in [diff, unknown, lag] {
        let refused = Message::read(deep.as_bytes(), None);
        assert!(matches!(refused, Err(ReadError::Bencode(BtError::TooDeep { .. }))));
    }
}

#[test]
fn a_number_in_a_diff_is_refused() {
    for diff in ["d1:ai1ee", "d1:ad1:bi1eee"] {
        let message = format!("d1:#i1e1:&d1:ai1ee1:<le1:={diff}e");
        let refused = Message::read(message.as_bytes(), None);
        assert!(matches!(refused, Err(ReadError::Value { .. })), "{diff}");
    }
}

#[test]
fn an_empty_key_and_a_diff_of_a_kind_that_is_not_there_are_fine() {
    let mut draft = Draft::after(&Message::empty());
    draft.data_mut().assign(&[b""], &Value::Scalar(Scalar::from("")));
    let message = draft.finish(None);
    assert_eq!(Message::read(&message.encode(), None), Ok(message));
}
