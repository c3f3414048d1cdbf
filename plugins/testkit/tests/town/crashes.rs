//! A bot that ends in the middle.

use std::time::Duration;

use ramson_testkit::Town;

use crate::bots::{Counter, Echo};

#[test]
fn what_came_while_a_bot_was_away_is_answered_when_it_is_back() {
    let town = Town::new(21);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "one");
    assert_eq!(ann.hears(), "echo: one");
    bot.crash();
    assert!(!bot.is_running());
    ann.says(&bot, "two");
    ann.hears_nothing(Duration::from_secs(60));
    bot.restart();
    assert_eq!(ann.hears(), "echo: two");
}

#[test]
fn a_bot_that_never_loses_count_does_not_lose_it_in_a_crash() {
    for (seed, after) in [(22, false), (23, true)] {
        let town = Town::new(seed);
        let bot = town.bot::<Counter>("{}");
        let ann = town.person("Ann");
        ann.says(&bot, "a");
        assert_eq!(ann.hears(), "1: a");
        let is_b = |event: &ramson_sdk::Delivery| {
            event.incoming_text().is_some_and(|(_, _, text)| text == "b")
        };
        match after {
            true => bot.crash_after(is_b),
            false => bot.crash_before(is_b),
        }
        ann.says(&bot, "b");
        bot.has_stopped();
        ann.says(&bot, "c");
        bot.restart();
        assert_eq!(ann.hears(), "2: b");
        assert_eq!(ann.hears(), "3: c");
        ann.hears_nothing(Duration::from_secs(60));
        let is_told_b = |line: &&String| line.contains("Counter: hears") && line.contains("\"b\"");
        let told = town.record().iter().filter(is_told_b).count();
        assert_eq!(told, if after { 2 } else { 1 });
    }
}

#[test]
fn a_crash_at_any_moment_costs_no_answer_and_doubles_none() {
    let town = Town::new(24);
    let bot = town.bot::<Counter>("{}");
    let ann = town.person("Ann");
    let mut wanted = Vec::new();
    for number in 1..=12_u64 {
        ann.says(&bot, "x");
        wanted.push(format!("{number}: x"));
        // Somewhere between the text's way there and the answer's way back.
        town.pass(Duration::from_millis(190 * number));
        bot.crash();
        bot.restart();
    }
    let heard: Vec<_> = wanted.iter().map(|_| ann.hears()).collect();
    assert_eq!(heard, wanted);
    ann.hears_nothing(Duration::from_secs(60));
}

#[test]
fn a_bot_that_is_restarted_in_good_order_goes_on() {
    let town = Town::new(25);
    let bot = town.bot::<Counter>("{}");
    let ann = town.person("Ann");
    for (number, text) in (1..).zip(["a", "b", "c"]) {
        ann.says(&bot, text);
        assert_eq!(ann.hears(), format!("{number}: {text}"));
        bot.restart();
    }
}
