//! Requests for errands that were kept: several in one `batch`.

use ramson_codec::storage::{ExpireMode, MAX_SUBREQUESTS, Request};
use ramson_types::{MessageHash, Timestamp};

use super::{Waiting, hashes_of};
use crate::account::{Account, Decision};
use crate::store::{Change, Errand, StoredErrand};

/// The most hashes in one part of a request: each is signed by every member,
/// and comes back from each.
const MAX_HASHES: usize = 200;

/// One part of a `batch`: some of the hashes of an errand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) errand: u64,
    pub(super) task: Task,
    pub(super) hashes: Vec<MessageHash>,
}

/// What is asked of the swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Delete,
    Shorten(Timestamp),
    AskExpiries,
}

impl Account {
    /// Takes out of what is about to be deleted whatever is in use by now: a
    /// config that was obsolete when the errand was made may be stored again
    /// under the same name. Once it is obsolete again, its config says so.
    pub(super) fn spare_active(&mut self, now: Timestamp, decision: &mut Decision) {
        let is_delete =
            |waiting: &Waiting| waiting.is_due(now) && matches!(waiting.errand, Errand::Delete(_));
        if !self.errands.waiting.values().any(is_delete) {
            return;
        }
        let mut active = self.settings.active_hashes();
        active.extend(self.errands.pushing.in_use());
        let mut changed = Vec::new();
        for (number, waiting) in &mut self.errands.waiting {
            if !waiting.is_due(now) {
                continue;
            }
            let Errand::Delete(hashes) = &mut waiting.errand else { continue };
            let before = hashes.len();
            hashes.retain(|hash| !active.contains(hash));
            if hashes.len() != before {
                changed.push((*number, waiting.begun, hashes.clone()));
            }
        }
        for (number, begun, hashes) in changed {
            if hashes.is_empty() {
                self.errands.waiting.remove(&number);
                decision.changes.push(Change::RemoveErrand(number));
            } else {
                let errand = Errand::Delete(hashes);
                decision.changes.push(Change::PutErrand(StoredErrand { number, begun, errand }));
            }
        }
    }

    /// The request for the errands that are due, as far as they go into one.
    pub(super) fn stored_request(&self, now: Timestamp) -> Option<(Request, Vec<Part>)> {
        let network_now = self.clock.at(now);
        let mut parts = Vec::new();
        for (number, waiting) in &self.errands.waiting {
            if !waiting.is_due(now) {
                continue;
            }
            let task = match &waiting.errand {
                // A node refuses a time that is past.
                Errand::Shorten { expiry, .. } if *expiry <= network_now => Task::Delete,
                Errand::Shorten { expiry, .. } => Task::Shorten(*expiry),
                Errand::Delete(_) => Task::Delete,
                Errand::AskExpiries(_) => Task::AskExpiries,
            };
            let hashes = hashes_of(&waiting.errand);
            let chunks = hashes.chunks(MAX_HASHES);
            parts.extend(chunks.map(|hashes| Part {
                errand: *number,
                task,
                hashes: hashes.to_vec(),
            }));
            if parts.len() >= MAX_SUBREQUESTS {
                break;
            }
        }
        parts.truncate(MAX_SUBREQUESTS);
        let keys = &*self.keys;
        let request = |part: &Part| match part.task {
            Task::Delete => Request::delete_signed(keys, &part.hashes),
            Task::Shorten(expiry) => {
                Request::expire_signed(keys, &part.hashes, expiry, ExpireMode::Shorten)
            }
            Task::AskExpiries => Request::get_expiries_signed(keys, &part.hashes, network_now),
        };
        let requests: Vec<_> = parts.iter().map(request).collect();
        (!parts.is_empty()).then_some((Request::Batch(requests), parts))
    }
}
