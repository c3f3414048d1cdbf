//! A host that does not keep what it is told.

use std::time::Duration;

use ramson_wire::{Command, Refusal};

use super::super::testing::{ANN, BEN};
use super::*;
use crate::SubmitError;

fn refusal(kind: &str) -> Option<Refusal> {
    Some(Refusal { kind: kind.to_owned(), text: format!("{kind}.") })
}

fn counter() -> TestBot {
    bot(|bot| {
        bot.on_text(|cx, text| {
            let count = cx.get::<u64>("count")?.unwrap_or(0) + 1;
            cx.put("count", &count)?;
            cx.say(format!("{count} {text}"))
        });
    })
}

#[test]
fn what_is_refused_is_told_again_in_order() {
    let mut bot = counter();
    bot.refuse(refusal("OutboxFull"));
    for text in ["a", "b", "c"] {
        bot.says(ANN, text);
    }
    bot.pass(Duration::from_secs(20));
    assert!(bot.said().is_empty());
    assert!(said_in_log(&bot, Level::Warn).contains("nothing is kept at the moment"));
    bot.refuse(None);
    bot.says(ANN, "d");
    bot.pass(Duration::from_secs(60));
    assert_eq!(bot.said_to(ANN), ["1 a", "2 b", "3 c", "4 d"]);
    assert_eq!((bot.record("count"), bot.undone()), (Some("4".to_owned()), 0));
}

#[test]
fn one_refusal_holds_everything_behind_it_back() {
    let mut bot = counter();
    for number in 0..100 {
        bot.write(ANN, &number.to_string());
    }
    // A full pipeline, then the first is refused.
    while bot.tell_next() {}
    bot.refuse(refusal("Busy"));
    assert!(bot.carry_out());
    bot.refuse(None);
    bot.settle();
    assert!(bot.said().is_empty());
    bot.pass(Duration::from_secs(1));
    let said = bot.said_to(ANN);
    let right: Vec<_> = (0..100).map(|number| format!("{} {number}", number + 1)).collect();
    assert_eq!(said, right);
}

#[test]
fn nothing_overtakes_a_refused_one_not_even_a_timer() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| {
            cx.timer("t", cx.now(), &())?;
            cx.put("last", text)
        });
        bot.on_timer("t", |cx, ()| {
            let last = cx.get::<String>("last")?;
            cx.put("last", &format!("timer after {last:?}"))
        });
    });
    bot.refuse(refusal("Busy"));
    bot.says(ANN, "text");
    bot.refuse(None);
    bot.pass(Duration::from_secs(5));
    assert_eq!(bot.record("last").as_deref(), Some(r#""timer after Some(\"text\")""#));
}

#[test]
fn a_host_that_takes_nothing_is_asked_again_at_the_next_event() {
    let mut bot = counter();
    bot.refuse_requests(Some(SubmitError::Busy));
    bot.says(ANN, "a");
    bot.refuse_requests(None);
    bot.says(BEN, "b");
    bot.pass(Duration::from_secs(2));
    assert_eq!((bot.said_to(ANN), bot.said_to(BEN)), (vec!["1 a".into()], vec!["2 b".into()]));
}

#[test]
fn what_is_hopeless_is_left_out_so_that_the_rest_goes_on() {
    for refuse_at_once in [true, false] {
        let mut bot = bot(|bot| {
            bot.on_text(|cx, text| {
                cx.put(text, &1)?;
                cx.say(text)
            });
        });
        match refuse_at_once {
            true => bot.refuse_requests(Some(SubmitError::Denied)),
            false => bot.refuse(refusal("NotGranted")),
        }
        bot.says(ANN, "a");
        bot.refuse_requests(None);
        bot.refuse(None);
        bot.says(ANN, "b");
        bot.pass(Duration::from_secs(120));
        assert_eq!(bot.undone(), 0);
        assert!(said_in_log(&bot, Level::Error).contains("were left out"));
        assert_eq!(bot.said_to(ANN), ["b"]);
    }
}

#[test]
fn a_command_that_is_refused_for_itself_does_not_hold_the_rest_up() {
    let mut bot = counter();
    bot.refuse_commands(|command| matches!(command, Command::Send { to, .. } if *to == ANN));
    bot.says(ANN, "a");
    assert_eq!(bot.asks(BEN, "b"), ["2 b"]);
    assert!(said_in_log(&bot, Level::Warn).contains("a command was not carried out"));
}

#[test]
fn a_new_engine_tells_again_what_was_handled_and_it_is_not_handled_twice() {
    let mut bot = counter();
    bot.refuse(refusal("NoEngine"));
    for text in ["a", "b"] {
        bot.says(ANN, text);
    }
    bot.refuse(None);
    bot.new_engine();
    bot.says(ANN, "c");
    bot.pass(Duration::from_secs(60));
    assert_eq!(bot.said_to(ANN), ["1 a", "2 b", "3 c"]);
    assert_eq!(bot.undone(), 0);
}

#[test]
fn a_bot_that_is_not_durable_keeps_and_says_all_the_same() {
    let mut bot = TestBot::new::<Plain>("{}");
    assert_eq!(bot.asks(ANN, "a"), ["1 a"]);
    bot.crash();
    bot.write(ANN, "missed");
    bot.restart();
    assert_eq!(bot.asks(ANN, "b"), ["2 b"]);
}

struct Plain(super::super::Running);

impl crate::Plugin for Plain {
    const MANIFEST: Manifest = MANIFEST;

    fn create(host: crate::Host, config: crate::Config) -> Result<Self, crate::Error> {
        let running = super::super::Running::new(&Self::MANIFEST, host, config, |bot| {
            bot.on_text(|cx, text| {
                let count = cx.get::<u64>("count")?.unwrap_or(0) + 1;
                cx.put("count", &count)?;
                cx.say(format!("{count} {text}"))
            });
        });
        running.map(Self)
    }

    fn on_event(&mut self, event: &crate::Delivery) -> Result<(), crate::Error> {
        self.0.on_event(event);
        Ok(())
    }
}
