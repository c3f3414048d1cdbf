//! What a start makes of what was kept.

use ramson_types::ConversationId;
use ramson_types::conversation::Conversation;

use super::devices::{Device, Fate, SECOND, Swarm, peer, seed, settle, synced};
use crate::account::tests::support::{NOW, TestStore};
use crate::account::*;
use crate::config::ConfigKind;
use crate::store::ConfigDump;

#[test]
fn an_account_from_before_there_were_configs_gets_contacts_of_its_lines() {
    let mut store = TestStore { name: Some("Anna".into()), sync: synced(), ..TestStore::default() };
    let me = Account::load(store.stored(1, seed())).id();
    for (id, name) in [(peer(1), Some("Bob")), (peer(2), None), (me, None)] {
        let id = ConversationId::Account(id);
        let mut line = Conversation::new(id.clone());
        line.name = name.map(str::to_owned);
        line.latest = NOW.minus(SECOND * 100);
        store.lines.insert(id, line);
    }
    let mut device = Device::of(store);
    let contacts: Vec<_> = device.account.settings.contacts.contacts().collect();
    assert_eq!(contacts.len(), 2, "oneself is no contact");
    assert!(contacts.iter().all(|contact| contact.approved && contact.approved_me));
    assert_eq!(contacts[0].name.to_string(), "Bob");
    assert_eq!(contacts[0].created, i64::try_from(NOW.millis() / 1_000).unwrap() - 100);
    assert!(device.line(peer(1)).approved);
    assert_eq!(device.name().as_deref(), Some("Anna"));

    // It happens once: a contact that is removed later does not come again.
    device.edit(NOW, |account| account.settings.contacts.erase_contact(&peer(1)));
    device.restart(NOW);
    assert_eq!(device.account.settings.contacts.contacts().count(), 1);
}

#[test]
fn a_start_changes_nothing_that_is_as_it_should_be() {
    let (mut swarm, mut now) = (Swarm::default(), NOW);
    let mut devices = [Device::new("Anna")];
    devices[0].edit_contact(peer(1), NOW, |contact| contact.approved = true);
    settle(&mut devices, &mut swarm, &mut now);
    let mut account = Account::load(devices[0].store.stored(1, seed()));
    assert!(account.lost_configs().is_empty());
    assert_eq!(account.started(now), Decision::default());
}

/// Two devices with a contact, the second of which cannot read its dump.
fn lost() -> ([Device; 2], Swarm, ramson_types::Timestamp) {
    let (mut swarm, mut now) = (Swarm::default(), NOW);
    let mut devices = [Device::new("Anna"), Device::restored(None)];
    devices[0].edit_contact(peer(1), NOW, |contact| contact.nickname = "B".into());
    settle(&mut devices, &mut swarm, &mut now);
    devices[1].store.configs.insert(ConfigKind::Contacts, ConfigDump(b"garbage".to_vec()));
    (devices, swarm, now)
}

#[test]
fn a_config_that_cannot_be_read_is_fetched_again_and_nothing_is_removed_meanwhile() {
    let ([mut first, mut second], mut swarm, now) = lost();
    let cursors = second.store.cursors.len();
    second.restart(now);
    assert_eq!(second.account.lost_configs(), [ConfigKind::Contacts]);
    assert_eq!(second.store.cursors.len(), cursors - 1);
    assert!(!second.store.sync.done, "nobody knows which contacts are missing");
    assert_eq!(second.line(peer(1)).nickname.as_deref(), Some("B"));
    assert!(!second.push(&mut swarm, now.plus(SECOND * 900), Fate::Done));
    second.poll_once(&mut swarm, now);
    assert!(second.store.sync.done);
    let contact = second.account.settings.contacts.contact(&peer(1)).unwrap();
    assert_eq!(contact.nickname.to_string(), "B");
    assert_eq!(second.account.unstored_configs(), 0);
    first.poll_once(&mut swarm, now);
    assert_eq!(first.account.unstored_configs(), 0);
    second.restart(now);
    assert!(second.account.lost_configs().is_empty());
}

#[test]
fn contacts_that_the_swarm_lost_too_are_those_of_the_lines() {
    let ([_, mut second], _, now) = lost();
    second.restart(now);
    second.poll_once(&mut Swarm::default(), now);
    let contact = second.account.settings.contacts.contact(&peer(1)).unwrap();
    assert_eq!(contact.nickname.to_string(), "B");
    assert!(!contact.approved, "as the line has it");
}

fn is_forgotten(device: &Device) -> bool {
    matches!(device.account.due_work(NOW), Some(Work::Forget(_)))
}

#[test]
fn somebody_who_writes_meanwhile_costs_no_other_conversation() {
    for restarts in [false, true] {
        let ([_, mut second], _, now) = lost();
        second.restart(now);
        // The first message of a stranger is taken in before the sync is done.
        second.edit_contact(peer(2), now, |contact| contact.approved_me = true);
        if restarts {
            second.restart(now);
            assert!(second.account.lost_configs().is_empty(), "it was kept anew");
            assert!(!second.store.sync.done);
        }
        second.poll_once(&mut Swarm::default(), now);
        assert!(second.store.sync.done && !is_forgotten(&second));
        assert_eq!(second.line(peer(1)).nickname.as_deref(), Some("B"));
        let contacts: Vec<_> = second.account.settings.contacts.contacts().collect();
        assert_eq!(contacts.iter().map(|known| known.id).collect::<Vec<_>>(), [peer(1), peer(2)]);
        assert_eq!(contacts[0].nickname.to_string(), "B");
    }
}

#[test]
fn what_was_removed_elsewhere_is_removed_though_the_contacts_could_not_be_read() {
    for stranger in [false, true] {
        let ([mut first, mut second], mut swarm, now) = lost();
        first.edit(now, |account| account.settings.contacts.erase_contact(&peer(1)));
        assert!(first.push(&mut swarm, now.plus(SECOND * 9), Fate::Done));
        second.restart(now);
        if stranger {
            second.edit_contact(peer(2), now, |contact| contact.approved_me = true);
        }
        second.poll_once(&mut swarm, now.plus(SECOND * 10));
        assert_eq!(second.account.settings.contacts.contact(&peer(1)), None);
        assert!(is_forgotten(&second));
    }
}

#[test]
fn lines_from_before_there_were_configs_stay_whatever_else_was_kept() {
    let mut first = Device::new("Anna");
    first.edit(NOW, |account| account.settings.local.set_setting("typing", true));
    let id = ConversationId::Account(peer(1));
    let sync = crate::store::Sync::default();
    let mut store = TestStore { sync, configs: first.store.configs, ..TestStore::default() };
    assert!(!store.configs.is_empty() && !store.configs.contains_key(&ConfigKind::Contacts));
    store.lines.insert(id.clone(), Conversation::new(id));
    let mut device = Device::of(store);
    assert!(device.line(peer(1)).approved);
    device.poll_once(&mut Swarm::default(), NOW);
    assert!(device.store.sync.done && !is_forgotten(&device));
}
