use std::time::Duration;

use ramson_sdk::bot::testing::{ANN, BEN, TestBot};
use ramson_testkit::Town;

use super::TheBot;

const MINUTE: Duration = Duration::from_secs(60);
const WHEN: &str = "when? Write it like 10m, 2h30m or 1d; /cancel ends this";

#[test]
fn reminders_are_listed_cancelled_and_said_in_their_time() {
    let mut bot = TestBot::new::<TheBot>("{}");
    assert_eq!(bot.asks(ANN, "/remind 10m tea"), ["in 10m, then: tea"]);
    assert_eq!(bot.asks(ANN, "/r 5m cake"), ["in 5m, then: cake"]);
    assert_eq!(bot.asks(BEN, "/list"), ["nothing is to come; /remind 10m tea changes that"]);
    bot.pass(MINUTE);
    assert_eq!(bot.asks(ANN, "/list"), ["2: cake (in 4m)\n1: tea (in 9m)"]);
    assert_eq!(bot.asks(ANN, "/cancel 1"), ["forgotten"]);
    let none = "nothing has the number 1; /list shows what there is";
    assert_eq!(bot.asks(ANN, "/cancel 1"), [none]);
    assert_eq!(bot.asks(ANN, "/r 4m milk"), ["in 4m, then: milk"]);
    assert_eq!(bot.asks(ANN, "/list"), ["1: milk (in 4m)\n2: cake (in 4m)"]);
    bot.pass(60 * MINUTE);
    assert_eq!(bot.said_to(ANN), ["remember: milk", "remember: cake"]);
}

#[test]
fn what_is_left_out_is_asked_for() {
    let mut bot = TestBot::new::<TheBot>("{}");
    assert_eq!(bot.asks(ANN, "/remind"), [WHEN]);
    assert_eq!(bot.asks(ANN, "soon"), [WHEN]);
    bot.restart();
    assert_eq!(bot.asks(ANN, "1h"), ["of what? /cancel ends this"]);
    assert_eq!(bot.asks(ANN, "the train\nto Ben"), ["in 1h, then: the train\nto Ben"]);
    assert_eq!(bot.asks(ANN, "/remind"), [WHEN]);
    assert_eq!(bot.asks(ANN, "2h tea and cake"), ["in 2h, then: tea and cake"]);
    assert_eq!(bot.asks(ANN, "/remind 3h"), ["of what? /cancel ends this"]);
    // That is about the list, and not about the question.
    let none = "nothing has the number 7; /list shows what there is";
    assert_eq!(bot.asks(ANN, "/cancel 7"), [none]);
    assert_eq!(bot.asks(ANN, "/cancel"), ["cancelled"]);
    assert_eq!(bot.asks(ANN, "tea"), ["/help shows what I can do"]);
    assert_eq!(bot.asks(ANN, "/remind"), [WHEN]);
    assert_eq!(bot.asks(ANN, "/remind 4h milk"), ["in 4h, then: milk"]);
    assert_eq!(bot.asks(ANN, "5h tea"), ["/help shows what I can do"]);
    let wrong = bot.asks(ANN, "/remind tea").concat();
    assert!(wrong.starts_with("'tea' does not fit [after]"), "{wrong}");
}

#[test]
fn nobody_fills_the_bot_with_reminders() {
    let mut bot = TestBot::new::<TheBot>("{}");
    for number in 1..=super::MOST {
        assert_eq!(bot.asks(ANN, &format!("/r 1h {number}")), [format!("in 1h, then: {number}")]);
        bot.pass(Duration::from_secs(5));
    }
    let full = "50 reminders wait here already; /cancel takes one away";
    assert_eq!(bot.asks(ANN, "/r 1h more"), [full]);
    let long = "that is too long to remember; at most 500 characters, please";
    assert_eq!(bot.asks(BEN, &format!("/r 1h {}", "x".repeat(501))), [long]);
    // Their own conversation has room.
    assert_eq!(bot.asks(BEN, "/r 1h tea"), ["in 1h, then: tea"]);
}

#[test]
fn a_reminder_comes_once_however_often_the_bot_crashes() {
    let town = Town::new(62);
    let bot = town.bot::<TheBot>("{}");
    let ann = town.person("Ann");
    town.faults().lose_answers(20);
    bot.crash_after(|event| event.incoming_text().is_some());
    ann.says(&bot, "/remind 30m tea");
    bot.has_stopped();
    bot.restart();
    assert_eq!(ann.hears(), "in 30m, then: tea");
    bot.crash();
    bot.restart();
    ann.hears_nothing(28 * MINUTE);
    assert_eq!(ann.hears(), "remember: tea");
    ann.hears_nothing(60 * MINUTE);
}

#[test]
fn what_was_due_while_the_bot_was_away_is_said_when_it_is_back() {
    let town = Town::new(63);
    let bot = town.bot::<TheBot>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "/remind 10m tea");
    assert_eq!(ann.hears(), "in 10m, then: tea");
    bot.crash();
    ann.hears_nothing(180 * MINUTE);
    bot.restart();
    let said = ann.hears();
    assert!(said.starts_with("remember: tea (due 2h"), "{said}");
}
