//! What members of the swarm did not hear because they were away. It is told
//! them again some seconds later, in the same order.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, Timestamp};

use crate::step::{Call, PeerCall};

/// How long after the last failure a node tries again.
const RETRY_AFTER: Duration = Duration::from_secs(6);

/// How long a node waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Calls kept for one node; beyond that the oldest are forgotten.
const MAX_CALLS: usize = 1000;

#[derive(Debug, Default)]
pub(crate) struct Missed {
    queues: BTreeMap<Ed25519PublicKey, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    calls: VecDeque<PeerCall>,
    retry_at: Timestamp,
}

impl Missed {
    pub(crate) fn add(&mut self, to: Ed25519PublicKey, call: PeerCall, now: Timestamp) {
        let queue = self.queues.entry(to).or_default();
        queue.calls.push_back(call);
        if queue.calls.len() > MAX_CALLS {
            queue.calls.pop_front();
        }
        queue.retry_at = now.plus(RETRY_AFTER);
    }

    /// Takes out what is to be tried again now.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Call> {
        let mut calls = Vec::new();
        self.queues.retain(|to, queue| {
            if queue.retry_at > now {
                return true;
            }
            let due = queue.calls.drain(..);
            calls.extend(due.map(|call| Call::to_node(*to, call, TIMEOUT)));
            false
        });
        calls
    }

    /// Forgets nodes that have left the network.
    pub(crate) fn keep_only(&mut self, stays: impl Fn(&Ed25519PublicKey) -> bool) {
        self.queues.retain(|to, _| stays(to));
    }
}
