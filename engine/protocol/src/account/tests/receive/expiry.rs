//! Messages that disappear, as they come in.

use super::*;
use crate::store::{Errand, ErrandCopy};
use ramson_types::message::{ExpiresFrom, Expiry};

const HOUR: u32 = 3_600;

fn expiring(arrival: Arrival, in_seconds: i64) -> Arrival {
    Arrival { expires: NOW.offset(in_seconds * 1_000), ..arrival }
}

fn ends(device: &Device) -> Option<Timestamp> {
    device.only().expiry.and_then(|expiry| expiry.ends)
}

#[test]
fn after_sending_the_time_counts_at_once() {
    let mut device = Device::new(&[]);
    let content = timed(words("soon gone"), ExpirationType::DeleteAfterSend, HOUR);
    device.take(expiring(from(id(2), at(1), &content), 3_000));
    assert_eq!(ends(&device), Some(NOW.offset(3_000_000)), "when the swarm lets go of it");
    assert_eq!(device.account.expiring.next(), ends(&device));
}

#[test]
fn what_is_over_is_not_shown_but_remembered() {
    let mut device = Device::new(&[id(2)]);
    let content = timed(words("gone"), ExpirationType::DeleteAfterSend, 60);
    let gone = from(id(2), at(1), &content);
    assert_eq!(device.reason(gone), DropReason::Expired.to_string());
    assert!(device.messages().is_empty());
}

#[test]
fn after_reading_the_time_counts_when_it_is_read() {
    let mut device = Device::new(&[]);
    let content = timed(words("read me"), ExpirationType::DeleteAfterRead, HOUR);
    device.take(from(id(2), at(1), &content));
    let expiry = Expiry { from: ExpiresFrom::Read, seconds: HOUR, ends: None };
    assert_eq!(device.only().expiry, Some(expiry));
    assert_eq!(device.account.expiring.next(), None);
}

#[test]
fn what_was_read_elsewhere_counts_from_now_or_from_when_it_was_shortened() {
    let content = timed(words("read there"), ExpirationType::DeleteAfterRead, HOUR);
    let (me, peer) = (id(1), id(2));
    let ready = || {
        let mut device = Device::new(&[]);
        device.take(from(me, at(5), &synced(peer, words("seen"))));
        device
    };
    let shortened = |decision: &Decision| {
        decision.changes.iter().any(|change| {
            matches!(change, Change::PutErrand(stored)
                if matches!(stored.errand, Errand::Shorten { .. }))
        })
    };
    let mut device = ready();
    let arrival = from(peer, at(1), &content);
    let hash = arrival.hash;
    let decision = device.take(arrival);
    let message = device.messages()[1];
    let end = NOW.plus(Duration::from_secs(HOUR.into()));
    assert_eq!(message.expiry.and_then(|expiry| expiry.ends), Some(end));
    let copy = ErrandCopy { hash, message: message.id, conversation: with(peer), seconds: HOUR };
    let errand = decision.changes.iter().find_map(|change| match change {
        Change::PutErrand(stored) => Some(stored.errand.clone()),
        _ => None,
    });
    assert_eq!(errand, Some(Errand::Shorten { copies: vec![copy], expiry: end }));

    let mut device = ready();
    let decision = device.take(expiring(from(peer, at(1), &content), 2_900));
    let expiry = device.messages()[1].expiry.and_then(|expiry| expiry.ends);
    assert_eq!(expiry, Some(NOW.offset(2_900_000)), "another device shortened it");
    assert!(!shortened(&decision));
}

#[test]
fn own_messages_count_from_when_they_were_sent() {
    let mut device = Device::new(&[]);
    let content = timed(words("mine"), ExpirationType::DeleteAfterRead, HOUR);
    device.take(from(id(1), at(1), &synced(id(2), content)));
    assert_eq!(ends(&device), Some(at(1).plus(Duration::from_secs(HOUR.into()))));
}

#[test]
fn notes_to_self_only_disappear_after_sending() {
    let mut device = Device::new(&[]);
    let content = timed(words("note"), ExpirationType::DeleteAfterRead, HOUR);
    device.take(from(id(1), at(1), &synced(id(1), content)));
    let expiry = device.only().expiry.expect("it disappears");
    assert_eq!(expiry.from, ExpiresFrom::Sent);
    assert!(expiry.ends.is_some());
}

#[test]
fn without_a_setting_nothing_disappears() {
    let mut device = Device::new(&[]);
    for (n, content) in [
        words("legacy"),
        timed(words("off"), ExpirationType::Unknown, HOUR),
        timed(words("zero"), ExpirationType::DeleteAfterSend, 0),
    ]
    .iter()
    .enumerate()
    {
        device.take(from(id(2), at(n as u64), content));
    }
    assert!(device.messages().iter().all(|message| message.expiry.is_none()));
    assert_eq!(device.messages().len(), 3);
}

#[test]
fn the_place_of_a_deleted_message_disappears_in_its_time() {
    let mut device = Device::new(&[]);
    let content = timed(words("soon gone"), ExpirationType::DeleteAfterSend, HOUR);
    device.take(from(id(2), at(1), &content));
    let before = device.account.expiring.next();
    device.take(from(id(2), at(2), &unsend(id(2), at(1))));
    assert!(device.only().deleted && before.is_some());
    assert_eq!(device.account.expiring.next(), before);
}
