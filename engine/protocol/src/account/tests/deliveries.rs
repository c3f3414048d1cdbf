//! What goes out of the outbox, and what the answers mean.

use super::*;

#[test]
fn the_swarm_answer_counts_by_its_signatures() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let (message, decision) = queue(&mut alice, bob.id(), "hello", NOW);
    let entry = entries(&decision)[0].clone();
    let due = alice.due_deliveries(NOW);
    let delivery = due.iter().find(|delivery| delivery.to == bob.id()).expect("it is due");
    assert!(alice.due_deliveries(NOW).is_empty(), "one request at a time to each account");

    let mut lying = stored_by(&entry, &[1, 2, 3]);
    let other = stored_by(&OutboxEntry { data: b"other".to_vec(), ..entry.clone() }, &[2]);
    let second = node(2).ed25519.to_string();
    lying["swarm"][&second] = other["swarm"][&second].clone();
    let mut signed = vec![node(1).ed25519, node(3).ed25519];
    signed.sort_unstable();
    let read = alice.read_delivery(
        delivery,
        &node(1).ed25519,
        &members(),
        200,
        lying.to_string().as_bytes(),
    );
    assert_eq!(
        read.results,
        [SendResult::Stored { confirmed: signed.clone(), failed: vec![node(2).ed25519] }]
    );
    assert_eq!(read.status.time, Some(NOW.plus(Duration::from_secs(5))));

    let forged = json!({ "hash": "x", "swarm": {}, "t": 1 }).to_string();
    let read_forged =
        alice.read_delivery(delivery, &node(1).ed25519, &members(), 200, forged.as_bytes());
    assert!(matches!(read_forged.results[..], [SendResult::NotNow { .. }]));

    let asked = Some(node(1).ed25519);
    let decision = alice.sent(delivery, read.results, asked, Vec::new(), NOW, &mut rng());
    assert!(
        decision.events.iter().any(|e| matches!(e, AccountEvent::MessageStored { id, nodes, .. }
            if *id == message.id && *nodes == signed))
    );
    assert!(decision.changes.contains(&Change::RemoveOutbox(entry.number)));
    assert_eq!(alice.outbox_len(), 1, "the sync copy is under way by itself");
}

#[test]
fn a_failed_attempt_is_made_again_with_the_same_bytes_until_the_message_expires() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let (_, decision) = queue(&mut alice, bob.id(), "hello", NOW);
    let data = entries(&decision)[0].data.clone();
    let (mut now, mut attempts) = (NOW, 0);
    let end = NOW.plus(Duration::from_secs(14 * 86_400));
    while let Some(due) = alice.next_delivery() {
        now = due;
        for delivery in alice.due_deliveries(now) {
            if delivery.to == bob.id() {
                let Request::Store(store) = &delivery.request else { panic!("one store") };
                assert_eq!(store.data, data);
                attempts += 1;
            }
            let down = vec![SendResult::NotNow { reason: "down".into() }; delivery.entries.len()];
            alice.sent(&delivery, down, None, Vec::new(), now, &mut rng());
        }
    }
    assert!(now >= end, "given up at {now}");
    assert!((5_000..7_000).contains(&attempts), "{attempts} attempts in 14 days");
}

#[test]
fn messages_to_one_account_go_out_in_order_and_a_broken_batch_keeps_the_rest() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let mut sealed = Vec::new();
    for n in 0..25 {
        let (_, decision) = queue(&mut alice, bob.id(), &n.to_string(), NOW);
        sealed.push(entries(&decision)[0].clone());
    }
    let due = alice.due_deliveries(NOW);
    let delivery = due.iter().find(|delivery| delivery.to == bob.id()).unwrap();
    let numbers: Vec<_> = sealed.iter().take(20).map(|entry| entry.number).collect();
    assert_eq!(delivery.entries, numbers);
    // All at once: in a sequence the waits for a member that is down add up.
    let Request::Batch(parts) = &delivery.request else { panic!("a batch") };
    assert_eq!(parts.len(), 20);

    let results = json!({ "results": [
        { "code": 200, "body": stored_by(&sealed[0], &[1, 2]) },
        { "code": 503, "body": "busy" },
    ]});
    let read = alice.read_delivery(
        delivery,
        &node(1).ed25519,
        &members(),
        200,
        results.to_string().as_bytes(),
    );
    let kinds: Vec<_> =
        read.results.iter().map(|r| matches!(r, SendResult::Stored { .. })).collect();
    assert_eq!(kinds.iter().filter(|stored| **stored).count(), 1);
    assert!(kinds[0]);
    alice.sent(delivery, read.results, None, Vec::new(), NOW, &mut rng());
    let later = NOW.plus(Duration::from_secs(10));
    let again = alice.due_deliveries(later);
    let again = again.iter().find(|delivery| delivery.to == bob.id()).unwrap();
    assert_eq!(again.entries[0], sealed[1].number, "the order is kept");
}

#[test]
fn a_message_that_waits_behind_another_says_so_once() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let waits = |decision: &Decision, message: &Message| {
        let tells = |change: &&Change| match change {
            Change::Ledger(LedgerLine { message: about, step, .. }) => {
                let waits = matches!(step, LedgerStep::AttemptFailed { asked: None, .. });
                waits && *about == Some(message.id)
            }
            _ => false,
        };
        decision.changes.iter().filter(tells).count()
    };
    let down = || vec![SendResult::NotNow { reason: "down".into() }];
    queue(&mut alice, bob.id(), "first", NOW);
    let due = alice.due_deliveries(NOW);
    let (second, decision) = queue(&mut alice, bob.id(), "second", NOW);
    assert_eq!(waits(&decision, &second), 0, "the first is under way");
    let failed: usize = due
        .iter()
        .map(|delivery| {
            let node = Some(node(1).ed25519);
            let decision = alice.sent(delivery, down(), node, Vec::new(), NOW, &mut rng());
            waits(&decision, &second)
        })
        .sum();
    assert_eq!(failed, 2, "to Bob and to the own devices");
    // The first message after a failure is sent at once, the next ones wait.
    queue(&mut alice, bob.id(), "third", NOW);
    for delivery in alice.due_deliveries(NOW) {
        let down = vec![down().remove(0); delivery.entries.len()];
        let decision = alice.sent(&delivery, down, None, Vec::new(), NOW, &mut rng());
        assert_eq!(waits(&decision, &second), 0, "it was sent itself");
    }
    let (fourth, decision) = queue(&mut alice, bob.id(), "fourth", NOW);
    assert_eq!(waits(&decision, &fourth), 2);
}

#[test]
fn nothing_is_sent_before_it_is_kept() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let plan = command(&mut alice, text(bob.id(), "hello"), NOW).unwrap();
    let id = plan.outgoing[0].message;
    alice.queue(plan, vec![b"one".to_vec(), b"two".to_vec()], NOW);
    assert!(alice.due_deliveries(NOW).is_empty());
    assert_eq!(alice.next_delivery(), None);
    alice.kept(id);
    assert_eq!(alice.due_deliveries(NOW).len(), 2);
}

#[test]
fn one_signature_of_a_stranger_or_of_a_minority_is_not_enough_at_first() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let (_, decision) = queue(&mut alice, bob.id(), "hello", NOW);
    let entry = entries(&decision)[0].clone();
    let mut now = NOW;
    let swarm: Vec<_> = [1, 2, 3].map(|n| node(n).ed25519).to_vec();
    for attempt in 0..4 {
        let due = alice.due_deliveries(now);
        let delivery = due.iter().find(|delivery| delivery.to == bob.id()).unwrap();
        let read = |by: &[u8]| {
            let body = stored_by(&entry, by).to_string();
            alice.read_delivery(delivery, &swarm[0], &swarm, 200, body.as_bytes()).results
        };
        assert!(matches!(read(&[9, 10])[..], [SendResult::NotNow { .. }]), "strangers");
        assert!(matches!(read(&[1, 2])[..], [SendResult::Stored { .. }]), "more than half");
        let minority = read(&[1, 9]);
        assert_eq!(matches!(minority[..], [SendResult::Stored { .. }]), attempt >= 3);
        let delivery = delivery.clone();
        alice.sent(&delivery, minority, None, Vec::new(), now, &mut rng());
        now = now.plus(Duration::from_secs(60));
    }
}

#[test]
fn more_than_half_of_a_swarm_has_to_sign() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let (_, decision) = queue(&mut alice, bob.id(), "hello", NOW);
    let entry = entries(&decision)[0].clone();
    let due = alice.due_deliveries(NOW);
    let delivery = due.iter().find(|delivery| delivery.to == bob.id()).unwrap();
    for (members, wanted) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (10, 6)] {
        let swarm: Vec<_> = (1..=members).map(|n| node(n).ed25519).collect();
        for signed in 0..=members {
            let signatures: Vec<u8> = (1..=signed).collect();
            let body = stored_by(&entry, &signatures).to_string();
            let read = alice.read_delivery(delivery, &swarm[0], &swarm, 200, body.as_bytes());
            let stored = matches!(read.results[..], [SendResult::Stored { .. }]);
            assert_eq!(stored, signed >= wanted, "{signed} of {members}");
            assert_eq!(read.doubtful, signed == 0, "who signed is not to blame for the others");
        }
    }
}

#[test]
fn a_message_is_given_up_only_after_several_refusals() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    queue(&mut alice, bob.id(), "hello", NOW);
    let mut now = NOW;
    for attempt in 1..=3 {
        let due = alice.due_deliveries(now);
        let delivery = due.iter().find(|delivery| delivery.to == bob.id()).unwrap();
        let read = alice.read_delivery(delivery, &node(1).ed25519, &members(), 400, b"no");
        assert!(read.doubtful);
        let decision = alice.sent(delivery, read.results, None, Vec::new(), now, &mut rng());
        let failed =
            decision.events.iter().any(|e| matches!(e, AccountEvent::MessageFailed { .. }));
        assert_eq!(failed, attempt == 3);
        now = now.plus(Duration::from_secs(60));
    }
}

#[test]
fn a_lying_or_wrong_clock_neither_ends_a_message_nor_dates_the_next_ones() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    queue(&mut alice, bob.id(), "hello", NOW);
    let far = NOW.plus(Duration::from_secs(100 * 365 * 86_400));
    for n in 1..=3 {
        let node = node(n).ed25519;
        alice.clock_mut().learn(Sample { node, asked: NOW, answered: NOW, theirs: far });
    }
    let due = alice.due_deliveries(NOW);
    let delivery = due.iter().find(|delivery| delivery.to == bob.id()).unwrap();
    let down = vec![SendResult::NotNow { reason: "down".into() }];
    let decision = alice.sent(delivery, down, None, Vec::new(), NOW, &mut rng());
    assert!(!decision.events.iter().any(|e| matches!(e, AccountEvent::MessageFailed { .. })));
    assert!(queue(&mut alice, bob.id(), "dated wrong", NOW).0.sent >= far);
    alice.clock_mut().forget();
    let (message, _) = queue(&mut alice, bob.id(), "right again", NOW);
    assert!(message.sent < NOW.plus(Duration::from_secs(1)));
}

#[test]
fn after_the_clock_was_set_back_what_waits_is_due() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    queue(&mut alice, bob.id(), "hello", NOW);
    for delivery in alice.due_deliveries(NOW) {
        let down = vec![SendResult::NotNow { reason: "down".into() }];
        alice.sent(&delivery, down, None, Vec::new(), NOW, &mut rng());
    }
    assert!(alice.due_deliveries(NOW).is_empty());
    let yesterday = NOW.minus(Duration::from_secs(86_400));
    assert_eq!(alice.due_deliveries(yesterday).len(), 2);
}
