//! The view model that all user interfaces share: what is known, what the
//! user does right now, and which requests follow from that. It has no screen,
//! no clock and no I/O: time is an argument, requests go through a [`Port`],
//! and everything can be tested without any of them.
//!
//! | file | what |
//! |---|---|
//! | `model` | [`Model`]: hears events, takes actions, and is told the time |
//! | `action` | what a user can do |
//! | `port` | where requests go |
//! | `list` | the conversations as rows, pinned ones first, filtered by words |
//! | `thread` | the open conversation as items: days, notices, messages |
//! | `contacts` | whom one can write to |
//! | `details` | one message, all that is known of it |
//! | `names` | what to call somebody |
//! | `notes` | short sentences to the user, which fade |
//! | `time` | days and times of the day |
//! | `text` | text as lines of a width: graphemes, links, both directions of writing |
//! | `composer` | the line that is being written: editing, history, completion |
//! | `emoji` | emoji by their short names |
//! | `testing` | an engine in memory, for tests of this crate and of UIs |
//!
//! A UI keeps one [`Model`] and one [`Port`], and does three things: passes
//! each event to [`Model::hear`], each wish of its user to [`Model::act`], and
//! calls [`Model::tick`] when [`Model::next_tick`] says so. Then it draws what
//! [`list`] and [`thread`] make of the model.

pub mod action;
pub mod composer;
pub mod contacts;
pub mod details;
pub mod emoji;
pub mod list;
pub mod model;
pub mod names;
pub mod notes;
pub mod port;
pub mod testing;
pub mod text;
pub mod thread;
pub mod time;

pub use action::Action;
pub use composer::Composer;
pub use list::{Filter, Row, Shelf};
pub use model::{Model, Wish};
pub use notes::{Note, Notes};
pub use port::Port;
pub use ramson_wire as wire;
pub use thread::{Anchor, Bubble, Item, Mark, Thread};
pub use time::{Civil, Clock};
