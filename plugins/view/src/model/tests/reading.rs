use ramson_wire::{MessageId, MessageState, Quote};

use super::*;
use crate::Anchor;
use crate::composer::Edit;

/// So many messages of Bob.
fn long(count: usize) -> Desk {
    let mut desk = desk();
    for number in 0..count {
        let mut message = desk.world.blank(desk.ann, &desk.bob.into());
        message.author = desk.bob;
        message.state = MessageState::Read;
        message.text = Some(number.to_string());
        desk.world.put_silently(desk.ann, message);
    }
    desk.world.change(desk.ann, &desk.bob.into(), |_| {});
    desk.seat = Seat::at(&desk.world);
    desk.settle();
    desk
}

fn numbers(desk: &Desk) -> Vec<usize> {
    let texts = desk.thread().held.iter().map(|kept| kept.message.text.clone().unwrap());
    texts.map(|text| text.parse().unwrap()).collect()
}

fn is_unbroken(desk: &Desk) -> bool {
    numbers(desk).windows(2).all(|pair| pair[0] + 1 == pair[1])
}

fn first(desk: &Desk) -> MessageId {
    desk.thread().held.first().unwrap()
}

fn last(desk: &Desk) -> MessageId {
    desk.thread().held.last().unwrap()
}

#[test]
fn what_is_open_and_seen_is_read() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "one");
    desk.world.receive(desk.ann, desk.bob, "two");
    desk.open(desk.bob);
    assert_eq!(desk.row(desk.bob).unread, 2);
    assert!(desk.items().contains(&Item::Unread));
    desk.act(Action::Seen);
    desk.act(Action::Seen);
    assert_eq!(desk.row(desk.bob).unread, 0);
    let reads = desk.commands().into_iter().filter(|it| matches!(it, Command::MarkRead { .. }));
    assert_eq!(reads.count(), 1);
    // The line stays as long as the conversation is open.
    assert!(desk.items().contains(&Item::Unread));
    desk.world.receive(desk.ann, desk.bob, "three");
    desk.settle();
    desk.act(Action::Seen);
    assert_eq!(desk.row(desk.bob).unread, 0);
}

#[test]
fn what_was_read_in_one_ui_is_read_in_the_other() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "hello");
    let mut other = Seat::at(&desk.world);
    desk.world.settle(&mut [&mut desk.seat, &mut other]);
    assert_eq!(rows(&other, desk.world.now)[0].unread, 1);
    desk.seat.act(Action::Open(desk.bob.into()), desk.world.now);
    desk.world.settle(&mut [&mut desk.seat, &mut other]);
    desk.seat.act(Action::Seen, desk.world.now);
    desk.world.settle(&mut [&mut desk.seat, &mut other]);
    assert_eq!(rows(&other, desk.world.now)[0].unread, 0);
    assert!(other.model.notes.all().is_empty());
}

#[test]
fn what_was_marked_as_unread_stays_so_while_it_is_looked_at() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "hello");
    desk.open(desk.bob);
    desk.act(Action::Seen);
    desk.act(Action::MarkUnread { conversation: desk.bob.into(), unread: true });
    desk.act(Action::Seen);
    assert!(desk.row(desk.bob).is_unread);
    desk.act(Action::CloseThread);
    desk.open(desk.bob);
    desk.act(Action::Seen);
    assert!(!desk.row(desk.bob).is_unread);
}

#[test]
fn nothing_is_read_before_it_is_there() {
    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "hello");
    desk.settle();
    desk.seat.act(Action::Open(desk.bob.into()), desk.world.now);
    desk.seat.act(Action::Seen, desk.world.now);
    assert!(!desk.commands().iter().any(|it| matches!(it, Command::MarkRead { .. })));
}

#[test]
fn earlier_messages_are_fetched_page_by_page() {
    let mut desk = long(250);
    desk.open(desk.bob);
    assert_eq!((desk.thread().held.len(), desk.thread().complete()), (100, false));
    desk.act(Action::LoadOlder);
    assert_eq!((desk.thread().held.len(), desk.thread().complete()), (200, false));
    // Near the upper edge it happens by itself.
    desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    assert_eq!((desk.thread().held.len(), desk.thread().complete()), (250, true));
    let asked = desk.seat.port.all.len();
    desk.act(Action::LoadOlder);
    assert_eq!(desk.seat.port.all.len(), asked);
    assert!(is_unbroken(&desk));
}

#[test]
fn one_page_is_asked_for_at_a_time() {
    let mut desk = long(250);
    desk.open(desk.bob);
    let asked = desk.seat.port.all.len();
    desk.seat.act(Action::LoadOlder, desk.world.now);
    desk.seat.act(Action::LoadOlder, desk.world.now);
    assert!(desk.thread().loading);
    assert_eq!(desk.seat.port.all.len(), asked + 1);
    desk.settle();
    assert!(!desk.thread().loading);
}

#[test]
fn of_a_long_history_only_what_is_near_stays_in_memory() {
    let mut desk = long(5_000);
    desk.open(desk.bob);
    for _ in 0..60 {
        desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
        assert!(desk.thread().held.len() <= 2_100);
        assert!(is_unbroken(&desk));
    }
    assert_eq!(numbers(&desk)[0], 0);
    assert!(desk.thread().complete() && !desk.thread().held.at_newest());
    // What comes now does not stand beside what is old.
    desk.world.receive(desk.ann, desk.bob, "5000");
    desk.settle();
    assert!(is_unbroken(&desk));
    for _ in 0..60 {
        desk.act(Action::ScrollTo(Anchor::At(last(&desk))));
        assert!(desk.thread().held.len() <= 2_100);
        assert!(is_unbroken(&desk));
    }
    assert_eq!(numbers(&desk).last(), Some(&5_000));
    assert!(desk.thread().held.at_newest() && desk.thread().at_end());
}

#[test]
fn many_messages_that_come_while_the_user_is_far_up_are_there_later() {
    let mut desk = long(2_500);
    desk.open(desk.bob);
    for _ in 0..30 {
        desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    }
    for number in 2_500..3_800 {
        desk.world.receive(desk.ann, desk.bob, &number.to_string());
        desk.settle();
    }
    for _ in 0..60 {
        desk.act(Action::ScrollTo(Anchor::At(last(&desk))));
        assert!(is_unbroken(&desk));
    }
    assert_eq!(numbers(&desk).last(), Some(&3_799));
}

#[test]
fn the_way_to_the_end_is_one_step() {
    let mut desk = long(3_000);
    desk.open(desk.bob);
    for _ in 0..40 {
        desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    }
    assert_eq!(numbers(&desk)[0], 0);
    desk.act(Action::ScrollTo(Anchor::End));
    assert_eq!(numbers(&desk), (2_900..3_000).collect::<Vec<_>>());
}

#[test]
fn a_page_whose_name_is_gone_is_found_by_another() {
    let mut desk = long(2_500);
    desk.open(desk.bob);
    for _ in 0..30 {
        desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    }
    assert!(!desk.thread().held.at_newest());
    // Every message that may name a page goes, unheard.
    let mut lost = 0;
    for number in (2_100..2_500).step_by(100) {
        let id = MessageId { account: 1, number: number + 1 };
        desk.world.remove_silently(desk.ann, id);
        lost += 1;
    }
    assert_eq!(lost, 4);
    for _ in 0..30 {
        desk.act(Action::ScrollTo(Anchor::At(last(&desk))));
    }
    let all = numbers(&desk);
    assert_eq!(all.last(), Some(&2_499));
    assert!(desk.thread().at_end());
    let missing: Vec<_> = (all[0]..2_500).filter(|it| !all.contains(it)).collect();
    assert_eq!(missing, [2_100, 2_200, 2_300, 2_400]);
}

#[test]
fn the_message_that_was_answered_is_gone_to_wherever_it_is() {
    let mut desk = long(800);
    let early = MessageId { account: 1, number: 21 };
    let sent = desk.world.message(desk.ann, early).unwrap().sent;
    let mut answer = desk.world.blank(desk.ann, &desk.bob.into());
    answer.author = desk.bob;
    answer.text = Some("800".to_owned());
    answer.quote = Some(Quote { author: desk.bob, sent });
    let id = desk.world.put(desk.ann, answer);
    desk.open(desk.bob);
    let quote = |desk: &Desk| match desk.items().pop() {
        Some(Item::Message(bubble)) => bubble.quote.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!((quote(&desk).name.as_str(), quote(&desk).text), ("Bob", None));
    desk.act(Action::OpenQuoted(id));
    assert_eq!(desk.thread().anchor, Anchor::At(early));
    assert_eq!(desk.thread().selected, Some(early));
    assert_eq!(quote(&desk).text.as_deref(), Some("20"));
    desk.world.remove(desk.ann, early, false);
    desk.settle();
    desk.act(Action::OpenQuoted(id));
    assert_eq!(desk.note(), "That message is not here any more");
}

#[test]
fn another_ui_goes_on_where_the_last_one_stopped() {
    let mut desk = long(800);
    desk.open(desk.bob);
    for _ in 0..4 {
        desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    }
    let place = desk.thread().anchor;
    assert!(matches!(place, Anchor::At(_)));
    desk.act(Action::ScrollBelow(2));
    desk.act(Action::Edit(Edit::Insert("half a sent".to_owned())));
    desk.seat.tick(desk.world.now + 1_000);
    desk.settle();

    let mut next = Seat::at(&desk.world);
    desk.world.settle(&mut [&mut next]);
    let thread = next.model.open.as_ref().expect("the same conversation is open");
    assert_eq!(thread.id, desk.bob.into());
    assert_eq!(thread.composer.text(), "half a sent");
    assert_eq!((thread.anchor, thread.below), (place, 2));
    let Anchor::At(id) = thread.anchor else { panic!("not at its end") };
    assert!(thread.held.get(id).is_some());
    // And back, at the end and with nothing written.
    next.act(Action::ScrollTo(Anchor::End), desk.world.now);
    next.act(Action::Edit(Edit::Clear), desk.world.now);
    next.tick(desk.world.now + 2_000);
    desk.world.settle(&mut [&mut next]);
    let mut back = Seat::at(&desk.world);
    desk.world.settle(&mut [&mut back]);
    let thread = back.model.open.as_ref().unwrap();
    assert_eq!((thread.composer.text(), thread.anchor), ("", Anchor::End));
}

#[test]
fn a_conversation_that_was_left_opens_where_it_was_left() {
    let mut desk = long(300);
    desk.open(desk.bob);
    desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    let place = desk.thread().anchor;
    desk.open(desk.echo);
    assert_eq!(desk.thread().anchor, Anchor::End);
    desk.open(desk.bob);
    assert_eq!(desk.thread().anchor, place);
}

#[test]
fn a_place_that_is_gone_is_the_end() {
    let mut desk = long(300);
    desk.open(desk.bob);
    desk.act(Action::ScrollTo(Anchor::At(first(&desk))));
    let Anchor::At(id) = desk.thread().anchor else { panic!("a place") };
    desk.act(Action::CloseThread);
    desk.world.remove(desk.ann, id, true);
    desk.settle();
    desk.open(desk.bob);
    assert_eq!(desk.thread().anchor, Anchor::End);
    assert_eq!(desk.note(), "");
}

#[test]
fn when_the_message_at_the_edge_goes_its_neighbour_is_there() {
    let mut desk = long(300);
    desk.open(desk.bob);
    let (top, next) = (first(&desk), desk.thread().held.after(first(&desk)).unwrap());
    desk.act(Action::ScrollTo(Anchor::At(top)));
    desk.world.remove(desk.ann, top, true);
    desk.settle();
    assert_eq!(desk.thread().anchor, Anchor::At(next));
}

#[test]
fn the_last_message_is_the_end() {
    let mut desk = long(30);
    desk.open(desk.bob);
    desk.act(Action::ScrollTo(Anchor::At(last(&desk))));
    assert!(desk.thread().at_end());
    desk.act(Action::ScrollTo(Anchor::At(MessageId { account: 7, number: 7 })));
    assert!(desk.thread().at_end());
}

#[test]
fn messages_are_grouped_by_day_and_author() {
    use crate::thread::Slot;

    let mut desk = desk();
    desk.world.receive(desk.ann, desk.bob, "a");
    desk.world.receive(desk.ann, desk.bob, "b");
    desk.world.send(desk.ann, desk.bob, "c");
    desk.world.now += 6 * 60_000;
    desk.world.send(desk.ann, desk.bob, "d");
    desk.world.now += 86_400_000;
    desk.world.send(desk.ann, desk.bob, "e");
    desk.open(desk.bob);
    let clock = Clock { now: desk.world.now, civil: &Civil::utc };
    let slots = thread::outline(desk.thread(), &clock);
    let shape: String = slots
        .iter()
        .map(|slot| match slot {
            Slot::Day(_) => "D",
            Slot::Unread => "U",
            Slot::Message { first: true, last: true, .. } => "o",
            Slot::Message { first: true, .. } => "[",
            Slot::Message { last: true, .. } => "]",
            Slot::Message { .. } => "-",
        })
        .collect();
    assert_eq!(shape, "DU[]ooDo");
    assert_eq!(desk.items()[0], Item::Day("Yesterday".to_owned()));
}

#[test]
fn the_marked_message_goes_up_and_down() {
    let mut desk = long(3);
    desk.open(desk.bob);
    assert_eq!(desk.thread().above(), desk.thread().held.last());
    desk.act(Action::Select(desk.thread().above()));
    let end = desk.thread().selected;
    assert_eq!(desk.thread().below(), None);
    desk.act(Action::Select(desk.thread().above()));
    assert_eq!(desk.thread().below(), end);
}

#[test]
fn the_rows_on_the_screen_show_their_newest_messages() {
    let mut desk = desk();
    let mut peers = Vec::new();
    for number in 0..100 {
        let peer = desk.world.add_contact(desk.ann, &format!("Peer {number}"));
        desk.world.receive(desk.ann, peer, &number.to_string());
        peers.push(peer);
    }
    desk.seat = Seat::at(&desk.world);
    let asked = desk.seat.port.all.len();
    assert!(asked <= 8, "{asked} were asked for at once");
    desk.settle();
    let known = |desk: &Desk| desk.rows().iter().filter(|row| !row.preview.is_empty()).count();
    assert_eq!(known(&desk), 40);
    assert_eq!(desk.row(peers[99]).preview, "99");
    assert_eq!(desk.row(peers[0]).preview, "");
    desk.act(Action::ShowRows(peers[..20].iter().map(|id| (*id).into()).collect()));
    assert_eq!(desk.row(peers[0]).preview, "0");
    assert_eq!(known(&desk), 60);
}

#[test]
fn ten_thousand_conversations_keep_their_order() {
    let mut desk = desk();
    let mut snapshot = desk.world.snapshot();
    for number in 0..10_000_u64 {
        let mut id = [5_u8; 33];
        id[1..9].copy_from_slice(&number.to_be_bytes());
        let mut conversation = ramson_wire::Conversation::new(ramson_wire::AccountId(id).into());
        conversation.name = Some(format!("Peer {number}"));
        conversation.latest = number * 7_919 % 10_007;
        conversation.unread = number % 3;
        snapshot.conversations[0].1.push(conversation);
    }
    let event = ramson_wire::Event::Snapshot(snapshot);
    desk.seat.model.hear(0, 0, event, desk.world.now, &mut desk.seat.port);
    let filter = Filter::default();
    let all: Vec<_> = list::listed(&desk.seat.model, &filter).map(|it| it.latest).collect();
    assert_eq!(all.len(), 10_002);
    assert!(all.is_sorted_by(|a, b| a >= b));
    assert_eq!(desk.seat.model.unread(), 6_666);
    let top = list::listed(&desk.seat.model, &filter).next().map(|it| it.id.clone()).unwrap();
    let next = desk.seat.model.neighbour(&filter, true);
    assert_eq!(next, Some(top));
}
