//! What other nodes have to hear from this one and have not heard yet: requests
//! that members of the swarm missed because they were away, and messages that
//! move to another swarm. A call stands here until it was answered, so that
//! nothing is lost when the one or the other is down.
//!
//! After a failure one call is tried alone, the oldest; once somebody answers,
//! the others follow, in their order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, Timestamp};

use crate::step::{Call, PeerCall, PeerMessage};

/// How long after the last failure a node tries again.
const RETRY_AFTER: Duration = Duration::from_secs(6);

/// How long a node waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A call that nobody concluded is made again after this long.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(60);

/// Calls made together at most.
const TOGETHER: usize = 100;

/// Kept for one node; beyond either bound the oldest are forgotten.
const MAX_CALLS: usize = 10_000;
const MAX_BYTES: usize = 100_000_000;

#[derive(Debug, Default)]
pub(crate) struct Missed {
    queues: BTreeMap<Ed25519PublicKey, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    calls: VecDeque<Entry>,
    bytes: usize,
    retry_at: Timestamp,
    /// The last attempt was answered.
    answers: bool,
    /// An attempt was not answered since the queue was empty last.
    failed: bool,
}

#[derive(Debug)]
struct Entry {
    call: PeerCall,
    under_way_since: Option<Timestamp>,
}

impl Missed {
    /// Keeps a call that was not answered.
    pub(crate) fn add(&mut self, to: Ed25519PublicKey, call: PeerCall, now: Timestamp) {
        let queue = self.push(to, call, None);
        queue.answers = false;
        queue.failed = true;
        queue.retry_at = now.plus(RETRY_AFTER);
    }

    /// Whether a node did not answer when it was asked last, and has not been
    /// told everything since.
    pub(crate) fn is_behind(&self, node: &Ed25519PublicKey) -> bool {
        self.queues.get(node).is_some_and(|queue| queue.failed)
    }

    /// Keeps a call for a node that is behind, after the others.
    pub(crate) fn add_behind(&mut self, to: Ed25519PublicKey, call: PeerCall) {
        self.push(to, call, None);
    }

    /// Keeps a call that is to be made at the next opportunity.
    pub(crate) fn add_due(&mut self, to: Ed25519PublicKey, call: PeerCall, now: Timestamp) {
        let queue = self.push(to, call, None);
        queue.retry_at = queue.retry_at.min(now);
    }

    /// Keeps a call that is being made for the first time.
    pub(crate) fn add_under_way(&mut self, to: Ed25519PublicKey, call: PeerCall, now: Timestamp) {
        self.push(to, call, Some(now));
    }

    fn push(
        &mut self,
        to: Ed25519PublicKey,
        call: PeerCall,
        under_way_since: Option<Timestamp>,
    ) -> &mut Queue {
        let queue = self.queues.entry(to).or_default();
        queue.bytes = queue.bytes.saturating_add(call.weight());
        queue.calls.push_back(Entry { call, under_way_since });
        while (queue.calls.len() > MAX_CALLS || queue.bytes > MAX_BYTES) && queue.calls.len() > 1 {
            if let Some(oldest) = queue.calls.pop_front() {
                queue.bytes = queue.bytes.saturating_sub(oldest.call.weight());
            }
        }
        queue
    }

    /// What is to be tried now. Each call is to be concluded.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<Call> {
        let mut calls = Vec::new();
        for (to, queue) in &mut self.queues {
            let abandoned = |since: Timestamp| now.since(since) >= GIVEN_UP_AFTER;
            let waits = |entry: &Entry| entry.under_way_since.is_some_and(|at| !abandoned(at));
            if queue.retry_at > now || queue.calls.iter().any(waits) {
                continue;
            }
            let count = if queue.answers { TOGETHER } else { 1 };
            for entry in queue.calls.iter_mut().take(count) {
                entry.under_way_since = Some(now);
                calls.push(Call::to_node(*to, entry.call.clone(), TIMEOUT));
            }
        }
        calls
    }

    /// Learns how an attempt went.
    pub(crate) fn concluded(
        &mut self,
        to: Ed25519PublicKey,
        call: &PeerCall,
        answered: bool,
        now: Timestamp,
    ) {
        let Some(queue) = self.queues.get_mut(&to) else { return };
        let at = queue.calls.iter().position(|entry| Arc::ptr_eq(&entry.call.0, &call.0));
        let Some(at) = at else { return };
        queue.answers = answered;
        if answered {
            queue.retry_at = now;
            if let Some(done) = queue.calls.remove(at) {
                queue.bytes = queue.bytes.saturating_sub(done.call.weight());
            }
        } else {
            queue.failed = true;
            queue.retry_at = now.plus(RETRY_AFTER);
            if let Some(entry) = queue.calls.get_mut(at) {
                entry.under_way_since = None;
            }
        }
        if queue.calls.is_empty() {
            self.queues.remove(&to);
        }
    }

    /// Takes out the calls that `stale` chooses.
    pub(crate) fn take(
        &mut self,
        stale: impl Fn(&Ed25519PublicKey, &PeerMessage) -> bool,
    ) -> Vec<PeerCall> {
        let mut taken = Vec::new();
        self.queues.retain(|to, queue| {
            let mut kept = VecDeque::new();
            for entry in queue.calls.drain(..) {
                if stale(to, &entry.call.0) {
                    queue.bytes = queue.bytes.saturating_sub(entry.call.weight());
                    taken.push(entry.call);
                } else {
                    kept.push_back(entry);
                }
            }
            queue.calls = kept;
            !queue.calls.is_empty()
        });
        taken
    }

    /// Everything that is kept, by whom it is for.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Ed25519PublicKey, &PeerMessage)> {
        self.queues.iter().flat_map(|(to, queue)| {
            queue.calls.iter().map(move |entry| (to, entry.call.0.as_ref()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: Ed25519PublicKey = Ed25519PublicKey([1; 32]);

    fn call() -> PeerCall {
        let (messages, namespaces) = (Vec::new(), true);
        PeerCall::new(PeerMessage::Messages(crate::step::Push { messages, namespaces }))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp(0).plus(Duration::from_secs(seconds))
    }

    fn due(missed: &mut Missed, now: Timestamp) -> Vec<PeerCall> {
        let calls = missed.due(now).into_iter().map(|call| match call.to {
            crate::Destination::Node(_, call) => call,
            other => panic!("{other:?}"),
        });
        calls.collect()
    }

    #[test]
    fn one_is_tried_alone_and_the_others_follow_it() {
        let mut missed = Missed::default();
        for _ in 0..3 {
            missed.add(TO, call(), at(0));
        }
        assert_eq!(due(&mut missed, at(5)).len(), 0);
        let [first] = due(&mut missed, at(6)).try_into().unwrap();
        assert_eq!(due(&mut missed, at(7)).len(), 0, "made twice");
        missed.concluded(TO, &first, false, at(8));
        assert_eq!(due(&mut missed, at(13)).len(), 0, "tried again too early");
        let [again] = due(&mut missed, at(14)).try_into().unwrap();
        assert!(Arc::ptr_eq(&first.0, &again.0));
        missed.concluded(TO, &again, true, at(14));
        let rest = due(&mut missed, at(14));
        assert_eq!(rest.len(), 2);
        for call in rest {
            missed.concluded(TO, &call, true, at(14));
        }
        assert!(missed.queues.is_empty());
    }

    #[test]
    fn what_nobody_concludes_is_made_again() {
        let mut missed = Missed::default();
        missed.add_under_way(TO, call(), at(0));
        assert_eq!(due(&mut missed, at(59)).len(), 0);
        assert_eq!(due(&mut missed, at(60)).len(), 1);
        assert_eq!(due(&mut missed, at(119)).len(), 0);
        assert_eq!(due(&mut missed, at(120)).len(), 1);
    }

    #[test]
    fn the_oldest_are_forgotten_beyond_the_bound() {
        let mut missed = Missed::default();
        let first = call();
        missed.add(TO, first.clone(), at(0));
        for _ in 0..MAX_CALLS {
            missed.add(TO, call(), at(0));
        }
        let queue = missed.queues.get(&TO).unwrap();
        assert_eq!(queue.calls.len(), MAX_CALLS);
        assert!(queue.calls.iter().all(|entry| !Arc::ptr_eq(&entry.call.0, &first.0)));
    }
}
