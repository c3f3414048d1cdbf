//! Strangers.

use std::time::Duration;

use ramson_wire::Command;

use super::super::testing::{ANN, BEN, TestBot, account};
use super::super::{Cx, Requests};
use super::*;

const CEM: ramson_wire::AccountId = account(0xc0);

fn with_policy(policy: Requests, granted: GrantSet) -> TestBot {
    TestBot::granting(MANIFEST, "{}", granted, move |bot| {
        bot.requests(policy);
        bot.on_text(|cx, text| if text == "quiet" { Ok(()) } else { cx.say("hi") });
    })
}

fn commands(bot: &mut TestBot) -> Vec<Command> {
    bot.commands().into_iter().map(|asked| asked.command).collect()
}

#[test]
fn an_answer_accepts_and_with_the_grant_silence_does_too() {
    for (granted, asked) in
        [(MANIFEST.grants, vec![]), (with_contacts(), vec![Command::Approve { contact: BEN }])]
    {
        let mut bot = with_policy(Requests::Accept, granted);
        assert_eq!(bot.asks(ANN, "hello"), ["hi"]);
        assert!(bot.asks(BEN, "quiet").is_empty());
        assert_eq!(commands(&mut bot), asked);
        bot.restart();
        assert_eq!(bot.asks(ANN, "hello"), ["hi"]);
        bot.says(ANN, "quiet");
        bot.knows(CEM);
        bot.says(CEM, "quiet");
        assert!(commands(&mut bot).is_empty(), "contacts are no strangers");
    }
}

#[test]
fn a_stranger_is_accepted_before_a_reaction() {
    let mut bot = TestBot::granting(MANIFEST, "{}", with_contacts(), |bot| {
        bot.on_text(|cx, _| {
            cx.react("👍")?;
            cx.say("hi")
        });
    });
    assert_eq!(bot.asks(ANN, "hello"), ["hi"]);
    assert_eq!(commands(&mut bot)[0], Command::Approve { contact: ANN });
}

#[test]
fn a_request_can_be_ignored_declined_or_blocked() {
    let blocked = Command::Block { contact: ANN, blocked: true };
    let all = [
        (Requests::Ignore, vec![]),
        (Requests::Decline, vec![Command::Decline { contact: ANN }]),
        (Requests::Block, vec![blocked]),
    ];
    for (policy, asked) in all {
        let mut bot = with_policy(policy, with_contacts());
        assert!(bot.asks(ANN, "hello").is_empty());
        assert_eq!(commands(&mut bot), asked);
        bot.knows(ANN);
        assert_eq!(bot.asks(ANN, "hello"), ["hi"], "accepted by hand");
        assert_eq!(bot.undone(), 0);
    }
}

#[test]
fn declining_without_the_grant_leaves_the_request_alone() {
    let mut bot = with_policy(Requests::Decline, MANIFEST.grants);
    assert!(bot.asks(ANN, "hello").is_empty());
    assert!(said_in_log(&bot, Level::Warn).contains("needs the grant 'contacts'"));
}

#[test]
fn a_closure_decides_and_may_say_something_or_fail() {
    let mut bot = TestBot::granting(MANIFEST, "{}", with_contacts(), |bot| {
        bot.requests(|cx: &mut Cx, message: &ramson_wire::Message| match message.text.as_deref() {
            Some("swordfish") => {
                cx.say("welcome")?;
                Ok(Requests::Accept)
            }
            Some("error") => Err("no".into()),
            _ => Ok(Requests::Ignore),
        });
        bot.on_text(|cx, _| cx.say("hi"));
    });
    assert!(bot.asks(ANN, "hello").is_empty());
    assert!(bot.asks(ANN, "hello?").is_empty());
    bot.says(ANN, "error");
    bot.pass(Duration::from_secs(6));
    assert!(said_in_log(&bot, Level::Error).ends_with("no; it is passed over"));
    assert_eq!(bot.asks(ANN, "swordfish"), ["welcome", "hi"]);
    assert_eq!(bot.asks(ANN, "hello"), ["hi"]);
}

#[test]
fn a_request_that_waited_while_the_bot_was_down_is_one_still() {
    let mut bot = with_policy(Requests::Ignore, with_contacts());
    bot.crash();
    // Told after the snapshot that has its conversation already.
    bot.write(ANN, "hello");
    bot.restart();
    assert!(bot.said().is_empty());
    assert_eq!(bot.undone(), 0);
}
