//! Text as a UI shows it: as lines of a width, in cells of a terminal.
//!
//! | file | what |
//! |---|---|
//! | `width` | how many cells a text takes |
//! | `harmless` | what a peer's text may not do to a screen |
//! | `spans` | links, mentions and emoji in a text |
//! | `wrap` | lines of a width |
//! | `bidi` | the order in which graphemes stand on a line |
//! | `fit` | a text on one line, cut where it is too long |
//!
//! A text from outside goes through [`spans`], [`fit`], [`harmless`] or
//! [`one_line`] before it is shown.

mod bidi;
mod fit;
mod harmless;
mod spans;
#[cfg(test)]
pub(crate) mod tests;
mod width;
mod wrap;

pub use bidi::{Order, is_rtl};
pub use fit::fit;
pub use harmless::{harmless, one_line};
pub use spans::{Kind, Span, count_of_emoji, plain, spans};
pub use width::width;
pub use wrap::{Line, Run, wrap};

pub(crate) use bidi::{Directions, arranged};
pub(crate) use harmless::typed;
pub(crate) use spans::mention_at;
use width::TAB;
pub(crate) use wrap::{Glyph, Trailing, rows};
