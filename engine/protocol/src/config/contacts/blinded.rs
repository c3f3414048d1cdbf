//! Contacts that are known from a community only, by a blinded id
//! (03 section 10.2, library of 2026).

use std::collections::BTreeSet;

use ramson_types::{AccountId, Prefix};

use super::Contacts;
use crate::config::community::Server;
use crate::config::data::Dict;
use crate::config::record::Fields;
use crate::config::value::{MAX_NAME, Picture, Text, flag, number, numbers, seconds, text};

/// A contact under a blinded id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindedContact {
    /// Who, with prefix `15` or `25`.
    pub id: AccountId,
    /// In which community server's eyes.
    pub server: Server,
    /// The name that the contact gave itself.
    pub name: Text,
    /// Its picture.
    pub picture: Option<Picture>,
    /// Of when the profile is, in seconds.
    pub profile_updated: i64,
    /// Pinned above 0, hidden below.
    pub priority: i64,
    /// When the contact was made, in seconds.
    pub created: i64,
    /// What the profile shows.
    pub features: BTreeSet<i64>,
}

impl BlindedContact {
    /// `None` unless the key is 64 hex digits.
    fn read(server: &Server, key: &[u8], dict: &Dict) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(key, &mut bytes).ok()?;
        let prefix = if flag(dict, b"y") { Prefix::Blinded15 } else { Prefix::Blinded25 };
        Some(Self {
            id: AccountId::new(prefix, bytes),
            server: server.clone(),
            name: text(dict, b"n"),
            picture: Picture::read(dict, b"p", b"q"),
            profile_updated: number(dict, b"t").max(0),
            priority: number(dict, b"+"),
            created: seconds(dict, b"j"),
            features: numbers(dict, b"f"),
        })
    }

    fn write(&self, fields: &mut Fields<'_>) {
        fields.set(b"n", self.name.cut(MAX_NAME));
        fields.picture(b"p", b"q", self.picture.as_ref());
        fields.positive(b"t", self.profile_updated);
        fields.nonzero(b"+", self.priority);
        fields.seconds(b"j", self.created);
        fields.numbers(b"f", &self.features);
        fields.flag(b"y", self.id.prefix() == Prefix::Blinded15);
    }
}

impl Contacts {
    /// All blinded contacts, by server.
    pub fn blinded_contacts(&self) -> impl Iterator<Item = BlindedContact> {
        Server::rooms(self.data().dict(b"b"))
            .filter_map(|(server, key, dict)| BlindedContact::read(&server, key, dict))
    }

    /// Writes a blinded contact. What other clients keep with it stays.
    pub fn set_blinded_contact(&mut self, contact: &BlindedContact) {
        let (server, key) = (&contact.server, hex::encode(contact.id.key()));
        server.write(self, b"b");
        let path: [&[u8]; 4] = [b"b", server.base_url().as_bytes(), b"R", key.as_bytes()];
        contact.write(&mut Fields::new(self, &path));
    }

    /// Erases a blinded contact, and the server's entry with its last one.
    pub fn erase_blinded_contact(&mut self, server: &Server, id: &AccountId) {
        server.erase_room(self, b"b", hex::encode(id.key()).as_bytes());
    }
}
