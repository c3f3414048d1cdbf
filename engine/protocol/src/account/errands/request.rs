//! Requests for errands that were kept: several in one `batch`.

use ramson_codec::storage::{ExpireMode, MAX_SUBREQUESTS, Request};
use ramson_types::{MessageHash, Timestamp};

use super::hashes_of;
use crate::account::Account;
use crate::store::Errand;

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
