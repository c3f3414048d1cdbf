//! What arrives on the other devices.

use ramson_types::conversation::{Disappearing, Notify};
use ramson_types::{ConversationId, MessageHash, Namespace, Prefix, Timestamp};

use super::devices::{Device, Fate, SECOND, Swarm, peer, settle};
use crate::account::tests::support::{NOW, node};
use crate::account::*;
use crate::config::contacts;
use crate::config::convo_volatile::{Convo, ReadState};
use crate::config::user_groups::{Community, Group};
use crate::config::value::Picture;

/// Two synced devices and their swarm.
fn two() -> ([Device; 2], Swarm, Timestamp) {
    let (mut swarm, mut now) = (Swarm::default(), NOW);
    let mut devices = [Device::new("Anna"), Device::restored(None)];
    settle(&mut devices, &mut swarm, &mut now);
    (devices, swarm, now)
}

#[test]
fn a_new_account_names_its_profile_and_a_restored_one_learns_the_name() {
    let mut swarm = Swarm::default();
    let mut first = Device::new("Anna");
    assert_eq!(first.name().as_deref(), Some("Anna"));
    assert_eq!(first.account.unstored_configs(), 1);
    assert!(first.push(&mut swarm, NOW.plus(SECOND), Fate::Done));
    assert_eq!(first.account.unstored_configs(), 0);

    let mut second = Device::restored(None);
    assert!(!second.account.is_synced());
    second.poll_once(&mut swarm, NOW);
    assert!(second.account.is_synced() && second.store.sync.done);
    assert_eq!(second.name().as_deref(), Some("Anna"));
    assert_eq!(second.store.name.as_deref(), Some("Anna"), "the list of accounts knows it");
    let account = second.account.id();
    let told = AccountEvent::ProfileChanged { account, name: Some("Anna".into()) };
    assert_eq!(second.events, [told]);
    assert_eq!(second.account.unstored_configs(), 0);
}

#[test]
fn a_name_given_at_the_restoring_counts_only_where_the_profile_has_none() {
    let mut swarm = Swarm::default();
    let mut lonely = Device::restored(Some("Berta"));
    assert_eq!(lonely.name(), None, "who knows what the swarm has");
    lonely.poll_once(&mut swarm, NOW);
    assert_eq!(lonely.name().as_deref(), Some("Berta"));

    let mut first = Device::new("Anna");
    first.push(&mut swarm, NOW.plus(SECOND), Fate::Done);
    let mut second = Device::restored(Some("Berta"));
    second.poll_once(&mut swarm, NOW);
    assert_eq!(second.name().as_deref(), Some("Anna"));
    assert_eq!(second.store.name.as_deref(), Some("Anna"));
}

#[test]
fn nothing_is_pushed_before_a_whole_poll_was_taken_in() {
    let (mut swarm, mut now) = (Swarm { page: 1, ..Swarm::default() }, NOW);
    let mut first = Device::new("Anna");
    for n in 1..=3 {
        now = now.plus(SECOND * 10);
        first.edit_contact(peer(n), now, |contact| contact.approved = true);
        // What is obsolete stays, so that there is more than one answer has.
        assert!(first.push(&mut swarm, now.plus(SECOND), Fate::NotDeleted));
    }
    let mut second = Device::restored(None);
    second.edit_contact(peer(9), now, |contact| contact.approved = true);
    let (mut polls, late) = (0, now.plus(SECOND * 1_000));
    while !second.account.is_synced() {
        assert!(!second.push(&mut swarm, late, Fate::Done), "it knows only a part");
        assert_eq!(second.account.settings.next_push(), None);
        second.poll_once(&mut swarm, now);
        polls += 1;
    }
    assert_eq!(polls, 3);
    assert!(second.push(&mut swarm, late, Fate::Done), "its own contact is stored now");
    first.poll_once(&mut swarm, late);
    assert!(first.line(peer(9)).approved);
    assert!(second.line(peer(1)).approved && second.line(peer(3)).approved);
}

#[test]
fn until_the_first_sync_is_done_the_age_of_the_newest_contacts_is_known() {
    let (mut swarm, now) = (Swarm::default(), NOW.plus(SECOND * 50));
    let mut first = Device::new("Anna");
    first.edit_contact(peer(1), now, |contact| contact.approved = true);
    first.push(&mut swarm, now, Fate::Done);
    // Other devices keep it alive, which is no news.
    swarm.copies.iter_mut().for_each(|copy| copy.expires = copy.expires.plus(SECOND * 5_000));
    let mut second = Device::restored(None);
    second.poll_once(&mut swarm, now.plus(SECOND * 6_000));
    assert_eq!(second.store.sync.contacts_stored, now);
}

#[test]
fn what_was_stored_later_than_now_was_stored_now() {
    let (mut swarm, now) = (Swarm::default(), NOW.plus(SECOND * 50));
    let mut first = Device::new("Anna");
    first.edit_contact(peer(1), now, |contact| contact.approved = true);
    first.push(&mut swarm, now.plus(SECOND * 90_000), Fate::Done);
    let mut second = Device::restored(None);
    second.poll_once(&mut swarm, now);
    assert_eq!(second.store.sync.contacts_stored, second.account.clock().at(now));
}

#[test]
fn a_contact_that_another_device_removed_is_remembered_with_the_time() {
    let ([mut a, mut b], mut swarm, now) = two();
    a.edit_contact(peer(1), now, |contact| contact.approved = true);
    assert!(a.push(&mut swarm, now.plus(SECOND), Fate::Done));
    b.poll_once(&mut swarm, now.plus(SECOND));
    assert!(!b.account.vanished.covers(&peer(1), Timestamp(0)));
    let later = now.plus(SECOND * 60);
    a.edit(later, |account| account.settings.contacts.erase_contact(&peer(1)));
    let later = later.plus(SECOND * 10);
    assert!(a.push(&mut swarm, later, Fate::Done));
    b.poll_once(&mut swarm, later);
    assert_eq!(b.store.sync.contacts_stored, later);
    assert!(b.account.vanished.covers(&peer(1), later));
    assert!(!b.account.vanished.covers(&peer(1), later.offset(1)));
    assert!(!b.account.vanished.covers(&peer(2), later));
}

#[test]
fn what_is_set_on_one_device_stands_in_the_lines_of_the_other() {
    let ([mut a, mut b], mut swarm, now) = two();
    a.edit_contact(peer(1), now, |contact| {
        contact.name = "Clara".into();
        contact.nickname = "C".into();
        contact.picture = Picture::new("http://f/1", &[7; 32]);
        (contact.approved, contact.approved_me, contact.blocked) = (true, true, true);
        contact.priority = 3;
        contact.notify = Notify::Off;
        contact.mute_until = 1_800_000_000;
        contact.disappearing = contacts::Disappearing::AfterRead(3_600);
        contact.created = 1_700_000_000;
    });
    let read = now.minus(SECOND * 60);
    a.edit(now, |account| {
        let last_read = i64::try_from(read.millis()).unwrap();
        let state = ReadState { last_read, unread: true, ..ReadState::default() };
        let volatile = &mut account.settings.volatile;
        volatile.set_read_state(&Convo::Account(peer(1)), &state, now).unwrap();
    });
    assert!(a.push(&mut swarm, now.plus(SECOND), Fate::Done));
    b.poll_once(&mut swarm, now);
    let line = b.line(peer(1)).clone();
    assert_eq!(&line, a.line(peer(1)));
    assert_eq!((line.name.as_deref(), line.shown_name()), (Some("Clara"), Some("C")));
    assert_eq!(line.picture.map(|picture| picture.url).as_deref(), Some("http://f/1"));
    assert!(line.approved && line.approved_me && line.blocked && line.marked_unread);
    assert_eq!((line.priority, line.notify), (3, Notify::Off));
    assert_eq!(line.muted_until, Timestamp(1_800_000_000_000));
    assert_eq!(line.disappearing, Disappearing::AfterRead(3_600));
    assert_eq!(line.created, Timestamp(1_700_000_000_000));
    assert_eq!((line.last_read, line.read_handled), (read, Timestamp(0)));

    // A mark is taken back, and reading never is.
    b.edit(now, |account| {
        let volatile = &mut account.settings.volatile;
        volatile.erase_read_state(&Convo::Account(peer(1))).unwrap();
    });
    assert!(!b.line(peer(1)).marked_unread);
    assert_eq!(b.line(peer(1)).last_read, read);
    assert!(b.push(&mut swarm, now.plus(SECOND * 9), Fate::Done));
    a.poll_once(&mut swarm, now.plus(SECOND * 9));
    assert!(!a.line(peer(1)).marked_unread);
}

#[test]
fn two_devices_that_change_at_once_lose_nothing() {
    let (mut devices, mut swarm, mut now) = two();
    for (n, device) in devices.iter_mut().enumerate() {
        let n = u8::try_from(n).unwrap() + 1;
        device.edit_contact(peer(n), now, |contact| contact.nickname = "N".into());
        assert!(device.push(&mut swarm, now.plus(SECOND), Fate::Done), "neither knows the other");
    }
    assert_eq!(swarm.count(Namespace::CONTACTS), 2);
    settle(&mut devices, &mut swarm, &mut now);
    for n in 1..=2 {
        assert_eq!(devices[0].line(peer(n)), devices[1].line(peer(n)));
    }
    assert_eq!(swarm.count(Namespace::CONTACTS), 1, "the others are obsolete and gone");
    let mut third = Device::restored(None);
    third.poll_once(&mut swarm, now);
    assert_eq!(third.line(peer(1)), devices[0].line(peer(1)));
    assert_eq!(third.account.unstored_configs(), 0, "it has nothing to add");
}

#[test]
fn of_two_devices_that_read_at_once_the_one_that_read_farther_counts() {
    let (mut devices, mut swarm, mut now) = two();
    devices[0].edit_contact(peer(1), now, |contact| contact.approved = true);
    settle(&mut devices, &mut swarm, &mut now);
    for order in [[10, 20], [40, 30]] {
        for (device, seconds) in devices.iter_mut().zip(order) {
            let read = NOW.plus(SECOND * seconds);
            device.edit(now, |account| {
                let last_read = i64::try_from(read.millis()).unwrap();
                let state = ReadState { last_read, ..ReadState::default() };
                let volatile = &mut account.settings.volatile;
                volatile.set_read_state(&Convo::Account(peer(1)), &state, now).unwrap();
            });
            device.push(&mut swarm, now.plus(SECOND), Fate::Done);
        }
        settle(&mut devices, &mut swarm, &mut now);
        let farther = NOW.plus(SECOND * order.into_iter().max().unwrap());
        for device in &devices {
            assert_eq!(device.line(peer(1)).last_read, farther);
        }
    }
}

#[test]
fn a_removed_contact_leaves_its_line_to_be_forgotten() {
    let (mut devices, mut swarm, mut now) = two();
    devices[0].edit_contact(peer(1), now, |contact| contact.approved = true);
    settle(&mut devices, &mut swarm, &mut now);
    devices[0].edit(now, |account| account.settings.contacts.erase_contact(&peer(1)));
    settle(&mut devices, &mut swarm, &mut now);
    for device in &devices {
        assert!(device.account.settings.contacts.contact(&peer(1)).is_none());
        assert!(device.line(peer(1)).approved, "its messages are to go before it");
    }
}

#[test]
fn groups_and_communities_come_and_go_with_their_entries() {
    let ([mut a, mut b], mut swarm, now) = two();
    let group = ramson_types::AccountId::new(Prefix::Group, [3; 32]);
    let url = format!("https://Open.example.org/Room?public_key={}", "ab".repeat(32));
    let community = Community::from_url(&url).unwrap();
    a.edit(now, |account| {
        let groups = &mut account.settings.groups;
        let mut entry = Group::new(group);
        entry.name = "Garden".into();
        entry.membership.invited = true;
        entry.membership.priority = 2;
        groups.set_group(&entry);
        groups.set_community(&community);
    });
    a.push(&mut swarm, now.plus(SECOND), Fate::Done);
    b.poll_once(&mut swarm, now);
    let group = ConversationId::Group(group);
    let room: ConversationId = "https://open.example.org/room".parse().unwrap();
    let line = &b.store.lines[&group];
    assert_eq!((line.name.as_deref(), line.priority, line.approved), (Some("Garden"), 2, false));
    assert_eq!(b.store.lines[&room].name.as_deref(), Some("Room"));

    let decision = b.edit(now, |account| {
        let ConversationId::Group(id) = group else { panic!("a group") };
        account.settings.groups.erase_group(&id);
    });
    assert!(decision.events.contains(&AccountEvent::ConversationRemoved(group.clone())));
    assert_eq!(b.store.lines.get(&group), None);
    assert!(b.store.lines.contains_key(&room));
}

#[test]
fn the_note_to_self_is_shown_once_something_is_in_it() {
    let ([mut a, _], _, now) = two();
    let me = ConversationId::Account(a.account.id());
    a.edit(now, |account| {
        account.settings.profile.set_note_to_self_priority(1);
        account.settings.profile.set_note_to_self_timer(60);
    });
    assert_eq!(a.store.lines.get(&me), None);
    a.edit(now, |account| account.lines.edit(&me).latest = now);
    let line = &a.store.lines[&me];
    assert_eq!((line.priority, line.disappearing), (1, Disappearing::AfterSend(60)));
    assert!(line.approved && line.approved_me);
}

#[test]
fn the_profile_tells_of_each_change_once() {
    let ([mut a, mut b], mut swarm, now) = two();
    let profile = a.account.profile();
    assert_eq!((profile.read_receipts, profile.typing), (false, false), "both are off at first");
    let decision = a.edit(now, |account| {
        account.settings.profile.set_name("Anne", Some(now)).unwrap();
        account.settings.local.set_setting("typing", true);
    });
    let told = |event: &&AccountEvent| matches!(event, AccountEvent::ProfileChanged { .. });
    assert_eq!(decision.events.iter().filter(told).count(), 1);
    assert!(a.account.profile().typing);
    assert_eq!(a.edit(now, |_| ()).events, []);
    a.push(&mut swarm, now.plus(SECOND), Fate::Done);
    b.poll_once(&mut swarm, now);
    assert_eq!(b.store.name.as_deref(), Some("Anne"));
    assert!(!b.account.profile().typing, "that is of one home");
    b.restart(now);
    assert_eq!(b.name().as_deref(), Some("Anne"));
}

#[test]
fn what_cannot_be_read_is_passed_over_and_left_where_it_is() {
    let ([mut a, mut b], mut swarm, now) = two();
    let me = a.account.id();
    a.edit_contact(peer(1), now, |contact| contact.approved = true);
    let junk = swarm.store(&me, Namespace::CONTACTS, b"of a later version", now);
    assert!(a.push(&mut swarm, now.plus(SECOND), Fate::Done));
    let before = b.store.ledger.len();
    b.poll_once(&mut swarm, now);
    assert!(b.line(peer(1)).approved);
    assert!(swarm.copies.iter().any(|copy| copy.hash == junk));
    let steps: Vec<_> = b.store.ledger[before..].iter().map(|line| &line.step).collect();
    let dropped = steps.iter().filter(|step| matches!(step, LedgerStep::Dropped { .. }));
    assert_eq!(dropped.count(), 1);
    b.poll_once(&mut swarm, now);
    assert_eq!(b.account.unstored_configs(), 0);
    let cursor = b.store.cursors[&(node(1).ed25519, Namespace::CONTACTS)];
    assert_eq!(Some(cursor.hash), swarm.copies.last().map(|copy| copy.hash));
    let wrong = Arrival { hash: MessageHash([1; 32]), expires: now, body: ArrivalBody::WrongHash };
    let (history, path) = (History::default(), Vec::new());
    let contacts = Namespace::CONTACTS;
    let decision = b.account.receive(node(1).ed25519, &path, contacts, vec![wrong], history, now);
    let is_config = |change: &Change| matches!(change, Change::PutConfig { .. });
    assert!(!decision.changes.iter().any(is_config), "{decision:?}");
}
