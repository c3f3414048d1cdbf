//! What plugins and host say to each other. The types own the public model;
//! the host converts. They are the same in bincode and in JSON, and
//! `docs/plugin-schema.json` is made from them.
//!
//! | file | what |
//! |---|---|
//! | `event` | what a plugin is told |
//! | `request` | what it asks for: commands to accounts, questions, control of the program |
//! | `done` | what a durable plugin says of events: they are done with, and what goes with it |
//! | `reply` | what comes of a request |
//! | `message`, `conversation`, `account`, `network`, `plugin`, `window` | the things that are spoken of |
//! | `ids` | how they are named |
//! | `codec` | bytes, with limits; the only place that knows bincode |
//! | `schema` | the JSON schema |
//!
//! Times are milliseconds since 1970 in UTC where nothing else is said. All
//! enums may grow: readers pass over names that they do not know.

mod account;
pub mod codec;
mod conversation;
mod done;
mod event;
mod ids;
mod message;
mod network;
mod plugin;
mod reply;
mod request;
pub mod schema;
#[cfg(test)]
mod tests;
mod window;

pub use account::{Account, Stage};
pub use conversation::{Conversation, Disappearing, Notify};
pub use done::{Done, Outcome, Record};
pub use event::{Change, Event, EventKind, Lagged, Snapshot};
pub use ids::{AccountId, ConversationId, IdError, MessageId};
pub use message::{
    Attachment, Expiry, Invitation, LinkPreview, Message, MessageState, Notice, Quote, Reaction,
};
pub use network::{Hop, Network, NetworkEvent, Path, Trace, TraceLine};
pub use plugin::{Grant, GrantSet, Plugin, PluginState, Topic, TopicSet};
pub use reply::{Answer, Refusal, Reply};
pub use request::{
    AccountCommand, Command, Control, DeleteScope, Query, Request, RequestKind, Task,
};
pub use window::{Place, Window};

/// The number of this schema in bincode: changed whenever the bytes of a type
/// change. JSON needs none: there, fields are only ever added.
pub const SCHEMA: u32 = 2;

/// Milliseconds since 1970 in UTC.
pub type Millis = u64;
