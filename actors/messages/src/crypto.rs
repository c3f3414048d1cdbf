//! What is said to Crypto: batches to seal and to open. It keeps nothing.

use std::sync::Arc;

use actix::Message;
use ramson_crypto::AccountKeys;
use ramson_crypto::session_protocol::EncryptError;
use ramson_protocol::inbox::{OpenError, Opened};
use ramson_protocol::onion::{
    OnionBuildError, OnionKeys, OnionReply, OnionReplyError, SealedOnion,
};
use ramson_types::{AccountId, ServiceNode, Timestamp};

/// Wraps a request in the layers of a path.
#[derive(Debug, Message)]
#[rtype(result = "Result<SealedOnion, OnionBuildError>")]
pub struct SealOnion {
    /// The path, guard first.
    pub hops: Vec<ServiceNode>,
    /// Who answers.
    pub destination: ServiceNode,
    /// The storage RPC request.
    pub body: Vec<u8>,
}

/// Opens what the guard answered.
#[derive(Message)]
#[rtype(result = "Result<OnionReply, OnionReplyError>")]
pub struct OpenOnion {
    /// The keys of the request.
    pub keys: OnionKeys,
    /// HTTP status of the guard.
    pub status: u16,
    /// Body of the guard's answer.
    pub body: Vec<u8>,
}

/// Seals copies; the answers are in the same order.
#[derive(Message)]
#[rtype(result = "Result<Vec<Vec<u8>>, EncryptError>")]
pub struct SealCopies {
    /// Whose they are.
    pub keys: Arc<AccountKeys>,
    /// To whom, the sent time and the Content.
    pub copies: Vec<(AccountId, Timestamp, Vec<u8>)>,
}

/// Opens the messages of one response; the answers are in the same order.
#[derive(Message)]
#[rtype(result = "Vec<Result<Opened, OpenError>>")]
pub struct OpenInbox {
    /// Whose messages.
    pub keys: Arc<AccountKeys>,
    /// The stored bytes.
    pub stored: Vec<Vec<u8>>,
}
