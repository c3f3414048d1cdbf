//! The messages that a node holds, and the sub-accounts shut out by their
//! owners. In memory; ordered by arrival at this node.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ramson_codec::storage::{MAX_TOKENS, Namespaces};
use ramson_types::{AccountId, MessageHash, Namespace, Timestamp};

/// Bytes of data that a node holds at most.
const CAPACITY: u64 = 3_500_000_000;

/// A message as nodes keep it and pass it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub namespace: Namespace,
    /// Its name.
    pub hash: MessageHash,
    /// When it was sent.
    pub timestamp: Timestamp,
    /// When it goes.
    pub expiry: Timestamp,
    /// What it says.
    pub data: Arc<[u8]>,
}

/// Place in the order of arrival.
pub(crate) type Arrival = u64;

/// What is kept for an account while it has messages.
#[derive(Debug, Default)]
pub(crate) struct Owner {
    messages: BTreeSet<(Namespace, Arrival)>,
    /// Oldest first, at most [`MAX_TOKENS`].
    pub(crate) revoked: VecDeque<[u8; 36]>,
}

/// Why a message could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreFailure {
    /// The words are those of the real server's database.
    #[error("FOREIGN KEY constraint failed")]
    OwnerGone,
    #[error("database is full")]
    Full,
}

/// How far a `retrieve` goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) count: Option<u64>,
    pub(crate) bytes: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Database {
    next: Arrival,
    bytes: u64,
    messages: BTreeMap<Arrival, StoredMessage>,
    by_hash: BTreeMap<MessageHash, Arrival>,
    by_expiry: BTreeSet<(Timestamp, Arrival)>,
    owners: BTreeMap<AccountId, Owner>,
}

fn weight(message: &StoredMessage) -> u64 {
    u64::try_from(message.data.len()).unwrap_or(u64::MAX)
}

impl Database {
    pub(crate) fn messages(&self) -> impl Iterator<Item = &StoredMessage> {
        self.messages.values()
    }

    pub(crate) fn owners(&self) -> impl Iterator<Item = (&AccountId, &Owner)> {
        self.owners.iter()
    }

    /// Keeps a message, or lets one that is there live longer. Returns whether
    /// it was there, and when it goes.
    pub(crate) fn store(
        &mut self,
        message: StoredMessage,
    ) -> Result<(bool, Timestamp), StoreFailure> {
        if let Some(&arrival) = self.by_hash.get(&message.hash) {
            let held = self.messages.get(&arrival).map_or(message.expiry, |held| held.expiry);
            let expiry = held.max(message.expiry);
            self.set_expiry(arrival, expiry);
            return Ok((true, expiry));
        }
        let bytes = self.bytes.saturating_add(weight(&message));
        if bytes > CAPACITY {
            return Err(StoreFailure::Full);
        }
        let arrival = self.next;
        self.next = self.next.saturating_add(1);
        self.bytes = bytes;
        self.by_hash.insert(message.hash, arrival);
        self.by_expiry.insert((message.expiry, arrival));
        let owner = self.owners.entry(message.account).or_default();
        owner.messages.insert((message.namespace, arrival));
        let expiry = message.expiry;
        self.messages.insert(arrival, message);
        Ok((false, expiry))
    }

    /// Keeps a message as the only one of its namespace. With `alone_fails`
    /// an account that holds nothing else cannot replace it, as the server
    /// whose behaviour this is deletes the owner with its last message.
    pub(crate) fn store_alone(
        &mut self,
        message: StoredMessage,
        alone_fails: bool,
    ) -> Result<(bool, Timestamp), StoreFailure> {
        let known = self.by_hash.contains_key(&message.hash);
        if let Some(owner) = self.owners.get(&message.account) {
            let others: Vec<_> = range(owner, Namespaces::One(message.namespace))
                .filter(|arrival| {
                    self.messages.get(arrival).is_some_and(|held| held.hash != message.hash)
                })
                .collect();
            let last = !known && owner.messages.len() == others.len();
            if last && alone_fails {
                return Err(StoreFailure::OwnerGone);
            }
            let revoked = owner.revoked.clone();
            let account = message.account;
            for arrival in others {
                self.remove(arrival);
            }
            let stored = self.store(message)?;
            if let Some(owner) = self.owners.get_mut(&account) {
                owner.revoked = revoked;
            }
            return Ok(stored);
        }
        self.store(message)
    }

    /// The accounts that have messages here.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.owners.keys()
    }

    /// Messages of a namespace after the one with that hash, or from the
    /// first; and whether a limit cut the list. Never empty if there is any.
    pub(crate) fn retrieve(
        &self,
        account: &AccountId,
        namespace: Namespace,
        after: Option<MessageHash>,
        limits: Limits,
    ) -> (Vec<&StoredMessage>, bool) {
        let Some(owner) = self.owners.get(account) else { return (Vec::new(), false) };
        let after = after.and_then(|hash| self.by_hash.get(&hash)).copied();
        let after = after.filter(|arrival| owner.messages.contains(&(namespace, *arrival)));
        let first = after.map_or(0, |arrival| arrival.saturating_add(1));
        let (mut found, mut bytes) = (Vec::new(), 0_u64);
        for (_, arrival) in owner.messages.range((namespace, first)..=(namespace, u64::MAX)) {
            let Some(message) = self.messages.get(arrival) else { continue };
            let size = weight(message).saturating_mul(4) / 3;
            bytes = bytes.saturating_add(size).saturating_add(143);
            let full = limits
                .count
                .is_some_and(|count| u64::try_from(found.len()).is_ok_and(|found| found >= count));
            if !found.is_empty() && (full || bytes > limits.bytes) {
                return (found, true);
            }
            found.push(message);
        }
        (found, false)
    }

    /// The account's message with that hash.
    pub(crate) fn find(&self, account: &AccountId, hash: &str) -> Option<&StoredMessage> {
        let arrival = self.arrival(account, hash)?;
        self.messages.get(&arrival)
    }

    fn arrival(&self, account: &AccountId, hash: &str) -> Option<Arrival> {
        let hash: MessageHash = hash.parse().ok()?;
        let arrival = self.by_hash.get(&hash)?;
        let held = self.messages.get(arrival)?;
        (held.account == *account).then_some(*arrival)
    }

    /// Deletes the account's message with that hash.
    pub(crate) fn delete(&mut self, account: &AccountId, hash: &str) -> bool {
        match self.arrival(account, hash) {
            Some(arrival) => self.remove(arrival).is_some(),
            None => false,
        }
    }

    /// Deletes the account's messages that `which` chooses.
    pub(crate) fn delete_where(
        &mut self,
        account: &AccountId,
        namespaces: Namespaces,
        which: impl Fn(&StoredMessage) -> bool,
    ) -> Vec<(Namespace, MessageHash)> {
        let chosen = self.choose(account, namespaces, which);
        let removed = chosen.into_iter().filter_map(|arrival| self.remove(arrival));
        removed.map(|message| (message.namespace, message.hash)).collect()
    }

    /// Lets the account's messages that `which` chooses go at another time.
    pub(crate) fn expire_where(
        &mut self,
        account: &AccountId,
        namespaces: Namespaces,
        expiry: Timestamp,
        which: impl Fn(&StoredMessage) -> bool,
    ) -> Vec<(Namespace, MessageHash)> {
        let chosen = self.choose(account, namespaces, which);
        let changed = chosen.into_iter().filter_map(|arrival| {
            self.set_expiry(arrival, expiry);
            let message = self.messages.get(&arrival)?;
            Some((message.namespace, message.hash))
        });
        changed.collect()
    }

    /// Lets the account's message with that hash go at another time, if
    /// `which` agrees to its present one. Returns whether it did.
    pub(crate) fn expire(
        &mut self,
        account: &AccountId,
        hash: &str,
        expiry: Timestamp,
        which: impl Fn(Timestamp) -> bool,
    ) -> bool {
        let Some(arrival) = self.arrival(account, hash) else { return false };
        let agreed = self.messages.get(&arrival).is_some_and(|held| which(held.expiry));
        if agreed {
            self.set_expiry(arrival, expiry);
        }
        agreed
    }

    fn choose(
        &self,
        account: &AccountId,
        namespaces: Namespaces,
        which: impl Fn(&StoredMessage) -> bool,
    ) -> Vec<Arrival> {
        let Some(owner) = self.owners.get(account) else { return Vec::new() };
        let chosen = |arrival: &Arrival| self.messages.get(arrival).is_some_and(&which);
        range(owner, namespaces).filter(chosen).collect()
    }

    /// Deletes what has expired.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        while let Some(&(expiry, arrival)) = self.by_expiry.first()
            && expiry <= now
        {
            if self.remove(arrival).is_none() {
                self.by_expiry.remove(&(expiry, arrival));
            }
        }
    }

    /// Whether a sub-account is shut out.
    pub(crate) fn is_revoked(&self, account: &AccountId, token: &[u8; 36]) -> bool {
        self.owners.get(account).is_some_and(|owner| owner.revoked.contains(token))
    }

    /// Shuts sub-accounts out; without effect for an account that has no
    /// messages. Only the newest are remembered.
    pub(crate) fn revoke(&mut self, account: &AccountId, tokens: &[[u8; 36]]) {
        let Some(owner) = self.owners.get_mut(account) else { return };
        for token in tokens {
            if !owner.revoked.contains(token) {
                owner.revoked.push_back(*token);
            }
        }
        while owner.revoked.len() > MAX_TOKENS {
            owner.revoked.pop_front();
        }
    }

    /// Lets sub-accounts in again. Returns how many had been shut out.
    pub(crate) fn unrevoke(&mut self, account: &AccountId, tokens: &[[u8; 36]]) -> usize {
        let Some(owner) = self.owners.get_mut(account) else { return 0 };
        let before = owner.revoked.len();
        owner.revoked.retain(|token| !tokens.contains(token));
        before.saturating_sub(owner.revoked.len())
    }

    fn set_expiry(&mut self, arrival: Arrival, expiry: Timestamp) {
        if let Some(message) = self.messages.get_mut(&arrival) {
            self.by_expiry.remove(&(message.expiry, arrival));
            self.by_expiry.insert((expiry, arrival));
            message.expiry = expiry;
        }
    }

    /// Takes a message out, and its owner with the last one.
    fn remove(&mut self, arrival: Arrival) -> Option<StoredMessage> {
        let message = self.messages.remove(&arrival)?;
        self.bytes = self.bytes.saturating_sub(weight(&message));
        self.by_hash.remove(&message.hash);
        self.by_expiry.remove(&(message.expiry, arrival));
        if let Some(owner) = self.owners.get_mut(&message.account) {
            owner.messages.remove(&(message.namespace, arrival));
            if owner.messages.is_empty() {
                self.owners.remove(&message.account);
            }
        }
        Some(message)
    }
}

fn range(owner: &Owner, namespaces: Namespaces) -> impl Iterator<Item = Arrival> {
    let bounds = match namespaces {
        Namespaces::One(namespace) => (namespace, 0)..=(namespace, u64::MAX),
        Namespaces::All => (Namespace(i16::MIN), 0)..=(Namespace(i16::MAX), u64::MAX),
    };
    owner.messages.range(bounds).map(|(_, arrival)| *arrival)
}
