//! Whose conversations were removed while this home ran: what was written to
//! them or by them before does not bring them back.

use std::collections::BTreeMap;

use ramson_types::{AccountId, Timestamp};

/// The most accounts that are remembered; the one that went longest ago is
/// forgotten first.
const MOST: usize = 1_000;

/// Accounts whose contact went since the start, and when the newest contacts
/// that were known then were stored.
#[derive(Debug, Default)]
pub(in super::super) struct Vanished(BTreeMap<AccountId, Timestamp>);

impl Vanished {
    /// A contact went.
    pub(in super::super) fn note(&mut self, account: AccountId, stored: Timestamp) {
        let before = self.0.entry(account).or_default();
        *before = stored.max(*before);
        if self.0.len() > MOST
            && let Some(oldest) = self.0.iter().min_by_key(|(_, stored)| **stored)
        {
            let oldest = *oldest.0;
            self.0.remove(&oldest);
        }
    }

    /// Whether what was sent then was before its account's contact went.
    pub(in super::super) fn covers(&self, account: &AccountId, sent: Timestamp) -> bool {
        self.0.get(account).is_some_and(|stored| sent <= *stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_went_longest_ago_is_forgotten_first() {
        let account = |n: u64| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_le_bytes());
            AccountId::new(ramson_types::Prefix::Account, key)
        };
        let mut vanished = Vanished::default();
        for n in 0..=1_000 {
            vanished.note(account(n), Timestamp(n + 1));
        }
        assert_eq!(vanished.0.len(), 1_000);
        assert!(!vanished.covers(&account(0), Timestamp(1)));
        assert!(vanished.covers(&account(1), Timestamp(2)));
        assert!(!vanished.covers(&account(1), Timestamp(3)));
        vanished.note(account(5), Timestamp(1));
        assert!(vanished.covers(&account(5), Timestamp(6)), "the later time counts");
    }
}
