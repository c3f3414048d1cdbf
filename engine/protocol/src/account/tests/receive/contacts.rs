//! Who writes becomes a contact; names and pictures follow.

use super::*;
use ramson_codec::proto::MessageRequestResponse;

#[test]
fn a_stranger_becomes_a_contact_that_waits_for_an_answer() {
    let mut device = Device::new(&[]);
    let content = data(DataMessage { profile: Some(profile("Bob", Some(5))), ..body("hi") });
    device.take(from(id(2), at(1), &content));
    let contact = device.contact(id(2));
    assert!(contact.approved_me && !contact.approved && !contact.blocked);
    assert_eq!(contact.created, i64::try_from(NOW.millis() / 1_000).unwrap());
    assert_eq!((contact.name.to_string().as_str(), contact.profile_updated), ("Bob", 5));
}

#[test]
fn what_a_hidden_contact_writes_brings_it_back_but_notices_do_not() {
    let mut device = Device::new(&[]);
    device.edit_contact(id(2), |contact| contact.priority = -1);
    device.take(from(id(2), at(1), &timer_update(ExpirationType::Unknown, 0)));
    assert_eq!(device.contact(id(2)).priority, -1);
    device.take(from(id(2), at(2), &words("hello?")));
    assert_eq!(device.contact(id(2)).priority, 0);
    device.edit_contact(id(3), |contact| contact.priority = 7);
    device.take(from(id(3), at(3), &words("hello")));
    assert_eq!(device.contact(id(3)).priority, 7, "a pin stays");
}

#[test]
fn the_newer_profile_counts_in_whatever_order_they_come() {
    let mut device = Device::new(&[]);
    let mut n = 0;
    let mut take = |device: &mut Device, name: &str, updated| {
        n += 1;
        let content = data(DataMessage { profile: Some(profile(name, updated)), ..body("hi") });
        device.take(from(id(2), at(n), &content));
        device.contact(id(2)).name.to_string()
    };
    assert_eq!(take(&mut device, "Old", None), "Old");
    assert_eq!(take(&mut device, "Older", Some(0)), "Older", "nobody says which is newer");
    assert_eq!(take(&mut device, "Nine", Some(9)), "Nine");
    assert_eq!(take(&mut device, "Eight", Some(8)), "Nine");
    assert_eq!(take(&mut device, "Nine again", Some(9)), "Nine");
    assert_eq!(take(&mut device, "Old", None), "Nine");
    assert_eq!(take(&mut device, "  ", Some(10)), "Nine", "a profile has a name");
    let long = "ä".repeat(60);
    assert_eq!(take(&mut device, &long, Some(11)), "ä".repeat(50), "100 bytes");
    assert_eq!(take(&mut device, "Last", Some(u64::MAX)), "Last");
}

#[test]
fn a_picture_needs_address_and_key() {
    let mut device = Device::new(&[]);
    let mut n = 0;
    let mut take = |device: &mut Device, url: Option<&str>, key: Option<usize>| {
        n += 1;
        let profile =
            LokiProfile { profile_picture: url.map(str::to_owned), ..profile("Bob", Some(n)) };
        let profile_key = key.map(|length| vec![7; length]);
        let content = data(DataMessage { profile: Some(profile), profile_key, ..body("hi") });
        device.take(from(id(2), at(n), &content));
        device.contact(id(2)).picture.map(|picture| picture.url().to_string())
    };
    let first = Some("http://f/1".to_owned());
    assert_eq!(take(&mut device, Some("http://f/1"), Some(32)), first);
    assert_eq!(take(&mut device, Some("http://f/2"), Some(31)), first, "that key opens nothing");
    assert_eq!(take(&mut device, Some("http://f/2"), None), first);
    assert_eq!(take(&mut device, None, Some(32)), first);
    assert_eq!(take(&mut device, Some(&"u".repeat(224)), Some(32)), first);
    assert_eq!(take(&mut device, None, None), None, "it was taken away");
}

#[test]
fn a_profile_alone_changes_a_contact_but_makes_none() {
    let mut device = Device::new(&[id(2)]);
    let content =
        data(DataMessage { profile: Some(profile("New", Some(5))), ..DataMessage::default() });
    assert_eq!(device.reason(from(id(2), at(1), &content)), DropReason::NotHistory.to_string());
    assert_eq!(device.contact(id(2)).name.to_string(), "New");
    assert_eq!(device.reason(from(id(3), at(2), &content)), DropReason::NotHistory.to_string());
    assert!(device.account.settings.contacts.contact(&id(3)).is_none());
}

#[test]
fn no_message_changes_the_own_profile() {
    let mut device = Device::new(&[]);
    let me = device.me();
    let own = DataMessage { profile: Some(profile("Not me", Some(9))), ..body("x") };
    device.take(from(me, at(1), &synced(id(2), data(own))));
    assert!(device.account.settings.profile.name().to_string() != "Not me");
    assert!(device.account.settings.contacts.contact(&me).is_none());
    assert!(device.contact(id(2)).name.is_empty(), "nor that of whom it is written to");
}

#[test]
fn an_accepted_request_is_told_and_lets_this_account_write() {
    let mut device = Device::new(&[]);
    device.edit_contact(id(2), |contact| contact.approved = true);
    let response = |is_approved| Content {
        message_request_response: Some(MessageRequestResponse {
            is_approved,
            profile_key: Some(vec![1; 32]),
            profile: Some(LokiProfile {
                profile_picture: Some("http://f/1".into()),
                ..profile("Bob", Some(1))
            }),
        }),
        ..Content::default()
    };
    assert_eq!(
        device.reason(from(id(2), at(1), &response(false))),
        DropReason::NotAccepted.to_string()
    );
    assert!(!device.contact(id(2)).approved_me);
    device.take(from(id(2), at(2), &response(true)));
    let contact = device.contact(id(2));
    assert!(contact.approved_me);
    assert_eq!(contact.name.to_string(), "Bob");
    assert!(contact.picture.is_some());
    assert_eq!(device.only().kind, MessageKind::MessageRequestResponse);
    assert_eq!(device.line(id(2)).unread, 0, "a notice is nothing to read");
    assert_eq!(
        device.reason(copy_of(id(2), at(2), &response(true), 1)),
        DropReason::Duplicate.to_string()
    );
    let me = device.me();
    assert_eq!(
        device.reason(from(me, at(3), &response(true))),
        DropReason::NotFromSelf.to_string()
    );
}

#[test]
fn names_of_too_many_strangers_are_not_kept_until_they_are_answered() {
    let mut device = Device::new(&[]);
    for n in 0..999_u32 {
        let stranger: AccountId = format!("05{n:08x}{}", "00".repeat(28)).parse().unwrap();
        let asks = Contact { approved_me: true, ..Contact::new(stranger) };
        device.account.settings.contacts.set_contact(&asks);
    }
    device.keep();
    let mut n = 0;
    let mut take = |device: &mut Device, sender: u8, name: &str| {
        n += 1;
        let profile = LokiProfile {
            profile_picture: Some("http://f/1".to_owned()),
            ..profile(name, Some(n))
        };
        let content = data(DataMessage {
            profile: Some(profile),
            profile_key: Some(vec![7; 32]),
            ..body("hi")
        });
        device.take(from(id(sender), at(n), &content));
        let contact = device.contact(id(sender));
        assert_eq!(contact.picture.is_some(), !contact.name.is_empty());
        contact.name.to_string()
    };
    assert_eq!(take(&mut device, 2, "Bob"), "Bob", "the thousandth");
    assert_eq!(take(&mut device, 3, "Carol"), "");
    assert!(device.contact(id(3)).approved_me, "the request itself is kept");
    assert_eq!(take(&mut device, 2, "Bobby"), "Bobby", "who has a name may change it");
    device.edit_contact(id(3), |contact| contact.approved = true);
    assert_eq!(take(&mut device, 3, "Carol"), "Carol");
    assert_eq!(take(&mut device, 4, "Dave"), "");
    device.edit_contact(id(2), |contact| contact.approved = true);
    assert_eq!(take(&mut device, 4, "Dave"), "Dave", "there is room again");
}

#[test]
fn older_messages_and_own_ones_do_not_show_a_hidden_contact_again() {
    let mut device = Device::new(&[id(2)]);
    let me = device.me();
    device.edit_contact(id(2), |contact| contact.priority = -1);
    let stored = at(1_000);
    device.account.settings.sync.contacts_stored = stored;
    let margin = Duration::from_secs(120);
    device.take(from(id(2), stored.minus(margin), &words("before it was hidden")));
    device.take(from(me, stored.plus(DAY), &synced(id(2), words("the contacts say it"))));
    assert_eq!((device.contact(id(2)).priority, device.messages().len()), (-1, 2));
    device.take(from(id(2), stored.minus(margin).offset(1), &words("since")));
    assert_eq!(device.contact(id(2)).priority, 0);
}

#[test]
fn who_accepts_what_was_not_asked_or_again_is_not_told() {
    let mut device = Device::new(&[]);
    let accepts = Content {
        message_request_response: Some(MessageRequestResponse {
            is_approved: true,
            profile_key: None,
            profile: None,
        }),
        ..Content::default()
    };
    let not_asked = DropReason::NotAsked.to_string();
    assert_eq!(device.reason(from(id(3), at(1), &accepts)), not_asked);
    assert!(device.account.settings.contacts.contact(&id(3)).is_none());
    device.edit_contact(id(2), |contact| contact.priority = -1);
    assert_eq!(device.reason(from(id(2), at(2), &accepts)), not_asked);
    let contact = device.contact(id(2));
    assert!(contact.approved_me && contact.priority == -1);
    // It was asked, and a text of it came before.
    device.edit_contact(id(2), |contact| contact.approved = true);
    device.take(from(id(2), at(3), &accepts));
    assert_eq!(device.contact(id(2)).priority, 0);
    device.edit_contact(id(2), |contact| contact.priority = -1);
    let again = device.reason(from(id(2), at(4), &accepts));
    assert_eq!(again, DropReason::Duplicate.to_string());
    assert_eq!((device.contact(id(2)).priority, device.messages().len()), (-1, 1));
}
