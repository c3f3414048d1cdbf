//! Handlers that fail. Not beside the tests of the shim, whose panic hook tells
//! every host in the process of a panic.

#![allow(clippy::panic, reason = "handlers that do")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ramson_sdk::bot::testing::{ANN, BEN, TestBot};
use ramson_sdk::bot::{Bot, Setup};
use ramson_sdk::{Level, Manifest};

fn bot<S: Setup>(setup: impl Fn(&mut Bot) -> S + 'static) -> TestBot {
    TestBot::of(Manifest::bot("org.example.test", "Test", "1.0"), "{}", setup)
}

fn errors(bot: &TestBot) -> String {
    let lines = bot.log().into_iter().filter(|(level, _)| *level == Level::Error);
    lines.map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

/// A handler that fails so many times, by an error or a panic.
fn failing(times: usize, panics: bool) -> (TestBot, Arc<AtomicUsize>) {
    let turns = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&turns);
    let bot = bot(move |bot| {
        let turns = Arc::clone(&turns);
        bot.on_text(move |cx, text| {
            cx.say(text)?;
            cx.put(text, &1)?;
            if text != "bad" || turns.fetch_add(1, Ordering::Relaxed) >= times {
                return Ok(());
            }
            if panics { panic!("boom") } else { Err("boom".into()) }
        });
        bot.on_failure(|cx, failure| cx.reply(format!("sorry: {}", failure.error)));
    });
    (bot, seen)
}

#[test]
fn a_handler_that_fails_is_tried_again_after_1_and_5_seconds() {
    for panics in [false, true] {
        let (mut bot, turns) = failing(2, panics);
        let count = || turns.load(Ordering::Relaxed);
        bot.says(ANN, "bad");
        assert_eq!((count(), bot.said().len(), bot.records().len()), (1, 0, 0));
        bot.pass(Duration::from_millis(999));
        assert_eq!(count(), 1);
        bot.pass(Duration::from_millis(1));
        assert_eq!(count(), 2);
        bot.pass(Duration::from_millis(5_000));
        assert_eq!(count(), 3);
        assert_eq!(bot.said_to(ANN), ["bad"]);
        assert_eq!(bot.undone(), 0);
    }
}

#[test]
fn then_it_is_passed_over_with_an_error_in_the_log_and_an_apology() {
    for panics in [false, true] {
        let (mut bot, turns) = failing(usize::MAX, panics);
        let id = bot.says(ANN, "bad");
        bot.says(BEN, "good");
        assert!(bot.said().is_empty(), "others wait their turn");
        bot.pass(Duration::from_secs(6));
        assert_eq!(turns.load(Ordering::Relaxed), 3);
        let said = bot.said();
        assert_eq!((said[0].reply_to, said[1].text.as_str()), (Some(id), "good"));
        assert!(said[0].text.starts_with("sorry: ") && said[0].text.contains("boom"));
        assert_eq!(bot.records(), ["good"]);
        assert!(errors(&bot).contains("it is passed over"));
        bot.pass(Duration::from_secs(60));
        bot.restart();
        assert!(bot.said().is_empty());
    }
}

#[test]
fn an_apology_that_fails_too_is_only_logged() {
    let mut bot = bot(|bot| {
        bot.on_text(|_, _| Err("first".into()));
        bot.on_failure(|cx, _| {
            cx.say("never heard")?;
            panic!("second")
        });
    });
    bot.says(ANN, "x");
    bot.pass(Duration::from_secs(6));
    assert!(bot.said().is_empty());
    assert_eq!(bot.undone(), 0);
    assert!(errors(&bot).contains("on_failure: panicked: second"));
}

#[test]
fn a_start_that_fails_does_not_keep_the_bot_from_its_work() {
    let mut bot = bot(|bot| {
        bot.on_start(|_| Err("no".into()));
        bot.on_text(|cx, _| cx.say("hi"));
    });
    bot.says(ANN, "x");
    assert!(bot.said().is_empty());
    bot.pass(Duration::from_secs(6));
    assert_eq!(bot.said_to(ANN), ["hi"]);
}

#[test]
fn stopping_runs_what_is_there_for_it_also_after_a_panic() {
    let stopped = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&stopped);
    let mut bot = bot(move |bot| {
        bot.on_stop(|| panic!("no"));
        let stopped = Arc::clone(&stopped);
        bot.on_stop(move || {
            stopped.fetch_add(1, Ordering::Relaxed);
        });
    });
    bot.crash();
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}
