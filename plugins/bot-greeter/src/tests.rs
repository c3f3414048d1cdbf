use std::time::Duration;

use ramson_sdk::bot::testing::{ANN, BEN, TestBot, account};
use ramson_testkit::Town;

use super::TheBot;

const GREETING: &str = "Welcome.\n\nBe kind to each other.";

#[test]
fn newcomers_are_greeted_once_and_answered() {
    let mut bot = TestBot::new::<TheBot>("{}");
    assert_eq!(bot.asks(ANN, "hello"), [GREETING]);
    assert_eq!(bot.asks(ANN, "hello?"), ["/help shows what I can do"]);
    assert_eq!(bot.asks(BEN, "/rules"), [GREETING, "Be kind to each other."]);
    let help = "/help: shows this help\n/rules: says what is asked of everybody here";
    assert_eq!(bot.asks(BEN, "/help"), [help]);
    bot.knows(account(7));
    assert_eq!(bot.asks(account(7), "an old friend"), [GREETING]);
}

#[test]
fn only_who_knows_the_phrase_comes_in() {
    let mut bot = TestBot::new::<TheBot>(r#"{"phrase": "open sesame", "greeting": "Come in."}"#);
    assert!(bot.asks(ANN, "let me in").is_empty());
    assert_eq!(bot.asks(ANN, "Open Sesame, please"), ["Come in.\n\nBe kind to each other."]);
    assert_eq!(bot.asks(ANN, "thanks").len(), 1);
    assert!(bot.asks(BEN, "/help").is_empty());
}

#[test]
fn a_closed_door_lets_nobody_in_but_those_who_are_known() {
    let mut bot = TestBot::new::<TheBot>(r#"{"open": false}"#);
    assert!(bot.asks(ANN, "hello").is_empty());
    bot.knows(BEN);
    assert_eq!(bot.asks(BEN, "hello"), [GREETING]);
}

#[test]
fn no_more_come_in_than_an_hour_has_room_for() {
    let mut bot = TestBot::new::<TheBot>(r#"{"per_hour": 2}"#);
    for number in [1, 2] {
        assert_eq!(bot.asks(account(number), "hello"), [GREETING]);
    }
    bot.restart();
    assert!(bot.asks(account(3), "hello").is_empty());
    bot.pass(Duration::from_secs(60 * 60));
    assert_eq!(bot.asks(account(3), "hello again"), [GREETING]);
}

#[test]
#[should_panic(expected = "unknown field `colour`")]
fn a_word_in_the_config_that_is_not_known_stops_the_bot() {
    TestBot::new::<TheBot>(r#"{"colour": "red"}"#);
}

#[test]
fn a_crash_greets_nobody_twice_and_nobody_never() {
    let town = Town::new(61);
    let bot = town.bot::<TheBot>(r#"{"phrase": "sesame"}"#);
    let (ann, ben) = (town.person("Ann"), town.person("Ben"));
    town.faults().lose_answers(20);
    bot.crash_after(|event| event.incoming_text().is_some());
    ann.says(&bot, "sesame");
    bot.has_stopped();
    ben.says(&bot, "hello");
    bot.restart();
    assert_eq!(ann.hears(), GREETING);
    bot.crash();
    bot.restart();
    ann.says(&bot, "/rules");
    assert_eq!(ann.hears(), "Be kind to each other.");
    ben.hears_nothing(Duration::from_secs(120));
    assert!(ann.heard().is_empty());
}
