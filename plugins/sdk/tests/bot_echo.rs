//! The echo bot through the descriptor that its library exports.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "../../bot-echo/src/lib.rs"]
mod bot_echo;
mod support;

use ramson_abi as abi;
use ramson_wire::codec::{Encoding, encode_event};
use ramson_wire::{
    Account, Answer, Command, Done, Event, GrantSet, Message, Notice, Query, Reply, Request,
    Snapshot, Stage,
};
use support::{ALICE, BOT, CHost, message, raw_event};

/// A bot that was created, has its snapshot and knows that it wrote down
/// nothing.
fn bot() -> CHost {
    let mut host = CHost::new(bot_echo::RAMSON_PLUGIN_V1);
    assert_eq!(host.create("{}"), abi::OK);
    let snapshot = Event::Snapshot(Snapshot {
        seq: 6,
        version: "1".to_owned(),
        stage: Stage::Running,
        network: "test".to_owned(),
        home: String::new(),
        granted: GrantSet::ALL,
        accounts: vec![Account { id: BOT, name: None, read_receipts: false, typing: false }],
        conversations: Vec::new(),
        plugins: Vec::new(),
        window: None,
    });
    let payload = encode_event(&snapshot, Encoding::Bincode).unwrap();
    let first = abi::Event { seq: 6, ..raw_event(abi::EVENT_SNAPSHOT, &payload) };
    assert_eq!(host.events(&[first]), abi::OK);
    for (id, request) in host.requests() {
        if let Request::Query(Query::Records { .. }) = request {
            let answer = Answer::Records { records: Vec::new(), complete: true };
            let payload = encode_event(&Event::Reply(Reply::Ok(answer)), Encoding::Bincode);
            let payload = payload.unwrap();
            let reply =
                abi::Event { seq: 6, reply_to: id, ..raw_event(abi::EVENT_REPLY, &payload) };
            assert_eq!(host.events(&[reply]), abi::OK);
        }
    }
    host.requests();
    host
}

/// Tells it of a message, and gives what it says that it is done with.
fn told(host: &CHost, change: impl FnOnce(&mut Message)) -> Vec<Done> {
    let mut message = message("hello ☂\n\"there\"");
    change(&mut message);
    assert_eq!(host.tell(&Event::Message { account: BOT, message }), abi::OK);
    let done = |(_, request)| match request {
        Request::Done(done) => Some(done),
        _ => None,
    };
    host.requests().into_iter().filter_map(done).collect()
}

#[test]
fn it_is_durable_and_asks_for_what_it_needs() {
    let plugin = bot_echo::RAMSON_PLUGIN_V1;
    assert_ne!(plugin.flags & abi::FLAG_DURABLE, 0);
    assert_eq!(plugin.grants, abi::GRANT_READ | abi::GRANT_SEND);
}

#[test]
fn it_answers_every_text_that_somebody_wrote_as_it_is_done_with_it() {
    let mut host = bot();
    let mut done = told(&host, |_| {}).remove(0);
    // A stranger is accepted by being answered, or before where it may be.
    done.commands.retain(|it| !matches!(it.command, Command::Approve { .. }));
    assert_eq!((done.through, done.commands.len()), (Some(7), 1));
    let answer = &done.commands[0];
    assert_eq!(answer.account, BOT);
    let Command::Send { to, text, .. } = &answer.command else { panic!("{answer:?}") };
    assert_eq!((*to, text.as_str()), (ALICE, "echo: hello ☂\n\"there\""));
    host.destroy();
    assert_eq!(host.log(), "");
}

#[test]
fn it_does_not_answer_itself() {
    for change in [
        (|it| it.outgoing = true) as fn(&mut Message),
        |it| it.author = BOT,
        |it| it.notice = Some(Notice::MissedCall),
        |it| it.deleted = true,
    ] {
        let mut host = bot();
        for done in told(&host, change) {
            assert!(done.commands.is_empty(), "{done:?}");
        }
        host.destroy();
    }
}

#[test]
fn it_has_ten_lines() {
    let lines = include_str!("../../bot-echo/src/lib.rs").lines().count();
    assert!(lines <= 10, "{lines} lines");
}
