//! How many direct requests one address may make: a bucket of tokens for each
//! (02 section 4.1). Onion requests are not counted.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ramson_types::Timestamp;

/// A thousandth of a token, so that refilling by the millisecond stays whole.
const TOKEN: u64 = 1000;
const CAPACITY: u64 = 600 * TOKEN;
const REFILL_PER_SECOND: u64 = 300;
const REFILL_PER_SECOND_OF_NODES: u64 = 600;

/// Addresses remembered at most; a new one beyond that is refused.
const MAX_ADDRESSES: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: u64,
    filled: Timestamp,
    per_second: u64,
}

impl Bucket {
    fn refill(&mut self, now: Timestamp) {
        // Tokens per second are thousandths of a token per millisecond.
        let millis = now.millis().saturating_sub(self.filled.millis());
        let gained = millis.saturating_mul(self.per_second);
        self.tokens = self.tokens.saturating_add(gained).min(CAPACITY);
        self.filled = self.filled.max(now);
    }
}

#[derive(Debug, Default)]
pub(crate) struct RateLimit {
    buckets: BTreeMap<IpAddr, Bucket>,
}

impl RateLimit {
    /// Takes a token, if there is one.
    pub(crate) fn admits(&mut self, from: IpAddr, known_node: bool, now: Timestamp) -> bool {
        if !self.buckets.contains_key(&from) && self.buckets.len() >= MAX_ADDRESSES {
            self.forget_full(now);
            if self.buckets.len() >= MAX_ADDRESSES {
                return false;
            }
        }
        let per_second = if known_node { REFILL_PER_SECOND_OF_NODES } else { REFILL_PER_SECOND };
        let full = Bucket { tokens: CAPACITY, filled: now, per_second };
        let bucket = self.buckets.entry(from).or_insert(full);
        bucket.per_second = per_second;
        bucket.refill(now);
        match bucket.tokens.checked_sub(TOKEN) {
            Some(left) => {
                bucket.tokens = left;
                true
            }
            None => false,
        }
    }

    /// A full bucket is like none.
    pub(crate) fn forget_full(&mut self, now: Timestamp) {
        self.buckets.retain(|_, bucket| {
            bucket.refill(now);
            bucket.tokens < CAPACITY
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn six_hundred_at_once_then_three_hundred_a_second() {
        let mut limit = RateLimit::default();
        let address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let mut admitted =
            |at, count| (0..count).filter(|_| limit.admits(address, false, Timestamp(at))).count();
        assert_eq!(admitted(1000, 700), 600);
        assert_eq!(admitted(2000, 700), 300);
        assert_eq!(admitted(2001, 700), 0);
        assert_eq!(admitted(2004, 700), 1);
        assert_eq!(admitted(1_000_000, 700), 600);
    }

    #[test]
    fn too_many_addresses_are_refused_until_others_are_full_again() {
        let mut limit = RateLimit::default();
        for n in 0..10_000 {
            assert!(limit.admits(Ipv4Addr::from_bits(n).into(), false, Timestamp(0)));
        }
        let one_more = Ipv4Addr::from_bits(10_000).into();
        assert!(!limit.admits(one_more, false, Timestamp(0)));
        assert!(limit.admits(one_more, false, Timestamp(4)));
    }
}
