//! When configs are stored, and what becomes of those before them.

use std::time::Duration;

use ramson_types::{Namespace, Timestamp};

use super::devices::{DAY, Device, Fate, SECOND, Swarm, hashes, peer};
use crate::account::Sample;
use crate::account::tests::support::{NOW, node};
use crate::config::ConfigKind;
use crate::config::convo_volatile::{Convo, ReadState};

fn next(device: &Device) -> Option<Timestamp> {
    device.account.settings.next_push()
}

fn nickname(device: &mut Device, nickname: &str, now: Timestamp) {
    device.edit_contact(peer(1), now, |contact| contact.nickname = nickname.into());
}

#[test]
fn changes_are_pushed_together_soon_and_then_every_few_seconds() {
    let (mut swarm, mut device) = (Swarm::default(), Device::new("Anna"));
    assert!(next(&device).unwrap() <= NOW.plus(SECOND * 3));
    nickname(&mut device, "A", NOW);
    let first = next(&device).unwrap();
    assert!(!device.push(&mut swarm, first.minus(Duration::from_millis(1)), Fate::Done));
    assert!(device.push(&mut swarm, first, Fate::Done));
    assert_eq!((swarm.count(Namespace::CONTACTS), swarm.count(Namespace::USER_PROFILE)), (1, 1));
    assert_eq!(next(&device), None);
    let mut pushes = vec![first];
    let mut now = first;
    for n in 0..400_u32 {
        now = now.plus(Duration::from_millis(100));
        nickname(&mut device, &n.to_string(), now);
        if next(&device).unwrap() <= now {
            assert!(device.push(&mut swarm, now, Fate::Done));
            pushes.push(now);
        }
    }
    let gaps: Vec<_> = pushes.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(gaps.iter().all(|gap| (SECOND * 3..=SECOND * 5).contains(gap)), "{gaps:?}");
    assert!(gaps.len() >= 8);
    assert_eq!(swarm.count(Namespace::CONTACTS), 1);
}

#[test]
fn a_push_that_fails_is_made_again_later_each_time_with_the_same_bytes() {
    let (mut swarm, mut device) = (Swarm::default(), Device::new("Anna"));
    let (mut now, mut waits) = (NOW, Vec::new());
    for _ in 0..10 {
        let due = next(&device).unwrap();
        waits.push(due.since(now));
        now = due;
        assert!(device.push(&mut swarm, now, Fate::Lost));
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(waits.last(), Some(&Duration::from_secs(300)));
    now = next(&device).unwrap();
    device.push(&mut swarm, now, Fate::Unheard);
    let stored = hashes(&swarm, Namespace::USER_PROFILE);
    device.restart(now);
    now = next(&device).unwrap();
    assert!(device.push(&mut swarm, now, Fate::Done));
    assert_eq!(hashes(&swarm, Namespace::USER_PROFILE), stored);
    assert_eq!(device.account.unstored_configs(), 0);
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() {
    let (mut swarm, mut device) = (Swarm::default(), Device::new("Anna"));
    device.push(&mut swarm, NOW.plus(SECOND), Fate::Done);
    nickname(&mut device, "A", NOW);
    let yesterday = NOW.minus(DAY);
    assert!(device.push(&mut swarm, yesterday, Fate::Done));
    nickname(&mut device, "B", yesterday);
    assert!(next(&device).unwrap() <= yesterday.plus(SECOND * 5));
}

#[test]
fn what_is_obsolete_is_named_until_it_is_deleted_and_never_while_it_is_used() {
    let (mut swarm, mut device, mut now) = (Swarm::default(), Device::new("Anna"), NOW);
    for n in 0..4_u32 {
        now = now.plus(SECOND * 10);
        nickname(&mut device, &n.to_string(), now);
        assert!(device.push(&mut swarm, now.plus(SECOND), Fate::NotDeleted));
    }
    assert_eq!(swarm.count(Namespace::CONTACTS), 4);
    now = now.plus(SECOND * 10);
    nickname(&mut device, "last", now);
    assert!(device.push(&mut swarm, now.plus(SECOND), Fate::Done));
    assert_eq!(swarm.count(Namespace::CONTACTS), 1);
    device.poll_once(&mut swarm, now);
    assert_eq!(device.account.unstored_configs(), 0);
    assert_eq!(
        device.account.settings.config(ConfigKind::Contacts).unwrap().current_hashes().len(),
        1
    );
}

#[test]
fn what_changes_while_a_push_is_under_way_is_pushed_next() {
    let (mut swarm, mut device) = (Swarm::default(), Device::new("Anna"));
    let keys = device.account.keys().clone();
    let batch = device.account.settings.take_push(&keys, NOW.plus(SECOND), NOW).unwrap();
    let part = &batch.parts[0];
    let now = NOW.plus(SECOND * 2);
    device.edit(now, |account| account.settings.profile.set_name("Anne", Some(now)).unwrap());
    let me = device.account.id();
    let hash = swarm.store(&me, part.namespace, &part.messages[0], now);
    device.account.settings.push_stored(part.kind, part.seqno, [hash.to_string()].into());
    device.edit(now, |_| ());
    assert_eq!(device.account.unstored_configs(), 1);
    let later = now.plus(SECOND * 5);
    assert!(device.push(&mut swarm, later, Fate::Done));
    device.poll_once(&mut swarm, later);
    let mut other = Device::restored(None);
    other.poll_once(&mut swarm, later);
    assert_eq!(other.name().as_deref(), Some("Anne"));
}

#[test]
fn what_was_read_is_as_old_as_the_network_says() {
    let (mut swarm, mut device) = (Swarm::default(), Device::new("Anna"));
    let ahead = NOW.plus(DAY * 60);
    for n in 1..=3 {
        let node = node(n).ed25519;
        let sample = Sample { node, asked: ahead, answered: ahead, theirs: NOW };
        device.account.clock_mut().learn(sample);
    }
    let convo = Convo::Account(peer(1));
    device.edit_contact(peer(1), ahead, |contact| contact.approved = true);
    device.edit(ahead, |account| {
        let last_read = i64::try_from(NOW.millis()).unwrap();
        let state = ReadState { last_read, ..ReadState::default() };
        account.settings.volatile.set_read_state(&convo, &state, NOW).unwrap();
    });
    for n in 0..3_u32 {
        let now = ahead.plus(SECOND * 10 * n);
        assert_eq!(device.push(&mut swarm, now, Fate::Done), n == 0, "it is pushed once");
        let state = device.account.settings.volatile.read_state(&convo).unwrap();
        assert_eq!(state.map(|state| state.last_read), i64::try_from(NOW.millis()).ok());
        device.poll_once(&mut swarm, now);
    }
    assert_eq!(device.account.unstored_configs(), 0);
}
