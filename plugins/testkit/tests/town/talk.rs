//! People and bots who talk.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ramson_sdk::{Grant, GrantSet, Level};
use ramson_testkit::{Resident as _, Town};

use crate::bots::Echo;

#[test]
fn a_bot_answers_and_is_quoted() {
    let town = Town::new(1);
    let bot = town.bot::<Echo>(r#"{"prefix": "e: "}"#);
    let ann = town.person("Ann");
    let said = ann.says(&bot, "hello");
    let got = ann.gets();
    assert_eq!(got.text.as_deref(), Some("e: hello"));
    assert_eq!(got.author, bot.id());
    assert_eq!(got.quote.map(|quote| quote.author), Some(ann.id()));
    ann.is_stored(&said);
    assert_eq!(ann.texts(&bot), ["hello", "e: hello"]);
    assert_eq!(bot.log(), [(Level::Info, "heard hello".to_owned())]);
}

#[test]
fn two_people_talk_to_a_bot_at_once_and_to_each_other() {
    let town = Town::new(2);
    let bot = town.bot::<Echo>("{}");
    let (ann, ben) = (town.person("Ann"), town.person("Ben"));
    for number in 0..5 {
        ann.says(&bot, &format!("a{number}"));
        ben.says(&bot, &format!("b{number}"));
    }
    for number in 0..5 {
        assert_eq!(ann.hears(), format!("echo: a{number}"));
        assert_eq!(ben.hears(), format!("echo: b{number}"));
    }
    ann.says(&ben, "did it answer you, too?");
    assert_eq!(ben.hears(), "did it answer you, too?");
    assert!(ann.heard().is_empty());
}

#[test]
fn bots_hear_only_what_is_said_to_them() {
    let town = Town::new(3);
    let (one, other) = (town.bot::<Echo>(r#"{"prefix": "1 "}"#), town.bot::<Echo>("{}"));
    let ann = town.person("Ann");
    ann.says(&one, "x");
    assert_eq!(ann.hears(), "1 x");
    ann.says(&other, "y");
    assert_eq!(ann.hears(), "echo: y");
    assert_eq!(other.log(), [(Level::Info, "heard y".to_owned())]);
}

#[test]
fn reactions_go_both_ways() {
    let town = Town::new(4);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "hello");
    let got = ann.gets();
    ann.reacts(&got, "🎉");
    let said = ann.says(&bot, "like this");
    assert_eq!(ann.reaction(&said), "👍");
}

#[test]
fn a_bot_that_was_given_less_is_refused() {
    let town = Town::new(5);
    let bot = town.bot_granted::<Echo>("{}", GrantSet::NONE.with(Grant::Read));
    let ann = town.person("Ann");
    ann.says(&bot, "hello");
    ann.hears_nothing(std::time::Duration::from_secs(60));
    let log = bot.log();
    assert!(log.iter().any(|(level, _)| *level == Level::Error), "{log:?}");
}

#[test]
fn errors_are_logged_and_a_panic_ends_the_bot_until_it_is_restarted() {
    let town = Town::new(6);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "fail");
    ann.says(&bot, "still here?");
    assert_eq!(ann.hears(), "echo: still here?");
    assert!(bot.log().contains(&(Level::Error, "somebody asked for an error".to_owned())));
    ann.says(&bot, "panic");
    bot.has_stopped();
    assert_eq!(bot.failure().as_deref(), Some("it panicked: somebody asked for it"));
    bot.restart();
    assert_eq!(bot.failure(), None);
    ann.says(&bot, "and now?");
    assert_eq!(ann.hears(), "echo: and now?");
}

#[test]
fn a_test_that_waits_in_vain_says_what_happened() {
    let town = Town::new(7);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "panic");
    let failed = catch_unwind(AssertUnwindSafe(|| ann.hears())).unwrap_err();
    let text = failed.downcast::<String>().unwrap();
    for part in [
        "Ann heard nothing within 300s",
        "the town of seed 7",
        "everything works",
        "The bot 'Echo': it panicked: somebody asked for it",
        "Ann: writes m1-",
        "Echo: hears m1-",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn a_seed_tells_the_whole_story() {
    let story = |seed| {
        let town = Town::new(seed);
        let bot = town.bot::<Echo>("{}");
        let (ann, ben) = (town.person("Ann"), town.person("Ben"));
        town.faults().lose_answers(20);
        for number in 0..3 {
            ann.says(&bot, &format!("a{number}"));
            ben.says(&bot, &format!("b{number}"));
        }
        (0..3).for_each(|_| drop((ann.hears(), ben.hears())));
        bot.crash();
        bot.restart();
        ann.says(&bot, "again");
        ann.hears();
        town.record()
    };
    let (one, other) = (story(8), story(8));
    for (number, (one, other)) in one.iter().zip(&other).enumerate() {
        assert_eq!(one, other, "line {number}");
    }
    assert_eq!(one.len(), other.len());
    assert_ne!(one, story(9));
}
