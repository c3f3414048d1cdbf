//! Notices, calls and invitations to groups.

use super::*;
use ramson_codec::proto::{
    CallKind, CallMessage, DataExtractionKind, DataExtractionNotification, GroupUpdateMessage,
    InviteMessage, MemberLeftMessage, PromoteMessage, SecretBytes,
};
use ramson_crypto::Ed25519Secret;
use ramson_types::message::ExpiresFrom;

use crate::config::contacts::Disappearing;

fn call(kind: CallKind, uuid: &str) -> Content {
    let call = CallMessage {
        kind,
        sdps: Vec::new(),
        sdp_m_line_indexes: Vec::new(),
        sdp_mids: Vec::new(),
        uuid: uuid.to_owned(),
    };
    Content { call_message: Some(call), ..Content::default() }
}

fn kinds(device: &Device) -> Vec<MessageKind> {
    device.messages().iter().map(|message| message.kind).collect()
}

#[test]
fn a_change_of_the_timer_is_a_notice_and_the_contacts_say_which_it_is() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    device.take(from(peer, at(1), &timer_update(ExpirationType::DeleteAfterRead, 60)));
    assert_eq!(device.contact(peer).disappearing, Disappearing::Off);
    let notice = device.only();
    let expiry = notice.expiry.expect("it disappears as it says");
    assert_eq!((expiry.from, expiry.seconds, expiry.ends), (ExpiresFrom::Read, 60, None));
    assert_eq!(notice.kind, MessageKind::ExpirationTimerUpdate);
    assert_eq!(device.line(peer).unread, 0);
    // An old one of an own device comes late: it was turned off since.
    let own = |kind, seconds| synced(peer, timer_update(kind, seconds));
    device.take(from(me, at(3), &own(ExpirationType::DeleteAfterSend, 86_400)));
    assert_eq!(device.contact(peer).disappearing, Disappearing::Off);
    device.edit_contact(peer, |contact| contact.disappearing = Disappearing::AfterSend(60));
    device.take(from(me, at(4), &own(ExpirationType::Unknown, 0)));
    assert_eq!(device.contact(peer).disappearing, Disappearing::AfterSend(60));
    assert_eq!(device.messages().len(), 3);
}

#[test]
fn saved_media_and_screenshots_are_told() {
    let mut device = Device::new(&[id(2)]);
    let extraction = |kind| Content {
        data_extraction_notification: Some(DataExtractionNotification { kind, timestamp: Some(1) }),
        ..Content::default()
    };
    let saved =
        timed(extraction(DataExtractionKind::MediaSaved), ExpirationType::DeleteAfterSend, 60);
    device.take(from(id(2), at(1), &saved));
    let expiry = device.only().expiry.expect("it has a timer");
    assert_eq!((expiry.from, expiry.seconds, expiry.ends), (ExpiresFrom::Read, 60, None));
    device.take(from(id(2), at(2), &extraction(DataExtractionKind::Screenshot)));
    assert_eq!(kinds(&device), [MessageKind::DataExtraction; 2]);
    assert!(device.messages()[1].expiry.is_none());
    assert_eq!(device.line(id(2)).unread, 0);
    let me = device.me();
    let own = device.reason(from(me, at(3), &extraction(DataExtractionKind::Screenshot)));
    assert_eq!(own, DropReason::NotFromSelf.to_string());
}

#[test]
fn a_call_is_missed_once() {
    let mut device = Device::new(&[id(2)]);
    let peer = id(2);
    let duplicate = DropReason::Duplicate.to_string();
    device.take(from(peer, at(1), &call(CallKind::PreOffer, "one")));
    assert_eq!(device.reason(from(peer, at(2), &call(CallKind::Offer, "one"))), duplicate);
    assert_eq!(device.reason(from(peer, at(3), &call(CallKind::Offer, "ONE"))), duplicate);
    // Also within one batch, and when the offer comes first.
    let both = [CallKind::Offer, CallKind::PreOffer];
    let both = both.into_iter().zip(4..).map(|(kind, n)| from(peer, at(n), &call(kind, "two")));
    device.take_all(both.collect());
    assert_eq!(kinds(&device), [MessageKind::Call; 2]);
    assert_eq!(device.line(peer).unread, 2);
}

#[test]
fn a_call_that_another_device_took_was_not_missed() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    let elsewhere = DropReason::TakenElsewhere.to_string();
    // The notice is there already.
    device.take(from(peer, at(1), &words("call me")));
    device.take(from(peer, at(2), &call(CallKind::Offer, "one")));
    assert_eq!(device.line(peer).unread, 2);
    for n in 3..5 {
        device.take(from(me, at(n), &call(CallKind::Answer, "One")));
        assert_eq!(device.line(peer).unread, 1);
        assert_eq!(device.messages()[1].state, MessageState::Read);
    }
    assert_eq!(device.reason(from(peer, at(5), &call(CallKind::Offer, "one"))), elsewhere);
    // It comes first.
    device.take(from(me, at(7), &call(CallKind::EndCall, "two")));
    assert_eq!(device.reason(from(peer, at(6), &call(CallKind::Offer, "two"))), elsewhere);
    // Within one batch.
    device.take_all(vec![
        from(peer, at(8), &call(CallKind::PreOffer, "three")),
        from(me, at(9), &call(CallKind::EndCall, "three")),
    ]);
    assert_eq!((device.line(peer).unread, device.messages().len()), (1, 3));
    // Another call is missed all the same.
    device.take(from(peer, at(10), &call(CallKind::Offer, "four")));
    assert_eq!(device.line(peer).unread, 2);
}

#[test]
fn a_calls_notice_disappears_after_it_was_read() {
    let mut device = Device::new(&[id(2)]);
    let offer = timed(call(CallKind::Offer, "one"), ExpirationType::DeleteAfterSend, 60);
    device.take(from(id(2), at(1), &offer));
    let expiry = device.only().expiry.expect("it has a timer");
    assert_eq!((expiry.from, expiry.seconds, expiry.ends), (ExpiresFrom::Read, 60, None));
}

#[test]
fn only_accepted_accounts_call_and_the_rest_of_a_call_makes_nothing() {
    let mut device = Device::new(&[id(2)]);
    let (me, peer) = (device.me(), id(2));
    let stranger = device.reason(from(id(3), at(1), &call(CallKind::Offer, "one")));
    assert_eq!(stranger, DropReason::NotApproved.to_string());
    let nothing = DropReason::NotHistory.to_string();
    for kind in
        [CallKind::Answer, CallKind::ProvisionalAnswer, CallKind::EndCall, CallKind::IceCandidates]
    {
        assert_eq!(device.reason(from(peer, at(2), &call(kind, "one"))), nothing, "{kind:?}");
    }
    let mut candidates = call(CallKind::IceCandidates, "one");
    candidates.call_message.as_mut().unwrap().sdps.push("candidate".into());
    let unequal = device.reason(from(peer, at(3), &candidates));
    assert_eq!(unequal, DropReason::BadCandidates.to_string());
    for uuid in ["", &"u".repeat(65)] {
        let bad = device.reason(from(peer, at(4), &call(CallKind::Offer, uuid)));
        assert_eq!(bad, DropReason::BadCall.to_string());
    }
    for kind in [CallKind::Answer, CallKind::EndCall] {
        device.take(from(me, at(5), &call(kind, "one")));
    }
    for kind in [CallKind::Offer, CallKind::PreOffer, CallKind::IceCandidates] {
        let own = device.reason(from(me, at(6), &call(kind, "one")));
        assert_eq!(own, DropReason::NotFromSelf.to_string());
    }
    assert!(device.messages().is_empty());
}

#[test]
fn invitations_to_groups_are_kept_if_the_group_signed_them() {
    let mut device = Device::new(&[id(2)]);
    let group = Ed25519Secret::from_seed(&[9; 32]);
    let update =
        |update| data(DataMessage { group_update_message: Some(update), ..DataMessage::default() });
    let invite = |to: AccountId, sent: Timestamp, prefix: &str, auth: usize| {
        let signature = group.sign(format!("INVITE{to}{sent}").as_bytes());
        update(GroupUpdateMessage {
            invite_message: Some(InviteMessage {
                group_session_id: format!("{prefix}{}", hex::encode(group.public().0)),
                name: "Friends".into(),
                member_auth_data: vec![1; auth],
                admin_signature: signature.to_vec(),
            }),
            ..GroupUpdateMessage::default()
        })
    };
    let promote = |seed: usize| {
        update(GroupUpdateMessage {
            promote_message: Some(PromoteMessage {
                group_identity_seed: SecretBytes(vec![9; seed]),
                name: "Friends".into(),
            }),
            ..GroupUpdateMessage::default()
        })
    };
    let me = device.me();
    device.take(from(id(2), at(1), &invite(me, at(1), "03", 100)));
    device.take(from(id(2), at(2), &promote(32)));
    assert_eq!(kinds(&device), [MessageKind::GroupUpdate; 2]);
    assert_eq!(device.line(id(2)).unread, 0);
    device.take(from(id(3), at(1), &invite(me, at(1), "03", 100)));
    assert!(device.line(id(3)).is_request(), "a stranger invites");
    let bad = DropReason::BadGroupProof.to_string();
    for content in [
        invite(id(3), at(3), "03", 100),
        invite(me, at(4), "03", 100),
        invite(me, at(3), "05", 100),
        invite(me, at(3), "03", 99),
        promote(31),
    ] {
        assert_eq!(device.reason(from(id(2), at(3), &content)), bad);
    }
    let left = update(GroupUpdateMessage {
        member_left_message: Some(MemberLeftMessage {}),
        ..GroupUpdateMessage::default()
    });
    let elsewhere = DropReason::NotHistory.to_string();
    assert_eq!(device.reason(from(id(2), at(5), &left)), elsewhere);
    assert_eq!(device.reason(from(me, at(6), &promote(32))), elsewhere);
    device.edit_contact(id(2), |contact| contact.blocked = true);
    let blocked = device.reason(from(id(2), at(7), &invite(me, at(7), "03", 100)));
    assert_eq!(blocked, DropReason::Blocked.to_string());
}
