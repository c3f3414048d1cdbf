//! Texts from one account to another, through the machine alone.

use super::*;

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
    let group = AccountId::new(ramson_types::Prefix::Group, [1; 32]);
    let mut send = |to, body: &str| command(&mut alice, text(to, body), NOW);
    let too_long = CommandError::TooLong { length: MAX_TEXT + 1, limit: MAX_TEXT };
    assert_eq!(send(bob.id(), &"ä".repeat(MAX_TEXT + 1)), Err(too_long));
    assert_eq!(send(bob.id(), " \n"), Err(CommandError::Empty));
    assert_eq!(send(group, "x"), Err(CommandError::NotAnAccount { to: group }));
    // Of small order: nothing can be sealed for it.
    let weak: AccountId = format!("05{}", "0".repeat(64)).parse().unwrap();
    assert_eq!(send(weak, "x"), Err(CommandError::NotAnAccount { to: weak }));
    assert!(send(bob.id(), &"ä".repeat(MAX_TEXT)).is_ok());
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
    let to = bob.id();
    let plan = command(&mut alice, text(to, "once"), NOW).unwrap();
    let copy = &plan.outgoing[0];
    let seal = |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        inbox::seal(alice.keys(), &to, &copy.content, copy.sent, &mut rng).unwrap()
    };
    let (one, two) = (arrival(&bob, &seal(1)), arrival(&bob, &seal(2)));
    assert_ne!(one.hash, two.hash);
    let decision = receive(&mut bob, vec![one, two]);
    assert_eq!(received(&decision).len(), 1);

    let again = vec![arrival(&bob, &seal(3))];
    let questions = bob.arrival_questions(&again);
    let known = Answer { messages: vec![received(&decision)[0].clone()], early: None };
    let history = History::new([(questions[0].clone(), known)]);
    let (from, inbox) = (node(1).ed25519, Namespace::INBOX);
    let decision = bob.receive(from, &Vec::new(), inbox, again, history, NOW);
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
        let of = |messages| json!({ "code": 200, "body": { "messages": messages, "more": false } });
        let mut results = vec![of(json!([])); 4];
        results.push(of(messages));
        json!({ "results": results }).to_string()
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
