//! A text on one line, cut where it is too long.

use unicode_segmentation::UnicodeSegmentation;

use super::bidi::{Directions, Order};
use super::harmless::one_line;
use super::spans::Kind;
use super::wrap::{Glyph, Line};

const CUT: &str = "…";

/// A peer's text on one line of at most `width` cells. What does not fit is
/// cut between graphemes, and `…` says so.
pub fn fit(text: &str, width: usize, order: Order) -> String {
    // Of a long text only its beginning is looked at.
    let mut enough = width.saturating_mul(64).saturating_add(1024).min(text.len());
    while !text.is_char_boundary(enough) {
        enough = enough.saturating_sub(1);
    }
    let whole = enough == text.len();
    let text = one_line(text.get(..enough).unwrap_or_default());
    let mut glyphs: Vec<_> = text
        .grapheme_indices(true)
        .map(|(at, text)| Glyph::new(text, Kind::Plain, 0, at))
        .collect();
    let total: usize = glyphs.iter().map(|glyph| glyph.width).sum();
    if total > width || !whole {
        let mut left = width.saturating_sub(1);
        let kept = glyphs.iter().take_while(|glyph| {
            let fits = left.checked_sub(glyph.width);
            left = fits.unwrap_or(left);
            fits.is_some()
        });
        glyphs.truncate(kept.count());
        while glyphs.last().is_some_and(Glyph::is_space) {
            glyphs.pop();
        }
        if width > 0 {
            glyphs.push(Glyph::new(CUT, Kind::Plain, 0, text.len()));
        }
    }
    let directions = Directions::of(&glyphs);
    Line::of(&glyphs, &directions, 0..glyphs.len(), order).text()
}
