//! Why there is no local network.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ramson_codec::faults_file::FaultsFileError;
use ramson_codec::ons::NameError;
use ramson_types::AccountIdError;

use crate::MIN_NODES;

/// Why a local network cannot start, or not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalnetError {
    /// Not enough nodes for a path and its destination.
    #[error("{nodes} nodes are too few: three hops and a destination need {MIN_NODES}")]
    TooFewNodes {
        /// As configured.
        nodes: usize,
    },
    /// An address that no client can connect to.
    #[error("{bind} is no address that clients can connect to; give one of this machine's own")]
    NoAddress {
        /// As configured.
        bind: Ipv4Addr,
    },
    /// The ports end before the nodes do.
    #[error("there are no {nodes} ports after {base_port}; choose a lower one, or 0 for any")]
    NoPorts {
        /// As configured.
        base_port: u16,
        /// As configured.
        nodes: usize,
    },
    /// A port that cannot be listened on.
    #[error("{address} cannot be listened on: {reason}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
    /// The certificate cannot be made or used.
    #[error("the nodes' certificate cannot be used: {reason}")]
    Certificate {
        /// What is wrong.
        reason: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file of the state folder makes no sense.
    #[error(
        "{} is damaged: {reason}; restore it, or delete the folder to begin a new network",
        path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The state folder belongs to a network of another shape.
    #[error(
        "{} holds a network of {nodes} nodes in swarms of {swarm_size}; start it with these \
         numbers, or use another folder",
        path.display()
    )]
    OtherNetwork {
        /// The folder.
        path: PathBuf,
        /// Its nodes.
        nodes: usize,
        /// Its swarms' size.
        swarm_size: usize,
    },
    /// Another process uses the state folder.
    #[error("{} is used by another local network; stop it first", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// No node has that number.
    #[error("there is no node {index}; nodes count from 0")]
    NoSuchNode {
        /// The number.
        index: usize,
    },
    /// No swarm has that number.
    #[error("there is no swarm {swarm}; swarms count from 0, and there are {count}")]
    NoSuchSwarm {
        /// The number.
        swarm: usize,
        /// How many there are.
        count: usize,
    },
    /// A swarm of nobody.
    #[error("a swarm needs nodes; name one at least")]
    EmptySwarm,
    /// Nobody would be left to hold messages.
    #[error("node {index} is the last one in a swarm; a network needs one at least")]
    LastInSwarm {
        /// The node.
        index: usize,
    },
    /// The faults file makes no sense.
    #[error(transparent)]
    Faults(#[from] FaultsFileError),
    /// A name that cannot be one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name's Account ID that is none.
    #[error(transparent)]
    AccountId(#[from] AccountIdError),
    /// Work on the state folder was cut off by the end of the runtime.
    #[error("the local network was cut off while it used its files: the program is ending")]
    Interrupted,
}

impl LocalnetError {
    pub(crate) fn certificate(reason: impl ToString) -> Self {
        Self::Certificate { reason: reason.to_string() }
    }

    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self::File { path: path.to_owned(), reason: error.to_string() }
    }
}
