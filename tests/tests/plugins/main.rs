//! Plugins on a running engine and a network of its own: several at once,
//! good ones and bad ones, loaded, stopped and swapped.

mod bots;
mod faults;
mod grants;
mod refusals;
mod support;
mod swaps;
