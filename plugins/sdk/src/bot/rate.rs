//! How often somebody may ask.

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_wire::{AccountId, ConversationId, Millis};

/// So many conversations are remembered; above it, one that asked is forgotten.
const MOST: usize = 10_000;

/// A bucket for each conversation: it holds so many messages, and is full
/// again after so long.
#[derive(Debug)]
pub(crate) struct Limit {
    /// A message's share of the time, in microseconds.
    each: u64,
    /// All of it.
    all: u64,
    /// What is said to somebody who is over it, once until they are not.
    pub(crate) says: Option<String>,
    buckets: BTreeMap<(AccountId, ConversationId), Bucket>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// When it is full again, in microseconds.
    full_at: u64,
    /// Its last message was over it.
    over: bool,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is handled.
    Within,
    /// It is passed over; `first`: the one before it was not.
    Over { first: bool },
}

impl Limit {
    pub(crate) fn new(messages: u32, per: Duration) -> Self {
        let all = u64::try_from(per.as_micros()).unwrap_or(u64::MAX).max(1);
        let each = all.checked_div(u64::from(messages)).unwrap_or(u64::MAX).max(1);
        Self { each, all, says: None, buckets: BTreeMap::new() }
    }

    /// A message came.
    pub(crate) fn take(
        &mut self,
        account: AccountId,
        conversation: &ConversationId,
        now: Millis,
    ) -> Verdict {
        let now = now.saturating_mul(1_000);
        if self.buckets.len() >= MOST {
            self.buckets.retain(|_, bucket| bucket.full_at > now);
            if self.buckets.len() >= MOST {
                self.buckets.pop_first();
            }
        }
        let bucket = self.buckets.entry((account, conversation.clone())).or_default();
        // A clock that was set back must not lock anybody out for long.
        let full_at = bucket.full_at.clamp(now, now.saturating_add(self.all));
        let after = full_at.saturating_add(self.each);
        if after.saturating_sub(now) <= self.all {
            *bucket = Bucket { full_at: after, over: false };
            return Verdict::Within;
        }
        let first = !bucket.over;
        *bucket = Bucket { full_at, over: true };
        Verdict::Over { first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(limit: &mut Limit, who: u8, now: Millis) -> Verdict {
        let account = AccountId([who; 33]);
        limit.take(AccountId([5; 33]), &account.into(), now)
    }

    #[test]
    fn a_full_bucket_takes_its_number_and_then_one_at_a_time() {
        let mut limit = Limit::new(3, Duration::from_secs(30));
        for _ in 0..3 {
            assert_eq!(takes(&mut limit, 1, 0), Verdict::Within);
        }
        assert_eq!(takes(&mut limit, 1, 0), Verdict::Over { first: true });
        assert_eq!(takes(&mut limit, 1, 9_999), Verdict::Over { first: false });
        assert_eq!(takes(&mut limit, 2, 9_999), Verdict::Within);
        assert_eq!(takes(&mut limit, 1, 10_000), Verdict::Within);
        assert_eq!(takes(&mut limit, 1, 10_000), Verdict::Over { first: true });
        assert_eq!(takes(&mut limit, 1, 100_000), Verdict::Within);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let mut limit = Limit::new(1, Duration::from_secs(1));
        assert_eq!(takes(&mut limit, 1, 1_000_000), Verdict::Within);
        assert_eq!(takes(&mut limit, 1, 0), Verdict::Over { first: true });
        assert_eq!(takes(&mut limit, 1, 2_000), Verdict::Within);
    }

    #[test]
    fn no_more_conversations_are_remembered_than_there_is_room_for() {
        let mut limit = Limit::new(1, Duration::from_secs(1));
        for number in 0..30_000_u32 {
            let conversation = ConversationId(number.to_string());
            limit.take(AccountId([5; 33]), &conversation, 0);
        }
        assert!(limit.buckets.len() <= MOST);
    }

    #[test]
    fn limits_without_sense_do_not_divide_by_zero() {
        let mut none = Limit::new(0, Duration::from_secs(1));
        assert_eq!(takes(&mut none, 1, 0), Verdict::Over { first: true });
        let mut at_once = Limit::new(5, Duration::ZERO);
        assert_eq!(takes(&mut at_once, 1, 0), Verdict::Within);
    }
}
