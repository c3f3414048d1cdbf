//! The small messages beside DataMessage: receipts, typing, unsend requests
//! and the like.

use super::LokiProfile;
use super::schema::{enumeration, message};

message! {
    /// Somebody types or stopped (01 section 3.8).
    #[derive(Debug, Clone)]
    pub struct TypingMessage {
        /// Equal to the envelope's time.
        required timestamp: u64 = 1,
        /// Which of the two.
        required action: TypingAction = 2,
    }

    /// Messages were read (01 section 3.8).
    #[derive(Debug, Clone)]
    pub struct ReceiptMessage {
        /// Only READ is used.
        required kind: ReceiptKind = 1,
        /// Sent times of the messages, in ms.
        repeated timestamp: u64 = 2,
    }

    /// The author takes a message back (01 section 3.9).
    #[derive(Debug, Clone)]
    pub struct UnsendRequest {
        /// Its sent time in ms.
        required timestamp: u64 = 1,
        /// Its author's id.
        required author: String = 2,
    }

    /// A message request was accepted (01 section 3.12).
    #[derive(Debug, Clone)]
    pub struct MessageRequestResponse {
        /// Always true.
        required is_approved: bool = 1,
        /// Opens the profile's picture.
        optional profile_key: Vec<u8> = 2,
        /// Name and picture of who accepted.
        optional profile: LokiProfile = 3,
    }

    /// The peer kept something (01 section 3.10).
    #[derive(Debug, Clone)]
    pub struct DataExtractionNotification {
        /// What it did.
        required kind: DataExtractionKind = 1,
        /// Sent time of the message whose media was saved, in ms.
        optional timestamp: u64 = 2,
    }

    /// A config message as it was wrapped until 2024 (01 section 3.14).
    #[derive(Debug, Clone)]
    pub struct SharedConfigMessage {
        /// Which config.
        required kind: SharedConfigKind = 1,
        /// Its sequence number.
        required seqno: i64 = 2,
        /// The config object.
        required data: Vec<u8> = 3,
    }
}

enumeration! {
    /// Typing or not.
    pub enum TypingAction {
        /// Types.
        Started = 0,
        /// Stopped, or sent the message.
        Stopped = 1,
    }

    /// What a receipt confirms.
    pub enum ReceiptKind {
        /// Not used.
        Delivery = 0,
        /// The messages were read.
        Read = 1,
    }

    /// What the peer kept.
    pub enum DataExtractionKind {
        /// Not sent any more.
        Screenshot = 1,
        /// An attachment.
        MediaSaved = 2,
    }

    /// Which config a wrapped config message holds.
    pub enum SharedConfigKind {
        /// Of namespace 2.
        UserProfile = 1,
        /// Of namespace 3.
        Contacts = 2,
        /// Of namespace 4.
        ConvoInfoVolatile = 3,
        /// Of namespace 5.
        UserGroups = 4,
    }
}
