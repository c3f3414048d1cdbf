//! What changes messages: reactions, receipts, unsend requests; and typing.

use super::*;
use crate::event::{AccountSignal, MessageChange};
use ramson_codec::proto::{TypingAction, TypingMessage};
use ramson_types::message::MessageName;

fn changes(decision: &Decision) -> Vec<&MessageChange> {
    let mut changes = Vec::new();
    for event in &decision.events {
        if let AccountEvent::MessageChanged { change, .. } = event {
            changes.push(change);
        }
    }
    changes
}

fn emojis(message: &Message) -> Vec<(&str, bool)> {
    message.reactions.iter().map(|given| (given.emoji.as_str(), given.removed)).collect()
}

#[test]
fn the_last_reaction_with_an_emoji_counts() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    device.take(from(me, at(1), &synced(peer, words("good news"))));
    let decision = device.take(from(peer, at(3), &emoji(me, at(1), "👍", false)));
    assert!(matches!(changes(&decision)[..], [MessageChange::Reaction(_)]), "{decision:?}");
    assert_eq!(emojis(device.only()), [("👍", false)]);
    // Earlier, but later to come.
    assert_eq!(
        device.reason(from(peer, at(2), &emoji(me, at(1), "👍", true))),
        DropReason::Outdated.to_string()
    );
    device.take(from(peer, at(4), &emoji(me, at(1), "👍", true)));
    device.take(from(peer, at(5), &emoji(me, at(1), "🎉", false)));
    device.take(from(me, at(6), &synced(peer, emoji(me, at(1), "👍", false))));
    assert_eq!(emojis(device.only()), [("👍", true), ("🎉", false), ("👍", false)]);
    assert_eq!(device.line(peer).unread, 0);
}

#[test]
fn a_reaction_waits_for_its_message() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    device.take(from(peer, at(4), &emoji(peer, at(1), "👍", true)));
    device.take(from(me, at(5), &synced(peer, emoji(peer, at(1), "🎉", false))));
    device.take(from(peer, at(3), &emoji(peer, at(2), "👍", false)));
    assert!(device.messages().is_empty());
    let early: Vec<_> = device.store.early.values().cloned().collect();
    assert!(early.iter().all(|early| early.until == NOW.plus(DAY * 14)), "{early:?}");
    let decision = device.take(from(peer, at(1), &words("here it is")));
    assert_eq!(emojis(device.only()), [("👍", true), ("🎉", false)]);
    assert_eq!(emojis(received(&decision)[0]).len(), 2);
    assert_eq!(device.store.early.len(), 1, "the other one still waits");
}

#[test]
fn reactions_that_are_none_are_dropped() {
    let mut device = Device::new(&[id(2)]);
    let peer = id(2);
    device.take(from(peer, at(1), &words("hello")));
    for (n, (content, reason)) in [
        (emoji(peer, at(1), "", false), DropReason::BadEmoji),
        (emoji(peer, at(1), &"x".repeat(65), false), DropReason::BadEmoji),
        (emoji(id(3), at(1), "👍", false), DropReason::BadTarget),
        (emoji(peer, at(1).minus(DAY * 40), "👍", false), DropReason::TargetUnknown),
    ]
    .into_iter()
    .enumerate()
    {
        let got = device.reason(from(peer, at(n as u64 + 2), &content));
        assert_eq!(got, reason.to_string());
    }
    let mut bad = emoji(peer, at(1), "👍", false);
    let reaction = bad.data_message.as_mut().unwrap().reaction.as_mut().unwrap();
    (reaction.author, reaction.emoji) = ("nobody".into(), None);
    assert_eq!(device.reason(from(peer, at(9), &bad)), DropReason::BadTarget.to_string());
    let mut bad = emoji(peer, at(1), "👍", false);
    bad.data_message.as_mut().unwrap().reaction.as_mut().unwrap().emoji = None;
    assert_eq!(device.reason(from(peer, at(9), &bad)), DropReason::BadEmoji.to_string());
    assert!(device.only().reactions.is_empty() && device.store.early.is_empty());
}

#[test]
fn a_message_takes_a_thousand_reactions() {
    let mut device = Device::new(&[id(2)]);
    let peer = id(2);
    device.take(from(peer, at(0), &words("hello")));
    let react = |n: u64, emoji_number: u64, target| {
        from(peer, at(n), &emoji(peer, target, &format!("e{emoji_number}"), false))
    };
    device.take_all((1..=1_000).map(|n| react(n, n, at(0))).collect());
    assert_eq!(device.only().reactions.len(), 1_000);
    let full = DropReason::TooManyReactions.to_string();
    assert_eq!(device.reason(react(2_000, 1_001, at(0))), full);
    device.take(react(2_001, 7, at(0)));
    assert_eq!(device.only().reactions.len(), 1_000);
    // Before the message is there, 50; what is kept of them is written once.
    let decision = device.take_all((1..=60).map(|n| react(3_000 + n, n, at(5_000))).collect());
    let early = decision.changes.iter().filter_map(|change| match change {
        Change::PutEarly { early, .. } => Some(early.reactions.len()),
        _ => None,
    });
    assert_eq!(early.collect::<Vec<_>>(), [50]);
    assert_eq!(device.reason(react(9_000, 1_001, at(5_000))), full);
    device.take(react(9_001, 7, at(5_000)));
}

#[test]
fn an_author_takes_a_message_back() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    let arrival = from(peer, at(1), &words(&format!("@{me} oops")));
    let hash = arrival.hash;
    device.take(arrival);
    device.take(from(peer, at(2), &words("stays")));
    device.take(from(me, at(3), &synced(peer, emoji(peer, at(1), "👍", false))));
    assert_eq!((device.line(peer).unread, device.line(peer).mentions), (2, 1));
    let decision = device.take(from(peer, at(4), &unsend(peer, at(1))));
    assert_eq!(changes(&decision), [&MessageChange::Deleted]);
    assert_eq!(Device::to_delete(&decision), [hash]);
    let gone = device.messages()[0];
    assert!(gone.deleted && gone.text.is_none() && gone.content.is_empty());
    assert!(gone.reactions.is_empty() && !gone.mentions_me);
    assert_eq!((device.line(peer).unread, device.line(peer).mentions), (1, 0));
    assert_eq!(
        device.reason(from(me, at(5), &synced(peer, emoji(peer, at(1), "👎", false)))),
        DropReason::TargetDeleted.to_string()
    );
    // A second request, and another copy of the message, find nothing.
    device.take(copy_of(peer, at(4), &unsend(peer, at(1)), 1));
    assert_eq!((device.line(peer).unread, device.line(peer).mentions), (1, 0));
    let again = copy_of(peer, at(1), &words(&format!("@{me} oops")), 1);
    let hash = again.hash;
    let decision = device.take(again);
    assert_eq!(Device::to_delete(&decision), [hash]);
    assert!(device.messages()[0].deleted && received(&decision).is_empty());
}

#[test]
fn a_message_that_was_taken_back_before_it_came_is_not_shown() {
    let mut device = Device::new(&[id(2)]);
    let peer = id(2);
    device.take(from(peer, at(2), &emoji(peer, at(1), "👍", false)));
    device.take(from(peer, at(4), &unsend(peer, at(1))));
    let early = device.store.early.values().next().unwrap();
    let until = NOW.plus(DAY * 45);
    assert_eq!(*early, Early { deleted: true, until, ..Early::default() });
    let arrival = from(peer, at(1), &words("oops"));
    let hash = arrival.hash;
    let decision = device.take(arrival);
    assert!(device.messages().is_empty() && received(&decision).is_empty(), "{decision:?}");
    assert_eq!(Device::to_delete(&decision), [hash]);
    let dropped = DropReason::Deleted.to_string();
    assert_eq!(device.reason(copy_of(peer, at(1), &words("oops"), 1)), dropped);
    assert_eq!(device.line(peer).unread, 0);
}

#[test]
fn nobody_takes_back_what_another_wrote_but_the_own_devices() {
    let mut device = Device::new(&[id(2), id(3)]);
    let (me, peer, other) = (device.me(), id(2), id(3));
    device.take(from(me, at(1), &synced(peer, words("mine"))));
    device.take(from(peer, at(2), &words("theirs")));
    let not_author = DropReason::NotAuthor.to_string();
    assert_eq!(device.reason(from(peer, at(3), &unsend(me, at(1)))), not_author);
    assert_eq!(device.reason(from(other, at(4), &unsend(peer, at(2)))), not_author);
    let mut bad = unsend(peer, at(2));
    bad.unsend_request.as_mut().unwrap().author = "x".into();
    assert_eq!(device.reason(from(peer, at(5), &bad)), DropReason::BadTarget.to_string());
    // The same author and time in another conversation is another message.
    device.take(from(other, at(6), &unsend(other, at(2))));
    assert!(device.messages().iter().all(|message| !message.deleted));
    device.take(from(me, at(7), &unsend(me, at(1))));
    device.take(from(me, at(8), &unsend(peer, at(2))));
    assert!(device.messages().iter().all(|message| message.deleted));
}

#[test]
fn an_own_message_is_taken_back_before_it_comes_whatever_its_conversation() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    device.take(from(me, at(2), &unsend(me, at(1))));
    let dropped = DropReason::Deleted.to_string();
    assert_eq!(device.reason(from(me, at(1), &synced(peer, words("oops")))), dropped);
    assert_eq!(device.reason(from(me, at(1), &synced(me, words("oops")))), dropped);
    assert!(device.messages().is_empty());
}

#[test]
fn a_note_to_self_that_is_taken_back_is_gone() {
    let mut device = Device::new(&[]);
    let me = device.me();
    let arrival = from(me, at(1), &synced(me, words("secret")));
    let hash = arrival.hash;
    device.take(arrival);
    let note = device.only().id;
    let decision = device.take(from(me, at(2), &unsend(me, at(1))));
    assert!(device.messages().is_empty());
    let removed = AccountEvent::MessageRemoved { id: note, conversation: with(me), expired: false };
    assert!(decision.events.contains(&removed));
    assert_eq!(Device::to_delete(&decision), [hash]);
    let again = copy_of(me, at(1), &synced(me, words("secret")), 1);
    assert_eq!(device.reason(again), DropReason::Deleted.to_string());
}

#[test]
fn a_receipt_marks_own_messages_as_read_also_before_they_come() {
    let mut device = Device::new(&[id(2), id(3)]);
    let (me, peer) = (device.me(), id(2));
    device.take(from(me, at(1), &synced(peer, words("one"))));
    let off = DropReason::SwitchedOff.to_string();
    assert_eq!(device.reason(from(peer, at(5), &receipt(&[at(1)]))), off);
    assert_eq!(device.only().state, MessageState::Stored);
    device.switch_on("read_receipts");
    // Not by somebody else.
    device.take(from(id(3), at(6), &receipt(&[at(1)])));
    assert_eq!(device.only().state, MessageState::Stored);
    let decision = device.take(from(peer, at(7), &receipt(&[at(1), at(2), at(99)])));
    assert_eq!(changes(&decision), [&MessageChange::ReadByPeer]);
    assert_eq!(device.only().state, MessageState::Read);
    let again = device.take(from(peer, at(8), &receipt(&[at(1)])));
    assert!(changes(&again).is_empty());
    device.take(from(me, at(2), &synced(peer, words("two"))));
    assert_eq!(device.messages()[1].state, MessageState::Read);
    let mut delivery = receipt(&[at(1)]);
    delivery.receipt_message.as_mut().unwrap().kind = ReceiptKind::Delivery;
    let unknown = DropReason::UnknownReceipt.to_string();
    assert_eq!(device.reason(from(peer, at(9), &delivery)), unknown);
}

#[test]
fn a_receipt_for_what_cannot_come_any_more_is_not_kept() {
    let mut device = Device::new(&[id(2)]);
    device.switch_on("read_receipts");
    let old = at(0).minus(DAY * 40);
    device.take(from(id(2), at(1), &receipt(&[old, Timestamp(u64::MAX), Timestamp(0)])));
    assert!(device.store.early.is_empty());
}

#[test]
fn typing_is_told_and_not_kept() {
    let mut device = Device::new(&[id(2)]);
    let now = NOW;
    let typing = |sent: Timestamp, action| Content {
        typing_message: Some(TypingMessage { timestamp: sent.millis(), action }),
        ..Content::default()
    };
    let started = |sent| typing(sent, TypingAction::Started);
    let off = DropReason::SwitchedOff.to_string();
    assert_eq!(device.reason(from(id(2), now, &started(now))), off);
    device.switch_on("typing");
    for (action, typing_now) in [(TypingAction::Started, true), (TypingAction::Stopped, false)] {
        let decision = device.take(from(id(2), now, &typing(now, action)));
        let signal = AccountSignal::Typing { conversation: with(id(2)), typing: typing_now };
        assert_eq!(decision.signals, [signal]);
        assert!(decision.events.is_empty() && device.messages().is_empty());
    }
    let stranger = device.reason(from(id(3), now, &started(now)));
    assert_eq!(stranger, DropReason::NotApproved.to_string());
    let other_time = device.reason(from(id(2), at(1), &started(now)));
    assert_eq!(other_time, DropReason::WrongTime.to_string());
    let before = now.minus(Duration::from_secs(21));
    let late = device.reason(from(id(2), before, &started(before)));
    assert_eq!(late, DropReason::Late.to_string());
}

#[test]
fn only_those_who_accepted_each_other_react_and_tell_what_they_read() {
    let mut device = Device::new(&[]);
    device.switch_on("read_receipts");
    let (me, peer) = (device.me(), id(2));
    let dropped = DropReason::NotApproved.to_string();
    for approved in [(false, true), (true, false)] {
        device.edit_contact(peer, |contact| (contact.approved, contact.approved_me) = approved);
        for (n, content) in [emoji(peer, at(1), "👍", false), receipt(&[at(1)])].iter().enumerate()
        {
            let arrival = from(peer, at(n as u64 + 3), content);
            let asked = device.account.arrival_questions(std::slice::from_ref(&arrival));
            assert!(asked.is_empty(), "{asked:?}");
            assert_eq!(device.reason(arrival), dropped);
        }
    }
    assert!(device.store.early.is_empty());
    // What makes them such may come along, in whatever order.
    device.take_all(vec![
        from(peer, at(6), &receipt(&[at(5)])),
        from(peer, at(4), &words("yes")),
        from(me, at(5), &synced(peer, words("fine"))),
    ]);
    assert_eq!(device.messages()[1].state, MessageState::Read);
}

#[test]
fn a_receipt_leaves_a_hundred_traces_and_a_batch_asks_for_five_thousand() {
    let mut device = Device::new(&[id(2)]);
    device.switch_on("read_receipts");
    let times = |from: u64| (from..from + 1_500).map(at).collect::<Vec<_>>();
    device.take(from(id(2), at(1), &receipt(&times(2))));
    assert_eq!(device.store.early.len(), 100);
    let me = device.me();
    device.take(from(me, at(50_000), &synced(id(2), words("old"))));
    let mut flood: Vec<_> =
        (0..8).map(|n| from(id(2), at(n), &receipt(&times(n * 2_000)))).collect();
    flood.push(from(id(2), at(60_000), &emoji(me, at(50_000), "👍", false)));
    flood.push(from(id(2), at(60_001), &words("still asked for")));
    let asked = device.account.arrival_questions(&flood);
    assert_eq!(asked.len(), 5_000);
    let own = MessageName { conversation: with(id(2)), author: id(2), sent: at(60_001) };
    assert!(asked.contains(&Question::Named(own)));
    let decision = device.take_all(flood);
    let many = DropReason::TooManyNames.to_string();
    assert!(decision.changes.iter().any(|change| matches!(change, Change::Ledger(line)
        if matches!(&line.step, LedgerStep::Dropped { reason, .. } if *reason == many))));
    assert_eq!(device.messages().len(), 2);
    assert!(device.messages()[0].reactions.is_empty());
}

#[test]
fn an_own_message_that_is_taken_back_is_looked_for_where_something_was_said_last() {
    let ids: Vec<_> = (2..=62).map(id).collect();
    let mut device = Device::new(&ids);
    let me = device.me();
    for (n, peer) in ids.iter().enumerate() {
        device.take(from(*peer, at(n as u64 + 10), &words("hello")));
    }
    let asked = |device: &Device, count: u64| {
        let unsend = |n| from(me, at(n + 900), &unsend(me, Timestamp(at(0).millis() + n)));
        let all: Vec<_> = (0..count).map(unsend).collect();
        device.account.arrival_questions(&all)
    };
    let first = asked(&device, 1);
    assert_eq!(first.len(), 51);
    let name =
        |peer| Question::Named(MessageName { conversation: with(peer), author: me, sent: at(0) });
    assert!(first.contains(&name(ids[60])) && !first.contains(&name(ids[0])));
    // A thousand in all, and for each where it is kept that it is in none.
    assert_eq!(asked(&device, 200).len(), 1_001 + 180);
}
