//! What threads of the bot hand in.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

use ramson_wire::Refusal;

use super::super::testing::ANN;
use super::super::{Inlet, InletError};
use super::*;

fn with_inlet() -> (TestBot, Inlet<String>) {
    let slot = Arc::new(Mutex::new(None));
    let to = Arc::clone(&slot);
    let bot = bot(move |bot| {
        let inlet = bot.inlet("bell", |cx, text: &String| match text.as_str() {
            "bad" => Err("no".into()),
            text => cx.send(ANN, text),
        });
        *to.lock().unwrap() = Some(inlet);
    });
    let inlet = slot.lock().unwrap().take().unwrap();
    (bot, inlet)
}

const AT_ONCE: Duration = Duration::ZERO;

#[test]
fn what_is_handed_in_is_handled_and_told_when_it_is_kept() {
    let (mut bot, inlet) = with_inlet();
    let first = inlet.push("a".to_owned()).unwrap();
    let second = inlet.push("b".to_owned()).unwrap();
    assert_eq!(first.wait(AT_ONCE), Err(InletError::Late));
    bot.settle();
    assert_eq!(bot.said_to(ANN), ["a", "b"]);
    assert_eq!((first.wait(AT_ONCE), second.wait(AT_ONCE)), (Ok(()), Ok(())));
}

#[test]
fn a_failure_is_told_to_whoever_handed_it_in() {
    let (mut bot, inlet) = with_inlet();
    let bad = inlet.push("bad".to_owned()).unwrap();
    let good = inlet.push("good".to_owned()).unwrap();
    bot.settle();
    bot.pass(Duration::from_secs(6));
    assert_eq!(bad.wait(AT_ONCE), Err(InletError::Failed { error: "no".to_owned() }));
    assert_eq!(good.wait(AT_ONCE), Ok(()));
    bot.refuse_commands(|_| true);
    let refused = inlet.push("x".to_owned()).unwrap();
    bot.settle();
    let error = "the test refuses it".to_owned();
    assert_eq!(refused.wait(AT_ONCE), Err(InletError::Failed { error }));
}

#[test]
fn a_full_inlet_and_a_stopped_bot_take_nothing() {
    let (mut bot, inlet) = with_inlet();
    let receipts: Vec<_> = (0..256).map(|_| inlet.push("x".to_owned()).unwrap()).collect();
    assert_eq!(inlet.push("x".to_owned()).err(), Some(InletError::Full));
    bot.settle();
    assert_eq!(bot.said().len(), 256);
    assert!(receipts.iter().all(|receipt| receipt.wait(AT_ONCE) == Ok(())));
    let lost = inlet.push("x".to_owned()).unwrap();
    bot.crash();
    assert_eq!(lost.wait(AT_ONCE), Err(InletError::Stopped));
    assert_eq!(inlet.push("x".to_owned()).err(), Some(InletError::Stopped));
}

#[test]
fn whoever_waits_is_told_before_the_bots_own_threads_are_ended() {
    let unkept = Arc::new(Mutex::new(Vec::new()));
    let (inlets, seen) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let (to, receipts, told) = (Arc::clone(&inlets), Arc::clone(&unkept), Arc::clone(&seen));
    let mut bot = bot(move |bot| {
        to.lock().unwrap().push(bot.inlet("bell", |cx, text: &String| cx.send(ANN, text)));
        let (receipts, told) = (Arc::clone(&receipts), Arc::clone(&told));
        bot.on_stop(move || {
            let receipts: Vec<super::super::Receipt> =
                std::mem::take(&mut receipts.lock().unwrap());
            let all = receipts.iter().map(|receipt| receipt.wait(AT_ONCE));
            told.lock().unwrap().extend(all);
        });
    });
    let inlet = inlets.lock().unwrap().pop().unwrap();
    let kept = inlet.push("kept".to_owned()).unwrap();
    bot.settle();
    bot.refuse(Some(Refusal { kind: "OutboxFull".to_owned(), text: "it is full".to_owned() }));
    // Handled and not kept, and not even handled.
    let handled = inlet.push("handled".to_owned()).unwrap();
    bot.settle();
    let waits = inlet.push("waits".to_owned()).unwrap();
    unkept.lock().unwrap().extend([kept, handled, waits]);
    bot.crash();
    let stopped = Err(InletError::Stopped);
    assert_eq!(*seen.lock().unwrap(), [Ok(()), stopped.clone(), stopped]);
}

#[test]
fn a_receipt_can_be_awaited() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let (mut bot, inlet) = with_inlet();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Arc::clone(&count).into();
    let mut cx = Context::from_waker(&waker);
    let mut kept = pin!(inlet.push("a".to_owned()).unwrap());
    assert_eq!(kept.as_mut().poll(&mut cx), Poll::Pending);
    bot.settle();
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
    assert_eq!(kept.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
    let mut lost = pin!(inlet.push("b".to_owned()).unwrap());
    assert_eq!(lost.as_mut().poll(&mut cx), Poll::Pending);
    bot.crash();
    assert_eq!(count.0.load(Ordering::Relaxed), 2);
    assert_eq!(lost.as_mut().poll(&mut cx), Poll::Ready(Err(InletError::Stopped)));
}
