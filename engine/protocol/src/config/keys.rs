//! Which configs there are, and with what they are encrypted and signed
//! (03 sections 5 and 6.1).

use ramson_codec::proto::SharedConfigKind;
use ramson_crypto::config_cipher::Domain;
use ramson_crypto::{AccountKeys, Ed25519Secret};
use ramson_types::{Ed25519PublicKey, Namespace};
use zeroize::Zeroizing;

/// Which config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConfigKind {
    /// Name, picture and settings of the account.
    UserProfile,
    /// Its contacts.
    Contacts,
    /// What was read up to where.
    ConvoInfoVolatile,
    /// Its groups and communities.
    UserGroups,
    /// Settings of one device; never leaves it.
    Local,
    /// Name and rules of a group.
    GroupInfo,
    /// Members of a group.
    GroupMembers,
}

impl ConfigKind {
    /// The configs that an account's devices share.
    pub const OF_ACCOUNT: [Self; 4] =
        [Self::UserProfile, Self::Contacts, Self::ConvoInfoVolatile, Self::UserGroups];

    /// Where its messages are stored: in the account's swarm, or the group's.
    pub const fn namespace(self) -> Namespace {
        match self {
            Self::UserProfile => Namespace::USER_PROFILE,
            Self::Contacts => Namespace::CONTACTS,
            Self::ConvoInfoVolatile => Namespace::CONVO_INFO_VOLATILE,
            Self::UserGroups => Namespace::USER_GROUPS,
            Self::Local => Namespace(9999),
            Self::GroupInfo => Namespace(13),
            Self::GroupMembers => Namespace(14),
        }
    }

    /// The config that an account keeps in a namespace of its swarm.
    pub fn of_account(namespace: Namespace) -> Option<Self> {
        Self::OF_ACCOUNT.into_iter().find(|kind| kind.namespace() == namespace)
    }

    /// What its text is encrypted as; `None` for what is never stored.
    pub(super) const fn domain(self) -> Option<Domain<'static>> {
        Some(match self {
            Self::UserProfile => Domain::USER_PROFILE,
            Self::Contacts => Domain::CONTACTS,
            Self::ConvoInfoVolatile => Domain::CONVO_INFO_VOLATILE,
            Self::UserGroups => Domain::USER_GROUPS,
            Self::GroupInfo => Domain::GROUP_INFO,
            Self::GroupMembers => Domain::GROUP_MEMBERS,
            Self::Local => return None,
        })
    }

    /// What it is named in protobuf; groups' configs are not wrapped.
    pub(super) const fn wrapped_as(self) -> Option<SharedConfigKind> {
        Some(match self {
            Self::UserProfile => SharedConfigKind::UserProfile,
            Self::Contacts => SharedConfigKind::Contacts,
            Self::ConvoInfoVolatile => SharedConfigKind::ConvoInfoVolatile,
            Self::UserGroups => SharedConfigKind::UserGroups,
            Self::Local | Self::GroupInfo | Self::GroupMembers => return None,
        })
    }
}

/// Whose config it is.
#[derive(Clone, Copy)]
pub enum Owner<'a> {
    /// An account's: not signed, as nobody else can encrypt it.
    Account(&'a AccountKeys),
    /// A group's.
    Group {
        /// The group's key, with which every message must be signed.
        group: Ed25519PublicKey,
        /// Its secret half, which admins have. Others read and never merge.
        admin: Option<&'a Ed25519Secret>,
        /// Keys to encrypt with (the first) and to try on what is received.
        keys: &'a [Zeroizing<[u8; 32]>],
    },
}

impl<'a> Owner<'a> {
    /// The keys of the cipher, the one to encrypt with first.
    pub(super) fn key_bases(&self) -> impl Iterator<Item = &'a [u8; 32]> {
        let (account, group) = match *self {
            Self::Account(keys) => (Some(keys.seed().as_bytes()), &[][..]),
            Self::Group { keys, .. } => (None, keys),
        };
        account.into_iter().chain(group.iter().map(|key| &**key))
    }

    /// Whose signature a message must have.
    pub(super) const fn verifier(&self) -> Option<&Ed25519PublicKey> {
        match self {
            Self::Account(_) => None,
            Self::Group { group, .. } => Some(group),
        }
    }

    /// What to sign with.
    pub(super) const fn signer(&self) -> Option<&'a Ed25519Secret> {
        match self {
            Self::Account(_) => None,
            Self::Group { admin, .. } => *admin,
        }
    }

    /// Whether a device may write, and so merge.
    pub(super) const fn may_write(&self) -> bool {
        match self {
            Self::Account(_) => true,
            Self::Group { admin, .. } => admin.is_some(),
        }
    }
}
