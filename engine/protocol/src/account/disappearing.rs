//! When messages disappear (01 section 4): the rules, and the messages whose
//! time is counted.
//!
//! Every end is a time of the network, on all devices the same, and is kept so.
//! What the clock says now rules: when its offset is learnt anew, the local
//! time at which a message goes moves with it, and one whose end has passed by
//! the new clock goes at once. One that is gone does not come back, even if the
//! clock is set back. Before a node has told the time, the local clock counts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_codec::proto::{Content, ContentKind, ExpirationType};
use ramson_types::conversation::Disappearing;
use ramson_types::message::{ExpiresFrom, Expiry};
use ramson_types::{MessageId, Timestamp};

use super::compose::MESSAGE_TTL;
use crate::config::contacts;
use crate::store::Copy;

/// A swarm keeps nothing for a shorter time.
const SHORTEST_TTL: Duration = Duration::from_secs(10);

/// A message may be stored so long after it was sent, or be dated so far ahead:
/// then its time counts from there. Farther off, the node is not believed.
const STORED_LATE: Duration = Duration::from_secs(60 * 60);

/// The setting that a received Content carries; `None` for off. In a note to
/// self (`to_self`) the time always counts from when it was sent.
pub(super) fn setting_of(content: &Content, to_self: bool) -> Option<(ExpiresFrom, u32)> {
    let seconds = content.expiration_timer.filter(|seconds| *seconds > 0)?;
    let from = match content.expiration_type? {
        ExpirationType::Unknown => return None,
        ExpirationType::DeleteAfterRead if !to_self => ExpiresFrom::Read,
        ExpirationType::DeleteAfterRead | ExpirationType::DeleteAfterSend => ExpiresFrom::Sent,
    };
    Some((from, seconds))
}

/// Writes the setting into a Content that is sent. Off is written as such in a
/// change of the setting only.
pub(super) fn write_setting(setting: Disappearing, content: &mut Content) {
    let told = content.kind() == ContentKind::ExpirationTimerUpdate;
    let (kind, seconds) = match started(setting) {
        Some((ExpiresFrom::Sent, seconds)) => (ExpirationType::DeleteAfterSend, seconds),
        Some((ExpiresFrom::Read, seconds)) => (ExpirationType::DeleteAfterRead, seconds),
        None if told => (ExpirationType::Unknown, 0),
        None => return,
    };
    content.expiration_type = Some(kind);
    content.expiration_timer = Some(seconds);
}

/// How long a swarm keeps a copy (01 section 4.2). The own copy of a message
/// that disappears after reading goes with it: who sent it has read it.
pub(super) fn ttl(setting: Disappearing, copy: Copy) -> Duration {
    match (started(setting), copy) {
        (None, _) | (Some((ExpiresFrom::Read, _)), Copy::Recipient) => MESSAGE_TTL,
        (Some((_, seconds)), _) => length(seconds).clamp(SHORTEST_TTL, MESSAGE_TTL),
    }
}

/// When a message of this account disappears: for its sender the time counts
/// from when it was sent, whatever the setting. One that disappears after
/// reading stays beyond that while it waits in the outbox.
pub(super) fn own_expiry(setting: Disappearing, sent: Timestamp) -> Option<Expiry> {
    let (from, seconds) = started(setting)?;
    Some(Expiry { from, seconds, ends: Some(sent.plus(length(seconds))) })
}

/// When a received message disappears (01 section 4.3). `server_expires` is
/// when its swarm lets go of it, `from_self` that another device of this
/// account sent it, `already_read` that its conversation was read up to it on
/// some device. All times are of the network.
///
/// A node that lies about when the swarm lets go of it moves the end little:
/// by an hour at most after sending; after reading not to before it could be,
/// had it been read when it was sent.
pub(super) fn received_expiry(
    setting: Option<(ExpiresFrom, u32)>,
    sent: Timestamp,
    server_expires: Timestamp,
    from_self: bool,
    already_read: bool,
    network_now: Timestamp,
) -> Option<Expiry> {
    let (from, seconds) = setting?;
    let length = length(seconds);
    let ends = match from {
        ExpiresFrom::Sent => {
            let due = sent.min(network_now).plus(length);
            let near = server_expires.distance(due) <= STORED_LATE.min(length);
            Some(if near { server_expires } else { due })
        }
        ExpiresFrom::Read if from_self => Some(sent.plus(length)),
        ExpiresFrom::Read if already_read => {
            Some(read_end(sent, seconds, server_expires, network_now))
        }
        ExpiresFrom::Read => None,
    };
    Some(Expiry { from, seconds, ends })
}

/// When a message ends that disappears after reading and was read, where its
/// swarm is known to let go of it at `server_expires`: what another device has
/// shortened holds.
fn read_end(
    sent: Timestamp,
    seconds: u32,
    server_expires: Timestamp,
    network_now: Timestamp,
) -> Timestamp {
    let length = length(seconds);
    server_expires.max(sent.plus(length)).min(network_now.plus(length))
}

/// A timer's length.
pub(super) const fn length(seconds: u32) -> Duration {
    Duration::from_secs(seconds as u64)
}

/// From when a setting counts, and how long; `None` for off.
pub(super) const fn started(setting: Disappearing) -> Option<(ExpiresFrom, u32)> {
    match setting {
        Disappearing::Off | Disappearing::AfterSend(0) | Disappearing::AfterRead(0) => None,
        Disappearing::AfterSend(seconds) => Some((ExpiresFrom::Sent, seconds)),
        Disappearing::AfterRead(seconds) => Some((ExpiresFrom::Read, seconds)),
    }
}

/// A setting as the configs have it.
pub(super) fn to_config(setting: Disappearing) -> contacts::Disappearing {
    match started(setting) {
        None => contacts::Disappearing::Off,
        Some((ExpiresFrom::Sent, seconds)) => contacts::Disappearing::AfterSend(seconds.into()),
        Some((ExpiresFrom::Read, seconds)) => contacts::Disappearing::AfterRead(seconds.into()),
    }
}

/// A setting from the configs; longer ones than can be told are as long as can
/// be.
pub(super) fn from_config(setting: contacts::Disappearing) -> Disappearing {
    let told = |seconds: i64| u32::try_from(seconds.max(0)).unwrap_or(u32::MAX);
    match setting {
        contacts::Disappearing::AfterSend(seconds @ 1..) => Disappearing::AfterSend(told(seconds)),
        contacts::Disappearing::AfterRead(seconds @ 1..) => Disappearing::AfterRead(told(seconds)),
        _ => Disappearing::Off,
    }
}

/// When which message disappears.
#[derive(Debug, Default)]
pub(super) struct Expiring {
    by_time: BTreeSet<(Timestamp, MessageId)>,
    by_id: BTreeMap<MessageId, Timestamp>,
    /// Own ones whose time is over, and which wait in the outbox.
    held: BTreeMap<MessageId, Timestamp>,
    /// When the own swarm lets go by itself of copies that it was asked about.
    lapses: BTreeMap<MessageId, Timestamp>,
}

impl Expiring {
    pub(super) fn load(expiring: Vec<(Timestamp, MessageId)>) -> Self {
        let mut all = Self::default();
        expiring.into_iter().for_each(|(ends, id)| all.set(id, Some(ends)));
        all
    }

    /// Notes when a message disappears; `None` forgets it.
    pub(super) fn set(&mut self, id: MessageId, ends: Option<Timestamp>) {
        self.held.remove(&id);
        if ends.is_none() {
            self.lapses.remove(&id);
        }
        let before = match ends {
            Some(ends) => self.by_id.insert(id, ends),
            None => self.by_id.remove(&id),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before, id));
        }
        if let Some(ends) = ends {
            self.by_time.insert((ends, id));
        }
    }

    /// Lets a message stay until [`Expiring::release`].
    pub(super) fn hold(&mut self, id: MessageId) {
        if let Some(ends) = self.ends(id) {
            self.set(id, None);
            self.held.insert(id, ends);
        }
    }

    /// The time of a message that was held counts again.
    pub(super) fn release(&mut self, id: MessageId) {
        if let Some(ends) = self.held.remove(&id) {
            self.set(id, Some(ends));
        }
    }

    /// Notes when the own swarm lets go of a copy by itself.
    pub(super) fn set_lapse(&mut self, id: MessageId, lapses: Timestamp) {
        self.lapses.insert(id, lapses);
    }

    /// Whether a copy is gone from the own swarm because its life was over.
    pub(super) fn has_lapsed(&self, id: MessageId, now: Timestamp) -> bool {
        self.lapses.get(&id).is_some_and(|lapses| *lapses <= now)
    }

    /// When a message disappears, if its time counts.
    pub(super) fn ends(&self, id: MessageId) -> Option<Timestamp> {
        self.by_id.get(&id).copied()
    }

    /// Those whose time is over, the first ones first.
    pub(super) fn over(&self, now: Timestamp) -> impl Iterator<Item = MessageId> {
        self.by_time.iter().take_while(move |(ends, _)| *ends <= now).map(|(_, id)| *id)
    }

    /// When the next time is over.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(ends, _)| *ends)
    }
}
