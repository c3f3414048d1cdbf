//! A row of buttons: what can be done, by key or click.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::screen::{Mouse, MouseAct};
use crate::theme::Theme;

/// How a button looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ButtonKind {
    /// What Enter does.
    Main,
    /// Anything else.
    Plain,
    /// It takes something away.
    Bad,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    /// Its key.
    pub(crate) key: &'static str,
    /// What it does.
    pub(crate) label: String,
    /// How it looks.
    pub(crate) kind: ButtonKind,
}

impl Button {
    /// What Enter does.
    pub(crate) fn main(label: impl Into<String>) -> Self {
        Self { key: "Enter", label: label.into(), kind: ButtonKind::Main }
    }

    /// Anything else.
    pub(crate) fn plain(key: &'static str, label: impl Into<String>) -> Self {
        Self { key, label: label.into(), kind: ButtonKind::Plain }
    }

    /// It takes something away.
    pub(crate) fn bad(key: &'static str, label: impl Into<String>) -> Self {
        Self { key, label: label.into(), kind: ButtonKind::Bad }
    }

    /// Columns that it takes.
    fn width(&self) -> u16 {
        let text = ramson_view::text::width(self.key)
            .saturating_add(ramson_view::text::width(&self.label));
        u16::try_from(text).unwrap_or(u16::MAX).saturating_add(5)
    }
}

/// Where the buttons were drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buttons {
    seen: Vec<(Rect, &'static str)>,
}

impl Buttons {
    /// How many rows they take in a width.
    pub(crate) fn rows(buttons: &[Button], width: u16) -> u16 {
        let places = places(buttons, Rect::new(0, 0, width, u16::MAX));
        places.last().map_or(0, |last| last.y.saturating_add(1))
    }

    /// Draws them from the left, and below where there is no more room.
    pub(crate) fn draw(
        &mut self,
        frame: &mut Frame,
        area: Rect,
        theme: &Theme,
        buttons: &[Button],
    ) {
        self.seen.clear();
        for (button, place) in buttons.iter().zip(places(buttons, area)) {
            let place = place.intersection(area);
            if place.is_empty() {
                continue;
            }
            let (ground, key) = match button.kind {
                ButtonKind::Main => (theme.badge(), theme.badge()),
                ButtonKind::Plain => (theme.base().bg(theme.raised), theme.accent()),
                ButtonKind::Bad => (theme.base().bg(theme.raised), theme.bad()),
            };
            let key = Style { bg: ground.bg, ..key };
            let ends = if theme.filled { [" ", " "] } else { ["[", "]"] };
            let buffer = frame.buffer_mut();
            buffer.set_style(place, ground);
            let mut x = place.x;
            for (text, style) in [
                (ends[0], ground),
                (button.key, key),
                ("  ", ground),
                (&button.label, ground),
                (ends[1], ground),
            ] {
                let room = place.right().saturating_sub(x);
                (x, _) = buffer.set_stringn(x, place.y, text, room.into(), style);
            }
            self.seen.push((place, button.key));
        }
    }

    /// The key of the button that was clicked on.
    pub(crate) fn mouse(&self, mouse: Mouse) -> Option<&'static str> {
        if mouse.what != MouseAct::Click {
            return None;
        }
        self.seen.iter().find(|(area, _)| mouse.is_in(*area)).map(|(_, key)| *key)
    }
}

/// Where each stands.
fn places(buttons: &[Button], area: Rect) -> Vec<Rect> {
    let (mut x, mut y) = (area.x, area.y);
    let place = |button: &Button| {
        let width = button.width();
        if x > area.x && x.saturating_add(width) > area.right() {
            (x, y) = (area.x, y.saturating_add(1));
        }
        let place = Rect::new(x, y, width, 1);
        x = x.saturating_add(width).saturating_add(1);
        place
    };
    buttons.iter().map(place).collect()
}
