//! Several commands and what is kept with them: one commit, whatever happens.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use ramson_messages::storage::{GetPluginCursor, GetPluginData, ListMessages, LoadAccount};
use ramson_protocol::command::{Command, CommandError, DeleteScope, Outcome, Post};
use ramson_protocol::store::{Change, Copy, OutboxEntry, PluginChange};
use ramson_types::message::{Message, MessageState};
use ramson_types::{ConversationId, MessageId, Namespace};

use super::*;
use crate::testing::{self, Home, add_account, commit, receive};

const BOT: &str = "org.example.bot";

fn send(to: AccountId, text: impl Into<String>) -> Command {
    Command::Send { to, post: Post::text(text) }
}

fn seen(seq: u64) -> PluginChange {
    PluginChange::SetCursor { plugin: BOT.to_owned(), seq }
}

fn record(key: &str, value: impl ToString) -> PluginChange {
    let (plugin, key) = (BOT.to_owned(), key.to_owned());
    PluginChange::PutData { plugin, key, value: Some(value.to_string().into_bytes()) }
}

/// A home with account 1, to which account 200 wrote so many messages, and an
/// engine on it.
async fn home(received: u64) -> (Home, Engine, AccountId) {
    let home = Home::new();
    let store = home.store();
    add_account(&store, 1);
    receive(&store, 1, 1..received + 1);
    store.close().unwrap();
    let engine = home.engine(Activity::Sending).await;
    (home, engine, testing::id(1))
}

async fn cursor(engine: &Engine) -> Option<u64> {
    engine.plugin_cursor(BOT.to_owned()).await.unwrap()
}

async fn kept(engine: &Engine, key: &str) -> Option<String> {
    let record = engine.plugin_record(BOT.to_owned(), key.to_owned()).await.unwrap();
    record.map(|record| String::from_utf8(record).unwrap())
}

async fn texts(engine: &Engine, with: AccountId) -> Vec<String> {
    let with = ConversationId::Account(with);
    let messages = engine.messages(&testing::id(1), with, 10_000).await.unwrap();
    messages.into_iter().map(|message| message.text.unwrap_or_default()).collect()
}

fn queued(outcome: &Result<Outcome, CommandError>) -> &Message {
    match outcome {
        Ok(Outcome::Queued(message)) => message,
        other => panic!("a text leads to {other:?}"),
    }
}

#[actix_rt::test]
async fn what_is_kept_is_kept_with_no_command_and_with_none_that_is_carried_out() {
    let (home, engine, me) = home(1).await;
    let keep = vec![seen(3), record("x", 1)];
    assert_eq!(engine.commands(&me, vec![], keep).await.unwrap(), vec![]);
    assert_eq!((cursor(&engine).await, kept(&engine, "x").await), (Some(3), Some("1".into())));

    let before = engine.last_event().await.unwrap();
    let unknown = MessageId { account: 1, number: 99 };
    let react =
        Command::React { message: unknown, emoji: "👍".into(), remove: false, unsynced: true };
    let refused = vec![send(testing::id(7), " "), react, send(testing::id(7), "x".repeat(2_001))];
    let keep = vec![seen(4), record("x", 2)];
    let outcomes = engine.commands(&me, refused, keep).await.unwrap();
    assert_eq!(outcomes[0], Err(CommandError::Empty));
    assert_eq!(outcomes[1], Err(CommandError::NoSuchMessage { message: unknown }));
    assert_eq!(outcomes[2], Err(CommandError::TooLong { length: 2_001, limit: 2_000 }));
    assert_eq!(engine.last_event().await.unwrap(), before, "nothing else happened");
    engine.shutdown().await;

    let engine = home.engine(Activity::Offline).await;
    assert_eq!((cursor(&engine).await, kept(&engine, "x").await), (Some(4), Some("2".into())));
    assert_eq!(texts(&engine, testing::id(7)).await, Vec::<String>::new());
    engine.shutdown().await;
}

/// The power is cut after each sync; a torn write is the store's own test.
#[actix_rt::test]
async fn at_whatever_commit_the_power_is_cut_answers_and_place_are_those_of_one_moment() {
    let (home, engine, me) = home(20).await;
    let peer = testing::id(200);
    engine.command(&me, Command::AddContact(peer)).await.unwrap();
    home.note_syncs();
    // How many answers there are when a place is reached.
    let mut answers = BTreeMap::from([(0, 0)]);
    let mut count = 0;
    for seq in 1..=20 {
        let mut commands: Vec<_> =
            (0..seq % 4).map(|n| send(peer, format!("answer {n} to {seq}"))).collect();
        if seq % 3 == 0 {
            commands.insert(0, send(peer, " "));
            let conversation = ConversationId::Account(peer);
            commands.push(Command::MarkRead { conversation, up_to: None });
        }
        count += seq % 4;
        answers.insert(seq, count);
        let keep = vec![record("answers", count), seen(seq)];
        engine.commands(&me, commands, keep).await.unwrap();
    }
    engine.shutdown().await;

    let mut places = BTreeMap::<u64, usize>::new();
    for store in home.noted() {
        let ask = GetPluginCursor { plugin: BOT.to_owned() };
        let place = store.ask(&ask).unwrap().unwrap_or_default();
        *places.entry(place).or_default() += 1;
        let ask = GetPluginData { plugin: BOT.to_owned(), key: "answers".to_owned() };
        let record = store.ask(&ask).unwrap().unwrap_or_else(|| b"0".to_vec());
        assert_eq!(record, answers[&place].to_string().into_bytes(), "at {place}");
        let conversation = ConversationId::Account(peer);
        let ask = ListMessages { account: 1, conversation, before: None, limit: 999 };
        let messages = store.ask(&ask).unwrap();
        let own = messages.iter().filter(|message| message.state == MessageState::Queued);
        assert_eq!(own.count() as u64, answers[&place], "at {place}");
        let outbox = store.ask(&LoadAccount { account: 1 }).unwrap().outbox;
        let theirs = outbox.iter().filter(|entry| entry.copy == Copy::Recipient && !entry.quiet);
        assert_eq!(theirs.count() as u64, answers[&place], "at {place}");
    }
    assert!(places.len() >= 20, "it was cut at {places:?}");
}

#[actix_rt::test]
async fn callers_at_once_get_their_own_answers_and_each_is_kept_as_a_whole() {
    let (home, engine, me) = home(1).await;
    let peer = testing::id(200);
    let call = |caller: u64, n: u64| {
        let engine = engine.clone();
        async move {
            let both = |part: &str| send(peer, format!("{caller}: {n}{part}"));
            let keep = vec![record(&caller.to_string(), n), seen(n)];
            let outcomes = engine.commands(&me, vec![both("a"), both("b")], keep).await.unwrap();
            let told = outcomes.iter().map(|outcome| queued(outcome).text.clone().unwrap());
            assert!(told.eq([format!("{caller}: {n}a"), format!("{caller}: {n}b")]));
            (queued(&outcomes[0]).id, queued(&outcomes[1]).id)
        }
    };
    let calls = (1..=50).flat_map(|n| [call(1, n), call(2, n)]);
    let ids = join_all(calls).await;
    assert!(ids.iter().all(|(a, b)| b.number == a.number + 1), "nobody came between the two");
    assert!(ids.is_sorted(), "first come, first served");
    assert_eq!(cursor(&engine).await, Some(50));
    for caller in ["1", "2"] {
        assert_eq!(kept(&engine, caller).await.as_deref(), Some("50"), "of the last call");
    }

    // A caller that gives up takes back nothing: all of it is done, or none.
    let given_up = call(3, 7);
    assert!(given_up.now_or_never().is_none());
    call(1, 51).await;
    let there = texts(&engine, peer).await;
    let of = |caller: &str| there.iter().filter(|text| text.starts_with(caller)).count();
    let done = kept(&engine, "3").await.map_or(0, |_| 2);
    assert_eq!((of("1: "), of("2: "), of("3: ")), (102, 100, done));
    engine.shutdown().await;
    drop(home);
}

#[actix_rt::test]
async fn a_command_knows_what_those_before_it_in_the_same_commit_did() {
    let (_home, engine, me) = home(3).await;
    let (peer, message) = (testing::id(200), |number| MessageId { account: 1, number });
    let conversation = ConversationId::Account(peer);
    // Friends with whom reactions can be exchanged.
    let react = |number, remove| {
        let (message, emoji) = (message(number), "👍".to_owned());
        Command::React { message, emoji, remove, unsynced: true }
    };
    let delete = |number| Command::Delete { message: message(number), scope: DeleteScope::Here };
    let note = engine.command(&me, send(me, "note")).await.unwrap();
    let Outcome::Queued(note) = note else { panic!("{note:?}") };
    let number = note.id.number;
    let both = vec![react(number, false), react(number, true), react(number, true)];
    let outcomes = engine.commands(&me, both, vec![]).await.unwrap();
    assert!(matches!(
        outcomes[..],
        [Ok(Outcome::Told(_)), Ok(Outcome::Told(_)), Ok(Outcome::Done)]
    ));
    let note = engine.message(note.id).await.unwrap().unwrap();
    assert!(note.reactions.iter().all(|reaction| reaction.removed), "{note:?}");

    let earliest = Some(testing::message(1, 1).sent);
    let read = |up_to| Command::MarkRead { conversation: conversation.clone(), up_to };
    let reply = Post { reply_to: Some(message(1)), ..Post::text("to what is gone") };
    let reply = Command::Send { to: peer, post: reply };
    let all = vec![delete(1), delete(1), reply, read(earliest), delete(2), read(None)];
    let outcomes = engine.commands(&me, all, vec![seen(9)]).await.unwrap();
    let gone = |number| Err(CommandError::NoSuchMessage { message: message(number) });
    let done = Ok(Outcome::Done);
    assert_eq!(outcomes, [done.clone(), gone(1), gone(1), done.clone(), done.clone(), done]);
    let lines = engine.conversations(&me).await.unwrap();
    let line = lines.iter().find(|line| line.id == conversation).unwrap();
    assert_eq!((line.unread, line.last_read), (0, testing::message(1, 3).sent));
    assert_eq!(texts(&engine, peer).await, ["message 3"]);
    engine.shutdown().await;
}

#[actix_rt::test]
async fn a_disk_that_is_full_for_a_while_delays_all_of_it_and_doubles_none() {
    let (home, engine, me) = home(1).await;
    let (peer, mut events) = (testing::id(200), engine.subscribe());
    home.fill_disk(true);
    let call = |n: u64| {
        let engine = engine.clone();
        let keep = vec![seen(n), record(&n.to_string(), "kept")];
        async move { engine.commands(&me, vec![send(peer, format!("answer {n}"))], keep).await }
    };
    let calls = tokio::task::spawn_local(join_all((1..=3).map(call)));
    while !matches!(events.recv().await, Ok(Event::Engine(EngineEvent::StoreTrouble { .. }))) {}
    home.fill_disk(false);
    let done = tokio::time::timeout(Duration::from_secs(60), calls).await.unwrap().unwrap();
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(cursor(&engine).await, Some(3));
    engine.shutdown().await;

    let engine = home.engine(Activity::Offline).await;
    let there = texts(&engine, peer).await;
    assert_eq!(there, ["message 1", "answer 1", "answer 2", "answer 3"]);
    assert_eq!(kept(&engine, "3").await.as_deref(), Some("kept"));
    engine.shutdown().await;
}

#[actix_rt::test]
async fn a_full_outbox_refuses_all_of_it_unless_nothing_would_be_sent() {
    let home = Home::new();
    let (store, peer) = (home.store(), testing::id(200));
    add_account(&store, 1);
    receive(&store, 1, 1..2);
    let entry = |number| OutboxEntry {
        number,
        message: MessageId { account: 1, number },
        copy: Copy::Recipient,
        to: peer,
        namespace: Namespace::INBOX,
        timestamp: testing::SENT,
        ttl: Duration::from_secs(14 * 86_400),
        data: vec![1],
        attempts: 0,
        next_attempt: testing::SENT,
        quiet: true,
        outside_history: true,
    };
    let full = (1..=10_000).map(|number| Change::PutOutbox(entry(number))).collect();
    commit(&store, 1, full, vec![]);
    store.close().unwrap();
    let (engine, me) = (home.engine(Activity::Sending).await, testing::id(1));
    let conversation = ConversationId::Account(peer);
    let read = Command::MarkRead { conversation, up_to: None };
    let both = vec![read.clone(), send(peer, "answer")];
    let refused = engine.commands(&me, both, vec![seen(5)]).await;
    let full = |error: &EngineError| {
        matches!(error, EngineError::Carry(CarryError::OutboxFull { waiting: 10_000, .. }))
    };
    assert!(refused.as_ref().is_err_and(full), "{refused:?}");
    assert_eq!(cursor(&engine).await, None, "and nothing of it is kept");
    engine.commands(&me, vec![read], vec![seen(5)]).await.unwrap();
    assert_eq!(cursor(&engine).await, Some(5));
    engine.shutdown().await;
}

/// Whoever is told nothing reads in the home what became of it.
#[cfg(feature = "chaos")]
#[actix_rt::test]
async fn an_account_that_fails_in_the_middle_keeps_each_call_as_a_whole_or_not_at_all() {
    let (_home, engine, me) = home(1).await;
    let peer = testing::id(200);
    let mut lost = 0;
    for round in 0..6 {
        let calls = (0..20).map(|n| {
            let (engine, name) = (engine.clone(), format!("{round}.{n}"));
            async move {
                let both = vec![send(peer, name.clone()), send(peer, format!("{name}!"))];
                (engine.commands(&me, both, vec![record(&name, "kept")]).await.is_ok(), name)
            }
        });
        let calls = tokio::task::spawn_local(join_all(calls));
        for _ in 0..round * 3 {
            tokio::task::yield_now().await;
        }
        engine.panic_account(&me).await;
        let calls = calls.await.unwrap();
        // It is started again, and goes on.
        let deadline = async {
            while engine.commands(&me, vec![], vec![seen(round)]).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), deadline).await.unwrap();
        let there = texts(&engine, peer).await;
        for (done, name) in calls {
            let record = kept(&engine, &name).await.is_some();
            let of = [name.clone(), format!("{name}!")].map(|text| there.contains(&text));
            assert_eq!(of, [record; 2], "{name} is half done");
            assert!(record || !done, "{name} was told to be done");
            lost += usize::from(!done);
        }
    }
    assert!(lost > 0, "no call was cut off");
    engine.shutdown().await;
}
