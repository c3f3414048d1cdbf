//! The account's contacts (03 section 10.2).

use std::collections::BTreeSet;

use ramson_types::conversation::Notify;
use ramson_types::{AccountId, Prefix};

use super::data::{Dict, Value};
use super::record::Fields;
use super::typed::typed_config;
use super::value::{
    MAX_NAME, Picture, Text, flag, notify_number, number, numbers, read_notify, seconds, text,
};

mod blinded;

pub use blinded::BlindedContact;

typed_config! {
    /// Whom the account knows, and what it thinks of them.
    Contacts
}

/// A contact. Numbers that are absent are 0, texts empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub id: AccountId,
    /// The name that the contact gave itself; of a long one the first
    /// [`MAX_NAME`] bytes are kept.
    pub name: Text,
    /// The name that this account gave it; as long.
    pub nickname: Text,
    /// Its picture.
    pub picture: Option<Picture>,
    /// May write to this account.
    pub approved: bool,
    /// Lets this account write.
    pub approved_me: bool,
    /// Is not heard.
    pub blocked: bool,
    /// Pinned above 0, hidden below.
    pub priority: i64,
    /// What is told of. There are no mentions here: they are stored and read
    /// as all messages.
    pub notify: Notify,
    /// Until when nothing is told, in seconds.
    pub mute_until: i64,
    /// When messages disappear.
    pub disappearing: Disappearing,
    /// When the contact was made, in seconds.
    pub created: i64,
    /// Of when the profile is, in seconds.
    pub profile_updated: i64,
    /// What the profile shows.
    pub features: BTreeSet<i64>,
}

/// When messages of a conversation disappear. Numbered otherwise than in
/// messages themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Disappearing {
    /// Never.
    #[default]
    Off,
    /// So many seconds after they were sent.
    AfterSend(i64),
    /// So many seconds after they were read.
    AfterRead(i64),
}

impl Contact {
    /// One of whom nothing is known.
    pub const fn new(id: AccountId) -> Self {
        Self {
            id,
            name: Text::EMPTY,
            nickname: Text::EMPTY,
            picture: None,
            approved: false,
            approved_me: false,
            blocked: false,
            priority: 0,
            notify: Notify::Default,
            mute_until: 0,
            disappearing: Disappearing::Off,
            created: 0,
            profile_updated: 0,
            features: BTreeSet::new(),
        }
    }

    fn read(id: AccountId, dict: &Dict) -> Self {
        Self {
            id,
            name: text(dict, b"n"),
            nickname: text(dict, b"N"),
            picture: Picture::read(dict, b"p", b"q"),
            approved: flag(dict, b"a"),
            approved_me: flag(dict, b"A"),
            blocked: flag(dict, b"b"),
            priority: number(dict, b"+"),
            notify: without_mentions(read_notify(dict, b"@")),
            mute_until: seconds(dict, b"!"),
            disappearing: Disappearing::read(dict),
            created: seconds(dict, b"j"),
            profile_updated: number(dict, b"t").max(0),
            features: numbers(dict, b"f"),
        }
    }

    fn write(&self, fields: &mut Fields<'_>) {
        fields.set(b"n", self.name.cut(MAX_NAME));
        fields.text(b"N", self.nickname.cut(MAX_NAME));
        fields.picture(b"p", b"q", self.picture.as_ref());
        fields.flag(b"a", self.approved);
        fields.flag(b"A", self.approved_me);
        fields.flag(b"b", self.blocked);
        fields.nonzero(b"+", self.priority);
        fields.positive(b"@", notify_number(without_mentions(self.notify)));
        fields.seconds(b"!", self.mute_until);
        self.disappearing.write(fields);
        fields.seconds(b"j", self.created);
        fields.positive(b"t", self.profile_updated);
        fields.numbers(b"f", &self.features);
    }
}

const fn without_mentions(notify: Notify) -> Notify {
    match notify {
        Notify::Mentions => Notify::All,
        other => other,
    }
}

impl Disappearing {
    fn read(dict: &Dict) -> Self {
        match (number(dict, b"e"), number(dict, b"E")) {
            (1, seconds @ 1..) => Self::AfterSend(seconds),
            (2, seconds @ 1..) => Self::AfterRead(seconds),
            _ => Self::Off,
        }
    }

    fn write(self, fields: &mut Fields<'_>) {
        let (mode, seconds) = match self {
            Self::AfterSend(seconds @ 1..) => (1, seconds),
            Self::AfterRead(seconds @ 1..) => (2, seconds),
            _ => (0, 0),
        };
        fields.positive(b"e", mode);
        fields.positive(b"E", seconds);
    }
}

impl Contacts {
    /// A contact, if it is one.
    pub fn contact(&self, id: &AccountId) -> Option<Contact> {
        let dict = self.data().dict_at(&[b"c", &id.to_bytes()])?;
        Some(Contact::read(*id, dict))
    }

    /// All contacts by their ids. Entries that are none are passed over.
    pub fn contacts(&self) -> impl Iterator<Item = Contact> {
        entries(self.data().dict(b"c"), Prefix::Account).map(|(id, dict)| Contact::read(id, dict))
    }

    /// Writes a contact. What other clients keep with it stays.
    pub fn set_contact(&mut self, contact: &Contact) {
        contact.write(&mut Fields::new(self, &[b"c", &contact.id.to_bytes()]));
    }

    /// Erases a contact with all that is kept with it.
    pub fn erase_contact(&mut self, id: &AccountId) {
        self.erase(&[b"c", &id.to_bytes()]);
    }
}

/// The entries of a dict whose keys are ids of a kind, and whose values are
/// dicts.
pub(super) fn entries(
    dict: Option<&Dict>,
    prefix: Prefix,
) -> impl Iterator<Item = (AccountId, &Dict)> {
    let entries = dict.into_iter().flat_map(Dict::iter);
    entries.filter_map(move |(key, value)| {
        let id = AccountId::from_bytes(key.try_into().ok()?).ok()?;
        match value {
            Value::Dict(dict) if id.prefix() == prefix => Some((id, dict)),
            _ => None,
        }
    })
}
