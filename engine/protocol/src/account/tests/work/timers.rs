//! Messages whose time is over, to the millisecond.

use super::*;

const T: u32 = 3_600;

fn until(ends: Timestamp) -> Option<Expiry> {
    Some(Expiry { from: ExpiresFrom::Sent, seconds: T, ends: Some(ends) })
}

/// A home with an unread message that ends at a time.
fn home_with(ends: Timestamp) -> (Home, Message) {
    let mut home = Home::new();
    let peer = home.contact(2);
    let message = Message { expiry: until(ends), mentions_me: true, ..home.message(peer, NOW) };
    home.put(message.clone());
    assert_eq!((home.line(peer).unread, home.line(peer).mentions), (1, 1));
    (home, message)
}

#[test]
fn a_message_goes_at_its_millisecond_also_after_a_restart() {
    let ends = after(T.into());
    for restart in [false, true] {
        let (mut home, message) = home_with(ends);
        if restart {
            home.restart();
        }
        assert_eq!(home.account.next_work(), Some(ends));
        assert_eq!(home.account.next_wake().map(|wake| wake <= ends), Some(true));
        home.now = ends.offset(-1);
        assert_eq!(home.account.due_work(home.now), None);
        home.now = ends;
        let turns = home.work();
        assert_eq!(turns.len(), 1);
        assert_eq!(turns[0].removed(), [(message.id, true)]);
        assert_eq!(turns[0].errands(), Vec::<&Errand>::new(), "the swarm lets go by itself");
        assert!(home.store.messages.is_empty());
        let line = &home.store.lines[&message.conversation];
        assert_eq!((line.unread, line.mentions), (0, 0));
        let early = &home.store.early[&message.name()];
        assert!(early.deleted);
        assert_eq!(early.until, ends.plus(45 * DAY));
        assert_eq!(home.account.next_work(), None);
    }
}

#[test]
fn ends_are_times_of_the_network_whatever_the_local_clock_says() {
    let ends = after(T.into());
    let (mut home, _) = home_with(ends);
    // The local clock is 90 s behind: the message goes earlier by it.
    clock_is_behind(&mut home.account, 90_000);
    let local = ends.offset(-90_000);
    assert_eq!(home.account.next_work(), Some(local));
    home.now = local.offset(-1);
    assert!(home.work().is_empty());
    // It is corrected just before: what is due moves with it.
    home.account.clock_mut().forget();
    clock_is_behind(&mut home.account, -5);
    assert_eq!(home.account.next_work(), Some(ends.offset(5)));
    home.now = ends.offset(4);
    assert!(home.work().is_empty());
    home.now = ends.offset(5);
    assert_eq!(home.work().len(), 1);
    // Set back, nothing comes back.
    home.account.clock_mut().forget();
    home.now = NOW;
    assert!(home.work().is_empty());
    assert!(home.store.messages.is_empty());
}

#[test]
fn a_message_that_was_edited_or_went_before_its_turn_is_looked_at_again() {
    let ends = after(T.into());
    let (mut home, message) = home_with(ends);
    home.now = ends;
    let work = home.account.due_work(ends).unwrap();
    let later = until(after(2 * u64::from(T)));
    let edit = crate::store::MessageEdit::Expiry(later);
    let change = Change::EditMessage { id: message.id, edit };
    home.commit(Decision { changes: vec![change], ..Decision::default() });
    let turn = home.turn(Intent::Work(work.clone()));
    assert!(turn.removed().is_empty());
    assert_eq!(home.account.next_work(), later.unwrap().ends);

    home.store.messages.remove(&message.id);
    assert!(home.turn(Intent::Work(work)).removed().is_empty());
    assert_eq!(home.account.next_work(), None);
}

#[test]
fn many_go_in_pages_and_placeholders_go_too() {
    let mut home = Home::new();
    let peer = home.contact(2);
    for n in 0..1_200 {
        let sent = NOW.offset(n);
        let mut message = Message { expiry: until(after(60)), ..home.message(peer, sent) };
        if n % 2 == 0 {
            message.delete();
        }
        home.put(message);
    }
    home.now = after(60);
    let turns = home.work();
    let sizes: Vec<_> = turns.iter().map(|turn| turn.removed().len()).collect();
    assert_eq!(sizes, [500, 500, 200]);
    assert!(home.store.messages.is_empty());
    assert_eq!(home.line(peer).unread, 0);
}

#[test]
fn what_waits_in_the_outbox_goes_with_its_message() {
    let mut home = Home::new();
    let peer = home.contact(2);
    let command = text(peer, "soon gone");
    let turn = home.command(command);
    let id = turn.outgoing[0].message;
    let other = home.command(text(peer, "stays")).outgoing[0].message;
    let ends = Some(after(60));
    home.account.expiring.set(id, ends);
    let edit = crate::store::MessageEdit::Expiry(until(after(60)));
    home.commit(Decision {
        changes: vec![Change::EditMessage { id, edit }],
        ..Decision::default()
    });
    let before = home.account.outbox_len();
    home.now = after(60);
    home.work();
    assert_eq!(home.account.outbox_len(), before - 2, "the recipient's copy and the own");
    assert!(home.store.outbox.values().all(|entry| entry.message == other));
    assert_eq!(home.store.outbox.len(), home.account.outbox_len());
}

#[test]
fn a_copy_that_comes_again_is_passed_over() {
    let mut home = Home::new();
    let mut peer = account(2, "Bob");
    let (message, sent) = queue(&mut peer, home.account.id(), "gone soon", NOW);
    let copy = |home: &Home| arrival(&home.account, &entries(&sent)[0].data);
    let take = |home: &mut Home| {
        let arrivals = vec![copy(home)];
        let history = home.store.history(home.account.arrival_questions(&arrivals));
        let (node, path) = (node(1).ed25519, vec![node(7).ed25519]);
        let account = &mut home.account;
        let got = account.receive(node, &path, Namespace::INBOX, arrivals, history, home.now);
        home.store.commit(&got);
        received(&got).into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    let ids = take(&mut home);
    let [id] = ids[..] else { panic!("{ids:?}") };
    home.account.expiring.set(id, Some(after(60)));
    let edit = crate::store::MessageEdit::Expiry(until(after(60)));
    home.commit(Decision {
        changes: vec![Change::EditMessage { id, edit }],
        ..Decision::default()
    });
    home.now = after(60);
    assert_eq!(home.work()[0].removed(), [(id, true)]);
    // Its hash is not known any more, as after a restore.
    home.store.seen.clear();
    home.restart();
    assert_eq!(take(&mut home), [], "{:?}", message.name());
    assert!(home.store.messages.is_empty());
}

/// A text that disappears, to a peer whose swarm has not stored it.
fn unsent(
    home: &mut Home,
    setting: crate::config::contacts::Disappearing,
) -> (AccountId, MessageId) {
    let peer = home.contact(2);
    let contact = home.account.settings.contacts.contact(&peer).unwrap();
    home.account.settings.contacts.set_contact(&Contact { disappearing: setting, ..contact });
    let id = home.command(text(peer, "written without a network")).outgoing[0].message;
    (peer, id)
}

fn deliver(home: &mut Home, result: &SendResult) {
    for delivery in home.account.due_deliveries(home.now) {
        let results = vec![result.clone(); delivery.entries.len()];
        let (now, node) = (home.now, Some(node(1).ed25519));
        let done = home.account.sent(&delivery, results, node, Vec::new(), now, &mut rng());
        home.store.commit(&done);
    }
}

#[test]
fn an_own_message_that_the_peer_may_still_read_stays_until_it_is_sent() {
    use crate::config::contacts::Disappearing::AfterRead;
    let stored = SendResult::Stored { confirmed: members(), failed: Vec::new() };
    for restart in [false, true] {
        let mut home = Home::new();
        let (_, id) = unsent(&mut home, AfterRead(60));
        let ends = home.store.messages[&id].expiry.unwrap().ends;
        assert_eq!(ends, Some(after(60)));
        home.now = after(10);
        deliver(&mut home, &SendResult::NotNow { reason: "no network".into() });
        home.now = after(3 * 86_400);
        if restart {
            home.restart();
        }
        let turns = home.work();
        assert_eq!(turns.len(), 1, "it is looked at once");
        assert_eq!(turns[0].decision.events, []);
        assert_eq!(home.account.next_work(), None);
        assert_eq!(home.store.messages[&id].expiry.unwrap().ends, ends);
        deliver(&mut home, &stored);
        home.now = home.now.plus(Duration::from_secs(1));
        deliver(&mut home, &stored);
        assert_eq!(home.store.messages[&id].state, MessageState::Stored);
        let turns = home.work();
        assert_eq!(turns[0].removed(), [(id, true)], "and goes once it is sent");
    }
}

#[test]
fn an_own_message_that_waits_and_is_deleted_goes_too() {
    use crate::config::contacts::Disappearing::AfterRead;
    let mut home = Home::new();
    let (_, id) = unsent(&mut home, AfterRead(60));
    home.now = after(61);
    home.work();
    assert_eq!(home.account.next_work(), None);
    let change = Change::EditMessage { id, edit: crate::store::MessageEdit::Delete };
    let mut decision = Decision { changes: vec![change], ..Decision::default() };
    home.account.outbox.remove(id, &mut decision);
    home.commit(decision);
    assert_eq!(home.work()[0].removed(), [(id, true)]);
}

#[test]
fn a_message_whose_time_was_over_before_it_was_sent_is_told_as_failed_first() {
    use crate::config::contacts::Disappearing::AfterSend;
    let mut home = Home::new();
    let (peer, id) = unsent(&mut home, AfterSend(60));
    home.now = after(60);
    let turns = home.work();
    let conversation = ConversationId::Account(peer);
    let [AccountEvent::MessageFailed { id: failed, conversation: of, .. }, removed, ..] =
        &turns[0].decision.events[..]
    else {
        panic!("{:?}", turns[0].decision.events)
    };
    assert_eq!((failed, of), (&id, &conversation));
    assert_eq!(removed, &AccountEvent::MessageRemoved { id, conversation, expired: true });
    assert!(home.store.outbox.is_empty());
}
