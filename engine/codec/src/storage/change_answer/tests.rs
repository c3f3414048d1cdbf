use proptest::prelude::*;
use ramson_crypto::Ed25519Secret;
use serde_json::json;

use super::*;

const ACCOUNT: &str = "05d2ad010eeb72d72e561d9de7bd7b6989af77dcabffa03a5111a6c859ae5c3a72";
const NODE: &str = "88dbd698704d7f900ea7f8ab169c68957f6472aaa8c31b6cbe0b7be3e8e90b51";

/// Those of the vectors, in the order of their requests.
const HASHES: [&str; 3] = [
    "4JUDUe8AneFakrtLSjjRlvHlD20weOEWnmWv73/Q/44",
    "3+ZQ2bxburlhaiDRC1D6DVGb+iDgYdX9D3XjAjRBmlY",
    "DwAkUSs3ursyaKeBUEtNBXOVljiZ5Srre/n8YBicZqA",
];

fn account() -> AccountId {
    ACCOUNT.parse().unwrap()
}

fn hash(index: usize) -> MessageHash {
    HASHES[index].parse().unwrap()
}

fn answer(entry: Value) -> Vec<u8> {
    json!({ "swarm": { NODE: entry }, "t": 7, "hf": [19, 4] }).to_string().into_bytes()
}

// The entries are those of `storage-signatures.json`.

fn deleted() -> Value {
    json!({
        "deleted": [HASHES[1], HASHES[0]],
        "signature": "CCVOCJEKpBn4lZaVshfhM/dbqYFxIOVi8mi7hs7JNlXIdihhzuZNofeMN27S7eUBuEEuImivFvmLNBlZ4kO4CA==",
    })
}

fn expired() -> Value {
    json!({
        "updated": [HASHES[1], HASHES[0]],
        "expiry": 1_702_592_000_000_u64,
        "unchanged": { HASHES[2]: 1_702_592_000_005_u64 },
        "signature": "3E0mFPdHCXZtqWYkN41PabzBoIFS3Mgfuh1gk3cZRnY0fxQFbFmfdwDuLXgw+psHzgmcC5k6+hHConNaZZuQCQ==",
    })
}

#[test]
fn a_delete_counts_by_the_signature_over_what_was_asked_and_what_was_done() {
    let requested = [hash(0), hash(1), hash(2)];
    let confirmed = |entry: Value, requested: &[MessageHash]| {
        DeleteAnswer::parse(&answer(entry)).unwrap().confirmed(&account(), requested)
    };
    let all = confirmed(deleted(), &requested);
    assert_eq!(all, [(NODE.parse().unwrap(), [hash(0), hash(1)].into())].into());
    let mut unsorted = deleted();
    unsorted["deleted"] = json!([HASHES[0], HASHES[1]]);
    assert_eq!(confirmed(unsorted, &requested).len(), 1, "it is signed in order all the same");

    assert!(confirmed(deleted(), &[hash(1), hash(0), hash(2)]).is_empty(), "another request");
    assert!(confirmed(deleted(), &requested[..2]).is_empty());
    let lies = [
        ("deleted", json!([HASHES[0]])),
        ("deleted", json!([])),
        ("deleted", json!([HASHES[1], HASHES[0], HASHES[2]])),
        ("deleted", json!({ "0": [HASHES[0]] })),
        ("deleted", json!(null)),
        ("failed", json!(true)),
        ("failed", json!(1)),
        ("signature", json!(null)),
        ("signature", json!("CCVO")),
    ];
    for (field, value) in lies {
        let mut entry = deleted();
        entry[field] = value;
        assert!(confirmed(entry.clone(), &requested).is_empty(), "{entry}");
    }
    let other = AccountId::group(NODE.parse().unwrap());
    let read = DeleteAnswer::parse(&answer(deleted())).unwrap();
    assert!(read.confirmed(&other, &requested).is_empty(), "another account");
    assert_eq!(read.status.time, Some(Timestamp(7)));
}

#[test]
fn what_a_member_signs_that_was_not_asked_for_is_not_believed() {
    let secret = Ed25519Secret::from_seed(&[5; 32]);
    let text = member_text::delete(&account(), &[HASHES[0]], &[HASHES[2]]);
    let signature = base64_text::encode(&secret.sign(&text));
    let key = secret.public().to_string();
    let body = json!({ "swarm": { key: { "deleted": [HASHES[2]], "signature": signature } } });
    let read = DeleteAnswer::parse(body.to_string().as_bytes()).unwrap();
    assert!(read.confirmed(&account(), &[hash(0)]).is_empty());
}

#[test]
fn an_expire_counts_by_its_signature_and_says_when_each_copy_goes() {
    let requested = [hash(0), hash(1), hash(2)];
    let confirmed = |entry: Value, requested: &[MessageHash]| {
        ExpireAnswer::parse(&answer(entry)).unwrap().confirmed(&account(), requested)
    };
    let (one, other) = (Timestamp(1_702_592_000_000), Timestamp(1_702_592_000_005));
    let all = confirmed(expired(), &requested);
    let each = [(hash(0), one), (hash(1), one), (hash(2), other)];
    assert_eq!(all, [(NODE.parse().unwrap(), each.into())].into());

    // Without `extend` or `shorten` nobody says what stayed as it was.
    let plain = json!({
        "updated": [HASHES[1], HASHES[0]],
        "expiry": 1_702_592_000_000_u64,
        "signature": "pi8sVNiYz2CX5o5FHMafWDyF81Dxa5dLUnf58lGNRYVg+FRt5Aha4ejhzt6pHtZs0UPp4RpkN1qyMenb0b5/DA==",
    });
    assert_eq!(confirmed(plain, &requested[..2])[&NODE.parse().unwrap()].len(), 2);
    // Several times stand beside the hashes that were updated.
    let several = json!({
        "updated": [HASHES[1], HASHES[0]],
        "expiry": [1_702_592_000_000_u64, 1_702_592_001_000_u64],
        "signature": "F79jbfx8E8V0pU/jkZHndpKTfDBnCbQ2hZ6JO9k/Wl8y0bifz2MUzu87680YWsxCAxzQyI24ozjrsiLdASfjCQ==",
    });
    let all = confirmed(several, &[hash(1), hash(0)]);
    let each = [(hash(1), one), (hash(0), Timestamp(1_702_592_001_000))];
    assert_eq!(all, [(NODE.parse().unwrap(), each.into())].into());

    let lies = [
        ("expiry", json!(1_702_592_000_001_u64)),
        ("expiry", json!("soon")),
        ("expiry", json!(-1)),
        ("updated", json!([HASHES[0]])),
        ("updated", json!(5)),
        ("unchanged", json!({})),
        ("unchanged", json!({ HASHES[2]: 1 })),
        ("unchanged", json!([])),
        ("failed", json!(1)),
        ("signature", json!(null)),
    ];
    for (field, value) in lies {
        let mut entry = expired();
        entry[field] = value;
        assert!(confirmed(entry.clone(), &requested).is_empty(), "{entry}");
    }
}

#[test]
fn expiries_are_read_as_far_as_they_are_readable() {
    let body = json!({ "expiries": { HASHES[0]: 5, HASHES[1]: "x", "no hash": 6 } }).to_string();
    let read = ExpiriesAnswer::parse(body.as_bytes()).unwrap();
    assert_eq!(read.expiries, [(hash(0), Timestamp(5))].into());
    for bad in ["", "{}", "[]", "{\"expiries\":[]}", "expire: no"] {
        assert!(ExpiriesAnswer::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::from(HASHES[0])),
        Just(Value::from("A".repeat(86))),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("swarm"),
        Just(NODE),
        Just("deleted"),
        Just("updated"),
        Just("expiry"),
        Just("unchanged"),
        Just("signature"),
        Just("expiries"),
        Just(HASHES[0]),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6).prop_map(|map| {
                map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}

fn read_every_way(body: &[u8]) {
    let hashes = [hash(0), hash(1)];
    if let Ok(answer) = DeleteAnswer::parse(body) {
        assert!(answer.confirmed(&account(), &hashes).is_empty(), "nobody signed");
    }
    if let Ok(answer) = ExpireAnswer::parse(body) {
        assert!(answer.confirmed(&account(), &hashes).is_empty(), "nobody signed");
    }
    let _ = ExpiriesAnswer::parse(body);
}

proptest! {
    #[test]
    fn any_bytes_may_come(body: Vec<u8>) {
        read_every_way(&body);
    }

    #[test]
    fn any_json_may_come(value in any_value(), entry in any_value()) {
        read_every_way(value.to_string().as_bytes());
        read_every_way(&answer(entry));
    }
}
