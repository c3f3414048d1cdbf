//! Dialogues.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::testing::{ANN, BEN};
use super::super::{Bot, Commands, Next};
use super::*;

#[derive(Serialize, Deserialize)]
enum Order {
    Drink,
    Sugar { drink: String },
}

#[derive(Commands)]
enum Command {
    Order,
    Help,
}

fn barista(bot: &mut Bot) {
    bot.on_command(|cx, command: Command| match command {
        Command::Order => {
            cx.begin("order", &Order::Drink)?;
            cx.say("tea or coffee?")
        }
        Command::Help => cx.say("help"),
    });
    bot.dialogue("order", |cx, state: Order, message| {
        let text = message.text.clone().unwrap_or_default();
        Ok(match state {
            Order::Drink => {
                cx.say("with sugar?")?;
                Next::Stay(Order::Sugar { drink: text })
            }
            Order::Sugar { drink } => {
                cx.say(format!("{drink}, sugar: {text}"))?;
                Next::End
            }
        })
    });
    bot.on_text(|cx, _| cx.say("try /order"));
}

#[test]
fn a_dialogue_goes_on_in_its_conversation_and_after_a_restart() {
    let mut bot = bot(barista);
    assert_eq!(bot.asks(ANN, "/order"), ["tea or coffee?"]);
    assert_eq!(bot.asks(BEN, "tea"), ["try /order"]);
    assert_eq!(bot.asks(ANN, "tea"), ["with sugar?"]);
    bot.restart();
    assert_eq!(bot.asks(ANN, "no"), ["tea, sugar: no"]);
    assert_eq!(bot.asks(ANN, "no"), ["try /order"]);
    assert!(bot.records().is_empty());
}

#[test]
fn commands_pass_a_dialogue_by_and_cancel_ends_it() {
    let mut bot = bot(barista);
    bot.says(ANN, "/order");
    assert_eq!(bot.asks(ANN, "/help"), ["help"]);
    assert_eq!(bot.asks(ANN, "tea"), ["with sugar?"]);
    assert_eq!(bot.asks(ANN, "/Cancel"), ["cancelled"]);
    assert_eq!(bot.asks(ANN, "no"), ["try /order"]);
    assert_eq!(
        bot.asks(ANN, "/cancel"),
        ["there is no command '/cancel'; there are /order, /help"]
    );
}

#[derive(Commands)]
enum WithCancel {
    Order,
    Cancel { number: u32 },
}

#[derive(Commands)]
enum WithBareCancel {
    Order,
    Cancel,
}

#[test]
fn a_bots_own_cancel_is_heard_where_it_is_whole() {
    let mut numbered = bot(|bot| {
        barista(bot);
        bot.on_command(|cx, command: WithCancel| match command {
            WithCancel::Order => Ok(()),
            WithCancel::Cancel { number } => cx.say(format!("without {number}")),
        });
    });
    numbered.says(ANN, "/order");
    assert_eq!(numbered.asks(ANN, "/cancel 3"), ["without 3"]);
    assert_eq!(numbered.asks(ANN, "tea"), ["with sugar?"]);
    assert_eq!(numbered.asks(ANN, "/cancel"), ["cancelled"]);
    let missing = "<number> is missing; write it like: /cancel <number>";
    assert_eq!(numbered.asks(ANN, "/cancel"), [missing]);
    let mut bare = bot(|bot| {
        barista(bot);
        bot.on_command(|cx, _: WithBareCancel| cx.say("it goes on"));
    });
    bare.says(ANN, "/order");
    assert_eq!(bare.asks(ANN, "/cancel"), ["it goes on"]);
    assert_eq!(bare.asks(ANN, "tea"), ["with sugar?"]);
}

#[test]
fn only_the_bare_word_cancels() {
    let mut bot = bot(barista);
    bot.says(ANN, "/order");
    let none = "there is no command '/cancel'; there are /order, /help";
    assert_eq!(bot.asks(ANN, "/cancel 3"), [none]);
    assert_eq!(bot.asks(ANN, "tea"), ["with sugar?"]);
    assert_eq!(bot.asks(ANN, " /cancel\n"), ["cancelled"]);
}

#[test]
fn nobody_is_caught_in_a_dialogue_for_ever() {
    let mut bot = bot(|bot| {
        barista(bot);
        bot.dialogues_expire(Duration::from_secs(3_600));
    });
    bot.says(ANN, "/order");
    bot.says(BEN, "/order");
    bot.pass(Duration::from_secs(3_599));
    assert_eq!(bot.asks(ANN, "tea"), ["with sugar?"]);
    bot.pass(Duration::from_secs(3_601));
    assert_eq!(bot.asks(ANN, "no"), ["try /order"]);
    assert_eq!(bot.records().len(), 1, "Ben's");
    bot.restart();
    assert!(bot.records().is_empty());
}

#[test]
fn a_dialogue_that_another_version_began_ends() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| match text {
            "gone" => cx.begin("gone", &1),
            "other" => cx.begin("numbers", "no number"),
            _ => cx.say("text"),
        });
        bot.dialogue("numbers", |_, number: u64, _| Ok(Next::Stay(number)));
    });
    for name in ["gone", "other"] {
        bot.says(ANN, name);
        assert_eq!(bot.asks(ANN, "hello"), ["text"], "{name}");
        assert!(said_in_log(&bot, Level::Warn).contains("ended"));
    }
    assert!(bot.records().is_empty());
}

#[test]
fn a_dialogue_can_begin_another_one() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, _| cx.begin("first", &()));
        bot.dialogue("first", |cx, (), _| {
            cx.begin("second", &())?;
            Ok(Next::End)
        });
        bot.dialogue("second", |cx, (), _| {
            cx.say("second")?;
            Ok(Next::End)
        });
    });
    bot.says(ANN, "a");
    bot.says(ANN, "b");
    assert_eq!(bot.asks(ANN, "c"), ["second"]);
    assert!(bot.records().is_empty());
}
