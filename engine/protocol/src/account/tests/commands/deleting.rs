//! Deleting messages: here, on the own devices, for everyone.

use ramson_codec::proto::UnsendRequest;

use super::*;
use crate::store::Early;

fn delete(message: MessageId, scope: DeleteScope) -> Command {
    Command::Delete { message, scope }
}

fn request(of: AccountId, sent: Timestamp) -> UnsendRequest {
    UnsendRequest { timestamp: sent.millis(), author: of.to_string() }
}

fn errands(home: &Home) -> Vec<Errand> {
    home.store.errands.values().map(|stored| stored.errand.clone()).collect()
}

fn removed(id: MessageId, with: AccountId) -> AccountEvent {
    let conversation = ConversationId::Account(with);
    AccountEvent::MessageRemoved { id, conversation, expired: false }
}

#[test]
fn here_it_goes_without_a_word_and_does_not_come_back() {
    let (mut home, bob) = Home::with_friend();
    let id = home.hears(bob, NOW);
    let name = home.store.messages[&id].name();
    let done = home.does(delete(id, DeleteScope::Here)).unwrap();
    assert_eq!((done.outgoing.len(), done.outcome), (0, Outcome::Done));
    assert!(home.messages(bob).is_empty());
    assert!(done.decision.events.contains(&removed(id, bob)));
    let tombstone = Early { deleted: true, until: NOW.plus(DAY * 45), ..Early::default() };
    assert_eq!(home.store.early.get(&name), Some(&tombstone));
    let line = home.line(bob);
    assert_eq!((line.unread, line.mentions, line.latest), (0, 0, NOW));
    assert_eq!(errands(&home), [], "other devices keep it");
    let again = home.does(delete(id, DeleteScope::Here)).err();
    assert_eq!(again, Some(CommandError::NoSuchMessage { message: id }));
}

#[test]
fn on_my_devices_the_peers_message_leaves_a_mark_and_its_copy_goes() {
    let (mut home, bob) = Home::with_friend();
    let (me, id) = (home.id(), home.hears(bob, NOW));
    let hash = home.store.messages[&id].own_hash.unwrap();
    let done = home.does(delete(id, DeleteScope::MyDevices)).unwrap();
    let [own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(own), (Copy::Sync, me, FORTNIGHT, OUTSIDE));
    let content = read(own);
    assert_eq!(content.unsend_request, Some(request(bob, NOW)));
    assert_eq!((content.data_message, content.expiration_type), (None, None));
    assert_eq!(errands(&home), [Errand::Delete(vec![hash])]);
    let mark = &home.store.messages[&id];
    assert!(mark.deleted && mark.text.is_none() && mark.content.is_empty());
    assert_eq!(home.line(bob).unread, 0);
    let (conversation, change) = (ConversationId::Account(bob), MessageChange::Deleted);
    assert!(done.decision.events.contains(&AccountEvent::MessageChanged {
        id,
        conversation,
        change
    }));
    let refused = home.does(delete(id, DeleteScope::MyDevices)).err();
    assert_eq!(refused, Some(CommandError::NoSuchMessage { message: id }));
    home.does(delete(id, DeleteScope::Here)).unwrap();
    assert!(home.messages(bob).is_empty(), "the mark can go, too");
}

#[test]
fn for_everyone_the_peer_is_asked_with_the_same_request() {
    let (mut home, bob) = Home::with_friend();
    let me = home.id();
    let (id, sent) = home.writes(bob);
    home.delivers();
    let done = home.does(delete(id, DeleteScope::Everyone)).unwrap();
    let [theirs, own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(theirs), (Copy::Recipient, bob, FORTNIGHT, OUTSIDE));
    assert_eq!(shape(own), (Copy::Sync, me, FORTNIGHT, OUTSIDE));
    assert_eq!((&theirs.content, theirs.sent), (&own.content, own.sent));
    assert_eq!(read(theirs).unsend_request, Some(request(me, sent)));
    assert_eq!(done.outcome, Outcome::Told(theirs.message));
    assert!(home.store.messages[&id].deleted);
    assert_eq!(home.store.messages[&id].state, MessageState::Stored);
    let kept = home.store.messages[&id].own_hash.expect("its copy was stored");
    assert_eq!(errands(&home), [Errand::Delete(vec![kept])]);

    let heard = home.hears(bob, NOW);
    let refused = home.does(delete(heard, DeleteScope::Everyone)).err();
    assert_eq!(refused, Some(CommandError::NotAuthor { message: heard }));
}

#[test]
fn a_note_to_self_goes_altogether() {
    for scope in [DeleteScope::MyDevices, DeleteScope::Everyone] {
        let mut home = Home::new();
        let me = home.id();
        let (id, sent) = home.writes(me);
        home.delivers();
        let done = home.does(delete(id, scope)).unwrap();
        let [own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
        assert_eq!(shape(own), (Copy::Recipient, me, FORTNIGHT, OUTSIDE));
        assert_eq!(read(own).unsend_request, Some(request(me, sent)));
        assert!(home.messages(me).is_empty());
        assert!(done.decision.events.contains(&removed(id, me)));
        assert!(matches!(errands(&home)[..], [Errand::Delete(_)]));
    }
}

#[test]
fn what_was_never_sent_is_not_sent_and_nobody_is_asked() {
    let scopes = [DeleteScope::Here, DeleteScope::MyDevices, DeleteScope::Everyone];
    for scope in scopes {
        let (mut home, bob) = Home::with_friend();
        home.timer(bob, Timer::AfterSend(60));
        let (id, _) = home.writes(bob);
        assert_eq!(home.store.outbox.len(), 2);
        let done = home.does(delete(id, scope)).unwrap();
        assert_eq!((done.outgoing.len(), done.outcome), (0, Outcome::Done), "{scope:?}");
        assert_eq!((home.account.outbox_len(), home.store.outbox.len()), (0, 0));
        assert!(home.messages(bob).is_empty(), "no other device ever heard of it");
        assert_eq!(home.account.expiring.next(), None);
        assert!(done.decision.events.contains(&removed(id, bob)));
    }
}

/// Starts what is due, and fails it for those that pass.
fn attempts(home: &mut Home, fails: impl Fn(&AccountId) -> bool) {
    for delivery in home.account.due_deliveries(home.now) {
        let result = match fails(&delivery.to) {
            true => SendResult::NotNow { reason: "down".into() },
            false => SendResult::Stored { confirmed: Vec::new(), failed: Vec::new() },
        };
        let results = vec![result; delivery.entries.len()];
        let now = home.now;
        let decision = home.account.sent(&delivery, results, None, Vec::new(), now, &mut rng());
        home.store.commit(&decision);
    }
}

#[test]
fn what_may_have_been_sent_is_not_sent_again_and_all_are_asked() {
    let (mut home, bob) = Home::with_friend();
    let me = home.id();
    let (id, _) = home.writes(bob);
    attempts(&mut home, |_| true);
    let done = home.does(delete(id, DeleteScope::Everyone)).unwrap();
    assert_eq!(done.outgoing.len(), 2, "an answer may have been lost");
    assert_eq!(home.account.outbox_len(), 2, "only the requests");
    let never = MessageState::Failed { reason: "it was deleted before it was sent".into() };
    assert_eq!(home.store.messages[&id].state, never);
    assert!(home.store.messages[&id].deleted);

    // The devices have it, the peer was never tried.
    let (mut home, bob) = Home::with_friend();
    let (id, _) = home.writes(bob);
    let due = home.account.due_deliveries(home.now);
    let sync = due.iter().find(|delivery| delivery.to == me).unwrap();
    let stored = vec![SendResult::Stored { confirmed: Vec::new(), failed: Vec::new() }];
    let decision = home.account.sent(sync, stored, None, Vec::new(), home.now, &mut rng());
    home.store.commit(&decision);
    let done = home.does(delete(id, DeleteScope::MyDevices)).unwrap();
    let to: Vec<_> = done.outgoing.iter().map(|copy| copy.to).collect();
    assert_eq!(to, [me], "the peer keeps what is under way");
}

#[test]
fn a_copy_that_gets_there_after_its_message_was_deleted_is_deleted_there_too() {
    let stored = SendResult::Stored { confirmed: Vec::new(), failed: Vec::new() };
    let not_now = SendResult::NotNow { reason: "no answer".into() };
    let asked = Some(node(1).ed25519);
    for (result, node, deletes) in
        [(stored, asked, true), (not_now.clone(), asked, true), (not_now, None, false)]
    {
        let (mut home, bob) = Home::with_friend();
        let me = home.id();
        // Two in one request: each has its place in it.
        let (first, _) = home.writes(bob);
        let (second, _) = home.writes(bob);
        let own = |id| {
            let is_own = |entry: &&OutboxEntry| entry.message == id && entry.to == me;
            let entry = home.store.outbox.values().find(is_own).expect("it waits");
            message_hash(&entry.to, entry.namespace, &entry.data)
        };
        let (kept, gone) = (own(first), own(second));
        let due = home.account.due_deliveries(home.now);
        home.does(delete(second, DeleteScope::MyDevices)).unwrap();
        assert_eq!(errands(&home), [], "nobody knows its hash yet");
        for delivery in due {
            let results = vec![result.clone(); delivery.entries.len()];
            let now = home.now;
            let decision = home.account.sent(&delivery, results, node, Vec::new(), now, &mut rng());
            home.store.commit(&decision);
        }
        let wanted = if deletes { vec![Errand::Delete(vec![gone])] } else { Vec::new() };
        assert_eq!(errands(&home), wanted);
        assert_ne!(kept, gone);
    }
}

#[test]
fn groups_messages_are_deleted_here_only() {
    let mut home = Home::new();
    let bob = account(2, "Bob").id();
    let id = home.hears(bob, NOW);
    let group = AccountId::new(ramson_types::Prefix::Group, [1; 32]);
    let conversation = ConversationId::Group(group);
    home.store.messages.get_mut(&id).unwrap().conversation = conversation.clone();
    let refused = home.does(delete(id, DeleteScope::MyDevices)).err();
    assert_eq!(refused, Some(CommandError::NotOneToOne { conversation }));
    home.does(delete(id, DeleteScope::Here)).unwrap();
    assert!(home.store.messages.is_empty());
}

#[test]
fn a_mark_changes_nothing_else_of_the_message() {
    let (mut home, bob) = Home::with_friend();
    let id = home.hears(bob, NOW);
    let before = home.store.messages[&id].clone();
    let done = home.does(delete(id, DeleteScope::MyDevices)).unwrap();
    let edits = |change: &Change| matches!(change, Change::EditMessage { .. });
    assert_eq!(pushed(&done.decision, edits), 1);
    let mut expected = before;
    MessageEdit::Delete.apply(&mut expected);
    assert_eq!(home.store.messages[&id], expected);
}
