//! Against an engine that runs.

use ramson_system::{Command, Engine};
use ramson_wire::{Grant, GrantSet, Snapshot, Stage, TopicSet};

use super::*;
use crate::convert::ids::message_id;
use crate::gate::Rules;
use crate::happening::ask;
use crate::queue::Queued;
use crate::testing::{Reader, account, engine, everything, info, only, send, shared};

fn numbers(told: &[Queued]) -> Vec<u64> {
    told.iter().filter(|it| it.what.event().is_numbered()).map(|it| it.seq).collect()
}

fn snapshots(told: &[Queued]) -> Vec<&Snapshot> {
    told.iter()
        .filter_map(|queued| match queued.what.event() {
            Event::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        })
        .collect()
}

/// All numbers above one that the log of the home has.
async fn logged(engine: &Engine, after: u64) -> Vec<u64> {
    let events = engine.events_after(after, 10_000).await.unwrap().events;
    events.iter().map(|event| event.seq).collect()
}

#[tokio::test]
async fn whoever_comes_whenever_gets_a_snapshot_and_then_every_event_once_and_in_order() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    let pump = tokio::spawn(run(shared.clone()));
    let (alice, bob) = (account(&engine, "Alice").await, account(&engine, "Bob").await);
    shared.attach(engine.clone(), info());
    let sender = tokio::spawn({
        let engine = engine.clone();
        async move {
            for n in 0..40 {
                send(&engine, &alice, bob, &format!("a{n}")).await;
                send(&engine, &bob, alice, &format!("b{n}")).await;
            }
        }
    });
    let mut readers = Vec::new();
    while !sender.is_finished() {
        let name = format!("bot-{}", readers.len());
        readers.push(Reader::new(&shared, everything(&name), 10_000));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sender.await.unwrap();
    let last = engine.last_event().await.unwrap();
    assert!(readers.len() > 1);
    for (reader, _inbox) in &readers {
        let told = reader.until(|queued| queued.seq >= last).await;
        let [snapshot] = snapshots(&told)[..] else { panic!("{} snapshots", told.len()) };
        assert!(matches!(told[0].what.event(), Event::Snapshot(_)));
        assert_eq!(told[0].seq, snapshot.seq);
        assert_eq!(numbers(&told), logged(&engine, snapshot.seq).await);
    }
    pump.abort();
    engine.shutdown().await;
}

#[tokio::test]
async fn what_happened_before_the_engine_was_attached_is_told_as_well() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    let pump = tokio::spawn(run(shared.clone()));
    let (reader, _inbox) = Reader::new(&shared, everything("bot"), 1_000);
    let first = reader.some().await;
    assert_eq!(snapshots(&first)[0].accounts, []);
    let (alice, bob) = (account(&engine, "Alice").await, account(&engine, "Bob").await);
    let sent = send(&engine, &alice, bob, "hello").await;
    shared.attach(engine.clone(), info());
    let is_sent = |queued: &Queued| match queued.what.event() {
        Event::Message { message, .. } => message.id == message_id(sent.id),
        _ => false,
    };
    let told = reader.until(is_sent).await;
    let snapshot = snapshots(&told)[0];
    assert_eq!((&snapshot.stage, snapshot.network.as_str()), (&Stage::Running, "test"));
    assert_eq!((snapshot.version.as_str(), snapshot.seq), ("1.2.3", 0));
    let ids: Vec<_> = snapshot.accounts.iter().map(|account| account.id).collect();
    assert_eq!(ids, [account_id(&alice), account_id(&bob)]);
    pump.abort();
    engine.shutdown().await;
}

#[tokio::test]
async fn a_plugin_sees_only_what_it_was_given() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    let (alice, bob) = (account(&engine, "Alice").await, account(&engine, "Bob").await);
    let carol = account(&engine, "Carol").await;
    shared.attach(engine.clone(), info());
    let pump = tokio::spawn(run(shared.clone()));
    let of_bob = Rules { accounts: only(&bob), ..everything("bob") };
    let in_carol =
        Rules { conversations: Some(vec![account_id(&carol).into()]), ..everything("c") };
    let no_topic = Rules { topics: TopicSet::NONE, ..everything("deaf") };
    let no_grant = Rules { grants: GrantSet::NONE.with(Grant::Send), ..everything("blind") };
    let readers: Vec<_> = [of_bob, in_carol, no_topic, no_grant]
        .into_iter()
        .map(|rules| Reader::new(&shared, rules, 1_000))
        .collect();
    let mut firsts = Vec::new();
    for (reader, _) in &readers {
        firsts.push(reader.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await);
    }
    send(&engine, &alice, bob, "one").await;
    send(&engine, &bob, carol, "two").await;
    let end = engine.last_event().await.unwrap();
    // What everybody hears ends it.
    while pump_is_behind(&shared, end).await {}
    shared.set_stage(Stage::Starting { what: "the end".to_owned() });
    let mut all = Vec::new();
    for ((reader, _), mut told) in readers.iter().zip(firsts) {
        told.extend(reader.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await);
        all.push(told);
    }
    let [bobs, in_carol, deaf, blind] = &all[..] else { panic!() };
    for told in bobs {
        let about = told.what.event().account();
        assert!(about.is_none_or(|id| id == account_id(&bob)), "{told:?}");
    }
    assert!(!numbers(bobs).is_empty());
    let ids: Vec<_> = snapshots(bobs)[1].conversations.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [account_id(&bob)]);
    for told in in_carol {
        let place = told.what.event().conversation();
        assert!(place.is_none_or(|id| *id == account_id(&carol).into()), "{told:?}");
    }
    assert!(in_carol.iter().any(|it| matches!(it.what.event(), Event::Message { .. })));
    assert_eq!((numbers(deaf), snapshots(deaf)[1].accounts.len()), (Vec::new(), 3));
    assert!(snapshots(deaf)[1].conversations.is_empty());
    assert_eq!((numbers(blind), snapshots(blind)[1].accounts.len()), (Vec::new(), 0));
    pump.abort();
    engine.shutdown().await;
}

/// Waits a little for a witness that hears all; whether it has to be asked
/// again.
async fn pump_is_behind(shared: &Arc<Shared>, end: u64) -> bool {
    let (witness, _inbox) = Reader::new(shared, everything("witness"), 1_000);
    let told = witness.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await;
    witness.seat.close();
    shared.remove(&witness.seat);
    snapshots(&told)[0].seq < end
}

#[tokio::test]
async fn a_plugin_that_falls_behind_is_told_so_and_gets_a_new_snapshot() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    let (alice, bob) = (account(&engine, "Alice").await, account(&engine, "Bob").await);
    shared.attach(engine.clone(), info());
    let pump = tokio::spawn(run(shared.clone()));
    let (reader, _inbox) = Reader::new(&shared, everything("slow"), 4);
    reader.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await;
    for n in 0..20 {
        send(&engine, &alice, bob, &format!("{n}")).await;
    }
    while pump_is_behind(&shared, engine.last_event().await.unwrap()).await {}
    let told = reader.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await;
    assert!(matches!(told[0].what.event(), Event::Lagged(lagged) if lagged.skipped > 0));
    let end = engine.last_event().await.unwrap();
    assert_eq!(snapshots(&told)[0].seq, end);
    let sent = send(&engine, &alice, bob, "after").await;
    let is_sent = |queued: &Queued| match queued.what.event() {
        Event::Message { message, .. } => message.id == message_id(sent.id),
        _ => false,
    };
    let after = reader.until(is_sent).await;
    assert!(after.iter().all(|queued| queued.seq > end));
    pump.abort();
    engine.shutdown().await;
}

#[tokio::test]
async fn accounts_that_come_and_go_are_told() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    shared.attach(engine.clone(), info());
    let pump = tokio::spawn(run(shared.clone()));
    let (reader, _inbox) = Reader::new(&shared, everything("bot"), 1_000);
    reader.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await;
    let alice = account(&engine, "Alice").await;
    let came = |it: &Queued| match it.what.event() {
        Event::Account { account } => Some(account.clone()),
        _ => None,
    };
    let told = reader.until(|it| came(it).is_some()).await;
    let account = told.iter().find_map(came).unwrap();
    assert_eq!((account.id, account.name.as_deref()), (account_id(&alice), Some("Alice")));
    engine.remove_account(&alice).await.unwrap();
    let gone = Event::AccountRemoved { account: account_id(&alice) };
    reader.until(|it| *it.what.event() == gone).await;
    pump.abort();
    engine.shutdown().await;
}

#[tokio::test]
async fn each_stage_and_the_plugins_are_told() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = shared(&home);
    let pump = tokio::spawn(run(shared.clone()));
    let (reader, _inbox) = Reader::new(&shared, everything("ui"), 1_000);
    let first = reader.some().await;
    assert!(matches!(snapshots(&first)[0].stage, Stage::Starting { .. }));
    assert!(snapshots(&first)[0].window.is_some());
    let welcome = Stage::Welcome { demo_exists: true };
    shared.set_stage(welcome.clone());
    let next = reader.some().await;
    assert_eq!(snapshots(&next)[0].stage, welcome);
    let one = ramson_types::AccountId::new(ramson_types::Prefix::Account, [1; 32]);
    let two = ramson_types::AccountId::new(ramson_types::Prefix::Account, [2; 32]);
    let narrow = Rules { accounts: only(&two), ..everything("narrow") };
    let (narrow, _inbox) = Reader::new(&shared, narrow, 1_000);
    narrow.some().await;
    let plugin = ramson_wire::Plugin {
        name: "bot".to_owned(),
        id: String::new(),
        title: String::new(),
        version: String::new(),
        ui: false,
        state: ramson_wire::PluginState::Running,
        queued: 0,
        events: 0,
        lagged: 0,
        in_flight: 0,
        restarts: 0,
        durable: false,
        process: None,
        asked: GrantSet::NONE,
        granted: GrantSet::NONE,
        accounts: Some(vec![account_id(&one), account_id(&two)]),
        conversations: None,
    };
    shared.set_plugins(vec![plugin.clone()]);
    let told = reader.some().await;
    let plugins = vec![plugin];
    assert_eq!(told[0].what.event(), &Event::Plugins { plugins: plugins.clone() });
    // One that sees a single account learns of no other.
    let told = narrow.some().await;
    let Event::Plugins { plugins: seen } = told[0].what.event() else { panic!("{told:?}") };
    assert_eq!(seen[0].accounts, only(&two));
    shared.set_stage(Stage::Welcome { demo_exists: false });
    assert_eq!(snapshots(&reader.some().await)[0].plugins, plugins);
    assert_eq!(snapshots(&narrow.some().await)[0].plugins[0].accounts, only(&two));
    pump.abort();
}

#[tokio::test]
async fn another_stage_tells_nothing_twice_and_another_engine_begins_anew() {
    let (first, home) = engine().await;
    let (second, _second_home) = engine().await;
    let (shared, _program) = shared(&home);
    let alice = account(&first, "Alice").await;
    let zoe = account(&second, "Zoe").await;
    shared.attach(first.clone(), info());
    let pump = tokio::spawn(run(shared.clone()));
    let (reader, _inbox) = Reader::new(&shared, everything("bot"), 1_000);
    let is_snapshot = |it: &Queued| matches!(it.what.event(), Event::Snapshot(_));
    let mut told = reader.until(is_snapshot).await;
    for n in 0..5 {
        send(&first, &alice, alice, &format!("{n}")).await;
    }
    let end = first.last_event().await.unwrap();
    told.extend(reader.until(|it| it.seq >= end).await);
    shared.set_stage(Stage::Running);
    told.extend(reader.until(is_snapshot).await);
    assert_eq!(snapshots(&told).last().unwrap().seq, end);
    send(&first, &alice, alice, "last").await;
    let end = first.last_event().await.unwrap();
    told.extend(reader.until(|it| it.seq >= end).await);
    assert_eq!(numbers(&told), logged(&first, snapshots(&told)[0].seq).await);
    shared.detach();
    first.shutdown().await;
    shared.attach(second.clone(), info());
    let anew = reader.until(is_snapshot).await;
    let ids: Vec<_> = snapshots(&anew)[0].accounts.iter().map(|account| account.id).collect();
    assert_eq!(ids, [account_id(&zoe)]);
    let sent = send(&second, &zoe, zoe, "hello").await;
    reader
        .until(|it| match it.what.event() {
            Event::Message { message, .. } => message.id == message_id(sent.id),
            _ => false,
        })
        .await;
    pump.abort();
    second.shutdown().await;
}

#[tokio::test]
async fn what_only_the_log_has_is_told_as_it_is_now() {
    let (engine, _home) = engine().await;
    let (alice, bob) = (account(&engine, "Alice").await, account(&engine, "Bob").await);
    let (there, gone) =
        (send(&engine, &alice, bob, "there").await, send(&engine, &alice, bob, "gone").await);
    let scope = ramson_system::DeleteScope::Here;
    engine.command(&alice, Command::Delete { message: gone.id, scope }).await.unwrap();
    let lookup = |id, new| Lookup::Message { id, conversation: there.conversation.clone(), new };
    let now = ask(&engine, &alice, &lookup(there.id, false)).await.unwrap();
    assert!(matches!(
        now,
        Event::MessageChanged { change: ramson_wire::Change::Now { message }, .. }
            if message.text.as_deref() == Some("there")
    ));
    let new = ask(&engine, &alice, &lookup(there.id, true)).await.unwrap();
    assert!(matches!(new, Event::Message { .. }));
    let place = Lookup::Conversation(there.conversation.clone());
    let line = ask(&engine, &alice, &place).await.unwrap();
    assert!(matches!(line, Event::Conversation { .. }));
    let nowhere = ramson_types::ConversationId::Account(AccountId::new(
        ramson_types::Prefix::Account,
        [9; 32],
    ));
    let removed = ask(&engine, &alice, &Lookup::Conversation(nowhere)).await.unwrap();
    assert!(matches!(removed, Event::ConversationRemoved { .. }));
    let profile = ask(&engine, &alice, &Lookup::Profile).await.unwrap();
    assert!(
        matches!(profile, Event::Profile { account } if account.name.as_deref() == Some("Alice"))
    );
    let missing = ramson_types::MessageId { number: 999, ..there.id };
    let removed = ask(&engine, &alice, &lookup(missing, true)).await.unwrap();
    assert!(matches!(removed, Event::MessageRemoved { .. }));
    engine.shutdown().await;
}

#[tokio::test]
async fn while_one_takes_the_place_of_another_each_event_is_heard_by_one_of_them() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    let (alice, bob) = (account(&engine, "Alice").await, account(&engine, "Bob").await);
    shared.attach(engine.clone(), info());
    let pump = tokio::spawn(run(shared.clone()));
    let (mut now, _inbox) = Reader::new(&shared, everything("bot"), 10_000);
    let told = now.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await;
    let (begin, mut heard) = (snapshots(&told)[0].seq, numbers(&told));
    let sender = tokio::spawn({
        let engine = engine.clone();
        async move {
            for n in 0..60 {
                send(&engine, &alice, bob, &format!("a{n}")).await;
                // This has to be looked up before it is told.
                let name = Command::SetName(format!("Bob {n}"));
                engine.command(&bob, name).await.unwrap();
            }
        }
    });
    let mut exchanges = 0;
    while !sender.is_finished() {
        let (next, _inbox) = Reader::apart(&shared, everything("bot"), 10_000);
        shared.exchange(&now.seat, &next.seat).await.unwrap();
        heard.extend(numbers(&std::mem::replace(&mut now, next).rest().await));
        exchanges += 1;
    }
    sender.await.unwrap();
    let last = engine.last_event().await.unwrap();
    heard.extend(numbers(&now.until(|queued| queued.seq >= last).await));
    assert!(exchanges > 10, "{exchanges}");
    assert_eq!(heard, logged(&engine, begin).await);
    assert_eq!(shared.seats().len(), 1);
    pump.abort();
    engine.shutdown().await;
}

#[tokio::test]
async fn one_that_is_gone_takes_no_place_and_one_that_is_not_wanted_neither() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = shared(&home);
    let mut pump = Pump::new(shared.clone());
    let (old, _inbox) = Reader::new(&shared, everything("bot"), 16);
    let (gone, _inbox) = Reader::apart(&shared, everything("bot"), 16);
    let (unwanted, _inbox) = Reader::apart(&shared, everything("bot"), 16);
    let told = shared.exchange(&old.seat, &gone.seat);
    let _never = shared.exchange(&old.seat, &unwanted.seat);
    gone.seat.close();
    assert!(shared.withdraw(&unwanted.seat));
    pump.give_snapshots().await;
    assert!(told.await.is_err());
    assert!(!shared.withdraw(&unwanted.seat));
    let seats = shared.seats();
    assert!(seats.len() == 1 && Arc::ptr_eq(&seats[0], &old.seat));
    // Who sits already is not seated twice.
    shared.add(old.seat.clone());
    assert_eq!(shared.seats().len(), 1);
}

#[tokio::test]
async fn an_account_that_the_snapshot_of_one_plugin_has_is_told_to_the_others() {
    let (engine, home) = engine().await;
    let (shared, _program) = shared(&home);
    shared.attach(engine.clone(), info());
    let mut pump = Pump::new(shared.clone());
    pump.take_state();
    let (first, _inbox) = Reader::new(&shared, everything("first"), 16);
    pump.give_snapshots().await;
    assert_eq!(snapshots(&first.some().await)[0].accounts, []);
    let alice = account(&engine, "Alice").await;
    let (second, _inbox) = Reader::new(&shared, everything("second"), 16);
    pump.give_snapshots().await;
    let told = first.some().await;
    let Event::Account { account } = told[0].what.event() else { panic!("{told:?}") };
    assert_eq!((account.id, told.len()), (account_id(&alice), 1));
    let told = second.some().await;
    assert_eq!((snapshots(&told)[0].accounts.len(), told.len()), (1, 1));
    engine.shutdown().await;
}

#[tokio::test]
async fn whoever_sees_not_all_accounts_learns_no_path_of_others() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = shared(&home);
    let mut pump = Pump::new(shared.clone());
    let one = AccountId::new(ramson_types::Prefix::Account, [1; 32]);
    let narrow = Rules { accounts: only(&one), ..everything("narrow") };
    let (wide, _inbox) = Reader::new(&shared, everything("wide"), 16);
    let (narrow, _inbox) = Reader::new(&shared, narrow, 16);
    pump.give_snapshots().await;
    let path = [1, 2, 3].map(|number| ramson_types::Ed25519PublicKey([number; 32]));
    let ready = EngineEvent::PathReady { path: path.into() };
    pump.take(Followed::Engine(ready)).await;
    for (reader, most) in [(wide, 3), (narrow, 0)] {
        let told = reader.rest().await;
        let Event::Network { what: NetworkEvent::PathReady { path } } = told[1].what.event() else {
            panic!("{told:?}")
        };
        assert_eq!((path.hops.len(), told.len()), (most, 2));
    }
}
