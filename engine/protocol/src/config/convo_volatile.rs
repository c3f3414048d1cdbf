//! What was read up to where (03 section 10.3). "Volatile", since it changes
//! with every conversation that is opened, and is forgotten after a while.
//!
//! The rules on age are those of 2025, which the others merge with: nothing is
//! moved to the local archive that the library of 2026 keeps.

use std::time::Duration;

use ramson_types::{AccountId, Prefix, Timestamp};

use super::community::Server;
use super::community_url::{CommunityUrlError, room_key};
use super::contacts::entries;
use super::data::{Dict, Value};
use super::keys::Owner;
use super::push::Push;
use super::record::Fields;
use super::seal::PushError;
use super::typed::typed_config;
use super::value::{flag, number};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A read time that is older is not written.
const MAX_WRITTEN: Duration = DAY.saturating_mul(30);

/// A conversation that was read longer ago is forgotten.
const MAX_KEPT: Duration = DAY.saturating_mul(45);

typed_config! {
    /// The read state of the account's conversations.
    ConvoInfoVolatile
}

/// A conversation that has a read state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Convo {
    /// With an account (`05`).
    Account(AccountId),
    /// Of a group (`03`).
    Group(AccountId),
    /// Of a legacy group (`05`).
    LegacyGroup(AccountId),
    /// A community's room.
    Community(Server, String),
    /// With somebody known by a blinded id (`15`, `25`) only.
    Blinded(AccountId),
}

/// What was read of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadState {
    /// Everything up to this time, in **milliseconds**.
    pub last_read: i64,
    /// The user marked it as unread.
    pub unread: bool,
    /// Until when the other side has Pro, in seconds; not of groups and
    /// communities. 0 if nobody said.
    pub pro_expiry: i64,
    /// By which the other side's Pro can be revoked.
    pub pro_tag: Option<[u8; 32]>,
}

impl ReadState {
    fn read(dict: &Dict) -> Self {
        Self {
            last_read: number(dict, b"r"),
            unread: flag(dict, b"u"),
            pro_expiry: pro_seconds(number(dict, b"e").max(0)),
            pro_tag: dict.bytes(b"g").and_then(|tag| tag.try_into().ok()),
        }
    }
}

/// The first versions wrote milliseconds.
const fn pro_seconds(time: i64) -> i64 {
    if time > 1_000_000_000_000 { time / 1_000 } else { time }
}

impl Convo {
    /// Where it stands.
    fn path(&self) -> Result<Vec<Vec<u8>>, CommunityUrlError> {
        let of = |top: &[u8], id: &AccountId| vec![top.to_vec(), id.to_bytes().to_vec()];
        Ok(match self {
            Self::Account(id) => of(b"1", id),
            Self::Group(id) => of(b"g", id),
            Self::LegacyGroup(id) => of(b"C", id),
            Self::Blinded(id) => of(b"b", id),
            Self::Community(server, room) => {
                let base_url = server.base_url().as_bytes().to_vec();
                vec![b"o".to_vec(), base_url, b"R".to_vec(), room_key(room)?.into_bytes()]
            }
        })
    }

    const fn has_pro(&self) -> bool {
        matches!(self, Self::Account(_) | Self::Blinded(_))
    }
}

impl ConvoInfoVolatile {
    /// The read state of a conversation, if there is one. The only error is a
    /// room that is none.
    pub fn read_state(&self, convo: &Convo) -> Result<Option<ReadState>, CommunityUrlError> {
        let path = convo.path()?;
        let path: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        Ok(self.data().dict_at(&path).map(ReadState::read))
    }

    /// All conversations with their read state; rooms in lower case.
    pub fn read_states(&self) -> impl Iterator<Item = (Convo, ReadState)> {
        let of = |top: &[u8], prefix| entries(self.data().dict(top), prefix);
        let accounts = of(b"1", Prefix::Account).map(|(id, dict)| (Convo::Account(id), dict));
        let groups = of(b"g", Prefix::Group).map(|(id, dict)| (Convo::Group(id), dict));
        let legacy = of(b"C", Prefix::Account).map(|(id, dict)| (Convo::LegacyGroup(id), dict));
        let blinded = of(b"b", Prefix::Blinded15).chain(of(b"b", Prefix::Blinded25));
        let blinded = blinded.map(|(id, dict)| (Convo::Blinded(id), dict));
        let rooms = Server::rooms(self.data().dict(b"o")).filter_map(|(server, room, dict)| {
            let room = str::from_utf8(room).ok()?.to_owned();
            Some((Convo::Community(server, room), dict))
        });
        let all = accounts.chain(groups).chain(legacy).chain(rooms).chain(blinded);
        all.map(|(convo, dict)| (convo, ReadState::read(dict)))
    }

    /// Writes the read state of a conversation. A read time of more than 30
    /// days ago is left out, unless it takes back a later one.
    pub fn set_read_state(
        &mut self,
        convo: &Convo,
        state: &ReadState,
        now: Timestamp,
    ) -> Result<(), CommunityUrlError> {
        let path = convo.path()?;
        let path: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
        if let Convo::Community(server, _) = convo {
            server.write(self, b"o");
        }
        let before = self.data().dict_at(&path).map_or(0, |dict| number(dict, b"r"));
        let mut fields = Fields::new(self, &path);
        if state.last_read < before || is_after(state.last_read, now.minus(MAX_WRITTEN)) {
            fields.set(b"r", state.last_read);
        }
        fields.flag(b"u", state.unread);
        if convo.has_pro() {
            fields.positive(b"e", state.pro_expiry);
            fields.text(b"g", state.pro_tag.as_ref().map_or(&[], |tag| tag.as_slice()));
        }
        if let Convo::Blinded(id) = convo {
            fields.flag(b"y", id.prefix() == Prefix::Blinded15);
        }
        Ok(())
    }

    /// Erases the read state of a conversation.
    pub fn erase_read_state(&mut self, convo: &Convo) -> Result<(), CommunityUrlError> {
        let path = convo.path()?;
        match convo {
            Convo::Community(server, room) => {
                server.erase_room(self, b"o", room_key(room)?.as_bytes());
            }
            _ => {
                let path: Vec<&[u8]> = path.iter().map(Vec::as_slice).collect();
                self.erase(&path);
            }
        }
        Ok(())
    }

    /// [`Config::push`](super::Config::push), after forgetting what was read
    /// long ago.
    pub fn push(&mut self, owner: &Owner<'_>, now: Timestamp) -> Result<Push, PushError> {
        self.forget_old(now);
        super::machine::Config::push(self, owner, now)
    }

    /// Erases conversations with accounts, legacy groups and communities that
    /// were read more than 45 days ago and are not marked as unread.
    pub fn forget_old(&mut self, now: Timestamp) {
        let oldest = now.minus(MAX_KEPT);
        let is_old = |dict: &Dict| !flag(dict, b"u") && !is_after(number(dict, b"r"), oldest);
        for top in [b"1", b"C"] {
            let all = self.data().dict(top).into_iter().flat_map(Dict::iter);
            let old = all.filter(|(_, value)| matches!(value, Value::Dict(dict) if is_old(dict)));
            for key in old.map(|(key, _)| key.to_vec()).collect::<Vec<_>>() {
                self.erase(&[top, &key]);
            }
        }
        let rooms = Server::rooms(self.data().dict(b"o")).filter(|(_, _, dict)| is_old(dict));
        for (server, room) in
            rooms.map(|(server, room, _)| (server, room.to_vec())).collect::<Vec<_>>()
        {
            server.erase_room(self, b"o", &room);
        }
    }
}

fn is_after(millis: i64, time: Timestamp) -> bool {
    u64::try_from(millis).is_ok_and(|millis| millis > time.millis())
}
