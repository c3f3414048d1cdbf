//! Who is to blame when an onion request fails (02 sections 2.2 and 2.3).

use ramson_types::Ed25519PublicKey;

use crate::onion::OnionReplyError;

/// The culprit of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A named node failed: one strike.
    Node(Ed25519PublicKey),
    /// A relay says the network does not know this node: struck out at once.
    NodeGone(Ed25519PublicKey),
    /// The guard could not be reached or refused.
    Guard,
    /// Somewhere on the path.
    Path,
}

impl Fault {
    /// Whose fault an error is; `None` when the path carried the request and
    /// the destination alone failed.
    pub fn of(error: &OnionReplyError, destination: Option<&Ed25519PublicKey>) -> Option<Self> {
        let relay = |node: &Ed25519PublicKey| Some(node) != destination;
        match error {
            OnionReplyError::NextNodeNotFound { node }
            | OnionReplyError::NextNodeUnreachable { node } => {
                relay(node).then_some(Self::NodeGone(*node))
            }
            OnionReplyError::NodeNotReady { node } | OnionReplyError::RelayRefused { node, .. } => {
                relay(node).then_some(Self::Node(*node))
            }
            OnionReplyError::GuardNotReady { .. } | OnionReplyError::GuardBusy => Some(Self::Guard),
            OnionReplyError::Malformed { node } => relay(node).then_some(Self::Path),
            // Any node between guard and destination, the latter included.
            _ => Some(Self::Path),
        }
    }
}

/// What a failed request says of its destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestinationFault {
    /// It failed, or somebody on the way to it did: ask another one first.
    Failed,
    /// The network does not know it any more.
    Gone,
}

impl DestinationFault {
    /// Reads an error; `None` when somebody else is to blame.
    pub fn of(error: &OnionReplyError, destination: &Ed25519PublicKey) -> Option<Self> {
        match error {
            OnionReplyError::NextNodeNotFound { node } if node == destination => Some(Self::Gone),
            _ => match Fault::of(error, Some(destination)) {
                None | Some(Fault::Path) => Some(Self::Failed),
                Some(_) => None,
            },
        }
    }
}
