//! What the author of a plugin uses. `plugins/bot-echo` is the shortest
//! plugin there is; docs/plugins.md teaches the rest.
//!
//! | file | what |
//! |---|---|
//! | `bot` | the bot kit: handlers, commands, dialogues, timers, records |
//! | `plugin` | the two traits, and what a plugin is told |
//! | `manifest` | what a plugin says of itself |
//! | `host` | what a plugin can ask for, from any thread |
//! | `clock` | the time where no host tells it |
//! | `config` | what the user wrote for the plugin |
//! | `shim` | the functions behind the C header; catches every panic |
//! | `testing` | a host for tests, without a library file |
//!
//! A library has its own copy of every static: of `tracing`, of an async
//! runtime, of the panic hook. A plugin that wants a runtime brings its own and
//! ends it when it is dropped.

// The derive macro names this crate; so it has to be known by that name here.
extern crate self as ramson_sdk;

pub mod bot;
mod clock;
mod config;
mod host;
mod manifest;
mod plugin;
#[doc(hidden)]
pub mod shim;
pub mod testing;

pub use config::Config;
pub use host::{Host, Level, RequestId, SubmitError};
pub use manifest::Manifest;
pub use plugin::{Delivery, Error, Plugin, UiPlugin};
pub use ramson_wire as wire;
pub use ramson_wire::{
    AccountCommand, AccountId, Answer, Command, Control, Conversation, ConversationId, Done, Event,
    Grant, GrantSet, Message, MessageId, Millis, Outcome, Query, Record, Refusal, Reply, Request,
    Snapshot, Topic, TopicSet,
};

/// Makes a library's plugin of a type that is a [`Plugin`].
#[macro_export]
macro_rules! plugin {
    ($plugin:ty) => {
        $crate::__export!($crate::shim::Background<$plugin>);
    };
}

/// Makes a library's plugin of a type that is a [`UiPlugin`].
#[macro_export]
macro_rules! ui_plugin {
    ($plugin:ty) => {
        $crate::__export!($crate::shim::Ui<$plugin>);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($seat:ty) => {
        #[cfg(panic = "abort")]
        compile_error!("a plugin has to unwind, so that a panic in it does not end the program; take panic = \"abort\" out of the profile");

        /// The plugin, as `ramson_plugin.h` describes it.
        #[unsafe(export_name = "ramson_plugin_v1")]
        pub static RAMSON_PLUGIN_V1: $crate::shim::Descriptor = $crate::shim::descriptor::<$seat>();
    };
}
