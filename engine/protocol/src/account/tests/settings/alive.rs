//! What keeps the configs in the swarm.

use ramson_codec::storage::Request;
use ramson_types::{MessageHash, Namespace};
use serde_json::json;

use super::devices::{DAY, Device, Fate, SECOND, Swarm, hashes, peer};
use crate::account::tests::support::{NOW, node, rng};
use crate::config::contacts::Contact;

/// A device that stored its profile and contacts, after a start.
fn stored() -> (Device, Swarm) {
    let (mut swarm, mut device) = (Swarm::default(), Device::new("Anna"));
    device.edit_contact(peer(1), NOW, |contact| contact.approved = true);
    device.push(&mut swarm, NOW.plus(SECOND), Fate::Done);
    device.restart(NOW);
    (device, swarm)
}

#[test]
fn the_namespaces_are_polled_in_the_order_in_which_they_are_taken_in() {
    let mut device = Device::new("Anna");
    let poll = device.account.poll(&[node(1)], NOW, &mut rng()).unwrap();
    let Request::Batch(requests) = poll.request else { panic!("a batch") };
    let asked: Vec<_> = requests
        .iter()
        .map(|request| match request {
            Request::Retrieve(retrieve) => (retrieve.namespace, retrieve.max_size),
            other => panic!("{other:?}: there is nothing to keep alive yet"),
        })
        .collect();
    let config = |n| (Some(Namespace(n)), Some(-8));
    assert_eq!(asked, [config(2), config(3), config(5), config(4), (None, Some(-2))]);
}

#[test]
fn configs_are_kept_alive_after_a_start_and_once_a_day() {
    let (mut device, mut swarm) = stored();
    let mut all: Vec<_> = swarm.copies.iter().map(|copy| copy.hash.to_string()).collect();
    all.sort();
    for minutes in 0..60 {
        device.poll_once(&mut swarm, NOW.plus(SECOND * 60 * minutes));
    }
    assert_eq!(swarm.prolonged.len(), 1);
    let mut asked = swarm.prolonged[0].clone();
    asked.sort();
    assert_eq!(asked, all);
    device.poll_once(&mut swarm, NOW.plus(DAY));
    device.poll_once(&mut swarm, NOW.plus(DAY + SECOND));
    assert_eq!(swarm.prolonged.len(), 2);
    assert_eq!(device.account.unstored_configs(), 0, "all of it is there");
}

#[test]
fn only_the_main_member_is_asked_and_a_refusal_is_no_loss() {
    let (mut device, _) = stored();
    let members = [node(1), node(2)];
    let mut polls = Vec::new();
    let mut poll = device.account.poll(&members, NOW, &mut rng());
    while let Some(asked) = poll {
        let Request::Batch(requests) = &asked.request else { panic!("a batch") };
        polls.push(requests.len());
        let empty = json!({ "code": 200, "body": { "messages": [], "more": false } });
        let mut results = vec![empty; 5];
        results.push(json!({ "code": 401, "body": "no" }));
        let body = json!({ "results": results }).to_string();
        let node = asked.node.ed25519;
        device.account.read_poll(&node, 200, body.as_bytes()).unwrap();
        device.account.polled(node, NOW, &mut rng());
        poll = device.account.poll_more(&members, NOW, &mut rng());
    }
    assert_eq!(polls, [6, 5]);
    assert_eq!(device.account.unstored_configs(), 0);
}

#[test]
fn what_the_swarm_lost_is_stored_again() {
    let (mut device, mut swarm) = stored();
    let lost: Vec<MessageHash> = hashes(&swarm, Namespace::CONTACTS).into_iter().collect();
    let kept = hashes(&swarm, Namespace::USER_PROFILE);
    swarm.delete(&lost);
    device.poll_once(&mut swarm, NOW);
    assert_eq!(device.account.unstored_configs(), 1);
    let due = device.account.settings.next_push().unwrap();
    assert!(device.push(&mut swarm, due, Fate::Done));
    assert_eq!(hashes(&swarm, Namespace::CONTACTS), lost.into_iter().collect());
    assert_eq!(hashes(&swarm, Namespace::USER_PROFILE), kept);
    assert_eq!(device.account.unstored_configs(), 0);
    device.poll_once(&mut swarm, due.plus(DAY));
    assert_eq!(device.account.unstored_configs(), 0);
    assert_eq!(swarm.count(Namespace::CONTACTS), 1);
}

#[test]
fn what_another_device_took_the_place_of_is_not_lost() {
    let (mut device, mut swarm) = stored();
    let mut other = Device::restored(None);
    other.poll_once(&mut swarm, NOW);
    other.edit(NOW, |account| account.settings.contacts.set_contact(&Contact::new(peer(2))));
    assert!(other.push(&mut swarm, NOW.plus(SECOND * 9), Fate::Done));
    // Its answer says that the old one is gone and brings the new one.
    device.poll_once(&mut swarm, NOW.plus(SECOND * 10));
    assert_eq!(device.account.unstored_configs(), 0);
    assert_eq!(swarm.prolonged.len(), 1);
    device.line(peer(2));
}
