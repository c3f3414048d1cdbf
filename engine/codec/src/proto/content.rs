//! Content: the root of everything that one account says to another.

use super::schema::{self, enumeration, message};
use super::{
    CallMessage, DataExtractionNotification, DataMessage, MessageRequestResponse, ProMessage,
    ProtoError, ReceiptMessage, SharedConfigMessage, TypingMessage, UnsendRequest,
};

message! {
    /// A message before padding and sealing. A sender sets one of the kinds
    /// only; [`Content::kind`] tells which one a receiver goes by.
    #[derive(Debug, Default)]
    pub struct Content {
        /// Text, reaction, group update and more.
        optional data_message: DataMessage = 1,
        /// Call signalling.
        optional call_message: CallMessage = 3,
        /// Messages were read.
        optional receipt_message: ReceiptMessage = 5,
        /// Somebody types.
        optional typing_message: TypingMessage = 6,
        /// Media was saved.
        optional data_extraction_notification: DataExtractionNotification = 8,
        /// A message is taken back.
        optional unsend_request: UnsendRequest = 9,
        /// A message request was accepted.
        optional message_request_response: MessageRequestResponse = 10,
        /// A config message of the years before 2024.
        optional shared_config_message: SharedConfigMessage = 11,
        /// When the message disappears.
        optional expiration_type: ExpirationType = 12,
        /// After how many seconds it disappears.
        optional expiration_timer: u32 = 13,
        /// The sent time in ms, equal to the envelope's.
        optional sig_timestamp: u64 = 15,
        /// What a Pro account shows of itself.
        optional pro_message: ProMessage = 16,
        /// 64 bytes, in communities only.
        optional pro_sig_for_community_message_only: Vec<u8> = 17,
    }
}

enumeration! {
    /// When a message disappears. The contacts config numbers its modes
    /// differently.
    pub enum ExpirationType {
        /// Never, or as nobody said.
        Unknown = 0,
        /// Some time after it was read.
        DeleteAfterRead = 1,
        /// Some time after it was sent.
        DeleteAfterSend = 2,
    }
}

/// `DataMessage.flags` of a change of the disappearing setting.
pub(super) const FLAG_EXPIRATION_TIMER_UPDATE: u32 = 2;

/// The one kind by which a receiver takes a Content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ContentKind {
    /// Text, attachments, quote, link preview or community invitation.
    Visible,
    /// An emoji on another message.
    Reaction,
    /// A change of the disappearing setting.
    ExpirationTimerUpdate,
    /// An invitation, promotion or change of a group.
    GroupUpdate,
    /// A data message with nothing in it but the sender's profile.
    ProfileOnly,
    /// Messages were read.
    Receipt,
    /// Somebody types, or stopped.
    Typing,
    /// Media was saved.
    DataExtraction,
    /// A message is taken back.
    Unsend,
    /// Call signalling.
    Call,
    /// A message request was accepted.
    MessageRequestResponse,
    /// A wrapped config message; in namespace 0 it is ignored.
    SharedConfig,
    /// Nothing that is known here, as from a newer app, or a data message
    /// with flags that nobody knows: dropped quietly.
    Unknown,
}

impl Content {
    /// Reads a Content, without its padding.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProtoError> {
        schema::decode(bytes)
    }

    /// Writes it.
    pub fn encode(&self) -> Vec<u8> {
        schema::encode(self)
    }

    /// What it is, where several kinds are set the first one in desktop's
    /// order (01 section 2.7 step 12).
    pub fn kind(&self) -> ContentKind {
        if let Some(data_message) = &self.data_message {
            data_message.kind()
        } else if self.receipt_message.is_some() {
            ContentKind::Receipt
        } else if self.typing_message.is_some() {
            ContentKind::Typing
        } else if self.data_extraction_notification.is_some() {
            ContentKind::DataExtraction
        } else if self.unsend_request.is_some() {
            ContentKind::Unsend
        } else if self.call_message.is_some() {
            ContentKind::Call
        } else if self.message_request_response.is_some() {
            ContentKind::MessageRequestResponse
        } else if self.shared_config_message.is_some() {
            ContentKind::SharedConfig
        } else {
            ContentKind::Unknown
        }
    }
}

impl DataMessage {
    /// Which kind of data message (01 section 3.2).
    fn kind(&self) -> ContentKind {
        if self.group_update_message.is_some() {
            return ContentKind::GroupUpdate;
        }
        match self.flags.unwrap_or(0) {
            0 => {}
            FLAG_EXPIRATION_TIMER_UPDATE => return ContentKind::ExpirationTimerUpdate,
            _ => return ContentKind::Unknown,
        }
        if self.reaction.is_some() {
            return ContentKind::Reaction;
        }
        let visible = self.body.as_ref().is_some_and(|body| !body.is_empty())
            || !self.attachments.is_empty()
            || self.quote.is_some()
            || !self.preview.is_empty()
            || self.open_group_invitation.is_some();
        if visible {
            ContentKind::Visible
        } else if self.profile.is_some() || self.profile_key.is_some() {
            ContentKind::ProfileOnly
        } else {
            ContentKind::Unknown
        }
    }
}
