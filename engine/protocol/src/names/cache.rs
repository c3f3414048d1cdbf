//! Names that were resolved lately.

use std::collections::BTreeMap;
use std::time::Duration;

use ramson_codec::ons::Name;
use ramson_types::Timestamp;

use super::NameOutcome;

/// So many names are kept; the one that is over first goes first.
const MAX_NAMES: usize = 256;

/// For how long it is kept whose a name is.
const REGISTERED: Duration = Duration::from_secs(10 * 60);

/// For how long it is kept that a name is nobody's: it may be bought now.
const NOT_REGISTERED: Duration = Duration::from_secs(60);

/// The names of one network.
#[derive(Debug, Default)]
pub struct NameCache {
    names: BTreeMap<Name, (NameOutcome, Timestamp)>,
}

impl NameCache {
    /// What is known of a name.
    pub fn get(&self, name: &Name, now: Timestamp) -> Option<NameOutcome> {
        self.names.get(name).filter(|(_, until)| now < *until).map(|(outcome, _)| *outcome)
    }

    /// Keeps what was found.
    pub fn put(&mut self, name: Name, outcome: NameOutcome, now: Timestamp) {
        let life = match outcome {
            NameOutcome::Registered(_) => REGISTERED,
            NameOutcome::NotRegistered => NOT_REGISTERED,
        };
        self.names.insert(name, (outcome, now.plus(life)));
        if self.names.len() > MAX_NAMES {
            let first = self.names.iter().min_by_key(|(_, (_, until))| *until);
            if let Some(name) = first.map(|(name, _)| name.clone()) {
                self.names.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ramson_types::{AccountId, Prefix};

    fn name(n: usize) -> Name {
        format!("name{n}").parse().expect("a name")
    }

    const FOUND: NameOutcome = NameOutcome::Registered(AccountId::new(Prefix::Account, [1; 32]));

    #[test]
    fn what_is_kept_ends_and_is_bounded() {
        let mut cache = NameCache::default();
        let start = Timestamp(1_000);
        cache.put(name(0), FOUND, start);
        cache.put(name(1), NameOutcome::NotRegistered, start);
        assert_eq!(cache.get(&name(0), start), Some(FOUND));
        assert_eq!(cache.get(&name(1), start), Some(NameOutcome::NotRegistered));
        assert_eq!(cache.get(&name(1), start.plus(NOT_REGISTERED)), None);
        assert_eq!(cache.get(&name(0), start.plus(REGISTERED)), None);
        for n in 2..2 * MAX_NAMES {
            cache.put(name(n), FOUND, start.plus(Duration::from_secs(n as u64)));
        }
        assert_eq!(cache.names.len(), MAX_NAMES);
        assert_eq!(cache.get(&name(0), start), None, "the oldest went");
    }
}
