//! Time passes.

use std::time::Duration;

use ramson_testkit::Town;

use crate::bots::{Echo, Reminder};

#[test]
fn a_reminder_comes_when_its_time_has_come() {
    let town = Town::new(31);
    let bot = town.bot::<Reminder>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "7200 the train");
    ann.hears_nothing(Duration::from_secs(7_190));
    assert_eq!(ann.hears(), "the train");
    assert!(town.elapsed() < Duration::from_secs(7_260), "{:?}", town.elapsed());
}

#[test]
fn a_bot_answers_after_a_night_of_silence() {
    let town = Town::new(32);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "good night");
    assert_eq!(ann.hears(), "echo: good night");
    let before = town.now();
    town.pass(Duration::from_secs(8 * 60 * 60));
    assert_eq!(town.now() - before, 8 * 60 * 60 * 1_000);
    ann.says(&bot, "good morning");
    assert_eq!(ann.hears(), "echo: good morning");
}
