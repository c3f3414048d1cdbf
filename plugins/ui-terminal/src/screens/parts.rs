//! What the screens are made of.
//!
//! | file | what |
//! |---|---|
//! | `menu` | choices of one or more lines, one of them marked |
//! | `buttons` | what can be done with the marked one, by key or click |
//! | `chosen` | what keys and clicks mean where both are |
//! | `field` | a line to type into |
//! | `scroll` | lines that are only read |
//! | `lines` | pieces of text that many screens show |

mod buttons;
pub(crate) mod chosen;
mod field;
mod lines;
mod menu;
mod scroll;

pub(crate) use buttons::{Button, Buttons};
pub(crate) use chosen::Chosen;
pub(crate) use field::Field;
pub(crate) use lines::{
    LABEL, count, empty, ends, fitted, heading, padded, pair, paragraph, size, thousands,
};
pub(crate) use menu::{Entry, Menu, Press};
pub(crate) use scroll::Scroll;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::text::Line;

/// The widest column of text that is read with ease.
const COLUMN: u16 = 96;

/// What of a page is used: not wider than can be read with ease, and away from
/// the edges where there is room.
pub(crate) fn column(area: Rect) -> Rect {
    let side = if area.width >= 40 { 2 } else { u16::from(area.width >= 20) };
    let area = area.inner(Margin::new(side, 0));
    Rect { width: area.width.min(COLUMN), ..area }
}

/// The same for text that stands below the title, without room for a mark.
pub(crate) fn text_column(area: Rect) -> Rect {
    indented(column(area))
}

/// Without the columns that a menu has for its mark.
pub(crate) fn indented(area: Rect) -> Rect {
    let side = if area.width >= 50 { menu::MARK } else { 0 };
    Rect { x: area.x.saturating_add(side), width: area.width.saturating_sub(side), ..area }
}

/// Takes rows away from the upper end.
pub(crate) fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y.saturating_add(rows), height: area.height.saturating_sub(rows), ..area }
}

/// The lower rows, and what is above them.
pub(crate) fn split_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let height = area.height.saturating_sub(rows);
    (Rect { height, ..area }, Rect { y: area.y.saturating_add(height), height: rows, ..area })
}

/// The letter of a key that was pressed without Ctrl or Alt.
pub(crate) fn letter(key: &KeyEvent) -> Option<char> {
    match key.code {
        KeyCode::Char(letter)
            if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
        {
            Some(letter)
        }
        _ => None,
    }
}

/// Whether Enter was pressed.
pub(crate) fn enter(key: &KeyEvent) -> bool {
    key.code == KeyCode::Enter && key.modifiers.is_empty()
}

/// What is used of an overlay: a column at either side and a row above and
/// below stay free.
pub(crate) fn inside(area: Rect) -> Rect {
    let row = u16::from(area.height > 4);
    area.inner(Margin::new(u16::from(area.width > 4), 0)).inner(Margin::new(0, row.min(1)))
}

/// Writes lines from the upper edge on.
pub(crate) fn write(frame: &mut Frame, area: Rect, lines: &[Line]) {
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}
