//! Emoji for a reaction: those in common use first, others by their names.

use crossterm::event::{KeyCode, KeyEvent};
use ramson_view::Action;
use ramson_view::emoji::{self, STARTERS};
use ramson_wire::MessageId;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::parts::{Field, below, enter, fitted, inside, split_bottom};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, MouseAct, Screen, Shape};

/// Columns of an emoji with the space around it.
const CELL: u16 = 4;

/// At most so many are found.
const MOST: usize = 400;

/// Chooses an emoji and puts it on a message.
pub(crate) struct Reactions {
    message: MessageId,
    field: Field,
    found: Vec<(String, &'static str)>,
    at: usize,
    top: usize,
    columns: usize,
    seen: Vec<(Rect, usize)>,
}

impl Reactions {
    /// For a message.
    pub(crate) fn new(message: MessageId) -> Self {
        let mut screen = Self {
            message,
            field: Field::default(),
            found: Vec::new(),
            at: 0,
            top: 0,
            columns: 1,
            seen: Vec::new(),
        };
        screen.find();
        screen
    }

    fn find(&mut self) {
        let query = self.field.text();
        let mut found = Vec::new();
        if query.trim().is_empty() {
            found.extend(STARTERS.iter().map(|emoji| ((*emoji).to_owned(), "")));
        }
        let more = emoji::search(query, MOST).into_iter();
        found.extend(
            more.filter(|it| !STARTERS.contains(&it.emoji) || !query.trim().is_empty())
                .map(|it| (it.emoji.to_owned(), it.name)),
        );
        self.found = found;
        (self.at, self.top) = (0, 0);
    }

    fn choose(&mut self, cx: &mut Cx) -> Flow {
        let Some((emoji, _)) = self.found.get(self.at) else { return Flow::Stay };
        cx.act(Action::React { message: self.message, emoji: emoji.clone() });
        Flow::Close
    }

    fn go(&mut self, code: KeyCode) -> bool {
        let row = self.columns.max(1);
        self.at = match code {
            KeyCode::Left => self.at.saturating_sub(1),
            KeyCode::Right => self.at.saturating_add(1),
            KeyCode::Up => self.at.checked_sub(row).unwrap_or(self.at),
            KeyCode::Down => self.at.saturating_add(row),
            KeyCode::PageUp => self.at.saturating_sub(row.saturating_mul(4)),
            KeyCode::PageDown => self.at.saturating_add(row.saturating_mul(4)),
            _ => return false,
        }
        .min(self.found.len().saturating_sub(1));
        true
    }
}

impl Screen for Reactions {
    fn shape(&self, _: &Cx) -> Shape {
        Shape::Overlay { width: 44, height: 13 }
    }

    fn title(&self, _: &Cx) -> String {
        "React".to_owned()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Arrows", "choose"), ("Enter", "react"), ("Esc", "back")]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = inside(area);
        self.field.draw(frame, area, cx, "name of an emoji");
        let (grid, name) = split_bottom(below(area, 2), 2);
        self.columns = usize::from(grid.width.checked_div(CELL).unwrap_or(1).max(1));
        let rows = usize::from(grid.height).max(1);
        let row = self.at.checked_div(self.columns).unwrap_or(0);
        self.top = self.top.min(row).max(row.saturating_add(1).saturating_sub(rows));
        self.seen.clear();
        let first = self.top.saturating_mul(self.columns);
        let shown = self.found.iter().enumerate().skip(first);
        let places = (grid.top()..grid.bottom()).flat_map(|y| {
            let columns = (0..self.columns).zip((grid.left()..).step_by(usize::from(CELL)));
            columns.map(move |(_, x)| Rect::new(x, y, CELL, 1))
        });
        for ((number, (emoji, _)), place) in shown.zip(places) {
            let place = place.intersection(grid);
            if number == self.at {
                frame.buffer_mut().set_style(place, cx.theme.badge());
            }
            let text = Rect { x: place.x.saturating_add(1), ..place }.intersection(place);
            frame.render_widget(Line::raw(emoji.as_str()), text);
            self.seen.push((place, number));
        }
        let (text, style) = match self.found.get(self.at) {
            Some((_, name)) => (*name, cx.theme.dim()),
            None => ("There is no emoji of this name.", cx.theme.dim()),
        };
        let text = fitted(text, name.width.into(), cx);
        frame.render_widget(Line::styled(text, style), below(name, 1));
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) {
            return self.choose(cx);
        }
        if key.modifiers.is_empty() && self.go(key.code) {
            return Flow::Stay;
        }
        if self.field.key(&key) {
            self.find();
            return Flow::Stay;
        }
        Flow::Ignored
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match mouse.what {
            MouseAct::Click => {
                let found = self.seen.iter().find(|(area, _)| mouse.is_in(*area));
                let Some((_, number)) = found else { return Flow::Stay };
                self.at = *number;
                self.choose(cx)
            }
            MouseAct::Wheel(steps) => {
                self.go(if steps < 0 { KeyCode::Up } else { KeyCode::Down });
                Flow::Stay
            }
            MouseAct::Menu | MouseAct::Drag => Flow::Stay,
        }
    }

    fn paste(&mut self, text: &str, _: &mut Cx) -> Flow {
        self.field.paste(text);
        self.find();
        Flow::Stay
    }
}
