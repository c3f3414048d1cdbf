//! Arbitrary messages.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    ".{0,20}"
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..70)
}

/// One of an enum's values, by the numbers it has.
fn one_of<E: Copy + std::fmt::Debug + 'static>(
    from_number: fn(u32) -> Option<E>,
) -> impl Strategy<Value = E> {
    let known: Vec<E> = (0..10).filter_map(from_number).collect();
    prop::sample::select(known)
}

fn profile() -> impl Strategy<Value = LokiProfile> {
    (of(text()), of(text()), of(any::<u64>())).prop_map(
        |(display_name, profile_picture, last_update_seconds)| LokiProfile {
            display_name,
            profile_picture,
            last_update_seconds,
        },
    )
}

fn attachment() -> impl Strategy<Value = AttachmentPointer> {
    let names = (of(text()), of(text()), of(text()), of(text()));
    let blobs = (of(bytes()), of(bytes()), of(bytes()));
    let numbers = (of(any::<u32>()), of(any::<u32>()), of(any::<u32>()), of(any::<u32>()));
    (any::<u64>(), names, blobs, numbers).prop_map(|(id, names, blobs, numbers)| {
        let (content_type, file_name, caption, url) = names;
        let (key, thumbnail, digest) = blobs;
        let (size, flags, width, height) = numbers;
        AttachmentPointer {
            id: Fixed64(id),
            content_type,
            key,
            size,
            thumbnail,
            digest,
            file_name,
            flags,
            width,
            height,
            caption,
            url,
        }
    })
}

fn quote() -> impl Strategy<Value = Quote> {
    let attachment = (of(text()), of(text()), of(attachment()), of(any::<u32>())).prop_map(
        |(content_type, file_name, thumbnail, flags)| QuotedAttachment {
            content_type,
            file_name,
            thumbnail,
            flags,
        },
    );
    (any::<u64>(), text(), of(text()), vec(attachment, 0..3))
        .prop_map(|(id, author, text, attachments)| Quote { id, author, text, attachments })
}

fn preview() -> impl Strategy<Value = Preview> {
    (text(), of(text()), of(attachment())).prop_map(|(url, title, image)| Preview {
        url,
        title,
        image,
    })
}

fn reaction() -> impl Strategy<Value = Reaction> {
    (any::<u64>(), text(), of(text()), one_of(ReactionAction::from_number))
        .prop_map(|(id, author, emoji, action)| Reaction { id, author, emoji, action })
}

fn group_update() -> impl Strategy<Value = GroupUpdateMessage> {
    let invite = (text(), text(), bytes(), bytes()).prop_map(
        |(group_session_id, name, member_auth_data, admin_signature)| GroupUpdateMessage {
            invite_message: Some(InviteMessage {
                group_session_id,
                name,
                member_auth_data,
                admin_signature,
            }),
            ..Default::default()
        },
    );
    let info = (one_of(InfoChangeKind::from_number), of(text()), of(any::<u32>()), bytes())
        .prop_map(|(kind, updated_name, updated_expiration, admin_signature)| GroupUpdateMessage {
            info_change_message: Some(InfoChangeMessage {
                kind,
                updated_name,
                updated_expiration,
                admin_signature,
            }),
            ..Default::default()
        });
    let members =
        (one_of(MemberChangeKind::from_number), vec(text(), 0..4), of(any::<bool>()), bytes())
            .prop_map(|(kind, member_session_ids, history_shared, admin_signature)| {
                GroupUpdateMessage {
                    member_change_message: Some(MemberChangeMessage {
                        kind,
                        member_session_ids,
                        history_shared,
                        admin_signature,
                    }),
                    ..Default::default()
                }
            });
    let promote = (bytes(), text()).prop_map(|(seed, name)| GroupUpdateMessage {
        promote_message: Some(PromoteMessage { group_identity_seed: SecretBytes(seed), name }),
        ..Default::default()
    });
    let delete = (vec(text(), 0..4), vec(text(), 0..4), of(bytes())).prop_map(
        |(member_session_ids, message_hashes, admin_signature)| GroupUpdateMessage {
            member_left_message: Some(MemberLeftMessage {}),
            delete_member_content: Some(DeleteMemberContent {
                member_session_ids,
                message_hashes,
                admin_signature,
            }),
            ..Default::default()
        },
    );
    prop_oneof![invite, info, members, promote, delete]
}

fn data_message() -> impl Strategy<Value = DataMessage> {
    let plain = (of(text()), of(any::<u32>()), of(bytes()), of(text()), of(any::<bool>()));
    let lists = (vec(attachment(), 0..3), vec(preview(), 0..2));
    let parts = (of(quote()), of(reaction()), of(profile()), of(group_update()));
    let invitation = of((text(), text()).prop_map(|(url, name)| OpenGroupInvitation { url, name }));
    (plain, lists, parts, invitation).prop_map(|(plain, lists, parts, open_group_invitation)| {
        let (body, flags, profile_key, sync_target, blocks_community_message_requests) = plain;
        let (attachments, preview) = lists;
        let (quote, reaction, profile, group_update_message) = parts;
        DataMessage {
            body,
            attachments,
            flags,
            profile_key,
            quote,
            preview,
            reaction,
            profile,
            open_group_invitation,
            sync_target,
            blocks_community_message_requests,
            group_update_message,
        }
    })
}

fn call() -> impl Strategy<Value = CallMessage> {
    let kind = one_of(CallKind::from_number);
    (kind, vec(text(), 0..3), vec(any::<u32>(), 0..3), vec(text(), 0..3), text()).prop_map(
        |(kind, sdps, sdp_m_line_indexes, sdp_mids, uuid)| CallMessage {
            kind,
            sdps,
            sdp_m_line_indexes,
            sdp_mids,
            uuid,
        },
    )
}

fn pro() -> impl Strategy<Value = ProMessage> {
    let proof = (of(any::<u32>()), of(bytes()), of(bytes()), of(any::<u64>()), of(bytes()))
        .prop_map(|(version, gen_index_hash, rotating_public_key, expiry, sig)| ProProof {
            version,
            gen_index_hash,
            rotating_public_key,
            expiry,
            sig,
        });
    (of(proof), of(any::<u64>()), of(any::<u64>())).prop_map(
        |(proof, profile_bitset, msg_bitset)| ProMessage { proof, profile_bitset, msg_bitset },
    )
}

/// A Content with any of its parts.
pub(super) fn content() -> impl Strategy<Value = Content> {
    let receipt = (one_of(ReceiptKind::from_number), vec(any::<u64>(), 0..5))
        .prop_map(|(kind, timestamp)| ReceiptMessage { kind, timestamp });
    let typing = (any::<u64>(), one_of(TypingAction::from_number))
        .prop_map(|(timestamp, action)| TypingMessage { timestamp, action });
    let extraction = (one_of(DataExtractionKind::from_number), of(any::<u64>()))
        .prop_map(|(kind, timestamp)| DataExtractionNotification { kind, timestamp });
    let unsend =
        (any::<u64>(), text()).prop_map(|(timestamp, author)| UnsendRequest { timestamp, author });
    let response = (any::<bool>(), of(bytes()), of(profile())).prop_map(
        |(is_approved, profile_key, profile)| MessageRequestResponse {
            is_approved,
            profile_key,
            profile,
        },
    );
    let config = (one_of(SharedConfigKind::from_number), any::<i64>(), bytes())
        .prop_map(|(kind, seqno, data)| SharedConfigMessage { kind, seqno, data });
    let messages = (
        of(data_message()),
        of(call()),
        of(receipt),
        of(typing),
        of(extraction),
        of(unsend),
        of(response),
        of(config),
    );
    let settings = (
        of(one_of(ExpirationType::from_number)),
        of(any::<u32>()),
        of(any::<u64>()),
        of(pro()),
        of(bytes()),
    );
    (messages, settings).prop_map(|(messages, settings)| Content {
        data_message: messages.0,
        call_message: messages.1,
        receipt_message: messages.2,
        typing_message: messages.3,
        data_extraction_notification: messages.4,
        unsend_request: messages.5,
        message_request_response: messages.6,
        shared_config_message: messages.7,
        expiration_type: settings.0,
        expiration_timer: settings.1,
        sig_timestamp: settings.2,
        pro_message: settings.3,
        pro_sig_for_community_message_only: settings.4,
    })
}
