//! Lines that are only read.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::screen::{Mouse, MouseAct};
use crate::theme::Theme;
use crate::widgets::scrollbar;

/// How far down the lines are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scroll {
    top: usize,
    most: usize,
    page: usize,
}

impl Scroll {
    /// Moves the lines; false if it is another key.
    pub(crate) fn key(&mut self, key: &KeyEvent) -> bool {
        let page = self.page.saturating_sub(1).max(1);
        self.top = match key.code {
            KeyCode::Up => self.top.saturating_sub(1),
            KeyCode::Down => self.top.saturating_add(1),
            KeyCode::PageUp => self.top.saturating_sub(page),
            KeyCode::PageDown => self.top.saturating_add(page),
            KeyCode::Home => 0,
            KeyCode::End => self.most,
            _ => return false,
        }
        .min(self.most);
        true
    }

    /// The wheel moves the lines.
    pub(crate) fn mouse(&mut self, mouse: Mouse) -> bool {
        let MouseAct::Wheel(steps) = mouse.what else { return false };
        let rows = isize::from(steps).saturating_mul(3);
        self.top = self.top.saturating_add_signed(rows).min(self.most);
        true
    }

    /// Draws those that are to be seen.
    pub(crate) fn draw(&mut self, frame: &mut Frame, area: Rect, theme: &Theme, lines: &[Line]) {
        self.page = area.height.into();
        self.most = lines.len().saturating_sub(self.page);
        self.top = self.top.min(self.most);
        let text = Rect { width: area.width.saturating_sub(1), ..area };
        let shown = lines.iter().skip(self.top).take(self.page);
        for (y, line) in (area.top()..area.bottom()).zip(shown) {
            frame.render_widget(line, Rect { y, height: 1, ..text });
        }
        let after = self.most.saturating_sub(self.top);
        scrollbar(frame, area, theme, self.top, self.page, after);
    }
}
