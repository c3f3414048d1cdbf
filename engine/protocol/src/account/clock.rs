//! Network time: the local clock corrected by what service nodes say
//! (02 section 2.5). Requests signed more than a minute off are refused, so a
//! wrong local clock would otherwise silence an account.

use std::collections::VecDeque;
use std::time::Duration;

use ramson_types::{Ed25519PublicKey, Timestamp};

/// The offset is the median of so many votes, so that one lying node moves
/// nothing. The local clock has those that no node gave yet.
const VOTES: usize = 3;

/// So many nodes are remembered.
const SAMPLES: usize = 5;

/// A round trip longer than this says too little about the node's clock.
const LONGEST_ROUND_TRIP: Duration = Duration::from_secs(20);

/// The time that a node gave, and when it was asked and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which node.
    pub node: Ed25519PublicKey,
    /// Local time before the request.
    pub asked: Timestamp,
    /// Local time after the answer.
    pub answered: Timestamp,
    /// The node's time.
    pub theirs: Timestamp,
}

/// An account's notion of network time.
#[derive(Debug, Default)]
pub struct NetworkClock {
    /// Offset in ms by node, the newest last; one entry a node.
    offsets: VecDeque<(Ed25519PublicKey, i64)>,
}

impl NetworkClock {
    /// Network time at a local time.
    pub fn at(&self, local: Timestamp) -> Timestamp {
        local.offset(self.offset())
    }

    /// What must be added to the local clock, in ms.
    pub fn offset(&self) -> i64 {
        let mut votes: Vec<i64> = self.offsets.iter().map(|(_, offset)| *offset).collect();
        votes.resize(votes.len().max(VOTES), 0);
        votes.sort_unstable();
        // With an even count the smaller correction of the middle two.
        let upper = votes.get(votes.len() / 2).copied().unwrap_or(0);
        let lower = votes.get(votes.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        if upper.unsigned_abs() < lower.unsigned_abs() { upper } else { lower }
    }

    /// Takes in the time that a node gave.
    pub fn learn(&mut self, sample: Sample) {
        let round_trip = sample.answered.since(sample.asked);
        if round_trip > LONGEST_ROUND_TRIP || sample.answered < sample.asked {
            return;
        }
        let middle = sample.asked.plus(round_trip.div_f64(2.0));
        let signed = |time: Timestamp| i64::try_from(time.millis()).unwrap_or(i64::MAX);
        let offset = signed(sample.theirs).saturating_sub(signed(middle));
        self.offsets.retain(|(node, _)| *node != sample.node);
        self.offsets.push_back((sample.node, offset));
        if self.offsets.len() > SAMPLES {
            self.offsets.pop_front();
        }
    }

    /// The local clock was set: what was learnt against the old one is void.
    pub fn forget(&mut self) {
        self.offsets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(node: u8, asked: u64, answered: u64, theirs: u64) -> Sample {
        Sample {
            node: Ed25519PublicKey([node; 32]),
            asked: Timestamp(asked),
            answered: Timestamp(answered),
            theirs: Timestamp(theirs),
        }
    }

    #[test]
    fn the_offset_is_taken_at_the_middle_of_the_round_trip() {
        let mut clock = NetworkClock::default();
        clock.learn(sample(1, 1_000, 1_200, 5_100));
        clock.learn(sample(2, 1_000, 1_200, 5_100));
        assert_eq!(clock.offset(), 4_000);
        assert_eq!(clock.at(Timestamp(2_000)), Timestamp(6_000));
    }

    #[test]
    fn one_node_moves_nothing_however_often_it_lies() {
        let mut clock = NetworkClock::default();
        for _ in 0..10 {
            clock.learn(sample(3, 1_000, 1_000, 90_000_000));
            assert_eq!(clock.offset(), 0);
        }
        clock.learn(sample(1, 1_000, 1_000, 1_010));
        assert_eq!(clock.offset(), 10);
        clock.learn(sample(2, 1_000, 1_000, 1_020));
        assert_eq!(clock.offset(), 20);
    }

    #[test]
    fn a_slow_answer_teaches_nothing() {
        let mut clock = NetworkClock::default();
        for node in 0..3 {
            clock.learn(sample(node, 0, 30_000, 99_999));
        }
        assert_eq!(clock.offset(), 0);
    }
}
