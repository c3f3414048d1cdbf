//! Whatever happens to three devices, in the end they show the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ramson_types::conversation::Conversation;
use ramson_types::{AccountId, ConversationId, Prefix, Timestamp};

use super::devices::{Device, Fate, SECOND, Swarm, peer, settle};
use crate::account::tests::support::NOW;
use crate::config::contacts::Disappearing;
use crate::config::convo_volatile::{Convo, ReadState};
use crate::config::user_groups::Group;

#[derive(Debug, Clone)]
enum Step {
    Nickname(u8, u8),
    Block(u8, bool),
    Pin(u8, i64),
    Timer(u8, i64),
    Read(u8, u64, bool),
    Remove(u8),
    Group(u8, bool),
    Name(u8),
    Poll,
    Push(Fate),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 1..5_u8;
    let fate = prop_oneof![
        Just(Fate::Done),
        Just(Fate::Lost),
        Just(Fate::Unheard),
        Just(Fate::NotDeleted)
    ];
    prop_oneof![
        1 => (who.clone(), any::<u8>()).prop_map(|(who, name)| Step::Nickname(who, name)),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, on)| Step::Block(who, on)),
        1 => (who.clone(), -1..3_i64).prop_map(|(who, priority)| Step::Pin(who, priority)),
        1 => (who.clone(), 0..3_i64).prop_map(|(who, timer)| Step::Timer(who, timer)),
        1 => (who.clone(), 0..1_000_u64, any::<bool>())
            .prop_map(|(who, read, unread)| Step::Read(who, read, unread)),
        1 => who.prop_map(Step::Remove),
        1 => (1..3_u8, any::<bool>()).prop_map(|(which, there)| Step::Group(which, there)),
        1 => any::<u8>().prop_map(Step::Name),
        3 => Just(Step::Poll),
        3 => fate.prop_map(Step::Push),
        1 => Just(Step::Restart),
    ]
}

fn take(device: &mut Device, step: &Step, swarm: &mut Swarm, now: Timestamp) {
    match *step {
        Step::Nickname(who, name) => {
            let name = name.to_string();
            device.edit_contact(peer(who), now, |to| to.nickname = name.as_str().into());
        }
        Step::Block(who, on) => {
            device.edit_contact(peer(who), now, |contact| contact.blocked = on);
        }
        Step::Pin(who, priority) => {
            device.edit_contact(peer(who), now, |contact| contact.priority = priority);
        }
        Step::Timer(who, timer) => {
            let timer = Disappearing::AfterSend(timer);
            device.edit_contact(peer(who), now, |contact| contact.disappearing = timer);
        }
        Step::Read(who, read, unread) => {
            let last_read = i64::try_from(NOW.millis() + read * 1_000).unwrap();
            device.edit(now, |account| {
                if account.settings.contacts.contact(&peer(who)).is_some() {
                    let volatile = &mut account.settings.volatile;
                    let before = volatile.read_state(&Convo::Account(peer(who))).unwrap();
                    // What was read stays read.
                    let last_read = before.map_or(last_read, |it| it.last_read.max(last_read));
                    let state = ReadState { last_read, unread, ..ReadState::default() };
                    volatile.set_read_state(&Convo::Account(peer(who)), &state, now).unwrap();
                }
            });
        }
        Step::Remove(who) => {
            device.edit(now, |account| account.settings.contacts.erase_contact(&peer(who)));
        }
        Step::Group(which, there) => {
            let id = AccountId::new(Prefix::Group, [which; 32]);
            device.edit(now, |account| match there {
                true => account.settings.groups.set_group(&Group::new(id)),
                false => account.settings.groups.erase_group(&id),
            });
        }
        Step::Name(name) => {
            let name = format!("n{name}");
            device.edit(now, |account| {
                account.settings.profile.set_name(&name, Some(now)).unwrap();
            });
        }
        Step::Poll => device.poll_once(swarm, now),
        Step::Push(fate) => {
            device.push(swarm, now, fate);
        }
        Step::Restart => device.restart(now),
    }
}

/// The lines of contacts and groups, as far as devices share them.
fn shared(device: &Device) -> BTreeMap<ConversationId, Conversation> {
    let contacts = &device.account.settings.contacts;
    let is_shared = |id: &ConversationId| match id {
        ConversationId::Account(id) => contacts.contact(id).is_some(),
        _ => true,
    };
    let lines = device.account.lines.iter().filter(|line| is_shared(&line.id));
    let lines: BTreeMap<_, _> = lines.map(|line| (line.id.clone(), line.clone())).collect();
    for (id, line) in &lines {
        assert_eq!(device.store.lines.get(id), Some(line), "what is shown is on disk");
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn three_devices_converge(steps in prop::collection::vec((0..3_usize, step()), 1..60)) {
        let (mut swarm, mut now) = (Swarm::default(), NOW.plus(SECOND * 2_000));
        let mut devices = [Device::new("Anna"), Device::restored(None), Device::restored(None)];
        for (at, step) in &steps {
            now = now.plus(SECOND * 5);
            take(&mut devices[*at], step, &mut swarm, now);
        }
        settle(&mut devices, &mut swarm, &mut now);
        let expected = shared(&devices[0]);
        for device in &mut devices {
            prop_assert_eq!(&shared(device), &expected);
            prop_assert!(device.name().is_some());
            prop_assert_eq!(device.store.name.clone(), device.name());
        }
        prop_assert_eq!(devices[1].name(), devices[0].name());
        prop_assert_eq!(devices[2].name(), devices[0].name());
        // A fourth finds all of it, and has nothing to add.
        let mut fourth = Device::restored(None);
        fourth.poll_once(&mut swarm, now);
        prop_assert_eq!(fourth.account.unstored_configs(), 0);
        prop_assert_eq!(fourth.name(), devices[0].name());
        prop_assert_eq!(shared(&fourth).len(), expected.len());
    }
}
