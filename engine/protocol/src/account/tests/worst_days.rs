//! Sending while the network misbehaves, and with a clock that is wrong.

use ramson_types::ledger::LedgerStep;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// Every delivery that is due to one account.
fn due_to(account: &mut Account, to: AccountId, now: Timestamp) -> Option<Delivery> {
    account.due_deliveries(now).into_iter().find(|delivery| delivery.to == to)
}

/// A note to self: the one copy goes to the own swarm.
fn note(alice: &mut Account, text: &str, now: Timestamp) -> OutboxEntry {
    let me = alice.id();
    entries(&queue(alice, me, text, now).1)[0].clone()
}

fn fail(account: &mut Account, delivery: &Delivery, with: SendResult, now: Timestamp) -> Decision {
    let results = vec![with; delivery.entries.len()];
    account.sent(delivery, results, Some(node(1).ed25519), Vec::new(), now, &mut rng())
}

fn down() -> SendResult {
    SendResult::NotNow { reason: "down".into() }
}

#[test]
fn an_answer_that_was_lost_is_asked_for_with_the_same_bytes_and_already_counts_as_stored() {
    let mut alice = account(1, "Alice");
    let me = alice.id();
    let entry = note(&mut alice, "hello", NOW);
    let first = due_to(&mut alice, me, NOW).unwrap();
    fail(&mut alice, &first, down(), NOW);
    let later = NOW.plus(MINUTE);
    let again = due_to(&mut alice, me, later).unwrap();
    assert_eq!(again.request, first.request);
    assert_eq!(again.avoid, Some(node(1).ed25519), "another member is asked");
    let mut answer = stored_by(&entry, &[1, 2]);
    for member in answer["swarm"].as_object_mut().unwrap().values_mut() {
        member["already"] = true.into();
    }
    let body = answer.to_string();
    let read = alice.read_delivery(&again, &node(2).ed25519, &members(), 200, body.as_bytes());
    let decision =
        alice.sent(&again, read.results, Some(node(2).ed25519), Vec::new(), later, &mut rng());
    let steps: Vec<_> = decision
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Ledger(line) => Some(line.step.clone()),
            _ => None,
        })
        .collect();
    let [LedgerStep::Attempted { attempt: 2, asked, .. }, LedgerStep::Stored { .. }] = &steps[..]
    else {
        panic!("{steps:?}");
    };
    assert_eq!(*asked, Some(later));
    assert_eq!(alice.outbox_len(), 0);
}

#[test]
fn a_421_anywhere_in_a_sequence_names_the_swarm_and_is_followed_at_once_but_not_forever() {
    let mut alice = account(1, "Alice");
    let me = alice.id();
    let sealed: Vec<_> = (0..3).map(|n| note(&mut alice, &n.to_string(), NOW)).collect();
    let snode = json!({
        "ip": "127.0.0.1", "port_https": 1,
        "pubkey_ed25519": node(5).ed25519.to_string(),
        "pubkey_x25519": node(5).x25519.to_string(),
    });
    let wrong = json!({ "code": 421, "body": { "swarm": "1", "snodes": [snode] } });
    let body = json!({ "results": [
        { "code": 200, "body": stored_by(&sealed[0], &[1, 2]) },
        wrong,
    ]});
    let delivery = due_to(&mut alice, me, NOW).unwrap();
    let read = |alice: &Account, delivery: &Delivery, body: &serde_json::Value| {
        let body = body.to_string();
        alice.read_delivery(delivery, &node(1).ed25519, &members(), 200, body.as_bytes())
    };
    let answer = read(&alice, &delivery, &body);
    assert_eq!(answer.swarm.as_ref().map(|swarm| swarm[0].ed25519), Some(node(5).ed25519));
    assert!(!answer.doubtful, "it said where the account lives");
    alice.sent(&delivery, answer.results, Some(node(1).ed25519), Vec::new(), NOW, &mut rng());
    let body = json!({ "results": [wrong] });
    let mut followed = 0;
    while let Some(delivery) = due_to(&mut alice, me, NOW) {
        assert_eq!(delivery.entries.first(), Some(&sealed[1].number), "the order is kept");
        let answer = read(&alice, &delivery, &body);
        alice.sent(&delivery, answer.results, Some(node(1).ed25519), Vec::new(), NOW, &mut rng());
        followed += 1;
        assert!(followed < 10, "two nodes that name each other are no endless loop");
    }
    assert!(followed >= 3);
}

#[test]
fn when_the_network_is_back_what_waits_goes_out_at_once() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    queue(&mut alice, bob.id(), "hello", NOW);
    let mut now = NOW;
    // An hour without any answer.
    while now < NOW.plus(MINUTE * 60) {
        now = alice.next_delivery().unwrap();
        for delivery in alice.due_deliveries(now) {
            fail(&mut alice, &delivery, down(), now);
        }
    }
    let wait = alice.next_delivery().unwrap().since(now);
    assert!(wait <= MINUTE.mul_f64(1.2), "at worst {wait:?}");
    let back = now.plus(Duration::from_secs(1));
    assert!(alice.due_deliveries(back).is_empty());
    assert!(alice.network_works(back), "another request came through");
    assert_eq!(alice.due_deliveries(back).len(), 2);
}

#[test]
fn a_swarm_that_stays_down_is_not_asked_more_and_more_while_the_rest_works() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    queue(&mut alice, bob.id(), "hello", NOW);
    let (mut now, mut attempts) = (NOW, 0);
    while now < NOW.plus(MINUTE * 60) {
        for delivery in alice.due_deliveries(now) {
            attempts += usize::from(delivery.to == bob.id());
            fail(&mut alice, &delivery, down(), now);
        }
        now = now.plus(Duration::from_secs(2));
        // Polls come through all the time.
        alice.network_works(now);
    }
    assert!(attempts < 120, "{attempts} attempts in an hour");
}

#[test]
fn who_writes_again_does_not_wait_for_the_last_failure() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    queue(&mut alice, bob.id(), "first", NOW);
    let mut now = NOW;
    for _ in 0..12 {
        now = alice.next_delivery().unwrap();
        for delivery in alice.due_deliveries(now) {
            fail(&mut alice, &delivery, down(), now);
        }
    }
    assert!(alice.due_deliveries(now).is_empty());
    queue(&mut alice, bob.id(), "second", now);
    let due = due_to(&mut alice, bob.id(), now).expect("both go out");
    assert_eq!(due.entries.len(), 2);
}

#[test]
fn the_same_failure_of_the_same_node_is_one_line_and_two_weeks_are_a_few() {
    let mut alice = account(1, "Alice");
    let me = alice.id();
    note(&mut alice, "hello", NOW);
    let mut lines = Vec::new();
    for n in 0..200_u64 {
        let now = alice.next_delivery().unwrap();
        let delivery = due_to(&mut alice, me, now).unwrap();
        let asked = Some(node((n % 7) as u8).ed25519);
        let results = vec![SendResult::NotNow { reason: format!("reason {}", n % 5) }];
        let after = now.plus(Duration::from_secs(10));
        let decision = alice.sent(&delivery, results, asked, Vec::new(), after, &mut rng());
        lines.extend(decision.changes.into_iter().filter_map(|change| match change {
            Change::Ledger(line) => Some((now, line)),
            _ => None,
        }));
    }
    assert_eq!(lines.len(), 2 * 16);
    for (began, line) in &lines {
        let (LedgerStep::Attempted { to, asked, .. } | LedgerStep::AttemptFailed { to, asked, .. }) =
            &line.step
        else {
            panic!("{line:?}");
        };
        assert_eq!((*to, *asked), (Some(me), Some(*began)));
        assert_eq!(line.at.since(*began), Duration::from_secs(10), "how long it took");
    }
}

/// Learns the time from honest nodes and one that lies by a day.
fn learn(account: &mut Account, local: Timestamp, off: i64, honest: u8, liar: bool) {
    let mut tell = |n: u8, theirs: Timestamp| {
        let sample = Sample { node: node(n).ed25519, asked: local, answered: local, theirs };
        account.clock_mut().learn(sample);
    };
    if liar {
        tell(99, local.offset(off).plus(Duration::from_secs(86_400)));
    }
    (1..=honest).for_each(|n| tell(n, local.offset(off)));
}

#[test]
fn a_wrong_local_clock_is_corrected_by_two_nodes_even_beside_one_that_lies() {
    for off in [600_000, -600_000, 3 * 86_400_000, -40 * 86_400_000] {
        for liar in [false, true] {
            let mut alice = account(1, "Alice");
            learn(&mut alice, NOW, off, 2, liar);
            assert_eq!(alice.clock().offset(), off, "with a liar: {liar}");
            let sent = queue(&mut alice, account(2, "Bob").id(), "now", NOW).0.sent;
            assert_eq!(sent, NOW.offset(off), "messages are dated by network time");
        }
    }
    let mut right = account(1, "Alice");
    learn(&mut right, NOW, 0, 1, true);
    assert_eq!(right.clock().offset(), 0, "a lie moves no clock that is right");
}

#[test]
fn a_store_that_was_refused_for_its_time_is_sent_again_at_once_with_the_right_one() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    // Our clock is ten minutes ahead.
    queue(&mut alice, bob.id(), "hello", NOW);
    let delivery = due_to(&mut alice, bob.id(), NOW).unwrap();
    let refuse = |alice: &Account, delivery: &Delivery| {
        alice.read_delivery(delivery, &node(1).ed25519, &members(), 406, b"check your clock")
    };
    let read = refuse(&alice, &delivery);
    assert!(read.wrong_time && !read.doubtful);
    assert!(!alice.is_corrected_since(&delivery), "nothing was learnt yet");
    learn(&mut alice, NOW, -600_000, 2, false);
    assert!(alice.is_corrected_since(&delivery));
    alice.sent(&delivery, read.results, Some(node(1).ed25519), Vec::new(), NOW, &mut rng());
    let again = due_to(&mut alice, bob.id(), NOW).expect("due at once");
    let Request::Store(store) = &again.request else { panic!("one store") };
    assert_eq!(store.timestamp, NOW.offset(-600_000));

    // A node that goes on refusing has a wrong clock itself: no hot loop.
    let read = refuse(&alice, &again);
    alice.sent(&again, read.results, Some(node(1).ed25519), Vec::new(), NOW, &mut rng());
    assert_eq!(due_to(&mut alice, bob.id(), NOW), None);
}

#[test]
fn a_poll_that_was_refused_for_its_time_is_made_again_once() {
    let mut bob = account(2, "Bob");
    let swarm = [node(1), node(2), node(3)];
    let poll = bob.poll(&swarm, NOW, &mut rng()).unwrap();
    let read = bob.read_poll(&poll.node.ed25519, 406, b"retrieve timestamp too far");
    assert!(read.unwrap_err().is_wrong_time());
    assert_eq!(bob.poll_again(&poll, NOW), None, "nothing was learnt yet");
    learn(&mut bob, NOW, 600_000, 2, true);
    let again = bob.poll_again(&poll, NOW).expect("with the right time");
    assert_eq!(again.node, poll.node);
    let times = |poll: &Poll| {
        let Request::Batch(parts) = &poll.request else { panic!("a batch") };
        let Request::Retrieve(part) = &parts[0] else { panic!("a retrieve") };
        part.auth.as_ref().map(|(time, _)| *time)
    };
    assert_eq!(times(&again), Some(NOW.offset(600_000)));
    learn(&mut bob, NOW, 900_000, 3, false);
    assert_eq!(bob.poll_again(&again, NOW), None, "once a round");
}
