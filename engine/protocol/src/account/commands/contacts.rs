//! Contacts and message requests (01 sections 6.1 and 6.3).

use ramson_types::{AccountId, Timestamp};

use super::super::{Account, Plan};
use crate::command::CommandError;
use crate::config::contacts::Contact;
use crate::config::convo_volatile::Convo;
use crate::config::value::{MAX_NAME, Text};

impl Account {
    pub(super) fn add_contact(
        &mut self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let account = self.other(account)?;
        let contact = self.contact_or_new(account, now);
        self.let_write(contact, now)
    }

    pub(super) fn approve(
        &mut self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let contact = self.known(account)?;
        self.let_write(contact, now)
    }

    /// Approves a contact, and says so if it had asked.
    fn let_write(&mut self, mut contact: Contact, now: Timestamp) -> Result<Plan, CommandError> {
        if contact.blocked {
            return Err(CommandError::Blocked { account: contact.id });
        }
        let asked = contact.approved_me && !contact.approved;
        let response = asked.then(|| self.response_to(contact.id, now));
        contact.approved = true;
        contact.priority = contact.priority.max(0);
        self.settings.contacts.set_contact(&contact);
        Ok(Plan { outgoing: response.into_iter().collect(), ..Plan::default() })
    }

    pub(super) fn decline(&mut self, account: AccountId) -> Result<Plan, CommandError> {
        if !is_request(&self.known(account)?) {
            return Err(CommandError::NotARequest { account });
        }
        self.erase(&account);
        Ok(Plan::default())
    }

    pub(super) fn decline_all(&mut self) -> Plan {
        let requests: Vec<AccountId> =
            self.settings.contacts.contacts().filter(is_request).map(|one| one.id).collect();
        requests.iter().for_each(|account| self.erase(account));
        Plan::default()
    }

    pub(super) fn remove_contact(&mut self, account: AccountId) -> Result<Plan, CommandError> {
        self.known(account)?;
        self.erase(&account);
        Ok(Plan::default())
    }

    pub(super) fn block(
        &mut self,
        account: AccountId,
        blocked: bool,
        now: Timestamp,
    ) -> Result<Plan, CommandError> {
        let account = self.other(account)?;
        let mut contact = self.contact_or_new(account, now);
        if contact.blocked != blocked {
            contact.blocked = blocked;
            self.settings.contacts.set_contact(&contact);
            self.typed.forget(&account);
        }
        Ok(Plan::default())
    }

    pub(super) fn set_nickname(
        &mut self,
        account: AccountId,
        nickname: Option<&str>,
    ) -> Result<Plan, CommandError> {
        let mut contact = self.known(account)?;
        contact.nickname = nickname.map(name).transpose()?.unwrap_or_default();
        self.settings.contacts.set_contact(&contact);
        Ok(Plan::default())
    }

    fn known(&self, account: AccountId) -> Result<Contact, CommandError> {
        let account = self.other(account)?;
        self.settings.contacts.contact(&account).ok_or(CommandError::NoSuchContact { account })
    }

    /// Erases a contact on all devices; its messages follow as work.
    fn erase(&mut self, account: &AccountId) {
        self.settings.contacts.erase_contact(account);
        self.vanished.note(*account, self.settings.sync.contacts_stored);
        // The only errors are about rooms of communities.
        let _ = self.settings.volatile.erase_read_state(&Convo::Account(*account));
        self.typed.forget(account);
    }
}

/// Whether a contact asked and was not answered.
const fn is_request(contact: &Contact) -> bool {
    contact.approved_me && !contact.approved && !contact.blocked
}

/// A name without white space around it.
pub(super) fn name(name: &str) -> Result<Text, CommandError> {
    let name = name.trim();
    match name.len() {
        1..=MAX_NAME => Ok(name.into()),
        bytes => Err(CommandError::BadName { name: name.to_owned(), bytes }),
    }
}
