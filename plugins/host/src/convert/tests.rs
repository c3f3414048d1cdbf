use ramson_codec::proto::{AttachmentPointer, Content, DataMessage, Fixed64, Preview, Quote};
use ramson_system::{
    AccountEvent, AccountSignal, CarryError, CommandError, EngineError, EngineEvent, EventKind,
    EventRef, MessageChange, Outcome, Profile,
};
use ramson_types::conversation::{Disappearing, Notify, ProfilePicture};
use ramson_types::ledger::{LedgerLine, LedgerStep};
use ramson_types::message::{ExpiresFrom, Expiry, Message, MessageKind, MessageState, Reaction};
use ramson_types::{
    AccountId, ConversationId, Ed25519PublicKey, MessageHash, MessageId, Prefix, Timestamp,
};
use ramson_wire as wire;

use super::event::Lookup;
use super::ids::{account_id, account_of, conversation_id, conversation_of, message_id};

const ID: MessageId = MessageId { account: 1, number: 7 };
const TEXT: &str = "see https://example.org/a";

fn alice() -> AccountId {
    AccountId::new(Prefix::Account, [0xa1; 32])
}

fn bob() -> AccountId {
    AccountId::new(Prefix::Account, [0xb0; 32])
}

fn place() -> ConversationId {
    ConversationId::Account(bob())
}

fn reaction(removed: bool) -> Reaction {
    let emoji = if removed { "👎" } else { "👍" }.to_owned();
    Reaction { author: bob(), emoji, at: Timestamp(9), removed }
}

fn message() -> Message {
    Message {
        id: ID,
        conversation: place(),
        author: bob(),
        sent: Timestamp(5),
        received: Timestamp(6),
        kind: MessageKind::Visible,
        state: MessageState::Received,
        text: Some(TEXT.to_owned()),
        content: Vec::new(),
        hash: None,
        own_hash: None,
        expiry: None,
        reactions: Vec::new(),
        mentions_me: false,
        deleted: false,
    }
}

#[test]
fn a_message_has_all_that_is_shown_and_nothing_of_what_was_signed() {
    let pointer = AttachmentPointer {
        id: Fixed64(0),
        content_type: Some("image/png".to_owned()),
        key: Some(vec![0x5e; 64]),
        size: Some(77),
        thumbnail: None,
        digest: None,
        file_name: Some("a.png".to_owned()),
        flags: Some(1),
        width: Some(4),
        height: Some(3),
        caption: Some("words".to_owned()),
        url: Some("http://f/1".to_owned()),
    };
    let author = alice().to_string();
    let quote = Quote { id: 3, author, text: None, attachments: Vec::new() };
    let (url, title) = ("https://example.org/a".to_owned(), Some("A page".to_owned()));
    let preview = Preview { url, title, image: None };
    let data = DataMessage {
        attachments: vec![pointer],
        quote: Some(quote),
        preview: vec![preview],
        ..DataMessage::default()
    };
    let content = Content { data_message: Some(data), ..Content::default() }.encode();
    let whole = Message {
        content,
        hash: Some(MessageHash([1; 32])),
        own_hash: Some(MessageHash([2; 32])),
        expiry: Some(Expiry { from: ExpiresFrom::Read, seconds: 60, ends: Some(Timestamp(8)) }),
        reactions: vec![reaction(false), reaction(true)],
        mentions_me: true,
        ..message()
    };
    let told = super::message::message(&alice(), &whole);
    assert_eq!((told.id.to_string().as_str(), told.outgoing), ("m1-7", false));
    assert_eq!((told.sent, told.received, told.text.as_deref()), (5, 6, Some(TEXT)));
    assert_eq!(told.quote, Some(wire::Quote { author: account_id(&alice()), sent: 3 }));
    assert_eq!(told.preview.as_ref().unwrap().title, "A page");
    let [attachment] = told.attachments.as_slice() else { panic!("{told:?}") };
    assert_eq!((attachment.size, attachment.voice), (77, true));
    assert_eq!((told.reactions.len(), told.reactions[0].emoji.as_str()), (1, "👍"));
    assert_eq!(told.expiry, Some(wire::Expiry { seconds: 60, after_read: true, ends: Some(8) }));
    assert_eq!(told.hash, Some(MessageHash([1; 32]).to_string()));
    assert!(told.mentions_me && !told.deleted && told.notice.is_none());
    let json = serde_json::to_string(&told).unwrap();
    assert!(!json.contains("http://f/1") && !json.contains("94, 94"), "{json}");
    assert!(super::message::message(&bob(), &whole).outgoing);
}

#[test]
fn what_nobody_wrote_is_a_notice() {
    let notice = |kind| super::message::message(&alice(), &Message { kind, ..message() }).notice;
    assert_eq!(notice(MessageKind::Visible), None);
    assert_eq!(notice(MessageKind::Call), Some(wire::Notice::MissedCall));
    assert_eq!(notice(MessageKind::MessageRequestResponse), Some(wire::Notice::RequestAccepted));
    assert_eq!(notice(MessageKind::DataExtraction), Some(wire::Notice::MediaSaved));
    assert_eq!(notice(MessageKind::GroupUpdate), Some(wire::Notice::Group { name: None }));
    let off = wire::Notice::Timer { setting: wire::Disappearing::Off };
    assert_eq!(notice(MessageKind::ExpirationTimerUpdate), Some(off));
}

#[test]
fn ids_go_there_and_back_and_bad_ones_are_refused_with_a_name() {
    assert_eq!(account_of(&account_id(&alice())), Ok(alice()));
    assert_eq!(account_of(&wire::AccountId([0xff; 33])).unwrap_err().kind, "InvalidAccountId");
    let room: ConversationId = "https://open.example.org/room".parse().unwrap();
    let group = ConversationId::Group(AccountId::new(Prefix::Group, [3; 32]));
    for id in [place(), group, room] {
        assert_eq!(conversation_of(&conversation_id(&id)), Ok(id));
    }
    let bad = wire::ConversationId("nowhere".to_owned());
    assert_eq!(conversation_of(&bad).unwrap_err().kind, "InvalidAccountId");
}

#[test]
fn a_conversation_has_no_picture_and_says_whether_it_is_a_request() {
    let line = ramson_types::conversation::Conversation {
        name: Some("Bob".to_owned()),
        picture: Some(ProfilePicture { url: "http://f/secret".to_owned(), key: [1; 32] }),
        approved_me: true,
        notify: Notify::Mentions,
        disappearing: Disappearing::AfterRead(7),
        latest: Timestamp(4),
        unread: 2,
        draft: Some("begun".to_owned()),
        ..ramson_types::conversation::Conversation::new(place())
    };
    let told = super::conversation::conversation(&line);
    assert!(told.request && !told.approved);
    assert_eq!((told.notify, told.unread, told.latest), (wire::Notify::Mentions, 2, 4));
    assert_eq!(told.disappearing, wire::Disappearing::AfterRead(7));
    assert_eq!((told.shown_name(), told.draft.as_deref()), (Some("Bob"), Some("begun")));
    assert!(!serde_json::to_string(&told).unwrap().contains("secret"));
}

fn changed(change: wire::Change) -> wire::Event {
    wire::Event::MessageChanged {
        account: account_id(&alice()),
        conversation: conversation_id(&place()),
        message: message_id(ID),
        change,
    }
}

#[test]
fn every_event_is_told_or_looked_up() {
    let (id, conversation) = (ID, place());
    let tell = |event: AccountEvent| super::event::event(&alice(), &event);
    let change =
        |change| tell(AccountEvent::MessageChanged { id, conversation: place(), change }).unwrap();
    let node = Ed25519PublicKey([4; 32]);
    for came in [AccountEvent::MessageReceived(message()), AccountEvent::MessageQueued(message())] {
        assert!(matches!(tell(came), Ok(wire::Event::Message { .. })));
    }
    let stored = AccountEvent::MessageStored {
        id,
        conversation: conversation.clone(),
        to: bob(),
        hash: MessageHash([1; 32]),
        nodes: vec![node],
        sent: Timestamp(5),
    };
    let (hash, nodes) = (MessageHash([1; 32]).to_string(), vec![node.to_string()]);
    assert_eq!(tell(stored), Ok(changed(wire::Change::Stored { hash, nodes })));
    let (reason, retry_at) = ("no way".to_owned(), Timestamp(9));
    let delayed = AccountEvent::SendDelayed {
        id,
        conversation: conversation.clone(),
        reason: reason.clone(),
        retry_at,
    };
    assert_eq!(
        tell(delayed),
        Ok(changed(wire::Change::Delayed { reason: reason.clone(), retry_at: 9 }))
    );
    let failed = AccountEvent::MessageFailed {
        id,
        conversation: conversation.clone(),
        reason: reason.clone(),
    };
    let state = wire::MessageState::Failed { reason };
    assert_eq!(tell(failed), Ok(changed(wire::Change::State { state })));
    assert_eq!(
        change(MessageChange::ReadByPeer),
        changed(wire::Change::State { state: wire::MessageState::Read })
    );
    assert_eq!(change(MessageChange::Deleted), changed(wire::Change::Deleted));
    assert_eq!(change(MessageChange::Expiry(None)), changed(wire::Change::Expiry { expiry: None }));
    assert!(matches!(
        change(MessageChange::Reaction(reaction(true))),
        wire::Event::MessageChanged { change: wire::Change::Reaction { removed: true, .. }, .. }
    ));
    let removed =
        AccountEvent::MessageRemoved { id, conversation: conversation.clone(), expired: true };
    assert!(matches!(tell(removed), Ok(wire::Event::MessageRemoved { expired: true, .. })));
    let line = ramson_types::conversation::Conversation::new(conversation.clone());
    assert!(matches!(
        tell(AccountEvent::ConversationChanged(line)),
        Ok(wire::Event::Conversation { .. })
    ));
    let gone = tell(AccountEvent::ConversationRemoved(conversation)).unwrap();
    assert_eq!(gone.conversation(), Some(&conversation_id(&place())));
    let profile = AccountEvent::ProfileChanged { account: alice(), name: None };
    assert_eq!(tell(profile), Err(Lookup::Profile));
}

#[test]
fn what_only_the_log_has_is_looked_up_unless_it_is_gone() {
    let tell = |kind, message| {
        let what = EventRef { kind, message, conversation: place() };
        super::event::logged(&alice(), &what)
    };
    let lookup = |new| Lookup::Message { id: ID, conversation: place(), new };
    assert_eq!(tell(EventKind::MessageQueued, Some(ID)), Err(lookup(true)));
    for kind in [
        EventKind::MessageStored,
        EventKind::SendDelayed,
        EventKind::MessageFailed,
        EventKind::MessageChanged,
    ] {
        assert_eq!(tell(kind, Some(ID)), Err(lookup(false)));
    }
    let changed = tell(EventKind::ConversationChanged, None);
    assert_eq!(changed, Err(Lookup::Conversation(place())));
    assert_eq!(tell(EventKind::ProfileChanged, None), Err(Lookup::Profile));
    let removed = tell(EventKind::MessageRemoved, Some(ID));
    assert!(matches!(removed, Ok(wire::Event::MessageRemoved { expired: false, .. })));
    let gone = tell(EventKind::ConversationRemoved, None);
    assert!(matches!(gone, Ok(wire::Event::ConversationRemoved { .. })));
}

#[test]
fn signals_and_the_network_are_told() {
    let typing = AccountSignal::Typing { conversation: place(), typing: true };
    let told = super::event::signal(&alice(), &typing).unwrap();
    assert_eq!(told.conversation(), Some(&conversation_id(&place())));
    let told = |event| super::event::network_event(&event);
    let text = || "x".to_owned();
    let hops = vec![Ed25519PublicKey([4; 32])];
    assert_eq!(
        told(EngineEvent::PoolReady { nodes: 3 }),
        Some(wire::NetworkEvent::Nodes { count: 3 })
    );
    let down = EngineEvent::ActorGivenUp { actor: text() };
    let failed = wire::NetworkEvent::PartFailed { part: text(), restarted: false };
    assert_eq!(told(down), Some(failed));
    for event in [
        EngineEvent::SeedFailed { seed: text(), reason: text() },
        EngineEvent::StoreTrouble { reason: text() },
        EngineEvent::PathReady { path: hops.clone() },
        EngineEvent::PathFailed { path: hops, reason: text() },
        EngineEvent::ActorRestarted { actor: text() },
    ] {
        assert!(told(event).is_some());
    }
    // Accounts have events of their own.
    assert_eq!(told(EngineEvent::AccountAdded { account: alice() }), None);
}

#[test]
fn a_command_means_the_same_to_the_engine() {
    use ramson_system::{Command, DeleteScope};
    let (to, conversation) = (account_id(&bob()), conversation_id(&place()));
    let engine = |command| super::command::command(command).unwrap();
    let send = wire::Command::Send {
        to,
        text: TEXT.to_owned(),
        reply_to: Some(message_id(ID)),
        preview: Some(wire::LinkPreview { url: "u".to_owned(), title: "t".to_owned() }),
        invitation: Some(wire::Invitation { url: "v".to_owned(), name: "n".to_owned() }),
        unsynced: true,
    };
    let Command::Send { to: meant, post } = engine(send) else { panic!("not sent") };
    assert_eq!((meant, post.text.as_str(), post.reply_to), (bob(), TEXT, Some(ID)));
    assert_eq!(
        (post.preview.unwrap().title, post.invitation.unwrap().name),
        ("t".into(), "n".into())
    );
    for (scope, meant) in [
        (wire::DeleteScope::Here, DeleteScope::Here),
        (wire::DeleteScope::MyDevices, DeleteScope::MyDevices),
        (wire::DeleteScope::Everyone, DeleteScope::Everyone),
    ] {
        let delete = wire::Command::Delete { message: message_id(ID), scope };
        assert_eq!(engine(delete), Command::Delete { message: ID, scope: meant });
    }
    let read = wire::Command::MarkRead { conversation: conversation.clone(), up_to: Some(9) };
    assert_eq!(
        engine(read),
        Command::MarkRead { conversation: place(), up_to: Some(Timestamp(9)) }
    );
    let timer = wire::Command::SetDisappearing {
        conversation: conversation.clone(),
        setting: wire::Disappearing::AfterSend(3),
    };
    assert_eq!(
        engine(timer),
        Command::SetDisappearing { conversation: place(), setting: Disappearing::AfterSend(3) }
    );
    let block = wire::Command::Block { contact: to, blocked: true };
    assert_eq!(engine(block), Command::Block { account: bob(), blocked: true });
    let notify = wire::Command::SetNotify { conversation, notify: wire::Notify::Off };
    assert_eq!(engine(notify), Command::SetNotify { conversation: place(), notify: Notify::Off });
    let nowhere = wire::Command::SetDraft {
        conversation: wire::ConversationId("nowhere".to_owned()),
        text: None,
    };
    assert_eq!(super::command::command(nowhere).unwrap_err().kind, "InvalidAccountId");
}

#[test]
fn what_came_of_a_command_is_told() {
    let answer = |outcome| super::command::answer(&alice(), outcome);
    assert_eq!(answer(Outcome::Done), wire::Answer::Done);
    assert_eq!(answer(Outcome::Told(ID)), wire::Answer::Told { message: message_id(ID) });
    let queued = answer(Outcome::Queued(Box::new(message())));
    assert!(matches!(queued, wire::Answer::Queued { message } if message.id == message_id(ID)));
    let error = EngineError::Carry(CarryError::Command(CommandError::Empty));
    let refused = super::refusal::of_engine(&error);
    assert_eq!((refused.kind.as_str(), refused.text), ("EmptyMessage", error.to_string()));
}

#[test]
fn an_account_is_told_without_its_picture() {
    let profile = Profile {
        id: alice(),
        name: Some("Alice".to_owned()),
        picture: None,
        updated: Timestamp(1),
        read_receipts: true,
        typing: false,
        takes_community_requests: None,
    };
    let told = super::conversation::account(&profile);
    assert_eq!((told.id, told.name.as_deref()), (account_id(&alice()), Some("Alice")));
    assert!(told.read_receipts && !told.typing);
}

#[test]
fn each_step_of_a_trace_has_a_name_and_a_sentence() {
    let node = Ed25519PublicKey([4; 32]);
    let step = |step| LedgerLine { at: Timestamp(1), message: Some(ID), hash: None, step };
    let lines = [
        step(LedgerStep::Queued { to: bob(), bytes: 300 }),
        step(LedgerStep::AttemptFailed {
            to: Some(bob()),
            node: Some(node),
            reason: format!("{node} said\nno"),
            asked: None,
            retry_at: None,
        }),
        step(LedgerStep::Stored { to: bob(), confirmed: vec![node], failed: Vec::new() }),
    ];
    let trace = super::trace::trace(ID, &lines);
    let names: Vec<_> = trace.lines.iter().map(|line| (line.step.as_str(), line.bad)).collect();
    assert_eq!(names, [("queued", false), ("attempt-failed", true), ("stored", false)]);
    for line in &trace.lines {
        assert!(!line.text.is_empty() && !line.text.contains('\n'), "{}", line.text);
        assert!(!line.text.contains(&node.to_string()), "{}", line.text);
    }
}
