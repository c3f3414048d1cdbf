//! The town, with a few small bots in it.

mod bots;
mod crashes;
mod faults;
mod talk;
mod time;
