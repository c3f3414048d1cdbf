//! The chat, from keys and clicks to what is on the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEventKind};
use ramson_view::{Action, Anchor};
use ramson_wire::{AccountId, Change, Command, Event, MessageState, Quote, Reaction, Request};

use crate::app::tests::Desk;
use crate::input::Input;

/// A conversation with so many messages, `number 0 here` and so on, open.
fn talk(width: u16, height: u16, messages: u32) -> (Desk, AccountId) {
    let mut desk = Desk::new(width, height);
    let bob = desk.world.add_contact(desk.me, "Bob");
    for number in 0..messages {
        let text = format!("number {number} here");
        if number % 3 == 0 {
            desk.world.send(desk.me, bob, &text);
        } else {
            desk.world.receive(desk.me, bob, &text);
        }
    }
    desk.settle();
    desk.act(Action::Open(bob.into()));
    (desk, bob)
}

fn anchor(desk: &Desk) -> Anchor {
    desk.model().open.as_ref().unwrap().anchor
}

fn unread(desk: &Desk) -> u64 {
    desk.model().open_conversation().unwrap().unread
}

/// The numbers of the messages on the screen, from above, with their rows.
fn numbers(desk: &Desk) -> Vec<(u32, usize)> {
    let number = |line: &str| {
        let thread: String = line.chars().skip(30).collect();
        thread.split_once("number ")?.1.split_once(' ')?.0.parse().ok()
    };
    let text = desk.text();
    text.lines().enumerate().filter_map(|(row, line)| Some((number(line)?, row))).collect()
}

#[test]
fn at_the_end_new_messages_are_followed() {
    let (mut desk, bob) = talk(100, 30, 50);
    assert!(desk.shows("number 49 here"));
    desk.world.receive(desk.me, bob, "number 50 here");
    desk.settle();
    assert!(desk.shows("number 50 here"));
    assert_eq!(anchor(&desk), Anchor::End);
    assert_eq!(unread(&desk), 0);
}

#[test]
fn scrolled_up_the_view_stays_and_says_how_much_is_new() {
    let (mut desk, bob) = talk(100, 30, 50);
    desk.key(KeyCode::PageUp);
    assert!(matches!(anchor(&desk), Anchor::At(_)));
    let before = numbers(&desk);
    for number in 50..53 {
        desk.world.receive(desk.me, bob, &format!("number {number} here"));
        desk.settle();
    }
    assert_eq!(numbers(&desk), before);
    assert!(desk.shows("↓ 3 new below"), "{}", desk.text());
    assert_eq!(unread(&desk), 3, "what nobody saw is not read");
    desk.click(desk.find("new below").unwrap());
    assert!(desk.shows("number 52 here"));
    assert_eq!((anchor(&desk), unread(&desk)), (Anchor::End, 0));
}

#[test]
fn going_up_shows_what_was_above_also_while_earlier_messages_are_fetched() {
    let (mut desk, _) = talk(100, 30, 450);
    let mut pages = 0;
    while !numbers(&desk).iter().any(|(number, _)| *number == 0) {
        let before = numbers(&desk);
        desk.key(KeyCode::PageUp);
        let after = numbers(&desk);
        let (first, row) = before[0];
        let again = after.iter().find(|(number, _)| *number == first);
        let (_, moved) = again.unwrap_or_else(|| panic!("{first} is gone:\n{}", desk.text()));
        assert!(*moved > row, "{first} did not go down");
        for pair in after.windows(2) {
            assert_eq!(pair[0].0 + 1, pair[1].0, "one is missing:\n{}", desk.text());
        }
        pages += 1;
        assert!(pages < 200);
    }
    let top = numbers(&desk);
    desk.key(KeyCode::PageUp);
    assert_eq!(numbers(&desk), top, "above the first one is nothing");
    // And back again.
    for _ in 0..pages {
        desk.key(KeyCode::PageDown);
    }
    assert!(desk.shows("number 449 here"));
    assert_eq!(anchor(&desk), Anchor::End);
}

#[test]
fn a_step_down_takes_a_step_up_back() {
    let (mut desk, _) = talk(100, 30, 80);
    for _ in 0..5 {
        desk.mouse(MouseEventKind::ScrollUp, 60, 12);
    }
    let before = desk.text();
    desk.mouse(MouseEventKind::ScrollUp, 60, 12);
    assert_ne!(desk.text(), before);
    desk.mouse(MouseEventKind::ScrollDown, 60, 12);
    assert_eq!(desk.text(), before);
}

#[test]
fn another_width_keeps_the_message_at_the_lower_edge() {
    let (mut desk, _) = talk(100, 30, 80);
    desk.key(KeyCode::PageUp);
    let last = numbers(&desk).last().unwrap().0;
    for (width, height) in [(140, 40), (70, 16), (100, 30)] {
        desk.resize(width, height);
        let now = numbers(&desk).last().unwrap().0;
        assert!(now.abs_diff(last) <= 1, "{last} became {now} at {width}x{height}");
    }
}

#[test]
fn the_message_that_is_marked_is_on_the_screen() {
    let (mut desk, _) = talk(100, 30, 60);
    desk.key(KeyCode::Up);
    for _ in 0..40 {
        desk.key(KeyCode::Up);
        let thread = desk.model().open.as_ref().unwrap();
        let text = thread.message(thread.selected.unwrap()).unwrap().text.clone().unwrap();
        assert!(desk.shows(&text), "{text} is not on\n{}", desk.text());
    }
    for _ in 0..41 {
        desk.key(KeyCode::Down);
    }
    assert_eq!(desk.model().open.as_ref().unwrap().selected, None, "past the last is the text");
    desk.type_in("again");
    assert!(desk.shows("› again"));
}

#[test]
fn an_answer_names_what_it_answers() {
    let (mut desk, _) = talk(100, 30, 5);
    desk.key(KeyCode::Up);
    desk.key(KeyCode::Char('r'));
    assert!(desk.shows("↩ Bob  number 4 here"), "{}", desk.text());
    desk.type_in("yes");
    desk.asked();
    desk.key(KeyCode::Enter);
    let replies = desk.asked().iter().any(|request| {
        matches!(request, Request::Command(it)
            if matches!(it.command, Command::Send { reply_to: Some(_), .. }))
    });
    assert!(replies);
    assert!(desk.shows("▎ Bob  number 4 here"));
}

#[test]
fn a_click_goes_to_what_is_under_it() {
    let (mut desk, bob) = talk(100, 30, 90);
    let quoted = desk.model().open.as_ref().unwrap().held.iter().next().unwrap().message.clone();
    let mut answer = desk.world.blank(desk.me, &bob.into());
    answer.author = bob;
    answer.text = Some("that one".to_owned());
    answer.quote = Some(Quote { author: quoted.author, sent: quoted.sent });
    let answer = desk.world.put(desk.me, answer);
    let reaction = Reaction { author: bob, emoji: "👍".to_owned(), at: desk.world.now };
    desk.world.alter(desk.me, answer, Change::Reaction { reaction, removed: false });
    desk.settle();

    desk.asked();
    desk.click(desk.find("👍").unwrap());
    let reacts = |request: &Request| matches!(request, Request::Command(it) if matches!(it.command, Command::React { .. }));
    assert!(desk.asked().iter().any(reacts));

    let (_, y) = desk.find("▎ ").unwrap();
    desk.click((36, y + 1));
    assert_eq!(desk.model().open.as_ref().unwrap().selected, Some(answer));

    desk.click(desk.find("▎ ").unwrap());
    assert!(desk.shows("number 0 here"), "{}", desk.text());
    let (x, y) = desk.find("↓").unwrap();
    desk.click((x, y));
    assert!(desk.shows("that one"));
}

#[test]
fn a_conversation_is_opened_by_a_click_and_the_line_by_another() {
    let (mut desk, _) = talk(100, 30, 3);
    let cleo = desk.world.add_contact(desk.me, "Cleo");
    desk.world.receive(desk.me, cleo, "hello");
    desk.settle();
    desk.click(desk.find("Cleo").unwrap());
    assert_eq!(desk.model().open.as_ref().unwrap().id, cleo.into());
    desk.type_in("one two");
    let (x, y) = desk.find("› one two").unwrap();
    desk.click((x + 2, y));
    desk.type_in("x");
    assert!(desk.shows("› xone two"), "{}", desk.text());
}

#[test]
fn nothing_is_read_while_the_window_is_not_looked_at() {
    let (mut desk, bob) = talk(100, 30, 10);
    desk.input(Input::Focus(false));
    desk.world.receive(desk.me, bob, "are you there?");
    desk.settle();
    assert!(desk.shows("are you there?"));
    assert_eq!(unread(&desk), 1);
    desk.input(Input::Focus(true));
    assert_eq!(unread(&desk), 0);
}

#[test]
fn nothing_is_read_behind_a_page() {
    let (mut desk, bob) = talk(100, 30, 10);
    desk.control('g');
    desk.world.receive(desk.me, bob, "are you there?");
    desk.settle();
    assert_eq!(unread(&desk), 1);
    desk.key(KeyCode::Esc);
    assert_eq!(unread(&desk), 0);
}

#[test]
fn on_a_narrow_terminal_list_and_conversation_take_turns() {
    let (mut desk, _) = talk(50, 20, 10);
    assert!(desk.shows("‹ Bob") && desk.shows("number 9 here") && !desk.shows("Ann"));
    desk.key(KeyCode::Esc);
    assert!(desk.shows("Ann") && !desk.shows("‹ Bob"), "{}", desk.text());
    desk.key(KeyCode::Enter);
    assert!(desk.shows("‹ Bob"));
}

#[test]
fn a_click_on_a_note_leads_to_what_it_is_about() {
    let (mut desk, _) = talk(100, 30, 3);
    let cleo = desk.world.add_contact(desk.me, "Cleo");
    desk.settle();
    desk.world.receive(desk.me, cleo, "hello");
    desk.settle();
    let open = |desk: &Desk| desk.model().open.as_ref().unwrap().id.clone();
    assert_ne!(open(&desk), cleo.into());
    desk.click((5, 29));
    assert_eq!(open(&desk), cleo.into());
}

#[test]
fn pasted_lines_are_not_sent() {
    let (mut desk, _) = talk(100, 30, 3);
    desk.asked();
    desk.input(Input::Paste("one\ntwo\nthree".to_owned()));
    assert!(desk.shows("› one") && desk.shows("three"));
    let sends = |request: &Request| matches!(request, Request::Command(it) if matches!(it.command, Command::Send { .. }));
    assert!(!desk.asked().iter().any(sends));
    let newline = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::CONTROL);
    desk.input(Input::Key(newline));
    desk.type_in("four");
    assert!(!desk.asked().iter().any(sends));
    desk.key(KeyCode::Enter);
    assert!(desk.asked().iter().any(sends));
}

#[test]
fn the_list_is_searched_by_name() {
    let mut desk = Desk::new(100, 40);
    for name in ["Cleo", "Iris", "Mo"] {
        desk.world.add_contact(desk.me, name);
    }
    desk.settle();
    desk.control('f');
    desk.type_in("iri");
    assert!(desk.shows("Iris") && !desk.shows("Cleo"), "{}", desk.text());
    desk.key(KeyCode::Enter);
    let open = desk.model().open.as_ref().unwrap().id.clone();
    assert_eq!(desk.model().title_of(&open), "Iris");
    assert!(desk.shows("Cleo"), "all are there again");
}

#[test]
fn a_message_shows_how_far_it_has_come() {
    let (mut desk, bob) = talk(100, 30, 0);
    let sent = desk.world.send(desk.me, bob, "hello");
    desk.settle();
    for (state, mark) in
        [(MessageState::Sending, " ◔"), (MessageState::Stored, " ✓"), (MessageState::Read, " ✓✓")]
    {
        desk.world.alter(desk.me, sent, Change::State { state });
        desk.settle();
        assert!(desk.shows(mark), "{mark}\n{}", desk.text());
    }
    let failed = desk.world.send(desk.me, bob, "once more");
    let reason = "no path answered".to_owned();
    desk.world.alter(desk.me, failed, Change::State { state: MessageState::Failed { reason } });
    desk.settle();
    assert!(desk.shows("Not sent: no path answered"));
}

#[test]
fn who_types_is_shown_in_the_list_and_above_the_messages() {
    let (mut desk, bob) = talk(100, 30, 3);
    let (account, conversation) = (desk.me, bob.into());
    desk.world.tell(Event::Typing { account, conversation, typing: true });
    desk.settle();
    assert_eq!(desk.text().matches("typing…").count(), 2, "{}", desk.text());
}

#[test]
fn a_long_message_can_be_read_from_its_beginning_to_its_end() {
    let (mut desk, bob) = talk(80, 24, 20);
    let long: String = (0..300).map(|number| format!("word{number} ")).collect();
    desk.world.receive(desk.me, bob, &long);
    desk.settle();
    assert!(desk.shows("word299"));
    let mut seen = 0;
    while !desk.shows("word0 ") {
        desk.key(KeyCode::PageUp);
        seen += 1;
        assert!(seen < 50, "{}", desk.text());
    }
    desk.key(KeyCode::End);
    assert!(desk.shows("word299"));
}

#[test]
fn words_from_the_right_have_the_time_at_their_left() {
    let (mut desk, bob) = talk(100, 30, 0);
    desk.world.receive(desk.me, bob, "שלום");
    desk.settle();
    assert!(desk.shows("12:00  םולש"), "{}", desk.text());
}
