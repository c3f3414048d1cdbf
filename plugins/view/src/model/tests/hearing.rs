use ramson_wire::{Change, Event, Lagged, MessageState, NetworkEvent, Notice, Reaction, Stage};

use super::*;
use crate::list::Shows;
use crate::thread::Mark;

#[test]
fn a_message_is_a_row_and_a_note() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "good  morning\nall");
    desk.settle();
    let row = desk.row(desk.bob);
    assert_eq!((row.name.as_str(), row.initials.as_str()), ("Bob", "B"));
    assert_eq!((row.preview.as_str(), row.shows), ("good morning all", Shows::Message));
    assert_eq!((row.unread, row.is_unread, row.time.as_str()), (1, true, "12:00"));
    assert_eq!(desk.note(), "Bob: good morning all");
    assert_eq!(desk.seat.model.unread(), 1);
    assert_eq!(desk.rows()[0].id, desk.bob.into());
}

#[test]
fn own_messages_say_so_in_the_list() {
    let mut desk = desk();
    desk.world.send(desk.ann, desk.bob, "hello");
    desk.settle();
    assert_eq!(desk.row(desk.bob).preview, "You: hello");
    assert!(desk.seat.model.notes.all().is_empty());
}

#[test]
fn pinned_conversations_stand_on_top_and_hidden_ones_nowhere() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "1");
    desk.world.receive(desk.ann, desk.echo, "2");
    desk.act(Action::Pin { conversation: desk.bob.into(), pinned: true });
    assert_eq!(desk.rows()[0].id, desk.bob.into());
    assert!(desk.rows()[0].pinned);
    desk.act(Action::Pin { conversation: desk.echo.into(), pinned: true });
    assert_eq!(desk.rows()[0].id, desk.echo.into());
    desk.act(Action::Hide { conversation: desk.echo.into(), hidden: true });
    assert_eq!(desk.rows().len(), 1);
    let hidden = Filter { shelf: crate::Shelf::Hidden, ..Filter::default() };
    assert_eq!(list::listed(&desk.seat.model, &hidden).count(), 1);
}

#[test]
fn a_stranger_is_a_request_and_not_a_row() {
    let mut desk = desk();
    let stranger = desk.world.add_request(desk.ann, "Cleo", "may I?");
    desk.settle();
    assert_eq!(desk.seat.model.requests(), 1);
    assert_eq!(desk.rows().len(), 2);
    assert_eq!(desk.note(), "Cleo would like to write to you");
    desk.act(Action::Approve(stranger));
    assert_eq!((desk.seat.model.requests(), desk.rows().len()), (0, 3));
}

#[test]
fn names_are_nicknames_then_names_then_ids() {
    let mut desk = desk();
    let nobody = desk.world.add_contact(desk.ann, "x");
    desk.world.change(desk.ann, &nobody.into(), |it| it.name = None);
    desk.act(Action::SetNickname { contact: desk.bob, nickname: Some(" Bobby ".to_owned()) });
    let model = &desk.seat.model;
    assert_eq!(model.name_of(&desk.bob), "Bobby");
    assert_eq!(model.name_of(&nobody), nobody.short());
    assert_eq!(model.name_of(&desk.ann), "You");
    assert_eq!(model.title_of(&desk.ann.into()), "Note to self");
    assert_eq!(model.own_name(&desk.ann), "Ann");
    desk.act(Action::SetNickname { contact: desk.bob, nickname: Some(" ".to_owned()) });
    assert_eq!(desk.seat.model.name_of(&desk.bob), "Bob");
}

#[test]
fn the_list_is_searched_by_all_words() {
    let mut desk = desk();
    desk.act(Action::SetNickname { contact: desk.echo, nickname: Some("The Machine".to_owned()) });
    for (words, found) in [("mach the", 1), ("echo", 1), ("bob echo", 0), ("  ", 2), ("05", 2)] {
        let filter = Filter { words: words.to_owned(), ..Filter::default() };
        assert_eq!(list::listed(&desk.seat.model, &filter).count(), found, "{words}");
    }
}

#[test]
fn states_of_a_message_never_go_back() {
    let mut desk = desk();
    desk.open(desk.bob);
    let id = desk.world.send(desk.ann, desk.bob, "hello");
    desk.settle();
    let mark = |desk: &Desk| match desk.items().pop() {
        Some(Item::Message(bubble)) => bubble.mark,
        other => panic!("{other:?}"),
    };
    assert_eq!(mark(&desk), Some(Mark::Queued));
    let delayed = Change::Delayed { reason: "no path".to_owned(), retry_at: 9 };
    desk.world.alter(desk.ann, id, delayed);
    desk.settle();
    assert!(matches!(mark(&desk), Some(Mark::Delayed { .. })));
    desk.world.alter(desk.ann, id, Change::State { state: MessageState::Read });
    let stored = Change::Stored { hash: "h".to_owned(), nodes: vec!["n".to_owned()] };
    desk.world.alter(desk.ann, id, stored);
    desk.settle();
    assert_eq!(mark(&desk), Some(Mark::Read));
    assert_eq!(desk.thread().held.get(id).unwrap().nodes, ["n"]);
}

#[test]
fn a_deleted_message_says_so_everywhere() {
    let mut desk = desk();
    let id = desk.world.receive(desk.ann, desk.bob, "oh no");
    desk.open(desk.bob);
    desk.world.alter(desk.ann, id, Change::Deleted);
    let reaction = Reaction { author: desk.bob, emoji: "👍".to_owned(), at: 1 };
    desk.world.alter(desk.ann, id, Change::Reaction { reaction, removed: false });
    desk.settle();
    let Some(Item::Message(bubble)) = desk.items().pop() else { panic!("a message") };
    assert!(bubble.deleted && bubble.body.is_empty() && bubble.reactions.is_empty());
    assert_eq!(desk.row(desk.bob).preview, "Message deleted");
}

#[test]
fn when_the_newest_message_goes_the_row_shows_the_one_before() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "first");
    let id = desk.world.receive(desk.ann, desk.bob, "second");
    desk.settle();
    assert_eq!(desk.row(desk.bob).preview, "second");
    desk.world.remove(desk.ann, id, true);
    desk.settle();
    assert_eq!(desk.row(desk.bob).preview, "first");
}

#[test]
fn reactions_are_counted_by_emoji() {
    let mut desk = desk();
    let id = desk.world.receive(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    for (author, emoji, at) in [(desk.bob, "👍", 1), (desk.ann, "👍", 2), (desk.bob, "🎉", 3)]
    {
        let reaction = Reaction { author, emoji: emoji.to_owned(), at };
        desk.world.alter(desk.ann, id, Change::Reaction { reaction, removed: false });
    }
    desk.settle();
    let Some(Item::Message(bubble)) = desk.items().pop() else { panic!("a message") };
    let lines: Vec<_> =
        bubble.reactions.iter().map(|it| (it.emoji.as_str(), it.count, it.mine)).collect();
    assert_eq!(lines, [("👍", 2, true), ("🎉", 1, false)]);
    assert_eq!(bubble.reactions[0].names, ["Bob", "You"]);
}

#[test]
fn typing_ends_by_itself_or_with_a_message() {
    let mut desk = desk();
    let (account, conversation) = (desk.ann, ConversationId::from(desk.bob));
    let typing = Event::Typing { account, conversation: conversation.clone(), typing: true };
    desk.world.tell(typing.clone());
    desk.settle();
    assert_eq!(desk.row(desk.bob).shows, Shows::Typing);
    let ends = desk.seat.model.next_tick().unwrap();
    assert_eq!(ends, desk.world.now + 15_000);
    desk.seat.tick(ends);
    assert!(!desk.row(desk.bob).typing);
    desk.world.tell(typing);
    desk.settle();
    desk.world.receive(desk.ann, desk.bob, "there");
    desk.settle();
    assert!(!desk.row(desk.bob).typing);
}

#[test]
fn muted_and_blocked_conversations_are_not_noted() {
    let mut desk = desk();
    let far = desk.world.now + 1_000_000;
    desk.act(Action::Mute { conversation: desk.bob.into(), until: far });
    desk.act(Action::Block { contact: desk.echo, blocked: true });
    desk.world.receive(desk.ann, desk.bob, "hello");
    desk.world.receive(desk.ann, desk.echo, "hello");
    desk.settle();
    assert!(desk.seat.model.notes.all().is_empty());
    assert!(desk.row(desk.bob).muted);
    assert_eq!(desk.rows().len(), 1);
}

#[test]
fn a_message_for_another_account_names_that_account() {
    let mut desk = desk();
    let work = desk.world.add_account("Work");
    let peer = desk.world.add_contact(work, "Peer");
    desk.world.receive(work, peer, "hello");
    desk.settle();
    assert_eq!(desk.note(), "New message for Work");
    desk.act(Action::SwitchAccount(work));
    assert_eq!(desk.row(peer).preview, "hello");
    assert_eq!(desk.seat.model.name_of(&work), "You");
}

#[test]
fn an_account_that_goes_takes_its_conversation_along() {
    let mut desk = desk();
    let work = desk.world.add_account("Work");
    desk.settle();
    desk.open(desk.bob);
    desk.act(Action::RemoveAccount(desk.ann));
    assert_eq!(desk.seat.model.account, Some(work));
    assert!(desk.seat.model.open.is_none());
    assert!(desk.rows().is_empty());
}

#[test]
fn a_conversation_that_goes_is_closed() {
    let mut desk = desk();
    desk.open(desk.bob);
    desk.act(Action::RemoveContact(desk.bob));
    assert!(desk.seat.model.open.is_none());
    assert_eq!(desk.rows().len(), 1);
    assert_eq!(desk.note(), "The contact was removed");
}

#[test]
fn notices_are_sentences_with_names() {
    let mut desk = desk();
    let mut message = desk.world.blank(desk.ann, &desk.bob.into());
    message.author = desk.bob;
    let setting = ramson_wire::Disappearing::AfterRead(86_400);
    message.notice = Some(Notice::Timer { setting });
    desk.world.put(desk.ann, message);
    desk.open(desk.bob);
    let Some(Item::Notice { text, .. }) = desk.items().pop() else { panic!("a notice") };
    assert_eq!(text, "Bob set messages to disappear 1 day after they are read");
}

#[test]
fn trouble_of_the_engine_is_told() {
    let mut desk = desk();
    let what = NetworkEvent::StoreTrouble { reason: "the disk is full".to_owned() };
    desk.world.tell(Event::Network { what });
    desk.settle();
    let note = desk.seat.model.notes.newest().unwrap();
    assert_eq!(
        (note.text.as_str(), note.good),
        ("The store cannot be written: the disk is full", false)
    );
}

#[test]
fn how_the_network_is_follows_its_events_once_it_was_asked() {
    let mut desk = desk();
    desk.world.tell(Event::Network { what: NetworkEvent::Nodes { count: 3 } });
    desk.settle();
    assert!(desk.seat.model.network.is_none());
    desk.act(Action::AskNetwork);
    desk.world.network.nodes = 99;
    desk.world.tell(Event::Network { what: NetworkEvent::Nodes { count: 99 } });
    desk.settle();
    assert_eq!(desk.seat.model.network.as_ref().unwrap().nodes, 99);
}

#[test]
fn after_a_gap_the_snapshot_says_what_is_true() {
    let mut desk = desk();
    let id = desk.world.receive(desk.ann, desk.bob, "one");
    desk.world.receive(desk.ann, desk.bob, "two");
    desk.open(desk.bob);
    desk.act(Action::Edit(crate::composer::Edit::Insert("unsent".to_owned())));
    // These are not heard.
    desk.world.remove(desk.ann, id, false);
    desk.world.receive(desk.ann, desk.bob, "three");
    desk.world.change(desk.ann, &desk.echo.into(), |it| it.blocked = true);
    let lagged = Event::Lagged(Lagged { skipped: 5 });
    desk.seat.model.hear(0, 0, lagged, desk.world.now, &mut desk.seat.port);
    desk.seat.renew(&desk.world);
    desk.settle();
    assert_eq!(texts(&desk.items()), ["two", "three"]);
    assert_eq!(desk.thread().composer.text(), "unsent");
    assert_eq!(desk.rows().len(), 1);
}

#[test]
fn conversations_that_are_too_many_for_a_snapshot_are_asked_for() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "hello");
    desk.world.change(desk.ann, &desk.bob.into(), |it| it.draft = Some("half".to_owned()));
    desk.open(desk.bob);
    let mut snapshot = desk.world.snapshot();
    snapshot.conversations.clear();
    snapshot.window = Some(ramson_wire::Window {
        account: Some(desk.ann),
        conversation: Some(desk.bob.into()),
        ..ramson_wire::Window::default()
    });
    let seq = desk.world.seq();
    let mut fresh = Seat::default();
    for seat in [&mut desk.seat, &mut fresh] {
        let event = Event::Snapshot(snapshot.clone());
        seat.model.hear(seq, 0, event, desk.world.now, &mut seat.port);
    }
    // What is told meanwhile is newer than the answer.
    let asked = desk.seat.port.take();
    let answers: Vec<_> =
        asked.into_iter().map(|(id, request)| (id, desk.world.carry_out(request))).collect();
    desk.world.change(desk.ann, &desk.echo.into(), |it| it.nickname = Some("Later".to_owned()));
    desk.seat.catch_up(&desk.world);
    for (id, reply) in answers {
        let event = Event::Reply(reply);
        desk.seat.model.hear(seq, id, event, desk.world.now, &mut desk.seat.port);
    }
    desk.world.settle(&mut [&mut desk.seat, &mut fresh]);
    assert_eq!(desk.row(desk.echo).name, "Later");
    assert_eq!(rows(&fresh, desk.world.now), desk.rows());
    for seat in [&desk.seat, &fresh] {
        let thread = seat.model.open.as_ref().unwrap();
        assert_eq!((thread.composer.text(), thread.held.len()), ("half", 1));
    }
}

#[test]
fn an_engine_that_stops_and_comes_back_finds_its_user_where_they_were() {
    let mut desk = desk();
    desk.open(desk.bob);
    desk.act(Action::Edit(crate::composer::Edit::Insert("unsent".to_owned())));
    let mut starting = desk.world.snapshot();
    starting.stage = Stage::Starting { what: "the engine".to_owned() };
    starting.accounts.clear();
    starting.conversations.clear();
    let event = Event::Snapshot(starting);
    desk.seat.model.hear(0, 0, event, desk.world.now, &mut desk.seat.port);
    assert_ne!(desk.seat.model.stage, Stage::Running);
    desk.seat.renew(&desk.world);
    desk.settle();
    assert_eq!(desk.thread().composer.text(), "unsent");
}

#[test]
fn another_home_begins_anew() {
    let mut desk = desk();
    desk.open(desk.bob);
    let mut other = World::new().snapshot();
    other.home = "/another".to_owned();
    desk.seat.model.hear(0, 0, Event::Snapshot(other), desk.world.now, &mut desk.seat.port);
    let model = &desk.seat.model;
    assert!(model.open.is_none() && model.account.is_none() && model.book().is_none());
}
