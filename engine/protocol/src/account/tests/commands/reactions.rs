//! Emoji on messages.

use ramson_codec::proto::{DataMessage, ExpirationType, Reaction as Wire, ReactionAction};
use ramson_types::message::{ExpiresFrom, Expiry};

use super::*;

fn react(message: MessageId, emoji: &str, remove: bool) -> Command {
    Command::React { message, emoji: emoji.into(), remove, unsynced: false }
}

#[test]
fn a_reaction_goes_to_both_and_changes_the_message() {
    let (mut home, bob) = Home::with_friend();
    let (me, sent) = (home.id(), NOW.minus(DAY));
    let target = home.hears(bob, sent);
    // Not the setting of the conversation counts, but that of the target.
    home.timer(bob, Timer::AfterRead(30));
    let minute = Duration::from_secs(60);
    let expiry = Expiry { from: ExpiresFrom::Sent, seconds: 60, ends: Some(sent.plus(minute)) };
    home.store.messages.get_mut(&target).unwrap().expiry = Some(expiry);
    for (remove, action) in [(false, ReactionAction::React), (true, ReactionAction::Remove)] {
        let done = home.does(react(target, "👍🏽", remove)).unwrap();
        let [theirs, own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
        assert_eq!(shape(theirs), (Copy::Recipient, bob, minute, OUTSIDE));
        assert_eq!(shape(own), (Copy::Sync, me, minute, OUTSIDE));
        let reaction =
            Wire {
                id: sent.millis(), author: bob.to_string(), emoji: Some("👍🏽".into()), action
            };
        let data = |sync_target| DataMessage {
            reaction: Some(reaction.clone()),
            sync_target,
            ..DataMessage::default()
        };
        assert_eq!(read(theirs).data_message, Some(data(None)));
        assert_eq!(read(own).data_message, Some(data(Some(bob.to_string()))));
        assert_eq!(read(own).expiration_type, Some(ExpirationType::DeleteAfterSend));
        assert_eq!(read(own).expiration_timer, Some(60));
        assert_eq!(done.outcome, Outcome::Told(theirs.message));

        let made =
            Reaction { author: me, emoji: "👍🏽".into(), at: theirs.sent, removed: remove };
        assert_eq!(home.store.messages[&target].reactions, std::slice::from_ref(&made));
        let change = MessageChange::Reaction(made);
        let conversation = ConversationId::Account(bob);
        let event = AccountEvent::MessageChanged { id: target, conversation, change };
        assert!(done.decision.events.contains(&event));
        assert_eq!(home.messages(bob).len(), 1, "it is no message of the history");
        let again = home.does(react(target, "👍🏽", remove)).unwrap();
        assert_eq!((again.outgoing.len(), again.outcome), (0, Outcome::Done));
    }
}

#[test]
fn on_what_stays_or_disappears_after_reading_a_reaction_is_kept_as_long_as_can_be() {
    for from in [None, Some(ExpiresFrom::Read)] {
        let (mut home, bob) = Home::with_friend();
        let target = home.hears(bob, NOW.minus(DAY));
        let expiry = from.map(|from| Expiry { from, seconds: 60, ends: None });
        home.store.messages.get_mut(&target).unwrap().expiry = expiry;
        let done = home.does(react(target, "👍", false)).unwrap();
        assert_eq!(done.outgoing.len(), 2);
        for copy in &done.outgoing {
            assert_eq!((copy.ttl, read(copy).expiration_timer), (FORTNIGHT, None));
        }
    }
}

#[test]
fn what_the_other_devices_are_not_told_goes_to_the_peer_alone() {
    let ((mut home, bob), (mut other, _)) = (Home::with_friend(), Home::with_friend());
    let target = home.hears(bob, NOW.minus(DAY));
    assert_eq!(other.hears(bob, NOW.minus(DAY)), target);
    let unsynced = |emoji: &str, unsynced| {
        let (message, emoji) = (target, emoji.to_owned());
        Command::React { message, emoji, remove: false, unsynced }
    };
    let done = home.does(unsynced("👍", true)).unwrap();
    let synced = other.does(unsynced("👍", false)).unwrap();
    assert_eq!(synced.outgoing.len(), 2);
    assert_eq!(done.outgoing, synced.outgoing[..1]);
    assert_eq!(done.decision.events, synced.decision.events);
    assert_eq!(home.store.messages[&target], other.store.messages[&target]);
    assert_eq!(home.store.outbox.len(), 1);
}

#[test]
fn a_note_to_self_gets_one_copy() {
    let mut home = Home::new();
    let me = home.id();
    let (note, _) = home.writes(me);
    let done = home.does(react(note, "✅", false)).unwrap();
    let [copy] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(copy), (Copy::Recipient, me, FORTNIGHT, OUTSIDE));
    assert_eq!(read(copy).data_message.unwrap().sync_target, Some(me.to_string()));
}

#[test]
fn what_comes_last_on_this_device_counts_even_if_another_ones_clock_is_ahead() {
    let (mut home, bob) = Home::with_friend();
    let (me, target) = (home.id(), home.hears(bob, NOW.minus(DAY)));
    let ahead = |at| Reaction { author: me, emoji: "👍".into(), at, removed: false };
    for at in [NOW.plus(Duration::from_secs(60)), NOW.plus(DAY)] {
        let before = ahead(at);
        home.store.messages.get_mut(&target).unwrap().reactions = vec![before];
        home.does(react(target, "👍", true)).unwrap();
        let after = &home.store.messages[&target].reactions[0];
        assert!(after.removed && after.at > at);
        // Nothing is dated by a clock that is a day ahead.
        assert!(home.account.counters.last_sent < NOW.plus(DAY));
    }
}

#[test]
fn reactions_are_refused_where_official_clients_make_none() {
    let (mut home, bob) = Home::with_friend();
    let target = home.hears(bob, NOW.minus(DAY));
    let refused = |home: &mut Home, command| home.does(command).err();
    for emoji in ["", "a", "ok", "👍👍", "7"] {
        let bad = CommandError::BadEmoji { emoji: emoji.into() };
        assert_eq!(refused(&mut home, react(target, emoji, false)), Some(bad));
    }
    let unknown = MessageId { account: 1, number: 99 };
    let no_such = |message| Some(CommandError::NoSuchMessage { message });
    assert_eq!(refused(&mut home, react(unknown, "👍", false)), no_such(unknown));
    let friend = home.contact(bob).unwrap();
    for (approved, approved_me) in [(true, false), (false, true), (false, false)] {
        home.knows(Contact { approved, approved_me, ..friend.clone() });
        let expected = Some(CommandError::NotApproved { account: bob });
        assert_eq!(refused(&mut home, react(target, "👍", false)), expected);
    }
    home.knows(Contact { blocked: true, ..friend.clone() });
    let blocked = Some(CommandError::Blocked { account: bob });
    assert_eq!(refused(&mut home, react(target, "👍", false)), blocked);
    home.knows(friend);
    home.does(Command::Delete { message: target, scope: DeleteScope::MyDevices }).unwrap();
    assert_eq!(refused(&mut home, react(target, "👍", false)), no_such(target));
    let notice = home.hears(bob, NOW.minus(DAY * 2));
    home.store.messages.get_mut(&notice).unwrap().kind = MessageKind::Call;
    assert_eq!(refused(&mut home, react(notice, "👍", false)), no_such(notice));
}

#[test]
fn twenty_a_minute() {
    let (mut home, bob) = Home::with_friend();
    let target = home.hears(bob, NOW.minus(DAY));
    for n in 0..20 {
        home.does(react(target, "👍", n % 2 == 1)).unwrap();
        home.now = home.now.plus(Duration::from_secs(1));
    }
    let before = home.state();
    let refused = home.does(react(target, "👍", false)).err();
    assert_eq!(refused, Some(CommandError::TooManyReactions { limit: 20, seconds: 40 }));
    assert_eq!(home.state(), before);
    home.now = home.now.plus(Duration::from_secs(39));
    assert!(home.does(react(target, "👍", false)).is_err());
    home.now = home.now.plus(Duration::from_secs(1));
    home.does(react(target, "👍", false)).unwrap();
    assert!(home.does(react(target, "👍", true)).is_err(), "one a second again");
    // A clock that is set back is not waited for.
    home.now = NOW.minus(DAY);
    home.does(react(target, "😀", false)).unwrap();
}
