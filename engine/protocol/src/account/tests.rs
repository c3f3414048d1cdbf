//! Two accounts that talk to each other through the machine alone.

mod members;
mod slow_members;
mod worst_days;

use std::net::Ipv4Addr;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;

use super::*;
use crate::inbox;
use crate::store::{Copy, MessageKey, OutboxEntry};
use ramson_codec::storage::Request;
use ramson_crypto::{Ed25519Secret, Seed, message_hash};
use ramson_types::{ServiceNode, X25519PublicKey};

const NOW: Timestamp = Timestamp(1_764_000_000_000);

fn account(seed: u8, name: &str) -> Account {
    Account::load(StoredAccount {
        number: u32::from(seed),
        seed: Seed::from_entropy16([seed; 16]),
        name: Some(name.to_owned()),
        counters: Counters::default(),
        cursors: Vec::new(),
        outbox: Vec::new(),
        conversations: Vec::new(),
    })
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(3)
}

fn node(n: u8) -> ServiceNode {
    ServiceNode {
        ed25519: Ed25519Secret::from_seed(&[n; 32]).public(),
        x25519: X25519PublicKey([n; 32]),
        ip: Ipv4Addr::LOCALHOST,
        https_port: 1,
        swarm: None,
    }
}

/// Whose signatures count.
fn members() -> Vec<Ed25519PublicKey> {
    vec![node(1).ed25519, node(2).ed25519, node(3).ed25519]
}

/// Composes, seals and queues a text, and keeps it.
fn queue(from: &mut Account, to: AccountId, text: &str, now: Timestamp) -> (Message, Decision) {
    let draft = from.compose_text(to, text, now).expect("it can be sent");
    let message = draft.message.clone();
    let seal = |copy: &DraftCopy| {
        let keys = from.keys().clone();
        inbox::seal(&keys, &copy.to, &copy.content, message.sent, &mut rng()).expect("it seals")
    };
    let sealed = draft.copies.iter().map(seal).collect();
    let decision = from.queue(draft, sealed, now).expect("it is small enough");
    from.kept(message.id);
    (message, decision)
}

fn entries(decision: &Decision) -> Vec<OutboxEntry> {
    let entry = |change: &Change| match change {
        Change::PutOutbox(entry) => Some(entry.clone()),
        _ => None,
    };
    decision.changes.iter().filter_map(entry).collect()
}

/// What a swarm member that has these bytes returns, opened by `to`.
fn arrival(to: &Account, data: &[u8]) -> Arrival {
    Arrival {
        hash: message_hash(&to.id(), Namespace::INBOX, data),
        expires: NOW.plus(Duration::from_secs(14 * 86_400)),
        body: ArrivalBody::Opened(Box::new(inbox::open(to.keys(), data))),
    }
}

fn receive(to: &mut Account, arrivals: Vec<Arrival>) -> Decision {
    let path = vec![node(7).ed25519];
    to.receive(node(1).ed25519, &path, Namespace::INBOX, arrivals, |_| false, NOW)
}

fn received(decision: &Decision) -> Vec<&Message> {
    let mut messages = Vec::new();
    for event in &decision.events {
        if let AccountEvent::MessageReceived(message) = event {
            messages.push(message);
        }
    }
    messages
}

/// The answer of a swarm whose members all stored the entry.
fn stored_by(entry: &OutboxEntry, members: &[u8]) -> serde_json::Value {
    use base64::Engine as _;
    let hash = message_hash(&entry.to, entry.namespace, &entry.data).to_string();
    let member = |n: &u8| {
        let secret = Ed25519Secret::from_seed(&[*n; 32]);
        let signature = secret.sign(hash.as_bytes());
        let signature = base64::engine::general_purpose::STANDARD.encode(signature);
        (secret.public().to_string(), json!({ "hash": hash, "signature": signature }))
    };
    let swarm: serde_json::Map<_, _> = members.iter().map(member).collect();
    json!({ "hash": hash, "swarm": swarm, "t": NOW.millis() + 5_000, "hf": [19, 4] })
}

#[test]
fn a_text_arrives_with_its_author_and_the_own_devices_file_it_under_the_peer() {
    let (mut alice, mut bob) = (account(1, "Alice"), account(2, "Bob"));
    let (message, decision) = queue(&mut alice, bob.id(), "hello", NOW);
    let sealed = entries(&decision);
    assert_eq!(
        sealed.iter().map(|e| (e.copy, e.to)).collect::<Vec<_>>(),
        [(Copy::Recipient, bob.id()), (Copy::Sync, alice.id()),]
    );

    let to_bob = arrival(&bob, &sealed[0].data);
    let decision = receive(&mut bob, vec![to_bob]);
    let [got] = received(&decision)[..] else { panic!("one message") };
    assert_eq!((got.author, got.sent), (alice.id(), message.sent));
    assert_eq!(got.conversation, ConversationId::Account(alice.id()));
    assert_eq!((got.text.as_deref(), &got.state), (Some("hello"), &MessageState::Received));
    let line = decision.changes.iter().find_map(|change| match change {
        Change::PutConversation(line) => Some(line),
        _ => None,
    });
    assert_eq!(line.map(|l| (l.name.as_deref(), l.unread)), Some((Some("Alice"), 1)));

    let mut other_device = account(1, "Alice");
    let copy = arrival(&other_device, &sealed[1].data);
    let decision = receive(&mut other_device, vec![copy]);
    let [synced] = received(&decision)[..] else { panic!("one message") };
    assert_eq!((synced.author, synced.sent), (alice.id(), message.sent));
    assert_eq!(synced.conversation, ConversationId::Account(bob.id()));
    assert_eq!(synced.state, MessageState::Stored);
}

#[test]
fn a_note_to_self_is_stored_once() {
    let mut alice = account(1, "Alice");
    let me = alice.id();
    let (_, decision) = queue(&mut alice, me, "buy milk", NOW);
    let sealed = entries(&decision);
    assert_eq!(sealed.len(), 1);
    let mut other_device = account(1, "Alice");
    let note = arrival(&other_device, &sealed[0].data);
    let decision = receive(&mut other_device, vec![note]);
    assert_eq!(received(&decision)[0].conversation, ConversationId::Account(me));
}

#[test]
fn no_two_messages_share_a_millisecond() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let sent: Vec<_> = (0..50).map(|_| queue(&mut alice, bob.id(), "x", NOW).0.sent).collect();
    assert!(sent.is_sorted_by(|a, b| a < b), "{sent:?}");
    let back = NOW.minus(Duration::from_secs(3600));
    let after = queue(&mut alice, bob.id(), "x", back).0.sent;
    assert!(after > *sent.last().unwrap(), "not even when the clock is set back");
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is_kept() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let long = "ä".repeat(MAX_TEXT + 1);
    assert_eq!(
        alice.compose_text(bob.id(), &long, NOW),
        Err(ComposeError::TooLong { length: MAX_TEXT + 1 })
    );
    assert_eq!(alice.compose_text(bob.id(), " \n", NOW), Err(ComposeError::Empty));
    let group = AccountId::new(ramson_types::Prefix::Group, [1; 32]);
    assert_eq!(alice.compose_text(group, "x", NOW), Err(ComposeError::NotAnAccount { to: group }));
    let whole = "ä".repeat(MAX_TEXT);
    assert!(alice.compose_text(bob.id(), &whole, NOW).is_ok());
    assert_eq!(alice.outbox_len(), 0);
}

#[test]
fn a_poisoned_message_does_not_stop_those_behind_it_and_the_cursor_passes_all() {
    let (mut alice, mut bob) = (account(1, "Alice"), account(2, "Bob"));
    let (_, first) = queue(&mut alice, bob.id(), "first", NOW);
    let (_, last) = queue(&mut alice, bob.id(), "last", NOW);
    let poison: [&[u8]; 4] = [b"", b"\x00v2", b"garbage", &[0xff; 300]];
    let mut arrivals = vec![arrival(&bob, &entries(&first)[0].data)];
    arrivals.extend(poison.iter().map(|data| arrival(&bob, data)));
    arrivals.push(arrival(&bob, &entries(&last)[0].data));
    let end = arrivals.last().unwrap().hash;
    let decision = receive(&mut bob, arrivals);
    let texts: Vec<_> = received(&decision).iter().filter_map(|m| m.text.as_deref()).collect();
    assert_eq!(texts, ["first", "last"]);
    let seen = decision.changes.iter().filter(|c| matches!(c, Change::MarkSeen { .. })).count();
    assert_eq!(seen, 6, "poison is never opened twice");
    assert!(decision.changes.iter().any(
        |c| matches!(c, Change::MoveCursor { cursor: Some(cursor), .. } if cursor.hash == end)
    ));
}

#[test]
fn a_second_copy_of_a_message_is_dropped() {
    let (mut alice, mut bob) = (account(1, "Alice"), account(2, "Bob"));
    let draft = alice.compose_text(bob.id(), "once", NOW).unwrap();
    let content = &draft.copies[0].content;
    let to = bob.id();
    let seal = |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        inbox::seal(alice.keys(), &to, content, draft.message.sent, &mut rng).unwrap()
    };
    let (one, two) = (arrival(&bob, &seal(1)), arrival(&bob, &seal(2)));
    assert_ne!(one.hash, two.hash);
    let decision = receive(&mut bob, vec![one, two]);
    assert_eq!(received(&decision).len(), 1);

    let (again, known) = (arrival(&bob, &seal(3)), MessageKey::of(received(&decision)[0]));
    let path = Vec::new();
    let (from, inbox) = (node(1).ed25519, Namespace::INBOX);
    let decision = bob.receive(from, &path, inbox, vec![again], |key| *key == known, NOW);
    assert!(received(&decision).is_empty());
}

#[test]
fn bytes_that_a_node_changed_are_not_remembered_as_seen() {
    let mut bob = account(2, "Bob");
    let hash = message_hash(&bob.id(), Namespace::INBOX, b"the real bytes");
    let body = ArrivalBody::WrongHash;
    let decision = receive(&mut bob, vec![Arrival { hash, expires: NOW, body }]);
    assert!(!decision.changes.iter().any(|c| matches!(c, Change::MarkSeen { .. })));
}

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
fn a_poll_answer_with_another_accounts_messages_is_refused() {
    let mut bob = account(2, "Bob");
    let poll = bob.poll(&[node(1)], NOW, &mut rng()).expect("a member to ask");
    assert_eq!(poll.node, node(1));
    let message = |account: &AccountId, data: &[u8]| {
        use base64::Engine as _;
        json!({
            "hash": message_hash(account, Namespace::INBOX, data).to_string(),
            "timestamp": 1, "expiration": NOW.millis() + 1,
            "data": base64::engine::general_purpose::STANDARD.encode(data),
        })
    };
    let answer = |messages: serde_json::Value| {
        json!({ "results": [{ "code": 200, "body": { "messages": messages, "more": false } }] })
            .to_string()
    };
    let stranger = account(9, "Stranger").id();
    let foreign = answer(json!([message(&stranger, b"1"), message(&stranger, b"2")]));
    assert_eq!(
        bob.read_poll(&node(1).ed25519, 200, foreign.as_bytes()),
        Err(PollError::ForeignMessages { messages: 2 })
    );
    let ours = answer(json!([message(&stranger, b"1"), message(&bob.id(), b"2")]));
    assert!(matches!(
        bob.read_poll(&node(1).ed25519, 200, ours.as_bytes()),
        Ok(PollAnswer::Retrieved(_))
    ));
    let garbage: &[&[u8]] = &[b"", b"{}", b"[]", b"{\"results\":[]}", &[0xff; 9]];
    for garbage in garbage {
        assert!(bob.read_poll(&node(1).ed25519, 200, garbage).is_err());
        assert!(bob.read_poll(&node(1).ed25519, 421, garbage).is_err());
    }
}

#[test]
fn nothing_is_sent_before_it_is_kept() {
    let (mut alice, bob) = (account(1, "Alice"), account(2, "Bob"));
    let draft = alice.compose_text(bob.id(), "hello", NOW).unwrap();
    let id = draft.message.id;
    let sealed = vec![b"one".to_vec(), b"two".to_vec()];
    alice.queue(draft, sealed, NOW).unwrap();
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
