//! Group updates (01 section 3.11). The signed texts are the groups' matter.

use std::fmt;

use super::schema::{SecretBytes, enumeration, message};

message! {
    /// A change of a group. One sub-message is set; where several are, the
    /// reader takes one.
    #[derive(Debug, Default)]
    pub struct GroupUpdateMessage {
        /// To an account: come in.
        optional invite_message: InviteMessage = 1,
        /// To the group: its name, picture or disappearing setting changed.
        optional info_change_message: InfoChangeMessage = 2,
        /// To the group: its members changed.
        optional member_change_message: MemberChangeMessage = 3,
        /// To a member: be an admin.
        optional promote_message: PromoteMessage = 4,
        /// To the admins: I leave, take me out.
        optional member_left_message: MemberLeftMessage = 5,
        /// To the group: I joined.
        optional invite_response: InviteResponse = 6,
        /// To the group: remove these messages.
        optional delete_member_content: DeleteMemberContent = 7,
        /// To the group: I left.
        optional member_left_notification_message: MemberLeftNotificationMessage = 8,
    }

    /// An invitation to a group.
    #[derive(Debug, Clone)]
    pub struct InviteMessage {
        /// The group's id, `03…`.
        required group_session_id: String = 1,
        /// The group's name.
        required name: String = 2,
        /// 100 bytes: the invited member's right to the group's swarm.
        required member_auth_data: Vec<u8> = 3,
        /// 64 bytes, by the group's key.
        required admin_signature: Vec<u8> = 4,
    }

    /// The group's name, picture or disappearing setting changed.
    #[derive(Debug, Clone)]
    pub struct InfoChangeMessage {
        /// Which of them.
        required kind: InfoChangeKind = 1,
        /// The new name.
        optional updated_name: String = 2,
        /// The new time in seconds.
        optional updated_expiration: u32 = 3,
        /// 64 bytes, by the group's key.
        required admin_signature: Vec<u8> = 4,
    }

    /// Members came, went or became admins.
    #[derive(Debug, Clone)]
    pub struct MemberChangeMessage {
        /// Which of them.
        required kind: MemberChangeKind = 1,
        /// Who.
        repeated member_session_ids: String = 2,
        /// Whether new members can read what was written before.
        optional history_shared: bool = 3,
        /// 64 bytes, by the group's key.
        required admin_signature: Vec<u8> = 4,
    }

    /// Makes a member an admin.
    pub struct PromoteMessage {
        /// 32 bytes: the seed of the group's key. Who knows it is an admin.
        required group_identity_seed: SecretBytes = 1,
        /// The group's name.
        required name: String = 2,
    }

    /// A member leaves.
    #[derive(Debug, Clone, Default)]
    pub struct MemberLeftMessage {}

    /// An invitation was accepted.
    #[derive(Debug, Clone)]
    pub struct InviteResponse {
        /// Always true.
        required is_approved: bool = 1,
    }

    /// Messages are to be removed.
    #[derive(Debug, Clone, Default)]
    pub struct DeleteMemberContent {
        /// All messages of these members.
        repeated member_session_ids: String = 1,
        /// These messages.
        repeated message_hashes: String = 2,
        /// 64 bytes, by the group's key; without it a member removes its own.
        optional admin_signature: Vec<u8> = 3,
    }

    /// A member left.
    #[derive(Debug, Clone, Default)]
    pub struct MemberLeftNotificationMessage {}
}

enumeration! {
    /// What changed about a group.
    pub enum InfoChangeKind {
        /// Its name.
        Name = 1,
        /// Its picture.
        Avatar = 2,
        /// Its disappearing setting.
        DisappearingMessages = 3,
    }

    /// What changed about members.
    pub enum MemberChangeKind {
        /// They came.
        Added = 1,
        /// They were removed.
        Removed = 2,
        /// They became admins.
        Promoted = 3,
    }
}

impl fmt::Debug for PromoteMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The seed is a secret.
        f.debug_struct("PromoteMessage").field("name", &self.name).finish_non_exhaustive()
    }
}
