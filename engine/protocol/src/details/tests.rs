use ramson_codec::proto::{
    CallKind, CallMessage, DataExtractionNotification, DataMessage, Fixed64, GroupUpdateMessage,
    InviteMessage, OpenGroupInvitation, Preview, PromoteMessage, Quote, SecretBytes,
};
use ramson_types::message::{MessageKind, MessageState};
use ramson_types::{ConversationId, MessageId, Prefix};

use super::*;

const TEXT: &str = "see https://example.org/a";
const KEY: &str = "?public_key=a03c383cf63c3c4efe67acc52112a6dd734b3a946b9545f488aaa93da7991238";

fn bob() -> AccountId {
    AccountId::new(Prefix::Account, [2; 32])
}

fn message(content: &Content) -> Message {
    Message {
        id: MessageId { account: 1, number: 1 },
        conversation: ConversationId::Account(bob()),
        author: bob(),
        sent: Timestamp(5),
        received: Timestamp(6),
        kind: MessageKind::Visible,
        state: MessageState::Received,
        text: Some(TEXT.to_owned()),
        content: content.encode(),
        hash: None,
        own_hash: None,
        expiry: None,
        reactions: Vec::new(),
        mentions_me: false,
        deleted: false,
    }
}

fn of(content: &Content) -> Details {
    Details::of(&message(content))
}

fn data(data: DataMessage) -> Content {
    Content { data_message: Some(data), ..Content::default() }
}

fn pointer() -> AttachmentPointer {
    AttachmentPointer {
        id: Fixed64(0),
        content_type: Some("image/png".to_owned()),
        key: Some(vec![1; 64]),
        size: Some(77),
        thumbnail: None,
        digest: None,
        file_name: Some("a.png".to_owned()),
        flags: None,
        width: Some(4),
        height: Some(3),
        caption: Some("words".to_owned()),
        url: Some("http://f/1".to_owned()),
    }
}

fn quote(author: &str) -> Content {
    let quote = Quote { id: 9, author: author.to_owned(), text: None, attachments: Vec::new() };
    data(DataMessage { quote: Some(quote), ..DataMessage::default() })
}

fn preview(url: &str, title: Option<&str>, image: Option<AttachmentPointer>) -> Preview {
    Preview { url: url.to_owned(), title: title.map(str::to_owned), image }
}

fn previews(preview: Vec<Preview>) -> Content {
    data(DataMessage { preview, ..DataMessage::default() })
}

fn invitation(url: String, name: &str) -> Content {
    let invitation = OpenGroupInvitation { url, name: name.to_owned() };
    data(DataMessage { open_group_invitation: Some(invitation), ..DataMessage::default() })
}

#[test]
fn a_plain_message_has_none() {
    let plain = data(DataMessage { body: Some(TEXT.to_owned()), ..DataMessage::default() });
    assert_eq!(of(&plain), Details::default());
    assert_eq!(of(&Content::default()), Details::default());
}

#[test]
fn a_quote_names_an_account_and_a_time() {
    let expected = Details { quote: Some((bob(), Timestamp(9))), ..Details::default() };
    assert_eq!(of(&quote(&bob().to_string())), expected);
    let group = AccountId::new(Prefix::Group, [2; 32]).to_string();
    for unusable in ["", "Bob", group.as_str()] {
        assert_eq!(of(&quote(unusable)), Details::default(), "{unusable}");
    }
}

#[test]
fn the_first_preview_counts_if_its_link_is_in_the_text() {
    let url = "https://example.org/a";
    let shown = |title: &str| {
        let preview = Some(LinkPreview { url: url.to_owned(), title: title.to_owned() });
        Details { preview, ..Details::default() }
    };
    let usable = preview(url, Some("A"), None);
    assert_eq!(of(&previews(vec![usable.clone()])), shown("A"));
    assert_eq!(of(&previews(vec![preview(url, None, Some(pointer()))])), shown(""));
    for unusable in [
        preview("https://example.org/b", Some("B"), None),
        preview("", Some("A"), None),
        preview(url, Some(""), None),
        preview(url, None, None),
    ] {
        let content = previews(vec![unusable, usable.clone()]);
        assert_eq!(of(&content), Details::default(), "{content:?}");
    }
    let mut without_text = message(&previews(vec![usable]));
    without_text.text = None;
    assert_eq!(Details::of(&without_text), Details::default());
}

#[test]
fn an_invitation_leads_to_a_room_and_has_a_name() {
    let url = format!("https://open.example.org/room{KEY}");
    let expected = Some(Invitation { url: url.clone(), name: "Room".to_owned() });
    let expected = Details { invitation: expected, ..Details::default() };
    assert_eq!(of(&invitation(url.clone(), "Room")), expected);
    for (url, name) in [
        (url, " "),
        ("https://open.example.org/room".to_owned(), "Room"),
        (format!("https://open.example.org/no room{KEY}"), "Room"),
        ("room".to_owned(), "Room"),
    ] {
        assert_eq!(of(&invitation(url.clone(), name)), Details::default(), "{url} {name}");
    }
}

#[test]
fn attachments_stand_in_their_order_with_what_is_known_of_them() {
    let voice = AttachmentPointer {
        content_type: None,
        size: None,
        file_name: None,
        flags: Some(VOICE_MESSAGE | 8),
        height: None,
        caption: None,
        url: Some(String::new()),
        ..pointer()
    };
    let nowhere = AttachmentPointer { url: None, flags: Some(2), ..pointer() };
    let attachments = vec![pointer(), voice, nowhere];
    let picture = Attachment {
        name: Some("a.png".to_owned()),
        content_type: Some("image/png".to_owned()),
        size: 77,
        voice: false,
        pixels: Some((4, 3)),
        caption: Some("words".to_owned()),
        loadable: true,
    };
    let voice = Attachment {
        name: None,
        content_type: None,
        size: 0,
        voice: true,
        pixels: None,
        caption: None,
        loadable: false,
    };
    let nowhere = Attachment { loadable: false, ..picture.clone() };
    let expected = vec![picture, voice, nowhere];
    let content = data(DataMessage { attachments, ..DataMessage::default() });
    assert_eq!(of(&content), Details { attachments: expected, ..Details::default() });
}

#[test]
fn a_timer_update_has_the_new_setting_and_other_messages_have_none() {
    let timer = |flags, kind, seconds| {
        let mut content = data(DataMessage { flags, ..DataMessage::default() });
        (content.expiration_type, content.expiration_timer) = (kind, seconds);
        of(&content)
    };
    let (sent, read) = (ExpirationType::DeleteAfterSend, ExpirationType::DeleteAfterRead);
    for (kind, seconds, setting) in [
        (Some(sent), Some(60), Disappearing::AfterSend(60)),
        (Some(read), Some(7), Disappearing::AfterRead(7)),
        (Some(read), Some(0), Disappearing::Off),
        (Some(sent), None, Disappearing::Off),
        (Some(ExpirationType::Unknown), Some(60), Disappearing::Off),
        (None, Some(60), Disappearing::Off),
    ] {
        let expected = Details { timer: Some(setting), ..Details::default() };
        assert_eq!(timer(Some(2), kind, seconds), expected, "{kind:?} {seconds:?}");
    }
    assert_eq!(timer(None, Some(sent), Some(60)), Details::default());
    assert_eq!(timer(Some(0), Some(sent), Some(60)), Details::default());
}

#[test]
fn notices_say_what_was_saved_or_which_call() {
    let saved = |kind| {
        let notice = DataExtractionNotification { kind, timestamp: None };
        of(&Content { data_extraction_notification: Some(notice), ..Content::default() })
    };
    let expected = |saved| Details { media_saved: Some(saved), ..Details::default() };
    assert_eq!(saved(DataExtractionKind::MediaSaved), expected(true));
    assert_eq!(saved(DataExtractionKind::Screenshot), expected(false));
    let call = CallMessage {
        kind: CallKind::PreOffer,
        sdps: Vec::new(),
        sdp_m_line_indexes: Vec::new(),
        sdp_mids: Vec::new(),
        uuid: "7f".to_owned(),
    };
    let details = of(&Content { call_message: Some(call), ..Content::default() });
    assert_eq!(details, Details { call: Some("7f".to_owned()), ..Details::default() });
}

#[test]
fn the_name_of_a_group_is_that_of_the_invitation_or_promotion() {
    let group = |update| {
        of(&data(DataMessage { group_update_message: Some(update), ..DataMessage::default() }))
    };
    let invite = InviteMessage {
        group_session_id: AccountId::new(Prefix::Group, [3; 32]).to_string(),
        name: "Garden".to_owned(),
        member_auth_data: vec![1; 100],
        admin_signature: vec![2; 64],
    };
    let promote =
        PromoteMessage { group_identity_seed: SecretBytes(vec![3; 32]), name: "House".to_owned() };
    let named = |name: &str| Details { group: Some(name.to_owned()), ..Details::default() };
    let update = GroupUpdateMessage { invite_message: Some(invite), ..Default::default() };
    assert_eq!(group(update), named("Garden"));
    let update = GroupUpdateMessage { promote_message: Some(promote), ..Default::default() };
    assert_eq!(group(update), named("House"));
    assert_eq!(group(GroupUpdateMessage::default()), Details::default());
}

#[test]
fn a_deleted_message_and_one_that_cannot_be_read_give_nothing() {
    let mut deleted = message(&quote(&bob().to_string()));
    assert_ne!(Details::of(&deleted), Details::default());
    deleted.delete();
    assert_eq!(Details::of(&deleted), Details::default());
    let mut unreadable = message(&Content::default());
    unreadable.content = vec![0xff; 9];
    assert_eq!(Details::of(&unreadable), Details::default());
}
