//! Timers.

use std::time::Duration;

use ramson_wire::Millis;

use super::super::Bot;
use super::super::testing::{ANN, BEN};
use super::*;

fn reminder(bot: &mut Bot) {
    bot.on_text(|cx, text| {
        let mut words = text.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("in"), Some(seconds), Some(name)) => {
                let after = Duration::from_secs(seconds.parse()?);
                cx.timer_after(name, after, name)
            }
            (Some("cancel"), Some(name), None) => {
                let was = cx.cancel(name)?;
                cx.say(format!("{was}"))
            }
            _ => {
                let all: Vec<(String, Millis, String)> = cx.timers("")?;
                let names: Vec<_> = all.into_iter().map(|(name, ..)| name).collect();
                cx.say(format!("{names:?}"))
            }
        }
    });
    bot.on_timer("t", |cx, data: String| {
        let late = cx.due().map(|due| cx.now() - due).filter(|late| *late != 0);
        let late = late.map(|late| format!(", {late} late")).unwrap_or_default();
        cx.say(format!("{}: {data}{late}", cx.now() % 1_000_000))
    });
    bot.on_timer("t/exact", |cx, _: String| cx.say("exact"));
}

#[test]
fn timers_go_off_in_order_and_in_their_conversation() {
    let mut bot = bot(reminder);
    bot.says(ANN, "in 20 t/b");
    bot.says(BEN, "in 10 t/a");
    bot.says(ANN, "in 5 t/exact");
    assert_eq!(bot.asks(ANN, "?"), [r#"["t/exact", "t/a", "t/b"]"#]);
    bot.pass(Duration::from_secs(9));
    assert_eq!((bot.said_to(ANN), bot.said_to(BEN)), (vec!["exact".to_owned()], vec![]));
    bot.pass(Duration::from_secs(100));
    assert_eq!(bot.said_to(BEN), ["10000: t/a"]);
    assert_eq!(bot.said_to(ANN), ["20000: t/b"]);
    assert!(bot.records().is_empty());
}

#[test]
fn a_timer_outlives_a_restart_and_goes_off_late_if_it_has_to() {
    let mut bot = bot(reminder);
    bot.says(ANN, "in 10 t");
    bot.says(ANN, "in 1000 t/later");
    bot.crash();
    bot.pass(Duration::from_secs(60));
    bot.restart();
    assert_eq!(bot.said_to(ANN), ["60000: t, 50000 late"]);
    bot.pass(Duration::from_secs(1_000));
    assert_eq!(bot.said_to(ANN), ["0: t/later"]);
}

#[test]
fn a_timer_can_be_cancelled_and_set_anew() {
    let mut bot = bot(reminder);
    bot.says(ANN, "in 10 t");
    bot.says(ANN, "in 20 t");
    bot.pass(Duration::from_secs(15));
    assert!(bot.said().is_empty());
    assert_eq!(bot.asks(ANN, "cancel t"), ["true"]);
    assert_eq!(bot.asks(ANN, "cancel t"), ["false"]);
    bot.pass(Duration::from_secs(60));
    assert!(bot.said().is_empty());
}

#[test]
fn a_timer_that_sets_itself_again_does_not_stop_the_world() {
    let mut bot = bot(|bot| {
        bot.on_start(|cx| cx.timer("beat", cx.now(), &0));
        bot.on_timer("beat", |cx, count: u64| {
            cx.put("count", &count)?;
            if count < 500 { cx.timer("beat", cx.now(), &(count + 1)) } else { Ok(()) }
        });
        bot.on_text(|cx, _| cx.say("hi"));
    });
    assert_eq!(bot.asks(ANN, "x"), ["hi"]);
    assert_eq!(bot.record("count"), Some("500".to_owned()));
}

#[test]
fn a_timer_that_fails_is_tried_again_and_then_forgotten() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| cx.timer(text, cx.now(), text));
        bot.on_timer("bad", |_, _: String| Err("no".into()));
        bot.on_failure(|cx, failure| cx.say(failure.what.clone()));
    });
    bot.says(ANN, "bad");
    assert_eq!(bot.records(), ["kit/timer/bad"]);
    bot.pass(Duration::from_secs(6));
    assert_eq!(bot.said_to(ANN), ["timer 'bad'"]);
    bot.says(ANN, "nobody");
    bot.pass(Duration::from_secs(6));
    assert!(bot.records().is_empty());
    assert!(said_in_log(&bot, Level::Error).contains("no handler is for the timer 'nobody'"));
}
