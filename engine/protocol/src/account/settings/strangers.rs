//! How much is kept of those who ask to be heard. Each gets an entry among the
//! contacts, without which nobody would know of the request on the other
//! devices; but names and pictures of however many must not fill the config.

use ramson_types::AccountId;

use super::Settings;
use crate::config::contacts::Contact;

/// So many requests that were not answered are kept with name and picture.
const MAX_SHOWN: usize = 1_000;

impl Settings {
    /// Whether the profile that somebody sends is kept: not that of a further
    /// stranger while too many requests wait for an answer. It is once the
    /// request is accepted.
    pub(in crate::account) fn keeps_profile_of(&self, id: &AccountId) -> bool {
        let Some(contact) = self.contacts.contact(id) else { return true };
        let shown = !contact.name.is_empty() || contact.picture.is_some();
        if shown || !is_request(&contact) {
            return true;
        }
        // Its own entry is among them.
        self.contacts.contacts().filter(is_request).nth(MAX_SHOWN).is_none()
    }
}

const fn is_request(contact: &Contact) -> bool {
    contact.approved_me && !contact.approved
}
