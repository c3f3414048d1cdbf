//! Plugins on a running engine and a network of its own: several at once,
//! good ones and bad ones, loaded, stopped and swapped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is test code, which fails by panicking"
)]

mod bots;
mod children;
mod faults;
mod grants;
mod refusals;
mod support;
mod swaps;
