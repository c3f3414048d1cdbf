//! Against an engine that runs.

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_wire::{Control, DeleteScope, Event, Query, Refusal, Task, Window};
use tempfile::TempDir;

use super::*;
use crate::convert::ids::{account_id, message_id};
use crate::gate::Rules;
use crate::host::{Errand, HostConfig, Limits};
use crate::testing::{self, Reader, everything, info, only, send};

fn host(home: &TempDir) -> Host {
    Host::start(HostConfig {
        home: home.path().to_owned(),
        folders: vec![home.path().join("plugins")],
        copies: home.path().join("copies"),
        version: "1.2.3".to_owned(),
        child: crate::ChildCommand::default(),
        limits: Limits::default(),
    })
}

/// A plugin whose requests are served, without a pump: it has had its snapshot.
fn served(home: &TempDir, shared: &Arc<Shared>, rules: Rules) -> Reader {
    served_by(host(home), shared, rules)
}

fn served_by(host: Host, shared: &Arc<Shared>, rules: Rules) -> Reader {
    let (reader, inbox) = Reader::new(shared, rules, 1_000);
    tokio::spawn(serve(host, shared.clone(), reader.seat.clone(), inbox));
    let around = crate::snapshot::Around {
        version: "1.2.3",
        stage: ramson_wire::Stage::Running,
        info: None,
        plugins: &[],
        window: Window::default(),
    };
    let first = crate::snapshot::of(&reader.seat, 0, &around, &crate::snapshot::Whole::default());
    reader.seat.tell(0, &first);
    reader
}

fn to(account: &types::AccountId, command: Command) -> Request {
    Request::Command(AccountCommand::new(account_id(account), command))
}

fn text(to: &types::AccountId, text: String) -> Command {
    let to = account_id(to);
    Command::text(to, text)
}

fn kind(reply: Reply) -> String {
    match reply {
        Reply::Refused(Refusal { kind, text }) => {
            assert!(!text.is_empty());
            kind
        }
        Reply::Ok(answer) => panic!("{answer:?}"),
    }
}

fn ok(reply: Reply) -> Answer {
    reply.into_result().unwrap()
}

#[tokio::test]
async fn commands_are_carried_out_in_order_and_each_request_has_one_reply() {
    let (engine, home) = testing::engine().await;
    let (shared, _program) = testing::shared(&home);
    let (alice, bob) =
        (testing::account(&engine, "Alice").await, testing::account(&engine, "Bob").await);
    shared.attach(engine.clone(), info());
    let reader = served(&home, &shared, everything("bot"));
    let mut open = BTreeSet::new();
    for n in 1..=40_u64 {
        assert_eq!(reader.ask(n, &to(&alice, text(&bob, n.to_string()))), ramson_abi::OK);
        open.insert(n);
    }
    for n in 41..=64_u64 {
        assert_eq!(reader.ask(n, &Request::Query(Query::Accounts)), ramson_abi::OK);
        open.insert(n);
    }
    assert_eq!(reader.ask(65, &Request::Query(Query::Accounts)), ramson_abi::AGAIN);
    while !open.is_empty() {
        for told in reader.some().await.iter().filter(|told| told.reply_to != 0) {
            assert!(matches!(told.what.event(), Event::Reply(Reply::Ok(_))), "{told:?}");
            assert!(open.remove(&told.reply_to), "{told:?}");
        }
    }
    let conversation = account_id(&bob).into();
    let account = account_id(&alice);
    let messages = |before, limit| {
        let conversation = ramson_wire::ConversationId::clone(&conversation);
        Request::Query(Query::Messages { account, conversation, before, limit })
    };
    let Answer::Messages { messages: newest, complete } =
        ok(reader.reply(100, messages(None, 25)).await)
    else {
        panic!()
    };
    assert_eq!((newest.len(), complete), (25, false));
    let before = Some(newest[0].id);
    let Answer::Messages { messages: older, complete } =
        ok(reader.reply(101, messages(before, 25)).await)
    else {
        panic!()
    };
    assert_eq!((older.len(), complete), (15, true));
    let texts: Vec<_> = older.iter().chain(&newest).map(|it| it.text.clone().unwrap()).collect();
    let in_order: Vec<_> = (1..=40_u64).map(|n| n.to_string()).collect();
    assert_eq!(texts, in_order);
    let Answer::Messages { messages: none, complete } =
        ok(reader.reply(102, messages(None, 0)).await)
    else {
        panic!()
    };
    assert_eq!((none.len(), complete), (0, false));
    engine.shutdown().await;
}

#[tokio::test]
async fn without_an_engine_requests_are_refused_with_a_way_out() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = testing::shared(&home);
    let reader = served(&home, &shared, everything("bot"));
    let alice = types::AccountId::new(types::Prefix::Account, [1; 32]);
    assert_eq!(kind(reader.reply(1, Request::Query(Query::Accounts)).await), "NoEngine");
    let send = to(&alice, text(&alice, "hello".to_owned()));
    assert_eq!(kind(reader.reply(2, send).await), "NoEngine");
    let create = Request::Control(Control::CreateAccount { name: None });
    assert_eq!(kind(reader.reply(3, create).await), "NoEngine");
    let plugins = ok(reader.reply(4, Request::Query(Query::Plugins)).await);
    assert_eq!(plugins, Answer::Plugins { plugins: Vec::new() });
}

#[tokio::test]
async fn how_plugins_are_is_told_as_it_is_now() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = testing::shared(&home);
    crate::trial::c_plugin(&home.path().join("plugins"), "calm", &[]);
    let host = host(&home);
    let reader = served_by(host.clone(), &shared, everything("ui"));
    host.load("calm", crate::Allowed::Everything { accounts: None }).await.unwrap();
    let heard = || host.list().iter().find(|it| it.name == "calm").map_or(0, |it| it.events);
    let mut number = 0;
    for events in 1..=3 {
        host.set_stage(ramson_wire::Stage::Starting { what: events.to_string() });
        crate::trial::soon("it hears that", || heard() >= events).await;
        number += 1;
        let told = ok(reader.reply(number, Request::Query(Query::Plugins)).await);
        let Answer::Plugins { plugins } = told else { panic!("{told:?}") };
        assert!(plugins.iter().any(|it| it.name == "calm" && it.events >= events), "{plugins:?}");
    }
    host.end().await;
}

#[tokio::test]
async fn messages_of_other_conversations_are_not_to_be_had_by_their_names() {
    let (engine, home) = testing::engine().await;
    let (shared, _program) = testing::shared(&home);
    let (alice, bob) =
        (testing::account(&engine, "Alice").await, testing::account(&engine, "Bob").await);
    let carol = testing::account(&engine, "Carol").await;
    shared.attach(engine.clone(), info());
    let seen = send(&engine, &alice, bob, "seen").await;
    let hidden = send(&engine, &alice, carol, "hidden").await;
    let of_bob = send(&engine, &bob, alice, "of another account").await;
    let conversations = Some(vec![account_id(&bob).into()]);
    let rules = Rules { accounts: only(&alice), conversations, ..everything("bot") };
    let reader = served(&home, &shared, rules);
    let account = account_id(&alice);
    let react = |message: types::MessageId| {
        let (message, emoji) = (message_id(message), "👍".to_owned());
        to(&alice, Command::React { message, emoji, remove: false, unsynced: false })
    };
    let delete = |message: types::MessageId| {
        let message = message_id(message);
        to(&alice, Command::Delete { message, scope: DeleteScope::Here })
    };
    let query = |message: types::MessageId| {
        Request::Query(Query::Message { account, message: message_id(message) })
    };
    let trace = |message: types::MessageId| {
        Request::Query(Query::Trace { account, message: message_id(message) })
    };
    assert_eq!(kind(reader.reply(1, react(hidden.id)).await), "NotGranted");
    assert_eq!(kind(reader.reply(2, delete(hidden.id)).await), "NotGranted");
    assert_eq!(kind(reader.reply(3, query(hidden.id)).await), "NotGranted");
    assert_eq!(kind(reader.reply(4, trace(hidden.id)).await), "NotGranted");
    assert_eq!(kind(reader.reply(5, delete(of_bob.id)).await), "NoSuchMessage");
    assert_eq!(kind(reader.reply(6, trace(of_bob.id)).await), "NoSuchMessage");
    let nothing = ok(reader.reply(7, query(of_bob.id)).await);
    assert_eq!(nothing, Answer::Message { message: None });
    let Answer::Message { message: Some(found) } = ok(reader.reply(8, query(seen.id)).await) else {
        panic!()
    };
    assert_eq!(found.text.as_deref(), Some("seen"));
    let Answer::Trace { trace: way } = ok(reader.reply(9, trace(seen.id)).await) else { panic!() };
    assert_eq!(way.lines[0].step, "queued");
    let Answer::Conversations { conversations } =
        ok(reader.reply(10, Request::Query(Query::Conversations { account })).await)
    else {
        panic!()
    };
    let ids: Vec<_> = conversations.iter().map(|line| line.id.clone()).collect();
    assert_eq!(ids, [account_id(&bob).into()]);
    let Answer::Accounts { accounts } = ok(reader.reply(11, Request::Query(Query::Accounts)).await)
    else {
        panic!()
    };
    assert_eq!(accounts.iter().map(|it| it.id).collect::<Vec<_>>(), [account]);
    assert_eq!(ok(reader.reply(12, delete(seen.id)).await), Answer::Done);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_refusal_has_the_name_and_the_sentence_of_the_engine() {
    let (engine, home) = testing::engine().await;
    let (shared, _program) = testing::shared(&home);
    let alice = testing::account(&engine, "Alice").await;
    shared.attach(engine.clone(), info());
    let reader = served(&home, &shared, everything("bot"));
    let empty = to(&alice, text(&alice, "  ".to_owned()));
    assert_eq!(kind(reader.reply(1, empty).await), "EmptyMessage");
    let stranger = types::AccountId::new(types::Prefix::Account, [1; 32]);
    let other = to(&stranger, text(&alice, "hello".to_owned()));
    assert_eq!(kind(reader.reply(2, other).await), "NoSuchAccount");
    let account = ramson_wire::AccountId([0xff; 33]);
    let bad = Request::Query(Query::Conversations { account });
    assert_eq!(kind(reader.reply(3, bad).await), "InvalidAccountId");
    let name = "no name at all".to_owned();
    let resolve = Request::Query(Query::Resolve { account: account_id(&alice), name });
    assert_eq!(kind(reader.reply(4, resolve).await), "InvalidName");
    let account = account_id(&alice);
    let Answer::Network { network } =
        ok(reader.reply(5, Request::Query(Query::Network { account })).await)
    else {
        panic!()
    };
    assert_eq!((network.name.as_str(), network.nodes, network.paths_wanted), ("test", 0, 2));
    engine.shutdown().await;
}

#[tokio::test]
async fn accounts_are_made_and_removed() {
    let (engine, home) = testing::engine().await;
    let (shared, _program) = testing::shared(&home);
    shared.attach(engine.clone(), info());
    let reader = served(&home, &shared, everything("ui"));
    let name = Some("Alice".to_owned());
    let create = Request::Control(Control::CreateAccount { name: name.clone() });
    let Answer::Account { account } = ok(reader.reply(1, create).await) else { panic!() };
    assert_eq!(account.name, name);
    let remove = || Request::Control(Control::RemoveAccount { account: account.id });
    assert_eq!(ok(reader.reply(2, remove()).await), Answer::Done);
    assert_eq!(kind(reader.reply(3, remove()).await), "NoSuchAccount");
    engine.shutdown().await;
}

#[tokio::test]
async fn the_program_does_what_only_it_can_do() {
    let home = tempfile::tempdir().unwrap();
    let (shared, mut program) = testing::shared(&home);
    let reader = served(&home, &shared, everything("ui"));
    let errands = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(errand) = program.recv().await {
            seen.push(format!("{errand:?}").split_whitespace().next().unwrap().to_owned());
            let (Errand::BeginDemo { tell }
            | Errand::BeginNew { tell, .. }
            | Errand::BeginRestore { tell }
            | Errand::HandOver { tell, .. }
            | Errand::Quit { tell }) = errand;
            let refused = refusal("Declined", "the user said no");
            tell.send(Reply::Refused(refused)).unwrap();
            if seen.len() == 5 {
                break;
            }
        }
        seen
    });
    let controls = [
        Control::BeginDemo,
        Control::BeginNew { name: None },
        Control::BeginRestore,
        Control::HandOver { task: Task::RestoreAccount },
        Control::Quit,
    ];
    for (id, control) in (1..).zip(controls) {
        assert_eq!(kind(reader.reply(id, Request::Control(control)).await), "Declined");
    }
    let seen = errands.await.unwrap();
    assert_eq!(seen, ["BeginDemo", "BeginNew", "BeginRestore", "HandOver", "Quit"]);
    // Nobody does errands any more.
    assert_eq!(kind(reader.reply(9, Request::Control(Control::Quit)).await), "NotSupported");
}

#[tokio::test]
async fn a_window_is_kept_and_plugins_that_are_not_there_are_named() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = testing::shared(&home);
    let reader = served(&home, &shared, everything("ui"));
    let account = Some(ramson_wire::AccountId([5; 33]));
    let window = Window { account, ..Window::default() };
    let set = Request::Control(Control::SetWindow { window: window.clone() });
    assert_eq!(ok(reader.reply(1, set).await), Answer::Done);
    assert_eq!(shared.places.get(), window);
    let load = Request::Control(Control::LoadPlugin { name: "nobody".to_owned() });
    assert_eq!(kind(reader.reply(2, load).await), "NoSuchPlugin");
}

#[tokio::test]
async fn a_plugin_that_asks_to_be_stopped_is_answered_first() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = testing::shared(&home);
    let reader = served(&home, &shared, everything("bot"));
    let stop = Request::Control(Control::StopPlugin { name: "bot".to_owned() });
    assert_eq!(ok(reader.reply(1, stop).await), Answer::Done);
}

#[tokio::test]
async fn commands_that_were_taken_are_done_when_the_plugin_is_gone() {
    let (engine, home) = testing::engine().await;
    let (shared, _program) = testing::shared(&home);
    let alice = testing::account(&engine, "Alice").await;
    shared.attach(engine.clone(), info());
    let (reader, inbox) = Reader::new(&shared, everything("bot"), 1_000);
    for n in 1..=10 {
        assert_eq!(reader.ask(n, &to(&alice, text(&alice, n.to_string()))), ramson_abi::OK);
    }
    reader.seat.close();
    let served = serve(host(&home), shared.clone(), reader.seat.clone(), inbox);
    tokio::time::timeout(Duration::from_secs(60), served).await.unwrap();
    let conversation = types::ConversationId::Account(alice);
    assert_eq!(engine.messages(&alice, conversation, 100).await.unwrap().len(), 10);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_reply_that_is_forgotten_is_a_refusal() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = testing::shared(&home);
    let reader = served(&home, &shared, everything("bot"));
    drop(Owed { seat: reader.seat.clone(), id: 7, paid: false });
    Owed { seat: reader.seat.clone(), id: 8, paid: false }.pay(Ok(Answer::Done));
    let told = reader.until(|queued| queued.reply_to == 8).await;
    let replies: Vec<_> = told.iter().filter(|queued| queued.reply_to != 0).collect();
    assert_eq!(replies.len(), 2);
    let Event::Reply(forgotten) = replies[0].what.event() else { panic!() };
    assert_eq!((replies[0].reply_to, kind(forgotten.clone()).as_str()), (7, "Ended"));
}

#[tokio::test]
async fn questions_wait_while_large_replies_wait_for_the_plugin() {
    let home = tempfile::tempdir().unwrap();
    let (shared, _program) = testing::shared(&home);
    let reader = served(&home, &shared, everything("slow"));
    reader.until(|it| matches!(it.what.event(), Event::Snapshot(_))).await;
    for id in 100..104 {
        let text = "x".repeat(9 << 20);
        reader.seat.reply(id, Reply::Refused(Refusal { kind: String::new(), text }));
    }
    assert_eq!(reader.ask(1, &Request::Query(Query::Plugins)), ramson_abi::OK);
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(reader.seat.counts().queued, 4);
    let told = reader.until(|it| it.reply_to == 1).await;
    assert!(matches!(told.last().unwrap().what.event(), Event::Reply(Reply::Ok(_))));
}
