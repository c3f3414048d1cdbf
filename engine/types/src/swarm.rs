//! Which swarm holds an account's messages (02 sections 1.6 and 1.7).

use std::fmt;
use std::str::FromStr;

/// The 64-bit number of a swarm; written as lower-case hex without leading
/// zeros in answers of service nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SwarmId(pub u64);

impl SwarmId {
    /// Of a node that is in no swarm.
    pub const UNASSIGNED: Self = Self(u64::MAX);

    /// The largest number the chain gives to a swarm.
    const MAX: u64 = u64::MAX - 1;
}

impl fmt::Display for SwarmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl FromStr for SwarmId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// Where a key lies on the ring of swarms: its four big-endian words, XORed.
pub fn ring_position(key: &[u8; 32]) -> u64 {
    let (words, _) = key.as_chunks::<8>();
    words.iter().fold(0, |position, word| position ^ u64::from_be_bytes(*word))
}

/// The swarm nearest to a key on the ring, in either direction; exact ties go
/// to the left. `None` when no swarm exists. The order of `swarms` does not
/// matter, and unassigned ids are passed over.
pub fn swarm_of(key: &[u8; 32], swarms: impl IntoIterator<Item = SwarmId>) -> Option<SwarmId> {
    let position = ring_position(key);
    let ids = swarms.into_iter().filter(|id| *id != SwarmId::UNASSIGNED);
    // Distances wrap, so the smallest one finds the neighbour on either side
    // without sorting.
    let (mut right, mut left) = (None, None);
    for SwarmId(id) in ids {
        let to_the_right = id.wrapping_sub(position);
        let to_the_left = position.wrapping_sub(id);
        if right.is_none_or(|(distance, _)| to_the_right < distance) {
            right = Some((to_the_right, id));
        }
        // An exact hit is the right neighbour; the left one lies beyond it.
        if to_the_left != 0 && left.is_none_or(|(distance, _)| to_the_left < distance) {
            left = Some((to_the_left, id));
        }
    }
    match (right, left) {
        (Some((to_the_right, right)), Some((to_the_left, left))) => {
            Some(SwarmId(if to_the_right < to_the_left { right } else { left }))
        }
        (Some((_, only)), None) => Some(SwarmId(only)),
        (None, _) => None,
    }
}

/// The id that the chain gives to the next new swarm: the middle of the
/// largest gap on the ring, 0 for the first.
pub fn next_swarm_id(existing: &[SwarmId]) -> SwarmId {
    let mut ids: Vec<u64> = existing.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    let (Some(&first), Some(&last)) = (ids.first(), ids.last()) else {
        return SwarmId(0);
    };
    let (mut gap, mut start) = (0, first);
    for pair in ids.windows(2) {
        if let [low, high] = *pair
            && high.wrapping_sub(low) > gap
        {
            (gap, start) = (high.wrapping_sub(low), low);
        }
    }
    let wrap = SwarmId::MAX.wrapping_sub(last).wrapping_add(first).saturating_add(1);
    if wrap > gap {
        (gap, start) = (wrap, last);
    }
    let half = gap / 2;
    let to_the_end = SwarmId::MAX.saturating_sub(start);
    SwarmId(if half > to_the_end {
        half.wrapping_sub(to_the_end).wrapping_sub(1)
    } else {
        start.wrapping_add(half)
    })
}
