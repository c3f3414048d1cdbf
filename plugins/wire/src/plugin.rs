//! Plugins, as plugins see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, Encode};
use crate::{AccountId, ConversationId};

/// A plugin that is loaded, was loaded, or could be.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
pub struct Plugin {
    /// What it is called here: the library's name without `ramson_` and file
    /// ending, such as `bot-echo`; or the name it has in `plugins.toml`.
    pub name: String,
    /// Its own unique id; empty where its library could not be read.
    pub id: String,
    /// What it calls itself.
    pub title: String,
    /// Its version.
    pub version: String,
    /// It is a user interface.
    pub ui: bool,
    /// How it is.
    pub state: PluginState,
    /// Events that wait for it.
    pub queued: u64,
    /// Events that it got so far.
    pub events: u64,
    /// Events that were dropped so far, because its queue was full.
    pub lagged: u64,
    /// Requests of it without a reply.
    pub in_flight: u64,
    /// Times it was started again after a failure.
    pub restarts: u64,
    /// What it asks for.
    pub asked: GrantSet,
    /// What it was given.
    pub granted: GrantSet,
    /// The accounts it sees; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<AccountId>>,
    /// The conversations it sees; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversations: Option<Vec<ConversationId>>,
    /// It is durable: events are told until it is done with them.
    #[serde(default)]
    pub durable: bool,
    /// The process that it has of its own, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
}

/// How a plugin is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum PluginState {
    /// Its library is there; it is not loaded.
    Available,
    /// It is being created.
    Starting,
    /// It runs.
    Running,
    /// One call takes longer than 5 s.
    Unresponsive,
    /// It is being stopped.
    Stopping,
    /// It was stopped.
    Stopped,
    /// Its library is no plugin for this program.
    Refused {
        /// Why.
        reason: String,
    },
    /// It failed, and is started again after a while.
    Failed {
        /// Why.
        reason: String,
        /// In how many seconds from when this was told.
        retry_in: u64,
    },
    /// It failed too often, or hangs: it is not called again.
    Retired {
        /// Why.
        reason: String,
    },
}

macro_rules! bit_set {
    ($(#[$doc:meta])* $one:ident, $set:ident: $($(#[$each:meta])* $name:ident = $text:literal, $bit:path;)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Encode, Decode, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $one { $($(#[$each])* $name,)* }

        impl $one {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its bit in the descriptor.
            pub const fn bit(self) -> u64 {
                match self { $(Self::$name => $bit),* }
            }

            /// Its name in `plugins.toml` and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The one of a name.
            pub fn of_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }

        /// A set of them; bits that this version does not know are dropped.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
        #[serde(from = "Vec<String>", into = "Vec<String>")]
        pub struct $set(u64);

        impl $set {
            /// None.
            pub const NONE: Self = Self(0);

            /// All there are.
            pub const ALL: Self = Self(0 $(| $bit)*);

            /// Those of a descriptor's bits.
            pub const fn of_bits(bits: u64) -> Self {
                Self(bits & Self::ALL.0)
            }

            /// Its bits.
            pub const fn bits(self) -> u64 {
                self.0
            }

            /// Whether this one is in it.
            pub const fn has(self, one: $one) -> bool {
                self.0 & one.bit() != 0
            }

            /// Whether nothing is in it.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// With this one.
            pub const fn with(self, one: $one) -> Self {
                Self(self.0 | one.bit())
            }

            /// What is in both.
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is in this one only.
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Those in it.
            pub fn iter(self) -> impl Iterator<Item = $one> {
                $one::ALL.iter().copied().filter(move |one| self.has(*one))
            }
        }

        impl FromIterator<$one> for $set {
            fn from_iter<I: IntoIterator<Item = $one>>(ones: I) -> Self {
                ones.into_iter().fold(Self::NONE, Self::with)
            }
        }

        impl From<Vec<String>> for $set {
            fn from(names: Vec<String>) -> Self {
                names.iter().filter_map(|name| $one::of_name(name)).collect()
            }
        }

        impl From<$set> for Vec<String> {
            fn from(set: $set) -> Self {
                set.iter().map(|one| one.name().to_owned()).collect()
            }
        }

        impl std::fmt::Display for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                if self.is_empty() {
                    return f.write_str("none");
                }
                let names: Vec<&str> = self.iter().map($one::name).collect();
                f.write_str(&names.join(", "))
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl JsonSchema for $set {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($set).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let one = generator.subschema_for::<$one>();
                schemars::json_schema!({ "type": "array", "items": one, "uniqueItems": true })
            }
        }
    };
}

bit_set! {
    /// What a plugin may do; the user decides.
    Grant, GrantSet:
    /// Messages and conversations as they come.
    Read = "read", ramson_abi::GRANT_READ;
    /// Messages from before.
    History = "history", ramson_abi::GRANT_HISTORY;
    /// Write, react, show that one types.
    Send = "send", ramson_abi::GRANT_SEND;
    /// Delete, mark as read, pin, mute, timers.
    Manage = "manage", ramson_abi::GRANT_MANAGE;
    /// Accept, block, name and remove contacts.
    Contacts = "contacts", ramson_abi::GRANT_CONTACTS;
    /// The account's own name and settings.
    Profile = "profile", ramson_abi::GRANT_PROFILE;
    /// Paths, delivery ledger, names.
    Network = "network", ramson_abi::GRANT_NETWORK;
    /// Add and remove accounts.
    Accounts = "accounts", ramson_abi::GRANT_ACCOUNTS;
    /// Load, stop and swap plugins; end the program.
    Plugins = "plugins", ramson_abi::GRANT_PLUGINS;
}

bit_set! {
    /// What a plugin wants to hear of.
    Topic, TopicSet:
    /// Messages, and what changes of them.
    Messages = "messages", ramson_abi::TOPIC_MESSAGES;
    /// Conversations, contacts, profiles.
    Conversations = "conversations", ramson_abi::TOPIC_CONVERSATIONS;
    /// Who types.
    Typing = "typing", ramson_abi::TOPIC_TYPING;
    /// Service nodes and paths.
    Network = "network", ramson_abi::TOPIC_NETWORK;
    /// Which plugins run, and how they are.
    Plugins = "plugins", ramson_abi::TOPIC_PLUGINS;
}
