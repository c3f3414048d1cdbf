//! Writing: texts, replies, previews, invitations; what it does to contact and
//! conversation.

use ramson_codec::proto::{DataMessage, ExpirationType, LokiProfile, Preview, Quote};
use ramson_codec::proto::{MessageRequestResponse, OpenGroupInvitation};
use ramson_types::message::{ExpiresFrom, Expiry};

use super::*;
use crate::command::{Invitation, LinkPreview};
use crate::config::convo_volatile::Convo;
use crate::config::value::Picture;

const COMMUNITY: &str = "https://open.getsession.org/session?public_key=a03c383cf63c3c4efe67acc52112a6dd734b3a946b9545f488aaa93da7991238";

fn post(to: AccountId, post: Post) -> Command {
    Command::Send { to, post }
}

fn profile(name: &str, updated: Option<u64>) -> Option<LokiProfile> {
    Some(LokiProfile {
        display_name: Some(name.into()),
        last_update_seconds: updated,
        ..LokiProfile::default()
    })
}

#[test]
fn a_text_goes_to_the_peer_with_the_profile_and_to_the_devices_with_its_target() {
    let (mut home, bob) = Home::with_friend();
    let me = home.id();
    home.does(Command::SetName("Alice B".into())).unwrap();
    let picture = Picture::new("http://filev2.getsession.org/file/1#d", &[7; 32]).unwrap();
    let changed = NOW.plus(DAY);
    home.account.settings.profile.set_picture(Some(&picture), Some(changed));
    let done = home.does(text(bob, "hello")).unwrap();
    let [theirs, own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(theirs), (Copy::Recipient, bob, FORTNIGHT, KEPT));
    assert_eq!(shape(own), (Copy::Sync, me, FORTNIGHT, KEPT));
    assert_eq!((theirs.sent, theirs.message), (own.sent, own.message));

    let profile = LokiProfile {
        display_name: Some("Alice B".into()),
        profile_picture: Some("http://filev2.getsession.org/file/1#d".into()),
        last_update_seconds: Some(changed.millis() / 1_000),
    };
    let data = DataMessage {
        body: Some("hello".into()),
        profile_key: Some(vec![7; 32]),
        profile: Some(profile),
        ..DataMessage::default()
    };
    let content = |data| Content {
        data_message: Some(data),
        sig_timestamp: Some(theirs.sent.millis()),
        ..Content::default()
    };
    assert_eq!(theirs.content, content(data).encode());
    let data = DataMessage {
        body: Some("hello".into()),
        sync_target: Some(bob.to_string()),
        ..DataMessage::default()
    };
    assert_eq!(own.content, content(data).encode());

    let [kept] = home.messages(bob)[..] else { panic!("one message") };
    assert_eq!(Outcome::Queued(Box::new(kept.clone())), done.outcome);
    assert_eq!((kept.author, kept.sent, kept.received), (me, theirs.sent, NOW));
    assert_eq!((kept.kind, &kept.state), (MessageKind::Visible, &MessageState::Queued));
    assert_eq!((&kept.content, kept.expiry), (&theirs.content, None));
    assert!(done.decision.events.contains(&AccountEvent::MessageQueued(kept.clone())));
    assert_eq!(home.line(bob).latest, theirs.sent);
}

#[test]
fn a_note_to_self_is_one_copy_without_profile_and_shows_the_conversation() {
    let mut home = Home::new();
    let me = home.id();
    home.account.settings.profile.set_note_to_self_priority(-1);
    home.account.settings.profile.set_note_to_self_timer(3_600);
    let done = home.does(text(me, "milk")).unwrap();
    let [note] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    let hour = Duration::from_secs(3_600);
    assert_eq!(shape(note), (Copy::Recipient, me, hour, KEPT));
    let data = DataMessage {
        body: Some("milk".into()),
        sync_target: Some(me.to_string()),
        ..DataMessage::default()
    };
    let content = read(note);
    assert_eq!(content.data_message, Some(data));
    assert_eq!(content.expiration_type, Some(ExpirationType::DeleteAfterSend));
    assert_eq!(content.expiration_timer, Some(3_600));
    assert_eq!(home.account.settings.profile.note_to_self_priority(), 0);
    assert!(home.contact(me).is_none(), "nobody is a contact of itself");
    assert_eq!(home.line(me).latest, note.sent);
}

#[test]
fn what_the_other_devices_are_not_told_is_the_same_message_without_their_copy() {
    let ((mut home, bob), (mut other, _)) = (Home::with_friend(), Home::with_friend());
    for home in [&mut home, &mut other] {
        home.timer(bob, Timer::AfterSend(60));
        home.hears(bob, NOW.minus(DAY));
    }
    let unsynced = Post { unsynced: true, ..Post::text("pong") };
    let done = home.does(post(bob, unsynced)).unwrap();
    let synced = other.does(text(bob, "pong")).unwrap();
    assert_eq!(done.outgoing, synced.outgoing[..1], "the peer's, byte for byte");
    assert_eq!(done.outcome, synced.outcome);
    assert_eq!(done.decision.events, synced.decision.events);
    let is_own = |change: &&Change| match change {
        Change::PutOutbox(entry) => entry.copy == Copy::Sync,
        Change::Ledger(line) => {
            matches!(line.step, LedgerStep::Queued { to, .. } if to == home.id())
        }
        Change::SetCounters(_) => true,
        _ => false,
    };
    let but_own = |decision: &Decision| {
        decision.changes.iter().filter(|change| !is_own(change)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(but_own(&done.decision), but_own(&synced.decision));
    assert_eq!((home.store.outbox.len(), other.store.outbox.len()), (1, 2));

    // It goes out, also after a restart, and nothing is left to do.
    home.account = Account::load(home.store.stored(1, Seed::from_entropy16([1; 16])));
    home.delivers();
    assert!(home.store.outbox.is_empty() && home.account.outbox_len() == 0);
    let of_mine = |message: &&&Message| message.author == home.id();
    let [kept] = home.messages(bob).iter().filter(of_mine).copied().collect::<Vec<_>>()[..] else {
        panic!("one message")
    };
    assert_eq!((&kept.state, kept.own_hash), (&MessageState::Stored, None));
    let id = kept.id;
    let (mut home, delete) = (home, Command::Delete { message: id, scope: DeleteScope::Everyone });
    let done = home.does(delete).unwrap();
    assert_eq!(done.outgoing[0].to, bob, "it can be taken back as any other");
    assert_eq!(pushed(&done.decision, |change| matches!(change, Change::PutErrand(_))), 0);
}

#[test]
fn a_note_to_self_and_the_answer_to_a_request_go_out_whatever_is_synced() {
    let (mut home, bob) = (Home::new(), account(2, "Bob").id());
    let unsynced = || Post { unsynced: true, ..Post::text("hello") };
    let me = home.id();
    let done = home.does(post(me, unsynced())).unwrap();
    let [note] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(note), (Copy::Recipient, me, FORTNIGHT, KEPT));
    home.knows(Contact { approved_me: true, ..Contact::new(bob) });
    let done = home.does(post(bob, unsynced())).unwrap();
    let [response, theirs] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(response), (Copy::Recipient, bob, FORTNIGHT, QUIET));
    assert_eq!(shape(theirs), (Copy::Recipient, bob, FORTNIGHT, KEPT));
}

#[test]
fn who_is_written_to_becomes_an_approved_contact_that_is_shown() {
    let (mut home, bob) = (Home::new(), account(2, "Bob").id());
    let done = home.does(text(bob, "hello")).unwrap();
    assert_eq!(done.outgoing.len(), 2, "a stranger did not ask, so nothing is answered");
    let contact = home.contact(bob).unwrap();
    assert_eq!((contact.approved, contact.approved_me), (true, false));
    assert_eq!(contact.created, i64::try_from(NOW.millis() / 1_000).unwrap());
    let line = home.line(bob);
    assert!(line.approved && !line.is_request());

    home.knows(Contact { priority: -1, created: 5, ..contact });
    home.does(text(bob, "again")).unwrap();
    let contact = home.contact(bob).unwrap();
    assert_eq!((contact.priority, contact.created), (0, 5));
    home.knows(Contact { priority: 3, ..contact });
    home.does(text(bob, "again")).unwrap();
    assert_eq!(home.contact(bob).unwrap().priority, 3, "a pin stays");
}

#[test]
fn an_answer_accepts_a_request_and_says_so_first_and_once() {
    let (mut home, bob) = (Home::new(), account(2, "Bob").id());
    home.knows(Contact { approved_me: true, ..Contact::new(bob) });
    let done = home.does(text(bob, "hello")).unwrap();
    let [response, theirs, own] = &done.outgoing[..] else { panic!("{:?}", done.outgoing) };
    assert_eq!(shape(response), (Copy::Recipient, bob, FORTNIGHT, QUIET));
    assert_eq!(theirs.sent.since(response.sent), Duration::from_millis(100));
    assert_eq!(own.sent, theirs.sent);
    assert_ne!(response.message, theirs.message);
    let expected = MessageRequestResponse {
        is_approved: true,
        profile_key: None,
        profile: read(theirs).data_message.unwrap().profile,
    };
    assert_eq!(read(response).message_request_response, Some(expected));
    assert_eq!(read(response).data_message, None);
    assert_eq!(home.messages(bob).len(), 1, "it is no message of the history");
    assert!(home.contact(bob).unwrap().approved);
    assert_eq!(home.does(text(bob, "again")).unwrap().outgoing.len(), 2);

    // In a busy moment the times still differ.
    let carol = account(3, "Carol").id();
    home.knows(Contact { approved_me: true, ..Contact::new(carol) });
    let sent: Vec<_> = home.does(text(carol, "x")).unwrap().outgoing;
    assert!(sent[0].sent > theirs.sent && sent[1].sent > sent[0].sent, "{sent:?}");
}

#[test]
fn a_reply_names_author_and_time_of_what_it_answers() {
    let (mut home, bob) = Home::with_friend();
    let heard = home.hears(bob, NOW.minus(DAY));
    let (mine, sent) = home.writes(bob);
    for (id, author, time) in [(heard, bob, NOW.minus(DAY)), (mine, home.id(), sent)] {
        let reply = Post { reply_to: Some(id), ..Post::text("yes") };
        let done = home.does(post(bob, reply)).unwrap();
        let quote = Quote {
            id: time.millis(),
            author: author.to_string(),
            text: None,
            attachments: Vec::new(),
        };
        for copy in &done.outgoing {
            let data = read(copy).data_message.unwrap();
            assert_eq!((data.quote.as_ref(), data.body.as_deref()), (Some(&quote), Some("yes")));
        }
    }
    // Not of another conversation, not of one that is gone or a notice.
    let carol = account(3, "Carol").id();
    let conversation = ConversationId::Account(carol);
    let reply = |id| Post { reply_to: Some(id), ..Post::text("yes") };
    let refused = home.does(post(carol, reply(heard))).err();
    assert_eq!(refused, Some(CommandError::OtherConversation { message: heard, conversation }));
    home.does(Command::Delete { message: heard, scope: DeleteScope::MyDevices }).unwrap();
    let unknown = MessageId { account: 1, number: 999 };
    for message in [heard, unknown] {
        let refused = home.does(post(bob, reply(message))).err();
        assert_eq!(refused, Some(CommandError::NoSuchMessage { message }));
    }
}

#[test]
fn a_preview_stands_in_the_text_and_has_a_title() {
    let (mut home, bob) = Home::with_friend();
    let preview = |url: &str, title: &str| Post {
        preview: Some(LinkPreview { url: url.into(), title: title.into() }),
        ..Post::text("look: https://getsession.org/ nice")
    };
    let done = home.does(post(bob, preview("https://getsession.org/", "Session"))).unwrap();
    let expected = Preview {
        url: "https://getsession.org/".into(),
        title: Some("Session".into()),
        image: None,
    };
    for copy in &done.outgoing {
        assert_eq!(read(copy).data_message.unwrap().preview, std::slice::from_ref(&expected));
    }
    for (url, title) in [("https://other.org/", "x"), ("https://getsession.org/", " "), ("", "x")] {
        let refused = home.does(post(bob, preview(url, title))).err();
        assert_eq!(refused, Some(CommandError::BadPreview { url: url.into() }));
    }
}

#[test]
fn an_invitation_is_a_community_with_a_name_and_no_text() {
    let (mut home, bob) = Home::with_friend();
    let invitation =
        |url: &str, name: &str| Some(Invitation { url: url.into(), name: name.into() });
    let invite =
        |url: &str, name: &str| Post { invitation: invitation(url, name), ..Post::default() };
    let done = home.does(post(bob, invite(COMMUNITY, "Session"))).unwrap();
    let expected = OpenGroupInvitation { url: COMMUNITY.into(), name: "Session".into() };
    let data = read(&done.outgoing[0]).data_message.unwrap();
    assert_eq!((data.open_group_invitation, data.body), (Some(expected), None));
    let [kept] = home.messages(bob)[..] else { panic!("one message") };
    assert_eq!(kept.text, None);
    let no_key = "https://open.getsession.org/session";
    for (url, name) in [("x", "x"), (no_key, "x"), (COMMUNITY, " ")] {
        let refused = home.does(post(bob, invite(url, name))).err();
        assert_eq!(refused, Some(CommandError::BadInvitation { url: url.into() }));
    }
    let both = Post { invitation: invitation(COMMUNITY, "Session"), ..Post::text("come") };
    assert_eq!(home.does(post(bob, both)).err(), Some(CommandError::TextWithInvitation));
}

#[test]
fn what_disappears_says_so_in_every_copy_and_starts_when_it_is_sent() {
    use Timer::{AfterRead, AfterSend};
    let hour = Duration::from_secs(3_600);
    for (setting, kind, from, theirs) in [
        (AfterSend(3_600), ExpirationType::DeleteAfterSend, ExpiresFrom::Sent, hour),
        (AfterRead(3_600), ExpirationType::DeleteAfterRead, ExpiresFrom::Read, FORTNIGHT),
    ] {
        let (mut home, bob) = Home::with_friend();
        home.timer(bob, setting);
        let done = home.does(text(bob, "soon gone")).unwrap();
        let ttls: Vec<_> = done.outgoing.iter().map(|copy| copy.ttl).collect();
        assert_eq!(ttls, [theirs, hour], "{setting:?}");
        for content in done.outgoing.iter().map(read) {
            assert_eq!(content.expiration_type, Some(kind));
            assert_eq!(content.expiration_timer, Some(3_600));
        }
        let [kept] = home.messages(bob)[..] else { panic!("one message") };
        let ends = Some(kept.sent.plus(hour));
        assert_eq!(kept.expiry, Some(Expiry { from, seconds: 3_600, ends }));
        assert_eq!(home.account.expiring.next(), ends);
    }
}

#[test]
fn a_swarm_gets_no_ttl_that_it_would_refuse() {
    use Timer::AfterSend;
    let (mut home, bob) = Home::with_friend();
    for (seconds, ttl) in [(1, 10), (10, 10), (100_000_000, 14 * 86_400)] {
        home.timer(bob, AfterSend(seconds));
        let done = home.does(text(bob, "x")).unwrap();
        let ttl = Duration::from_secs(ttl);
        assert!(done.outgoing.iter().all(|copy| copy.ttl == ttl), "{seconds}");
    }
}

#[test]
fn who_writes_has_read_what_stands_before() {
    let (mut home, bob) = Home::with_friend();
    let before = NOW.minus(DAY);
    home.hears(bob, NOW.minus(DAY * 2));
    home.hears(bob, before);
    home.hears(bob, NOW.plus(DAY));
    home.does(text(bob, "hello")).unwrap();
    assert_eq!(home.line(bob).last_read, before, "and not what is dated later");
    let volatile = |home: &Home| home.account.settings.volatile.read_state(&Convo::Account(bob));
    let state = volatile(&home).unwrap().unwrap();
    assert_eq!(state.last_read, i64::try_from(before.millis()).unwrap());
    home.does(text(bob, "again")).unwrap();
    assert_eq!(volatile(&home).unwrap(), Some(state), "nothing new was read");
    let conversation = ConversationId::Account(bob);
    home.does(Command::MarkUnread { conversation, unread: true }).unwrap();
    assert!(home.line(bob).marked_unread);
    home.does(text(bob, "again")).unwrap();
    assert!(!home.line(bob).marked_unread);
}

#[test]
fn what_no_swarm_would_store_is_refused_with_its_size() {
    let (mut home, bob) = Home::with_friend();
    let before = home.state();
    let preview = LinkPreview { url: "https://a.org".into(), title: "x".repeat(80_000) };
    let large = Post { preview: Some(preview), ..Post::text("https://a.org") };
    let refused = home.does(post(bob, large)).err();
    let Some(CommandError::TooLarge { bytes, limit: 76_800 }) = refused else {
        panic!("{refused:?}");
    };
    assert!((80_000..81_000).contains(&bytes), "{bytes}");
    assert_eq!(home.state(), before);
    // The longest text that may be sent always fits.
    home.does(text(bob, &"\u{1f600}".repeat(MAX_TEXT))).unwrap();
}

#[test]
fn nobody_writes_to_whom_it_blocked() {
    let (mut home, bob) = Home::with_friend();
    home.does(Command::Block { account: bob, blocked: true }).unwrap();
    let refused = home.does(text(bob, "hello")).err();
    assert_eq!(refused, Some(CommandError::Blocked { account: bob }));
    home.does(Command::Block { account: bob, blocked: false }).unwrap();
    home.does(text(bob, "hello")).unwrap();
}

#[test]
fn a_profile_without_anything_has_the_accounts_name() {
    let (mut home, bob) = Home::with_friend();
    let done = home.does(text(bob, "hello")).unwrap();
    let told = read(&done.outgoing[0]).data_message.unwrap();
    assert_eq!(
        (told.profile_key, told.profile.as_ref().unwrap().display_name.as_deref()),
        (None, Some("Alice"))
    );
    // Nothing but the name in the list of accounts: there is no time of it.
    let mut plain = account(5, "Eve");
    let plan = command(&mut plain, text(bob, "hello"), NOW).unwrap();
    assert_eq!(read(&plan.outgoing[0]).data_message.unwrap().profile, profile("Eve", None));
}
