//! What a message says about its author: approval and profile (01 sections 5.6
//! and 6.1).

use std::time::Duration;

use ramson_codec::proto::{ContentKind, LokiProfile};
use ramson_types::message::MessageKind;
use ramson_types::{AccountId, Timestamp};

use super::super::Account;
use super::batch::Batch;
use super::entry::Entry;
use super::judge::Incoming;
use crate::config::contacts::Contact;
use crate::config::value::{MAX_NAME, Picture, Text};

/// Contacts are stored a little later than they were changed.
const STORED_AFTER: Duration = Duration::from_secs(2 * 60);

impl Account {
    /// A message that stands in the history: who writes to this account or is
    /// written to becomes a contact and lets the other write, and a peer that
    /// writes comes back into the list. What is not `shown` makes no contact.
    /// The timer is what the contacts say, whose device set it said it there.
    pub(super) fn note_contact(
        &mut self,
        incoming: &Incoming,
        entry: &Entry,
        shown: bool,
        batch: &Batch,
    ) {
        let (peer, from_self) = (incoming.judged.peer, incoming.judged.from_self);
        if peer == self.id() {
            return;
        }
        let kind = entry.kind;
        // What is older may be what was hidden; and the device that wrote said
        // in the contacts that it shows the conversation again.
        let comes_back = shown
            && !from_self
            && !self.is_before_contacts(incoming.opened.sent)
            && matches!(kind, MessageKind::Visible | MessageKind::MessageRequestResponse);
        self.edit_contact(peer, shown.then_some(batch.network_now), |contact| {
            match (from_self, kind) {
                (true, MessageKind::Visible) => contact.approved = true,
                (true, _) => {}
                (false, _) => contact.approved_me = true,
            }
            if comes_back && contact.priority < 0 {
                contact.priority = 0;
            }
        });
        self.note_profile(incoming);
    }

    /// Takes in the profile that a message carries, if its author is a contact
    /// and it is newer than the one that is known.
    pub(super) fn note_profile(&mut self, incoming: &Incoming) {
        if incoming.judged.from_self {
            return;
        }
        let content = incoming.content();
        let (profile, key) = match (&content.data_message, &content.message_request_response) {
            (Some(data), _) => (data.profile.as_ref(), data.profile_key.as_deref()),
            (None, Some(response))
                if incoming.judged.kind == ContentKind::MessageRequestResponse =>
            {
                (response.profile.as_ref(), response.profile_key.as_deref())
            }
            _ => return,
        };
        let keeps = |_: &_| self.settings.keeps_profile_of(&incoming.opened.sender);
        let Some(profile) = profile.filter(keeps) else { return };
        self.edit_contact(incoming.opened.sender, None, |contact| apply(contact, profile, key));
    }

    /// Whether a message was sent before the newest contacts that are known
    /// were stored.
    pub(super) fn is_before_contacts(&self, sent: Timestamp) -> bool {
        sent <= self.settings.sync.contacts_stored.minus(STORED_AFTER)
    }

    /// Changes a contact. One that does not exist is made if `created` says
    /// when.
    fn edit_contact(
        &mut self,
        id: AccountId,
        created: Option<Timestamp>,
        edit: impl FnOnce(&mut Contact),
    ) {
        let before = self.settings.contacts.contact(&id);
        let Some(mut contact) = before.clone().or_else(|| {
            let created = whole_seconds(created?);
            Some(Contact { created, ..Contact::new(id) })
        }) else {
            return;
        };
        edit(&mut contact);
        if before.as_ref() != Some(&contact) {
            self.settings.contacts.set_contact(&contact);
        }
    }
}

/// Takes a profile into a contact. Old clients say no time: among theirs the
/// last to come counts.
fn apply(contact: &mut Contact, profile: &LokiProfile, key: Option<&[u8]>) {
    let updated = profile.last_update_seconds.unwrap_or(0);
    let updated = i64::try_from(updated).unwrap_or(i64::MAX);
    let newer = updated > contact.profile_updated || (updated, contact.profile_updated) == (0, 0);
    let name = profile.display_name.as_deref().unwrap_or_default().trim();
    if !newer || name.is_empty() {
        return;
    }
    contact.name = Text::truncated(name, MAX_NAME);
    contact.profile_updated = updated;
    let url = profile.profile_picture.as_deref().unwrap_or_default().trim();
    match (url, key.unwrap_or_default()) {
        ("", []) => contact.picture = None,
        // Half a picture, or a key of another length, is none.
        (url, key) => contact.picture = Picture::new(url, key).or(contact.picture.take()),
    }
}

fn whole_seconds(time: Timestamp) -> i64 {
    i64::try_from(time.millis() / 1_000).unwrap_or(i64::MAX)
}
