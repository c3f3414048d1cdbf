//! The echo bot through the descriptor that its library exports.

#[path = "../../bot-echo/src/lib.rs"]
mod bot_echo;
mod support;

use ramson_abi as abi;
use support::{ALICE, BOT, CHost, message, text};

use ramson_wire::{ConversationId, Event, Message};

fn told(host: &CHost, change: impl FnOnce(&mut Message)) -> abi::Status {
    let mut message = message("hello");
    change(&mut message);
    host.tell(&Event::Message { account: BOT, message })
}

#[test]
fn it_answers_every_text_that_somebody_wrote() {
    let mut host = CHost::new(bot_echo::RAMSON_PLUGIN_V1);
    assert_eq!(host.create("{}"), abi::OK);
    assert_eq!(host.tell(&text("hello ☂\n\"there\"")), abi::OK);
    assert_eq!(host.sent(), [(BOT, ALICE, "echo: hello ☂\n\"there\"".to_owned())]);
    host.destroy();
    assert_eq!(host.log(), "");
}

#[test]
fn it_does_not_answer_itself() {
    let mut host = CHost::new(bot_echo::RAMSON_PLUGIN_V1);
    host.create("{}");
    assert_eq!(told(&host, |it| it.outgoing = true), abi::OK);
    assert_eq!(told(&host, |it| it.author = BOT), abi::OK);
    assert_eq!(told(&host, |it| it.notice = Some(ramson_wire::Notice::MissedCall)), abi::OK);
    assert_eq!(host.sent(), []);
    host.destroy();
}

#[test]
fn it_says_so_when_it_cannot_answer() {
    let mut host = CHost::new(bot_echo::RAMSON_PLUGIN_V1);
    host.create("{}");
    let room = ConversationId("https://example.org/room".to_owned());
    assert_eq!(told(&host, |it| it.conversation = room), abi::FAILED);
    host.answers(abi::AGAIN);
    assert_eq!(host.tell(&text("hello")), abi::FAILED);
    assert!(host.log().contains("too many requests"), "{}", host.log());
    host.destroy();
}

#[test]
fn it_has_fifteen_lines() {
    let lines = include_str!("../../bot-echo/src/lib.rs").lines().count();
    assert!(lines <= 15, "{lines} lines");
}
