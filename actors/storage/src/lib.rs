//! The encrypted store of a home and the actor that owns it.
//!
//! | module | holds |
//! |---|---|
//! | [`sealed`] | the file, sealed as a whole under redb |
//! | `keys`, `files` | the keys of a home; finding, making and locking its files |
//! | `tables`, `records` | where things stand and how they are written down |
//! | `store` | the store without threads: commits, questions, checks |
//! | `actor` | [`Storage`]: the messages of `ramson-messages::storage`, one writer thread and one reader thread |
//!
//! What is not here: when to commit, what a message means and when to sweep
//! are the account machine's and the system's to decide.

mod actor;
mod error;
mod files;
mod keys;
mod records;
pub mod sealed;
mod store;
mod tables;

pub use actor::{GROUP, QUESTIONS, Storage, StoreHandle, WRITES};
pub use error::OpenError;
pub use files::HomeFiles;
pub use keys::{KeyFile, StoreKey};
pub use store::{Checked, Question, Store, Write};
