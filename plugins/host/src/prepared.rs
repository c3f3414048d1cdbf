//! An event on its way to plugins, encoded once for all of them.

use std::sync::{Arc, OnceLock};

use ramson_wire::codec::{CodecError, Encoding, encode_event};
use ramson_wire::{AccountId, ConversationId, Event, EventKind, NetworkEvent};

/// An event that several plugins share.
#[derive(Debug)]
pub struct Prepared {
    event: Event,
    json: OnceLock<Option<Arc<[u8]>>>,
    bincode: OnceLock<Option<Arc<[u8]>>>,
}

/// What of several events only the newest is worth telling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Coalesce {
    /// Who types where.
    Typing(AccountId, ConversationId),
    /// How many service nodes are known.
    Nodes,
    /// That paths fail.
    PathFailed,
    /// That a seed fails.
    SeedFailed(String),
    /// That the store fails.
    StoreTrouble,
    /// How all plugins are.
    Plugins,
}

impl Prepared {
    /// Takes an event; it is encoded when a plugin takes it.
    pub fn new(event: Event) -> Self {
        Self { event, json: OnceLock::new(), bincode: OnceLock::new() }
    }

    /// The event.
    pub fn event(&self) -> &Event {
        &self.event
    }

    pub(crate) fn kind(&self) -> EventKind {
        self.event.kind()
    }

    /// Its payload in an encoding.
    pub(crate) fn bytes(&self, encoding: Encoding) -> Result<Arc<[u8]>, CodecError> {
        let cell = match encoding {
            Encoding::Json => &self.json,
            Encoding::Bincode => &self.bincode,
        };
        let encode = || encode_event(&self.event, encoding);
        match cell.get_or_init(|| encode().ok().map(Arc::from)) {
            Some(bytes) => Ok(bytes.clone()),
            // It failed, and the reason was not kept: it is rare.
            None => encode().map(Arc::from),
        }
    }

    /// How many bytes of it are kept, as far as it is encoded.
    pub(crate) fn known_size(&self) -> usize {
        let sizes = [&self.json, &self.bincode].map(|cell| cell.get()?.as_ref().map(|it| it.len()));
        sizes.into_iter().flatten().fold(0, usize::saturating_add)
    }

    /// Of which an older one is not worth telling any more.
    pub(crate) fn coalesces(&self) -> Option<Coalesce> {
        Some(match &self.event {
            Event::Typing { account, conversation, .. } => {
                Coalesce::Typing(*account, conversation.clone())
            }
            Event::Network { what: NetworkEvent::Nodes { .. } } => Coalesce::Nodes,
            Event::Network { what: NetworkEvent::PathFailed { .. } } => Coalesce::PathFailed,
            Event::Network { what: NetworkEvent::SeedFailed { seed, .. } } => {
                Coalesce::SeedFailed(seed.clone())
            }
            Event::Network { what: NetworkEvent::StoreTrouble { .. } } => Coalesce::StoreTrouble,
            Event::Plugins { .. } => Coalesce::Plugins,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_encoded_once_for_each_encoding() {
        let event = Event::Network { what: NetworkEvent::Nodes { count: 7 } };
        let prepared = Prepared::new(event.clone());
        for encoding in [Encoding::Json, Encoding::Bincode] {
            let first = prepared.bytes(encoding).unwrap();
            assert!(Arc::ptr_eq(&first, &prepared.bytes(encoding).unwrap()));
            assert_eq!(ramson_wire::codec::decode_event(&first, encoding).unwrap(), event);
        }
    }
}
