//! Texts and what comes with them.

use super::*;
use ramson_codec::proto::{OpenGroupInvitation, Preview, Quote};

const FORTNIGHT: Duration = Duration::from_secs(14 * 86_400);

const ROOM: &str = "https://open.example.org/room?public_key=\
                    a03c383cf63c3c4efe67acc52112a6dd734b3a946b9545f488aaa93da7991238";

#[test]
fn a_text_stands_in_the_conversation_with_its_author() {
    let mut device = Device::new(&[]);
    let peer = id(2);
    let arrival = from(peer, at(1), &words("hello"));
    let hash = arrival.hash;
    let decision = device.take(arrival);
    let message = device.only();
    assert_eq!((message.author, &message.conversation), (peer, &with(peer)));
    assert_eq!((message.sent, message.text.as_deref()), (at(1), Some("hello")));
    assert_eq!((message.kind, &message.state), (MessageKind::Visible, &MessageState::Received));
    assert_eq!((message.hash, message.own_hash), (Some(hash), Some(hash)));
    assert_eq!(received(&decision), [message]);
    let line = device.line(peer);
    assert_eq!((line.unread, line.mentions, line.latest), (1, 0, at(1)));
    assert!(decision.changes.iter().any(|change| matches!(
        change,
        Change::Ledger(line) if line.message == Some(message.id)
            && matches!(line.step, LedgerStep::Received { .. })
    )));
}

#[test]
fn an_own_message_of_another_device_is_filed_under_its_peer() {
    let mut device = Device::new(&[]);
    let (me, peer) = (device.me(), id(2));
    device.take(from(peer, at(1), &words("question")));
    device.take(from(me, at(2), &synced(peer, words("answer"))));
    let answer = device.messages()[1];
    assert_eq!((answer.author, &answer.conversation), (me, &with(peer)));
    assert_eq!(answer.state, MessageState::Stored);
    assert!(answer.hash.is_none() && answer.own_hash.is_some(), "the copy is not the peer's");
    let line = device.line(peer);
    assert_eq!(line.last_read, at(2), "who answers has read the question");
    assert!(device.contact(peer).approved);
    // What was sent before is read when it comes.
    device.take(from(peer, at(0), &words("late")));
    let due = device.account.due_work(NOW);
    assert_eq!(due, Some(Work::Read(with(peer))));
}

#[test]
fn a_note_to_self_says_so_or_says_nothing() {
    let mut device = Device::new(&[]);
    let me = device.me();
    device.take(from(me, at(1), &synced(me, words("milk"))));
    device.take(from(me, at(2), &words("eggs")));
    for note in device.messages() {
        assert_eq!((&note.conversation, &note.state), (&with(me), &MessageState::Stored));
        assert_eq!(note.hash, note.own_hash);
    }
    assert_eq!(device.messages().len(), 2);
    assert_eq!(device.line(me).unread, 0);
    assert!(device.account.settings.contacts.contact(&me).is_none());
}

#[test]
fn a_mention_of_this_account_is_counted() {
    let mut device = Device::new(&[]);
    let (me, peer) = (device.me(), id(2));
    let upper = format!("05{}", hex::encode(me.key()).to_uppercase());
    for (n, (text, mentions)) in [
        (format!("hey @{me}!"), true),
        (format!("@{upper}"), true),
        (format!("@@{me}"), true),
        (format!("{me}"), false),
        (format!("@{peer}"), false),
        (format!("@{}", me.to_string().split_off(1)), false),
        ("@ä".to_owned(), false),
    ]
    .into_iter()
    .enumerate()
    {
        device.take(from(peer, at(n as u64), &words(&text)));
        assert_eq!(device.messages()[n].mentions_me, mentions, "{text}");
    }
    assert_eq!((device.line(peer).unread, device.line(peer).mentions), (7, 3));
    device.take(from(me, at(9), &synced(peer, words(&format!("@{me}")))));
    assert!(!device.messages()[7].mentions_me, "nobody mentions himself");
}

#[test]
fn a_text_that_is_too_long_is_cut() {
    let mut device = Device::new(&[]);
    device.take(from(id(2), at(1), &words(&"ä".repeat(10_001))));
    assert_eq!(device.only().text.as_ref().map(|text| text.chars().count()), Some(10_000));
}

#[test]
fn an_unusable_quote_or_preview_does_not_cost_the_message() {
    let mut device = Device::new(&[]);
    let quote = |author: &str| Quote {
        id: 7,
        author: author.to_owned(),
        text: None,
        attachments: Vec::new(),
    };
    let preview = |url: &str, title: Option<&str>| Preview {
        url: url.to_owned(),
        title: title.map(str::to_owned),
        image: None,
    };
    let peer = id(2);
    let bad = DataMessage {
        quote: Some(quote("nobody")),
        preview: vec![preview("https://elsewhere", Some("trap"))],
        ..body("look: https://here")
    };
    device.take(from(peer, at(1), &data(bad)));
    assert_eq!(device.only().text.as_deref(), Some("look: https://here"));
    // With nothing else they are nothing.
    for (n, empty) in [
        DataMessage { quote: Some(quote("nobody")), ..DataMessage::default() },
        DataMessage { preview: vec![preview("https://x", Some("t"))], ..DataMessage::default() },
        DataMessage { preview: vec![preview("", Some("t"))], ..body(" ") },
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(
            device.reason(from(peer, at(n as u64 + 2), &data(empty))),
            DropReason::Empty.to_string()
        );
    }
    let good = DataMessage { quote: Some(quote(&peer.to_string())), ..DataMessage::default() };
    device.take(from(peer, at(9), &data(good)));
    assert_eq!(device.messages().len(), 2, "a quote alone is a message");
}

#[test]
fn an_invitation_to_a_community_needs_its_address() {
    let mut device = Device::new(&[]);
    let invitation = |url: &str, name: &str| {
        let (url, name) = (url.to_owned(), name.to_owned());
        data(DataMessage {
            open_group_invitation: Some(OpenGroupInvitation { url, name }),
            ..DataMessage::default()
        })
    };
    device.take(from(id(2), at(1), &invitation(ROOM, "The room")));
    assert_eq!((device.only().kind, device.only().text.as_deref()), (MessageKind::Visible, None));
    let without_key = ROOM.split('?').next().unwrap();
    for (n, (url, name)) in
        [("nonsense", "x"), (without_key, "x"), (ROOM, " ")].into_iter().enumerate()
    {
        let reason = device.reason(from(id(2), at(n as u64 + 2), &invitation(url, name)));
        assert_eq!(reason, DropReason::BadInvitation.to_string(), "{url}");
    }
}

#[test]
fn a_message_that_this_home_sent_learns_of_its_own_copy() {
    let mut device = Device::new(&[]);
    let (me, peer) = (device.me(), id(2));
    let content = synced(peer, words("hello"));
    device.take(from(me, at(1), &content));
    let mut known = device.only().clone();
    known.own_hash = None;
    device.store.messages.insert(known.id, known);
    let copy = copy_of(me, at(1), &content, 1);
    let hash = copy.hash;
    assert_eq!(device.reason(copy), DropReason::Duplicate.to_string());
    assert_eq!(device.only().own_hash, Some(hash));
}

#[test]
fn one_dated_far_ahead_is_neither_unread_nor_the_newest() {
    let mut device = Device::new(&[]);
    let (me, peer, far) = (device.me(), id(2), NOW.plus(DAY));
    device.take(from(peer, far, &words("tomorrow")));
    let line = device.line(peer);
    assert_eq!((line.unread, line.latest), (0, NOW));
    assert_eq!(device.only().state, MessageState::Read);
    device.take(from(peer, NOW.plus(Duration::from_secs(60)), &words("a minute")));
    let line = device.line(peer);
    assert_eq!((line.unread, line.latest), (1, NOW.plus(Duration::from_secs(60))));
    device.take(from(me, far.plus(DAY), &synced(peer, words("by a wrong clock"))));
    assert_eq!(device.line(peer).last_read, Timestamp(0), "it reads nothing in advance");
    // The own clock is a day behind, and no node has told the time.
    let mut late = from(peer, far.plus(Duration::from_millis(1)), &words("now"));
    late.expires = far.plus(FORTNIGHT);
    device.take(late);
    assert_eq!(device.line(peer).unread, 2);
}
