//! The account's groups and communities (03 section 10.4).

use ramson_types::AccountId;
use ramson_types::conversation::Notify;

use super::data::Dict;
use super::record::Fields;
use super::typed::typed_config;
use super::value::{flag, notify_number, number, read_notify, seconds};

mod community;
mod group;
mod legacy_group;

pub use community::Community;
pub use group::{Group, Removed};
pub use legacy_group::LegacyGroup;

typed_config! {
    /// What the account is a member of.
    UserGroups
}

/// What is kept of groups and communities of every kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Membership {
    /// Pinned above 0, hidden below.
    pub priority: i64,
    /// Since when, in seconds.
    pub joined_at: i64,
    /// What is told of.
    pub notify: Notify,
    /// Until when nothing is told, in seconds.
    pub mute_until: i64,
    /// Only invited yet.
    pub invited: bool,
}

impl Membership {
    fn read(dict: &Dict) -> Self {
        Self {
            priority: number(dict, b"+"),
            joined_at: seconds(dict, b"j"),
            notify: read_notify(dict, b"@"),
            mute_until: seconds(dict, b"!"),
            invited: flag(dict, b"i"),
        }
    }

    fn write(&self, fields: &mut Fields<'_>) {
        fields.nonzero(b"+", self.priority);
        fields.seconds(b"j", self.joined_at);
        fields.positive(b"@", notify_number(self.notify));
        fields.seconds(b"!", self.mute_until);
        fields.flag(b"i", self.invited);
    }
}

impl UserGroups {
    fn dict_of(&self, top: &[u8], id: &AccountId) -> Option<&Dict> {
        self.data().dict_at(&[top, &id.to_bytes()])
    }
}
