//! What becomes of copies that are no messages of the history.

use ramson_types::ledger::Hops;

use super::*;

/// Delivers all that is due; the swarm stores it, or refuses for now.
fn deliver(home: &mut Home, stores: bool) -> Decision {
    let mut all = Decision::default();
    for delivery in home.account.due_deliveries(home.now) {
        let result = |_: &u64| match stores {
            true => SendResult::Stored { confirmed: members(), failed: Vec::new() },
            false => SendResult::NotNow { reason: "down".to_owned() },
        };
        let results = delivery.entries.iter().map(result).collect();
        let node = Some(node(1).ed25519);
        let (now, path) = (home.now, Hops::new());
        all.and(home.account.sent(&delivery, results, node, path, now, &mut rng()));
    }
    home.store.commit(&all);
    all
}

fn outgoing(home: &mut Home, to: AccountId) -> Outgoing {
    Outgoing {
        message: home.account.next_message_id(),
        copy: Copy::Recipient,
        to,
        content: Vec::new(),
        sent: home.account.next_sent(home.now),
        ttl: Duration::from_secs(20),
        quiet: true,
        outside_history: true,
        fleeting: true,
    }
}

fn queue_one(home: &mut Home, copy: Outgoing) -> Decision {
    let message = copy.message;
    let plan = Plan { outgoing: vec![copy], ..Plan::default() };
    let (decision, _) = home.account.queue(plan, vec![vec![7; 100]], home.now);
    home.store.commit(&decision);
    home.account.kept(message);
    decision
}

#[test]
fn a_receipt_goes_without_a_word() {
    let mut home = Home::new();
    let peer = home.contact(2);
    home.receipts(true);
    home.incoming(peer, NOW);
    home.mark_read(peer, None);
    home.store.ledger.clear();
    let failed = deliver(&mut home, false);
    assert!(failed.is_empty(), "{failed:?}");
    home.now = after(1);
    let number = *home.store.outbox.first_key_value().unwrap().0;
    let decision = deliver(&mut home, true);
    assert_eq!(decision.changes, [Change::RemoveOutbox(number)]);
    assert!(decision.events.is_empty());
}

#[test]
fn the_hash_of_the_own_copy_is_kept_with_the_message() {
    let mut home = Home::new();
    let me = home.account.id();
    let peer = home.contact(2);
    let id = home.command(text(peer, "hello")).outgoing[0].message;
    let note = home.command(text(me, "note")).outgoing[0].message;
    let hash_of = |home: &Home, id, copy| {
        let entry =
            home.store.outbox.values().find(|entry| (entry.message, entry.copy) == (id, copy));
        let entry = entry.unwrap();
        message_hash(&entry.to, entry.namespace, &entry.data)
    };
    let theirs = hash_of(&home, id, Copy::Recipient);
    let own = hash_of(&home, id, Copy::Sync);
    let noted = hash_of(&home, note, Copy::Recipient);
    deliver(&mut home, true);
    home.now = after(2);
    deliver(&mut home, true);
    let message = &home.store.messages[&id];
    assert_eq!((message.hash, message.own_hash), (Some(theirs), Some(own)));
    let note = &home.store.messages[&note];
    assert_eq!((note.hash, note.own_hash), (Some(noted), Some(noted)));
    assert_eq!(note.state, MessageState::Stored);
}

#[test]
fn what_is_no_message_changes_none_but_is_told() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let copy = outgoing(&mut home, peer);
    let copy = Outgoing { quiet: false, fleeting: false, ..copy };
    queue_one(&mut home, copy);
    let decision = deliver(&mut home, true);
    let edits = |change: &Change| {
        matches!(change, Change::SetMessageState { .. } | Change::EditMessage { .. })
    };
    assert!(!decision.changes.iter().any(edits), "{decision:?}");
    assert!(matches!(decision.events[..], [AccountEvent::MessageStored { .. }]));
}

#[test]
fn typing_is_never_kept_and_only_the_last_word_of_it_goes() {
    let mut home = Home::new();
    let peer = home.contact(2);
    for _ in 0..3 {
        let copy = outgoing(&mut home, peer);
        let decision = queue_one(&mut home, copy);
        assert!(entries(&decision).is_empty());
    }
    assert_eq!(home.account.outbox_len(), 1);
    assert!(deliver(&mut home, true).is_empty());
    assert_eq!(home.account.outbox_len(), 0);
    // What nobody took in time is not sent late.
    let copy = outgoing(&mut home, peer);
    queue_one(&mut home, copy);
    home.now = after(21);
    assert!(home.account.due_deliveries(home.now).is_empty());
    assert_eq!(home.account.outbox_len(), 0);
    assert_eq!(home.account.next_delivery(), None);
}
