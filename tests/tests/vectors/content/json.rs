//! Content in the form of `content.json`: names of appendix A, bytes as
//! base64, 64-bit numbers as decimal text, only what is there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ramson_codec::proto::{
    AttachmentPointer, CallMessage, Content, DataMessage, Fixed64, GroupUpdateMessage, LokiProfile,
    ProMessage, Quote, Reaction, SecretBytes,
};
use serde_json::{Map, Value, json};

/// A field's value as JSON; `None` if the field is not there.
trait Field {
    fn json(&self) -> Option<Value>;
}

impl<T: Field> Field for Option<T> {
    fn json(&self) -> Option<Value> {
        self.as_ref().and_then(Field::json)
    }
}

impl<T: Field> Field for Vec<T> {
    fn json(&self) -> Option<Value> {
        (!self.is_empty()).then(|| self.iter().filter_map(Field::json).collect())
    }
}

/// Bytes, which are no list of numbers.
struct Bytes<'a>(&'a [u8]);

macro_rules! fields {
    ($($type:ty: |$value:ident| $json:expr;)*) => {$(
        impl Field for $type {
            fn json(&self) -> Option<Value> {
                let $value = self;
                Some($json)
            }
        }
    )*};
}

fields! {
    bool: |value| json!(value);
    u32: |value| json!(value);
    u64: |value| json!(value.to_string());
    i64: |value| json!(value.to_string());
    String: |value| json!(value);
    Bytes<'_>: |value| json!(STANDARD.encode(value.0));
    Fixed64: |value| json!(value.0.to_string());
    SecretBytes: |value| json!(STANDARD.encode(&value.0));
    LokiProfile: |value| profile(value);
    AttachmentPointer: |value| attachment(value);
    DataMessage: |value| data_message(value);
    Quote: |value| quote(value);
    Reaction: |value| reaction(value);
    GroupUpdateMessage: |value| group_update(value);
    CallMessage: |value| call(value);
    ProMessage: |value| pro(value);
}

fn object(fields: &[(&str, Option<Value>)]) -> Value {
    let present =
        |(name, value): &(&str, Option<Value>)| Some(((*name).to_owned(), value.clone()?));
    Value::Object(fields.iter().filter_map(present).collect::<Map<_, _>>())
}

fn bytes(bytes: &[u8]) -> Option<Value> {
    Bytes(bytes).json()
}

fn some_bytes(some: &Option<Vec<u8>>) -> Option<Value> {
    bytes(some.as_deref()?)
}

/// The `fields` of a case.
pub(super) fn content(content: &Content) -> Value {
    object(&[
        ("dataMessage", content.data_message.json()),
        ("callMessage", content.call_message.json()),
        (
            "receiptMessage",
            content.receipt_message.as_ref().map(|receipt| {
                object(&[
                    ("type", receipt.kind.number().json()),
                    ("timestamp", receipt.timestamp.json()),
                ])
            }),
        ),
        (
            "typingMessage",
            content.typing_message.as_ref().map(|typing| {
                object(&[
                    ("timestamp", typing.timestamp.json()),
                    ("action", typing.action.number().json()),
                ])
            }),
        ),
        (
            "dataExtractionNotification",
            content.data_extraction_notification.as_ref().map(|extraction| {
                object(&[
                    ("type", extraction.kind.number().json()),
                    ("timestamp", extraction.timestamp.json()),
                ])
            }),
        ),
        (
            "unsendRequest",
            content.unsend_request.as_ref().map(|unsend| {
                object(&[("timestamp", unsend.timestamp.json()), ("author", unsend.author.json())])
            }),
        ),
        (
            "messageRequestResponse",
            content.message_request_response.as_ref().map(|response| {
                object(&[
                    ("isApproved", response.is_approved.json()),
                    ("profileKey", some_bytes(&response.profile_key)),
                    ("profile", response.profile.json()),
                ])
            }),
        ),
        (
            "sharedConfigMessage",
            content.shared_config_message.as_ref().map(|config| {
                object(&[
                    ("kind", config.kind.number().json()),
                    ("seqno", config.seqno.json()),
                    ("data", bytes(&config.data)),
                ])
            }),
        ),
        ("expirationType", content.expiration_type.map(|mode| json!(mode.number()))),
        ("expirationTimer", content.expiration_timer.json()),
        ("sigTimestamp", content.sig_timestamp.json()),
        ("proMessage", content.pro_message.json()),
        ("proSigForCommunityMessageOnly", some_bytes(&content.pro_sig_for_community_message_only)),
    ])
}

fn data_message(message: &DataMessage) -> Value {
    let previews = message.preview.iter().map(|preview| {
        object(&[
            ("url", preview.url.json()),
            ("title", preview.title.json()),
            ("image", preview.image.json()),
        ])
    });
    let invitation = message.open_group_invitation.as_ref();
    object(&[
        ("body", message.body.json()),
        ("attachments", message.attachments.json()),
        ("flags", message.flags.json()),
        ("profileKey", some_bytes(&message.profile_key)),
        ("quote", message.quote.json()),
        ("preview", (!message.preview.is_empty()).then(|| previews.collect())),
        ("reaction", message.reaction.json()),
        ("profile", message.profile.json()),
        (
            "openGroupInvitation",
            invitation.map(|room| object(&[("url", room.url.json()), ("name", room.name.json())])),
        ),
        ("syncTarget", message.sync_target.json()),
        ("blocksCommunityMessageRequests", message.blocks_community_message_requests.json()),
        ("groupUpdateMessage", message.group_update_message.json()),
    ])
}

fn quote(quote: &Quote) -> Value {
    let attachments = quote.attachments.iter().map(|attachment| {
        object(&[
            ("contentType", attachment.content_type.json()),
            ("fileName", attachment.file_name.json()),
            ("thumbnail", attachment.thumbnail.json()),
            ("flags", attachment.flags.json()),
        ])
    });
    object(&[
        ("id", quote.id.json()),
        ("author", quote.author.json()),
        ("text", quote.text.json()),
        ("attachments", (!quote.attachments.is_empty()).then(|| attachments.collect())),
    ])
}

fn reaction(reaction: &Reaction) -> Value {
    object(&[
        ("id", reaction.id.json()),
        ("author", reaction.author.json()),
        ("emoji", reaction.emoji.json()),
        ("action", reaction.action.number().json()),
    ])
}

fn profile(profile: &LokiProfile) -> Value {
    object(&[
        ("displayName", profile.display_name.json()),
        ("profilePicture", profile.profile_picture.json()),
        ("lastUpdateSeconds", profile.last_update_seconds.json()),
    ])
}

fn attachment(attachment: &AttachmentPointer) -> Value {
    object(&[
        ("id", attachment.id.json()),
        ("contentType", attachment.content_type.json()),
        ("key", some_bytes(&attachment.key)),
        ("size", attachment.size.json()),
        ("thumbnail", some_bytes(&attachment.thumbnail)),
        ("digest", some_bytes(&attachment.digest)),
        ("fileName", attachment.file_name.json()),
        ("flags", attachment.flags.json()),
        ("width", attachment.width.json()),
        ("height", attachment.height.json()),
        ("caption", attachment.caption.json()),
        ("url", attachment.url.json()),
    ])
}

fn call(call: &CallMessage) -> Value {
    object(&[
        ("type", call.kind.number().json()),
        ("sdps", call.sdps.json()),
        ("sdpMLineIndexes", call.sdp_m_line_indexes.json()),
        ("sdpMids", call.sdp_mids.json()),
        ("uuid", call.uuid.json()),
    ])
}

fn pro(pro: &ProMessage) -> Value {
    let proof = pro.proof.as_ref().map(|proof| {
        object(&[
            ("version", proof.version.json()),
            ("genIndexHash", some_bytes(&proof.gen_index_hash)),
            ("rotatingPublicKey", some_bytes(&proof.rotating_public_key)),
            ("expiry", proof.expiry.json()),
            ("sig", some_bytes(&proof.sig)),
        ])
    });
    object(&[
        ("proof", proof),
        ("profileBitset", pro.profile_bitset.json()),
        ("msgBitset", pro.msg_bitset.json()),
    ])
}

fn group_update(update: &GroupUpdateMessage) -> Value {
    let invite = update.invite_message.as_ref().map(|invite| {
        object(&[
            ("groupSessionId", invite.group_session_id.json()),
            ("name", invite.name.json()),
            ("memberAuthData", bytes(&invite.member_auth_data)),
            ("adminSignature", bytes(&invite.admin_signature)),
        ])
    });
    let info = update.info_change_message.as_ref().map(|info| {
        object(&[
            ("type", info.kind.number().json()),
            ("updatedName", info.updated_name.json()),
            ("updatedExpiration", info.updated_expiration.json()),
            ("adminSignature", bytes(&info.admin_signature)),
        ])
    });
    let members = update.member_change_message.as_ref().map(|change| {
        object(&[
            ("type", change.kind.number().json()),
            ("memberSessionIds", change.member_session_ids.json()),
            ("historyShared", change.history_shared.json()),
            ("adminSignature", bytes(&change.admin_signature)),
        ])
    });
    let promote = update.promote_message.as_ref().map(|promote| {
        object(&[
            ("groupIdentitySeed", promote.group_identity_seed.json()),
            ("name", promote.name.json()),
        ])
    });
    let response = update.invite_response.as_ref();
    let delete = update.delete_member_content.as_ref().map(|delete| {
        object(&[
            ("memberSessionIds", delete.member_session_ids.json()),
            ("messageHashes", delete.message_hashes.json()),
            ("adminSignature", some_bytes(&delete.admin_signature)),
        ])
    });
    object(&[
        ("inviteMessage", invite),
        ("infoChangeMessage", info),
        ("memberChangeMessage", members),
        ("promoteMessage", promote),
        ("memberLeftMessage", update.member_left_message.as_ref().map(|_| object(&[]))),
        (
            "inviteResponse",
            response.map(|response| object(&[("isApproved", response.is_approved.json())])),
        ),
        ("deleteMemberContent", delete),
        (
            "memberLeftNotificationMessage",
            update.member_left_notification_message.as_ref().map(|_| object(&[])),
        ),
    ])
}
