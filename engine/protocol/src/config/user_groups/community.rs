//! Communities.

use super::{Membership, UserGroups};
use crate::config::community::Server;
use crate::config::community_url::{CommunityUrl, CommunityUrlError, room_key};
use crate::config::data::Dict;
use crate::config::record::Fields;

/// A room of a community server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Community {
    server: Server,
    room: String,
    /// What is kept of every kind.
    pub membership: Membership,
}

impl Community {
    /// A room, as it is spelled.
    pub fn new(server: Server, room: &str) -> Result<Self, CommunityUrlError> {
        room_key(room)?;
        Ok(Self { server, room: room.to_owned(), membership: Membership::default() })
    }

    /// The room of a URL with a key.
    pub fn from_url(url: &str) -> Result<Self, CommunityUrlError> {
        let CommunityUrl { base_url, room, key } = CommunityUrl::parse(url)?;
        let key = key.ok_or_else(|| CommunityUrlError::Key { key: String::new() })?;
        Self::new(Server::new(&base_url, key)?, &room)
    }

    /// Its server.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Its room, as it is spelled.
    pub fn room(&self) -> &str {
        &self.room
    }

    /// `None` unless the spelling is of that room, and the room is one.
    fn read(server: Server, key: &[u8], dict: &Dict) -> Option<Self> {
        let key = str::from_utf8(key).ok()?;
        let spelled = dict.bytes(b"n").and_then(|room| str::from_utf8(room).ok());
        let spelled = spelled.filter(|room| room_key(room).is_ok_and(|room| room == key));
        let mut community = Self::new(server, spelled.unwrap_or(key)).ok()?;
        community.membership = Membership::read(dict);
        Some(community)
    }
}

impl UserGroups {
    /// A community, if it is kept. The only error is a room that is none.
    pub fn community(
        &self,
        server: &Server,
        room: &str,
    ) -> Result<Option<Community>, CommunityUrlError> {
        let key = room_key(room)?;
        let path: [&[u8]; 4] = [b"o", server.base_url().as_bytes(), b"R", key.as_bytes()];
        let dict = self.data().dict_at(&path);
        Ok(dict.and_then(|dict| Community::read(server.clone(), key.as_bytes(), dict)))
    }

    /// All communities, by server.
    pub fn communities(&self) -> impl Iterator<Item = Community> {
        Server::rooms(self.data().dict(b"o"))
            .filter_map(|(server, key, dict)| Community::read(server, key, dict))
    }

    /// Writes a community, and its server's key for all of its rooms. What
    /// other clients keep with it stays.
    pub fn set_community(&mut self, community: &Community) {
        community.server.write(self, b"o");
        // A community's room is one.
        let key = community.room.to_ascii_lowercase();
        let base_url = community.server.base_url().as_bytes();
        let path: [&[u8]; 4] = [b"o", base_url, b"R", key.as_bytes()];
        let mut fields = Fields::new(self, &path);
        fields.set(b"n", community.room.as_str());
        community.membership.write(&mut fields);
    }

    /// Erases a community, and its server with the last one.
    pub fn erase_community(&mut self, server: &Server, room: &str) {
        server.erase_room(self, b"o", room.to_ascii_lowercase().as_bytes());
    }
}
