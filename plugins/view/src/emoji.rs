//! Emoji by their short names, and those that are used often.

mod frequent;
mod search;
#[cfg(test)]
mod tests;

pub use frequent::{Frequent, STARTERS};
pub use search::{Found, Group, groups, is_one_emoji, of_shortcode, search};
