//! What the vector and transcript runs share: where the files lie, and a
//! count of cases that cannot be skipped silently. And [`world`], the
//! simulation of clients and service nodes.

mod cases;
pub mod fields;
mod files;
pub mod world;

pub use cases::{Cases, expect_eq};
pub use files::{Folder, load};
