//! A question that is answered with a line of text.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::parts::{Button, Buttons, Field, below, enter, inside, paragraph, split_bottom, write};
use crate::screen::{Cx, Flow, KeyHelp, Mouse, Screen, Shape};

/// What is done with the answer.
pub(crate) type Answer = Box<dyn FnMut(String, &mut Cx) -> Flow + Send>;

const WIDTH: u16 = 54;

/// Asks for a line of text.
pub(crate) struct Prompt {
    title: String,
    text: String,
    done: &'static str,
    field: Field,
    /// An empty answer is one.
    empty: bool,
    act: Answer,
    buttons: Buttons,
}

impl Prompt {
    /// Asks; `text` explains what for.
    pub(crate) fn new(
        title: impl Into<String>,
        text: impl Into<String>,
        done: &'static str,
        act: impl FnMut(String, &mut Cx) -> Flow + Send + 'static,
    ) -> Box<Self> {
        Box::new(Self {
            title: title.into(),
            text: text.into(),
            done,
            field: Field::default(),
            empty: false,
            act: Box::new(act),
            buttons: Buttons::default(),
        })
    }

    /// Begins with a text.
    pub(crate) fn with(mut self: Box<Self>, text: &str) -> Box<Self> {
        self.field = Field::new(text);
        self
    }

    /// Takes an empty answer too.
    pub(crate) fn or_empty(mut self: Box<Self>) -> Box<Self> {
        self.empty = true;
        self
    }

    fn row(&self) -> [Button; 2] {
        [Button::main(self.done), Button::plain("Esc", "Back")]
    }

    fn finish(&mut self, cx: &mut Cx) -> Flow {
        let text = self.field.text().trim().to_owned();
        if text.is_empty() && !self.empty { Flow::Stay } else { (self.act)(text, cx) }
    }
}

impl Screen for Prompt {
    fn shape(&self, cx: &Cx) -> Shape {
        let width = WIDTH.min(cx.size.width.saturating_sub(4));
        let columns = width.saturating_sub(2);
        let lines = paragraph(&self.text, columns.into(), cx.theme.dim()).len();
        let rows = Buttons::rows(&self.row(), columns);
        let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(rows);
        Shape::Overlay { width, height: height.saturating_add(5) }
    }

    fn title(&self, _: &Cx) -> String {
        self.title.clone()
    }

    fn keys(&self) -> &[KeyHelp] {
        &[("Enter", "done"), ("Esc", "back")]
    }

    fn hints(&self) -> &[KeyHelp] {
        &[]
    }

    fn draw(&mut self, frame: &mut Frame, area: Rect, cx: &Cx) {
        let area = inside(area);
        let row = self.row();
        let (upper, buttons) = split_bottom(area, Buttons::rows(&row, area.width));
        let lines = paragraph(&self.text, upper.width.into(), cx.theme.dim());
        write(frame, upper, &lines);
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1);
        self.field.draw(frame, below(upper, rows), cx, "");
        self.buttons.draw(frame, buttons, cx.theme, &row);
    }

    fn key(&mut self, key: KeyEvent, cx: &mut Cx) -> Flow {
        if enter(&key) {
            return self.finish(cx);
        }
        if self.field.key(&key) { Flow::Stay } else { Flow::Ignored }
    }

    fn mouse(&mut self, mouse: Mouse, cx: &mut Cx) -> Flow {
        match self.buttons.mouse(mouse) {
            Some("Esc") => Flow::Close,
            Some(_) => self.finish(cx),
            None => Flow::Stay,
        }
    }

    fn paste(&mut self, text: &str, _: &mut Cx) -> Flow {
        self.field.paste(text);
        Flow::Stay
    }
}
