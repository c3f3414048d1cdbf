//! proto2's rules, and everything that can be written is read back. Bytes of
//! the apps themselves are in the vectors.

mod arbitrary;

use proptest::prelude::*;

use super::*;

fn content(hex: &str) -> Result<Content, ProtoError> {
    Content::decode(&hex::decode(hex.replace(' ', "")).unwrap())
}

#[test]
fn required_fields_are_written_even_when_zero() {
    let typing = TypingMessage { timestamp: 0, action: TypingAction::Started };
    let content = Content { typing_message: Some(typing), ..Default::default() };
    assert_eq!(hex::encode(content.encode()), "320408001000");
}

#[test]
fn optional_fields_are_written_when_they_are_there() {
    let some = Content {
        data_message: Some(DataMessage { body: Some(String::new()), ..Default::default() }),
        expiration_timer: Some(0),
        ..Default::default()
    };
    assert_eq!(hex::encode(some.encode()), "0a020a006800");
    assert_eq!(Content::default().encode(), Vec::<u8>::new());
}

#[test]
fn a_missing_required_field_fails_the_whole_parse() {
    // A preview's image without its id.
    let missing = ProtoError::Missing { field: "AttachmentPointer.id" };
    assert_eq!(content("0a09 5207 0a0178 1a02 2001"), Err(missing));
    // An enum that is required and outside its values.
    let missing = ProtoError::Missing { field: "TypingMessage.action" };
    assert_eq!(content("3204 0801 1002"), Err(missing));
}

#[test]
fn an_unknown_enum_value_leaves_the_known_one() {
    assert_eq!(
        content("6002 6009").unwrap().expiration_type,
        Some(ExpirationType::DeleteAfterSend)
    );
    assert_eq!(content("6009").unwrap().expiration_type, None);
}

#[test]
fn a_known_field_in_another_form_is_passed_over() {
    // sigTimestamp as bytes, as four fixed bytes, and as a group.
    for hex in ["7a0101", "7d00000001", "7b 0801 7c"] {
        assert_eq!(content(hex).unwrap().sig_timestamp, None, "{hex}");
    }
    // dataMessage as a number.
    assert!(content("0801").unwrap().data_message.is_none());
}

#[test]
fn a_required_field_may_come_in_a_later_part() {
    let typing = content("3202 0805 3202 1001").unwrap().typing_message;
    assert_eq!(typing, Some(TypingMessage { timestamp: 5, action: TypingAction::Stopped }));
}

#[test]
fn lists_are_read_packed_and_not() {
    let receipt = |hex| content(hex).unwrap().receipt_message.unwrap().timestamp;
    assert_eq!(receipt("2a08 0801 1001 1002 1003"), [1, 2, 3]);
    assert_eq!(receipt("2a0a 0801 1202 0102 1003 1200"), [1, 2, 3]);
}

#[test]
fn text_must_be_utf8() {
    let field = "DataMessage.body";
    assert_eq!(content("0a03 0a01ff"), Err(ProtoError::Utf8 { field }));
}

#[test]
fn numbers_keep_their_low_half() {
    assert_eq!(content("68ffffffffffffffffff01").unwrap().expiration_timer, Some(u32::MAX));
}

#[test]
fn a_list_of_nothing_does_not_fill_the_memory() {
    // Empty quoted attachments: two bytes each here, hundreds in memory.
    let quote = [0x08, 0x01, 0x12, 0x00].into_iter();
    let attachments = [0x22, 0x00].into_iter().cycle().take(2 * (schema::MAX_ELEMENTS + 1));
    let bytes: Vec<u8> = quote.chain(attachments).collect();
    let field = "Quote.attachments";
    assert_eq!(schema::decode::<Quote>(&bytes), Err(ProtoError::TooMany { field }));
}

#[test]
fn a_seed_is_not_shown() {
    let promote = PromoteMessage {
        group_identity_seed: SecretBytes(vec![0xab; 32]),
        name: "Friends".to_owned(),
    };
    assert_eq!(format!("{promote:?}"), "PromoteMessage { name: \"Friends\", .. }");
}

mod kind {
    use super::*;

    fn of(data_message: DataMessage) -> ContentKind {
        Content { data_message: Some(data_message), ..Default::default() }.kind()
    }

    #[test]
    fn of_data_messages() {
        let body = |body: &str| Some(body.to_owned());
        let reaction =
            Reaction { id: 1, author: String::new(), emoji: None, action: ReactionAction::React };
        let cases = [
            (DataMessage { body: body("hi"), ..Default::default() }, ContentKind::Visible),
            (DataMessage { body: body(""), ..Default::default() }, ContentKind::Unknown),
            (
                DataMessage { body: body("hi"), flags: Some(0), ..Default::default() },
                ContentKind::Visible,
            ),
            (
                DataMessage { body: body("hi"), flags: Some(1), ..Default::default() },
                ContentKind::Unknown,
            ),
            (
                DataMessage { flags: Some(2), ..Default::default() },
                ContentKind::ExpirationTimerUpdate,
            ),
            (DataMessage { reaction: Some(reaction), ..Default::default() }, ContentKind::Reaction),
            (
                DataMessage { profile: Some(LokiProfile::default()), ..Default::default() },
                ContentKind::ProfileOnly,
            ),
            (
                DataMessage {
                    body: body("hi"),
                    group_update_message: Some(GroupUpdateMessage::default()),
                    ..Default::default()
                },
                ContentKind::GroupUpdate,
            ),
            (DataMessage::default(), ContentKind::Unknown),
        ];
        for (data_message, kind) in cases {
            let shown = format!("{data_message:?}");
            assert_eq!(of(data_message), kind, "{shown}");
        }
    }

    #[test]
    fn goes_by_desktops_order() {
        let receipt = ReceiptMessage { kind: ReceiptKind::Read, timestamp: vec![1] };
        let typing = TypingMessage { timestamp: 1, action: TypingAction::Started };
        let mut content = Content {
            data_message: Some(DataMessage { body: Some("hi".into()), ..Default::default() }),
            receipt_message: Some(receipt),
            typing_message: Some(typing),
            ..Default::default()
        };
        assert_eq!(content.kind(), ContentKind::Visible);
        content.data_message = None;
        assert_eq!(content.kind(), ContentKind::Receipt);
        content.receipt_message = None;
        assert_eq!(content.kind(), ContentKind::Typing);
        content.typing_message = None;
        assert_eq!(content.kind(), ContentKind::Unknown);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(content in arbitrary::content()) {
        let bytes = content.encode();
        prop_assert_eq!(Content::decode(&bytes), Ok(content));
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        if let Ok(content) = Content::decode(&bytes) {
            prop_assert_eq!(Content::decode(&content.encode()), Ok(content));
        }
    }

    #[test]
    fn almost_good_bytes_are_taken(
        content in arbitrary::content(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut bytes = content.encode();
        for (at, byte) in changes {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let _ = Content::decode(&bytes);
        if !bytes.is_empty() {
            bytes.truncate(keep.index(bytes.len()));
        }
        let _ = Content::decode(&bytes);
    }
}
