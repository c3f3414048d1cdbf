//! What the paths of a class look like to who asks.

use std::time::Duration;

use ramson_types::{Ed25519PublicKey, Timestamp};

use super::Paths;

/// One path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStatus {
    /// Its nodes, guard first.
    pub hops: Vec<Ed25519PublicKey>,
    /// It carries requests; otherwise it is being tried for the first time.
    pub ready: bool,
    /// It is being verified, because a request got stuck.
    pub suspected: bool,
    /// It is to take the place of an older one.
    pub replaces_another: bool,
    /// For how long it is tried or carries requests.
    pub age: Duration,
    /// Requests that failed on it since it was verified last.
    pub strikes: u32,
}

/// All paths of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathsStatus {
    /// The guards that are kept.
    pub guards: Vec<Ed25519PublicKey>,
    /// The paths, those that carry requests and those being tried.
    pub paths: Vec<PathStatus>,
    /// Nodes with strikes, and how many each has.
    pub strikes: Vec<(Ed25519PublicKey, u32)>,
}

impl Paths {
    /// Guards, paths and strikes as they are now.
    pub fn status(&self, now: Timestamp) -> PathsStatus {
        let paths = self.entries.iter().map(|entry| PathStatus {
            hops: entry.path.keys(),
            ready: entry.ready,
            suspected: entry.suspected,
            replaces_another: self.is_rotation(entry.path.id),
            age: now.since(entry.since),
            strikes: entry.strikes,
        });
        PathsStatus {
            guards: self.guards.clone(),
            paths: paths.collect(),
            strikes: self.strikes.all(now).collect(),
        }
    }
}
