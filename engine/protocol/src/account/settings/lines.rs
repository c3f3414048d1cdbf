//! What the configs say about the list of conversations. A line is changed
//! only where they say something else than it does.

use std::collections::BTreeSet;

use ramson_types::conversation::{CommunityRoom, Conversation, Disappearing};
use ramson_types::{ConversationId, Timestamp};

use super::super::disappearing::from_config;
use super::super::lines::Lines;
use super::super::{Account, Decision};
use super::{millis, picture_of, some_text};
use crate::config::contacts::Contact;
use crate::config::convo_volatile::Convo;
use crate::config::user_groups::{Community, Group, Membership};

impl Account {
    /// Shows all that the configs say.
    pub(super) fn show_all(&mut self, now: Timestamp, decision: &mut Decision) {
        self.show_contacts();
        self.show_groups(decision);
        self.show_note_to_self();
        self.show_read_states(now);
    }

    /// Every contact has a line. Lines without a contact are not removed here:
    /// their messages go first ([`Work::Forget`](super::super::Work::Forget)).
    pub(super) fn show_contacts(&mut self) {
        let me = self.id();
        for contact in self.settings.contacts.contacts().filter(|contact| contact.id != me) {
            let id = ConversationId::Account(contact.id);
            change(&mut self.lines, &id, |line| show_contact(line, &contact));
        }
    }

    /// The note to self is what the profile says of it, once there is one.
    pub(super) fn show_note_to_self(&mut self) {
        let id = ConversationId::Account(self.id());
        if self.lines.get(&id).is_none() {
            return;
        }
        let profile = &self.settings.profile;
        let timer = seconds(profile.note_to_self_timer());
        change(&mut self.lines, &id, |line| {
            line.name = some_text(&profile.name());
            line.picture = profile.picture().as_ref().map(picture_of);
            (line.approved, line.approved_me) = (true, true);
            line.priority = profile.note_to_self_priority();
            line.disappearing = match timer {
                0 => Disappearing::Off,
                timer => Disappearing::AfterSend(timer),
            };
        });
    }

    /// Every group and community has a line, and no other has. Legacy groups
    /// are no conversations any more.
    pub(super) fn show_groups(&mut self, decision: &mut Decision) {
        let mut there = BTreeSet::new();
        for group in self.settings.groups.groups() {
            let id = ConversationId::Group(group.id);
            change(&mut self.lines, &id, |line| show_group(line, &group));
            there.insert(id);
        }
        for community in self.settings.groups.communities() {
            let id = id_of_room(community.server().base_url(), community.room());
            change(&mut self.lines, &id, |line| show_community(line, &community));
            there.insert(id);
        }
        // Before the first sync is done nobody knows which are missing.
        if !self.settings.sync.done {
            return;
        }
        let shown = self.lines.iter().map(|line| &line.id).filter(|id| is_of_groups(id));
        let gone: Vec<_> = shown.filter(|id| !there.contains(*id)).cloned().collect();
        for id in gone {
            self.lines.remove(&id, decision);
        }
    }

    /// Of two devices that read at once, the config has what one of them read.
    /// Where this one read farther, it says so again.
    pub(super) fn read_farther(&mut self, now: Timestamp) {
        let farthest = self.farthest(now);
        let now = self.clock.at(now);
        let me = self.id();
        for line in self.lines.iter() {
            let ConversationId::Account(id) = line.id else { continue };
            if id != me && self.settings.contacts.contact(&id).is_none() {
                continue;
            }
            let convo = Convo::Account(id);
            // The only error is that of a room.
            let state = self.settings.volatile.read_state(&convo).ok().flatten();
            let mut state = state.unwrap_or_default();
            let read = i64::try_from(line.last_read.millis()).unwrap_or(i64::MAX);
            if line.last_read <= farthest && read > state.last_read {
                state.last_read = read;
                drop(self.settings.volatile.set_read_state(&convo, &state, now));
            }
        }
    }

    /// What was read, on whichever device, of conversations that are there. A
    /// time too far ahead is passed over until it is near.
    pub(super) fn show_read_states(&mut self, now: Timestamp) {
        let farthest = self.farthest(now);
        let mut far: Option<Timestamp> = None;
        let mut marked = BTreeSet::new();
        for (convo, state) in self.settings.volatile.read_states() {
            let Some(id) = id_of(&convo) else { continue };
            if self.lines.get(&id).is_none() {
                continue;
            }
            let read = Timestamp(u64::try_from(state.last_read).unwrap_or(0));
            change(&mut self.lines, &id, |line| {
                if read <= farthest {
                    line.last_read = line.last_read.max(read);
                }
                line.marked_unread = state.unread;
            });
            if read > farthest {
                far = Some(far.map_or(read, |far| far.min(read)));
            }
            if state.unread {
                marked.insert(id);
            }
        }
        self.settings.far_read = far;
        let shown = self.lines.iter().filter(|line| line.marked_unread).map(|line| &line.id);
        let unmarked: Vec<_> = shown.filter(|id| !marked.contains(*id)).cloned().collect();
        for id in unmarked {
            self.lines.edit(&id).marked_unread = false;
        }
    }
}

/// Changes a line, unless that leaves it as it is.
fn change(lines: &mut Lines, id: &ConversationId, change: impl FnOnce(&mut Conversation)) {
    let before = lines.get(id);
    let mut line = before.cloned().unwrap_or_else(|| Conversation::new(id.clone()));
    change(&mut line);
    if before != Some(&line) {
        *lines.edit(id) = line;
    }
}

fn show_contact(line: &mut Conversation, contact: &Contact) {
    line.name = some_text(&contact.name);
    line.nickname = some_text(&contact.nickname);
    line.picture = contact.picture.as_ref().map(picture_of);
    line.approved = contact.approved;
    line.approved_me = contact.approved_me;
    line.blocked = contact.blocked;
    line.priority = contact.priority;
    line.muted_until = millis(contact.mute_until);
    line.notify = contact.notify;
    line.disappearing = from_config(contact.disappearing);
    line.created = millis(contact.created);
}

fn show_group(line: &mut Conversation, group: &Group) {
    line.name = some_text(&group.name);
    show_membership(line, &group.membership);
}

fn show_community(line: &mut Conversation, community: &Community) {
    line.name = Some(community.room().to_owned());
    show_membership(line, &community.membership);
}

fn show_membership(line: &mut Conversation, membership: &Membership) {
    line.approved = !membership.invited;
    line.approved_me = true;
    line.priority = membership.priority;
    line.muted_until = millis(membership.mute_until);
    line.notify = membership.notify;
    line.created = millis(membership.joined_at);
}

fn seconds(timer: i64) -> u32 {
    u32::try_from(timer.max(0)).unwrap_or(u32::MAX)
}

/// A room is the same however it is spelled (03 section 10.5).
fn id_of_room(server: &str, room: &str) -> ConversationId {
    let (server, room) = (server.to_owned(), room.to_ascii_lowercase());
    ConversationId::Community(CommunityRoom { server, room })
}

const fn is_of_groups(id: &ConversationId) -> bool {
    matches!(id, ConversationId::Group(_) | ConversationId::Community(_))
}

/// `None` for legacy groups.
fn id_of(convo: &Convo) -> Option<ConversationId> {
    Some(match convo {
        Convo::Account(id) => ConversationId::Account(*id),
        Convo::Group(id) => ConversationId::Group(*id),
        Convo::Blinded(id) => ConversationId::Blinded(*id),
        Convo::Community(server, room) => id_of_room(server.base_url(), room),
        Convo::LegacyGroup(_) => return None,
    })
}
