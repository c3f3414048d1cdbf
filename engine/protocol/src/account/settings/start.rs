//! What a start and the end of the first sync lead to.

use ramson_types::conversation::Conversation;
use ramson_types::{ConversationId, Timestamp};

use super::super::disappearing::to_config;
use super::super::{Account, Decision};
use super::whole_seconds;
use crate::config::ConfigKind;
use crate::config::contacts::Contact;
use crate::config::value::Picture;
use crate::store::Change;

impl Account {
    /// What follows from how the account was kept; to be committed before
    /// anything else. A new account gets its name, one from before there were
    /// configs gets contacts, and a config that could not be read is fetched
    /// again.
    pub fn started(&mut self, now: Timestamp) -> Decision {
        let mut decision = Decision::default();
        self.fetch_lost(&mut decision);
        if std::mem::take(&mut self.settings.unkept) {
            self.make_contacts(now, |contact| {
                (contact.approved, contact.approved_me) = (true, true);
            });
        }
        if self.settings.sync.done {
            self.name_profile(now);
        }
        self.show_all(now, &mut decision);
        self.keep(&mut decision, now);
        decision
    }

    /// A whole poll brought all that the swarm has.
    pub(in crate::account) fn synced(&mut self, now: Timestamp, decision: &mut Decision) {
        if self.settings.sync.done {
            return;
        }
        self.settings.sync.done = true;
        self.settings.stored.clear();
        decision.changes.push(Change::PutSync(self.settings.sync));
        // Where the swarm had no contacts either, the lines know them: with
        // none of them nobody's conversation was removed. That is seen from
        // the config itself, since one that could not be read may have been
        // kept anew, for whoever wrote meanwhile, before the last start.
        if !self.settings.contacts.was_stored() {
            self.make_contacts(now, |_| ());
        }
        self.name_profile(now);
        self.show_all(now, decision);
        self.keep(decision, now);
    }

    /// Of what could not be read, all that the swarm has is wanted. Until that
    /// is there nothing is pushed, and nobody's conversation is missing.
    fn fetch_lost(&mut self, decision: &mut Decision) {
        let lost = self.settings.lost.iter().map(|kind| kind.namespace());
        let lost: Vec<_> = lost.filter(|lost| ConfigKind::of_account(*lost).is_some()).collect();
        if lost.is_empty() {
            return;
        }
        let cursors: Vec<_> = self.cursors.keys().copied().collect();
        for (node, namespace) in cursors.into_iter().filter(|(_, of)| lost.contains(of)) {
            self.cursors.remove(&(node, namespace));
            decision.changes.push(Change::MoveCursor { node, namespace, cursor: None });
        }
        if std::mem::replace(&mut self.settings.sync.done, false) {
            // Of contacts that are not there nothing is newer.
            self.settings.sync.contacts_stored = Timestamp(0);
            decision.changes.push(Change::PutSync(self.settings.sync));
        }
    }

    /// Gives the profile the name that the account was added with, if it has
    /// none.
    fn name_profile(&mut self, now: Timestamp) {
        let profile = &mut self.settings.profile;
        if let Some(name) = &self.name
            && profile.name().is_empty()
        {
            profile.set_name_truncated(name.trim(), Some(self.clock.at(now)));
        }
    }

    /// Makes contacts of the lines of accounts.
    fn make_contacts(&mut self, now: Timestamp, finish: impl Fn(&mut Contact)) {
        let (me, now) = (self.id(), self.clock.at(now));
        for line in self.lines.iter() {
            let ConversationId::Account(id) = line.id else { continue };
            if id == me || self.settings.contacts.contact(&id).is_some() {
                continue;
            }
            let mut contact = Contact::new(id);
            read_line(&mut contact, line, now);
            finish(&mut contact);
            self.settings.contacts.set_contact(&contact);
        }
    }
}

fn read_line(contact: &mut Contact, line: &Conversation, now: Timestamp) {
    contact.name = line.name.as_deref().unwrap_or_default().into();
    contact.nickname = line.nickname.as_deref().unwrap_or_default().into();
    let picture = line.picture.as_ref();
    contact.picture = picture.and_then(|picture| Picture::new(&picture.url, &picture.key));
    contact.approved = line.approved;
    contact.approved_me = line.approved_me;
    contact.blocked = line.blocked;
    contact.priority = line.priority;
    contact.notify = line.notify;
    contact.mute_until = whole_seconds(line.muted_until);
    contact.disappearing = to_config(line.disappearing);
    let created = [line.created, line.latest, now].into_iter().find(|time| time.millis() > 0);
    contact.created = created.map(whole_seconds).unwrap_or_default();
}
