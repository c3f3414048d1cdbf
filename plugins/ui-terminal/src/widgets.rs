//! Small things that screens draw.
//!
//! | file | what |
//! |---|---|
//! | `frame` | what is around pages and overlays |
//! | `footer` | the line of keys at the bottom, and notes |
//! | `bits` | badges, scrollbars, pieces of text |

mod bits;
mod footer;
mod frame;

pub(crate) use bits::{badge, cells, put, scrollbar};
pub(crate) use footer::{footer, footer_area};
pub(crate) use frame::{centered, fade, keys, page, panel};
