//! The order of events, and readers that begin somewhere in the log.

use std::collections::{BTreeMap, BTreeSet};

use ramson_protocol::command::{Command, DeleteScope, Post};
use ramson_protocol::store::{Change, MessageEdit};
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::testing::{self, Home, add_account, commit, receive};
use crate::{Activity, LoggedEvent};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(60);

fn order(through: u64) -> Order<u64> {
    Order { through, held: BTreeMap::new() }
}

#[test]
fn every_number_counts_once_and_in_order_however_it_comes() {
    let mut order = order(10);
    assert!(order.take(10, 10).is_empty());
    assert!(order.take(12, 12).is_empty());
    assert_eq!(order.take(11, 11), [11, 12]);
    assert!(order.take(14, 14).is_empty() && order.take(12, 12).is_empty());
    assert_eq!(order.pass(13), (vec![], None));
    assert_eq!(order.take(15, 15), [14, 15]);
    assert_eq!((order.through, order.held.len()), (15, 0));
}

#[test]
fn what_the_log_has_too_is_told_as_it_came() {
    let mut order = order(0);
    assert!(order.take(3, 3).is_empty() && order.take(5, 5).is_empty());
    assert_eq!(order.pass(1), (vec![], None));
    assert_eq!(order.pass(5), (vec![3], Some(5)));
    assert_eq!(order.through, 5);
}

#[test]
fn a_gap_that_the_log_has_no_more_is_waited_for_no_longer() {
    let mut order = order(10);
    assert!(order.close_all().is_empty());
    assert_eq!(order.through, 10);
    assert!(order.take(12, 12).is_empty() && order.take(14, 14).is_empty());
    assert_eq!(order.close_all(), [12, 14]);
    assert!(order.take(13, 13).is_empty());
    assert_eq!(order.take(15, 15), [15]);
}

impl Followed {
    fn seq(&self) -> Option<u64> {
        match self {
            Self::Received { seq, .. } | Self::Changed { seq, .. } => Some(*seq),
            _ => None,
        }
    }
}

/// The next thing that has a number. Whatever the reader has in memory is
/// bounded.
async fn next(follower: &mut Follower) -> Followed {
    loop {
        let next = tokio::time::timeout(DEADLINE, follower.next()).await.expect("it comes");
        let next = next.unwrap();
        assert!(follower.waiting.len() < PAGE + PATIENCE && follower.order.held.len() <= PATIENCE);
        if next.seq().is_some() {
            return next;
        }
    }
}

/// Everything up to a number that is told.
async fn through(follower: &mut Follower, last: u64) -> Vec<Followed> {
    let mut told = Vec::new();
    while told.last().and_then(Followed::seq).is_none_or(|seq| seq < last) {
        told.push(next(follower).await);
    }
    told
}

fn numbers(told: &[Followed]) -> Vec<u64> {
    told.iter().filter_map(Followed::seq).collect()
}

#[actix_rt::test]
async fn ten_thousand_events_are_told_once_and_in_order_across_restarts_a_page_at_a_time() {
    let home = Home::new();
    let store = home.store();
    add_account(&store, 1);
    (0..40).for_each(|page| receive(&store, 1, page * 250 + 1..page * 250 + 251));
    store.close().unwrap();

    let (mut told, mut cursor) = (Vec::new(), 0);
    // The second engine ends with most of a page in the reader's hands.
    for last in [1, 4_321, 10_000] {
        let engine = home.engine(Activity::Offline).await;
        let mut follower = engine.follow_after(cursor);
        assert_eq!(follower.through(), cursor);
        let part = through(&mut follower, last).await;
        assert!(follower.through() - last < PAGE as u64, "it reads no farther than it must");
        cursor = last;
        told.extend(part);
        engine.shutdown().await;
    }
    assert_eq!(numbers(&told), (1..=10_000).collect::<Vec<_>>());
    let texts = told.into_iter().map(|told| match told {
        Followed::Received { account, message, .. } if account == testing::id(1) => message.text,
        other => panic!("{other:?}"),
    });
    assert!(texts.eq((1..=10_000).map(|number| Some(format!("message {number}")))));
}

#[actix_rt::test]
async fn an_account_that_is_removed_in_between_takes_its_events_along_and_no_others() {
    let home = Home::new();
    let store = home.store();
    (1..=2).for_each(|number| add_account(&store, number));
    // By turns, so that every page has holes.
    for number in 1..=600 {
        receive(&store, 1, number..number + 1);
        receive(&store, 2, number..number + 1);
    }
    store.close().unwrap();
    let engine = home.engine(Activity::Offline).await;
    let mut follower = engine.follow_after(0);
    let mut told = through(&mut follower, 300).await;
    assert_eq!(numbers(&told), (1..=300).collect::<Vec<_>>());
    let read = follower.through();
    engine.remove_account(&testing::id(2)).await.unwrap();
    told.extend(through(&mut follower, 1_199).await);
    // Of the one that is gone it tells what it had read before.
    let expected: Vec<u64> = (1..=1_199).filter(|seq| *seq <= read || seq % 2 == 1).collect();
    assert_eq!(numbers(&told), expected);
    drop(follower);

    // Whoever begins in the middle of what is gone misses nothing of the rest.
    let mut follower = engine.follow_after(100);
    let told = through(&mut follower, 1_199).await;
    assert_eq!(numbers(&told), (101..1_200).step_by(2).collect::<Vec<_>>());
    engine.shutdown().await;

    // Nor whoever begins where nothing is left behind it.
    let store = home.store();
    add_account(&store, 3);
    store.close().unwrap();
    let engine = home.engine(Activity::Sending).await;
    engine.remove_account(&testing::id(1)).await.unwrap();
    let mut follower = engine.follow_after(1_000);
    let carol = testing::id(3);
    engine.command(&carol, Command::SetName("Carol".into())).await.unwrap();
    let told = next(&mut follower).await;
    assert!(told.seq() > Some(1_200), "numbers are never given twice: {told:?}");
    engine.shutdown().await;
}

/// The removal is an event of its own, with a number above that of the message:
/// who has not been told of the message is told that it is gone, and nothing
/// is missing when its coming is passed over.
#[actix_rt::test]
async fn a_message_that_is_gone_is_told_by_its_removal() {
    let home = Home::new();
    let store = home.store();
    add_account(&store, 1);
    receive(&store, 1, 1..5);
    let (gone, taken_back) = (testing::message(1, 2).id, testing::message(1, 3).id);
    let removed = testing::event(EventKind::MessageRemoved, gone);
    commit(&store, 1, vec![Change::RemoveMessage(gone)], vec![removed.clone()]);
    let (id, edit) = (taken_back, MessageEdit::Delete);
    let changed = testing::event(EventKind::MessageChanged, id);
    commit(&store, 1, vec![Change::EditMessage { id, edit }], vec![changed.clone()]);
    // One that came and went in the same commit.
    let (id, came) = (testing::message(1, 5).id, EventKind::MessageReceived);
    let changes = vec![Change::PutMessage(testing::message(1, 5)), Change::RemoveMessage(id)];
    let went = testing::event(EventKind::MessageRemoved, id);
    commit(&store, 1, changes, vec![testing::event(came, id), went.clone()]);
    store.close().unwrap();

    let engine = home.engine(Activity::Offline).await;
    let told = through(&mut engine.follow_after(0), 8).await;
    assert_eq!(numbers(&told), [1, 3, 4, 5, 6, 8]);
    let what = |at: usize| match &told[at] {
        Followed::Changed { what, event: None, .. } => what.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((what(3), what(4), what(5)), (removed, changed, went));
    // What was taken back is told without what was in it.
    let Followed::Received { message, .. } = &told[1] else { panic!("{:?}", told[1]) };
    assert!(message.id == taken_back && message.deleted && message.text.is_none());
    // Whoever stands between the two is told of the removal alone.
    let told = through(&mut engine.follow_after(2), 5).await;
    assert_eq!(numbers(&told), [3, 4, 5]);
    engine.shutdown().await;
}

#[actix_rt::test]
async fn a_reader_that_sleeps_through_more_than_the_bus_holds_reads_the_rest_in_the_log() {
    let home = Home::new();
    let store = home.store();
    add_account(&store, 1);
    store.close().unwrap();
    let engine = home.engine(Activity::Sending).await;
    let me = testing::id(1);
    let mut follower = engine.follow_after(0);
    engine.command(&me, Command::SetName("Alice".into())).await.unwrap();
    let mut told = vec![next(&mut follower).await];
    let note = |n: u32| Command::Send { to: me, post: Post::text(format!("note {n}")) };
    for round in 0..15 {
        let notes = (0..80).map(|n| note(round * 80 + n)).collect();
        engine.commands(&me, notes, vec![]).await.unwrap();
    }
    let last = engine.last_event().await.unwrap();
    assert!(last > 1_024, "{last} events");
    told.extend(through(&mut follower, last).await);
    assert_eq!(numbers(&told), (1..=last).collect::<Vec<_>>());
    engine.shutdown().await;
}

/// What is there of the log, by number.
async fn logged(engine: &Engine) -> BTreeMap<u64, LoggedEvent> {
    let events = engine.events_after(0, usize::MAX).await.unwrap().events;
    events.into_iter().map(|event| (event.seq, event)).collect()
}

/// As chance has it: accounts write and delete, one is removed, engines end,
/// the reader reads a part and begins again behind the last thing that it
/// took for done.
#[actix_rt::test]
async fn whatever_happens_in_between_every_number_is_told_once_and_in_order() {
    for seed in 0..12 {
        let mut random = StdRng::seed_from_u64(seed);
        let home = Home::new();
        let store = home.store();
        (1..=3).for_each(|number| add_account(&store, number));
        for number in 1..=3 {
            receive(&store, number, 1..random.random_range(2..400));
        }
        store.close().unwrap();
        let mut engine = home.engine(Activity::Sending).await;
        let mut follower = engine.follow_after(0);
        let (mut told, mut removed) = (Vec::<Followed>::new(), BTreeSet::new());
        for _ in 0..40 {
            let who = random.random_range(1..=3);
            let me = testing::id(who);
            match random.random_range(0..10) {
                0..4 => {
                    let texts = (0..random.random_range(1..40))
                        .map(|n| Command::Send { to: me, post: Post::text(format!("note {n}")) });
                    drop(engine.commands(&me, texts.collect(), vec![]).await);
                }
                4..6 => {
                    let log = logged(&engine).await;
                    let there = log.values().filter_map(|event| event.message.as_ref());
                    if let Some(message) = there.choose(&mut random) {
                        let (id, scope) = (message.id, DeleteScope::Here);
                        let me = testing::id(u8::try_from(id.account).unwrap());
                        engine.command(&me, Command::Delete { message: id, scope }).await.unwrap();
                    }
                }
                6 if random.random_bool(0.2) && removed.len() < 2 && !removed.contains(&who) => {
                    engine.remove_account(&me).await.unwrap();
                    removed.insert(who);
                }
                7 => {
                    drop(follower);
                    engine.shutdown().await;
                    engine = home.engine(Activity::Sending).await;
                    let done = told.last().and_then(Followed::seq).unwrap_or_default();
                    follower = engine.follow_after(done);
                }
                _ => {
                    for _ in 0..random.random_range(1..300) {
                        let more = follower.next();
                        let more = tokio::time::timeout(Duration::from_millis(100), more).await;
                        let Ok(more) = more else { break };
                        told.extend(Some(more.unwrap()).filter(|more| more.seq().is_some()));
                    }
                }
            }
        }
        let log = logged(&engine).await;
        let last = *log.keys().next_back().unwrap();
        if numbers(&told).last().is_none_or(|seq| *seq < last) {
            told.extend(through(&mut follower, last).await);
        }
        let told_numbers = numbers(&told);
        assert!(told_numbers.is_sorted_by(|one, next| one < next), "seed {seed}");
        let told_numbers: BTreeSet<u64> = told_numbers.into_iter().collect();
        for (seq, event) in &log {
            let gone = event.kind == EventKind::MessageReceived && event.message.is_none();
            assert!(gone || told_numbers.contains(seq), "seed {seed}: {event:?} was not told");
            if gone {
                let removal = |other: &&LoggedEvent| {
                    other.kind == EventKind::MessageRemoved && other.id == event.id
                };
                let removal = log.values().find(removal).expect("its removal has a number");
                assert!(removal.seq > *seq && told_numbers.contains(&removal.seq), "seed {seed}");
            }
        }
        engine.shutdown().await;
    }
}
