//! Groups (`03`), as a member of one keeps them.

use ramson_crypto::Ed25519Secret;
use ramson_types::{AccountId, Prefix};
use zeroize::Zeroizing;

use super::{Membership, UserGroups};
use crate::config::contacts::entries;
use crate::config::data::Dict;
use crate::config::record::Fields;
use crate::config::value::{MAX_NAME, Text, number, text};

/// A group.
pub struct Group {
    /// Its id.
    pub id: AccountId,
    /// The seed of its key, which admins have.
    pub seed: Option<Zeroizing<[u8; 32]>>,
    /// With what a member who is no admin may ask its swarm (04).
    pub auth_data: Option<Zeroizing<[u8; 100]>>,
    /// Its name as it was known last; of a long one the first [`MAX_NAME`]
    /// bytes are kept.
    pub name: Text,
    /// Whether the account is out of it.
    pub removed: Removed,
    /// What is kept of every kind.
    pub membership: Membership,
}

/// Whether and how an account left a group. The entry stays, so that all
/// devices show the same empty conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Removed {
    /// It is in.
    #[default]
    No,
    /// An admin removed it.
    Kicked,
    /// The group is no more.
    Destroyed,
}

impl Removed {
    fn read(dict: &Dict) -> Self {
        match number(dict, b"r") {
            1 => Self::Kicked,
            2 => Self::Destroyed,
            _ => Self::No,
        }
    }

    const fn number(self) -> i64 {
        match self {
            Self::No => 0,
            Self::Kicked => 1,
            Self::Destroyed => 2,
        }
    }
}

impl Group {
    /// One of which only the id is known.
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            seed: None,
            auth_data: None,
            name: Text::EMPTY,
            removed: Removed::No,
            membership: Membership::default(),
        }
    }

    fn read(id: AccountId, dict: &Dict) -> Self {
        let seed = dict.bytes(b"K").and_then(|seed| seed.try_into().ok()).map(Zeroizing::new);
        let auth_data = dict.bytes(b"s").and_then(|data| data.try_into().ok());
        Self {
            id,
            seed: seed.filter(|seed| is_of(seed, &id)),
            auth_data: auth_data.map(Zeroizing::new),
            name: text(dict, b"n"),
            removed: Removed::read(dict),
            membership: Membership::read(dict),
        }
    }

    /// With a seed, the auth data stays as it is.
    fn write(&self, fields: &mut Fields<'_>) {
        match self.seed.as_ref().filter(|seed| is_of(seed, &self.id)) {
            Some(seed) => {
                fields.set(b"K", &**seed);
            }
            None => {
                fields.set(b"K", "");
                let auth_data = self.auth_data.as_ref();
                fields.text(b"s", auth_data.map_or(&[], |data| data.as_slice()));
            }
        }
        fields.text(b"n", self.name.cut(MAX_NAME));
        fields.positive(b"r", self.removed.number());
        self.membership.write(fields);
    }

    /// An admin removed this account.
    pub fn kicked(&mut self) {
        if self.removed != Removed::Destroyed {
            self.leave(Removed::Kicked);
        }
    }

    /// The group was destroyed.
    pub fn destroyed(&mut self) {
        self.leave(Removed::Destroyed);
    }

    /// This account was invited after it was removed.
    pub fn invited_again(&mut self) {
        if self.removed == Removed::Kicked {
            self.removed = Removed::No;
        }
    }

    fn leave(&mut self, removed: Removed) {
        self.seed = None;
        self.auth_data = None;
        self.removed = removed;
    }
}

fn is_of(seed: &[u8; 32], id: &AccountId) -> bool {
    id.prefix() == Prefix::Group && Ed25519Secret::from_seed(seed).public().0 == *id.key()
}

impl UserGroups {
    /// A group, if it is kept.
    pub fn group(&self, id: &AccountId) -> Option<Group> {
        self.dict_of(b"g", id).map(|dict| Group::read(*id, dict))
    }

    /// All groups by their ids.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        entries(self.data().dict(b"g"), Prefix::Group).map(|(id, dict)| Group::read(id, dict))
    }

    /// Writes a group. What other clients keep with it stays.
    pub fn set_group(&mut self, group: &Group) {
        group.write(&mut Fields::new(self, &[b"g", &group.id.to_bytes()]));
    }

    /// Erases a group, as when its conversation is deleted.
    pub fn erase_group(&mut self, id: &AccountId) {
        self.erase(&[b"g", &id.to_bytes()]);
    }
}
