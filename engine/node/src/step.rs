//! What nodes ask of others while they work, and how the work goes on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ramson_codec::storage::Request;
use ramson_types::Ed25519PublicKey;

use crate::HttpResponse;
use crate::database::StoredMessage;
use crate::onion::OnionWork;
use crate::rpc::Work;

/// What a request led to.
#[derive(Debug)]
pub enum Step {
    /// The answer.
    Done(HttpResponse),
    /// Others have to be asked first.
    Ask {
        /// To be made at once; there may be none.
        calls: Vec<Call>,
        /// For [`Node::resume`](crate::Node::resume), with one reply for each
        /// call in the same order.
        pending: Pending,
    },
}

/// Work that waits for replies. Dropping it abandons the request.
pub struct Pending {
    pub(crate) work: Waiting,
    /// The answer goes to another node, which wants no headers.
    pub(crate) for_peer: bool,
}

pub(crate) enum Waiting {
    Rpc(Work),
    Onion(OnionWork),
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

/// One call to somebody else.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whom to call, and with what.
    pub to: Destination,
    /// After this long the reply is [`Reply::TimedOut`].
    pub timeout: Duration,
}

impl Call {
    pub(crate) const fn to_node(key: Ed25519PublicKey, call: PeerCall, timeout: Duration) -> Self {
        Self { to: Destination::Node(key, call), timeout }
    }
}

/// Whom to call, and with what.
#[derive(Debug, Clone)]
pub enum Destination {
    /// Another service node, through its [`Node::answer`](crate::Node::answer).
    Node(Ed25519PublicKey, PeerCall),
    /// A server outside, over HTTP.
    Server(ServerRequest),
}

/// What one node says to another. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PeerCall(pub(crate) Arc<PeerMessage>);

impl PeerCall {
    pub(crate) fn new(message: PeerMessage) -> Self {
        Self(Arc::new(message))
    }

    /// Bytes of it, roughly.
    pub(crate) fn weight(&self) -> usize {
        const REST: usize = 300;
        let data = match &*self.0 {
            PeerMessage::Member(command) => command.params.len().saturating_mul(2),
            PeerMessage::Onion(bytes) => bytes.len(),
            PeerMessage::Messages(push) => push.messages.iter().fold(0, |sum: usize, held| {
                sum.saturating_add(held.data.len().saturating_add(REST))
            }),
        };
        data.saturating_add(REST)
    }
}

/// What is said. Whoever hears it gets only what the bytes of
/// `ramson_codec::node_to_node` carry.
#[derive(Debug)]
pub(crate) enum PeerMessage {
    /// A request that every member of the swarm carries out.
    Member(Box<Command>),
    /// A layer of an onion request, encoded.
    Onion(Vec<u8>),
    /// Messages of accounts that the node has become responsible for.
    Messages(Push),
}

/// A request on its way to the other members, and what they get to read.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) request: Request,
    pub(crate) method: &'static str,
    pub(crate) params: Vec<u8>,
}

/// Messages on their way to another node.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) messages: Vec<StoredMessage>,
    /// The namespaces are told, as since version 2.11.3.
    pub(crate) namespaces: bool,
}

/// The POST that the last node of an onion path makes to a server, with
/// content type `application/octet-stream`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerRequest {
    /// Where to.
    pub url: String,
    /// What to post.
    pub body: Vec<u8>,
}

/// How a call went.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The node or server answered.
    Answer(HttpResponse),
    /// Nothing came within the call's timeout.
    TimedOut,
    /// The connection failed, and why.
    Failed(String),
}
