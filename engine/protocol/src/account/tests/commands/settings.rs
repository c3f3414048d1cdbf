//! Settings of conversations and of the account.

use ramson_codec::proto::{DataMessage, ExpirationType};
use ramson_types::Prefix;
use ramson_types::conversation::{CommunityRoom, Disappearing, Notify};
use ramson_types::message::{ExpiresFrom, Expiry};

use super::*;
use crate::config::user_groups::{Community, Group};

fn with(account: AccountId) -> ConversationId {
    ConversationId::Account(account)
}

fn three(conversation: &ConversationId) -> [Command; 3] {
    let conversation = || conversation.clone();
    [
        Command::SetPriority { conversation: conversation(), priority: 7 },
        Command::Mute { conversation: conversation(), until: NOW.plus(DAY) },
        Command::SetNotify { conversation: conversation(), notify: Notify::Off },
    ]
}

#[test]
fn pins_mutes_and_notices_of_all_kinds_of_conversations_stand_in_their_configs() {
    let (mut home, bob) = Home::with_friend();
    let me = home.id();
    let group = AccountId::new(Prefix::Group, [1; 32]);
    let url = format!("https://open.example.org/Room?public_key={}", "ab".repeat(32));
    home.account.settings.groups.set_group(&Group::new(group));
    home.account.settings.groups.set_community(&Community::from_url(&url).unwrap());
    home.keep(Decision::default());
    let room = CommunityRoom { server: "https://open.example.org".into(), room: "room".into() };
    let room = ConversationId::Community(room);
    for conversation in [with(bob), with(me), ConversationId::Group(group), room] {
        for command in three(&conversation) {
            assert!(home.does(command).unwrap().outgoing.is_empty());
        }
        let line = &home.store.lines[&conversation];
        let shown = (line.priority, line.muted_until, line.notify);
        assert_eq!(shown, (7, NOW.plus(DAY), Notify::Off), "{conversation}");
    }
    let seconds = i64::try_from(NOW.plus(DAY).millis() / 1_000).unwrap();
    let contact = home.contact(bob).unwrap();
    let kept = (contact.priority, contact.mute_until, contact.notify);
    assert_eq!(kept, (7, seconds, Notify::Off));
    assert!(contact.approved && contact.approved_me, "the rest stays");
    assert_eq!(home.account.settings.profile.note_to_self_priority(), 7);
    let group = home.account.settings.groups.group(&group).unwrap().membership;
    assert_eq!((group.priority, group.mute_until, group.notify), (7, seconds, Notify::Off));
    let community = home.account.settings.groups.communities().next().unwrap().membership;
    assert_eq!(community, group);

    home.does(Command::Mute { conversation: with(bob), until: Timestamp(0) }).unwrap();
    assert_eq!(home.line(bob).muted_until, Timestamp(0));
    home.does(Command::SetPriority { conversation: with(bob), priority: -1 }).unwrap();
    assert!(home.line(bob).is_hidden());
}

#[test]
fn conversations_that_are_not_there_have_no_settings() {
    let mut home = Home::new();
    let group = AccountId::new(Prefix::Group, [1; 32]);
    let room = CommunityRoom { server: "https://a.bc".into(), room: "room".into() };
    let missing = [
        with(account(2, "Bob").id()),
        ConversationId::Group(group),
        ConversationId::Community(room),
        ConversationId::Blinded(AccountId::new(Prefix::Blinded15, [1; 32])),
    ];
    for conversation in missing {
        let draft =
            Command::SetDraft { conversation: conversation.clone(), text: Some("x".into()) };
        for command in three(&conversation).into_iter().chain([draft]) {
            let expected = CommandError::NoSuchConversation { conversation: conversation.clone() };
            assert_eq!(home.does(command).err(), Some(expected));
        }
    }
}

#[test]
fn a_new_timer_is_told_and_counts_for_its_own_notice() {
    let (mut home, bob) = Home::with_friend();
    let me = home.id();
    let (hour, conversation) = (Duration::from_secs(3_600), with(bob));
    let set = |setting| Command::SetDisappearing { conversation: conversation.clone(), setting };
    for (setting, kind, from, ttl) in [
        (
            Disappearing::AfterRead(3_600),
            ExpirationType::DeleteAfterRead,
            Some(ExpiresFrom::Read),
            [FORTNIGHT, hour],
        ),
        (
            Disappearing::AfterSend(3_600),
            ExpirationType::DeleteAfterSend,
            Some(ExpiresFrom::Sent),
            [hour, hour],
        ),
        (Disappearing::Off, ExpirationType::Unknown, None, [FORTNIGHT, FORTNIGHT]),
    ] {
        let done = home.does(set(setting)).unwrap();
        let [theirs, own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
        assert_eq!(shape(theirs), (Copy::Recipient, bob, ttl[0], KEPT));
        assert_eq!(shape(own), (Copy::Sync, me, ttl[1], KEPT));
        for (copy, sync_target) in [(theirs, None), (own, Some(bob.to_string()))] {
            let content = read(copy);
            let data = DataMessage { flags: Some(2), sync_target, ..DataMessage::default() };
            assert_eq!(content.data_message, Some(data));
            assert_eq!(content.expiration_type, Some(kind));
            assert_eq!(content.expiration_timer, Some(if from.is_some() { 3_600 } else { 0 }));
        }
        let Outcome::Queued(notice) = done.outcome else { panic!("{:?}", done.outcome) };
        assert_eq!(home.store.messages[&notice.id], *notice);
        assert_eq!((notice.kind, &notice.text), (MessageKind::ExpirationTimerUpdate, &None));
        let ends = Some(notice.sent.plus(hour));
        assert_eq!(notice.expiry, from.map(|from| Expiry { from, seconds: 3_600, ends }));
        assert_eq!(home.line(bob).disappearing, setting);
        assert!(home.does(set(setting)).unwrap().outgoing.is_empty(), "nothing new");
    }
}

#[test]
fn the_note_to_self_has_its_timer_in_the_profile() {
    let mut home = Home::new();
    let conversation = with(home.id());
    let set = |setting| Command::SetDisappearing { conversation: conversation.clone(), setting };
    assert!(home.does(set(Disappearing::AfterSend(60))).unwrap().outgoing.is_empty());
    assert_eq!(home.account.settings.profile.note_to_self_timer(), 60);
    let refused = home.does(set(Disappearing::AfterRead(60))).err();
    assert_eq!(refused, Some(CommandError::NoAfterRead));
    home.does(set(Disappearing::Off)).unwrap();
    assert_eq!(home.account.settings.profile.note_to_self_timer(), 0);
}

#[test]
fn timers_have_bounds_and_go_to_friends_only() {
    let (mut home, bob) = Home::with_friend();
    let set = |account, setting| Command::SetDisappearing { conversation: with(account), setting };
    for seconds in [0, 14 * 86_400 + 1] {
        for setting in [Disappearing::AfterSend(seconds), Disappearing::AfterRead(seconds)] {
            let bad = CommandError::BadTimer { seconds: seconds.into(), limit: 14 * 86_400 };
            assert_eq!(home.does(set(bob, setting)).err(), Some(bad));
        }
    }
    let hour = Disappearing::AfterSend(3_600);
    let carol = account(3, "Carol").id();
    let missing = CommandError::NoSuchConversation { conversation: with(carol) };
    assert_eq!(home.does(set(carol, hour)).err(), Some(missing));
    home.knows(Contact { approved_me: true, ..Contact::new(carol) });
    let stranger = CommandError::NotApproved { account: carol };
    assert_eq!(home.does(set(carol, hour)).err(), Some(stranger));
    home.does(Command::Block { account: bob, blocked: true }).unwrap();
    let blocked = CommandError::Blocked { account: bob };
    assert_eq!(home.does(set(bob, hour)).err(), Some(blocked));
    let conversation = ConversationId::Group(AccountId::new(Prefix::Group, [1; 32]));
    let group = Command::SetDisappearing { conversation: conversation.clone(), setting: hour };
    assert_eq!(home.does(group).err(), Some(CommandError::NotOneToOne { conversation }));
}

#[test]
fn a_draft_stays_in_the_line() {
    let (mut home, bob) = Home::with_friend();
    let draft = |text: Option<&str>| Command::SetDraft {
        conversation: with(bob),
        text: text.map(str::to_owned),
    };
    home.does(draft(Some("hel"))).unwrap();
    assert_eq!(home.line(bob).draft.as_deref(), Some("hel"));
    let long = "é".repeat(10_001);
    let refused = home.does(draft(Some(&long))).err();
    assert_eq!(refused, Some(CommandError::TooLong { length: 10_001, limit: 10_000 }));
    home.does(draft(Some(""))).unwrap();
    assert_eq!(home.line(bob).draft, None);
}

#[test]
fn a_name_is_trimmed_dated_and_told() {
    let (mut home, bob) = Home::with_friend();
    home.now = NOW.plus(DAY);
    let done = home.does(Command::SetName(" Alice B ".into())).unwrap();
    let name = Some("Alice B".to_owned());
    let event = AccountEvent::ProfileChanged { account: home.id(), name: name.clone() };
    assert!(done.decision.events.contains(&event), "{:?}", done.decision.events);
    assert_eq!(home.store.name, name);
    assert_eq!(home.account.settings.profile.name().to_string(), "Alice B");
    let seconds = NOW.plus(DAY).millis() / 1_000;
    let profile =
        read(&home.does(text(bob, "x")).unwrap().outgoing[0]).data_message.unwrap().profile;
    assert_eq!(profile.unwrap().last_update_seconds, Some(seconds));
    for (name, bytes) in [("", 0), (" \n", 0), (&*"é".repeat(51), 102)] {
        let refused = home.does(Command::SetName(name.into())).err();
        let name = name.trim().to_owned();
        assert_eq!(refused, Some(CommandError::BadName { name, bytes }));
    }
}

#[test]
fn what_others_are_told_is_kept_in_this_home() {
    let mut home = Home::new();
    let set = |read_receipts, typing| Command::SetPrivacy { read_receipts, typing };
    let now = |home: &Home| {
        let profile = home.account.profile();
        (profile.read_receipts, profile.typing)
    };
    assert_eq!(now(&home), (false, false));
    let done = home.does(set(Some(true), None)).unwrap();
    assert_eq!(now(&home), (true, false));
    assert!(done.decision.events.iter().any(|e| matches!(e, AccountEvent::ProfileChanged { .. })));
    assert!(done.outgoing.is_empty());
    home.does(set(None, Some(true))).unwrap();
    assert_eq!(now(&home), (true, true));
    home.does(set(Some(false), Some(false))).unwrap();
    assert_eq!(now(&home), (false, false));
}
