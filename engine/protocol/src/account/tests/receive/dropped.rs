//! What every bad input of 01 section 8 gets that reaches an account. That it
//! does not open is tested where it is opened.

use super::*;
use crate::store::Sync;
use ramson_codec::proto::{AttachmentPointer, Fixed64, SharedConfigKind, SharedConfigMessage};

fn attachments(count: usize) -> Content {
    let pointer = AttachmentPointer {
        id: Fixed64(0),
        content_type: None,
        key: None,
        size: None,
        thumbnail: None,
        digest: None,
        file_name: None,
        flags: None,
        width: None,
        height: None,
        caption: None,
        url: None,
    };
    let attachments = vec![pointer; count];
    data(DataMessage { attachments, ..DataMessage::default() })
}

#[test]
fn what_does_not_open_is_dropped_with_its_reason() {
    let mut device = Device::new(&[]);
    use crate::inbox::OpenError;
    for error in [
        OpenError::UnsupportedVersion,
        OpenError::BadWrapper,
        OpenError::BadEnvelope,
        OpenError::BadProSignatureSize,
        OpenError::TooShort,
        OpenError::DecryptionFailed,
        OpenError::BadSignature,
        OpenError::BadContent,
        OpenError::TimestampMismatch,
    ] {
        let body = ArrivalBody::Opened(Box::new(Err(error)));
        let arrival = Arrival { body, ..from(id(2), at(1), &words("x")) };
        assert_eq!(device.reason(arrival), error.to_string());
    }
}

#[test]
fn the_same_message_again_is_dropped() {
    let mut device = Device::new(&[]);
    let duplicate = DropReason::Duplicate.to_string();
    device.take(from(id(2), at(1), &words("once")));
    assert_eq!(device.reason(copy_of(id(2), at(1), &words("once"), 1)), duplicate);
    // In one batch, too.
    let twice = (0..2).map(|copy| copy_of(id(2), at(2), &words("twice"), copy)).collect();
    device.take_all(twice);
    assert_eq!(device.messages().len(), 2);
    assert_eq!(device.line(id(2)).unread, 2);
    // Another author, or another kind, is another message.
    device.take(from(id(3), at(1), &words("once")));
    device.take(from(id(2), at(1), &timer_update(ExpirationType::Unknown, 0)));
    assert_eq!(device.messages().len(), 4);
}

#[test]
fn a_blocked_account_is_not_heard() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    device.switch_on("read_receipts");
    device.take(from(peer, at(1), &words("before")));
    device.take(from(me, at(2), &synced(peer, words("mine"))));
    device.edit_contact(peer, |contact| contact.blocked = true);
    let renamed =
        data(DataMessage { profile: Some(profile("New name", Some(99))), ..body("hear me") });
    for (n, content) in [
        renamed,
        emoji(me, at(2), "👎", false),
        unsend(peer, at(1)),
        receipt(&[at(2)]),
        timer_update(ExpirationType::DeleteAfterSend, 60),
    ]
    .iter()
    .enumerate()
    {
        let reason = device.reason(from(peer, at(n as u64 + 3), content));
        assert_eq!(reason, DropReason::Blocked.to_string());
    }
    assert_eq!(device.messages()[0].text.as_deref(), Some("before"));
    assert_eq!(device.messages()[1].state, MessageState::Stored);
    assert!(device.messages()[1].reactions.is_empty());
    assert!(device.contact(peer).name.is_empty());
    // What own devices write to it is theirs.
    device.take(from(me, at(20), &synced(peer, words("still mine"))));
    assert_eq!(device.messages().len(), 3);
}

#[test]
fn the_conversation_is_the_authors_to_choose_only_for_own_messages() {
    let mut device = Device::new(&[id(2)]);
    let me = device.me();
    let foreign = DropReason::ForeignSyncTarget.to_string();
    assert_eq!(device.reason(from(id(2), at(1), &synced(id(3), words("x")))), foreign);
    assert_eq!(device.reason(from(id(2), at(1), &synced(me, words("x")))), foreign);
    let bad = DropReason::BadSyncTarget.to_string();
    let group = AccountId::new(ramson_types::Prefix::Group, [1; 32]);
    assert_eq!(device.reason(from(me, at(1), &synced(group, words("x")))), bad);
    let mut nowhere = synced(me, words("x"));
    nowhere.data_message.as_mut().unwrap().sync_target = Some("nowhere".into());
    assert_eq!(device.reason(from(me, at(1), &nowhere)), bad);
}

#[test]
fn own_devices_do_not_send_each_other_everything() {
    let mut device = Device::new(&[]);
    let me = device.me();
    let profile_only =
        data(DataMessage { profile: Some(profile("Me", Some(1))), ..DataMessage::default() });
    for content in [receipt(&[at(1)]), profile_only] {
        let reason = device.reason(from(me, at(1), &content));
        assert_eq!(reason, DropReason::NotFromSelf.to_string());
    }
}

#[test]
fn odd_flags_attachments_and_empty_messages_are_dropped() {
    let mut device = Device::new(&[]);
    for flags in [1, 3, 4, u32::MAX] {
        let content = data(DataMessage { flags: Some(flags), ..body("x") });
        let reason = device.reason(from(id(2), at(1), &content));
        assert_eq!(reason, DropReason::UnknownFlags.to_string());
    }
    let many = device.reason(from(id(2), at(1), &attachments(33)));
    assert_eq!(many, DropReason::TooManyAttachments.to_string());
    assert_eq!(device.reason(from(id(2), at(1), &words(" \n"))), DropReason::Empty.to_string());
    device.take(from(id(2), at(1), &attachments(32)));
    assert_eq!(device.only().text, None);
}

#[test]
fn kinds_that_make_nothing_here_are_dropped_quietly() {
    let mut device = Device::new(&[]);
    let config = Content {
        shared_config_message: Some(SharedConfigMessage {
            kind: SharedConfigKind::Contacts,
            seqno: 1,
            data: Vec::new(),
        }),
        ..Content::default()
    };
    assert_eq!(device.reason(from(id(2), at(1), &config)), DropReason::NotHistory.to_string());
    for content in [Content::default(), data(DataMessage::default())] {
        let reason = device.reason(from(id(2), at(1), &content));
        assert_eq!(reason, DropReason::UnknownKind.to_string());
    }
    assert!(device.account.settings.contacts.contact(&id(2)).is_none());
}

#[test]
fn a_restored_account_does_not_bring_removed_conversations_back() {
    let mut device = Device::new(&[id(2)]);
    let (me, stored) = (device.me(), at(0));
    device.account.settings.sync = Sync { done: false, contacts_stored: stored };
    device.edit_contact(id(4), |contact| contact.priority = -1);
    let margin = Duration::from_secs(120);
    let (old, new) = (stored.minus(margin), stored.minus(margin).offset(1));
    let forgotten = DropReason::Forgotten.to_string();
    assert_eq!(device.reason(from(id(3), old, &words("removed"))), forgotten);
    assert_eq!(device.reason(from(id(4), old, &words("hidden"))), forgotten);
    assert_eq!(device.reason(from(me, old, &synced(id(3), words("mine")))), forgotten);
    device.take(from(id(2), old, &words("a contact")));
    device.take(from(me, old, &words("a note")));
    device.take(from(id(3), new, &words("written since")));
    device.take(from(id(4), new, &words("written since")));
    assert_eq!(device.messages().len(), 4);
    // Once everything was fetched, what is late is only late.
    device.account.settings.sync.done = true;
    device.take(from(id(5), old, &words("late")));
    assert_eq!(device.messages().len(), 5);
}

#[test]
fn all_of_a_batch_is_judged_by_the_contacts_before_it() {
    let mut device = Device::new(&[]);
    let stored = at(0);
    device.account.settings.sync = Sync { done: false, contacts_stored: stored };
    let old = stored.minus(DAY);
    let both = vec![from(id(3), at(1), &words("new")), from(id(3), old, &words("old"))];
    assert_eq!(device.account.arrival_questions(&both).len(), 2);
    device.take_all(both);
    assert_eq!(device.only().text.as_deref(), Some("new"));
}

#[test]
fn what_was_written_before_a_contact_was_removed_does_not_bring_it_back() {
    let mut device = Device::new(&[id(2)]);
    let stored = at(5);
    device.account.settings.sync.contacts_stored = stored;
    let remove = Intent::Command(crate::command::Command::RemoveContact(id(2)));
    let history = device.store.recall(&device.account, &remove);
    let plan = device.account.carry_out(remove, &history, NOW, &mut rng()).unwrap();
    device.store.commit(&plan.decision);
    let forgotten = DropReason::Forgotten.to_string();
    assert_eq!(device.reason(from(id(2), stored, &words("before"))), forgotten);
    assert_eq!(device.reason(from(device.me(), at(1), &synced(id(2), words("mine")))), forgotten);
    device.take(from(id(3), at(1), &words("a stranger is late")));
    device.take(from(id(2), at(6), &words("since")));
    assert_eq!(device.messages().len(), 2);
}

#[test]
fn copies_that_a_node_changed_are_not_remembered() {
    let mut device = Device::new(&[]);
    let arrival = Arrival { body: ArrivalBody::WrongHash, ..from(id(2), at(1), &words("x")) };
    let decision = device.take(arrival);
    assert!(!decision.changes.iter().any(|change| matches!(change, Change::MarkSeen { .. })));
}
