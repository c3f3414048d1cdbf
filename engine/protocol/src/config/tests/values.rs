//! Typed configs: what is there of other clients stays, ages are kept to.

use std::time::Duration;

use proptest::prelude::*;
use ramson_types::{AccountId, Prefix};

use super::*;
use crate::config::contacts::{Contact, Disappearing};
use crate::config::convo_volatile::{Convo, ReadState};
use crate::config::local::LocalNumber;
use crate::config::profile::NameTooLong;
use crate::config::user_groups::{Community, Group, LegacyGroup};
use crate::config::value::Picture;
use crate::config::{Contacts, ConvoInfoVolatile, Local, Server, UserGroups, UserProfile};
use ramson_types::conversation::Notify;

const DAY: u64 = 24 * 60 * 60;

fn id(prefix: Prefix, byte: u8) -> AccountId {
    AccountId::new(prefix, [byte; 32])
}

fn contact() -> impl Strategy<Value = Contact> {
    let words = || "[a-z漢]{0,9}";
    let who = (0..4_u8, words(), words(), prop::option::of("u[a-z]{0,9}"));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let numbers = (any::<i64>(), 0..9_000_000_000_i64, 0..9_000_000_000_i64, 0..9_i64);
    let modes = (0..3_u8, 1..100_000_i64, prop::collection::btree_set(0..5_i64, 0..3));
    (who, flags, numbers, modes).prop_map(|(who, flags, numbers, modes)| {
        let (byte, name, nickname, picture) = who;
        let mut contact = Contact::new(id(Prefix::Account, byte));
        contact.name = name.as_str().into();
        contact.nickname = nickname.as_str().into();
        contact.picture = picture.and_then(|url| Picture::new(&url, &[9; 32]));
        (contact.approved, contact.approved_me, contact.blocked) = flags;
        (contact.priority, contact.mute_until, contact.created, contact.profile_updated) = numbers;
        contact.notify = [Notify::Default, Notify::All, Notify::Off][usize::from(modes.0)];
        contact.disappearing = match modes.0 {
            0 => Disappearing::Off,
            1 => Disappearing::AfterSend(modes.1),
            _ => Disappearing::AfterRead(modes.1),
        };
        contact.features = modes.2;
        contact
    })
}

proptest! {
    #[test]
    fn what_is_set_of_a_contact_is_read_and_other_keys_stay(
        contacts in prop::collection::vec(contact(), 1..6),
    ) {
        let mut config = Contacts::new();
        for contact in &contacts {
            config.set(&[b"c", &contact.id.to_bytes(), b"ZZ"], "future");
            config.set_contact(contact);
            prop_assert_eq!(config.contact(&contact.id), Some(contact.clone()));
            let dict = config.data().dict_at(&[b"c", &contact.id.to_bytes()]).unwrap();
            prop_assert_eq!(dict.bytes(b"ZZ"), Some(b"future".as_slice()));
        }
        let config = config.clone();
        let (keys, mut device) = (keys(), config);
        publish(&mut device, &keys);
        for contact in device.contacts().collect::<Vec<_>>() {
            device.set_contact(&contact);
        }
        prop_assert!(device.is_clean(), "what was read is no change");
    }
}

#[test]
fn entries_that_are_no_contacts_are_passed_over() {
    let mut contacts = Contacts::new();
    contacts.set_contact(&Contact::new(id(Prefix::Account, 1)));
    contacts.set(&[b"c", &id(Prefix::Group, 1).to_bytes(), b"n"], "a group");
    contacts.set(&[b"c", b"short", b"n"], "short");
    contacts.set(&[b"c", &id(Prefix::Account, 2).to_bytes()], 5);
    assert_eq!(contacts.contacts().count(), 1);
    contacts.erase_contact(&id(Prefix::Account, 1));
    assert_eq!(contacts.contacts().count(), 0);
}

#[test]
fn a_name_has_a_limit() {
    let mut profile = UserProfile::new();
    assert_eq!(profile.set_name(&"é".repeat(51), None), Err(NameTooLong { length: 102 }));
    assert!(!profile.needs_push());
    profile.set_name_truncated(&"é".repeat(51), None);
    assert_eq!(profile.name().to_string(), "é".repeat(50));
}

#[test]
fn setting_what_is_there_does_not_stamp() {
    let mut profile = UserProfile::new();
    profile.set_name("Kallie", Some(NOW)).unwrap();
    let stamped = profile.updated();
    assert_eq!(stamped, 1_765_432_100);
    let later = NOW.plus(Duration::from_secs(5));
    profile.set_name("Kallie", Some(later)).unwrap();
    profile.set_picture(None, Some(later));
    profile.set_feature(0, false, Some(later));
    assert_eq!(profile.updated(), stamped);
}

#[test]
fn old_markers_and_a_dict_in_place_of_a_credential_read_as_absent() {
    let mut profile = UserProfile::new();
    let week = NOW.plus(Duration::from_secs(7 * DAY));
    profile.set_pro_prepaid(1_765_432_100, None);
    profile.set_refund_requested(1_765_432_100, None);
    assert_eq!(profile.pro_prepaid(week), Some(1_765_432_100));
    assert_eq!(profile.refund_requested(week.plus(Duration::from_secs(1))), None);
    profile.set(&[b"s", b"r"], &[1; 32]);
    assert!(profile.pro_credential().is_none());
    profile.set_pro_access_expiry(1_772_000_000_000);
    assert_eq!(profile.pro_access_expiry(), 1_772_000_000);
    profile.set_pro_grace_period(5);
    profile.set_pro_access_expiry(0);
    assert_eq!((profile.pro_access_expiry(), profile.pro_grace_period()), (0, 0));
}

fn read_at(time: Timestamp, unread: bool) -> ReadState {
    ReadState { last_read: time.millis() as i64, unread, ..ReadState::default() }
}

#[test]
fn old_read_times_are_neither_written_nor_kept() {
    let mut convos = ConvoInfoVolatile::new();
    let server = Server::new("https://example.org", [1; 32]).unwrap();
    let all = [
        Convo::Account(id(Prefix::Account, 1)),
        Convo::LegacyGroup(id(Prefix::Account, 2)),
        Convo::Community(server.clone(), "Room".into()),
        Convo::Group(id(Prefix::Group, 3)),
    ];
    let days_ago = |days| NOW.minus(Duration::from_secs(days * DAY));
    for convo in &all {
        convos.set_read_state(convo, &read_at(days_ago(31), false), NOW).unwrap();
        assert_eq!(convos.read_state(convo).unwrap().map_or(0, |state| state.last_read), 0);
        convos.set_read_state(convo, &read_at(days_ago(29), false), NOW).unwrap();
        // A later one is taken back, however old that makes it.
        convos.set_read_state(convo, &read_at(days_ago(40), false), NOW).unwrap();
        let kept = convos.read_state(convo).unwrap().unwrap();
        assert_eq!(kept, read_at(days_ago(40), false));
    }
    convos.set_read_state(&all[0], &read_at(days_ago(40), true), NOW).unwrap();
    let later = NOW.plus(Duration::from_secs(6 * DAY));
    convos.push(&Owner::Account(&keys()), later).unwrap();
    let left: Vec<_> = convos.read_states().map(|(convo, _)| convo).collect();
    assert_eq!(left, [all[0].clone(), all[3].clone()]);
    assert!(convos.data().dict(b"o").is_none(), "the server went with its last room");
}

#[test]
fn a_room_that_is_none_is_an_error() {
    let server = Server::new("https://example.org", [1; 32]).unwrap();
    let convo = Convo::Community(server.clone(), "no room".into());
    let mut convos = ConvoInfoVolatile::new();
    assert!(convos.set_read_state(&convo, &ReadState::default(), NOW).is_err());
    assert!(Community::new(server, "").is_err());
    assert!(Community::from_url("https://example.org/room").is_err(), "it has no key");
}

#[test]
fn members_of_a_legacy_group_change_one_by_one() {
    let mut groups = UserGroups::new();
    let group_id = id(Prefix::Account, 9);
    let mut group = LegacyGroup::new(group_id);
    group.members.extend([id(Prefix::Account, 1), id(Prefix::Account, 2)]);
    groups.set_legacy_group(&group);
    groups.add(&[b"C", &group_id.to_bytes(), b"m"], "of a later version");
    group.members.remove(&id(Prefix::Account, 1));
    groups.set_legacy_group(&group);
    let read = groups.legacy_group(&group_id).unwrap();
    assert_eq!(read.members, group.members);
    let members = groups.data().dict_at(&[b"C", &group_id.to_bytes()]).unwrap().set(b"m").unwrap();
    assert_eq!(members.len(), 2);
}

#[test]
fn a_foreign_seed_is_not_a_groups() {
    let mut groups = UserGroups::new();
    let group_id = id(Prefix::Group, 9);
    let mut group = Group::new(group_id);
    group.seed = Some([1; 32].into());
    groups.set_group(&group);
    assert!(groups.group(&group_id).unwrap().seed.is_none());
    groups.set(&[b"g", &group_id.to_bytes(), b"K"], &[1; 32]);
    assert!(groups.group(&group_id).unwrap().seed.is_none());
}

#[test]
fn local_settings_are_read_as_they_were_set() {
    let mut local = Local::new();
    local.set_number(LocalNumber::Theme, 3);
    local.set_number(LocalNumber::NotifySound, -1);
    local.set_setting("typing", false);
    assert_eq!((local.number(LocalNumber::Theme), local.number(LocalNumber::NotifySound)), (3, 0));
    assert_eq!((local.setting("typing"), local.setting("other")), (Some(false), None));
    assert_eq!(local.settings().collect::<Vec<_>>(), [("typing", false)]);
}
