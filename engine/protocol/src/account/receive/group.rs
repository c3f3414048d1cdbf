//! Invitations and promotions of groups, which come from a member's account
//! (01 section 3.11). They are kept in the conversation with it; groups
//! themselves are not joined here.

use ramson_codec::proto::{InviteMessage, PromoteMessage};
use ramson_crypto::ed25519;
use ramson_types::message::MessageKind;
use ramson_types::{AccountId, Ed25519PublicKey, MessageId, Prefix, Timestamp};

use super::super::Account;
use super::DropReason;
use super::batch::Batch;
use super::entry::Entry;
use super::judge::Incoming;

/// Prefix, blinding factor and signature.
const AUTH_DATA_LEN: usize = 100;

const SEED_LEN: usize = 32;

impl Account {
    pub(super) fn take_group_update(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let data = incoming.content().data_message.as_ref();
        let update = data.and_then(|data| data.group_update_message.as_ref());
        let Some(update) = update.filter(|_| !incoming.judged.from_self) else {
            return Err(DropReason::NotHistory);
        };
        let proven = match (&update.invite_message, &update.promote_message) {
            (Some(invite), _) => is_proven(invite, &self.id(), incoming.opened.sent),
            (None, Some(promote)) => is_complete(promote),
            // All others are sent to the group itself.
            (None, None) => return Err(DropReason::NotHistory),
        };
        if !proven {
            return Err(DropReason::BadGroupProof);
        }
        let entry = Entry::notice(MessageKind::GroupUpdate, None);
        self.enter(incoming, entry, batch).map(Some)
    }
}

/// Whether the group's key signed that this account is invited.
fn is_proven(invite: &InviteMessage, me: &AccountId, sent: Timestamp) -> bool {
    let group = invite.group_session_id.parse::<AccountId>().ok();
    let group = group.filter(|group| group.prefix() == Prefix::Group);
    let signature = <&[u8; 64]>::try_from(invite.admin_signature.as_slice()).ok();
    let (Some(group), Some(signature)) = (group, signature) else { return false };
    let signed = format!("INVITE{me}{sent}");
    invite.member_auth_data.len() == AUTH_DATA_LEN
        && ed25519::verify(&Ed25519PublicKey(*group.key()), signed.as_bytes(), signature)
}

fn is_complete(promote: &PromoteMessage) -> bool {
    promote.group_identity_seed.0.len() == SEED_LEN
}
