//! What threads of the bot hand in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

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
