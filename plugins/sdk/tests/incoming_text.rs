//! What counts as a text that somebody wrote.

mod support;

use ramson_sdk::testing::FakeHost;
use ramson_sdk::{Event, Message};

fn is_incoming_text(change: impl Fn(&mut Message)) -> bool {
    let mut message = support::message("hello");
    change(&mut message);
    let event = Event::Message { account: support::BOT, message };
    FakeHost::new().delivery(event).is_ok_and(|delivery| delivery.incoming_text().is_some())
}

#[test]
fn only_what_somebody_else_wrote_is_an_incoming_text() {
    assert!(is_incoming_text(|_| {}));
    assert!(!is_incoming_text(|it| it.outgoing = true));
    assert!(!is_incoming_text(|it| it.author = support::BOT));
    assert!(!is_incoming_text(|it| it.notice = Some(ramson_wire::Notice::Screenshot)));
    assert!(!is_incoming_text(|it| it.deleted = true));
    assert!(!is_incoming_text(|it| it.text = None));
    assert!(!is_incoming_text(|it| it.text = Some(String::new())));
}
