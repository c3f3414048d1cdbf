//! The screens beside the chat, by what they are for. Each function here makes
//! one.
//!
//! | file | what |
//! |---|---|
//! | `requests`, `contacts`, `new` | whom one writes with |
//! | `conversation`, `details`, `reactions`, `delete` | a conversation, and a message of it |
//! | `settings`, `accounts`, `qr` | the own accounts |
//! | `network`, `plugins` | how the program goes |
//! | `help` | all keys |
//! | `confirm`, `prompt`, `choice` | a question that is answered with yes, a text, or one of several |
//! | `parts` | what they are made of |

mod accounts;
mod choice;
mod confirm;
mod contacts;
mod conversation;
mod delete;
mod details;
mod help;
mod network;
mod new;
pub(crate) mod parts;
mod plugins;
pub(crate) mod prompt;
mod qr;
mod reactions;
mod requests;
mod settings;
#[cfg(test)]
mod tests;

use ramson_wire::{ConversationId, MessageId};

use crate::screen::{Cx, KeyHelp, Screen};

pub(crate) use delete::delete;

/// Message requests: Ctrl-R.
pub(crate) fn requests(_: &mut Cx) -> Box<dyn Screen> {
    Box::<requests::Requests>::default()
}

/// Contacts: `/contacts`.
pub(crate) fn contacts(_: &mut Cx) -> Box<dyn Screen> {
    Box::<contacts::Contacts>::default()
}

/// A new conversation: Ctrl-N, `/new`.
pub(crate) fn new(_: &mut Cx) -> Box<dyn Screen> {
    Box::<new::New>::default()
}

/// The same with what was said already: `/new NAME`.
pub(crate) fn new_with(text: &str, _: &mut Cx) -> Box<dyn Screen> {
    Box::new(new::New::with(text))
}

/// Details of a message with its way: `i` in the thread.
pub(crate) fn details(message: MessageId, cx: &mut Cx) -> Box<dyn Screen> {
    Box::new(details::Details::new(message, cx))
}

/// The own Account ID as text and QR code: `/id`.
pub(crate) fn qr(_: &mut Cx) -> Box<dyn Screen> {
    Box::<qr::Qr>::default()
}

/// Settings: F2, Ctrl-,.
pub(crate) fn settings(_: &mut Cx) -> Box<dyn Screen> {
    Box::<settings::Settings>::default()
}

/// Network: Ctrl-G.
pub(crate) fn network(cx: &mut Cx) -> Box<dyn Screen> {
    Box::new(network::Network::new(cx))
}

/// Plugins: Ctrl-P.
pub(crate) fn plugins(cx: &mut Cx) -> Box<dyn Screen> {
    Box::new(plugins::Plugins::new(cx))
}

/// What a plugin that was to be loaded asks for, if nothing is decided yet.
pub(crate) fn allow(cx: &mut Cx) -> Option<Box<dyn Screen>> {
    plugins::undecided(cx)
}

/// Help, with the keys of the screen below: F1.
pub(crate) fn help(title: &str, keys: &[KeyHelp], _: &mut Cx) -> Box<dyn Screen> {
    Box::new(help::Help::new(title, keys))
}

/// Accounts, to switch between them: click on the own name above the list.
pub(crate) fn accounts(_: &mut Cx) -> Box<dyn Screen> {
    Box::<accounts::Accounts>::default()
}

/// A conversation's info and settings: Ctrl-O, click on its name above the
/// thread.
pub(crate) fn conversation(id: ConversationId, _: &mut Cx) -> Box<dyn Screen> {
    Box::new(conversation::Conversation::new(id))
}

/// Emoji for a reaction: `e` in the thread.
pub(crate) fn reactions(message: MessageId, _: &mut Cx) -> Box<dyn Screen> {
    Box::new(reactions::Reactions::new(message))
}
