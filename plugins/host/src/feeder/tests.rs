//! Durable guests of a host, against an engine that runs.

use std::time::Duration;

use ramson_abi::{DENIED, OK};
use ramson_system::Engine;
use ramson_types::AccountId;
use ramson_wire::{
    AccountCommand, Answer, Command, Done, Event, GrantSet, Outcome, Query, Record, Refusal,
    Request, Snapshot, TopicSet,
};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::convert::ids::account_id;
use crate::testing::{account, engine, info, send};
use crate::{Guest, GuestPlan, Host, HostConfig, Limits, Told};

/// What takes longer fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// So long nothing comes where nothing is to come.
const QUIET: Duration = Duration::from_millis(150);

struct Scene {
    host: Host,
    engine: Engine,
    own: AccountId,
    other: AccountId,
    _home: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let (engine, home) = engine().await;
        let own = account(&engine, "Bot").await;
        let other = account(&engine, "Ann").await;
        let host = Host::start(HostConfig {
            home: home.path().to_owned(),
            folders: Vec::new(),
            copies: home.path().join("copies"),
            version: "1".to_owned(),
            child: crate::ChildCommand::default(),
            limits: Limits::default(),
        });
        host.attach(engine.clone(), info()).await;
        Self { host, engine, own, other, _home: home }
    }

    fn guest(&self, durable: bool) -> Client {
        let plan = GuestPlan {
            name: "test:bot".to_owned(),
            topics: TopicSet::ALL,
            grants: GrantSet::ALL,
            accounts: None,
            conversations: None,
            rate: None,
            durable,
        };
        Client { guest: self.host.guest(plan).unwrap(), next: 1 }
    }

    /// Ann writes to the bot; that she did is what the bot's home knows of it.
    async fn writes(&self, text: &str) {
        send(&self.engine, &self.other, self.own, text).await;
    }
}

struct Client {
    guest: Guest,
    next: u64,
}

impl Client {
    async fn told(&mut self) -> Told {
        let told = timeout(PATIENCE, self.guest.next()).await.expect("nothing came");
        told.expect("the guest has a seat")
    }

    async fn snapshot(&mut self) -> (u64, Snapshot) {
        let told = self.told().await;
        match told.event() {
            Event::Snapshot(snapshot) => (told.seq, snapshot.clone()),
            other => panic!("{other:?}"),
        }
    }

    /// The next text that is told, and its number.
    async fn text(&mut self) -> (u64, String) {
        loop {
            let told = self.told().await;
            if let Event::Message { message, .. } = told.event() {
                return (told.seq, message.text.clone().unwrap());
            }
        }
    }

    /// The texts that are told until it is quiet.
    async fn texts(&mut self) -> Vec<(u64, String)> {
        let mut texts = Vec::new();
        while let Ok(text) = timeout(QUIET, self.text()).await {
            texts.push(text);
        }
        texts
    }

    async fn ask(&mut self, request: Request) -> Result<Answer, Refusal> {
        let id = self.next;
        self.next += 1;
        assert_eq!(self.guest.submit(id, &request), OK);
        loop {
            let told = self.told().await;
            if told.reply_to == Some(id) {
                let Event::Reply(reply) = told.event() else { panic!("{told:?}") };
                return reply.clone().into_result();
            }
        }
    }

    async fn done(&mut self, done: Done) -> Result<Vec<Outcome>, Refusal> {
        match self.ask(Request::Done(done)).await? {
            Answer::Kept { outcomes } => Ok(outcomes),
            other => panic!("{other:?}"),
        }
    }

    async fn through(&mut self, seq: u64) -> Result<Vec<Outcome>, Refusal> {
        self.done(Done { through: Some(seq), ..Done::default() }).await
    }

    async fn refused(&mut self, done: Done) -> String {
        self.done(done).await.unwrap_err().kind
    }

    async fn record(&mut self, key: &str) -> Option<String> {
        match self.ask(Request::Query(Query::Record { key: key.to_owned() })).await.unwrap() {
            Answer::Record { value } => value,
            other => panic!("{other:?}"),
        }
    }
}

fn record(key: &str, value: &str) -> Record {
    Record { key: key.to_owned(), value: Some(value.to_owned()) }
}

fn numbers(texts: &[(u64, String)]) -> Vec<&str> {
    texts.iter().map(|(_, text)| text.as_str()).collect()
}

#[tokio::test]
async fn what_is_not_done_with_is_told_again_and_the_rest_is_not() {
    let scene = Scene::new().await;
    let mut first = scene.guest(true);
    first.snapshot().await;
    for text in ["one", "two", "three"] {
        scene.writes(text).await;
    }
    let one = first.text().await;
    let two = first.text().await;
    assert_eq!((one.1.as_str(), two.1.as_str()), ("one", "two"));
    let commands = vec![AccountCommand::new(
        account_id(&scene.own),
        Command::text(account_id(&scene.other), "answer"),
    )];
    let records = vec![record("count", "1")];
    let done = Done { through: Some(one.0), records, commands };
    let outcomes = first.done(done).await.unwrap();
    assert!(matches!(outcomes[..], [Outcome::Queued { .. }]), "{outcomes:?}");
    drop(first);

    // Meanwhile more happens, and nobody is there.
    scene.writes("four").await;
    let mut second = scene.guest(true);
    let (seq, snapshot) = second.snapshot().await;
    assert_eq!((seq, snapshot.seq), (one.0, one.0));
    let texts = second.texts().await;
    assert_eq!(numbers(&texts), ["two", "three", "answer", "four"]);
    assert!(texts.is_sorted_by_key(|(seq, _)| *seq));
    assert_eq!(second.record("count").await.as_deref(), Some("1"));
    second.through(texts[3].0).await.unwrap();
    drop(second);
    assert!(scene.guest(true).texts().await.is_empty());
}

#[tokio::test]
async fn who_starts_with_the_engine_hears_what_happened_before_it_was_there() {
    let scene = Scene::new().await;
    scene.writes("early").await;
    let first = scene.engine.started_after();
    super::find_place(&scene.engine, "test:bot", Some(first)).await.unwrap();
    let newest = scene.engine.last_event().await.unwrap();
    let place = super::find_place(&scene.engine, "test:other", None).await;
    assert_eq!(place.unwrap(), newest);
    scene.writes("late").await;
    let mut guest = scene.guest(true);
    assert_eq!(guest.snapshot().await.0, first);
    assert_eq!(numbers(&guest.texts().await), ["early", "late"]);
    // Where it is does not change by being found again.
    let again = super::find_place(&scene.engine, "test:other", Some(first)).await;
    assert_eq!(again.unwrap(), newest);
}

#[tokio::test]
async fn who_takes_a_name_over_shuts_the_one_before_out() {
    let scene = Scene::new().await;
    let mut first = scene.guest(true);
    first.snapshot().await;
    scene.writes("one").await;
    let (seq, _) = first.text().await;
    let mut second = scene.guest(true);
    assert!(timeout(PATIENCE, async { while first.guest.next().await.is_some() {} }).await.is_ok());
    assert_eq!(second.text().await, (seq, "one".to_owned()));
    second.through(seq).await.unwrap();
    // What it says once more changes nothing, and does nothing twice.
    assert_eq!(second.through(seq).await, Ok(Vec::new()));
    let again = Done { through: Some(seq), records: vec![record("a", "b")], commands: Vec::new() };
    assert_eq!(second.refused(again).await, "AlreadyDone");
    assert_eq!(second.record("a").await, None);
}

#[tokio::test]
async fn nothing_that_was_not_told_is_done_with_and_not_by_who_is_not_durable() {
    let scene = Scene::new().await;
    let mut durable = scene.guest(true);
    let (seq, _) = durable.snapshot().await;
    let far = Done { through: Some(seq + 100), ..Done::default() };
    assert_eq!(durable.refused(far.clone()).await, "NotTold");
    drop(durable);
    let mut other = scene.guest(false);
    other.snapshot().await;
    assert_eq!(other.refused(far).await, "NotDurable");
    let records = vec![record("k", "v")];
    assert_eq!(other.done(Done { records, ..Done::default() }).await, Ok(Vec::new()));
    assert_eq!(other.record("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_window_that_is_full_holds_the_rest_back_and_nothing_is_dropped() {
    let scene = Scene::new().await;
    let mut guest = scene.guest(true);
    guest.snapshot().await;
    for number in 0..400 {
        scene.writes(&number.to_string()).await;
    }
    let mut last = 0;
    let mut heard = Vec::new();
    while heard.len() < 400 {
        let mut held = 0;
        // Messages are not all that happens: the window has other events, too.
        while let Ok(told) = timeout(QUIET, guest.told()).await {
            if told.reply_to.is_some() {
                continue;
            }
            assert!(!matches!(told.event(), Event::Lagged(_)));
            if let Event::Message { message, .. } = told.event() {
                heard.push(message.text.clone().unwrap());
            }
            held += u32::from(told.seq > last);
            last = last.max(told.seq);
        }
        assert!((1..=256).contains(&held), "{held} were told and {} heard", heard.len());
        guest.through(last).await.unwrap();
    }
    let all: Vec<_> = (0..400).map(|number: u32| number.to_string()).collect();
    assert_eq!(heard, all);
}

#[tokio::test]
async fn a_command_with_a_key_is_carried_out_once() {
    let scene = Scene::new().await;
    let (own, other) = (account_id(&scene.own), account_id(&scene.other));
    let mut guest = scene.guest(false);
    guest.snapshot().await;
    let once = AccountCommand::new(own, Command::text(other, "once")).keyed("k1");
    let Answer::Queued { message } = guest.ask(Request::Command(once.clone())).await.unwrap()
    else {
        panic!("it is queued")
    };
    let again = guest.ask(Request::Command(once.clone())).await.unwrap();
    assert_eq!(again, Answer::Queued { message: message.clone() });
    // Twice in one, and of another account under the same key.
    let theirs = AccountCommand::new(other, Command::text(own, "theirs")).keyed("k1");
    let fresh = AccountCommand::new(own, Command::text(other, "fresh")).keyed("k2");
    let commands = vec![once, fresh.clone(), fresh, theirs];
    let outcomes = guest.done(Done { commands, ..Done::default() }).await.unwrap();
    assert_eq!(outcomes[0], Outcome::Queued { message: message.id });
    assert!(matches!(outcomes[1], Outcome::Queued { .. }), "{outcomes:?}");
    assert_eq!(outcomes[2], Outcome::Done);
    assert!(matches!(outcomes[3], Outcome::Queued { .. }), "{outcomes:?}");
    let place = ramson_types::ConversationId::Account(scene.other);
    let texts = scene.engine.messages(&scene.own, place, 100).await.unwrap();
    let texts: Vec<_> = texts.iter().filter_map(|it| it.text.clone()).collect();
    assert_eq!(texts, ["once", "fresh"]);
    // A key is not a record.
    let all = Query::Records { prefix: String::new(), after: None, limit: 100 };
    let answer = guest.ask(Request::Query(all)).await.unwrap();
    assert_eq!(answer, Answer::Records { records: Vec::new(), complete: true });
}

#[tokio::test]
async fn records_come_page_by_page_and_go() {
    let scene = Scene::new().await;
    let mut guest = scene.guest(false);
    guest.snapshot().await;
    let records: Vec<_> = (0..5).map(|number| record(&format!("a/{number}"), "x")).collect();
    let more = vec![record("b", "y")];
    guest.done(Done { records, ..Done::default() }).await.unwrap();
    guest.done(Done { records: more, ..Done::default() }).await.unwrap();
    let mut after = None;
    let mut keys = Vec::new();
    loop {
        let query = Query::Records { prefix: "a/".to_owned(), after: after.clone(), limit: 2 };
        let Answer::Records { records, complete } = guest.ask(Request::Query(query)).await.unwrap()
        else {
            panic!("records")
        };
        keys.extend(records.into_iter().map(|record| record.key));
        after = keys.last().cloned();
        if complete {
            break;
        }
    }
    assert_eq!(keys, ["a/0", "a/1", "a/2", "a/3", "a/4"]);
    let gone = vec![Record { key: "a/0".to_owned(), value: None }];
    guest.done(Done { records: gone, ..Done::default() }).await.unwrap();
    assert_eq!(guest.record("a/0").await, None);
    for key in ["", "a\nb", &"k".repeat(257)] {
        let done = Done { records: vec![record(key, "v")], ..Done::default() };
        assert_eq!(guest.refused(done).await, "BadRecord");
    }
    let long = vec![record("k", &"v".repeat(65_537))];
    assert_eq!(guest.refused(Done { records: long, ..Done::default() }).await, "BadRecord");
}

#[tokio::test]
async fn an_alarm_is_answered_in_its_time_or_by_the_next_one() {
    let scene = Scene::new().await;
    let mut guest = scene.guest(false);
    guest.snapshot().await;
    let now = guest.guest.now();
    let alarm = |at| Request::Query(Query::Alarm { at });
    assert_eq!(guest.guest.submit(1_001, &alarm(now + 3_600_000)), OK);
    assert_eq!(guest.guest.submit(1_002, &alarm(now + 100)), OK);
    let mut rung = Vec::new();
    while rung.len() < 2 {
        rung.extend(guest.told().await.reply_to);
    }
    assert_eq!(rung, [1_001, 1_002]);
    assert!(guest.guest.now() >= now + 100);
}

#[tokio::test]
async fn commands_that_are_refused_or_of_accounts_that_are_gone_hold_up_nothing() {
    let scene = Scene::new().await;
    let (own, other) = (account_id(&scene.own), account_id(&scene.other));
    let mut guest = scene.guest(true);
    guest.snapshot().await;
    scene.writes("one").await;
    let (seq, _) = guest.text().await;
    scene.engine.remove_account(&scene.other).await.unwrap();
    let unknown = ramson_wire::MessageId { account: 1, number: 999 };
    let bad =
        Command::React {
            message: unknown, emoji: "👍".to_owned(), remove: false, unsynced: false
        };
    let commands = vec![
        AccountCommand::new(own, bad),
        AccountCommand::new(own, Command::text(other, "still")),
        AccountCommand::new(other, Command::text(own, "gone")),
    ];
    let records = vec![record("kept", "yes")];
    let done = Done { through: Some(seq), records, commands };
    let outcomes = guest.done(done).await.unwrap();
    assert!(matches!(outcomes[0], Outcome::Refused(_)), "{outcomes:?}");
    assert!(matches!(outcomes[1], Outcome::Queued { .. }), "{outcomes:?}");
    let Outcome::Refused(refusal) = &outcomes[2] else { panic!("{outcomes:?}") };
    assert_eq!(refusal.kind, "NoSuchAccount");
    assert_eq!(guest.record("kept").await.as_deref(), Some("yes"));
}

#[tokio::test]
async fn what_a_guest_may_not_do_it_may_not_do_as_a_consequence_either() {
    let scene = Scene::new().await;
    let plan = GuestPlan {
        name: "test:reader".to_owned(),
        topics: TopicSet::ALL,
        grants: GrantSet::NONE.with(ramson_wire::Grant::Read),
        accounts: None,
        conversations: None,
        rate: None,
        durable: true,
    };
    let guest = scene.host.guest(plan).unwrap();
    let (own, other) = (account_id(&scene.own), account_id(&scene.other));
    let commands = vec![AccountCommand::new(own, Command::text(other, "no"))];
    let done = Request::Done(Done { commands, ..Done::default() });
    assert_eq!(guest.submit(1, &done), DENIED);
}

#[tokio::test]
async fn what_is_behind_something_refused_waits_for_it() {
    let scene = Scene::new().await;
    let mut guest = scene.guest(true);
    guest.snapshot().await;
    scene.writes("one").await;
    scene.writes("two").await;
    let (one, _) = guest.text().await;
    let (two, _) = guest.text().await;
    let bad = Done { through: Some(one), records: vec![record("a\nb", "")], ..Done::default() };
    assert_eq!(guest.refused(bad).await, "BadRecord");
    let later = Done { through: Some(two), records: vec![record("k", "two")], ..Done::default() };
    assert_eq!(guest.refused(later.clone()).await, "OutOfOrder");
    let good = Done { through: Some(one), records: vec![record("k", "one")], ..Done::default() };
    guest.done(good).await.unwrap();
    guest.done(later).await.unwrap();
    assert_eq!(guest.record("k").await.as_deref(), Some("two"));
}

#[tokio::test]
async fn the_end_of_the_host_is_the_end_of_its_guests() {
    let scene = Scene::new().await;
    let mut guest = scene.guest(true);
    guest.snapshot().await;
    scene.host.end().await;
    let ended = async { while guest.guest.next().await.is_some() {} };
    timeout(PATIENCE, ended).await.expect("the guest is told so");
}

#[tokio::test]
async fn nothing_that_goes_to_nobody_holds_up_the_rest() {
    let scene = Scene::new().await;
    let (own, other) = (account_id(&scene.own), account_id(&scene.other));
    let mut guest = scene.guest(true);
    guest.snapshot().await;
    scene.writes("one").await;
    let (seq, _) = guest.text().await;
    // No key that anybody can have: of small order.
    let mut nobody = [0; 33];
    nobody[0] = 5;
    let nobody = ramson_wire::AccountId(nobody);
    let commands = vec![
        AccountCommand::new(own, Command::text(nobody, "hello?")),
        AccountCommand::new(own, Command::text(other, "hello")),
    ];
    let outcomes = guest.done(Done { through: Some(seq), commands, ..Done::default() }).await;
    let outcomes = outcomes.unwrap();
    assert!(matches!(outcomes[0], Outcome::Refused(_)), "{outcomes:?}");
    assert!(matches!(outcomes[1], Outcome::Queued { .. }), "{outcomes:?}");
}
