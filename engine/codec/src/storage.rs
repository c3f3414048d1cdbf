//! The storage RPC of service nodes, in both directions (02 section 4):
//!
//! - [`Request`] with its parts, written by clients ([`Request::to_json`] and
//!   the constructors that sign) and read by nodes ([`parse_request`]);
//! - what is signed: by clients ([`signed_text`]), by members of a swarm in
//!   their answers ([`member_text`]);
//! - answers as clients read them ([`StoreAnswer`], [`RetrieveAnswer`],
//!   [`SwarmAnswer`], [`BatchAnswer`], [`InfoAnswer`], [`DeleteAnswer`],
//!   [`ExpireAnswer`], [`ExpiriesAnswer`]). Writing answers is the node's
//!   business and stands in ramson-node.

mod answer;
mod base64_text;
mod build;
mod change_answer;
mod fields;
pub mod member_text;
mod parse;
mod parse_meta;
mod request;
pub mod signed_text;

#[cfg(test)]
mod tests;

pub use answer::{
    AnswerError, BatchAnswer, InfoAnswer, NodeStatus, RetrieveAnswer, Retrieved, StoreAnswer,
    StoreOutcome, SubAnswer, SwarmAnswer, UnreadableData,
};
pub use build::RequestSigner;
pub use change_answer::{DeleteAnswer, Deleted, ExpireAnswer, Expired, ExpiriesAnswer};
pub use parse::{RequestError, parse_request};
pub use request::{
    Auth, Condition, Delete, DeleteAll, DeleteBefore, Expire, ExpireAll, ExpireMode, Expiries,
    GetExpiries, GetSwarm, HardFork, IfElse, Lifetime, Namespaces, OxendEndpoint, OxendRequest,
    Request, Retrieve, Revocation, RevokedSubaccounts, Store, Subaccount,
};

/// Largest data of a message, in bytes.
pub const MAX_DATA: usize = 76_800;

/// Largest number of requests in a `batch` or `sequence`.
pub const MAX_SUBREQUESTS: usize = 20;

/// Largest number of tokens in one revocation, and revocations kept for one
/// account.
pub const MAX_TOKENS: usize = 50;

/// What `max_size` in parts of an answer refers to, in bytes.
pub const MAX_RETRIEVE: u64 = 7_800_000;
