//! DataMessage and what hangs on it: quotes, previews, reactions, attachments
//! and profiles. Group updates have a file of their own.

use super::GroupUpdateMessage;
use super::schema::{Fixed64, enumeration, message};

message! {
    /// Everything that makes a line in a conversation, and group updates
    /// (01 sections 3.2 to 3.7).
    #[derive(Debug, Default)]
    pub struct DataMessage {
        /// The text; left out when empty.
        optional body: String = 1,
        /// At most 32.
        repeated attachments: AttachmentPointer = 2,
        /// 2 for a change of the disappearing setting; otherwise 0 or absent.
        optional flags: u32 = 4,
        /// Opens the profile's picture.
        optional profile_key: Vec<u8> = 6,
        /// Which message it answers.
        optional quote: Quote = 8,
        /// Links in the text; only the first is used.
        repeated preview: Preview = 10,
        /// An emoji on another message.
        optional reaction: Reaction = 11,
        /// The sender's name and picture.
        optional profile: LokiProfile = 101,
        /// An invitation to a community's room.
        optional open_group_invitation: OpenGroupInvitation = 102,
        /// In a copy to the own swarm: the Account ID the message went to.
        /// Obeyed only when the own account sent it.
        optional sync_target: String = 105,
        /// In communities: do not offer to write to me.
        optional blocks_community_message_requests: bool = 106,
        /// A change of a group.
        optional group_update_message: GroupUpdateMessage = 120,
    }

    /// The message that is answered, by its public name: author and sent time.
    #[derive(Debug, Clone)]
    pub struct Quote {
        /// Its sent time in ms.
        required id: u64 = 1,
        /// Its author's id.
        required author: String = 2,
        /// Its text, from Android; not shown.
        optional text: String = 3,
        /// Its attachments, from Android; not shown.
        repeated attachments: QuotedAttachment = 4,
    }

    /// An attachment of a quoted message.
    #[derive(Debug, Clone, Default)]
    pub struct QuotedAttachment {
        /// Its media type.
        optional content_type: String = 1,
        /// Its file name.
        optional file_name: String = 2,
        /// A small picture of it.
        optional thumbnail: AttachmentPointer = 3,
        /// As in [`AttachmentPointer`].
        optional flags: u32 = 4,
    }

    /// A page that a link in the text leads to, fetched by the sender.
    #[derive(Debug, Clone)]
    pub struct Preview {
        /// Its address; counts only when the text has it too.
        required url: String = 1,
        /// Its title.
        optional title: String = 2,
        /// Its picture.
        optional image: AttachmentPointer = 3,
    }

    /// An emoji put on a message or taken away.
    #[derive(Debug, Clone)]
    pub struct Reaction {
        /// Sent time of that message, in ms.
        required id: u64 = 1,
        /// Its author's id.
        required author: String = 2,
        /// One emoji.
        optional emoji: String = 3,
        /// Put on or taken away.
        required action: ReactionAction = 4,
    }

    /// How the sender shows itself.
    #[derive(Debug, Clone, Default)]
    pub struct LokiProfile {
        /// Its name.
        optional display_name: String = 1,
        /// URL of its picture.
        optional profile_picture: String = 2,
        /// When the profile was last changed, in seconds.
        optional last_update_seconds: u64 = 3,
    }

    /// An invitation to a room of a community.
    #[derive(Debug, Clone)]
    pub struct OpenGroupInvitation {
        /// `https://host/room?public_key=<64 hex>`.
        required url: String = 1,
        /// The room's name.
        required name: String = 3,
    }

    /// Where an encrypted file lies and how it is opened (01 section 5.4).
    #[derive(Debug, Clone)]
    pub struct AttachmentPointer {
        /// 0 where the URL names the file.
        required id: Fixed64 = 1,
        /// Its media type.
        optional content_type: String = 2,
        /// 64 bytes in the older scheme, 32 in the newer one.
        optional key: Vec<u8> = 3,
        /// Size of the plain file in bytes.
        optional size: u32 = 4,
        /// Not used.
        optional thumbnail: Vec<u8> = 5,
        /// SHA-256 of what was uploaded, in the older scheme.
        optional digest: Vec<u8> = 6,
        /// Its file name.
        optional file_name: String = 7,
        /// 1 for a voice message.
        optional flags: u32 = 8,
        /// In pixels.
        optional width: u32 = 9,
        /// In pixels.
        optional height: u32 = 10,
        /// Words to it.
        optional caption: String = 11,
        /// Where it lies.
        optional url: String = 101,
    }
}

enumeration! {
    /// What is done with an emoji.
    pub enum ReactionAction {
        /// It is put on.
        React = 0,
        /// It is taken away.
        Remove = 1,
    }
}
