//! Typing, and media that was saved.

use ramson_codec::proto::{
    DataExtractionKind, DataExtractionNotification, ExpirationType, TypingAction, TypingMessage,
};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn typing(home: &mut Home, to: AccountId, typing: bool) -> Vec<Outgoing> {
    home.does(Command::SetTyping { to, typing }).unwrap().outgoing
}

fn tells_typing(home: &mut Home) {
    home.does(Command::SetPrivacy { read_receipts: None, typing: Some(true) }).unwrap();
}

#[test]
fn typing_is_told_every_ten_seconds_and_kept_nowhere() {
    let (mut home, bob) = Home::with_friend();
    tells_typing(&mut home);
    let outbox = home.store.outbox.clone();
    for (typing_now, action) in [(true, TypingAction::Started), (false, TypingAction::Stopped)] {
        let sent = typing(&mut home, bob, typing_now);
        let [signal] = &sent[..] else { panic!("{sent:?}") };
        let flags = [true, true, true];
        assert_eq!(shape(signal), (Copy::Recipient, bob, SECOND * 20, flags));
        let content = read(signal);
        let expected = TypingMessage { timestamp: signal.sent.millis(), action };
        assert_eq!(content.typing_message, Some(expected));
        assert_eq!((content.data_message, content.expiration_type), (None, None));
    }
    assert_eq!(home.store.outbox, outbox);
    assert!(home.messages(bob).is_empty());
    assert!(typing(&mut home, bob, false).is_empty(), "it stopped before");
    assert_eq!(typing(&mut home, bob, true).len(), 1);
    home.now = home.now.plus(SECOND * 9);
    assert!(typing(&mut home, bob, true).is_empty());
    home.now = home.now.plus(SECOND);
    assert_eq!(typing(&mut home, bob, true).len(), 1);
    home.does(text(bob, "there")).unwrap();
    assert!(typing(&mut home, bob, false).is_empty(), "the message said so");
    assert_eq!(typing(&mut home, bob, true).len(), 1);
    home.now = home.now.plus(SECOND * 15);
    assert!(typing(&mut home, bob, false).is_empty(), "the peer shows it no more");
}

#[test]
fn typing_is_told_to_friends_only_and_only_if_wanted() {
    let (mut home, bob) = Home::with_friend();
    let me = home.id();
    assert!(typing(&mut home, bob, true).is_empty(), "off at first");
    tells_typing(&mut home);
    let friend = home.contact(bob).unwrap();
    for (approved, approved_me, blocked) in
        [(true, false, false), (false, true, false), (true, true, true)]
    {
        home.knows(Contact { approved, approved_me, blocked, ..friend.clone() });
        assert!(typing(&mut home, bob, true).is_empty());
    }
    assert!(typing(&mut home, me, true).is_empty());
    assert!(typing(&mut home, account(3, "Carol").id(), true).is_empty());
    home.knows(friend);
    assert_eq!(typing(&mut home, bob, true).len(), 1);
    let to = AccountId::new(ramson_types::Prefix::Group, [1; 32]);
    let refused = home.does(Command::SetTyping { to, typing: true }).err();
    assert_eq!(refused, Some(CommandError::NotAnAccount { to }));
}

#[test]
fn saved_media_is_told_to_its_author_and_disappears_after_reading() {
    use Timer::{AfterRead, AfterSend, Off};
    for (setting, seconds) in [(Off, None), (AfterSend(60), Some(60)), (AfterRead(90), Some(90))] {
        let (mut home, bob) = Home::with_friend();
        home.timer(bob, setting);
        let message = home.hears(bob, NOW.minus(DAY));
        let done = home.does(Command::TellMediaSaved { message }).unwrap();
        let [notice] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
        assert_eq!(shape(notice), (Copy::Recipient, bob, FORTNIGHT, OUTSIDE));
        assert_eq!(done.outcome, Outcome::Told(notice.message));
        let content = read(notice);
        let expected = DataExtractionNotification {
            kind: DataExtractionKind::MediaSaved,
            timestamp: Some(NOW.minus(DAY).millis()),
        };
        assert_eq!(content.data_extraction_notification, Some(expected));
        assert_eq!(content.expiration_timer, seconds);
        let kind = seconds.map(|_| ExpirationType::DeleteAfterRead);
        assert_eq!(content.expiration_type, kind);
        assert_eq!(home.messages(bob).len(), 1);
    }
}

#[test]
fn nobody_else_is_told_of_saved_media() {
    let (mut home, bob) = Home::with_friend();
    let (own, _) = home.writes(bob);
    let done = home.does(Command::TellMediaSaved { message: own }).unwrap();
    assert_eq!((done.outgoing.len(), done.outcome), (0, Outcome::Done));
    let message = home.hears(bob, NOW);
    home.knows(Contact { approved: false, ..home.contact(bob).unwrap() });
    let refused = home.does(Command::TellMediaSaved { message }).err();
    assert_eq!(refused, Some(CommandError::NotApproved { account: bob }));
    home.does(Command::Delete { message, scope: DeleteScope::Here }).unwrap();
    let refused = home.does(Command::TellMediaSaved { message }).err();
    assert_eq!(refused, Some(CommandError::NoSuchMessage { message }));
}
