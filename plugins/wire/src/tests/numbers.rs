use std::collections::BTreeSet;

use super::samples::events;
use crate::codec::Encoding;
use crate::*;

#[test]
fn every_kind_has_a_number_and_a_sample() {
    let numbers: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.number()).collect();
    assert_eq!(numbers.len(), EventKind::ALL.len());
    let sampled: BTreeSet<_> = events().iter().map(|event| event.kind().number()).collect();
    assert_eq!(sampled, numbers);
    for number in 0..100 {
        let kind = EventKind::of_number(number);
        assert_eq!(kind.map(EventKind::number), numbers.get(&number).copied());
        let kind = RequestKind::of_number(number).map(RequestKind::number);
        assert_eq!(kind, (1..=4).contains(&number).then_some(number));
        let encoding = Encoding::of_number(number).map(Encoding::number);
        assert_eq!(encoding, (1..=2).contains(&number).then_some(number));
    }
}

#[test]
fn a_set_drops_bits_that_it_does_not_know() {
    assert_eq!(GrantSet::of_bits(u64::MAX), GrantSet::ALL);
    assert_eq!(GrantSet::of_bits(1 << 63), GrantSet::NONE);
    let bits = Grant::ALL.iter().fold(0, |bits, grant| bits | grant.bit());
    assert_eq!(bits, GrantSet::ALL.bits());
    assert_eq!(bits.count_ones() as usize, Grant::ALL.len());
    let bits = Topic::ALL.iter().fold(0, |bits, topic| bits | topic.bit());
    assert_eq!(bits.count_ones() as usize, Topic::ALL.len());
}

#[test]
fn the_name_of_a_grant_is_that_of_json() {
    for grant in Grant::ALL {
        assert_eq!(serde_json::to_value(grant).unwrap(), grant.name());
        assert_eq!(Grant::of_name(grant.name()), Some(*grant));
    }
    for topic in Topic::ALL {
        assert_eq!(serde_json::to_value(topic).unwrap(), topic.name());
    }
    assert_eq!(GrantSet::NONE.to_string(), "none");
    assert_eq!(GrantSet::NONE.with(Grant::Read).with(Grant::Send).to_string(), "read, send");
}

#[test]
fn a_text_that_names_nothing_is_refused() {
    let message: MessageId = "m3-42".parse().unwrap();
    assert_eq!((message.account, message.number), (3, 42));
    for text in [
        "",
        "m",
        "3-42",
        "m3",
        "m3-",
        "m-42",
        "m3-42 ",
        "m+3-42",
        "m3-+42",
        "m3--42",
        "m03-42",
        "m4294967296-1",
    ] {
        assert!(text.parse::<MessageId>().is_err(), "{text}");
    }
    for id in ["m0-0", "m4294967295-18446744073709551615"] {
        assert_eq!(id.parse::<MessageId>().unwrap().to_string(), id);
    }
    let id = "05".repeat(33);
    assert_eq!(id.parse::<AccountId>().unwrap().to_string(), id);
    assert_eq!(AccountId([5; 33]).short(), "050505…0505");
    for text in ["", "05", &"0g".repeat(33), &"ä".repeat(33), &"05".repeat(34), &"+5".repeat(33)] {
        assert!(text.parse::<AccountId>().is_err(), "{text}");
    }
    assert!(ConversationId(id.clone()).account().is_some());
    assert!(ConversationId(id.replacen("05", "03", 1)).account().is_none());
}
