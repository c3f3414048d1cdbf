//! The numbered compartments of an account's swarm and their rules
//! (02 section 4.4).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A compartment of the messages that a swarm holds for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Namespace(pub i16);

impl Namespace {
    /// Messages to an account; anybody may store.
    pub const INBOX: Self = Self(0);
    /// The account's profile, a config message.
    pub const USER_PROFILE: Self = Self(2);
    /// The account's contacts, a config message.
    pub const CONTACTS: Self = Self(3);
    /// Read state, a config message.
    pub const CONVO_INFO_VOLATILE: Self = Self(4);
    /// The account's groups and communities, a config message.
    pub const USER_GROUPS: Self = Self(5);
    /// Messages of a group.
    pub const GROUP_MESSAGES: Self = Self(11);

    /// Anybody may store here without a signature.
    pub const fn is_public_inbox(self) -> bool {
        self.0 % 10 == 0
    }

    /// Anybody may read here; the owner stores, and one message is held.
    pub const fn is_public_outbox(self) -> bool {
        self.0 < 0 && self.0 % 20 == -1
    }

    /// Whether `store` needs a signature.
    pub const fn store_needs_auth(self) -> bool {
        !self.is_public_inbox()
    }

    /// Whether `retrieve` needs a signature.
    pub const fn retrieve_needs_auth(self) -> bool {
        !(self.is_public_outbox() || self.0 == -10)
    }

    /// Whether a revoked sub-account may still read here.
    pub const fn revoked_subaccount_may_retrieve(self) -> bool {
        self.0 < 0 && self.0 % 100 == -11
    }

    /// The longest time a message may be kept: 14 days in public inboxes, 30
    /// days elsewhere.
    pub const fn max_ttl(self) -> Duration {
        const DAY: u64 = 24 * 60 * 60;
        Duration::from_secs(if self.is_public_inbox() { 14 * DAY } else { 30 * DAY })
    }

    /// How the namespace stands in signed texts and in the message hash:
    /// decimal, and empty for 0.
    pub fn signed_text(self) -> Cow<'static, str> {
        match self.0 {
            0 => Cow::Borrowed(""),
            other => Cow::Owned(other.to_string()),
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
