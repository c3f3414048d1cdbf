//! Which configs are to be stored, and when (03 section 8).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_crypto::{AccountKeys, message_hash};
use ramson_types::{MessageHash, Namespace, Timestamp};

use super::Settings;
use crate::config::{Config, ConfigKind, Owner, PushError, StorageHash};

/// What changes within it is pushed together.
const GATHERED: Duration = Duration::from_secs(1);

/// Between two pushes, as the desktop client has it.
const BETWEEN: Duration = Duration::from_secs(4);

/// The longest wait after failures.
const MAX_WAIT: Duration = Duration::from_secs(5 * 60);

/// After so many failures in a row the wait does not grow any longer.
const MAX_FAILURES: u32 = 7;

/// Hashes that wait to be deleted. Those beyond it expire on their own.
const MAX_OBSOLETE: usize = 4_096;

/// Copies of configs that are to be stored in one `sequence`, and those that
/// are of no use once they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::account) struct PushBatch {
    /// What is to be stored; at least one.
    pub(in crate::account) parts: Vec<PushedConfig>,
    /// What is to be deleted then. It stays so until
    /// [`Settings::obsolete_deleted`].
    pub(in crate::account) obsolete: Vec<MessageHash>,
}

/// One config that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::account) struct PushedConfig {
    /// Which.
    pub(in crate::account) kind: ConfigKind,
    /// For [`Settings::push_stored`].
    pub(in crate::account) seqno: i64,
    /// Where it is stored.
    pub(in crate::account) namespace: Namespace,
    /// One message, or the parts of a long one, all of which are to be stored.
    pub(in crate::account) messages: Vec<Vec<u8>>,
}

/// When the next push is due, and what goes with it.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    due: Option<Timestamp>,
    last: Option<Timestamp>,
    failures: u32,
    /// Configs that are as they should be, but that the swarm lost.
    again: BTreeMap<ConfigKind, Again>,
    /// Handed out to be deleted, and not heard of since.
    obsolete: BTreeSet<MessageHash>,
    /// Configs that are too long to be stored, why, and whether that was told.
    unfit: BTreeMap<ConfigKind, (String, bool)>,
}

#[derive(Debug, Default)]
struct Again {
    lost: BTreeSet<MessageHash>,
    /// The sequence number that was handed out.
    seqno: Option<i64>,
}

impl Settings {
    /// Whether something is to be stored. Before the first sync is done
    /// nothing is, so that a restored account changes nothing that it does not
    /// know.
    pub(in crate::account) fn needs_push(&self) -> bool {
        self.sync.done && self.unstored() > 0
    }

    /// How many configs the swarm does not have as they are here.
    pub(in crate::account) fn unstored(&self) -> usize {
        let kinds = ConfigKind::OF_ACCOUNT.into_iter();
        kinds.filter(|kind| self.is_unstored(*kind)).count()
    }

    fn is_unstored(&self, kind: ConfigKind) -> bool {
        let Some(config) = self.config(kind) else { return false };
        config.needs_push() || self.is_lost(kind, config)
    }

    /// Whether what a clean config holds is lost. What took the place of it
    /// since is not.
    fn is_lost(&self, kind: ConfigKind, config: &Config) -> bool {
        let again = self.pushes.again.get(&kind).filter(|_| config.is_clean());
        again.is_some_and(|again| {
            let mut current = config.current_hashes().iter();
            current.any(|hash| hash.parse().is_ok_and(|hash| again.lost.contains(&hash)))
        })
    }

    /// When [`Settings::take_push`] has something; `None` while it has not.
    pub(in crate::account) fn next_push(&self) -> Option<Timestamp> {
        self.pushes.due.filter(|_| self.needs_push())
    }

    /// What is to be stored, if that is due. The configs wait for
    /// [`Settings::push_stored`] from here on; they have to be kept
    /// (`Account::keep`) and committed before the first byte is sent. Until
    /// then, or [`Settings::push_failed`], the same is given again after a
    /// while. `now` is the device's clock and says when; what the configs say is
    /// of `network_now`.
    pub(in crate::account) fn take_push(
        &mut self,
        keys: &AccountKeys,
        now: Timestamp,
        network_now: Timestamp,
    ) -> Option<PushBatch> {
        let due = self.next_push()?;
        // A clock that was set back does not make it wait longer.
        if now < due && now.plus(MAX_WAIT) >= due {
            return None;
        }
        self.pushes.last = Some(now);
        self.pushes.due = Some(now.plus(BETWEEN));
        let mut parts = Vec::new();
        for kind in ConfigKind::OF_ACCOUNT {
            if !self.is_unstored(kind) {
                continue;
            }
            // What cannot be pushed does not stop the others.
            match self.push_one(kind, keys, network_now) {
                Ok(part) => {
                    self.pushes.unfit.remove(&kind);
                    parts.push(part);
                }
                Err(error) => self.note_unfit(kind, error.to_string()),
            }
        }
        if parts.is_empty() {
            self.pushes.due = Some(now.plus(MAX_WAIT));
            return None;
        }
        let in_use = self.in_use(keys, &parts);
        self.pushes.obsolete.retain(|hash| !in_use.contains(hash));
        let obsolete = self.pushes.obsolete.iter().copied().collect();
        Some(PushBatch { parts, obsolete })
    }

    fn push_one(
        &mut self,
        kind: ConfigKind,
        keys: &AccountKeys,
        network_now: Timestamp,
    ) -> Result<PushedConfig, PushError> {
        let owner = Owner::Account(keys);
        let push = match kind {
            ConfigKind::ConvoInfoVolatile => self.volatile.push(&owner, network_now)?,
            _ => {
                let config = self.config_mut(kind).ok_or(PushError::NoKey { kind })?;
                config.push(&owner, network_now)?
            }
        };
        let obsolete = push.obsolete.iter().filter_map(|hash| hash.parse::<MessageHash>().ok());
        let room = MAX_OBSOLETE.saturating_sub(self.pushes.obsolete.len());
        self.pushes.obsolete.extend(obsolete.take(room));
        if let Some(again) = self.pushes.again.get_mut(&kind) {
            again.seqno = Some(push.seqno);
        }
        let (seqno, messages) = (push.seqno, push.messages);
        Ok(PushedConfig { kind, seqno, namespace: kind.namespace(), messages })
    }

    fn note_unfit(&mut self, kind: ConfigKind, reason: String) {
        let known = self.pushes.unfit.get(&kind);
        if known.is_none_or(|(known, _)| *known != reason) {
            self.pushes.unfit.insert(kind, (reason, false));
        }
    }

    /// Why configs cannot be stored, as far as that was not told.
    pub(super) fn take_unfit(&mut self) -> Vec<String> {
        let untold = self.pushes.unfit.values_mut().filter(|(_, told)| !told);
        let tell = |(reason, told): &mut (String, bool)| {
            *told = true;
            reason.clone()
        };
        untold.map(tell).collect()
    }

    /// What must not be deleted, though it may have been of no use once.
    fn in_use(&self, keys: &AccountKeys, parts: &[PushedConfig]) -> BTreeSet<MessageHash> {
        let me = keys.account_id();
        let stored = parts.iter().flat_map(|part| {
            part.messages.iter().map(|data| message_hash(&me, part.namespace, data))
        });
        self.active_hashes().into_iter().chain(stored).collect()
    }

    /// All messages of a config were stored, under these hashes in text form.
    /// To be kept.
    pub(in crate::account) fn push_stored(
        &mut self,
        kind: ConfigKind,
        seqno: i64,
        hashes: BTreeSet<StorageHash>,
    ) {
        self.pushes.failures = 0;
        let again = self.pushes.again.remove(&kind).and_then(|again| again.seqno);
        let Some(config) = self.config_mut(kind) else { return };
        match config.is_clean() && again == Some(seqno) {
            true => config.confirm_again(seqno, hashes),
            false => config.confirm(seqno, hashes),
        }
    }

    /// A push, or a part of it, was not stored: the next attempt follows,
    /// later each time.
    pub(in crate::account) fn push_failed(&mut self, now: Timestamp) {
        let failures = self.pushes.failures.saturating_add(1).min(MAX_FAILURES);
        self.pushes.failures = failures;
        let wait = BETWEEN.saturating_mul(1_u32.wrapping_shl(failures)).min(MAX_WAIT);
        self.pushes.due = Some(now.plus(wait));
    }

    /// An answer came through: what failed before is due. Tells whether
    /// anything is.
    pub(in crate::account) fn wake_push(&mut self, now: Timestamp) -> bool {
        let failed = self.pushes.failures > 0;
        let waits = failed && self.next_push().is_some_and(|due| due > now);
        if waits {
            self.pushes.due = Some(now);
        }
        waits
    }

    /// These are gone from the swarm.
    pub(in crate::account) fn obsolete_deleted(&mut self, hashes: &[MessageHash]) {
        for hash in hashes {
            self.pushes.obsolete.remove(hash);
        }
    }

    /// The swarm lost these: what is held of a config of them is stored again
    /// as it is.
    pub(super) fn push_again(&mut self, kind: ConfigKind, lost: &BTreeSet<MessageHash>) {
        let again = Again { lost: lost.clone(), seqno: None };
        self.pushes.again.insert(kind, again);
        let is_lost = self.config(kind).is_some_and(|config| self.is_lost(kind, config));
        if !is_lost {
            self.pushes.again.remove(&kind);
        }
    }

    /// Plans the next push if something is to be stored.
    pub(in crate::account) fn schedule(&mut self, now: Timestamp) {
        if !self.needs_push() {
            self.pushes.due = None;
            return;
        }
        let far = |due: &Timestamp| *due > now.plus(MAX_WAIT);
        if self.pushes.due.is_none_or(|due| far(&due)) {
            let next = self.pushes.last.map(|last| last.plus(BETWEEN));
            let next = next.filter(|next| !far(next)).unwrap_or_default();
            self.pushes.due = Some(next.max(now.plus(GATHERED)));
        }
    }
}
