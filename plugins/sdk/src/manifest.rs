//! What a plugin says of itself. It stands as constant data in the library and
//! is read before any of its code runs.

use ramson_abi::MAX_NAME;
use ramson_wire::{Grant, GrantSet, Topic, TopicSet};

/// What a plugin is, and what it asks for. One that the host would refuse does
/// not compile:
///
/// ```compile_fail,E0080
/// # use ramson_sdk::{Config, Delivery, Error, Host, Manifest, Plugin, plugin};
/// # struct Quiet;
/// impl Plugin for Quiet {
///     const MANIFEST: Manifest = Manifest::new("Not an id", "Quiet", "1.0");
/// #   fn create(_: Host, _: Config) -> Result<Self, Error> { Ok(Self) }
/// #   fn on_event(&mut self, _: &Delivery) -> Result<(), Error> { Ok(()) }
/// }
/// plugin!(Quiet);
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Manifest {
    /// Unique, a reverse domain: `a-z`, `0-9`, `.`, `-`.
    pub id: &'static str,
    /// Its name, for people.
    pub name: &'static str,
    /// Its version, for people.
    pub version: &'static str,
    /// What it wants to hear of.
    pub topics: TopicSet,
    /// What it asks for; the user decides, [`crate::Host::granted`] tells.
    pub grants: GrantSet,
    /// When it was dropped, no thread of it and no thread-local on a thread
    /// that it did not start is left: its library may be unmapped.
    pub unload: bool,
    /// An event is told again, also after a restart, until [`crate::Host::done`]
    /// says that it is done with.
    pub durable: bool,
}

impl Manifest {
    /// One that wants to hear nothing and asks for nothing.
    pub const fn new(id: &'static str, name: &'static str, version: &'static str) -> Self {
        let (topics, grants) = (TopicSet::NONE, GrantSet::NONE);
        Self { id, name, version, topics, grants, unload: false, durable: false }
    }

    /// One that hears messages as they come, and asks to write some.
    pub const fn bot(id: &'static str, name: &'static str, version: &'static str) -> Self {
        let it = Self::new(id, name, version);
        it.hears(Topic::Messages).asks(Grant::Read).asks(Grant::Send)
    }

    /// It wants to hear of this, too.
    #[must_use]
    pub const fn hears(mut self, topic: Topic) -> Self {
        self.topics = self.topics.with(topic);
        self
    }

    /// It asks for this, too.
    #[must_use]
    pub const fn asks(mut self, grant: Grant) -> Self {
        self.grants = self.grants.with(grant);
        self
    }

    /// It may be unmapped when it was dropped; see [`Manifest::unload`].
    #[must_use]
    pub const fn unloads(mut self) -> Self {
        self.unload = true;
        self
    }

    /// It never misses an event; see [`Manifest::durable`]. Not for a UI.
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.durable = true;
        self
    }
}

/// A text as C wants it.
pub(crate) type CText = [u8; MAX_NAME + 1];

/// Only ever evaluated while a plugin is compiled: a panic is a compile error.
#[allow(clippy::panic, clippy::indexing_slicing, reason = "compile time")]
pub(crate) const fn c_text(text: &str) -> CText {
    let bytes = text.as_bytes();
    assert!(!bytes.is_empty(), "id, name and version of a manifest may not be empty");
    assert!(bytes.len() <= MAX_NAME, "id, name and version of a manifest have at most 64 bytes");
    let mut c = [0; MAX_NAME + 1];
    let mut at = 0;
    while at < bytes.len() {
        assert!(bytes[at] >= b' ', "id, name and version of a manifest have no control characters");
        c[at] = bytes[at];
        at += 1;
    }
    c
}

/// An id as C wants it.
#[allow(clippy::panic, clippy::indexing_slicing, reason = "compile time")]
pub(crate) const fn c_id(id: &str) -> CText {
    let bytes = id.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let allowed = matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
        assert!(allowed, "the id of a manifest has only a-z, 0-9, '.' and '-'");
        at += 1;
    }
    c_text(id)
}
