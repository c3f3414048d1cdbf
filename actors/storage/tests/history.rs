//! The history in the store: how messages change, how conversations go, and
//! what a decision is told of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::sync::Arc;

use ramson_messages::storage::{
    Commit, GetMessage, LedgerSubject, ListAccounts, ListConversations, ListMessages, LoadAccount,
    ReadEvents, ReadLedger, RecallHistory, StoreError, Sweep,
};
use ramson_protocol::account::{Answer, PAGE, Question};
use ramson_protocol::config::ConfigKind;
use ramson_protocol::event::{EventKind, EventRef};
use ramson_protocol::store::{
    Change, ConfigDump, Early, Errand, ErrandCopy, MessageEdit, StoredErrand, Sync,
};
use ramson_storage_actor::Store;
use ramson_types::conversation::Conversation;
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{
    ExpiresFrom, Expiry, Message, MessageKind, MessageName, MessageState, Reaction,
};
use ramson_types::{ConversationId, MessageId, Timestamp};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support::{NOW, add_account, early_name, hash, id, message};

/// A store with the accounts 1 and 2, whose ids are those of these numbers.
fn store() -> Store {
    let store = Store::in_memory(StdRng::seed_from_u64(1)).unwrap();
    store.write(&add_account(1)).unwrap();
    store.write(&add_account(2)).unwrap();
    store
}

fn apply(store: &Store, account: u32, changes: Vec<Change>) {
    store.write(&Commit { account, changes, events: vec![], at: NOW }).unwrap();
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

fn put(store: &Store, messages: &[Message]) {
    apply(store, 1, messages.iter().cloned().map(Change::PutMessage).collect());
}

fn get(store: &Store, id: MessageId) -> Option<Message> {
    store.ask(&GetMessage { id }).unwrap()
}

fn recall(store: &Store, questions: Vec<Question>) -> Vec<Answer> {
    store.ask(&RecallHistory { account: 1, questions }).unwrap()
}

fn with(peer: u64) -> ConversationId {
    ConversationId::Account(id(peer))
}

fn ending(at: u64) -> Option<Expiry> {
    Some(Expiry { from: ExpiresFrom::Read, seconds: 60, ends: Some(Timestamp(at)) })
}

fn expiring(store: &Store) -> Vec<(u64, u64)> {
    let loaded = store.ask(&LoadAccount { account: 1 }).unwrap();
    loaded.expiring.iter().map(|(ends, id)| (ends.0, id.number)).collect()
}

#[test]
fn each_edit_changes_its_one_thing() {
    let store = store();
    let mut expected = message(1, 1, 7);
    put(&store, std::slice::from_ref(&expected));
    let reaction =
        Reaction { author: id(7), emoji: "🌱".to_owned(), at: Timestamp(5), removed: false };
    let edits = [
        MessageEdit::OwnHash(hash(99)),
        MessageEdit::Expiry(ending(77)),
        MessageEdit::React(reaction.clone()),
        // What was done earlier comes too late.
        MessageEdit::React(Reaction { at: Timestamp(4), removed: true, ..reaction }),
        MessageEdit::State(MessageState::Read),
        MessageEdit::Delete,
    ];
    let id = expected.id;
    for edit in edits {
        edit.clone().apply(&mut expected);
        apply(&store, 1, vec![Change::EditMessage { id, edit }]);
        assert_eq!(get(&store, id), Some(expected.clone()));
    }
    assert!(expected.deleted && expected.text.is_none());

    // What was read stays read, whatever the outbox says later.
    let state = MessageState::Stored;
    let edit = MessageEdit::State(state.clone());
    let set = Change::SetMessageState { id, state, hash: Some(hash(5)) };
    apply(&store, 1, vec![Change::EditMessage { id, edit }, set]);
    expected.hash = Some(hash(5));
    assert_eq!(get(&store, id), Some(expected));
}

#[test]
fn a_message_that_is_gone_stays_gone() {
    let store = store();
    let gone = message(1, 1, 7);
    put(&store, std::slice::from_ref(&gone));
    let edit = MessageEdit::Expiry(ending(5));
    apply(
        &store,
        1,
        vec![Change::RemoveMessage(gone.id), Change::EditMessage { id: gone.id, edit }],
    );
    assert_eq!((get(&store, gone.id), expiring(&store)), (None, vec![]));
    let of_other = MessageId { account: 2, number: 1 };
    for change in [
        Change::EditMessage { id: of_other, edit: MessageEdit::Delete },
        Change::PutErrand(StoredErrand {
            number: 1,
            begun: Timestamp(0),
            errand: Errand::AskExpiries(vec![ErrandCopy {
                hash: hash(1),
                message: of_other,
                conversation: with(7),
                seconds: 1,
            }]),
        }),
    ] {
        let commit = Commit { account: 1, changes: vec![change], events: vec![], at: NOW };
        let refused = StoreError::OtherAccount { id: of_other, account: 1 };
        assert_eq!(store.write(&commit), Err(refused));
    }
    let kind = EventKind::MessageRemoved;
    let event = EventRef { kind, message: Some(of_other), conversation: with(7) };
    let commit = Commit { account: 1, changes: vec![], events: vec![event], at: NOW };
    assert!(matches!(store.write(&commit), Err(StoreError::OtherAccount { .. })));
}

#[test]
fn what_disappears_when_follows_the_messages() {
    let store = store();
    let [mut one, mut two, three] = [1, 2, 3].map(|number| message(1, number, 7));
    (one.expiry, two.expiry) = (ending(30), ending(20));
    let waits = Expiry { ends: None, ..ending(0).unwrap() };
    let three = Message { expiry: Some(waits), ..three };
    put(&store, &[one.clone(), two.clone(), three.clone()]);
    assert_eq!(expiring(&store), [(20, 2), (30, 1)]);
    let edit = |id, expiry| Change::EditMessage { id, edit: MessageEdit::Expiry(expiry) };
    apply(&store, 1, vec![edit(three.id, ending(10)), edit(two.id, ending(40))]);
    assert_eq!(expiring(&store), [(10, 3), (30, 1), (40, 2)]);
    // Deleted by its author, it disappears all the same.
    apply(&store, 1, vec![Change::EditMessage { id: one.id, edit: MessageEdit::Delete }]);
    apply(&store, 1, vec![edit(three.id, None)]);
    assert_eq!(expiring(&store), [(30, 1), (40, 2)]);
    // Written anew, elsewhere and with another end.
    one.expiry = ending(50);
    one.conversation = with(8);
    put(&store, std::slice::from_ref(&one));
    assert_eq!(expiring(&store), [(40, 2), (50, 1)]);
    apply(&store, 1, vec![Change::RemoveMessage(two.id)]);
    assert_eq!(expiring(&store), [(50, 1)]);
    apply(&store, 1, vec![Change::RemoveConversation(with(8))]);
    assert_eq!(expiring(&store), []);
    let other = store.ask(&LoadAccount { account: 2 }).unwrap();
    assert!(other.expiring.is_empty());
}

#[test]
fn a_removed_conversation_goes_with_its_messages_and_keeps_what_was_said_early() {
    let store = store();
    let messages = [1, 2, 3].map(|number| message(1, number, 7));
    put(&store, &messages);
    let other = message(1, 4, 8);
    put(&store, std::slice::from_ref(&other));
    let line = |number| LedgerLine {
        at: Timestamp(number),
        message: Some(MessageId { account: 1, number }),
        hash: Some(hash(number)),
        step: LedgerStep::Queued { to: id(7), bytes: 1 },
    };
    let early = Early { deleted: true, until: Timestamp(9), ..Early::default() };
    let name = messages[0].name();
    apply(
        &store,
        1,
        vec![
            Change::PutConversation(Conversation::new(with(7))),
            Change::Ledger(line(1)),
            Change::Ledger(line(4)),
            Change::PutEarly { name: name.clone(), early: early.clone() },
            Change::RemoveConversation(with(7)),
            Change::RemoveConversation(with(99)),
        ],
    );
    let lines = store.ask(&ListConversations { account: 1 }).unwrap();
    assert_eq!(lines.iter().map(|line| line.id.clone()).collect::<Vec<_>>(), [with(8)]);
    let list = |peer| {
        store
            .ask(&ListMessages { account: 1, conversation: with(peer), before: None, limit: 9 })
            .unwrap()
    };
    assert_eq!((list(7), list(8)), (vec![], vec![other]));
    let left = store.ask(&ReadLedger { about: LedgerSubject::Account(1, 9) });
    assert_eq!(left, Ok(vec![line(4)]));
    let answer = Answer { messages: vec![], early: Some(early) };
    assert_eq!(recall(&store, vec![Question::Named(name.clone())]), [answer]);
    assert_eq!(recall(&store, vec![Question::All(with(7))]), [Answer::default()]);

    // When that is forgotten, too, nobody knows of the conversation any more.
    let numbers = || store.check().unwrap().records["conversation_numbers"];
    assert_eq!(numbers(), 2);
    assert_eq!(store.write(&Sweep { now: Timestamp(8) }), Ok(0));
    assert_eq!(store.write(&Sweep { now: Timestamp(9) }), Ok(1));
    assert_eq!(numbers(), 1);
    assert_eq!(recall(&store, vec![Question::Named(name)]), [Answer::default()]);
    // It may begin again.
    put(&store, &messages);
    assert_eq!((list(7), numbers()), (messages.to_vec(), 2));
}

#[test]
fn what_was_said_early_is_kept_by_name_until_its_time() {
    let store = store();
    let of = |until, read| Early { read, until: Timestamp(until), ..Early::default() };
    let (one, two) = (early_name(1), early_name(2));
    let put = |name: &MessageName, early| Change::PutEarly { name: name.clone(), early };
    apply(&store, 1, vec![put(&one, of(5, true)), put(&two, of(6, true))]);
    // Said again, it stays for longer.
    apply(&store, 1, vec![put(&one, of(8, false))]);
    let known = || {
        let names = [&one, &two].map(|name| Question::Named(name.clone()));
        recall(&store, names.to_vec()).into_iter().map(|answer| answer.early).collect::<Vec<_>>()
    };
    assert_eq!(known(), [Some(of(8, false)), Some(of(6, true))]);
    // No conversation is seen for it, and no other account has it.
    assert_eq!(store.ask(&ListConversations { account: 1 }), Ok(vec![]));
    let list =
        ListMessages { account: 1, conversation: one.conversation.clone(), before: None, limit: 9 };
    assert_eq!(store.ask(&list), Ok(vec![]));
    let others = RecallHistory { account: 2, questions: vec![Question::Named(one.clone())] };
    assert_eq!(store.ask(&others), Ok(vec![Answer::default()]));

    assert_eq!(store.write(&Sweep { now: Timestamp(6) }), Ok(1));
    assert_eq!(known(), [Some(of(8, false)), None]);
    let gone = Change::RemoveEarly(one.clone());
    apply(&store, 1, vec![gone.clone(), gone, Change::RemoveEarly(early_name(99))]);
    assert_eq!(known(), [None, None]);
    let records = store.check().unwrap().records;
    let left = ["early", "early_by_time", "conversation_numbers"].map(|name| records[name]);
    assert_eq!(left, [0, 0, 0]);
}

#[test]
fn a_name_finds_the_messages_of_every_kind() {
    let store = store();
    let visible = message(1, 1, 7);
    let name = visible.name();
    let call = Message {
        id: MessageId { account: 1, number: 2 },
        kind: MessageKind::Call,
        ..visible.clone()
    };
    let later =
        Message { id: MessageId { account: 1, number: 3 }, sent: Timestamp(5), ..visible.clone() };
    put(&store, &[later.clone(), call.clone(), visible.clone()]);
    let early = Early { read: true, ..Early::default() };
    let put_early = Change::PutEarly { name: name.clone(), early: early.clone() };
    apply(&store, 1, vec![put_early]);
    let stranger = MessageName { author: id(8), ..name.clone() };
    let of_other = MessageId { account: 2, number: 1 };
    apply(&store, 2, vec![Change::PutMessage(message(2, 1, 7))]);
    let answers = recall(
        &store,
        vec![
            Question::Id(later.id),
            Question::Named(name),
            Question::Named(stranger),
            Question::Id(of_other),
            Question::Id(MessageId { account: 1, number: 9 }),
            Question::All(with(7)),
            Question::Id(later.id),
        ],
    );
    let only = |messages: &[&Message]| Answer {
        messages: messages.iter().copied().cloned().collect(),
        early: None,
    };
    let expected = [
        only(&[&later]),
        Answer { messages: vec![visible.clone(), call.clone()], early: Some(early) },
        only(&[]),
        only(&[]),
        only(&[]),
        only(&[&visible, &call, &later]),
        only(&[&later]),
    ];
    assert_eq!(answers, expected);
    let unknown = RecallHistory { account: 9, questions: vec![] };
    assert_eq!(store.ask(&unknown), Err(StoreError::NoSuchAccount { account: 9 }));
}

/// A message of one peer in the conversation with 7.
fn sent(number: u64, author: u64, at: u64) -> Message {
    Message { author: id(author), sent: Timestamp(at), ..message(1, number, 7) }
}

#[test]
fn between_two_times_lies_what_others_wrote_in_order() {
    let store = store();
    // Numbers grow as messages arrive, and not as they were sent.
    let (late, early, mid) = (sent(1, 7, 30), sent(2, 7, 10), sent(3, 7, 20));
    let own = sent(4, 1, 15);
    let elsewhere = Message { sent: Timestamp(15), ..message(1, 5, 8) };
    put(&store, &[late.clone(), early.clone(), mid.clone(), own, elsewhere]);
    let between = |after, up_to| {
        let (after, up_to) = (Timestamp(after), Timestamp(up_to));
        let question = Question::Between { conversation: with(7), after, up_to };
        recall(&store, vec![question]).remove(0).messages
    };
    assert_eq!(between(0, u64::MAX), [early.clone(), mid.clone(), late.clone()]);
    assert_eq!(between(10, 30), [mid.clone(), late]);
    assert_eq!(between(9, 29), [early, mid]);
    for (after, up_to) in [(20, 29), (20, 20), (30, 10), (u64::MAX, u64::MAX)] {
        assert_eq!(between(after, up_to), [], "after {after} up to {up_to}");
    }
    let nowhere =
        Question::Between { conversation: with(9), after: Timestamp(0), up_to: Timestamp(9) };
    assert_eq!(recall(&store, vec![nowhere]), [Answer::default()]);
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let store = store();
    let count = PAGE as u64 * 2 + 10;
    // Three were sent in the millisecond in which the first page would end.
    let at = |number: u64| match number {
        500..=502 => 500,
        other => other,
    };
    let messages: Vec<_> = (1..=count).map(|number| sent(number, number, at(number))).collect();
    // And own ones among them, which are not counted.
    let own: Vec<_> = (1..=50).map(|number| sent(count + number, 1, number * 5)).collect();
    put(&store, &[messages.clone(), own].concat());
    let (mut after, mut sizes, mut found) = (Timestamp(0), Vec::new(), Vec::new());
    loop {
        let question = Question::Between { conversation: with(7), after, up_to: Timestamp(9_999) };
        let page = recall(&store, vec![question]).remove(0).messages;
        let Some(last) = page.last() else { break };
        after = last.sent;
        sizes.push(page.len());
        found.extend(page);
    }
    // The first message is the account's own, by its author.
    let mut expected = messages[1..].to_vec();
    assert_eq!(sizes, [PAGE + 1, PAGE, 8]);
    found.sort_by_key(|message| message.id);
    expected.sort_by_key(|message| message.id);
    assert_eq!(found, expected);

    let first = recall(&store, vec![Question::All(with(7))]).remove(0).messages;
    assert_eq!(first, messages[..PAGE]);
}

#[test]
fn what_was_read_shows_as_read_and_is_recalled_as_it_is_kept() {
    let store = store();
    let (old, new) = (sent(1, 7, 10), sent(2, 7, 20));
    let own = Message { state: MessageState::Stored, ..sent(3, 1, 10) };
    let own_odd = sent(4, 1, 9);
    put(&store, &[old.clone(), new.clone(), own.clone(), own_odd.clone()]);
    let line = Conversation { last_read: Timestamp(10), ..Conversation::new(with(7)) };
    apply(&store, 1, vec![Change::PutConversation(line)]);
    let shown = Message { state: MessageState::Read, ..old.clone() };
    let list = ListMessages { account: 1, conversation: with(7), before: None, limit: 9 };
    let expected = [shown.clone(), new.clone(), own.clone(), own_odd.clone()];
    assert_eq!(store.ask(&list).unwrap(), expected);
    for message in expected {
        assert_eq!(get(&store, message.id), Some(message));
    }
    let answers = recall(&store, vec![Question::Id(old.id), Question::All(with(7))]);
    assert_eq!(answers[0].messages, std::slice::from_ref(&old));
    assert_eq!(answers[1].messages, [old.clone(), new, own, own_odd]);
    let kind = EventKind::MessageReceived;
    let event = EventRef { kind, message: Some(old.id), conversation: with(7) };
    store.write(&Commit { account: 1, changes: vec![], events: vec![event], at: NOW }).unwrap();
    let events = store.ask(&ReadEvents { after: 0, limit: 9, only: None }).unwrap().events;
    assert_eq!(events[0].message, Some(shown));
}

#[test]
fn an_account_starts_with_its_configs_errands_and_how_far_it_is() {
    let store = store();
    let put = |kind, dump: &[u8]| Change::PutConfig { kind, dump: ConfigDump(dump.to_vec()) };
    let (contacts, local) = (ConfigKind::Contacts, ConfigKind::Local);
    let errand = |number, errand| StoredErrand { number, begun: Timestamp(number), errand };
    let delete = errand(2, Errand::Delete(vec![hash(1), hash(2)]));
    let copies = vec![ErrandCopy {
        hash: hash(3),
        message: MessageId { account: 1, number: 3 },
        conversation: with(7),
        seconds: 60,
    }];
    let shorten = errand(10, Errand::Shorten { copies: copies.clone(), expiry: Timestamp(8) });
    let sync = Sync { done: true, contacts_stored: Timestamp(77) };
    apply(
        &store,
        1,
        vec![
            put(local, b"local"),
            put(contacts, b"one"),
            put(contacts, b"two"),
            put(ConfigKind::UserProfile, b""),
            Change::PutErrand(shorten.clone()),
            Change::PutErrand(errand(5, Errand::AskExpiries(copies))),
            Change::PutErrand(delete.clone()),
            Change::RemoveErrand(5),
            Change::RemoveErrand(6),
            Change::PutSync(sync),
            Change::SetName(Some("A name".to_owned())),
        ],
    );
    let account = store.ask(&LoadAccount { account: 1 }).unwrap();
    let dump = |bytes: &[u8]| ConfigDump(bytes.to_vec());
    let expected =
        [(ConfigKind::UserProfile, dump(b"")), (contacts, dump(b"two")), (local, dump(b"local"))];
    assert_eq!(account.configs, expected);
    assert_eq!(account.errands, [delete, shorten]);
    assert_eq!((account.sync, account.name.as_deref()), (sync, Some("A name")));
    apply(&store, 1, vec![Change::SetName(None)]);
    let account = store.ask(&LoadAccount { account: 1 }).unwrap();
    assert_eq!((account.sync, account.name), (sync, None));
    // The other account has nothing of it.
    let other = store.ask(&LoadAccount { account: 2 }).unwrap();
    assert!(other.configs.is_empty() && other.errands.is_empty());
    assert_eq!(other.sync, Sync::default());
}

#[test]
fn the_log_of_some_accounts_passes_over_the_rest() {
    let store = store();
    let kind = EventKind::ConversationRemoved;
    for number in 0..30 {
        let event = EventRef { kind, message: None, conversation: with(number) };
        let account = if number % 3 == 0 { 1 } else { 2 };
        store.write(&Commit { account, changes: vec![], events: vec![event], at: NOW }).unwrap();
    }
    let own = store.ask(&ListAccounts).unwrap()[0].id;
    let read = |after, limit, only: &[_]| {
        let only = Some(Arc::new(only.iter().copied().collect()));
        let page = store.ask(&ReadEvents { after, limit, only }).unwrap();
        assert!(page.events.iter().all(|event| event.account == own));
        (page.events.iter().map(|event| event.seq).collect::<Vec<_>>(), page.through)
    };
    assert_eq!(read(0, 3, &[own]), (vec![1, 4, 7], 7));
    // What is behind the last one is not for it, and is passed all the same.
    assert_eq!(read(25, 3, &[own]), (vec![28], 30));
    assert_eq!(read(28, 3, &[own]), (vec![], 30));
    assert_eq!(read(30, 3, &[own]), (vec![], 30));
    assert_eq!(read(0, 3, &[]), (vec![], 30));
}

#[test]
fn an_event_needs_no_message() {
    let store = store();
    let kind = EventKind::ConversationRemoved;
    let event = EventRef { kind, message: None, conversation: with(7) };
    let changes = vec![Change::RemoveConversation(with(7))];
    store.write(&Commit { account: 1, changes, events: vec![event], at: NOW }).unwrap();
    let events = store.ask(&ReadEvents { after: 0, limit: 9, only: None }).unwrap().events;
    let own = store.ask(&ListAccounts).unwrap()[0].id;
    assert_eq!((events.len(), events[0].seq, events[0].account), (1, 1, own));
    assert_eq!((events[0].kind, events[0].conversation.clone()), (kind, with(7)));
    assert_eq!((events[0].id, events[0].message.clone()), (None, None));
}
