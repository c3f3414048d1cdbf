//! Conversations whose contact was removed.

use super::*;

fn remove_contact(home: &mut Home, peer: AccountId) {
    home.account.settings.contacts.erase_contact(&peer);
    home.commit(Decision::default());
}

#[test]
fn a_removed_contact_takes_its_messages_along_in_pages_over_crashes() {
    let mut home = Home::new();
    let (peer, other) = (home.contact(2), home.contact(3));
    let kept = home.incoming(other, NOW);
    let mut names = Vec::new();
    for n in 0..1_200 {
        let message = home.message(peer, NOW.offset(n));
        names.push(message.name());
        home.put(message);
    }
    assert!(home.work().is_empty());
    remove_contact(&mut home, peer);
    let work = Work::Forget(ConversationId::Account(peer));
    let mut deleted = 0;
    let mut turns = 0;
    while let Some(due) = home.account.due_work(home.now) {
        assert_eq!(due, work);
        assert_eq!(home.account.next_work(), Some(Timestamp(0)));
        // One attempt that is lost with the machine, and one that is kept.
        let intent = Intent::Work(due);
        let history = home.store.recall(&home.account, &intent);
        home.account.carry_out(intent.clone(), &history, NOW, &mut rng()).unwrap();
        home.restart();
        let turn = home.turn(intent);
        deleted += turn
            .errands()
            .iter()
            .map(|errand| match errand {
                Errand::Delete(hashes) => hashes.len(),
                other => panic!("{other:?}"),
            })
            .sum::<usize>();
        home.restart();
        turns += 1;
        assert!(turns < 10);
    }
    assert_eq!((turns, deleted), (3, 1_200));
    assert_eq!(home.store.messages.keys().copied().collect::<Vec<_>>(), [kept]);
    assert!(!home.store.lines.contains_key(&ConversationId::Account(peer)));
    let until = NOW.plus(45 * DAY);
    for name in names {
        let early = &home.store.early[&name];
        assert!(early.deleted && early.until == until, "{early:?}");
    }
}

#[test]
fn nothing_is_forgotten_before_the_first_sync_is_done() {
    let mut home = Home::new();
    let peer = home.contact(2);
    home.incoming(peer, NOW);
    remove_contact(&mut home, peer);
    home.account.settings.sync.done = false;
    assert_eq!(home.account.due_work(NOW), None);
    assert_eq!(home.account.next_work(), None);
    home.account.settings.sync.done = true;
    assert_eq!(home.work().len(), 1);
    assert!(home.store.lines.is_empty());
}

#[test]
fn the_note_to_self_and_who_comes_back_stay() {
    let mut home = Home::new();
    let me = home.account.id();
    let peer = home.contact(2);
    home.incoming(peer, NOW);
    home.incoming(me, NOW);
    home.restart();
    assert!(home.work().is_empty());
    remove_contact(&mut home, peer);
    home.contact(2);
    assert_eq!(home.account.due_work(NOW), None);
    assert_eq!(home.store.messages.len(), 2);
}

#[test]
fn one_contact_of_many_is_missed() {
    let mut home = Home::new();
    let mut peers = Vec::new();
    for n in 0..2_000_u32 {
        let mut bytes = [5; 33];
        bytes[1..5].copy_from_slice(&n.to_be_bytes());
        let peer = AccountId::from_bytes(&bytes).unwrap();
        home.account.settings.contacts.set_contact(&Contact::new(peer));
        home.account.lines.edit(&ConversationId::Account(peer)).latest = NOW;
        peers.push(peer);
    }
    home.commit(Decision::default());
    assert_eq!(home.account.due_work(NOW), None);
    remove_contact(&mut home, peers[1_234]);
    let missed = Work::Forget(ConversationId::Account(peers[1_234]));
    assert_eq!(home.account.due_work(NOW), Some(missed.clone()));
    home.restart();
    assert_eq!(home.account.due_work(NOW), Some(missed));
    home.work();
    assert_eq!(home.store.lines.len(), 1_999);
}
