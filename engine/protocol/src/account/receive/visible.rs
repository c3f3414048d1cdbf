//! Texts, attachments, quotes, previews and invitations (01 sections 3.2 to
//! 3.4 and 3.6).

use ramson_codec::proto::{DataMessage, OpenGroupInvitation, Preview};
use ramson_types::message::MessageKind;
use ramson_types::{AccountId, MessageId};

use super::super::Account;
use super::super::disappearing::setting_of;
use super::DropReason;
use super::batch::Batch;
use super::entry::Entry;
use super::judge::Incoming;
use crate::config::{CommunityUrl, room_key};
use crate::pro::Rules;

/// A message with more attachments is dropped whole.
pub(super) const MAX_ATTACHMENTS: usize = 32;

impl Account {
    pub(super) fn take_visible(
        &mut self,
        incoming: &Incoming,
        batch: &mut Batch,
    ) -> Result<Option<MessageId>, DropReason> {
        let content = incoming.content();
        let Some(data) = &content.data_message else { return Err(DropReason::Empty) };
        check(data)?;
        let longest = Rules::default().longest_kept(incoming.opened.pro);
        let text = data.body.as_deref().filter(|body| !body.trim().is_empty());
        let text: Option<String> = text.map(|body| body.chars().take(longest).collect());
        let me = self.id();
        let mentions_me =
            !incoming.judged.from_self && text.as_deref().is_some_and(|text| mentions(text, &me));
        let setting = setting_of(content, incoming.judged.peer == me);
        let entry = Entry { kind: MessageKind::Visible, text, setting, mentions_me };
        self.enter(incoming, entry, batch).map(Some)
    }
}

/// Whether anything is left once unusable parts are left out. Those parts stay
/// in the Content, and readers of it pass over them.
fn check(data: &DataMessage) -> Result<(), DropReason> {
    let body = data.body.as_deref().unwrap_or_default();
    let quote = data.quote.as_ref();
    let shown = !body.trim().is_empty()
        || !data.attachments.is_empty()
        || quote.is_some_and(|quote| AccountId::parse_account(&quote.author).is_ok())
        || data.preview.first().is_some_and(|preview| is_usable_preview(preview, body))
        || data.open_group_invitation.as_ref().is_some_and(is_usable_invitation);
    match (shown, &data.open_group_invitation) {
        (true, _) => Ok(()),
        (false, Some(_)) => Err(DropReason::BadInvitation),
        (false, None) => Err(DropReason::Empty),
    }
}

/// A preview whose address is not in the text is not what the author saw.
pub(crate) fn is_usable_preview(preview: &Preview, body: &str) -> bool {
    let title = preview.title.as_deref().is_some_and(|title| !title.is_empty());
    !preview.url.is_empty() && body.contains(&preview.url) && (title || preview.image.is_some())
}

pub(crate) fn is_usable_invitation(invitation: &OpenGroupInvitation) -> bool {
    let url = CommunityUrl::parse(&invitation.url);
    let url = url.is_ok_and(|url| url.key.is_some() && room_key(&url.room).is_ok());
    url && !invitation.name.trim().is_empty()
}

/// Whether a text has `@` and an id in it.
fn mentions(text: &str, id: &AccountId) -> bool {
    text.split('@').skip(1).any(|behind| {
        let named = behind.get(..AccountId::TEXT_LEN).map(str::parse::<AccountId>);
        named.is_some_and(|named| named.is_ok_and(|named| named == *id))
    })
}
