use proptest::prelude::*;
use ramson_wire::{AccountId, Answer, ConversationId, Event, NetworkEvent, Reply};

use super::*;
use crate::trial::snapshot;

fn event(number: u64) -> Arc<Prepared> {
    let what = NetworkEvent::PathFailed { reason: number.to_string() };
    let account = AccountId([5; 33]);
    drop(what);
    Arc::new(Prepared::new(Event::ConversationRemoved {
        account,
        conversation: ConversationId(number.to_string()),
    }))
}

fn typing(number: u8, typing: bool) -> Arc<Prepared> {
    let account = AccountId([number; 33]);
    Arc::new(Prepared::new(Event::Typing { account, conversation: account.into(), typing }))
}

fn reply() -> Arc<Prepared> {
    Arc::new(Prepared::new(Event::Reply(Reply::Ok(Answer::Done))))
}

fn seqs(batch: &[Queued]) -> Vec<u64> {
    batch.iter().map(|queued| queued.seq).collect()
}

fn begun(limit: usize) -> Queue {
    let queue = Queue::new(limit);
    assert!(queue.wants_snapshot());
    queue.tell(0, &snapshot(0));
    queue.take(1).unwrap();
    queue
}

#[test]
fn the_first_event_is_a_snapshot() {
    let queue = Queue::new(4);
    assert!(queue.wants_snapshot());
    assert!(!queue.wants_snapshot());
    queue.tell(3, &event(3));
    queue.reply(9, &reply());
    queue.tell(5, &snapshot(5));
    queue.tell(6, &event(6));
    let batch = queue.take(64).unwrap();
    assert!(matches!(batch[0].what.event(), Event::Snapshot(_)));
    assert_eq!(batch[1].reply_to, 9);
    assert_eq!(seqs(&batch), [5, 5, 6]);
}

#[test]
fn a_full_queue_drops_the_oldest_event_and_says_so_first() {
    let queue = begun(3);
    for seq in 1..=5 {
        queue.tell(seq, &event(seq));
    }
    assert!(!queue.wants_snapshot());
    let batch = queue.take(64).unwrap();
    assert!(matches!(batch[0].what.event(), Event::Lagged(Lagged { skipped: 2 })));
    assert_eq!(seqs(&batch), [3, 3, 4, 5]);
    assert!(queue.wants_snapshot());
    assert!(!queue.wants_snapshot());
    queue.tell(6, &event(6));
    assert_eq!(seqs(&queue.take(64).unwrap()), [6]);
    assert_eq!(queue.counts().lagged, 2);
}

#[test]
fn replies_and_snapshots_are_never_dropped() {
    let queue = begun(2);
    queue.reply(1, &reply());
    queue.tell(1, &snapshot(1));
    for seq in 2..10 {
        queue.tell(seq, &event(seq));
    }
    let batch = queue.take(64).unwrap();
    assert_eq!(batch[1].reply_to, 1);
    assert!(matches!(batch[2].what.event(), Event::Snapshot(_)));
    assert_eq!(seqs(&batch[3..]), [8, 9]);
}

#[test]
fn a_newer_snapshot_takes_the_place_of_one_that_waits_unless_events_rest_on_that() {
    let queue = begun(4);
    queue.tell(1, &snapshot(1));
    queue.tell(2, &snapshot(2));
    queue.tell(3, &event(3));
    queue.tell(4, &snapshot(4));
    queue.tell(5, &event(5));
    queue.tell(6, &snapshot(6));
    let batch = queue.take(64).unwrap();
    assert_eq!(seqs(&batch), [2, 3, 5, 6]);
    let is_snapshot = |queued: &Queued| matches!(queued.what.event(), Event::Snapshot(_));
    assert_eq!(batch.iter().map(is_snapshot).collect::<Vec<_>>(), [true, false, false, true]);
}

#[test]
fn nothing_comes_before_the_first_snapshot_when_another_one_follows() {
    let queue = Queue::new(4);
    queue.tell(1, &snapshot(1));
    queue.tell(2, &event(2));
    queue.tell(2, &snapshot(2));
    let batch = queue.take(64).unwrap();
    assert!(matches!(batch[0].what.event(), Event::Snapshot(_)), "{batch:?}");
    assert_eq!(seqs(&batch), [1, 2, 2]);
}

#[test]
fn replies_bear_the_numbers_of_the_home_that_is_there_now() {
    let queue = begun(4);
    queue.tell(90, &event(90));
    queue.tell(3, &snapshot(3));
    queue.reply(1, &reply());
    assert_eq!(seqs(&queue.take(64).unwrap()), [90, 3, 3]);
}

#[test]
fn what_could_not_be_told_counts_as_dropped() {
    let queue = begun(4);
    queue.skip();
    assert!(queue.wants_snapshot());
    queue.tell(1, &snapshot(1));
    let batch = queue.take(64).unwrap();
    assert!(matches!(batch[0].what.event(), Event::Lagged(Lagged { skipped: 1 })));
    assert_eq!(seqs(&batch), [1, 1]);
}

#[test]
fn of_typing_only_the_newest_is_told() {
    let queue = begun(4);
    queue.tell(1, &typing(1, true));
    queue.tell(2, &typing(2, true));
    queue.tell(3, &typing(1, false));
    let batch = queue.take(64).unwrap();
    assert_eq!(seqs(&batch), [2, 3]);
    queue.tell(4, &typing(1, true));
    assert_eq!(seqs(&queue.take(64).unwrap()), [4]);
    assert_eq!(queue.counts().lagged, 0);
}

#[test]
fn a_closed_queue_gives_nothing_and_one_that_finishes_all_it_has() {
    let queue = begun(4);
    queue.tell(1, &event(1));
    queue.finish();
    queue.tell(2, &event(2));
    queue.reply(1, &reply());
    assert_eq!(queue.take(64).unwrap().len(), 2);
    assert!(queue.take(64).is_none());
    let queue = begun(4);
    queue.tell(1, &event(1));
    queue.close();
    assert!(queue.take(64).is_none());
}

#[test]
fn who_waits_for_an_event_gets_it() {
    let queue = Arc::new(begun(4));
    let taker = std::thread::spawn({
        let queue = queue.clone();
        move || queue.take(64).map(|batch| seqs(&batch))
    });
    queue.tell(1, &event(1));
    assert_eq!(taker.join().unwrap(), Some(vec![1]));
}

#[derive(Debug, Clone)]
enum Step {
    Tell,
    Typing(u8),
    Snapshot,
    Reply,
    Take(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Tell),
        2 => (0_u8..3).prop_map(Step::Typing),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Reply),
        2 => (1_usize..5).prop_map(Step::Take),
    ]
}

proptest! {
    /// However it is filled and emptied: events come in order, each once, and
    /// what does not come was counted or replaced by a newer one.
    #[test]
    fn nothing_is_lost_without_being_counted(
        limit in 1_usize..6,
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let queue = begun(limit);
        let (mut seq, mut replies, mut owed) = (0, 0, 0_u64);
        let mut plain = Vec::new();
        let mut told: Vec<Queued> = Vec::new();
        for step in steps {
            seq += 1;
            match step {
                Step::Tell => {
                    plain.push(seq);
                    queue.tell(seq, &event(seq));
                }
                Step::Typing(number) => queue.tell(seq, &typing(number, true)),
                Step::Snapshot => queue.tell(seq, &snapshot(seq)),
                Step::Reply => {
                    replies += 1;
                    owed += 1;
                    queue.reply(replies, &reply());
                }
                Step::Take(most) => {
                    if queue.counts().queued > 0 {
                        told.extend(queue.take(most).unwrap());
                    }
                }
            }
            // Broadcasts, replies, and two snapshots.
            prop_assert!(queue.counts().queued <= limit as u64 + replies + 2);
        }
        while queue.counts().queued > 0 {
            told.extend(queue.take(3).unwrap());
        }
        prop_assert!(seqs(&told).is_sorted());
        let skipped: u64 = told.iter().map(|queued| match queued.what.event() {
            Event::Lagged(Lagged { skipped }) => *skipped,
            _ => 0,
        }).sum();
        prop_assert_eq!(skipped, queue.counts().lagged);
        let heard: Vec<u64> = told
            .iter()
            .filter(|it| matches!(it.what.event(), Event::ConversationRemoved { .. }))
            .map(|it| it.seq)
            .collect();
        prop_assert!(heard.iter().all(|seq| plain.contains(seq)));
        prop_assert!(heard.windows(2).all(|pair| pair[0] < pair[1]));
        let lost = plain.len() - heard.len();
        prop_assert!(lost as u64 <= skipped);
        let answers: Vec<u64> =
            told.iter().filter(|it| it.reply_to != 0).map(|it| it.reply_to).collect();
        prop_assert_eq!(answers, (1..=owed).collect::<Vec<_>>());
    }
}
