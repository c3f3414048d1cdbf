use super::*;
use proptest::prelude::*;

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::btree_map(any::<Vec<u8>>(), inner, 0..6).prop_map(Value::Dict),
        ]
    })
}

/// Bytes that get far: made of what bencode is made of.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"ilde:-0123459a\xff".to_vec()), 0..40)
}

proptest! {
    #[test]
    fn values_are_read_as_they_were_written(value in values()) {
        let bytes = value.encode();
        prop_assert_eq!(decode(&bytes), Ok(value.clone()));
        prop_assert_eq!(decode_tolerant(&bytes), Ok(value));
    }

    #[test]
    fn what_is_read_is_canonical(bytes in prop_oneof![almost(), any::<Vec<u8>>()]) {
        let tolerant = decode_tolerant(&bytes);
        if let Ok(value) = decode(&bytes) {
            prop_assert_eq!(value.encode(), bytes);
            prop_assert_eq!(tolerant, Ok(value));
        } else if let Ok(value) = tolerant {
            prop_assert_ne!(value.encode(), bytes);
        }
    }

    #[test]
    fn a_cut_or_longer_value_is_refused(value in values(), at: prop::sample::Index, extra: u8) {
        let mut bytes = value.encode();
        prop_assert!(decode_tolerant(&bytes[..at.index(bytes.len())]).is_err());
        bytes.push(extra);
        prop_assert!(decode_tolerant(&bytes).is_err());
    }

    #[test]
    fn strings_are_a_list_of_strings(list: Vec<Vec<u8>>) {
        let value = Value::List(list.iter().map(|bytes| bytes.as_slice().into()).collect());
        let bytes = value.encode();
        let expected: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(strings(&bytes, list.len()), Ok(expected));
        if let Some(most) = list.len().checked_sub(1) {
            prop_assert_eq!(strings(&bytes, most), Err(BtError::TooMany { most }));
        }
    }
}

#[test]
fn what_is_not_canonical_is_told_apart() {
    for (bytes, error) in [
        (&b"i05e"[..], BtError::NotShortest { at: 1 }),
        (b"i-0e", BtError::NotShortest { at: 1 }),
        (b"l01:ae", BtError::NotShortest { at: 1 }),
        (b"d1:b0:1:a0:e", BtError::Order { at: 6 }),
        (b"d1:a0:1:a0:e", BtError::Order { at: 6 }),
        (b"i18446744073709551616e", BtError::Range { at: 1 }),
        (b"i-9223372036854775809e", BtError::Range { at: 1 }),
        (b"99999999999999999999999:", BtError::Range { at: 0 }),
        (b"5:abc", BtError::Length { at: 0, length: 5, available: 3 }),
        (b"i1ex", BtError::Trailing { at: 3, length: 1 }),
        (b"i+1e", BtError::Unexpected { at: 1, byte: b'+' }),
        (b"", BtError::End { at: 0 }),
    ] {
        assert_eq!(decode(bytes), Err(error));
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let nested = |depth: usize| [vec![b'l'; depth], vec![b'e'; depth]].concat();
    assert!(decode(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(decode(&nested(MAX_DEPTH + 1)), Err(BtError::TooDeep { at: MAX_DEPTH }));
    assert!(decode(&vec![b'l'; 10_000_000]).is_err());
    let many = [b"l".to_vec(), b"0:".repeat(MAX_VALUES), b"e".to_vec()].concat();
    assert_eq!(decode(&many), Err(BtError::TooMany { most: MAX_VALUES }));
}

#[test]
fn numbers_know_their_ranges() {
    let (low, high) = (Value::from(i64::MIN), Value::from(u64::MAX));
    assert_eq!((low.as_i64(), low.as_u64()), (Some(i64::MIN), None));
    assert_eq!((high.as_i64(), high.as_u64()), (None, Some(u64::MAX)));
    assert_eq!(Value::from(7_i64), Value::from(7_u64));
    assert_eq!(
        format!("{:?}", decode(b"d1:ai7e1:\xffl1:bee").unwrap()),
        r#"{"a": 7, "0xff": ["b"]}"#
    );
}
