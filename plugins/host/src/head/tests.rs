//! What is laid out for whom, without an engine.

use std::time::Duration;

use ramson_abi::WINDOW;
use ramson_protocol::event::{EventKind, EventRef};
use ramson_system::Followed;
use ramson_types::{ConversationId, Prefix};
use ramson_wire::TopicSet;
use tokio::time::timeout;

use super::*;
use crate::convert::ids::account_id;
use crate::trial;

fn id(number: u8) -> AccountId {
    AccountId::new(Prefix::Account, [number; 32])
}

/// Something happened to an account.
fn happened(seq: u64, account: u8) -> Happening {
    let what = EventRef {
        kind: EventKind::ConversationChanged,
        message: None,
        conversation: ConversationId::Account(id(99)),
    };
    let changed = Followed::Changed { seq, account: id(account), what, event: None };
    Happening::of(changed).ok().unwrap()
}

/// A seat that sees some accounts.
fn seat(accounts: &[u8]) -> Arc<Seat> {
    let accounts = accounts.iter().map(|number| account_id(&id(*number))).collect();
    trial::durable_seat_of("bot", Some(accounts), TopicSet::ALL)
}

/// What waits for one.
async fn waiting(joined: &Joined<'_>) -> Vec<u64> {
    let mut numbers = Vec::new();
    while let Ok(Some(next)) = timeout(Duration::ZERO, joined.next()).await {
        numbers.push(next.seq);
    }
    numbers
}

#[tokio::test]
async fn each_hears_of_its_accounts_from_its_place_on() {
    let head = Head::default();
    head.open(1, 10);
    let (one, two, all) =
        (seat(&[1]), seat(&[1, 2]), trial::durable_seat_of("all", None, TopicSet::ALL));
    let deaf = trial::durable_seat_of("deaf", None, TopicSet::NONE);
    let (one, all) =
        (head.join(&one, &scope_of(&one), 1).await, head.join(&all, &scope_of(&all), 1).await);
    let deaf = head.join(&deaf, &scope_of(&deaf), 1).await;
    (11..=13).for_each(|seq| head.lay_out(happened(seq, (seq % 3) as u8)));
    let two = head.join(&two, &scope_of(&two), 1).await;
    assert_eq!((one.from, all.from, two.from), (10, 10, 13));
    (14..=16).for_each(|seq| head.lay_out(happened(seq, (seq % 3) as u8)));
    // There is more before its place than that.
    assert_eq!((one.through(), deaf.through()), (None, Some(16)));
    assert_eq!(waiting(&one).await, [13, 16]);
    assert_eq!(waiting(&two).await, [14, 16]);
    assert_eq!(waiting(&all).await, [11, 12, 13, 14, 15, 16]);
    assert!(waiting(&deaf).await.is_empty());
    assert_eq!(one.through(), Some(16));
    drop((one, two, all, deaf));
    let readers = head.readers();
    assert!(readers.of_account.is_empty() && readers.of_all.is_empty());
}

#[tokio::test]
async fn whoever_is_too_slow_is_behind_and_joins_again() {
    let head = Head::default();
    head.open(1, 0);
    let slow = seat(&[1]);
    let joined = head.join(&slow, &scope_of(&slow), 1).await;
    let window = WINDOW as u64;
    (1..=window).for_each(|seq| head.lay_out(happened(seq, 1)));
    assert_eq!(joined.next().await.unwrap().seq, 1);
    head.lay_out(happened(window + 1, 1));
    head.lay_out(happened(window + 2, 1));
    // What it was not told is told by the log, not in part.
    assert!(joined.next().await.is_none());
    head.lay_out(happened(window + 3, 1));
    assert!(joined.next().await.is_none());
    assert_eq!(joined.through(), None);
    drop(joined);
    let joined = head.join(&slow, &scope_of(&slow), 1).await;
    assert_eq!((joined.from, joined.through()), (window + 3, Some(window + 3)));
    head.lay_out(happened(window + 4, 1));
    assert_eq!(waiting(&joined).await, [window + 4]);
}

#[tokio::test]
async fn whoever_joined_an_engine_hears_of_no_other_one() {
    let head = Head::default();
    let bot = seat(&[1]);
    let early = timeout(Duration::from_millis(20), head.join(&bot, &scope_of(&bot), 2)).await;
    assert!(early.is_err(), "nothing is read yet");
    head.open(1, 5);
    let before = head.join(&bot, &scope_of(&bot), 1).await;
    let scope = scope_of(&bot);
    let (joined, ()) = tokio::join!(head.join(&bot, &scope, 2), async {
        tokio::task::yield_now().await;
        head.close();
        head.open(2, 100);
    });
    head.lay_out(happened(101, 1));
    assert!(waiting(&before).await.is_empty());
    assert_eq!(waiting(&joined).await, [101]);
    drop(before);
    head.lay_out(happened(102, 1));
    assert_eq!(waiting(&joined).await, [102]);
}
