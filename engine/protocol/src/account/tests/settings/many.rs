//! Ten thousand contacts.

use ramson_types::{AccountId, Prefix};

use super::devices::{Device, Fate, SECOND, Swarm};
use crate::account::tests::support::NOW;
use crate::account::*;
use crate::config::contacts::Contact;

#[test]
fn a_change_of_one_contact_of_very_many_touches_its_line_only() {
    let mut device = Device::new("Anna");
    let peer = |n: u32| {
        let mut key = [1; 32];
        key[..4].copy_from_slice(&n.to_be_bytes());
        AccountId::new(Prefix::Account, key)
    };
    let decision = device.edit(NOW, |account| {
        for n in 0..10_000 {
            let mut contact = Contact::new(peer(n));
            contact.name = "somebody".into();
            contact.approved = true;
            account.settings.contacts.set_contact(&contact);
        }
    });
    let put = |decision: &Decision| {
        let put = |change: &&Change| matches!(change, Change::PutConversation(_));
        decision.changes.iter().filter(put).count()
    };
    assert_eq!(put(&decision), 10_000);
    let decision = device.edit_contact(peer(7), NOW, |contact| contact.nickname = "S".into());
    assert_eq!((put(&decision), decision.events.len()), (1, 1));
    assert_eq!(decision.changes.len(), 2, "the line and the config");

    // Long configs go in parts, which arrive as one.
    let mut swarm = Swarm::default();
    assert!(device.push(&mut swarm, NOW.plus(SECOND), Fate::Done));
    let mut other = Device::restored(None);
    other.poll_once(&mut swarm, NOW);
    assert_eq!(other.account.settings.contacts.contacts().count(), 10_000);
    assert_eq!(other.line(peer(7)).nickname.as_deref(), Some("S"));
    assert_eq!(other.account.unstored_configs(), 0);
}
