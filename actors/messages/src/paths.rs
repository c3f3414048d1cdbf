//! What is said to Paths: carry a request to a service node through three
//! others.

use std::time::Duration;

use actix::Message;
use ramson_protocol::account::Sample;
use ramson_protocol::onion::{OnionBuildError, OnionReply, OnionReplyError};
use ramson_protocol::paths::{DestinationFault, Fault, PathsStatus};
use ramson_types::ledger::Hops;
use ramson_types::{Ed25519PublicKey, ServiceNode, Timestamp};

use crate::link::LinkError;
use crate::transport::TransportError;

/// Sends a storage RPC request to a service node. Not retried: who asks knows
/// whether to ask again, and whom.
#[derive(Debug, Message)]
#[rtype(result = "Result<OnionAnswer, OnionError>")]
pub struct OnionRequest {
    /// Who answers; it does not lie on the path.
    pub destination: ServiceNode,
    /// The request.
    pub body: Vec<u8>,
    /// How long the whole may take, the wait for a path included.
    pub timeout: Duration,
}

/// What the destination answered.
#[derive(Debug, Clone, PartialEq)]
pub struct OnionAnswer {
    /// Its status and body.
    pub reply: OnionReply,
    /// Through which nodes.
    pub path: Hops,
    /// Local time before the request left.
    pub asked: Timestamp,
    /// Local time after the answer came.
    pub answered: Timestamp,
    /// What the last nodes of new paths said of the time.
    pub clock_samples: Vec<Sample>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnionError {
    /// No path in time.
    #[error("no path of service nodes could be built in time: {reason}")]
    NoPath {
        /// What stood in the way at last.
        reason: String,
    },
    /// Too many requests wait already.
    #[error("too many requests wait for a path ({in_flight}); try again in a moment")]
    Busy {
        /// How many.
        in_flight: usize,
    },
    /// The request could not be wrapped.
    #[error("the request could not be wrapped: {0}")]
    Build(#[from] OnionBuildError),
    /// The guard did not answer.
    #[error("the guard failed: {error}")]
    Guard {
        /// How.
        error: TransportError,
        /// Through which nodes.
        path: Hops,
    },
    /// A relay or the destination failed.
    #[error("{error}")]
    Reply {
        /// How.
        error: OnionReplyError,
        /// Through which nodes.
        path: Hops,
    },
    /// An actor on the way is not running.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl OnionError {
    /// The nodes the request went through, as far as it went out.
    pub fn path(&self) -> Hops {
        match self {
            Self::Guard { path, .. } | Self::Reply { path, .. } => path.clone(),
            _ => Hops::new(),
        }
    }

    /// Whether the destination may be to blame: then whether the network does
    /// not know it any more.
    pub fn destination_is_gone(&self, destination: &Ed25519PublicKey) -> Option<bool> {
        match self {
            Self::Reply { error, .. } => DestinationFault::of(error, destination)
                .map(|fault| fault == DestinationFault::Gone),
            // Nobody knows where an answer that never came got stuck.
            Self::Guard { error: TransportError::TimedOut { .. }, .. } => Some(false),
            _ => None,
        }
    }

    /// Whose fault it is, if it is anybody's on the path. The destination's own
    /// failure is the asker's business.
    pub fn fault(&self, destination: Option<&Ed25519PublicKey>) -> Option<Fault> {
        match self {
            Self::Guard { error, .. } => match error {
                TransportError::TimedOut { .. } | TransportError::TooLarge { .. } => {
                    Some(Fault::Path)
                }
                TransportError::Busy { .. } => None,
                _ => Some(Fault::Guard),
            },
            Self::Reply { error, .. } => Fault::of(error, destination),
            _ => None,
        }
    }
}

/// The paths that are ready now.
#[derive(Debug, Message)]
#[rtype(result = "Vec<Hops>")]
pub struct ReadyPaths;

/// Guards, paths and strikes, as they are now.
#[derive(Debug, Message)]
#[rtype(result = "PathsStatus")]
pub struct GetPathsStatus;
