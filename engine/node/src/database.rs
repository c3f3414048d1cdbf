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

/// The messages of an account; there is none without.
type Owner = BTreeSet<(Namespace, Arrival)>;

/// The sub-accounts shut out of an account, oldest first, at most
/// [`MAX_TOKENS`].
type Revoked = VecDeque<[u8; 36]>;

/// Why a message could not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreFailure {
    /// The words are those of the real server's database.
    #[error("FOREIGN KEY constraint failed")]
    OwnerGone,
    #[error("database is full")]
    Full,
    /// An outbox keeps what is newer than the message.
    #[error("a newer message is there")]
    Outdated,
}

/// How far a `retrieve` goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) count: Option<u64>,
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Database {
    /// Bytes that it holds at most.
    pub(crate) capacity: u64,
    /// Revocations go with an account's last message.
    pub(crate) revocations_need_messages: bool,
    next: Arrival,
    bytes: u64,
    messages: BTreeMap<Arrival, StoredMessage>,
    by_hash: BTreeMap<MessageHash, Arrival>,
    by_expiry: BTreeSet<(Timestamp, Arrival)>,
    owners: BTreeMap<AccountId, Owner>,
    revoked: BTreeMap<AccountId, Revoked>,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            capacity: CAPACITY,
            revocations_need_messages: false,
            next: 0,
            bytes: 0,
            messages: BTreeMap::new(),
            by_hash: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            owners: BTreeMap::new(),
            revoked: BTreeMap::new(),
        }
    }
}

/// Bytes of so many revocations.
fn weight_of(tokens: usize) -> u64 {
    u64::try_from(tokens).unwrap_or(u64::MAX).saturating_mul(36)
}

fn weight(message: &StoredMessage) -> u64 {
    u64::try_from(message.data.len()).unwrap_or(u64::MAX)
}

impl Database {
    pub(crate) fn messages(&self) -> impl Iterator<Item = &StoredMessage> {
        self.messages.values()
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The accounts that have shut sub-accounts out.
    pub(crate) fn revoking(&self) -> impl Iterator<Item = (&AccountId, &Revoked)> {
        self.revoked.iter()
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
        if bytes > self.capacity {
            return Err(StoreFailure::Full);
        }
        let arrival = self.next;
        self.next = self.next.saturating_add(1);
        self.bytes = bytes;
        self.by_hash.insert(message.hash, arrival);
        self.by_expiry.insert((message.expiry, arrival));
        let owner = self.owners.entry(message.account).or_default();
        owner.insert((message.namespace, arrival));
        let expiry = message.expiry;
        self.messages.insert(arrival, message);
        Ok((false, expiry))
    }

    /// Keeps a message as the only one of its namespace. With `alone_fails`
    /// an account that holds nothing else cannot replace it, as the server
    /// whose behaviour this is deletes the owner with its last message. With
    /// `only_newer` it has to be newer than what is there.
    pub(crate) fn store_alone(
        &mut self,
        message: StoredMessage,
        alone_fails: bool,
        only_newer: bool,
    ) -> Result<(bool, Timestamp), StoreFailure> {
        let account = message.account;
        let Some(owner) = self.owners.get(&account) else { return self.store(message) };
        let known = self.by_hash.contains_key(&message.hash);
        let other =
            |arrival: &Arrival| self.messages.get(arrival).filter(|held| held.hash != message.hash);
        let others: Vec<_> = range(owner, Namespaces::One(message.namespace))
            .filter(|arrival| other(arrival).is_some())
            .collect();
        let newer = |held: &StoredMessage| held.timestamp >= message.timestamp;
        if only_newer && !known && others.iter().filter_map(other).any(newer) {
            return Err(StoreFailure::Outdated);
        }
        if alone_fails && !known && owner.len() == others.len() && !others.is_empty() {
            return Err(StoreFailure::OwnerGone);
        }
        // They would go with the last message.
        let revoked = self.revoked.remove(&account);
        for arrival in others {
            self.remove(arrival);
        }
        let stored = self.store(message);
        if let Some(revoked) = revoked {
            self.revoked.insert(account, revoked);
        }
        stored
    }

    /// The accounts that have messages here.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.owners.keys()
    }

    /// Messages of a namespace after the one with that hash, or from the
    /// first, that `shows` lets through; and whether a limit cut the list.
    /// Never empty if there is any.
    pub(crate) fn retrieve(
        &self,
        account: &AccountId,
        namespace: Namespace,
        after: Option<MessageHash>,
        limits: Limits,
        shows: impl Fn(&StoredMessage) -> bool,
    ) -> (Vec<&StoredMessage>, bool) {
        let Some(owner) = self.owners.get(account) else { return (Vec::new(), false) };
        let after = after.and_then(|hash| self.by_hash.get(&hash)).copied();
        let after = after.filter(|arrival| owner.contains(&(namespace, *arrival)));
        let first = after.map_or(0, |arrival| arrival.saturating_add(1));
        let (mut found, mut bytes) = (Vec::new(), 0_u64);
        for (_, arrival) in owner.range((namespace, first)..=(namespace, u64::MAX)) {
            let message = self.messages.get(arrival).filter(|message| shows(message));
            let Some(message) = message else { continue };
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
        self.revoked.get(account).is_some_and(|revoked| revoked.contains(token))
    }

    /// The sub-accounts that an account has shut out, oldest first.
    pub(crate) fn revoked(&self, account: &AccountId) -> impl Iterator<Item = &[u8; 36]> {
        self.revoked.get(account).into_iter().flatten()
    }

    /// Shuts sub-accounts out. Only the newest are remembered, and where
    /// revocations need messages, none for an account without.
    pub(crate) fn revoke(
        &mut self,
        account: &AccountId,
        tokens: &[[u8; 36]],
    ) -> Result<(), StoreFailure> {
        if self.revocations_need_messages && !self.owners.contains_key(account) {
            return Ok(());
        }
        if self.bytes.saturating_add(weight_of(tokens.len())) > self.capacity {
            return Err(StoreFailure::Full);
        }
        let revoked = self.revoked.entry(*account).or_default();
        let before = revoked.len();
        for token in tokens {
            if !revoked.contains(token) {
                revoked.push_back(*token);
            }
        }
        while revoked.len() > MAX_TOKENS {
            revoked.pop_front();
        }
        let more = weight_of(revoked.len()).saturating_sub(weight_of(before));
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }

    /// Lets sub-accounts in again. Returns how many had been shut out.
    pub(crate) fn unrevoke(&mut self, account: &AccountId, tokens: &[[u8; 36]]) -> usize {
        let Some(revoked) = self.revoked.get_mut(account) else { return 0 };
        let before = revoked.len();
        revoked.retain(|token| !tokens.contains(token));
        let gone = before.saturating_sub(revoked.len());
        if revoked.is_empty() {
            self.revoked.remove(account);
        }
        self.bytes = self.bytes.saturating_sub(weight_of(gone));
        gone
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
            owner.remove(&(message.namespace, arrival));
            if owner.is_empty() {
                self.owners.remove(&message.account);
                if self.revocations_need_messages
                    && let Some(revoked) = self.revoked.remove(&message.account)
                {
                    self.bytes = self.bytes.saturating_sub(weight_of(revoked.len()));
                }
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
    owner.range(bounds).map(|(_, arrival)| *arrival)
}
