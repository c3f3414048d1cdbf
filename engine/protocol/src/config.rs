//! Config messages: the settings that all devices of an account share
//! (03-config-messages.md).
//!
//! A config is a small dict in a namespace of the account's own swarm. Every
//! message holds all of it, and the changes of the last few messages, from
//! which any device makes the same of what several devices changed at once.
//!
//! | file | what stands there |
//! |---|---|
//! | `data`, `diff` | the dict, and what changed from one to the next |
//! | `message`, `read` | a message, written and read |
//! | `draft`, `merge` | the next message; one message of several |
//! | `keys` | which configs there are, and who may open and sign them |
//! | `compress`, `seal`, `parts` | a message as it is stored: compressed, padded, encrypted, wrapped, in parts |
//! | `machine`, `receive`, `push`, `dump` | one config on one device: edit, merge, push, confirm, keep |
//! | `value`, `record`, `typed` | how values of one kind are written and read |
//! | `profile`, `contacts`, `convo_volatile`, `user_groups`, `local` | what each config says |
//! | `community`, `community_url` | how a community is kept and named |

mod community;
mod community_url;
mod compress;
pub mod contacts;
pub mod convo_volatile;
mod data;
mod diff;
mod draft;
mod dump;
mod keys;
pub mod local;
mod machine;
mod merge;
mod message;
mod parts;
pub mod profile;
mod push;
mod read;
mod receive;
mod record;
mod seal;
#[cfg(test)]
mod tests;
mod typed;
pub mod user_groups;
pub mod value;

pub use community::Server;
pub use community_url::{CommunityUrl, CommunityUrlError, canonical_base_url, room_key};
pub use compress::{compress, decompress};
pub use contacts::Contacts;
pub use convo_volatile::ConvoInfoVolatile;
pub use data::{Dict, Path, Scalar, Value};
pub use diff::{Change, Diff};
pub use draft::Draft;
pub use dump::LoadError;
pub use keys::{ConfigKind, Owner};
pub use local::Local;
pub use machine::{Config, StorageHash};
pub use merge::{Merged, New, merge, merge_within};
pub use message::{Ancestors, LAG, Message, MessageKey, Signature};
pub use profile::UserProfile;
pub use push::Push;
pub use read::ReadError;
pub use receive::{Received, Stored};
pub use seal::{MAX_PADDED, MAX_STORED, PushError, unwrap_own, wrap};
pub use user_groups::UserGroups;
