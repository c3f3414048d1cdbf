//! Groups of the years before 2025 (`05`). They are shown and not written to.

use std::collections::BTreeSet;

use ramson_types::{AccountId, Prefix, X25519PublicKey};
use zeroize::Zeroizing;

use super::{Membership, UserGroups};
use crate::config::contacts::entries;
use crate::config::data::{Dict, Scalar};
use crate::config::record::Fields;
use crate::config::value::{MAX_NAME, Text, number, text};

/// A legacy group.
pub struct LegacyGroup {
    /// Its id.
    pub id: AccountId,
    /// Its name; of a long one the first [`MAX_NAME`] bytes are kept.
    pub name: Text,
    /// The key pair that its messages were sealed to.
    pub encryption: Option<(X25519PublicKey, Zeroizing<[u8; 32]>)>,
    /// Members that are no admins.
    pub members: BTreeSet<AccountId>,
    /// Admins.
    pub admins: BTreeSet<AccountId>,
    /// After how many seconds messages disappear; 0 for never.
    pub timer: i64,
    /// What is kept of every kind.
    pub membership: Membership,
}

impl LegacyGroup {
    /// One of which only the id is known.
    pub fn new(id: AccountId) -> Self {
        Self {
            id,
            name: Text::EMPTY,
            encryption: None,
            members: BTreeSet::new(),
            admins: BTreeSet::new(),
            timer: 0,
            membership: Membership::default(),
        }
    }

    fn read(id: AccountId, dict: &Dict) -> Self {
        let key = |key: &[u8]| dict.bytes(key).and_then(|bytes| bytes.try_into().ok());
        Self {
            id,
            name: text(dict, b"n"),
            encryption: key(b"k").map(X25519PublicKey).zip(key(b"K").map(Zeroizing::new)),
            members: accounts(dict, b"m"),
            admins: accounts(dict, b"a"),
            timer: number(dict, b"E").max(0),
            membership: Membership::read(dict),
        }
    }

    /// Items of the two sets that are no accounts stay.
    fn write(&self, before: Option<&Self>, fields: &mut Fields<'_>) {
        fields.set(b"n", self.name.cut(MAX_NAME));
        match &self.encryption {
            Some((public, secret)) => {
                fields.set(b"k", public.as_bytes());
                fields.set(b"K", &**secret);
            }
            None => {
                fields.erase(b"k");
                fields.erase(b"K");
            }
        }
        let members = before.map(|before| &before.members);
        write_accounts(fields, b"m", members, &self.members);
        let admins = before.map(|before| &before.admins);
        write_accounts(fields, b"a", admins, &self.admins);
        fields.positive(b"E", self.timer);
        self.membership.write(fields);
    }
}

fn accounts(dict: &Dict, key: &[u8]) -> BTreeSet<AccountId> {
    let scalars = dict.set(key).into_iter().flatten();
    scalars
        .filter_map(|scalar| match scalar {
            Scalar::Bytes(bytes) => AccountId::from_bytes(bytes.as_slice().try_into().ok()?).ok(),
            Scalar::Integer(_) => None,
        })
        .filter(|id| id.prefix() == Prefix::Account)
        .collect()
}

fn write_accounts(
    fields: &mut Fields<'_>,
    key: &[u8],
    before: Option<&BTreeSet<AccountId>>,
    now: &BTreeSet<AccountId>,
) {
    for id in before.into_iter().flatten().filter(|id| !now.contains(id)) {
        fields.take(key, &id.to_bytes());
    }
    for id in now {
        fields.add(key, &id.to_bytes());
    }
}

impl UserGroups {
    /// A legacy group, if it is kept.
    pub fn legacy_group(&self, id: &AccountId) -> Option<LegacyGroup> {
        self.dict_of(b"C", id).map(|dict| LegacyGroup::read(*id, dict))
    }

    /// All legacy groups by their ids.
    pub fn legacy_groups(&self) -> impl Iterator<Item = LegacyGroup> {
        entries(self.data().dict(b"C"), Prefix::Account)
            .map(|(id, dict)| LegacyGroup::read(id, dict))
    }

    /// Writes a legacy group. What other clients keep with it stays.
    pub fn set_legacy_group(&mut self, group: &LegacyGroup) {
        let before = self.legacy_group(&group.id);
        let id = group.id.to_bytes();
        group.write(before.as_ref(), &mut Fields::new(self, &[b"C", &id]));
    }

    /// Erases a legacy group.
    pub fn erase_legacy_group(&mut self, id: &AccountId) {
        self.erase(&[b"C", &id.to_bytes()]);
    }
}
