//! Badges, scrollbars, pieces of text.

use ramson_view::text::width;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::theme::Theme;

/// How many cells a text takes.
pub(crate) fn cells(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// Writes a text that was made harmless into the first row of an area, from a
/// column on. Returns the column behind it.
pub(crate) fn put(frame: &mut Frame, area: Rect, x: u16, text: &str, style: Style) -> u16 {
    if area.is_empty() || x < area.x || x >= area.right() {
        return x;
    }
    let room = area.right().saturating_sub(x).into();
    frame.buffer_mut().set_stringn(x, area.y, text, room, style).0
}

/// Writes a number as a badge that ends before a column. Returns the column
/// where it begins.
pub(crate) fn badge(frame: &mut Frame, area: Rect, end: u16, number: u64, style: Style) -> u16 {
    let text = if number > 99 { " 99+ ".to_owned() } else { format!(" {number} ") };
    let x = end.saturating_sub(cells(&text));
    put(frame, area, x, &text, style);
    x
}

/// Draws which part of something is shown, at the right edge of an area.
/// Nothing where all of it is.
pub(crate) fn scrollbar(
    frame: &mut Frame,
    area: Rect,
    theme: &Theme,
    before: usize,
    shown: usize,
    after: usize,
) {
    let all = before.saturating_add(shown).saturating_add(after);
    if area.is_empty() || all <= shown {
        return;
    }
    let height = usize::from(area.height);
    let part = |count: usize| count.saturating_mul(height).checked_div(all).unwrap_or_default();
    let length = part(shown).clamp(1, height);
    let mut top = part(before).min(height.saturating_sub(length));
    if after > 0 && height > length && top == height.saturating_sub(length) {
        // The end is seen to be reached only when it is.
        top = top.saturating_sub(1);
    }
    let top = area.y.saturating_add(u16::try_from(top).unwrap_or(u16::MAX));
    let bottom = top.saturating_add(u16::try_from(length).unwrap_or(u16::MAX));
    let x = area.right().saturating_sub(1);
    for y in top..bottom.min(area.bottom()) {
        if let Some(cell) = frame.buffer_mut().cell_mut((x, y)) {
            cell.set_symbol("▐").set_fg(theme.line);
        }
    }
}
