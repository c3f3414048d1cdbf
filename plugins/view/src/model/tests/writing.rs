use ramson_wire::{Change, MessageState, Refusal};

use super::*;
use crate::Anchor;
use crate::composer::Edit;

fn write(desk: &mut Desk, text: &str) {
    desk.act(Action::Edit(Edit::Insert(text.to_owned())));
}

fn draft(desk: &Desk) -> Option<String> {
    desk.world.conversation(desk.ann, &desk.bob.into()).unwrap().draft.clone()
}

fn typing(desk: &Desk) -> Vec<bool> {
    desk.commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::SetTyping { typing, .. } => Some(typing),
            _ => None,
        })
        .collect()
}

#[test]
fn what_is_sent_is_there_at_once_and_the_line_is_empty() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "  hello\nthere ");
    desk.act(Action::Send);
    assert_eq!(texts(&desk.items()), ["hello\nthere"]);
    assert_eq!(desk.thread().composer.text(), "");
    assert_eq!(desk.thread().anchor, Anchor::End);
    desk.act(Action::Send);
    assert_eq!(texts(&desk.items()).len(), 1);
}

#[test]
fn two_slashes_send_one() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "//quit");
    desk.act(Action::Send);
    assert_eq!(texts(&desk.items()), ["/quit"]);
}

#[test]
fn an_answer_names_what_it_answers() {
    let mut desk = desk();
    let asked = desk.world.receive(desk.ann, desk.bob, "when?");
    desk.open(desk.bob);
    desk.act(Action::ReplyTo(asked));
    desk.act(Action::CancelReply);
    desk.act(Action::ReplyTo(asked));
    write(&mut desk, "at noon");
    desk.act(Action::Send);
    let Some(Item::Message(bubble)) = desk.items().pop() else { panic!("a message") };
    let quote = bubble.quote.unwrap();
    assert_eq!((quote.name.as_str(), quote.text.as_deref()), ("Bob", Some("when?")));
    assert_eq!(quote.id, Some(asked));
    assert_eq!(desk.thread().reply_to, None);
}

#[test]
fn what_could_not_be_sent_is_there_again() {
    let mut desk = desk();
    let asked = desk.world.receive(desk.ann, desk.bob, "when?");
    desk.open(desk.bob);
    desk.act(Action::ReplyTo(asked));
    write(&mut desk, "at noon");
    desk.world.refusing =
        Some(Refusal { kind: "Full".to_owned(), text: "The outbox is full".to_owned() });
    desk.act(Action::Send);
    assert_eq!(desk.note(), "The outbox is full");
    assert_eq!(desk.thread().composer.text(), "at noon");
    assert_eq!(desk.thread().reply_to, Some(asked));
    desk.world.refusing = None;
    desk.act(Action::Send);
    assert_eq!(texts(&desk.items()), ["when?", "at noon"]);
}

#[test]
fn what_could_not_be_sent_from_a_conversation_that_was_left_is_its_draft() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "at noon");
    let refusal = Refusal { kind: "Full".to_owned(), text: "The outbox is full".to_owned() };
    desk.seat.act(Action::Send, desk.world.now);
    desk.seat.act(Action::CloseThread, desk.world.now);
    for (id, request) in desk.seat.port.take() {
        let reply = match &request {
            Request::Command(it) if matches!(it.command, Command::Send { .. }) => {
                ramson_wire::Reply::Refused(refusal.clone())
            }
            _ => desk.world.carry_out(request),
        };
        desk.seat.catch_up(&desk.world);
        let event = ramson_wire::Event::Reply(reply);
        desk.seat.model.hear(0, id, event, desk.world.now, &mut desk.seat.port);
    }
    desk.settle();
    assert_eq!(draft(&desk).as_deref(), Some("at noon"));
}

#[test]
fn a_text_that_is_too_long_stays() {
    let mut desk = desk();
    desk.open(desk.bob);
    desk.act(Action::Edit(Edit::Paste("é".repeat(2_003))));
    desk.act(Action::Send);
    assert_eq!(desk.note(), "The text is too long by 3 letters; send it in parts");
    assert_eq!(desk.thread().composer.count(), 2_003);
}

#[test]
fn groups_are_not_written_to() {
    let mut desk = desk();
    desk.act(Action::Open(ConversationId(format!("03{}", "ab".repeat(32)))));
    write(&mut desk, "hello");
    desk.act(Action::Send);
    assert_eq!(desk.note(), "Groups and communities can only be read so far");
    assert_eq!(desk.thread().composer.text(), "hello");
}

#[test]
fn a_draft_is_kept_a_second_after_the_last_key() {
    let mut desk = desk();
    desk.open(desk.bob);
    let now = desk.world.now;
    desk.seat.act(Action::Edit(Edit::Insert("a".to_owned())), now);
    desk.seat.act(Action::Edit(Edit::Insert("b".to_owned())), now + 900);
    desk.seat.tick(now + 1_500);
    desk.settle();
    assert_eq!(draft(&desk), None);
    desk.seat.tick(now + 1_900);
    desk.settle();
    assert_eq!(draft(&desk).as_deref(), Some("ab"));
    // What is written meanwhile is not overtaken by what was kept.
    assert_eq!(desk.thread().composer.text(), "ab");
    desk.act(Action::Send);
    assert_eq!(draft(&desk), None);
}

#[test]
fn a_draft_is_kept_when_the_conversation_is_left() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "half");
    desk.open(desk.echo);
    assert_eq!(draft(&desk).as_deref(), Some("half"));
    let row = desk.row(desk.bob);
    assert_eq!((row.preview.as_str(), row.shows), ("half", crate::list::Shows::Draft));
    desk.open(desk.bob);
    assert_eq!(desk.thread().composer.text(), "half");
    write(&mut desk, "");
    desk.act(Action::Edit(Edit::Clear));
    desk.act(Action::CloseThread);
    assert_eq!(draft(&desk), None);
}

#[test]
fn what_is_written_to_a_stranger_is_there_again() {
    let mut desk = desk();
    let stranger: AccountId = format!("05{}", "ef".repeat(32)).parse().unwrap();
    desk.open(stranger);
    write(&mut desk, "half");
    desk.open(desk.bob);
    desk.open(stranger);
    assert_eq!(desk.thread().composer.text(), "half");
    assert!(!desk.commands().iter().any(|it| matches!(it, Command::SetDraft { .. })));
    desk.act(Action::Send);
    desk.open(desk.bob);
    desk.act(Action::RemoveContact(stranger));
    desk.open(stranger);
    assert_eq!(desk.thread().composer.text(), "");
}

#[test]
fn a_draft_of_another_ui_is_shown_unless_something_is_written_here() {
    let mut desk = desk();
    desk.open(desk.bob);
    let set = |desk: &mut Desk, text: &str| {
        let (ann, bob) = (desk.ann, desk.bob.into());
        desk.world.change(ann, &bob, |it| it.draft = Some(text.to_owned()));
        desk.settle();
    };
    set(&mut desk, "from the other");
    assert_eq!(desk.thread().composer.text(), "from the other");
    write(&mut desk, "!");
    set(&mut desk, "later");
    assert_eq!(desk.thread().composer.text(), "from the other!");
}

#[test]
fn an_earlier_draft_that_comes_back_does_not_overtake_what_is_written() {
    let mut desk = desk();
    desk.open(desk.bob);
    let now = desk.world.now;
    desk.seat.act(Action::Edit(Edit::Insert("a".to_owned())), now);
    desk.seat.tick(now + 1_000);
    desk.seat.act(Action::Edit(Edit::Insert("b".to_owned())), now + 1_100);
    desk.seat.tick(now + 2_100);
    desk.settle();
    assert_eq!(desk.thread().composer.text(), "ab");
    assert_eq!(draft(&desk).as_deref(), Some("ab"));
}

#[test]
fn a_draft_does_not_come_back_with_the_message_that_it_became() {
    let mut desk = desk();
    desk.open(desk.bob);
    let now = desk.world.now;
    desk.seat.act(Action::Edit(Edit::Insert("a".to_owned())), now);
    desk.seat.tick(now + 1_000);
    desk.settle();
    let before = desk.world.conversation(desk.ann, &desk.bob.into()).unwrap().clone();
    assert_eq!(before.draft.as_deref(), Some("a"));
    desk.seat.act(Action::Send, now + 1_100);
    // The message is told of before the draft is gone.
    let event = ramson_wire::Event::Conversation { account: desk.ann, conversation: before };
    let seq = desk.world.seq() + 1;
    desk.seat.model.hear(seq, 0, event, now + 1_200, &mut desk.seat.port);
    assert_eq!(desk.thread().composer.text(), "");
}

#[test]
fn the_peer_is_told_who_types_and_that_they_stopped() {
    let mut desk = desk();
    desk.open(desk.bob);
    let now = desk.world.now;
    for after in [0, 1_000, 9_000, 10_500] {
        desk.seat.act(Action::Edit(Edit::Insert("x".to_owned())), now + after);
    }
    assert_eq!(typing(&desk), [true, true]);
    desk.seat.tick(now + 15_499);
    assert_eq!(typing(&desk), [true, true]);
    desk.seat.tick(now + 15_500);
    assert_eq!(typing(&desk), [true, true, false]);
    desk.seat.tick(now + 60_000);
    assert_eq!(typing(&desk), [true, true, false]);
}

#[test]
fn typing_stops_with_the_text_and_with_the_conversation() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "x");
    desk.act(Action::Edit(Edit::Clear));
    assert_eq!(typing(&desk), [true, false]);
    write(&mut desk, "x");
    desk.act(Action::CloseThread);
    assert_eq!(typing(&desk), [true, false, true, false]);
    // A message ends it by itself.
    desk.open(desk.bob);
    write(&mut desk, "y");
    desk.act(Action::Send);
    desk.act(Action::CloseThread);
    assert_eq!(typing(&desk).len(), 5);
}

#[test]
fn nobody_is_told_of_typing_who_should_not_be() {
    let mut silent = desk();
    silent.act(Action::SetPrivacy { read_receipts: None, typing: Some(false) });
    silent.open(silent.bob);
    write(&mut silent, "x");
    assert!(typing(&silent).is_empty());

    let mut stranger = desk();
    let who = stranger.world.add_request(stranger.ann, "Cleo", "hello");
    stranger.settle();
    stranger.open(who);
    write(&mut stranger, "x");
    assert!(typing(&stranger).is_empty());

    let mut command = desk();
    command.open(command.bob);
    write(&mut command, "/help");
    command.act(Action::Open(command.ann.into()));
    write(&mut command, "note");
    assert!(typing(&command).is_empty());
}

#[test]
fn a_message_that_failed_can_be_sent_once_more() {
    let mut desk = desk();
    let id = desk.world.send(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    desk.act(Action::Retry(id));
    assert_eq!(texts(&desk.items()).len(), 1);
    let state = MessageState::Failed { reason: "no path".to_owned() };
    desk.world.alter(desk.ann, id, Change::State { state });
    desk.settle();
    desk.act(Action::Retry(id));
    assert_eq!(texts(&desk.items()), ["hello"]);
    assert!(desk.thread().message(id).is_none());
}

#[test]
fn what_was_sent_can_be_gone_back_to_after_the_conversation_was_left() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "hello");
    desk.act(Action::Send);
    desk.open(desk.echo);
    desk.open(desk.bob);
    desk.act(Action::Edit(Edit::Older));
    assert_eq!(desk.thread().composer.text(), "hello");
}

#[test]
fn people_are_offered_for_mentions() {
    let mut desk = desk();
    desk.open(desk.bob);
    write(&mut desk, "@ech");
    let completion = desk.thread().composer.completion().expect("there are candidates");
    assert!(completion.candidates[0].label.contains("Echo"));
    desk.act(Action::Edit(Edit::Accept));
    desk.act(Action::Send);
    assert!(texts(&desk.items())[0].starts_with("@Echo"));
}
