//! Storage requests as values (02 sections 4.6 to 4.13).

use ramson_types::{AccountId, Ed25519PublicKey, Namespace, SwarmId, Timestamp};
use serde_json::Value;

/// A storage request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Request {
    /// Keep a message.
    Store(Store),
    /// Read messages of one namespace.
    Retrieve(Retrieve),
    /// Delete messages by hash.
    Delete(Delete),
    /// Delete everything in a namespace, or in all.
    DeleteAll(DeleteAll),
    /// Delete what is not younger than a time.
    DeleteBefore(DeleteBefore),
    /// Change when messages expire.
    Expire(Expire),
    /// Let everything expire earlier.
    ExpireAll(ExpireAll),
    /// Ask when messages expire.
    GetExpiries(GetExpiries),
    /// Shut sub-accounts out.
    RevokeSubaccount(Revocation),
    /// Let sub-accounts in again.
    UnrevokeSubaccount(Revocation),
    /// Which sub-accounts are shut out; unknown to servers of 2.8.0.
    RevokedSubaccounts(RevokedSubaccounts),
    /// Which nodes hold an account.
    GetSwarm(GetSwarm),
    /// All nodes in their short form, which
    /// [`active_nodes`](crate::active_nodes) reads; unknown to servers of 2.8.0.
    ActiveNodesBin,
    /// A question to the chain daemon behind the node.
    OxendRequest(OxendRequest),
    /// Version and clock.
    Info,
    /// Up to 20 requests at once.
    Batch(Vec<Request>),
    /// Up to 20 requests one after another, until one fails.
    Sequence(Vec<Request>),
    /// One of two requests, by conditions on the network.
    IfElse(Box<IfElse>),
}

impl Request {
    /// The method's name on the wire.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Retrieve(_) => "retrieve",
            Self::Delete(_) => "delete",
            Self::DeleteAll(_) => "delete_all",
            Self::DeleteBefore(_) => "delete_before",
            Self::Expire(_) => "expire",
            Self::ExpireAll(_) => "expire_all",
            Self::GetExpiries(_) => "get_expiries",
            Self::RevokeSubaccount(_) => "revoke_subaccount",
            Self::UnrevokeSubaccount(_) => "unrevoke_subaccount",
            Self::RevokedSubaccounts(_) => "revoked_subaccounts",
            Self::ActiveNodesBin => "active_nodes_bin",
            Self::GetSwarm(_) => "get_swarm",
            Self::OxendRequest(_) => "oxend_request",
            Self::Info => "info",
            Self::Batch(_) => "batch",
            Self::Sequence(_) => "sequence",
            Self::IfElse(_) => "ifelse",
        }
    }
}

/// How a request proves that it may (02 section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auth {
    /// The account's Ed25519 key; needed for `05` ids made of the X25519 key.
    pub pubkey_ed25519: Option<Ed25519PublicKey>,
    /// The sub-account that signed, if it was not the account itself.
    pub subaccount: Option<Subaccount>,
    /// Signature of the method's text; see [`signed_text`](super::signed_text).
    pub signature: [u8; 64],
}

/// A sub-account token and the account's signature of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subaccount {
    /// Prefix, flags, two zero bytes, Ed25519 public key.
    pub token: [u8; 36],
    /// By the account's key, over the token.
    pub signature: [u8; 64],
}

/// One namespace or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespaces {
    /// This one.
    One(Namespace),
    /// Every namespace of the account.
    All,
}

/// How long a message is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Milliseconds after its timestamp.
    Ttl(u64),
    /// Until this time.
    Until(Timestamp),
}

/// `store`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub namespace: Namespace,
    /// When it was sent.
    pub timestamp: Timestamp,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// At most [`MAX_DATA`](super::MAX_DATA) bytes.
    pub data: Vec<u8>,
    /// The time that was signed, if it is not `timestamp`.
    pub sig_timestamp: Option<Timestamp>,
    /// Needed unless the namespace is a public inbox.
    pub auth: Option<Auth>,
}

/// `retrieve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieve {
    /// Whose.
    pub account: AccountId,
    /// Where; `None` (not written) means namespace 0 and changes which error
    /// an unsigned request gets.
    pub namespace: Option<Namespace>,
    /// The last hash already read; its text is returned as it was given.
    pub last_hash: Option<String>,
    /// At most so many messages.
    pub max_count: Option<i64>,
    /// Bytes, or `-k` for the k-th part of the largest answer.
    pub max_size: Option<i64>,
    /// Needed unless the namespace is readable by all: the time and proof.
    pub auth: Option<(Timestamp, Auth)>,
}

/// `delete`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// Whose.
    pub account: AccountId,
    /// Hashes as text, at least one.
    pub messages: Vec<String>,
    /// Answer 404 if nothing was deleted.
    pub required: bool,
    /// Proof.
    pub auth: Auth,
}

/// `delete_all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteAll {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub namespaces: Namespaces,
    /// Of the signature.
    pub timestamp: Timestamp,
    /// Proof.
    pub auth: Auth,
}

/// `delete_before`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteBefore {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub namespaces: Namespaces,
    /// Messages of this time and earlier go.
    pub before: Timestamp,
    /// Proof.
    pub auth: Auth,
}

/// In which direction `expire` may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpireMode {
    /// Either.
    #[default]
    Set,
    /// Only later.
    Extend,
    /// Only earlier.
    Shorten,
}

/// `expire`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expire {
    /// Whose.
    pub account: AccountId,
    /// Hashes as text, at least one.
    pub messages: Vec<String>,
    /// One for all, or one for each message.
    pub expiries: Expiries,
    /// Which way.
    pub mode: ExpireMode,
    /// Proof.
    pub auth: Auth,
}

/// The times of an `expire`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiries {
    /// For all messages.
    One(Timestamp),
    /// For each message, in their order. A list of one also stands for all.
    Each(Vec<Timestamp>),
}

impl Expiries {
    /// The times as a slice.
    pub fn as_slice(&self) -> &[Timestamp] {
        match self {
            Self::One(expiry) => std::slice::from_ref(expiry),
            Self::Each(expiries) => expiries,
        }
    }
}

/// `expire_all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpireAll {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub namespaces: Namespaces,
    /// What expires later expires then.
    pub expiry: Timestamp,
    /// Proof.
    pub auth: Auth,
}

/// `get_expiries`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetExpiries {
    /// Whose.
    pub account: AccountId,
    /// Hashes as text, at least one.
    pub messages: Vec<String>,
    /// Of the signature.
    pub timestamp: Timestamp,
    /// Proof.
    pub auth: Auth,
}

/// `revoke_subaccount` and `unrevoke_subaccount`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Whose sub-accounts.
    pub account: AccountId,
    /// Their tokens, at most 50.
    pub tokens: Vec<[u8; 36]>,
    /// Of the signature.
    pub timestamp: Timestamp,
    /// Proof; never of a sub-account.
    pub auth: Auth,
}

/// `revoked_subaccounts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedSubaccounts {
    /// Whose sub-accounts.
    pub account: AccountId,
    /// Of the signature.
    pub timestamp: Timestamp,
    /// Proof; never of a sub-account.
    pub auth: Auth,
}

/// `get_swarm`. Nodes map any 33 bytes, so the prefix need not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetSwarm {
    /// Prefix byte and key.
    pub pubkey: [u8; 33],
}

impl GetSwarm {
    /// The key that the swarm is found by.
    pub fn key(&self) -> [u8; 32] {
        let [_, key @ ..] = self.pubkey;
        key
    }
}

/// `oxend_request`.
#[derive(Debug, Clone, PartialEq)]
pub struct OxendRequest {
    /// What is asked of the daemon.
    pub endpoint: OxendEndpoint,
    /// Its parameters, an object or null.
    pub params: Value,
}

/// What nodes pass on to their daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OxendEndpoint {
    /// The list of nodes.
    GetServiceNodes,
    /// Name resolution.
    OnsResolve,
}

impl OxendEndpoint {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetServiceNodes => "get_service_nodes",
            Self::OnsResolve => "ons_resolve",
        }
    }
}

/// `ifelse`.
#[derive(Debug, Clone, PartialEq)]
pub struct IfElse {
    /// All must hold; at least one.
    pub conditions: Vec<Condition>,
    /// Done if they hold.
    pub then: Option<Request>,
    /// Done otherwise.
    pub otherwise: Option<Request>,
}

/// A condition of `ifelse`. Numbers that are left out count as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The hard fork is this or later.
    HfAtLeast([i64; 2]),
    /// The hard fork is earlier.
    HfBefore([i64; 2]),
    /// The storage server's version is this or later.
    VersionAtLeast([i64; 3]),
    /// The storage server's version is earlier.
    VersionBefore([i64; 3]),
    /// The chain's height is this or more.
    HeightAtLeast(i64),
    /// The chain's height is less.
    HeightBefore(i64),
}

/// Hard fork: major version and revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HardFork(pub u16, pub u16);

/// A swarm id for nodes that have none, in answers of `get_swarm`.
pub(super) const NO_SWARM: SwarmId = SwarmId::UNASSIGNED;
