//! The protobuf messages of the Session apps (01 appendix A), parsed and
//! written by proto2's rules:
//!
//! - a missing required field, however deep, fails the whole parse;
//! - unknown fields, known fields in a form they do not have, and enum values
//!   that the schema does not list are passed over;
//! - of a scalar given twice the last one holds, of a message given twice the
//!   parts are merged;
//! - fields are written in ascending order, an optional one exactly when it is
//!   there (also when it is 0), repeated numbers one by one; packed ones are
//!   read too.
//!
//! A string that is not UTF-8 fails the parse, as it does on iOS. What a
//! message means, and which ones are obeyed, is not decided here.

mod call;
mod content;
mod control;
mod data_message;
pub mod envelope;
mod group_update;
mod pro;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod wire;

pub use call::{CallKind, CallMessage};
pub use content::{Content, ContentKind, ExpirationType};
pub use control::{
    DataExtractionKind, DataExtractionNotification, MessageRequestResponse, ReceiptKind,
    ReceiptMessage, SharedConfigKind, SharedConfigMessage, TypingAction, TypingMessage,
    UnsendRequest,
};
pub use data_message::{
    AttachmentPointer, DataMessage, LokiProfile, OpenGroupInvitation, Preview, Quote,
    QuotedAttachment, Reaction, ReactionAction,
};
pub use group_update::{
    DeleteMemberContent, GroupUpdateMessage, InfoChangeKind, InfoChangeMessage, InviteMessage,
    InviteResponse, MemberChangeKind, MemberChangeMessage, MemberLeftMessage,
    MemberLeftNotificationMessage, PromoteMessage,
};
pub use pro::{ProMessage, ProProof};
pub use schema::{Fixed64, SecretBytes};

/// Why bytes are not the message they should be. Nothing can be done about it
/// but to drop them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtoError {
    /// A value ends after the bytes do.
    #[error("the bytes end in the middle of a value; they were cut, or are no protobuf")]
    Truncated,
    /// A number of more than ten bytes.
    #[error("a number does not end within ten bytes; this is no protobuf")]
    Varint,
    /// A key that names no field.
    #[error("{key} is not the key of a field; this is no protobuf")]
    Key {
        /// The key.
        key: u64,
    },
    /// A form of value that does not exist, or the end of a group that was
    /// not begun.
    #[error("field {number} has the form {form}, which has no place there; this is no protobuf")]
    Form {
        /// The field's number.
        number: u32,
        /// The three bits behind it.
        form: u32,
    },
    /// Unknown groups within unknown groups.
    #[error("field {number} is a group nested too deep to be an honest message")]
    Depth {
        /// The field's number.
        number: u32,
    },
    /// Text that is not UTF-8.
    #[error("{field} is not UTF-8 text")]
    Utf8 {
        /// Message and field.
        field: &'static str,
    },
    /// A required field is not there, or holds a value outside its enum.
    #[error("{field} is missing, without which the message means nothing")]
    Missing {
        /// Message and field.
        field: &'static str,
    },
    /// A list longer than any app sends.
    #[error("{field} has too many elements to be an honest message")]
    TooMany {
        /// Message and field.
        field: &'static str,
    },
    /// A field of fixed size has another one.
    #[error("{field} has {length} bytes; it must be empty or have {expected}")]
    Length {
        /// Message and field.
        field: &'static str,
        /// Its size.
        length: usize,
        /// The size it should have.
        expected: usize,
    },
}
