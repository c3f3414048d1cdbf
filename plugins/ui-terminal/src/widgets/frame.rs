//! What is around pages and overlays.

use ramson_view::text::fit;
use ratatui::Frame;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Modifier;
use ratatui::widgets::{Block, BorderType, Clear};

use super::{cells, footer, footer_area, put};
use crate::screen::{Cx, KeyHelp};
use crate::theme::{Theme, ThemeName};

/// From this height on there is room for rows that stay free.
const ROOMY: u16 = 16;

/// Draws the title and the line of keys of a page; what is left is the page's.
pub(crate) fn page(frame: &mut Frame, cx: &Cx, title: &str, keys: &[KeyHelp]) -> Rect {
    let area = cx.size;
    let roomy = u16::from(area.height >= ROOMY);
    let title_y = area.y.saturating_add(roomy);
    if area.height > 2 {
        let room = usize::from(area.width).saturating_sub(6);
        let row = Rect { y: title_y, height: 1, ..area };
        let x = put(frame, row, area.x.saturating_add(2), "‹ ", cx.theme.dim());
        put(frame, row, x, &fit(title, room, cx.order), cx.theme.strong());
    }
    footer(frame, cx, keys);
    let head = 1_u16.saturating_add(roomy.saturating_mul(2)).min(area.height);
    let foot = footer_area(cx).height.saturating_add(roomy);
    Rect {
        y: area.y.saturating_add(head),
        height: area.height.saturating_sub(head).saturating_sub(foot),
        ..area
    }
}

/// Takes what is drawn back, so that what comes now stands before it.
pub(crate) fn fade(frame: &mut Frame, theme: &Theme) {
    let dim = theme.name == ThemeName::Plain;
    for cell in &mut frame.buffer_mut().content {
        if dim {
            cell.modifier = (cell.modifier - Modifier::BOLD) | Modifier::DIM;
        } else {
            cell.modifier -= Modifier::BOLD;
            (cell.fg, cell.bg) = (theme.line, theme.base);
        }
    }
}

/// Draws the line of keys of what lies on a screen in the place of that
/// screen's own.
pub(crate) fn keys(frame: &mut Frame, cx: &Cx, keys: &[KeyHelp]) {
    let bottom = footer_area(cx);
    frame.render_widget(Clear, bottom);
    frame.buffer_mut().set_style(bottom, cx.theme.base());
    footer(frame, cx, keys);
}

/// The middle of an area, with room for a frame around a width and height.
pub(crate) fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.saturating_add(2), height.saturating_add(2));
    let (width, height) = (width.min(area.width), height.min(area.height));
    let half = |room: u16, taken: u16| room.saturating_sub(taken) / 2;
    Rect {
        x: area.x.saturating_add(half(area.width, width)),
        y: area.y.saturating_add(half(area.height, height)),
        width,
        height,
    }
}

/// Draws a panel with rounded corners and a title; what is left is its inside.
pub(crate) fn panel(frame: &mut Frame, area: Rect, cx: &Cx, title: &str) -> Rect {
    // A wide letter that reaches into the panel would hide its edge.
    for y in area.top()..area.bottom() {
        let before = area.x.checked_sub(1).and_then(|x| frame.buffer_mut().cell_mut((x, y)));
        if let Some(cell) = before.filter(|cell| cells(cell.symbol()) > 1) {
            cell.set_symbol(" ");
        }
    }
    frame.render_widget(Clear, area);
    let room = usize::from(area.width).saturating_sub(6);
    let title = fit(title, room, cx.order);
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(cx.theme.line())
        .style(cx.theme.surface());
    if !title.is_empty() {
        block = block.title(format!(" {title} ")).title_style(cx.theme.strong());
    }
    frame.render_widget(block, area);
    area.inner(Margin::new(1, 1))
}
