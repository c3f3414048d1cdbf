//! What the vector and transcript runs share: where the files lie, and a
//! count of cases that cannot be skipped silently. What the end-to-end runs
//! start. And [`world`], the simulation of clients and service nodes.

mod built;
mod cases;
pub mod fields;
mod files;
pub mod world;

pub use built::{built, program};
pub use cases::{Cases, expect_eq};
pub use files::{Folder, load};
