//! Not a test: how long a keystroke takes, to be looked at in a release build.

use std::time::Duration;

use crossterm::event::KeyCode;
use ramson_view::Action;

use super::{Desk, look};

#[test]
#[ignore = "measures"]
fn a_keystroke_with_much_to_show() {
    let (mut world, me, bob) = look::lively();
    for number in 0..100 {
        let id = world.add_contact(me, &format!("Contact {number}"));
        world.receive(me, id, "The last message of this one");
    }
    for number in 0..500 {
        let text =
            format!("Message {number} with some more words, and https://example.org/{number} too");
        if number % 3 == 0 {
            world.send(me, bob, &text)
        } else {
            world.receive(me, bob, &text)
        };
    }
    let mut desk = Desk::of(world, me, 140, 40);
    desk.act(Action::Open(bob.into()));
    for _ in 0..60 {
        desk.key(KeyCode::PageUp);
    }
    desk.key(KeyCode::End);
    println!("{} messages in memory", desk.model().open.as_ref().unwrap().held.len());
    let count = 200;
    let began = crate::clock::instant();
    for _ in 0..count {
        let now = desk.world.now;
        desk.app.input(crate::input::Input::Key(KeyCode::Char('x').into()), now);
        desk.app.tick(now);
        desk.terminal.draw(|frame| desk.app.draw(frame, now)).unwrap();
    }
    let took: Duration = began.elapsed() / count;
    println!("{took:?} for a keystroke and its picture");
}
