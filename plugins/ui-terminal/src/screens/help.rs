//! All keys: those of the screen below, those that work everywhere, and what
//! can be written with a slash.

use crossterm::event::{KeyCode, KeyEvent};
use ramson_view::composer::COMMANDS;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::parts::{Scroll, fitted, heading, inside, padded};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen, Shape};

/// Keys that work on every screen.
pub(crate) const EVERYWHERE: [KeyHelp; 12] = [
    ("Ctrl-N", "new conversation"),
    ("Ctrl-F", "search the list"),
    ("Ctrl-R", "message requests"),
    ("Ctrl-O", "this conversation"),
    ("Ctrl-G", "network"),
    ("Ctrl-P", "plugins"),
    ("F2", "settings"),
    ("F3", "contacts"),
    ("F4", "accounts"),
    ("F5", "your Account ID"),
    ("Esc", "back"),
    ("Ctrl-Q", "quit"),
];

/// Columns of a key.
const KEY: usize = 20;

/// The help.
pub(crate) struct Help {
    title: String,
    keys: Vec<KeyHelp>,
    scroll: Scroll,
}

impl Help {
    /// With the keys of a screen.
    pub(crate) fn new(title: &str, keys: &[KeyHelp]) -> Self {
        let is_new = |key: &&KeyHelp| !EVERYWHERE.iter().any(|it| it.0 == key.0);
        Self {
            title: title.to_owned(),
            keys: keys.iter().filter(is_new).copied().collect(),
            scroll: Scroll::default(),
        }
    }

    fn lines(&self, columns: usize, cx: &Cx) -> Vec<Line<'static>> {
        let row = |key: &str, what: &str| {
            let what = fitted(what, columns.saturating_sub(KEY), cx);
            Line::from(vec![
                Span::styled(padded(key, KEY), cx.theme.strong()),
                Span::styled(what, cx.theme.dim()),
            ])
        };
        let mut lines = Vec::new();
        if !self.keys.is_empty() {
            lines.push(heading(cx.theme, &self.title));
            lines.extend(self.keys.iter().map(|(key, what)| row(key, what)));
            lines.push(Line::raw(""));
        }
        lines.push(heading(cx.theme, "Everywhere"));
        lines.extend(EVERYWHERE.iter().map(|(key, what)| row(key, what)));
        lines.push(Line::raw(""));
        lines.push(heading(cx.theme, "While writing"));
        for command in COMMANDS {
            let key = format!("/{} {}", command.name, command.argument);
            lines.push(row(&key, command.help));
        }
        for (key, what) in [
            ("//", "Sends a text that begins with a slash"),
            ("@name", "Mentions somebody"),
            (":name", "Writes an emoji"),
        ] {
            lines.push(row(key, what));
        }
        lines
    }
}

impl Screen for Help {
    fn shape(&self, cx: &Cx) -> Shape {
        let rows = u16::try_from(self.lines(60, cx).len()).unwrap_or(u16::MAX);
        Shape::Overlay { width: 64, height: rows.saturating_add(2) }
    }

    fn title(&self, _: &Cx) -> String {
        "Help".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Up/Down", "scroll"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = inside(area);
        let lines = self.lines(area.width.saturating_sub(1).into(), cx);
        self.scroll.draw(frame, area, cx.theme, &lines);
    }

    fn key(&mut self, key: KeyEvent, _: &mut Cx) -> Flow {
        match key.code {
            // What brought it takes it away.
            KeyCode::F(1) | KeyCode::Char('?') => Flow::Close,
            _ if self.scroll.key(&key) => Flow::Stay,
            _ => Flow::Ignored,
        }
    }

    fn mouse(&mut self, mouse: Mouse, _: &mut Cx) -> Flow {
        self.scroll.mouse(mouse);
        Flow::Stay
    }
}
